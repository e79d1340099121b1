//! Replay of what a run finished before, and the append of what it finishes now.

use ninefold_core::journal::{Entry, Kept, Position, RunLog, not_durable};
use ninefold_core::{Cx, Error, ErrorKind, Expense, Fault, Key, Result, span};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::policy;
use super::trace::traced;

/// The output recorded in `entry`, if it was made by the same phase from the same input.
pub(super) fn replay<Out: DeserializeOwned>(entry: &Entry, phase: &str, key: Key) -> Result<Out> {
    compare(entry, phase, key)?;
    let kept = serde_json::from_str::<Kept<Out>>(&entry.output);
    kept.map(|kept| kept.value).map_err(|error| {
        refused(
            format!("the recorded output of phase {phase:?} does not fit its type any more: {error}"),
            "raise the phase's version when its output changes, and start a new run",
        )
    })
}

/// Checks that it was made by the same phase from the same input.
pub(super) fn compare(entry: &Entry, phase: &str, key: Key) -> Result<()> {
    if entry.phase != phase {
        let what = format!(
            "the journal has phase {:?} at place {} of this branch, the pipeline now has {phase:?}",
            entry.phase, entry.position.ordinal
        );
        return Err(refused(
            what,
            "finish the run with the code that started it, or start a new run; \
            parallel branches each need a Cx::branch of their own",
        ));
    }
    if entry.key != key {
        return Err(refused(
            format!("phase {phase:?} was recorded with another input, scope or version"),
            "finish the run with the code and the input that started it, or start a new run",
        ));
    }
    Ok(())
}

fn refused(what: String, cure: &str) -> Error {
    Error::new(ErrorKind::ReplayRefused, what).hint(cure)
}

/// A failure that is final, as that of an agent, with what the run had spent by then.
#[derive(Serialize, Deserialize)]
struct Failed {
    spent: Expense,
    failure: Failure,
}

/// What of an error is kept.
#[derive(Serialize, Deserialize)]
struct Failure {
    kind: ErrorKind,
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phase: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    #[serde(default)]
    fault: Fault,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self {
            kind: error.kind(),
            message: error.message().to_owned(),
            phase: error.phase().map(str::to_owned),
            hint: error.hint_text().map(str::to_owned),
            fault: error.fault(),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let Failure { kind, message, phase, hint, fault } = failure;
        let error = Error::new(kind, message).with_fault(fault);
        let error = phase.iter().fold(error, |error, phase| error.in_phase(phase));
        hint.into_iter().fold(error, Error::hint)
    }
}

/// The final failure recorded in `entry`, if that holds one.
pub(super) fn failure(entry: &Entry) -> Option<Error> {
    let failed = serde_json::from_str::<Failed>(&entry.output).ok()?;
    Some(failed.failure.into())
}

/// What a run had spent when the last of these entries was written.
pub(crate) fn spent(entries: &[Entry]) -> Expense {
    #[derive(Deserialize)]
    struct Head {
        #[serde(default)]
        spent: Expense,
    }
    let heads = entries.iter().filter_map(|entry| serde_json::from_str::<Head>(&entry.output).ok());
    heads.map(|head| head.spent).max_by_key(|spent| (spent.calls, spent.used.total())).unwrap_or_default()
}

/// Appends a finished phase under a span of its own, within the run's bounds.
pub(super) fn append<'a, Out: Serialize>(
    cx: &'a Cx,
    log: &'a RunLog,
    position: Position,
    phase: &str,
    key: Key,
    output: Result<&Out, &Error>,
) -> Result<impl Future<Output = Result<()>> + Send + use<'a, Out>> {
    let spent = cx.budget().spent();
    let output = match output {
        Ok(value) => serde_json::to_string(&Kept { spent, value }),
        Err(error) => serde_json::to_string(&Failed { spent, failure: error.into() }),
    };
    let output = output.map_err(|error| {
        Error::new(ErrorKind::InvalidInput, format!("the output of phase {phase:?} cannot be written as JSON: {error}"))
            .hint("its Serialize implementation must succeed, and map keys must be strings")
    })?;
    let entry = Entry { position, phase: phase.into(), key, output, at: cx.now() };
    Ok(exchange(cx, log.append(entry)))
}

/// One exchange with the journal under a span of its own, within the run's bounds.
pub(crate) async fn exchange<T>(cx: &Cx, exchange: impl Future<Output = Result<T>>) -> Result<T> {
    traced(span::journal(), policy::bounded(cx, None, exchange)).await.map_err(not_durable)
}
