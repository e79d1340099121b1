//! The agents at work. Each subgoal starts the moment what it depends on is done; at most so many run at once; what fails takes
//! along what depends on it, and nothing else.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use ninefold_core::{
    Agent, AgentCard, Cx, Degradation, Error, ErrorKind, Event, Evidence, FailedSubgoal, Finding, Findings, Phase,
    Plan, Report, Result, Routes, Subgoal, SubgoalId, Task, span::field,
};
use serde::Serialize;
use smol_str::SmolStr;
use tracing::Span;

use crate::layers::policy::Retry;
use crate::layers::{Layered, phase, scope};

/// What the phase `collect` works on.
#[derive(Debug, Clone, Serialize)]
pub struct Collection {
    /// The question, normalized.
    pub question: Arc<str>,
    /// The plan that was verified.
    pub plan: Arc<Plan>,
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
    /// How long all of them together may take.
    pub whole: Duration,
    /// When an agent is tried again.
    pub retry: Retry,
}

impl Default for AgentPolicy {
    /// Eight at once, 60 s an attempt, three attempts, 300 s for all.
    fn default() -> Self {
        Self { parallel: 8, timeout: Duration::from_secs(60), whole: Duration::from_secs(300), retry: Retry::default() }
    }
}

/// The agents of a pipeline.
#[derive(Clone)]
pub struct Agents {
    steps: Arc<HashMap<SmolStr, Layered<Guarded, Task, Report>>>,
    parallel: usize,
}

impl Agents {
    pub(crate) fn new(agents: impl IntoIterator<Item = (AgentCard, Arc<dyn Agent>)>, policy: AgentPolicy) -> Self {
        let step = |(card, agent): (AgentCard, Arc<dyn Agent>)| {
            let name = card.name.clone();
            let step =
                phase(name.to_string(), Guarded { card, agent }).agent().timeout(policy.timeout).retry(policy.retry);
            (name, step)
        };
        Self { steps: Arc::new(agents.into_iter().map(step).collect()), parallel: policy.parallel.max(1) }
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

enum State {
    Waiting,
    Running,
    Done(Finding),
    Failed(FailedSubgoal),
}

impl Phase<Collection> for Collect {
    type Out = Findings;

    async fn run(&self, input: Collection, cx: &Cx) -> Result<Findings> {
        let mut states: HashMap<&SubgoalId, State> =
            input.plan.subgoals().iter().map(|subgoal| (&subgoal.id, State::Waiting)).collect();
        let mut running = FuturesUnordered::new();
        let mut suspended = None;
        loop {
            for subgoal in input.plan.subgoals() {
                if running.len() == self.agents.parallel {
                    break;
                }
                let Some(next) = next_step(subgoal, &states, &input) else { continue };
                let state = match next {
                    Ok(task) => {
                        running.push(self.start(task, agent(&input.routes, subgoal), subgoal, cx));
                        State::Running
                    }
                    Err(failed) => failure(failed, cx).await,
                };
                states.insert(&subgoal.id, state);
            }
            let Some((subgoal, result)) = running.next().await else { break };
            // Who waits for a person ends the run, when the others have done what they can.
            let result = match result {
                Err(error) if error.is_suspension() => {
                    suspended.get_or_insert(error);
                    continue;
                }
                result => result,
            };
            let state = match result {
                Ok(Report { statements }) => {
                    let agent = agent(&input.routes, subgoal);
                    let finding = Finding { subgoal: subgoal.id.clone(), agent, statements };
                    cx.tell(|| Event::Found(finding.clone())).await;
                    State::Done(finding)
                }
                Err(error) => {
                    // The run's own end, and what is to end it, are not an agent's failure.
                    cx.check()?;
                    if error.stops_run() {
                        return Err(error);
                    }
                    let agent = agent(&input.routes, subgoal);
                    failure(FailedSubgoal::new(subgoal.id.clone(), agent, subgoal.critical, &error), cx).await
                }
            };
            states.insert(&subgoal.id, state);
        }
        if let Some(error) = suspended {
            return Err(error);
        }
        let mut findings = Findings::default();
        for subgoal in input.plan.subgoals() {
            match states.remove(&subgoal.id) {
                Some(State::Done(finding)) => findings.done.push(finding),
                Some(State::Failed(failed)) => findings.failed.push(failed),
                // A plan is acyclic, so nothing is left waiting once nothing runs.
                Some(State::Waiting | State::Running) | None => {}
            }
        }
        Ok(findings)
    }
}

impl Collect {
    async fn start<'a>(
        &self,
        task: Task,
        agent: SmolStr,
        subgoal: &'a Subgoal,
        cx: &Cx,
    ) -> (&'a Subgoal, Result<Report>) {
        let cx = cx.branch(&subgoal.id.0);
        cx.tell(|| Event::AgentStarted { subgoal: subgoal.id.clone(), agent: agent.clone() }).await;
        let result = match self.agents.steps.get(&agent) {
            Some(step) => step.run(task, &cx).await,
            None => Err(Error::new(ErrorKind::NotFound, format!("agent {agent:?} is not registered"))
                .hint("routes may name only agents of this pipeline")),
        };
        (subgoal, result)
    }
}

async fn failure(failed: FailedSubgoal, cx: &Cx) -> State {
    cx.tell(|| Event::SubgoalFailed(failed.clone())).await;
    State::Failed(failed)
}

/// The note that agents went without what they wanted to spend.
pub(crate) fn over_budget(failed: &FailedSubgoal) -> Option<Degradation> {
    let note = || Degradation::OverBudget { phase: "collect".into(), message: failed.message.clone() };
    (failed.kind == ErrorKind::OverBudget).then(note)
}

/// What `collect` tells of its output while it makes it.
pub(crate) fn told(findings: &Findings) -> Vec<Event> {
    let done = findings.done.iter().cloned().map(Event::Found);
    done.chain(findings.failed.iter().cloned().map(Event::SubgoalFailed)).collect()
}

fn agent(routes: &Routes, subgoal: &Subgoal) -> SmolStr {
    routes.agent(&subgoal.id).map(SmolStr::new).unwrap_or_default()
}

/// What to do with a waiting subgoal now: nothing yet, start it with its task, or give it up.
fn next_step(
    subgoal: &Subgoal,
    states: &HashMap<&SubgoalId, State>,
    input: &Collection,
) -> Option<Result<Task, FailedSubgoal>> {
    if !matches!(states.get(&subgoal.id), Some(State::Waiting)) {
        return None;
    }
    let mut dependencies = Vec::with_capacity(subgoal.depends_on.len());
    for id in &subgoal.depends_on {
        match states.get(id)? {
            State::Waiting | State::Running => return None,
            State::Done(finding) => dependencies.push(finding.clone()),
            State::Failed(failed) => {
                let agent = agent(&input.routes, subgoal);
                let message = format!("not started, because {} failed", failed.subgoal);
                return Some(Err(FailedSubgoal {
                    subgoal: subgoal.id.clone(),
                    agent,
                    critical: subgoal.critical,
                    kind: failed.kind,
                    message,
                }));
            }
        }
    }
    Some(Ok(Task {
        question: Arc::clone(&input.question),
        subgoal: subgoal.clone(),
        dependencies,
        evidence: Arc::clone(&input.evidence),
        within: Arc::clone(&input.within),
    }))
}
