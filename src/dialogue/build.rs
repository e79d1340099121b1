//! Puts a [`Dialogue`] together: its flows, what they may do, who understands and who knows, where sessions are kept.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ninefold_core::{Clock, Error, ErrorKind, Model, OverBudget, Result, Sessions};
use ninefold_dialogue::normalize::{Read, Reading};
use ninefold_dialogue::understand::Understand;
use ninefold_dialogue::{Call, ExternalAgent, Knowledge, repair};
use ninefold_pipeline::SystemClock;
use ninefold_profile::Statistics;
use ninefold_store::{MemorySessions, Sqlite};
use serde::Serialize;
use serde::de::DeserializeOwned;
use smol_str::SmolStr;

use super::{Dialogue, Flows};
use crate::builder::stacked;
use crate::models::Stack;

type Engine = ninefold_dialogue::DialogueBuilder;

/// What a [`Dialogue`] is to be made of. Without [`DialogueBuilder::database`] sessions are kept in the process's memory, without a
/// model messages are understood by rules.
pub struct DialogueBuilder {
    flows: Flows,
    database: Option<PathBuf>,
    sessions: Option<Arc<dyn Sessions>>,
    clock: Option<Arc<dyn Clock>>,
    models: Option<Stack>,
    understand: Option<Arc<dyn Understand>>,
    statistics: Option<Arc<Statistics>>,
    settings: Vec<Box<dyn FnOnce(Engine) -> Engine + Send>>,
}

impl DialogueBuilder {
    pub(super) fn new(flows: Flows) -> Self {
        Self {
            flows,
            database: None,
            sessions: None,
            clock: None,
            models: None,
            understand: None,
            statistics: None,
            settings: Vec::new(),
        }
    }

    fn set(mut self, setting: impl FnOnce(Engine) -> Engine + Send + 'static) -> Self {
        self.settings.push(Box::new(setting));
        self
    }

    /// Keeps sessions in this SQLite file; it is made when it is not there. Several processes may use it.
    #[must_use]
    pub fn database(mut self, path: impl Into<PathBuf>) -> Self {
        self.database = Some(path.into());
        self
    }

    /// Keeps sessions in a place of your own.
    #[must_use]
    pub fn sessions(mut self, sessions: Arc<dyn Sessions>) -> Self {
        self.sessions = Some(sessions);
        self
    }

    /// Adds an action of the definition: an async closure from its inputs to its outputs, both types of serde. A [`Call`] has the
    /// idempotency key and the context of the turn.
    ///
    /// ```
    /// # use ninefold::{Dialogue, dialogue::{Call, Definition}};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Deserialize)]
    /// struct Note { topic: String }
    /// #[derive(Serialize)]
    /// struct Noted { number: u64 }
    ///
    /// let builder = Dialogue::builder("flows.yml")
    ///     .action("note", |note: Note, call: Call| async move {
    ///         println!("{}: {}", call.key, note.topic);
    ///         Ok(Noted { number: 1 })
    ///     });
    /// ```
    #[must_use]
    pub fn action<In, Out, F, Fut>(self, name: impl Into<SmolStr>, action: F) -> Self
    where
        In: DeserializeOwned + 'static,
        Out: Serialize + 'static,
        F: Fn(In, Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Out>> + Send + 'static,
    {
        let name = name.into();
        self.set(move |engine| engine.action(name, action))
    }

    /// Has a model understand what rules are unsure of, with what one mostly wants around it: its calls are retried, cached, limited,
    /// observed and priced, as [`Stack::new`] says.
    #[must_use]
    pub fn model(self, model: impl Model + 'static) -> Self {
        self.models(Stack::new(model))
    }

    /// The same with what is around the model as you set it.
    #[must_use]
    pub fn models(mut self, models: Stack) -> Self {
        self.models = Some(models);
        self
    }

    /// Sets who understands messages, instead of rules and the model.
    #[must_use]
    pub fn understand(mut self, understand: Arc<dyn Understand>) -> Self {
        self.understand = Some(understand);
        self
    }

    /// Sets who answers questions that flows do not answer: a [`Soar`](crate::Soar), or your own.
    #[must_use]
    pub fn knowledge(self, knowledge: impl Knowledge + 'static) -> Self {
        self.set(move |engine| engine.knowledge(Arc::new(knowledge)))
    }

    /// Adds a reader of values, for slots of a kind with its name.
    #[must_use]
    pub fn reader(
        self,
        name: impl Into<SmolStr>,
        reader: impl Fn(&str, &Reading) -> Read + Send + Sync + 'static,
    ) -> Self {
        let name = name.into();
        self.set(move |engine| engine.reader(name, reader))
    }

    /// Adds somebody outside to whom flows hand over by this name.
    #[must_use]
    pub fn external(self, name: impl Into<SmolStr>, agent: impl ExternalAgent + 'static) -> Self {
        let name = name.into();
        self.set(move |engine| engine.external(name, Arc::new(agent)))
    }

    /// Adds actions, readers, knowledge and agents outside that answer from a list, as conversation tests do.
    #[must_use]
    pub fn host(self, host: ninefold_dialogue::script::Host) -> Self {
        self.set(move |engine| host.at(engine))
    }

    /// Sets where wall time comes from; the system's clock by default.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Sets how far the users' clock is from UTC, in seconds, east of it positive: `today` is their day. UTC unless set. Zones by
    /// name, with their summer times, are for the host to resolve: [`Input::offset`](super::Input::offset) is for one turn.
    #[must_use]
    pub fn offset(self, seconds: i32) -> Self {
        self.set(move |engine| engine.offset(seconds))
    }

    /// Sets how long a turn may take: 60 seconds unless set.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        self.set(move |engine| engine.deadline(deadline))
    }

    /// Sets what happens when a turn's budget does not hold what it wants to spend on models: rules do what they can, unless set.
    #[must_use]
    pub fn over_budget(self, over: OverBudget) -> Self {
        self.set(move |engine| engine.over_budget(over))
    }

    /// Sets how many sessions are kept in memory between turns: 10,000 unless set. Others are read again when they go on.
    #[must_use]
    pub fn live_sessions(self, sessions: u64) -> Self {
        self.set(move |engine| engine.live_sessions(sessions))
    }

    /// Records every turn into these statistics, whether it is answered or fails; dialogues and pipelines may share them.
    #[must_use]
    pub fn statistics(mut self, statistics: Arc<Statistics>) -> Self {
        self.statistics = Some(statistics);
        self
    }

    /// Checks the flows, opens the database and builds the dialogue.
    ///
    /// # Errors
    /// `InvalidInput` for flows with faults, all of which are named with file, line and cure; for actions and readers that the flows use and
    /// that were not added; for contradictions, such as a database beside sessions of your own; for an offset that no clock has.
    /// `Unavailable` or `Corrupt` for the database.
    pub async fn build(self) -> Result<Dialogue> {
        let Self { flows, database, sessions, clock, models, understand, statistics, settings } = self;
        let contradiction = |what: &str, hint: &'static str| Err(Error::new(ErrorKind::InvalidInput, what).hint(hint));
        if database.is_some() && sessions.is_some() {
            return contradiction(
                "both a database and a place for sessions are given",
                "leave one of DialogueBuilder::database and DialogueBuilder::sessions out",
            );
        }
        if models.is_some() && understand.is_some() {
            return contradiction(
                "both a model and somebody else are given to understand messages",
                "leave one of DialogueBuilder::model and DialogueBuilder::understand out",
            );
        }
        let program = flows.0.over(repair::patterns()).compile(true)?;
        let sqlite = match database {
            Some(path) => Some(Sqlite::open(path).await?),
            None => None,
        };
        let sessions = sessions.unwrap_or_else(|| match &sqlite {
            Some(sqlite) => Arc::new(sqlite.clone()) as Arc<dyn Sessions>,
            None => Arc::new(MemorySessions::new()),
        });
        let clock = clock.unwrap_or_else(|| Arc::new(SystemClock));
        let mut engine = ninefold_dialogue::Dialogue::builder(program, sessions).clock(Arc::clone(&clock));
        if let Some(models) = models {
            engine = engine.model(stacked(models, sqlite.as_ref(), clock.as_ref()).await?);
        }
        if let Some(understand) = understand {
            engine = engine.understand(understand);
        }
        let engine = settings.into_iter().fold(engine, |engine, setting| setting(engine));
        Ok(Dialogue { inner: engine.build()?, statistics, sqlite })
    }
}
