//! What a dialogue can do, as users write it: slots, actions, responses and flows, in YAML or in Rust. Both make the same model,
//! which is checked as a whole and compiled into a [`Program`].
//!
//! ```
//! use ninefold_dialogue::Kind;
//! use ninefold_dialogue::definition::{Action, Definition, Flow, Slot, Step};
//!
//! let built = Definition::new().action(Action::new("note").input("topic", Kind::Text)).flow(
//!     Flow::new("remember")
//!         .description("Notes what the user wants to remember")
//!         .trigger("remember something")
//!         .slot(Slot::new("topic", Kind::Text).prompt("What shall I note?"))
//!         .step(Step::collect("topic"))
//!         .step(Step::action("note").on_failure([Step::say("That did not work."), Step::end()]))
//!         .step(Step::say("I noted {{ topic }}.")),
//! );
//! let written = Definition::from_yaml("notes.yml", r#"
//! actions:
//!   note: {inputs: {topic: text}}
//! flows:
//!   remember:
//!     description: Notes what the user wants to remember
//!     triggers: [remember something]
//!     slots:
//!       topic: {type: text, prompt: What shall I note?}
//!     steps:
//!       - collect: topic
//!       - action: note
//!         on_failure: [{say: That did not work.}, end]
//!       - say: I noted {{ topic }}.
//! "#);
//! assert_eq!(built, written);
//! assert_eq!(built.compile(false)?.key, written.compile(false)?.key);
//! # Ok::<(), ninefold_dialogue::definition::Diagnostics>(())
//! ```

mod compile;
mod diagnostic;
mod files;
mod model;
mod read;
mod schema;
mod step;
mod text;
pub(crate) mod yaml;

use std::path::Path;
use std::time::Duration;

use ninefold_core::Key;
use serde::Serialize;
use smol_str::SmolStr;

pub use compile::PATTERNS;
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use model::{Action, Flow, Slot};
pub use step::Step;
pub use text::{Source, Text};

use crate::normalize::{Locale, Prefer};
use crate::program::{Place, Program};
use model::Settings;

/// Slots, actions, responses and flows, and what holds for all of them. Nothing is checked before [`compile`](Self::compile) or
/// [`check`](Self::check), which tell everything that is wrong at once, the text of files included.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Definition {
    settings: Settings,
    slots: Vec<Slot>,
    actions: Vec<Action>,
    responses: Vec<(SmolStr, Text)>,
    flows: Vec<Flow>,
    /// Where the settings stand.
    #[serde(skip)]
    settings_place: Place,
    /// What was wrong with the text it was read from.
    #[serde(skip)]
    diagnostics: Diagnostics,
}

/// By content; where things stand is no part of it.
impl PartialEq for Definition {
    fn eq(&self, other: &Self) -> bool {
        matches!((Key::of(self), Key::of(other)), (Ok(a), Ok(b)) if a == b) && self.diagnostics == other.diagnostics
    }
}

impl Definition {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads YAML; `name` is what diagnostics call it. What is wrong with the text is told by [`compile`](Self::compile).
    #[must_use]
    pub fn from_yaml(name: impl Into<SmolStr>, text: &str) -> Self {
        read::read(name.into(), text)
    }

    /// Reads files, and the `.yml` and `.yaml` files of folders in the order of their names, as one definition. It blocks
    /// while it reads; a file that cannot be read is told by [`compile`](Self::compile).
    #[must_use]
    pub fn from_files<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Self {
        files::read(paths)
    }

    /// With all that another one has. What both have is an error of [`compile`](Self::compile), which names both places.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        let place = other.settings_place.clone();
        let twice = self.settings.merge(&other.settings);
        for name in twice {
            let hint = format!("it stands in {} too; keep one of them", self.settings_place);
            self.diagnostics.error(&place, format!("the setting `{name}` stands in two files"), hint);
        }
        if self.settings_place == Place::default() {
            self.settings_place = place;
        }
        self.slots.extend(other.slots);
        self.actions.extend(other.actions);
        self.responses.extend(other.responses);
        self.flows.extend(other.flows);
        self.diagnostics.extend(&other.diagnostics);
        self
    }

    /// With what another one has and this one has not: flows, slots, actions and responses of this one go before those of the
    /// same name there. So flows of repair are overridden.
    #[must_use]
    pub fn over(mut self, base: Self) -> Self {
        fn add<T>(own: &mut Vec<T>, base: Vec<T>, name: impl Fn(&T) -> &SmolStr) {
            for item in base {
                if !own.iter().any(|other| name(other) == name(&item)) {
                    own.push(item);
                }
            }
        }
        let _both_are_mine = self.settings.merge(&base.settings);
        add(&mut self.slots, base.slots, |slot| &slot.name);
        add(&mut self.actions, base.actions, |action| &action.name);
        add(&mut self.responses, base.responses, |(name, _)| name);
        add(&mut self.flows, base.flows, |flow| &flow.name);
        self.diagnostics.extend(&base.diagnostics);
        self
    }

    /// Adds a global slot, which outlives flows.
    #[must_use]
    pub fn slot(mut self, slot: Slot) -> Self {
        self.slots.push(slot);
        self
    }

    /// Adds an action.
    #[must_use]
    pub fn action(mut self, action: Action) -> Self {
        self.actions.push(action);
        self
    }

    /// Adds a response that any flow can say by its name.
    #[must_use]
    pub fn response(mut self, name: impl Into<SmolStr>, text: impl Into<Text>) -> Self {
        self.responses.push((name.into(), text.into()));
        self
    }

    /// Adds a flow.
    #[must_use]
    pub fn flow(mut self, flow: Flow) -> Self {
        self.flows.push(flow);
        self
    }

    /// How values are read; English of the United States unless set.
    #[must_use]
    pub fn locale(mut self, locale: Locale) -> Self {
        self.settings.locale = Some(locale);
        self
    }

    /// Which of two days is meant; the next one unless set.
    #[must_use]
    pub fn prefer(mut self, prefer: Prefer) -> Self {
        self.settings.prefer = Some(prefer);
        self
    }

    /// The most characters of a message; 10,000 unless set.
    #[must_use]
    pub fn longest_message(mut self, characters: usize) -> Self {
        self.settings.longest_message = Some(characters);
        self
    }

    /// How often a question is put again; twice unless set.
    #[must_use]
    pub fn most_reprompts(mut self, times: u8) -> Self {
        self.settings.most_reprompts = Some(times);
        self
    }

    /// How many flows may be open at once; 16 unless set.
    #[must_use]
    pub fn deepest_stack(mut self, flows: u8) -> Self {
        self.settings.deepest_stack = Some(flows);
        self
    }

    /// How many steps a turn may take; 1,000 unless set.
    #[must_use]
    pub fn most_steps(mut self, steps: u32) -> Self {
        self.settings.most_steps = Some(steps);
        self
    }

    /// How long one may be silent at a question before `pattern_user_silence`: replies tell the host. For ever unless set.
    #[must_use]
    pub fn silence(mut self, silence: Duration) -> Self {
        self.settings.silence = Some(silence);
        self
    }

    /// The names of its flows.
    pub fn flow_names(&self) -> impl Iterator<Item = &SmolStr> {
        self.flows.iter().map(|flow| &flow.name)
    }

    /// Everything that is wrong with it, warnings included.
    #[must_use]
    pub fn check(&self) -> Diagnostics {
        compile::compile(self, false).1
    }

    /// The program that it is. With `patterns`, every flow of repair ([`PATTERNS`]) has to be in it.
    ///
    /// # Errors
    /// All that is wrong with it, warnings included, when one of them is an error.
    pub fn compile(&self, patterns: bool) -> Result<Program, Diagnostics> {
        match compile::compile(self, patterns) {
            (Some(program), _) => Ok(program),
            (None, diagnostics) => Err(diagnostics),
        }
    }

    /// The JSON schema of the format, for editors.
    #[must_use]
    pub fn json_schema() -> serde_json::Value {
        schema::schema()
    }
}
