//! Puts a dialogue together.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ninefold_core::{Clock, Error, ErrorKind, Model, OverBudget, Result, Sessions};
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

/// Longer than anybody waits.
const UNHURRIED: Duration = Duration::from_secs(7 * 86_400);

/// What holds for turns that do not say otherwise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) deadline: Duration,
    pub(crate) over_budget: OverBudget,
}

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
    offset: i32,
    terms: Terms,
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
            offset: 0,
            terms: Terms { deadline: Duration::from_secs(60), over_budget: OverBudget::default() },
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

    /// Lets an action take as long as its turn.
    pub(crate) fn unhurried(mut self, action: &str) -> Self {
        let all = self.program.actions.iter_mut();
        all.filter(|known| known.name == action).for_each(|known| known.timeout = UNHURRIED);
        self
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

    /// Sets how far the users' clock is from UTC, in seconds, east of it positive: `today` is their day. UTC unless set. Zones by
    /// name, with their summer times, are for the host to resolve: [`Input::offset`](crate::Input::offset) is for one turn.
    #[must_use]
    pub fn offset(mut self, seconds: i32) -> Self {
        self.offset = seconds;
        self
    }

    /// Sets what happens when a turn's budget does not hold what it wants to spend on models: rules do what they can, unless set.
    #[must_use]
    pub fn over_budget(mut self, over: OverBudget) -> Self {
        self.terms.over_budget = over;
        self
    }

    /// Sets how long a turn may take: 60 seconds unless set.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.terms.deadline = deadline;
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
    /// them are named; for an offset that no clock has.
    pub fn build(self) -> Result<Dialogue> {
        let offset = crate::input::offset(self.offset)?;
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
            offset,
        };
        Ok(Dialogue { inner: Arc::new(Inner::new(engine, self.sessions, self.clock, self.terms, self.live)) })
    }
}
