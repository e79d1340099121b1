//! Puts a dialogue together.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::Offset;
use ninefold_core::{Clock, Error, ErrorKind, Model, Result, Sessions};
use ninefold_pipeline::SystemClock;
use serde::Serialize;
use serde::de::DeserializeOwned;
use smol_str::SmolStr;

use crate::action::{Actions, Call};
use crate::dialogue::{Dialogue, Inner};
use crate::engine::Engine;
use crate::engine::pattern::Patterns;
use crate::external::ExternalAgent;
use crate::kind::Kind;
use crate::knowledge::Knowledge;
use crate::normalize::{Normalizer, Read, Reading};
use crate::program::Program;
use crate::scope::Index;
use crate::understand::{ByModel, Hybrid, Rules, Understand};

/// Puts a [`Dialogue`] together.
pub struct DialogueBuilder {
    program: Program,
    sessions: Arc<dyn Sessions>,
    actions: Actions,
    understand: Option<Arc<dyn Understand>>,
    readers: crate::normalize::Builder,
    knowledge: Option<Arc<dyn Knowledge>>,
    external: HashMap<SmolStr, Arc<dyn ExternalAgent>>,
    clock: Arc<dyn Clock>,
    offset: Offset,
    deadline: Duration,
    live: u64,
}

impl DialogueBuilder {
    pub(crate) fn new(program: Program, sessions: Arc<dyn Sessions>) -> Self {
        Self {
            program,
            sessions,
            actions: Actions::default(),
            understand: None,
            readers: Normalizer::builder(),
            knowledge: None,
            external: HashMap::new(),
            clock: Arc::new(SystemClock),
            offset: Offset::UTC,
            deadline: Duration::from_secs(60),
            live: 10_000,
        }
    }

    /// Adds an action of the definition: an async closure from its inputs to its outputs, both types of serde.
    #[must_use]
    pub fn action<In, Out, F, Fut>(mut self, name: impl Into<SmolStr>, action: F) -> Self
    where
        In: DeserializeOwned,
        Out: Serialize,
        F: Fn(In, Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Out>> + Send + 'static,
    {
        self.actions.add(name, action);
        self
    }

    /// The definition that is to be talked by.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Has a model understand what rules are unsure of. Without one, rules alone do.
    #[must_use]
    pub fn model(self, model: Arc<dyn Model>) -> Self {
        self.understand(Arc::new(Hybrid::new(Rules, ByModel::new(model))))
    }

    /// Sets who understands messages.
    #[must_use]
    pub fn understand(mut self, understand: Arc<dyn Understand>) -> Self {
        self.understand = Some(understand);
        self
    }

    /// Adds a reader of values, for slots of a kind with its name.
    #[must_use]
    pub fn reader(
        mut self,
        name: impl Into<SmolStr>,
        reader: impl Fn(&str, &Reading) -> Read + Send + Sync + 'static,
    ) -> Self {
        self.readers = self.readers.custom(name, reader);
        self
    }

    /// Sets who answers questions that flows do not answer.
    #[must_use]
    pub fn knowledge(mut self, knowledge: Arc<dyn Knowledge>) -> Self {
        self.knowledge = Some(knowledge);
        self
    }

    /// Adds somebody outside to whom flows hand over by this name.
    #[must_use]
    pub fn external(mut self, name: impl Into<SmolStr>, agent: Arc<dyn ExternalAgent>) -> Self {
        self.external.insert(name.into(), agent);
        self
    }

    /// Sets the clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets how far the users' clock is from UTC, in seconds: `today` is their day. UTC unless set.
    #[must_use]
    pub fn offset(mut self, seconds: i32) -> Self {
        self.offset = Offset::from_seconds(seconds).unwrap_or(Offset::UTC);
        self
    }

    /// Sets how long a turn may take: 60 seconds unless set.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets how many sessions are kept in memory between turns: 10,000 unless set. Others are read again when they go on.
    #[must_use]
    pub fn live_sessions(mut self, sessions: u64) -> Self {
        self.live = sessions;
        self
    }

    /// Builds it.
    ///
    /// # Errors
    /// `InvalidInput` when the definition has actions that the host has not, or slots read by readers that nobody added: all of
    /// them are named.
    pub fn build(self) -> Result<Dialogue> {
        let normalizer = self.readers.build();
        let mut missing = String::new();
        for action in self.program.actions.iter().filter(|action| !self.actions.has(&action.name)) {
            let _ = write!(missing, "\n- action {:?} ({})", action.name, action.place);
        }
        for slot in &self.program.slots {
            if let Kind::Custom { reader } = &slot.kind
                && !normalizer.knows(reader)
            {
                let _ = write!(missing, "\n- reader {reader:?} of slot {:?} ({})", slot.name, slot.place);
            }
        }
        if !missing.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                format!("the host lacks what the definition uses:{missing}"),
            )
            .hint("add it by DialogueBuilder::action or DialogueBuilder::reader"));
        }
        let engine = Engine {
            index: Index::new(&self.program),
            slots: Engine::by_name(&self.program),
            patterns: Patterns::of(&self.program),
            sensitive: Engine::sensitive(&self.program),
            program: Arc::new(self.program),
            actions: self.actions,
            normalizer,
            understand: self.understand.unwrap_or_else(|| Arc::new(Rules)),
            knowledge: self.knowledge,
            external: self.external,
            offset: self.offset,
        };
        Ok(Dialogue { inner: Arc::new(Inner::new(engine, self.sessions, self.clock, self.deadline, self.live)) })
    }
}
