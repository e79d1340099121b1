//! The agents at work. Each subgoal starts the moment what it depends on is done; at most so many run at once. What fails is taken
//! over by another agent where one is able to; otherwise it takes along what depends on it. When a critical subgoal has failed,
//! nothing more is begun, because the answer is worthless already; what runs may finish.

mod fallback;
mod state;

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use ninefold_core::impasse::cause;
use ninefold_core::span::{self, field};
use ninefold_core::{
    Agent, AgentCard, Cx, Degradation, Error, ErrorKind, Event, Evidence, FailedSubgoal, Fault, Finding, Findings,
    Impasse, Phase, Report, Result, Routes, Task, VerifiedPlan,
};
use serde::Serialize;
use smol_str::SmolStr;
use tracing::Span;

use fallback::Tried;
use state::{Start, States};

use super::route::Skills;
use crate::layers::circuit::Circuit;
pub use crate::layers::circuit::CircuitPolicy;
use crate::layers::policy::Retry;
use crate::layers::trace::traced;
use crate::layers::{Layered, phase, scope};

/// What the phase `collect` works on.
#[derive(Debug, Clone, Serialize)]
pub struct Collection {
    /// The question, normalized.
    pub question: Arc<str>,
    /// The plan that was verified.
    pub plan: VerifiedPlan,
    /// Who takes which subgoal.
    pub routes: Routes,
    /// What memory holds on the question.
    pub evidence: Arc<Evidence>,
    /// The paths the run's searches are limited to; empty for none.
    pub within: Arc<[String]>,
}

/// How agents are run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AgentPolicy {
    /// The most agents at work at once.
    pub parallel: usize,
    /// How long one attempt of an agent may take.
    pub timeout: Duration,
    /// How long all of them together may take. What is not done then has failed; what is done counts.
    pub whole: Duration,
    /// When an agent is tried again.
    pub retry: Retry,
    /// When an agent is left alone.
    pub circuit: CircuitPolicy,
}

impl Default for AgentPolicy {
    /// Eight at once, 60 s an attempt, three attempts, 300 s for all; left alone for 120 s after two failures.
    fn default() -> Self {
        Self {
            parallel: 8,
            timeout: Duration::from_secs(60),
            whole: Duration::from_secs(300),
            retry: Retry::default(),
            circuit: CircuitPolicy::default(),
        }
    }
}

/// The agents of a pipeline, with what is known of them and how they did lately.
#[derive(Clone)]
pub struct Agents {
    steps: Arc<HashMap<SmolStr, Step>>,
    cards: Arc<[AgentCard]>,
    skills: Arc<Skills>,
    parallel: usize,
    whole: Duration,
}

/// An agent with its layers.
type Step = Layered<Guarded, Task, Report>;

impl Agents {
    pub(crate) fn new(
        agents: impl IntoIterator<Item = (AgentCard, Arc<dyn Agent>)>,
        skills: Arc<Skills>,
        policy: AgentPolicy,
    ) -> Self {
        let mut cards = Vec::new();
        let step = |(card, agent): (AgentCard, Arc<dyn Agent>)| {
            let name = card.name.clone();
            cards.push(card.clone());
            let step = phase(name.to_string(), Guarded { card, agent }).agent(Circuit::new(policy.circuit));
            (name, step.timeout(policy.timeout).retry(policy.retry))
        };
        let steps = agents.into_iter().map(step).collect();
        let (parallel, whole) = (policy.parallel.max(1), policy.whole);
        Self { steps: Arc::new(steps), cards: cards.into(), skills, parallel, whole }
    }

    /// Gives a task to an agent, unless that is left alone.
    async fn call(&self, agent: &SmolStr, task: Task, cx: &Cx) -> Result<Report> {
        let Some(step) = self.steps.get(agent) else {
            return Err(Error::new(ErrorKind::OutOfScope, format!("agent {agent:?} is not registered"))
                .hint("routes may name only agents of this pipeline"));
        };
        step.run(task, cx).await
    }
}

/// An agent behind the check of its labels, and its empty results behind an error.
struct Guarded {
    card: AgentCard,
    agent: Arc<dyn Agent>,
}

impl Phase<Task> for Guarded {
    type Out = Report;

    async fn run(&self, task: Task, cx: &Cx) -> Result<Report> {
        scope::permit(&self.card, cx)?;
        let span = cx.shows_content().then(Span::current);
        if let Some(span) = &span {
            span.record(field::TOOL_ARGUMENTS, task.subgoal.description.as_str());
        }
        let report = self.agent.run(task, cx).await?;
        if let Some(span) = &span {
            let texts: Vec<&str> = report.statements.iter().map(|statement| statement.text.as_str()).collect();
            span.record(field::TOOL_RESULT, texts.join("\n"));
        }
        if report.statements.iter().all(|statement| statement.text.trim().is_empty()) {
            return Err(Error::new(ErrorKind::MalformedReply, format!("agent {} returned nothing", self.card.name)));
        }
        Ok(report)
    }
}

/// The phase `collect`.
pub struct Collect {
    /// The agents.
    pub agents: Agents,
}

/// What came of a subgoal in one agent's hands.
struct Ended {
    number: usize,
    agent: SmolStr,
    result: Result<Report>,
}

impl Phase<Collection> for Collect {
    type Out = Findings;

    async fn run(&self, input: Collection, cx: &Cx) -> Result<Findings> {
        let subgoals = input.plan.subgoals();
        let mut states = States::new(&input);
        let mut tried: HashMap<usize, Tried> = HashMap::new();
        let mut running = FuturesUnordered::new();
        let mut alarm = None;
        let mut suspended = None;
        let mut told = Vec::new();
        loop {
            while running.len() < self.agents.parallel
                && let Some(start) = states.next()
            {
                running.push(self.start(start, false, cx));
            }
            // A timer is set only when there is something to wait for.
            let next = match running.next().now_or_never() {
                Some(next) => next,
                None => {
                    let alarm = alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep(self.agents.whole)));
                    match select(pin!(running.next()), alarm.as_mut()).await {
                        Either::Left((next, _)) => next,
                        Either::Right(_) => {
                            // Whoever took over was stopped; whoever was taken over has failed.
                            for (number, subgoal) in subgoals.iter().enumerate() {
                                let taken = tried.get(&number).filter(|_| states.is_running(number));
                                states.met(taken.and_then(|tried| tried.impasse(subgoal, None)));
                            }
                            states.stop(out_of_time(self.agents.whole));
                            break;
                        }
                    }
                }
            };
            let Some(Ended { number, agent, result }) = next else { break };
            let Some(subgoal) = subgoals.get(number) else { continue };
            match result {
                Ok(Report { statements }) => {
                    if let Some(tried) = tried.remove(&number) {
                        states.met(tried.impasse(subgoal, Some(agent.clone())));
                    }
                    let subgoal = subgoal.id.clone();
                    cx.tell(|| Event::Found(Finding { subgoal, agent: agent.clone(), statements: statements.clone() }))
                        .await;
                    states.found(number, agent, statements);
                }
                // Who waits for a person ends the run, when the others have done what they can.
                Err(error) if error.is_suspension() => {
                    suspended.get_or_insert(error);
                }
                Err(error) => {
                    // The run's own end, and what is to end it, are not an agent's failure.
                    cx.check()?;
                    if error.stops_run() {
                        return Err(error);
                    }
                    let tried = tried.entry(number).or_default();
                    states.met(tried.impasse(subgoal, None));
                    let out_of_scope = error.kind() == ErrorKind::OutOfScope;
                    tried.failed(agent, error);
                    let other = tried.next(subgoal, &self.agents.cards, &self.agents.skills, cx);
                    match other.and_then(|agent| states.again(number, agent)) {
                        Some(start) => running.push(self.start(start, true, cx)),
                        None => {
                            if !out_of_scope {
                                let nobody = async { Ok(tried.impasse(subgoal, None)) };
                                states.met(traced(span::impasse(cause::AGENT_FAILED), nobody).await?);
                            }
                            if let Some(failed) = tried.record(subgoal) {
                                cx.tell(|| Event::SubgoalFailed(failed.clone())).await;
                                told.push(subgoal.id.clone());
                                states.fail(number, failed);
                            }
                        }
                    }
                }
            }
        }
        if let Some(error) = suspended {
            return Err(error);
        }
        let findings = states.finish();
        for failed in findings.failed.iter().filter(|failed| !told.contains(&failed.subgoal)) {
            cx.tell(|| Event::SubgoalFailed(failed.clone())).await;
        }
        Ok(findings)
    }
}

/// The note that agents went without what they wanted to spend, where the run's budget did not hold it.
pub(crate) fn over_budget(findings: &Findings) -> Option<Degradation> {
    let went_without = |failed: &&FailedSubgoal| {
        let refused = |kind: ErrorKind, fault: Fault| kind == ErrorKind::OverBudget && fault == Fault::Run;
        // Others who tried as well may have failed by themselves.
        let tried = |impasse: &Impasse| match impasse {
            Impasse::AgentFailed { subgoal, kind, fault, .. } => *subgoal == failed.subgoal && refused(*kind, *fault),
            _ => false,
        };
        refused(failed.kind, failed.fault) || findings.impasses.iter().any(tried)
    };
    let failed = findings.failed.iter().find(went_without)?;
    Some(Degradation::OverBudget { phase: "collect".into(), message: failed.message.clone() })
}

/// What `collect` tells of its output while it makes it.
pub(crate) fn told(findings: &Findings) -> Vec<Event> {
    let done = findings.done.iter().cloned().map(Event::Found);
    done.chain(findings.failed.iter().cloned().map(Event::SubgoalFailed)).collect()
}

impl Collect {
    /// Sets an agent to work: the one that a subgoal was given to, or one that takes over.
    async fn start(&self, start: Start, takes_over: bool, cx: &Cx) -> Ended {
        let Start { number, agent, task } = start;
        let cx = cx.branch(&task.subgoal.id.0);
        cx.tell(|| Event::AgentStarted { subgoal: task.subgoal.id.clone(), agent: agent.clone() }).await;
        let result = if takes_over {
            // Boxed, so that the way of those that do well does not carry its size.
            let cx = cx.branch(&agent);
            Box::pin(traced(span::impasse(cause::AGENT_FAILED), self.agents.call(&agent, task, &cx))).await
        } else {
            self.agents.call(&agent, task, &cx).await
        };
        Ended { number, agent, result }
    }
}

fn out_of_time(whole: Duration) -> Error {
    Error::new(ErrorKind::DeadlineExceeded, format!("it was not done when the {whole:?} for all agents were over"))
        .hint("raise AgentPolicy::whole, or make the agents faster")
}
