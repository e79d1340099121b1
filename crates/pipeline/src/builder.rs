//! Puts a [`Soar`] together. Everything has a default; every phase can be replaced.

use std::sync::Arc;
use std::time::Duration;

use ninefold_core::{
    Agent, AgentCard, Answer, Assessment, Clock, Durability, Error, ErrorKind, Evidence, Findings, Journal, Key, Model,
    Phase, Plan, Result, Routes, Store, Verdict,
};

use crate::agents::quote::Quote;
use crate::agents::reason::Reason;
use crate::erase::BoxPhase;
use crate::layers::normalize::MAX_QUESTION_BYTES;
use crate::layers::{Layered, phase};
use crate::phases::assess::Assess;
use crate::phases::collect::{AgentPolicy, Agents, Collect, Collection};
use crate::phases::decompose::{Decompose, Decomposition};
use crate::phases::record::{Record, Recording};
use crate::phases::respond::{Respond, Response};
use crate::phases::retrieve::{Retrieval, Retrieve};
use crate::phases::route::{Route, Routing};
use crate::phases::synthesize::{Draft, Synthesis, Synthesize};
use crate::phases::verify::{Verification, Verify};
use crate::phases::{Listener, Noted};
use crate::run::SystemClock;
use crate::soar::{Normalize, Phases, Soar};

/// A phase of [`Soar`], erased and layered.
pub(crate) type Slot<In, Out> = Layered<BoxPhase<In, Out>, In, Out>;

/// What a [`Soar`] is to be made of.
#[derive(Default)]
pub struct SoarBuilder {
    store: Option<Arc<dyn Store>>,
    model: Option<Arc<dyn Model>>,
    agents: Vec<(AgentCard, Arc<dyn Agent>)>,
    agent_policy: AgentPolicy,
    journal: Option<(Arc<dyn Journal>, Durability)>,
    clock: Option<Arc<dyn Clock>>,
    max_question_bytes: Option<usize>,
    phase_timeout: Option<Duration>,
    definition: Option<String>,
    content_in_spans: bool,
    listener: Option<Listener>,
    replaced: Replaced,
}

/// How long a phase may take, unless configured otherwise. `collect` has its own limit, [`AgentPolicy::whole`].
pub const PHASE_TIMEOUT: Duration = Duration::from_secs(120);

/// The phases that the host replaced.
#[derive(Default)]
struct Replaced {
    assess: Option<BoxPhase<Arc<str>, Noted<Assessment>>>,
    retrieve: Option<BoxPhase<Retrieval, Noted<Arc<Evidence>>>>,
    decompose: Option<BoxPhase<Decomposition, Noted<Plan>>>,
    verify: Option<BoxPhase<Verification, Noted<Verdict>>>,
    route: Option<BoxPhase<Routing, Routes>>,
    collect: Option<BoxPhase<Collection, Findings>>,
    synthesize: Option<BoxPhase<Synthesis, Noted<Draft>>>,
    record: Option<BoxPhase<Recording, Noted<()>>>,
    respond: Option<BoxPhase<Response, Answer>>,
}

macro_rules! replace {
    ($($name:ident: $in:ty => $out:ty;)*) => {$(
        #[doc = concat!("Replaces the phase `", stringify!($name), "`; a closure will do. A pipeline whose journal outlives it \
            also needs [`SoarBuilder::definition`].")]
        #[must_use]
        pub fn $name(mut self, phase: impl Phase<$in, Out = $out> + 'static) -> Self {
            self.replaced.$name = Some(BoxPhase::new(phase));
            self
        }
    )*};
}

impl SoarBuilder {
    /// Sets where evidence is kept.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Sets the model. Without one every phase goes by rules.
    #[must_use]
    pub fn model(mut self, model: Arc<dyn Model>) -> Self {
        self.model = Some(model);
        self
    }

    /// Adds an agent; a closure will do.
    #[must_use]
    pub fn agent(mut self, card: AgentCard, agent: impl Agent + 'static) -> Self {
        self.agents.push((card, Arc::new(agent)));
        self
    }

    /// Sets how agents are run.
    #[must_use]
    pub fn agent_policy(mut self, policy: AgentPolicy) -> Self {
        self.agent_policy = policy;
        self
    }

    /// Makes runs durable.
    #[must_use]
    pub fn journal(mut self, journal: Arc<dyn Journal>, durability: Durability) -> Self {
        self.journal = Some((journal, durability));
        self
    }

    /// Sets where wall time comes from; the system's clock otherwise.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Lets content into the spans of runs, and so into logs and exports; not unless set. See
    /// [`Run::content_in_spans`](crate::Run::content_in_spans).
    #[must_use]
    pub fn content_in_spans(mut self, content: bool) -> Self {
        self.content_in_spans = content;
        self
    }

    /// Hears the text of the answer while a model writes it: as it comes, before its citations are checked and numbered.
    /// What the run answers in the end may differ, and is all that counts. It is called inside the run and must not block.
    #[must_use]
    pub fn on_text(mut self, listener: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// Sets the most bytes of a question; [`MAX_QUESTION_BYTES`] otherwise.
    #[must_use]
    pub fn max_question_bytes(mut self, limit: usize) -> Self {
        self.max_question_bytes = Some(limit);
        self
    }

    /// Sets how long each phase but `collect` may take; [`PHASE_TIMEOUT`] otherwise.
    #[must_use]
    pub fn phase_timeout(mut self, timeout: Duration) -> Self {
        self.phase_timeout = Some(timeout);
        self
    }

    /// Names the version of what the host put in: replaced phases, agents' code. A durable run continues only under the
    /// definition it started with.
    #[must_use]
    pub fn definition(mut self, definition: impl Into<String>) -> Self {
        self.definition = Some(definition.into());
        self
    }

    replace! {
        assess: Arc<str> => Noted<Assessment>;
        retrieve: Retrieval => Noted<Arc<Evidence>>;
        decompose: Decomposition => Noted<Plan>;
        verify: Verification => Noted<Verdict>;
        route: Routing => Routes;
        collect: Collection => Findings;
        synthesize: Synthesis => Noted<Draft>;
        record: Recording => Noted<()>;
        respond: Response => Answer;
    }

    /// Checks everything and builds the pipeline.
    ///
    /// # Errors
    /// `InvalidInput` when two agents share a name, or when a pipeline with a journal has replaced phases but no
    /// [`SoarBuilder::definition`].
    pub fn build(self) -> Result<Soar> {
        let content_in_spans = self.content_in_spans;
        let Self { store, model, mut agents, agent_policy, journal, clock, replaced, definition, listener, .. } = self;
        if journal.is_some() && definition.is_none() && replaced.any() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "a durable pipeline with replaced phases has no definition",
            )
            .hint("name the version of your phases with SoarBuilder::definition, and change it when they change"));
        }
        if let Some(model) = &model {
            agents.push((Reason::card(), Arc::new(Reason { model: Arc::clone(model) })));
        } else if let Some(store) = &store {
            agents.push((Quote::card(), Arc::new(Quote { store: Arc::clone(store), limit: 8 })));
        }
        let cards: Vec<AgentCard> = agents.iter().map(|(card, _)| card.clone()).collect();
        for (n, card) in cards.iter().enumerate() {
            if cards.iter().take(n).any(|other| other.name == card.name) {
                return Err(Error::new(ErrorKind::InvalidInput, format!("two agents are named {:?}", card.name))
                    .hint("give each agent a name of its own; `quote` and `reason` are taken by the built-in ones"));
            }
        }
        let slots = Slots {
            model: model.as_ref().map(|model| format!("{} {}", model.id(), model.variant()).trim_end().to_owned()),
            timeout: self.phase_timeout.unwrap_or(PHASE_TIMEOUT),
        };
        let max_question_bytes = self.max_question_bytes.unwrap_or(MAX_QUESTION_BYTES);
        let agents = Agents::new(agents, agent_policy);
        let phases = Phases {
            normalize: slots.slot("normalize", None, Normalize { limit: max_question_bytes }),
            assess: slots.slot("assess", replaced.assess, Assess { model: model.clone() }),
            retrieve: slots.slot("retrieve", replaced.retrieve, Retrieve { store: store.clone() }),
            decompose: slots.slot("decompose", replaced.decompose, Decompose { model: model.clone() }),
            verify: slots.slot("verify", replaced.verify, Verify { model: model.clone() }),
            route: slots.slot("route", replaced.route, Route),
            collect: slots.slot("collect", replaced.collect, Collect { agents }).timeout(agent_policy.whole),
            synthesize: slots.slot("synthesize", replaced.synthesize, Synthesize { model, listener }),
            record: slots.slot("record", replaced.record, Record { store }),
            respond: slots.slot("respond", replaced.respond, Respond),
        };
        let code = (env!("CARGO_PKG_VERSION"), PROMPTS);
        let definition = Key::of(&(code, phases.definition(), &cards, max_question_bytes, definition))?;
        let clock = clock.unwrap_or_else(|| Arc::new(SystemClock));
        Ok(Soar { phases, cards, journal, clock, definition, content_in_spans })
    }
}

/// The prompts are code: a run that another wording started is not continued.
const PROMPTS: [&str; 9] = [
    include_str!("prompts/assess.md"),
    include_str!("prompts/decompose.md"),
    include_str!("prompts/decompose_user.md"),
    include_str!("prompts/reason.md"),
    include_str!("prompts/reason_user.md"),
    include_str!("prompts/synthesize.md"),
    include_str!("prompts/synthesize_user.md"),
    concat!(include_str!("prompts/verify.md"), include_str!("prompts/verify_adversarial.md")),
    include_str!("prompts/verify_user.md"),
];

impl Replaced {
    fn any(&self) -> bool {
        let Self { assess, retrieve, decompose, verify, route, collect, synthesize, record, respond } = self;
        assess.is_some()
            || retrieve.is_some()
            || decompose.is_some()
            || verify.is_some()
            || route.is_some()
            || collect.is_some()
            || synthesize.is_some()
            || record.is_some()
            || respond.is_some()
    }
}

/// What all slots share.
struct Slots {
    model: Option<String>,
    timeout: Duration,
}

impl Slots {
    fn slot<In, Out>(
        &self,
        name: &'static str,
        replaced: Option<BoxPhase<In, Out>>,
        default: impl Phase<In, Out = Out> + 'static,
    ) -> Slot<In, Out>
    where
        In: Send + 'static,
        Out: 'static,
    {
        let own = replaced.is_none();
        let slot = phase(name, replaced.unwrap_or_else(|| BoxPhase::new(default))).timeout(self.timeout);
        let slot = match &self.model {
            Some(model) => slot.identity(model),
            None => slot,
        };
        if own { slot } else { slot.version(0) }
    }
}
