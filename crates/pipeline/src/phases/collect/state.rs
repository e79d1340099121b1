//! How far each subgoal of a plan is, and what can be started now.

use std::collections::HashMap;
use std::sync::Arc;

use ninefold_core::{
    Error, ErrorKind, FailedSubgoal, Fault, Finding, Findings, Impasse, Statement, Subgoal, SubgoalId, Task,
};
use smol_str::SmolStr;

use super::Collection;

enum State {
    Waiting,
    Running,
    Done(Finding),
    Failed(FailedSubgoal),
}

/// The states of a plan's subgoals, in the plan's order.
pub(super) struct States<'a> {
    input: &'a Collection,
    states: Vec<State>,
    /// The numbers of what each subgoal depends on.
    dependencies: Vec<Vec<usize>>,
    /// The first critical subgoal that failed: without it the answer is worthless.
    worthless: Option<SubgoalId>,
    impasses: Vec<Impasse>,
}

/// A subgoal to be started: its number, who is to take it, and what it is given.
pub(super) struct Start {
    pub(super) number: usize,
    pub(super) agent: SmolStr,
    pub(super) task: Task,
}

impl<'a> States<'a> {
    pub(super) fn new(input: &'a Collection) -> Self {
        let subgoals = input.plan.subgoals();
        let numbers: HashMap<&SubgoalId, usize> = subgoals.iter().enumerate().map(|(n, s)| (&s.id, n)).collect();
        let dependencies = |subgoal: &Subgoal| {
            let known = subgoal.depends_on.iter().filter_map(|id| numbers.get(id).copied());
            known.collect()
        };
        Self {
            input,
            states: subgoals.iter().map(|_| State::Waiting).collect(),
            dependencies: subgoals.iter().map(dependencies).collect(),
            worthless: None,
            impasses: Vec::new(),
        }
    }

    /// The next subgoal that can be started; it counts as running from now on. Those that cannot be started any more are given
    /// up on the way: what depends on a failed one, and, once a critical one has failed, all that have not begun, because
    /// nothing they find would make the answer worth more.
    pub(super) fn next(&mut self) -> Option<Start> {
        for (number, subgoal) in self.input.plan.subgoals().iter().enumerate() {
            if !matches!(self.states.get(number), Some(State::Waiting)) {
                continue;
            }
            match self.ready(number, subgoal) {
                Ready::NotYet => {}
                Ready::Never(failed) => self.fail(number, failed),
                Ready::Now(start) => {
                    self.set(number, State::Running);
                    return Some(start);
                }
            }
        }
        None
    }

    fn ready(&self, number: usize, subgoal: &Subgoal) -> Ready {
        let Some(agent) = self.input.routes.agent(&subgoal.id).map(SmolStr::new) else {
            let error = Error::new(ErrorKind::NotFound, "no agent in scope is able to take it")
                .hint("register an agent with a fitting capability, or grant the scope of one");
            return Ready::Never(FailedSubgoal::new(subgoal.id.clone(), SmolStr::default(), subgoal.critical, &error));
        };
        let given_up = |kind: ErrorKind, because: String| {
            let message = format!("not started, because {because} failed");
            let (subgoal, critical) = (subgoal.id.clone(), subgoal.critical);
            let (agent, fault) = (agent.clone(), Fault::NotStarted);
            Ready::Never(FailedSubgoal { subgoal, agent, critical, kind, message, fault })
        };
        let depends_on = self.dependencies.get(number).map(Vec::as_slice).unwrap_or_default();
        let mut dependencies = Vec::with_capacity(depends_on.len());
        let mut waits = false;
        for dependency in depends_on {
            match self.states.get(*dependency) {
                Some(State::Done(finding)) => dependencies.push(finding.clone()),
                Some(State::Failed(failed)) => return given_up(failed.kind, failed.subgoal.to_string()),
                Some(State::Waiting | State::Running) | None => waits = true,
            }
        }
        if let Some(critical) = &self.worthless {
            let kind = self.states.iter().find_map(|state| match state {
                State::Failed(failed) if failed.subgoal == *critical => Some(failed.kind),
                _ => None,
            });
            return given_up(kind.unwrap_or(ErrorKind::Permanent), format!("critical subgoal {critical}"));
        }
        if waits {
            return Ready::NotYet;
        }
        Ready::Now(Start { number, agent, task: self.task(subgoal, dependencies) })
    }

    fn task(&self, subgoal: &Subgoal, dependencies: Vec<Finding>) -> Task {
        Task {
            question: Arc::clone(&self.input.question),
            subgoal: subgoal.clone(),
            dependencies,
            evidence: Arc::clone(&self.input.evidence),
            within: Arc::clone(&self.input.within),
        }
    }

    /// The same subgoal once more, for another agent; not when a critical one has failed, because the answer is worthless.
    pub(super) fn again(&self, number: usize, agent: SmolStr) -> Option<Start> {
        if self.worthless.is_some() {
            return None;
        }
        let subgoal = self.input.plan.subgoals().get(number)?;
        let dependencies =
            self.dependencies.get(number)?.iter().filter_map(|dependency| match self.states.get(*dependency) {
                Some(State::Done(finding)) => Some(finding.clone()),
                _ => None,
            });
        Some(Start { number, agent, task: self.task(subgoal, dependencies.collect()) })
    }

    /// Notes what an agent found.
    pub(super) fn found(&mut self, number: usize, agent: SmolStr, statements: Vec<Statement>) {
        if let Some(subgoal) = self.input.plan.subgoals().get(number) {
            self.set(number, State::Done(Finding { subgoal: subgoal.id.clone(), agent, statements }));
        }
    }

    /// Notes that a subgoal has no finding.
    pub(super) fn fail(&mut self, number: usize, failed: FailedSubgoal) {
        if failed.critical && self.worthless.is_none() {
            self.worthless = Some(failed.subgoal.clone());
        }
        self.set(number, State::Failed(failed));
    }

    /// Notes what was not clear on the way.
    pub(super) fn met(&mut self, impasse: Option<Impasse>) {
        self.impasses.extend(impasse);
    }

    /// Whether somebody is at work on it.
    pub(super) fn is_running(&self, number: usize) -> bool {
        matches!(self.states.get(number), Some(State::Running))
    }

    /// Gives up whatever is not done, because of this error, which is the run's own.
    pub(super) fn stop(&mut self, error: Error) {
        let (stopped, not_started) = (error.clone().with_fault(Fault::Run), error.with_fault(Fault::NotStarted));
        for (number, subgoal) in self.input.plan.subgoals().iter().enumerate() {
            let error = match self.states.get(number) {
                Some(State::Waiting) => &not_started,
                Some(State::Running) => &stopped,
                _ => continue,
            };
            let agent = self.input.routes.agent(&subgoal.id).map(SmolStr::new).unwrap_or_default();
            self.fail(number, FailedSubgoal::new(subgoal.id.clone(), agent, subgoal.critical, error));
        }
    }

    fn set(&mut self, number: usize, state: State) {
        if let Some(place) = self.states.get_mut(number) {
            *place = state;
        }
    }

    /// Everything in the plan's order.
    pub(super) fn finish(self) -> Findings {
        let mut findings = Findings { impasses: self.impasses, ..Findings::default() };
        for state in self.states {
            match state {
                State::Done(finding) => findings.done.push(finding),
                State::Failed(failed) => findings.failed.push(failed),
                // A plan is acyclic, so nothing is left waiting once nothing runs.
                State::Waiting | State::Running => {}
            }
        }
        findings
    }
}

enum Ready {
    Now(Start),
    NotYet,
    Never(FailedSubgoal),
}
