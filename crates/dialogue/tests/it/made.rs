//! Small dialogues for one test each.

use std::sync::{Arc, Mutex};

use ninefold_core::Sessions;
use ninefold_dialogue::understand::{Rules, Understand};
use ninefold_dialogue::{Call, Command, Definition, Dialogue, DialogueBuilder, Reply, repair};
use ninefold_store::MemorySessions;
use ninefold_testkit::ManualClock;
use serde_json::{Value, json};

use crate::flights::FEBRUARY;

/// The calls of actions, in their order.
pub(crate) type Calls = Arc<Mutex<Vec<String>>>;

pub(crate) struct Made {
    pub(crate) calls: Calls,
    sessions: Arc<dyn Sessions>,
    definition: String,
}

impl Made {
    /// A dialogue of this definition. Its actions note their inputs and return them under `out`.
    pub(crate) fn of(definition: &str) -> Self {
        let sessions = Arc::new(MemorySessions::new());
        Self { calls: Calls::default(), sessions, definition: definition.to_owned() }
    }

    pub(crate) fn builder(&self) -> DialogueBuilder {
        let program = Definition::from_yaml("made.yml", &self.definition).over(repair::patterns()).compile(true);
        let program = program.unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
        let names: Vec<_> = program.actions.iter().map(|action| action.name.clone()).collect();
        let mut builder =
            Dialogue::builder(program, Arc::clone(&self.sessions)).clock(Arc::new(ManualClock::at(FEBRUARY)));
        for name in names {
            let calls = Arc::clone(&self.calls);
            let of = name.clone();
            builder = builder.action(name, move |inputs: Value, _: Call| {
                let values: Vec<String> =
                    inputs.as_object().into_iter().flatten().map(|(_, value)| value.to_string()).collect();
                calls.lock().unwrap().push(format!("{of}({})", values.join(", ").replace('"', "")));
                async move { Ok(json!({ "out": values.join("+").replace('"', "") })) }
            });
        }
        builder
    }

    pub(crate) fn dialogue(&self) -> Dialogue {
        self.builder().understand(Arc::new(Rules) as Arc<dyn Understand>).build().unwrap()
    }

    /// The calls since this was last asked.
    pub(crate) fn called(&self) -> String {
        std::mem::take(&mut *self.calls.lock().unwrap()).join("; ")
    }
}

/// Has these lines of the command language understood for whatever is said.
pub(crate) struct Lines;

#[async_trait::async_trait]
impl Understand for Lines {
    async fn understand(
        &self,
        heard: &ninefold_dialogue::understand::Heard<'_>,
        cx: &ninefold_core::Cx,
    ) -> ninefold_core::Result<ninefold_dialogue::understand::Understood> {
        use ninefold_dialogue::understand::Scripted;
        use ninefold_dialogue::understand::line::parse_line;
        let message = heard.view.message;
        let commands: Vec<Command> = message.split(" | ").filter_map(parse_line).collect();
        Scripted::new().on(message, commands).understand(heard, cx).await
    }
}

/// Takes turns in which each message is a list of commands.
pub(crate) async fn told(dialogue: &Dialogue, lines: &[&str]) -> Reply {
    let mut last = None;
    for line in lines {
        last = Some(dialogue.turn("user", line).await.unwrap());
    }
    last.unwrap()
}
