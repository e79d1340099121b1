//! Leaving an agent alone that keeps failing: a circuit breaker (M. Nygard, *Release It!*).

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ninefold_core::{Cx, Error, ErrorKind, Fault, Result};
use tokio::time::Instant;

/// When an agent is left alone, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircuitPolicy {
    /// So many failures with no success between them, and it is left alone; 0 for never.
    pub failures: u32,
    /// Failures longer ago than this are forgotten.
    pub window: Duration,
    /// How long it is left alone. Then one subgoal is given to it as a probe; by its outcome it is back, or left alone as long
    /// again.
    pub pause: Duration,
}

impl Default for CircuitPolicy {
    /// Two failures within 300 s; 120 s.
    fn default() -> Self {
        Self { failures: 2, window: Duration::from_secs(300), pause: Duration::from_secs(120) }
    }
}

/// One agent's circuit, shared by all runs of a pipeline. It is neither asked nor told about what a run replays, and reads the
/// clock only for an agent that has failed.
#[derive(Debug)]
pub(crate) struct Circuit {
    policy: CircuitPolicy,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When it failed lately, oldest first, since its last success.
    failures: Vec<Instant>,
    open_until: Option<Instant>,
    probing: bool,
}

impl Circuit {
    pub(crate) fn new(policy: CircuitPolicy) -> Self {
        Self { policy, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a subgoal through to the agent of this name, or says for how long it is left alone.
    pub(super) fn enter(&self, agent: &str) -> Result<Pass<'_>> {
        let mut state = self.state();
        let probe = match state.open_until {
            None => false,
            Some(until) => {
                let wait = until.saturating_duration_since(Instant::now());
                if !wait.is_zero() || state.probing {
                    let why = if wait.is_zero() {
                        "it is being tried again".to_owned()
                    } else {
                        format!("it is left alone for {:.0} s", wait.as_secs_f64().ceil())
                    };
                    let what = format!("agent {agent} has failed {} times in a row; {why}", self.policy.failures);
                    let error =
                        Error::new(ErrorKind::Unavailable, what).hint("mend the agent, or let another one take over");
                    return Err(error.with_retry_after(wait).with_fault(Fault::NotStarted));
                }
                state.probing = true;
                true
            }
        };
        Ok(Pass { circuit: self, probe, told: false })
    }
}

/// One subgoal on its way through. Dropped untold, as when its run is stopped, it says nothing about the agent.
pub(super) struct Pass<'a> {
    circuit: &'a Circuit,
    probe: bool,
    told: bool,
}

impl Pass<'_> {
    /// Notes how it went, as far as that says something about the agent.
    pub(super) fn ended<T>(self, result: &Result<T>, cx: &Cx) {
        match result {
            Ok(_) => self.succeeded(),
            // The run's own end says nothing about the agent.
            Err(_) if cx.check().is_err() => {}
            Err(error) => match says(error) {
                Says::Broken => self.failed(),
                Says::There => self.succeeded(),
                Says::Nothing => {}
            },
        }
    }

    fn succeeded(mut self) {
        self.told = true;
        let mut state = self.circuit.state();
        // What began before the circuit opened says nothing about now.
        if self.probe || state.open_until.is_none() {
            state.failures.clear();
            (state.open_until, state.probing) = (None, false);
        }
    }

    fn failed(mut self) {
        self.told = true;
        let policy = self.circuit.policy;
        let mut state = self.circuit.state();
        if policy.failures == 0 || state.open_until.is_some() && !self.probe {
            return;
        }
        let now = Instant::now();
        state.failures.retain(|at| now.saturating_duration_since(*at) <= policy.window);
        state.failures.push(now);
        if self.probe || state.failures.len() >= policy.failures as usize {
            state.failures.clear();
            (state.open_until, state.probing) = (now.checked_add(policy.pause), false);
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.probe && !self.told {
            self.circuit.state().probing = false;
        }
    }
}

/// What a failure says about the agent itself.
enum Says {
    /// It does not work.
    Broken,
    /// It works, and cannot do what it was asked.
    There,
    /// Nothing: it was not asked, or stopped by the run's own limits.
    Nothing,
}

/// What this error says about the agent it comes from.
fn says(error: &Error) -> Says {
    if !error.fault().is_own() {
        return Says::Nothing;
    }
    match error.kind() {
        ErrorKind::InvalidInput
        | ErrorKind::TooLong
        | ErrorKind::Refused
        | ErrorKind::NotFound
        | ErrorKind::Conflict => Says::There,
        ErrorKind::OutOfScope
        | ErrorKind::Cancelled
        | ErrorKind::ReplayRefused
        | ErrorKind::NotDurable
        | ErrorKind::Suspended => Says::Nothing,
        // Its own limits of time and of what it may spend among them.
        _ => Says::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(circuit: &Circuit) -> Option<Pass<'_>> {
        circuit.enter("worker").ok()
    }

    async fn wait(seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn two_failures_open_it_and_a_probe_after_the_pause_decides() {
        let circuit = Circuit::new(CircuitPolicy::default());
        enter(&circuit).unwrap().failed();
        enter(&circuit).unwrap().failed();
        let error = circuit.enter("worker").err().unwrap();
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::Unavailable, "agent worker has failed 2 times in a row; it is left alone for 120 s")
        );
        wait(119).await;
        assert!(enter(&circuit).is_none());
        wait(1).await;
        let probe = enter(&circuit).unwrap();
        assert!(enter(&circuit).is_none(), "one probe at a time");
        probe.failed();
        wait(119).await;
        assert!(enter(&circuit).is_none(), "left alone again");
        wait(1).await;
        enter(&circuit).unwrap().succeeded();
        enter(&circuit).unwrap().failed();
        assert!(enter(&circuit).is_some(), "the count began anew");
    }

    #[tokio::test(start_paused = true)]
    async fn failures_long_apart_or_with_success_between_do_not_open_it() {
        let circuit = Circuit::new(CircuitPolicy::default());
        enter(&circuit).unwrap().failed();
        wait(301).await;
        enter(&circuit).unwrap().failed();
        enter(&circuit).unwrap().succeeded();
        enter(&circuit).unwrap().failed();
        assert!(enter(&circuit).is_some());
        let never = Circuit::new(CircuitPolicy { failures: 0, ..CircuitPolicy::default() });
        (0..9).for_each(|_| enter(&never).unwrap().failed());
        assert!(enter(&never).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_probe_says_nothing_and_late_outcomes_are_not_heard() {
        let circuit = Circuit::new(CircuitPolicy::default());
        let (early, late) = (enter(&circuit).unwrap(), enter(&circuit).unwrap());
        enter(&circuit).unwrap().failed();
        enter(&circuit).unwrap().failed();
        early.succeeded();
        late.failed();
        assert!(enter(&circuit).is_none());
        wait(120).await;
        drop(enter(&circuit).unwrap());
        assert!(enter(&circuit).is_some(), "the next is the probe");
    }

    #[tokio::test(start_paused = true)]
    async fn many_at_once_open_it_once() {
        let circuit = std::sync::Arc::new(Circuit::new(CircuitPolicy::default()));
        let fail = |_| {
            let circuit = std::sync::Arc::clone(&circuit);
            tokio::spawn(async move {
                let pass = circuit.enter("worker");
                tokio::task::yield_now().await;
                if let Ok(pass) = pass {
                    pass.failed();
                }
            })
        };
        futures_util::future::join_all((0..100).map(fail)).await;
        assert!(enter(&circuit).is_none());
        wait(120).await;
        assert_eq!((enter(&circuit).is_some(), circuit.state().failures.len()), (true, 0));
    }
}
