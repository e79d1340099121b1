//! A definition's parts as users write them, in YAML or in Rust: the same model, with the same checks.

use std::time::Duration;

use serde::Serialize;
use smol_str::SmolStr;

use super::step::Step;
use super::text::{Named, Source, Text};
use crate::kind::{Choice, Kind};
use crate::normalize::{Locale, Prefer};
use crate::program::Place;

/// What holds for the whole dialogue; what is left out has its default.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Settings {
    pub(crate) locale: Option<Locale>,
    pub(crate) prefer: Option<Prefer>,
    pub(crate) longest_message: Option<usize>,
    pub(crate) most_reprompts: Option<u8>,
    pub(crate) deepest_stack: Option<u8>,
    pub(crate) most_steps: Option<u32>,
    pub(crate) silence: Option<Duration>,
}

/// A slot.
#[derive(Debug, Clone, Serialize)]
pub struct Slot {
    pub(crate) name: SmolStr,
    pub(crate) kind: Kind,
    pub(crate) description: String,
    pub(crate) prompt: Option<Text>,
    pub(crate) no_match: Option<Text>,
    pub(crate) no_input: Option<Text>,
    pub(crate) invalid: Option<Text>,
    pub(crate) validators: Vec<(Source, Option<Text>)>,
    pub(crate) default: Option<Source>,
    pub(crate) optional: bool,
    pub(crate) persist: bool,
    pub(crate) ask_always: bool,
    pub(crate) internal: bool,
    pub(crate) sensitive: bool,
    #[serde(skip)]
    pub(crate) place: Place,
}

impl Slot {
    /// A slot of this name that holds this.
    #[must_use]
    pub fn new(name: impl Into<SmolStr>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            kind,
            description: String::new(),
            prompt: None,
            no_match: None,
            no_input: None,
            invalid: None,
            validators: Vec::new(),
            default: None,
            optional: false,
            persist: false,
            ask_always: false,
            internal: false,
            sensitive: false,
            place: Place::default(),
        }
    }

    /// A slot that holds one of these.
    #[must_use]
    pub fn category(name: impl Into<SmolStr>, options: impl IntoIterator<Item = impl Into<SmolStr>>) -> Self {
        let options = options.into_iter().map(|value| Choice { value: value.into(), synonyms: Vec::new() });
        Self::new(name, Kind::Category { options: options.collect() })
    }

    /// What it is, in a few words.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// The question for it.
    #[must_use]
    pub fn prompt(mut self, prompt: impl Into<Text>) -> Self {
        self.prompt = Some(prompt.into());
        self
    }

    /// What is said when the answer has no value for it.
    #[must_use]
    pub fn no_match(mut self, text: impl Into<Text>) -> Self {
        self.no_match = Some(text.into());
        self
    }

    /// What is said when there was no answer.
    #[must_use]
    pub fn no_input(mut self, text: impl Into<Text>) -> Self {
        self.no_input = Some(text.into());
        self
    }

    /// What is said when a value is not accepted and its validator says nothing itself.
    #[must_use]
    pub fn invalid(mut self, text: impl Into<Text>) -> Self {
        self.invalid = Some(text.into());
        self
    }

    /// A condition that a value has to fulfil, `value` being the value; and what is said otherwise.
    #[must_use]
    pub fn validate(mut self, condition: impl Into<Source>, say: impl Into<Text>) -> Self {
        self.validators.push((condition.into(), Some(say.into())));
        self
    }

    /// The expression it has as a value before anybody says anything.
    #[must_use]
    pub fn default(mut self, value: impl Into<Source>) -> Self {
        self.default = Some(value.into());
        self
    }

    /// The user may leave it open.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// It stays when its flow ends.
    #[must_use]
    pub fn persist(mut self) -> Self {
        self.persist = true;
        self
    }

    /// It is asked for even when it has a value.
    #[must_use]
    pub fn ask_always(mut self) -> Self {
        self.ask_always = true;
        self
    }

    /// Only the system fills it.
    #[must_use]
    pub fn internal(mut self) -> Self {
        self.internal = true;
        self
    }

    /// It is kept out of what models and the inspector see.
    #[must_use]
    pub fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }
}

/// An action: what the host does for flows.
#[derive(Debug, Clone, Serialize)]
pub struct Action {
    pub(crate) name: SmolStr,
    pub(crate) description: String,
    pub(crate) inputs: Vec<Parameter>,
    pub(crate) outputs: Vec<Parameter>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) attempts: Option<u8>,
    #[serde(skip)]
    pub(crate) place: Place,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Parameter {
    pub(crate) name: SmolStr,
    pub(crate) kind: Kind,
    pub(crate) optional: bool,
    #[serde(skip)]
    pub(crate) place: Place,
}

impl Action {
    /// An action of this name.
    #[must_use]
    pub fn new(name: impl Into<SmolStr>) -> Self {
        Self {
            name: name.into(),
            description: String::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            timeout: None,
            attempts: None,
            place: Place::default(),
        }
    }

    /// What it does, in a sentence.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// An input that it needs.
    #[must_use]
    pub fn input(mut self, name: impl Into<SmolStr>, kind: Kind) -> Self {
        self.inputs.push(Parameter { name: name.into(), kind, optional: false, place: Place::default() });
        self
    }

    /// An input that may be missing.
    #[must_use]
    pub fn optional_input(mut self, name: impl Into<SmolStr>, kind: Kind) -> Self {
        self.inputs.push(Parameter { name: name.into(), kind, optional: true, place: Place::default() });
        self
    }

    /// An output.
    #[must_use]
    pub fn output(mut self, name: impl Into<SmolStr>, kind: Kind) -> Self {
        self.outputs.push(Parameter { name: name.into(), kind, optional: false, place: Place::default() });
        self
    }

    /// An output that may be missing.
    #[must_use]
    pub fn optional_output(mut self, name: impl Into<SmolStr>, kind: Kind) -> Self {
        self.outputs.push(Parameter { name: name.into(), kind, optional: true, place: Place::default() });
        self
    }

    /// How long it may take; 10 s unless set.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How often it is tried when it fails in a way that may pass; twice unless set.
    #[must_use]
    pub fn attempts(mut self, attempts: u8) -> Self {
        self.attempts = Some(attempts);
        self
    }
}

/// A flow.
#[derive(Debug, Clone, Serialize)]
pub struct Flow {
    pub(crate) name: SmolStr,
    pub(crate) description: String,
    pub(crate) triggers: Vec<Named>,
    pub(crate) guard: Option<Source>,
    pub(crate) internal: bool,
    pub(crate) slots: Vec<Slot>,
    pub(crate) responses: Vec<(SmolStr, Text)>,
    pub(crate) steps: Vec<Step>,
    #[serde(skip)]
    pub(crate) place: Place,
}

impl Flow {
    /// A flow of this name.
    #[must_use]
    pub fn new(name: impl Into<SmolStr>) -> Self {
        Self {
            name: name.into(),
            description: String::new(),
            triggers: Vec::new(),
            guard: None,
            internal: false,
            slots: Vec::new(),
            responses: Vec::new(),
            steps: Vec::new(),
            place: Place::default(),
        }
    }

    /// What it is for, in a sentence.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Something users say to start it.
    #[must_use]
    pub fn trigger(mut self, trigger: impl Into<SmolStr>) -> Self {
        self.triggers.push(trigger.into().into());
        self
    }

    /// When it can be started and seen.
    #[must_use]
    pub fn only_if(mut self, condition: impl Into<Source>) -> Self {
        self.guard = Some(condition.into());
        self
    }

    /// Only other flows or the host start it.
    #[must_use]
    pub fn internal(mut self) -> Self {
        self.internal = true;
        self
    }

    /// A slot of its own.
    #[must_use]
    pub fn slot(mut self, slot: Slot) -> Self {
        self.slots.push(slot);
        self
    }

    /// A response of its own, which goes before a global one of the same name.
    #[must_use]
    pub fn response(mut self, name: impl Into<SmolStr>, text: impl Into<Text>) -> Self {
        self.responses.push((name.into(), text.into()));
        self
    }

    /// Its next step.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Its next steps.
    #[must_use]
    pub fn steps(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.steps.extend(steps);
        self
    }
}

impl Settings {
    /// Takes over what is not set here. The names of those that both set, and not alike.
    pub(super) fn merge(&mut self, other: &Self) -> Vec<&'static str> {
        fn take<T: Clone + PartialEq>(
            own: &mut Option<T>,
            other: Option<&T>,
            name: &'static str,
            twice: &mut Vec<&'static str>,
        ) {
            match (own.as_ref(), other) {
                (None, Some(other)) => *own = Some(other.clone()),
                (Some(own), Some(other)) if own != other => twice.push(name),
                _ => {}
            }
        }
        let mut twice = Vec::new();
        take(&mut self.locale, other.locale.as_ref(), "locale", &mut twice);
        take(&mut self.prefer, other.prefer.as_ref(), "prefer", &mut twice);
        take(&mut self.longest_message, other.longest_message.as_ref(), "longest_message", &mut twice);
        take(&mut self.most_reprompts, other.most_reprompts.as_ref(), "most_reprompts", &mut twice);
        take(&mut self.deepest_stack, other.deepest_stack.as_ref(), "deepest_stack", &mut twice);
        take(&mut self.most_steps, other.most_steps.as_ref(), "most_steps", &mut twice);
        take(&mut self.silence, other.silence.as_ref(), "silence", &mut twice);
        twice
    }
}
