//! Puts a [`Soar`] together. Everything has a default; every phase can be replaced.

use std::sync::Arc;
use std::time::Duration;

use ninefold_core::{
    Agent, AgentCard, AgentKey, Answer, Assessment, Clock, Complexity, Durability, Embedder, Error, ErrorKind,
    Evidence, Experience, Findings, Journal, Key, Model, OverBudget, Phase, Plan, Result, Routes, Store, Verdict,
    VerifyPolicy,
};

use crate::agents::quote::Quote;
use crate::agents::reason::Reason;
use crate::erase::BoxPhase;
use crate::layers::normalize::MAX_QUESTION_BYTES;
use crate::layers::{Layered, phase};
use crate::phases::assess::{self, Assess};
use crate::phases::collect::{AgentPolicy, Agents, Collect, Collection, told};
use crate::phases::decompose::{Decompose, Decomposition, instructions};
use crate::phases::patience::{self, Patient};
use crate::phases::recall::{Learning, Recall};
use crate::phases::record::{Record, Recording};
use crate::phases::respond::{Respond, Response};
use crate::phases::retrieve::{Retrieval, Retrieve};
use crate::phases::route::{Meaning, Route, Routing, Skills};
use crate::phases::synthesize::{Draft, Synthesis, Synthesize};
use crate::phases::verify::{Verification, Verify};
use crate::phases::{Listener, Noted};
use crate::run::SystemClock;
use crate::soar::{AssessedBy, Normalize, Phases, Soar};

/// A phase of [`Soar`], erased and layered.
pub(crate) type Slot<In, Out> = Layered<BoxPhase<In, Out>, In, Out>;

/// What a [`Soar`] is to be made of.
#[derive(Default)]
pub struct SoarBuilder {
    store: Option<Arc<dyn Store>>,
    model: Option<Arc<dyn Model>>,
    agents: Vec<(AgentCard, Arc<dyn Agent>)>,
    agent_policy: AgentPolicy,
    verify_policy: VerifyPolicy,
    embedder: Option<Arc<dyn Embedder>>,
    journal: Option<(Arc<dyn Journal>, Durability)>,
    clock: Option<Arc<dyn Clock>>,
    max_question_bytes: Option<usize>,
    phase_timeout: Option<Duration>,
    definition: Option<String>,
    content_in_spans: bool,
    approve_plans: bool,
    over_budget: OverBudget,
    listener: Option<Listener>,
    experience: Option<Arc<dyn Experience>>,
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

    /// Sets the model. Without one every phase goes by rules. It is called as it is given: one that is to keep to a run's budget is
    /// wrapped in `ninefold_llm::Budgeted`, as `ninefold::SoarBuilder::model` does.
    #[must_use]
    pub fn model(mut self, model: Arc<dyn Model>) -> Self {
        self.model = Some(model);
        self
    }

    /// Sets where what runs teach is kept: plans that solved a question are used again when it comes again, and agents that
    /// proved reliable are preferred. Without it nothing is learned. Plans are learned where a model or a phase of the host
    /// makes them; rules make theirs faster than they could be looked up.
    #[must_use]
    pub fn experience(mut self, experience: Arc<dyn Experience>) -> Self {
        self.experience = Some(experience);
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

    /// Sets by what plans are judged, and how often one is made anew.
    #[must_use]
    pub fn verify_policy(mut self, policy: VerifyPolicy) -> Self {
        self.verify_policy = policy;
        self
    }

    /// Sets what embeds the examples on agents' cards, and subgoals for which words leave the agent open: words and meaning then decide
    /// together. The examples are embedded once, when that is first needed, 256 at a time. Without it, or where it fails or takes longer than five
    /// seconds, words decide alone; the answer says so ([`Degradation::RoutedByWords`](ninefold_core::Degradation::RoutedByWords)).
    #[must_use]
    pub fn embedder(mut self, embedder: Arc<dyn Embedder>) -> Self {
        self.embedder = Some(embedder);
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

    /// Has a person approve each plan that was verified, before an agent is called: the run is suspended and waits in its journal
    /// ([`Cx::ask`](ninefold_core::Cx::ask)). A plan that is declined counts as rejected, and the answer is made from the evidence.
    #[must_use]
    pub fn approve_plans(mut self, approve: bool) -> Self {
        self.approve_plans = approve;
        self
    }

    /// Sets what happens when a budget does not hold what a phase wants to spend on its model: rules do the work and the answer says
    /// so, unless set.
    #[must_use]
    pub fn over_budget(mut self, over: OverBudget) -> Self {
        self.over_budget = over;
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
    /// `InvalidInput` when two agents share a name, when plans cannot be judged by the policy, or when a pipeline with a journal has replaced phases but no
    /// [`SoarBuilder::definition`].
    pub fn build(self) -> Result<Soar> {
        let (content_in_spans, approve_plans, over_budget) =
            (self.content_in_spans, self.approve_plans, self.over_budget);
        let Self { store, model, mut agents, agent_policy, journal, clock, replaced, definition, listener, .. } = self;
        let verify = self.verify_policy;
        verify.check()?;
        let plans = model.is_some() || replaced.decompose.is_some();
        let assessed_by = match (&replaced.assess, &model) {
            (Some(_), _) => AssessedBy::Host,
            (None, Some(_)) => AssessedBy::RulesOrModel,
            (None, None) => AssessedBy::Rules,
        };
        if journal.is_some() && definition.is_none() && replaced.any() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "a durable pipeline with replaced phases has no definition",
            )
            .hint("name the version of your phases with SoarBuilder::definition, and change it when they change"));
        }
        if journal.is_none() && approve_plans {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "plans are to be approved, and there is no journal to wait in",
            )
            .hint("build the pipeline with a journal"));
        }
        let own: Option<(AgentCard, Arc<dyn Agent>)> = match (&model, &store) {
            (Some(model), _) => {
                let reason = Reason { model: Arc::clone(model), retry: agent_policy.retry };
                Some((Reason::card(), Arc::new(reason)))
            }
            (None, Some(store)) => Some((Quote::card(), Arc::new(Quote { store: Arc::clone(store), limit: 8 }))),
            (None, None) => None,
        };
        let fallback = own.as_ref().map(|(card, _)| card.name.clone());
        agents.extend(own);
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
        if replaced.assess.is_none() {
            assess::prepare();
        }
        let skills = Arc::new(Skills::new(&cards, fallback.as_deref()));
        let agents = Agents::new(agents, Arc::clone(&skills), agent_policy);
        let meaning = self.embedder.and_then(|embedder| Meaning::of(&cards, embedder));
        let by_meaning = meaning.is_some();
        let route = Route::new(Arc::clone(&skills)).meaning(meaning).model(model.clone());
        // The phase keeps the agents' time itself and so has what was found by then; this is for when it does not.
        let whole = agent_policy.whole.saturating_add(patience::RECORD);
        // One agent and no plans: there is nothing to learn.
        let learning = match self.experience.filter(|_| plans || cards.len() > 1) {
            Some(experience) => {
                let agents = cards.iter().map(AgentKey::of).collect::<Result<_>>()?;
                Some(Learning { experience, agents, plans })
            }
            None => None,
        };
        let recall = learning.clone().map(|learning| Recall { learning, store: store.clone() });
        let (limit, longer) = (slots.timeout, slots.timeout.saturating_add(patience::RECORD));
        let host_record = replaced.record.map(|record| BoxPhase::new(Patient { record, limit }));
        let own_limit = limit.min(patience::RECORD);
        let phases = Phases {
            normalize: slots.slot("normalize", None, Normalize { limit: max_question_bytes }),
            assess: slots.slot("assess", replaced.assess, Assess { model: model.clone(), learning: learning.clone() }),
            retrieve: slots.slot("retrieve", replaced.retrieve, Retrieve { store: store.clone() }),
            decompose: slots.slot("decompose", replaced.decompose, Decompose { model: model.clone() }),
            recall: recall.map(|recall| slots.slot("recall", None, recall)),
            verify: slots.slot("verify", replaced.verify, Verify { model: model.clone() }),
            route: slots.slot("route", replaced.route, route),
            collect: slots.slot("collect", replaced.collect, Collect { agents }).timeout(whole).retell(told),
            synthesize: slots.slot("synthesize", replaced.synthesize, Synthesize { model, listener }),
            // The phase keeps the time itself, so that an answer outlives a memory that hangs; this is for when it does not.
            record: slots
                .slot("record", host_record, Patient { record: Record { store, learning }, limit: own_limit })
                .timeout(longer),
            respond: slots.slot("respond", replaced.respond, Respond),
        };
        let code = (env!("CARGO_PKG_VERSION"), PROMPTS);
        let decides = (max_question_bytes, verify, definition, approve_plans, over_budget);
        let definition = Key::of(&(code, phases.definition(), &cards, decides))?;
        let clock = clock.unwrap_or_else(|| Arc::new(SystemClock));
        Ok(Soar {
            phases,
            cards,
            skills,
            by_meaning,
            verify,
            journal,
            clock,
            definition,
            content_in_spans,
            assessed_by,
            approve_plans,
            over_budget,
        })
    }
}

/// The prompts are code: a run that another wording started is not continued.
const PROMPTS: [&str; 13] = [
    include_str!("prompts/assess.md"),
    instructions(Complexity::Critical),
    include_str!("prompts/decompose_user.md"),
    include_str!("prompts/decompose_again.md"),
    include_str!("prompts/decompose.schema.json"),
    include_str!("prompts/reason.md"),
    include_str!("prompts/reason_user.md"),
    include_str!("prompts/synthesize.md"),
    concat!(include_str!("prompts/synthesize_user.md"), include_str!("prompts/synthesize_again.md")),
    include_str!("prompts/tie.md"),
    concat!(include_str!("prompts/tie_user.md"), include_str!("prompts/tie.schema.json")),
    concat!(include_str!("prompts/verify.md"), include_str!("prompts/verify_adversarial.md")),
    concat!(include_str!("prompts/verify_user.md"), include_str!("prompts/verify.schema.json")),
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
