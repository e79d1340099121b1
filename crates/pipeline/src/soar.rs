//! A question answered: the whole run in one function.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::try_join;
use ninefold_core::span::field;
use ninefold_core::{
    AgentCard, Answer, Assessment, Clock, Complexity, Cx, DecidedBy, Decision, Degradation, Durability, Error,
    ErrorKind, Event, Events, Evidence, Findings, Impasse, Journal, Key, OverBudget, Phase, Plan, PlanOrigin, Query,
    Result, Routes, RunId, Teller, Verdict, VerifiedPlan, VerifyPolicy, span,
};
use tokio::time::Instant;
use tracing::Span;

use crate::approval;
use crate::builder::{Slot, SoarBuilder};
use crate::calls::Calls;
use crate::layers::cache::poll_once;
use crate::layers::normalize::normalize;
use crate::layers::scope;
use crate::layers::trace::traced;
use crate::phases::collect::{Collection, over_budget};
use crate::phases::decompose::Decomposition;
use crate::phases::recall::{KnownPlan, Recalled, Recollection};
use crate::phases::record::{Lesson, Recording};
use crate::phases::respond::{Response, confidence};
use crate::phases::retrieve::Retrieval;
use crate::phases::route::{Routing, Skills};
use crate::phases::synthesize::{Draft, Synthesis};
use crate::phases::verify::Verification;
use crate::phases::{Noted, assess, retrieve};
use crate::run::Run;

/// The pipeline that answers questions; share it by `Arc` or by reference. Its runs share what is known of its agents (whose circuit
/// is open, what their examples mean) and what was learned, and nothing else.
pub struct Soar {
    pub(crate) phases: Phases,
    pub(crate) cards: Vec<AgentCard>,
    pub(crate) skills: Arc<Skills>,
    pub(crate) by_meaning: bool,
    pub(crate) verify: VerifyPolicy,
    pub(crate) journal: Option<(Arc<dyn Journal>, Durability)>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) definition: Key,
    pub(crate) content_in_spans: bool,
    pub(crate) assessed_by: AssessedBy,
    pub(crate) approve_plans: bool,
    pub(crate) over_budget: OverBudget,
}

/// Who says how hard a question is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AssessedBy {
    Rules,
    /// Rules, and a model where they leave it open.
    RulesOrModel,
    /// A phase that the host put in.
    Host,
}

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
        self.answer_to(query.into(), None).await
    }

    /// The same as a stream of what happens on the way; the last event is what [`Soar::answer`] returns.
    pub fn stream(&self, query: impl Into<Query>) -> Events<'_, Answer> {
        let query = query.into();
        Events::of(|teller| self.answer_to(query, Some(teller)))
    }

    /// Answers a question and tells there what happens on the way: for whoever makes the stream himself.
    ///
    /// # Errors
    /// As [`Soar::answer`].
    pub async fn answer_to(&self, query: Query, teller: Option<Teller>) -> Result<Answer> {
        let mut run = Run::new("soar")
            .definition(self.definition)
            .session(query.session.clone())
            .scope(query.scope.clone())
            .budget(query.budget)
            .deadline(query.deadline)
            .clock(Arc::clone(&self.clock))
            .content_in_spans(self.content_in_spans)
            .over_budget(self.over_budget)
            .teller(teller);
        if let Some(id) = query.run {
            run = run.id(id);
        }
        if let Some((journal, durability)) = &self.journal {
            run = run.journal(Arc::clone(journal), *durability);
        }
        // A resumed run may be given more time.
        let input = Query { run: None, deadline: None, ..query.clone() };
        // Boxed, so that whoever wraps it (the run's span, the account, the host's own future) does not move its size.
        run.execute(&input, |cx| Box::pin(self.run(query, cx))).await
    }

    /// Continues a run that the journal holds, under the scope and with what is left of the budget it was started with;
    /// the deadline is a new one. A run's id is no secret: whoever may resume is for the host to decide.
    ///
    /// # Errors
    /// `NotFound` when there is no journal or it does not know the run; otherwise as [`Soar::answer`].
    pub async fn resume(&self, run: RunId, deadline: Option<Duration>) -> Result<Answer> {
        self.resume_to(run, deadline, None).await
    }

    /// The same, with what happens on the way told there. Of phases that had finished it is told that they are replayed.
    ///
    /// # Errors
    /// As [`Soar::resume`].
    pub async fn resume_to(&self, run: RunId, deadline: Option<Duration>, teller: Option<Teller>) -> Result<Answer> {
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
        self.answer_to(Query { run: Some(run), deadline, ..query }, teller).await
    }

    async fn run(&self, query: Query, cx: Cx) -> Result<Answer> {
        let (phases, cx) = (&self.phases, &cx);
        let (mut notes, mut impasses) = (Vec::new(), Vec::new());
        let question: Arc<str> = phases.normalize.run(query.text, cx).await?.into();
        let within: Arc<[String]> = query.within.into();

        let context: Arc<[_]> = query.context.into();
        let retrieve = |complexity| {
            let (question, within, context) = (Arc::clone(&question), Arc::clone(&within), Arc::clone(&context));
            phases.retrieve.run(Retrieval { question, within, complexity, context }, cx)
        };
        let mut assess = pin!(phases.assess.run(Arc::clone(&question), cx));
        let (assessed, retrieved) = if let Some(assessed) = self.at_once(assess.as_mut(), &question, cx).await {
            let assessed = assessed?;
            let complexity = assessed.value.complexity;
            (assessed, retrieve(complexity).await?)
        } else {
            // While a model is asked how hard it is, what the hardest question deserves is searched for.
            let (assessed, mut found) = Box::pin(try_join(assess, retrieve(Complexity::Critical))).await?;
            retrieve::trim(&mut found.value, assessed.value.complexity);
            (assessed, found)
        };
        let mut calls = Calls::of(assessed.value.complexity);
        calls.spend(assessed.calls);
        let assessment = assessed.note(&mut notes);
        let complexity = assessment.complexity;
        let mut evidence = retrieved.note(&mut notes);
        // Whatever phase or store the host put in.
        scope::withhold(&mut evidence, cx.scope(), &within);

        // A simple question needs no plan; a pipeline without agents has nobody to plan for.
        let agents: Arc<[AgentCard]> = scope::visible(&self.cards, cx.scope()).into();
        let mut verdict = None;
        let mut executed = None;
        let mut findings = Arc::<Findings>::default();
        if complexity != Complexity::Simple && !agents.is_empty() {
            let decomposition = Decomposition {
                question: Arc::clone(&question),
                complexity,
                evidence: Arc::clone(&evidence),
                agents: Arc::clone(&agents),
                feedback: None,
                most: None,
                calls: 0,
            };
            let Recalled { known, utilities } = self.recall(&decomposition, &within, cx, &mut notes).await?;
            let (mut plan, judged, pattern) =
                match self.familiar(known, &decomposition, cx, &mut calls, &mut notes).await? {
                    Some((plan, judged, pattern)) => (Some(plan), judged, Some(pattern)),
                    None => {
                        let (plan, judged) =
                            self.plan(decomposition, cx, &mut calls, &mut notes, &mut impasses).await?;
                        (plan, judged, None)
                    }
                };
            if self.approve_plans
                && let Some(verified) = &plan
                && !approval::approved(verified, cx).await?
            {
                notes.push(Degradation::PlanRejected { issues: vec![approval::DECLINED.to_owned()] });
                plan = None;
            }
            if let Some(plan) = plan {
                cx.tell(|| Event::Planned(Arc::clone(plan.shared()))).await;
                let routing = Routing { plan: plan.clone(), agents, utilities, calls: calls.before_answer() };
                let routes = phases.route.run(routing, cx).await?;
                calls.spend(routes.calls);
                impasses.extend(routes.impasses.iter().cloned());
                notes.extend(routes.degradations.iter().cloned());
                let collection = Collection {
                    question: Arc::clone(&question),
                    plan: plan.clone(),
                    routes,
                    evidence: Arc::clone(&evidence),
                    within: Arc::clone(&within),
                };
                let collected = phases.collect.run(collection, cx).await?;
                notes.extend(over_budget(&collected));
                impasses.extend(collected.impasses.iter().cloned());
                findings = Arc::new(collected);
                executed = Some((plan, pattern));
            }
            verdict = Some(judged);
        }
        let plan_origin = executed.as_ref().map(|(_, pattern)| match *pattern {
            Some(key) => PlanOrigin::Pattern { key },
            None => PlanOrigin::Decomposition,
        });
        if let Some(origin) = plan_origin {
            Span::current().record(field::PLAN_ORIGIN, origin.as_str());
        }

        let synthesis = Synthesis {
            question: Arc::clone(&question),
            complexity,
            evidence: Arc::clone(&evidence),
            findings: Arc::clone(&findings),
            calls: calls.left(),
        };
        let draft = phases.synthesize.run(synthesis, cx).await?.note(&mut notes);

        let mut cited: Vec<_> = draft.citations.iter().map(|citation| citation.chunk).collect();
        cited.sort_unstable();
        cited.dedup();
        let findings_of = Arc::clone(&findings);
        let degradations = notes;
        let mut response = Response {
            assessment,
            evidence,
            verdict,
            findings,
            draft,
            plan_origin,
            confidence: None,
            degradations,
            impasses,
        };
        // Whether there is something to learn depends on it.
        response.confidence = executed.as_ref().filter(|_| self.learns()).map(|_| confidence(&response));
        let lesson = executed.zip(response.confidence).map(|((plan, pattern), confidence)| Lesson {
            question,
            complexity,
            within,
            plan: Arc::clone(plan.shared()),
            pattern,
            findings: findings_of,
            confidence,
            troubled: is_troubled(&response),
        });
        phases.record.run(Recording { cited, lesson }, cx).await?.note(&mut response.degradations);
        let mut answer = phases.respond.run(response, cx).await?;
        answer.degradations.extend(cx.budget().warnings());
        Ok(answer)
    }

    /// The assessment, if no model has to be asked for it. Whether one has to be is seen by whether it takes time; a durable
    /// run must see it the same way when it is replayed, and goes by the question.
    async fn at_once<F: Future>(&self, mut assess: Pin<&mut F>, question: &str, cx: &Cx) -> Option<F::Output> {
        if cx.log().is_none() {
            return match poll_once(assess.as_mut()).await {
                Poll::Ready(assessed) => Some(assessed),
                Poll::Pending => None,
            };
        }
        let takes_time = match self.assessed_by {
            AssessedBy::Rules => false,
            AssessedBy::RulesOrModel => assess::leaves_open(question),
            AssessedBy::Host => true,
        };
        if takes_time { None } else { Some(assess.await) }
    }

    fn learns(&self) -> bool {
        self.phases.recall.is_some()
    }

    /// What earlier runs have taught.
    async fn recall(
        &self,
        decomposition: &Decomposition,
        within: &Arc<[String]>,
        cx: &Cx,
        notes: &mut Vec<Degradation>,
    ) -> Result<Recalled> {
        let Some(recall) = &self.phases.recall else { return Ok(Recalled::default()) };
        let Decomposition { question, complexity, evidence, agents, .. } = decomposition.clone();
        let recollection = Recollection { question, complexity, within: Arc::clone(within), evidence, agents };
        Ok(recall.run(recollection, cx).await?.note(notes))
    }

    /// The plan that solved this question before, if its structure still passes. A model looks at it once more only where a wrong
    /// answer harms and the plan was verified for less: otherwise it has shown that it does.
    async fn familiar(
        &self,
        known: Option<KnownPlan>,
        decomposition: &Decomposition,
        cx: &Cx,
        calls: &mut Calls,
        notes: &mut Vec<Degradation>,
    ) -> Result<Option<(VerifiedPlan, Verdict, Key)>> {
        let Some(KnownPlan { pattern, plan, complexity }) = known else { return Ok(None) };
        let harms = decomposition.complexity == Complexity::Critical && complexity < Complexity::Critical;
        let may_take = if harms { calls.before_answer() } else { 0 };
        let verification = self.verification(decomposition, Arc::clone(&plan), may_take, cx);
        let judged = self.phases.verify.run(verification, cx).await?;
        calls.spend(judged.calls);
        let verdict = judged.note(notes);
        Ok(verdict.accept(plan).map(|plan| (plan, verdict, pattern)))
    }

    /// Plans until a plan passes. The plan returned is the one that was verified last; none when no plan may be executed.
    async fn plan(
        &self,
        mut decomposition: Decomposition,
        cx: &Cx,
        calls: &mut Calls,
        notes: &mut Vec<Degradation>,
        impasses: &mut Vec<Impasse>,
    ) -> Result<(Option<VerifiedPlan>, Verdict)> {
        let mut rejected: Option<(Arc<Plan>, Verdict)> = None;
        let mut impasse = Impasse::NoMatch;
        for replans in 0.. {
            let mut attempt = Vec::new();
            let round = self.round(&mut decomposition, rejected.as_ref(), cx, calls, &mut attempt);
            let round = traced(span::impasse(impasse.cause()), round).await;
            impasses.push(impasse);
            let (plan, verdict) = round?;
            // The same plan again would be judged the same again.
            let again = rejected.as_ref().is_some_and(|(before, _)| *before == plan);
            if let Some(verified) = verdict.accept(Arc::clone(&plan)) {
                notes.extend(attempt);
                let objected = rejected.as_ref().is_some_and(|(_, verdict)| verdict.by() == DecidedBy::Model);
                if objected && verdict.by() == DecidedBy::Rules {
                    notes.push(Degradation::PlanUnchecked);
                }
                return Ok((Some(verified), verdict));
            }
            if verdict.decision() == Decision::Fail || again || replans == self.verify.retries {
                notes.extend(attempt);
                let issues = verdict.issues().iter().map(|issue| issue.message.clone()).collect();
                notes.push(Degradation::PlanRejected { issues });
                return Ok((None, verdict));
            }
            decomposition.feedback = Some(verdict.feedback());
            impasse = match verdict.shortage() {
                Some(shortage) => {
                    decomposition.most = Some(shortage.fits);
                    Impasse::OverBudget { shortage }
                }
                None => {
                    let issues = verdict.issues().iter().map(|issue| issue.message.clone()).collect();
                    Impasse::Objection { issues }
                }
            };
            rejected = Some((plan, verdict));
        }
        Err(Error::new(ErrorKind::Permanent, "planning came to no end"))
    }

    /// Makes a plan and judges it.
    async fn round(
        &self,
        decomposition: &mut Decomposition,
        rejected: Option<&(Arc<Plan>, Verdict)>,
        cx: &Cx,
        calls: &mut Calls,
        notes: &mut Vec<Degradation>,
    ) -> Result<(Arc<Plan>, Verdict)> {
        decomposition.calls = calls.before_answer();
        let planned = self.phases.decompose.run(decomposition.clone(), cx).await?;
        calls.spend(planned.calls);
        let plan = Arc::new(planned.note(notes));
        if let Some((_, verdict)) = rejected.filter(|(before, _)| *before == plan) {
            return Ok((plan, verdict.clone()));
        }
        let verification = self.verification(decomposition, Arc::clone(&plan), calls.before_answer(), cx);
        let judged = self.phases.verify.run(verification, cx).await?;
        calls.spend(judged.calls);
        Ok((plan, judged.note(notes)))
    }

    /// What there is to verify about a plan, with so many calls of the model.
    pub(crate) fn verification(&self, of: &Decomposition, plan: Arc<Plan>, calls: u32, cx: &Cx) -> Verification {
        Verification {
            question: Arc::clone(&of.question),
            complexity: of.complexity,
            plan,
            evidence: Arc::clone(&of.evidence),
            agents: Arc::clone(&of.agents),
            policy: self.verify,
            calls,
            skills: Arc::clone(&self.skills),
            by_meaning: self.by_meaning,
            left: cx.budget().left(),
            time: cx.deadline().map(|deadline| deadline.saturating_duration_since(Instant::now())),
        }
    }
}

/// Whether the plan came about with less than it should have: by a model that could not be used or paid for, smaller than it had to
/// be, or, after an objection of the model, without its second look.
fn is_troubled(response: &Response) -> bool {
    let lacked = |note: &Degradation| {
        matches!(note, Degradation::ModelUnusable { .. } | Degradation::OverBudget { .. } | Degradation::PlanUnchecked)
    };
    response.degradations.iter().any(lacked)
        || response.impasses.iter().any(|impasse| matches!(impasse, Impasse::OverBudget { .. }))
}

/// The phases in the order in which they run.
pub(crate) struct Phases {
    pub(crate) normalize: Slot<String, String>,
    pub(crate) assess: Slot<Arc<str>, Noted<Assessment>>,
    pub(crate) retrieve: Slot<Retrieval, Noted<Arc<Evidence>>>,
    pub(crate) decompose: Slot<Decomposition, Noted<Plan>>,
    /// Where something is learned.
    pub(crate) recall: Option<Slot<Recollection, Noted<Recalled>>>,
    pub(crate) verify: Slot<Verification, Noted<Verdict>>,
    pub(crate) route: Slot<Routing, Routes>,
    pub(crate) collect: Slot<Collection, Findings>,
    pub(crate) synthesize: Slot<Synthesis, Noted<Draft>>,
    pub(crate) record: Slot<Recording, Noted<()>>,
    pub(crate) respond: Slot<Response, Answer>,
}

impl Phases {
    /// Names, versions and identities of all phases.
    pub(crate) fn definition(&self) -> Vec<(&str, u32, Option<&str>)> {
        let Self {
            normalize,
            assess,
            retrieve,
            recall,
            decompose,
            verify,
            route,
            collect,
            synthesize,
            record,
            respond,
        } = self;
        let nine = [
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
        ];
        nine.into_iter().chain(recall.as_ref().map(Slot::definition)).collect()
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
