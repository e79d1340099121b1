//! A question answered: the whole run in one function.

use std::sync::Arc;
use std::time::Duration;

use ninefold_core::{
    AgentCard, Answer, Assessment, Clock, Complexity, Cx, DecidedBy, Decision, Degradation, Durability, Error,
    ErrorKind, Evidence, Findings, Journal, Key, Phase, Plan, Query, Result, Routes, RunId, Verdict,
};

use crate::builder::{Slot, SoarBuilder};
use crate::layers::normalize::normalize;
use crate::layers::scope;
use crate::phases::Noted;
use crate::phases::collect::Collection;
use crate::phases::decompose::Decomposition;
use crate::phases::record::Recording;
use crate::phases::respond::Response;
use crate::phases::retrieve::Retrieval;
use crate::phases::route::Routing;
use crate::phases::synthesize::{Draft, Synthesis};
use crate::phases::verify::Verification;
use crate::run::Run;

/// The pipeline that answers questions. It holds no state of its runs; share it by `Arc` or by reference.
pub struct Soar {
    pub(crate) phases: Phases,
    pub(crate) cards: Vec<AgentCard>,
    pub(crate) journal: Option<(Arc<dyn Journal>, Durability)>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) definition: Key,
    pub(crate) content_in_spans: bool,
}

/// How often a rejected plan is made anew.
const MAX_REPLANS: usize = 2;

impl Soar {
    /// Starts to put a pipeline together.
    #[must_use]
    pub fn builder() -> SoarBuilder {
        SoarBuilder::default()
    }

    /// Answers a question. Dropping the future stops the run.
    ///
    /// # Errors
    /// `TooLong` or `InvalidInput` for a question that is too large or empty; `DeadlineExceeded`; `ReplayRefused` for a run
    /// id that belongs to another question or pipeline; what a phase could not do without. A model or an agent that
    /// fails is no error: the answer says so in its degradations.
    pub async fn answer(&self, query: impl Into<Query>) -> Result<Answer> {
        let query = query.into();
        let mut run = Run::new("soar")
            .definition(self.definition)
            .session(query.session.clone())
            .scope(query.scope.clone())
            .budget(query.budget)
            .deadline(query.deadline)
            .clock(Arc::clone(&self.clock))
            .content_in_spans(self.content_in_spans);
        if let Some(id) = query.run {
            run = run.id(id);
        }
        if let Some((journal, durability)) = &self.journal {
            run = run.journal(Arc::clone(journal), *durability);
        }
        // A resumed run may be given more time.
        let input = Query { run: None, deadline: None, ..query.clone() };
        run.execute(&input, |cx| self.run(query, cx)).await
    }

    /// Continues a run that the journal holds, under the scope and with what is left of the budget it was started with;
    /// the deadline is a new one. A run's id is no secret: whoever may resume is for the host to decide.
    ///
    /// # Errors
    /// `NotFound` when there is no journal or it does not know the run; otherwise as [`Soar::answer`].
    pub async fn resume(&self, run: RunId, deadline: Option<Duration>) -> Result<Answer> {
        let Some((journal, _)) = &self.journal else {
            return Err(Error::new(ErrorKind::NotFound, "this pipeline has no journal").hint("build it with a journal"));
        };
        let Some(recorded) = journal.load(run).await? else {
            return Err(Error::new(ErrorKind::NotFound, format!("the journal knows no run {run}"))
                .hint("Journal::unfinished lists the runs that can be resumed"));
        };
        let query: Query = serde_json::from_str(&recorded.header.input).map_err(|error| {
            Error::new(ErrorKind::ReplayRefused, format!("run {run} was not started by this kind of pipeline: {error}"))
                .hint("resume it with its own pipeline")
        })?;
        self.answer(Query { run: Some(run), deadline, ..query }).await
    }

    async fn run(&self, query: Query, cx: Cx) -> Result<Answer> {
        let (phases, cx) = (&self.phases, &cx);
        let mut notes = Vec::new();
        let question: Arc<str> = phases.normalize.run(query.text, cx).await?.into();
        let within: Arc<[String]> = query.within.into();

        let assessment = phases.assess.run(Arc::clone(&question), cx).await?.note(&mut notes);
        let complexity = assessment.complexity;

        let context = query.context.into();
        let retrieval = Retrieval { question: Arc::clone(&question), within: Arc::clone(&within), complexity, context };
        let mut evidence = phases.retrieve.run(retrieval, cx).await?.note(&mut notes);
        // Whatever phase or store the host put in.
        scope::withhold(&mut evidence, cx.scope(), &within);

        // A simple question needs no plan; a pipeline without agents has nobody to plan for.
        let agents: Arc<[AgentCard]> = scope::visible(&self.cards, cx.scope()).into();
        let mut verdict = None;
        let mut findings = Findings::default();
        let mut calls = u32::from(assessment.by == DecidedBy::Model);
        if complexity != Complexity::Simple && !agents.is_empty() {
            let decomposition = Decomposition {
                question: Arc::clone(&question),
                complexity,
                evidence: Arc::clone(&evidence),
                agents: Arc::clone(&agents),
                feedback: None,
            };
            let (plan, judged) = self.plan(decomposition, cx, &mut notes, &mut calls).await?;
            if let Some(plan) = plan {
                let routing = Routing { plan: Arc::clone(&plan), agents };
                let routes = phases.route.run(routing, cx).await?;
                let collection = Collection {
                    question: Arc::clone(&question),
                    plan,
                    routes,
                    evidence: Arc::clone(&evidence),
                    within,
                };
                findings = phases.collect.run(collection, cx).await?;
            }
            verdict = Some(judged);
        }

        let findings = Arc::new(findings);
        let synthesis =
            Synthesis { question, complexity, evidence: Arc::clone(&evidence), findings: Arc::clone(&findings), calls };
        let draft = phases.synthesize.run(synthesis, cx).await?.note(&mut notes);

        let mut cited: Vec<_> = draft.citations.iter().map(|citation| citation.chunk).collect();
        cited.sort_unstable();
        cited.dedup();
        phases.record.run(Recording { cited }, cx).await?.note(&mut notes);

        let response = Response { assessment, evidence, verdict, findings, draft, degradations: notes };
        phases.respond.run(response, cx).await
    }

    /// Plans until a plan passes. The plan returned is the one that was verified last; none when no plan may be executed.
    async fn plan(
        &self,
        mut decomposition: Decomposition,
        cx: &Cx,
        notes: &mut Vec<Degradation>,
        calls: &mut u32,
    ) -> Result<(Option<Arc<Plan>>, Verdict)> {
        let mut rejected: Option<Arc<Plan>> = None;
        let mut replans = 0;
        loop {
            let mut attempt = Vec::new();
            let plan = Arc::new(self.phases.decompose.run(decomposition.clone(), cx).await?.note(&mut attempt));
            let verification = Verification {
                question: Arc::clone(&decomposition.question),
                complexity: decomposition.complexity,
                plan: Arc::clone(&plan),
                evidence: Arc::clone(&decomposition.evidence),
                agents: Arc::clone(&decomposition.agents),
            };
            let verdict = self.phases.verify.run(verification, cx).await?.note(&mut attempt);
            *calls += 1 + u32::from(verdict.by() == DecidedBy::Model);
            match verdict.decision() {
                Decision::Pass => {
                    notes.extend(attempt);
                    return Ok((Some(plan), verdict));
                }
                // The same plan again would be judged the same again.
                Decision::Retry if replans < MAX_REPLANS && rejected.as_ref() != Some(&plan) => {
                    decomposition.feedback = Some(verdict.feedback());
                    rejected = Some(plan);
                    replans += 1;
                }
                Decision::Retry | Decision::Fail => {
                    notes.extend(attempt);
                    let issues = verdict.issues().iter().map(|issue| issue.message.clone()).collect();
                    notes.push(Degradation::PlanRejected { issues });
                    return Ok((None, verdict));
                }
            }
        }
    }
}

/// The phases in the order in which they run.
pub(crate) struct Phases {
    pub(crate) normalize: Slot<String, String>,
    pub(crate) assess: Slot<Arc<str>, Noted<Assessment>>,
    pub(crate) retrieve: Slot<Retrieval, Noted<Arc<Evidence>>>,
    pub(crate) decompose: Slot<Decomposition, Noted<Plan>>,
    pub(crate) verify: Slot<Verification, Noted<Verdict>>,
    pub(crate) route: Slot<Routing, Routes>,
    pub(crate) collect: Slot<Collection, Findings>,
    pub(crate) synthesize: Slot<Synthesis, Noted<Draft>>,
    pub(crate) record: Slot<Recording, Noted<()>>,
    pub(crate) respond: Slot<Response, Answer>,
}

impl Phases {
    /// Names, versions and identities of all phases.
    pub(crate) fn definition(&self) -> [(&str, u32, Option<&str>); 10] {
        let Self { normalize, assess, retrieve, decompose, verify, route, collect, synthesize, record, respond } = self;
        [
            normalize.definition(),
            assess.definition(),
            retrieve.definition(),
            decompose.definition(),
            verify.definition(),
            route.definition(),
            collect.definition(),
            synthesize.definition(),
            record.definition(),
            respond.definition(),
        ]
    }
}

/// The normalization layer as a phase, so that its time is accounted for.
pub(crate) struct Normalize {
    pub(crate) limit: usize,
}

impl Phase<String> for Normalize {
    type Out = String;

    async fn run(&self, text: String, _: &Cx) -> Result<String> {
        normalize(&text, self.limit)
    }
}
