//! A host that answers from a list: notes what actions are called with, and does what they are said to do.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ninefold_core::{Cx, Error, ErrorKind, Result, SessionId};
use serde_json::Value;
use smol_str::SmolStr;

use super::asked::{Ask, asked};
use super::{Answer, Answers};
use crate::action::Call;
use crate::builder::DialogueBuilder;
use crate::external::{ExternalAgent, ExternalReply};
use crate::knowledge::{Knowledge, Known};
use crate::normalize::{Normalized, Read, Reading, Unread};
use crate::program::{Action, Program};

/// How long one waits for an action that never answers.
const PATIENCE: Duration = Duration::from_millis(20);

/// A call of an action.
#[derive(Debug, Clone, PartialEq)]
pub struct Called {
    /// Which.
    pub action: SmolStr,
    /// With what.
    pub inputs: Value,
}

/// Answers in the place of a program. Its clones are the same host.
#[derive(Clone, Default)]
pub struct Host {
    answers: Arc<Answers>,
    noted: Arc<Mutex<Noted>>,
    ask: Option<Ask>,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("answers", &self.answers).field("noted", &self.noted).finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct Noted {
    called: Vec<Called>,
    /// How many plain answers each has given.
    given: HashMap<SmolStr, usize>,
}

impl Host {
    /// With these answers.
    #[must_use]
    pub fn new(answers: Answers) -> Self {
        Self { answers: Arc::new(answers), noted: Arc::default(), ask: None }
    }

    /// Asks somebody what actions return that have no answer, and waits for him as long as the turn lasts. `ask` shows a text and
    /// gives back the line that is said to it; none when nothing more will be said: the action fails then.
    #[must_use]
    pub fn asking<F, Fut>(mut self, ask: F) -> Self
    where
        F: Fn(String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Option<String>> + Send + 'static,
    {
        self.ask = Some(Arc::new(move |text| Box::pin(ask(text))));
        self
    }

    /// The actions of a program that have no answer.
    #[must_use]
    pub fn unanswered(&self, program: &Program) -> Vec<SmolStr> {
        let names = program.actions.iter().map(|action| &action.name);
        names.filter(|name| !self.answers.actions.contains_key(*name)).cloned().collect()
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The calls since this was last asked.
    #[must_use]
    pub fn called(&self) -> Vec<Called> {
        std::mem::take(&mut self.noted().called)
    }

    /// The program, in which actions that never answer are not waited for long.
    #[must_use]
    pub fn patient(&self, program: &Program) -> Program {
        let mut program = program.clone();
        for action in program.actions.iter_mut().filter(|action| self.answers.hangs(&action.name)) {
            action.timeout = PATIENCE;
        }
        program
    }

    /// Adds all that this host answers for. An action without an answer fails as `not_found`.
    #[must_use]
    pub fn at(&self, mut builder: DialogueBuilder) -> DialogueBuilder {
        let unanswered = self.unanswered(builder.program()).into_iter().filter(|_| self.ask.is_some());
        builder = unanswered.fold(builder, |builder, action| builder.unhurried(&action));
        let settings = &builder.program().settings;
        let (locale, prefer) = (settings.locale, settings.prefer);
        let actions: Vec<Arc<Action>> = builder.program().actions.iter().cloned().map(Arc::new).collect();
        for action in actions {
            let host = self.clone();
            builder = builder.action(action.name.clone(), move |inputs: Value, call: Call| {
                let (host, action) = (host.clone(), Arc::clone(&action));
                let now = jiff::Timestamp::from_microsecond(call.cx.now().0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
                let reading = Reading { locale, prefer, now: jiff::tz::Offset::UTC.to_datetime(now) };
                async move { host.answer(&action, inputs, &reading).await }
            });
        }
        for (name, words) in &self.answers.readers {
            let words = words.clone();
            builder = builder.reader(name.clone(), move |text, _| {
                let said = bare(text);
                let known = words.iter().find(|(words, _)| bare(words) == said);
                known.map_or(Read::None(Unread::NoMatch), |(_, value)| {
                    Read::One(Normalized {
                        original: text.to_owned(),
                        value: value.clone(),
                        how: "by the answers".into(),
                    })
                })
            });
        }
        for name in self.answers.external.keys() {
            builder = builder.external(name.clone(), Arc::new(Outside { host: self.clone(), name: name.clone() }));
        }
        builder.knowledge(Arc::new(self.clone()))
    }

    /// What an action answers.
    ///
    /// # Errors
    /// What it is said to fail with; `NotFound` when nothing is said of it.
    async fn answer(&self, of: &Action, inputs: Value, reading: &Reading) -> Result<Value> {
        let action = &of.name;
        let answer = {
            let mut noted = self.noted();
            let earlier = noted.given.get(action).copied().unwrap_or(0);
            let answer = self.answers.of(action, &inputs, earlier);
            if let Some((_, false)) = answer {
                *noted.given.entry(action.clone()).or_default() += 1;
            }
            noted.called.push(Called { action: action.clone(), inputs: inputs.clone() });
            answer.map(|(answer, _)| answer.clone())
        };
        match answer {
            Some(Answer::Returns(value)) => Ok(value),
            Some(Answer::Fails(kind)) => Err(Error::new(kind, format!("{action} fails, as the answers say"))),
            Some(Answer::Hangs) => std::future::pending().await,
            // As a panic that was asked for, it tells nobody else of itself.
            Some(Answer::Panics) => resume_unwind(Box::new(format!("{action} panics, as the answers say"))),
            None if let Some(ask) = &self.ask => {
                let returned = asked(ask, of, &inputs, reading).await.map(Value::Object);
                returned.ok_or_else(|| Error::new(ErrorKind::Permanent, format!("{action} fails, as was answered")))
            }
            None => Err(Error::new(ErrorKind::NotFound, format!("there is no answer for action {action:?}"))
                .hint("add it under `actions` of the conversation, of its file or of answers.yml")),
        }
    }
}

/// Without blanks and in small letters.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[async_trait]
impl Knowledge for Host {
    async fn answer(&self, question: &str, _: &Cx) -> Result<Known> {
        let asked = bare(question);
        let known = self.answers.knowledge.iter().find(|(question, _)| bare(question) == asked);
        Ok(known.map_or_else(Known::nothing, |(_, answer)| Known::from(answer)))
    }
}

/// An agent outside that says what it is said to say.
struct Outside {
    host: Host,
    name: SmolStr,
}

#[async_trait]
impl ExternalAgent for Outside {
    async fn message(&self, _: &SessionId, _: &str, _: &Cx) -> Result<ExternalReply> {
        let mut noted = self.host.noted();
        let given = noted.given.entry(self.name.clone()).or_default();
        let lines = self.host.answers.external.get(&self.name).map(Vec::as_slice).unwrap_or_default();
        let (text, done) = lines.get(*given).or(lines.last()).cloned().unwrap_or_default();
        *given += 1;
        Ok(ExternalReply { text, done })
    }
}
