//! Replay of what a run finished before, and the append of what it finishes now.

use ninefold_core::journal::{Entry, Position, RunLog};
use ninefold_core::{Error, ErrorKind, Key, Result, Timestamp, span};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::trace::traced;

/// The output recorded in `entry`, if it was made by the same phase from the same input.
pub(super) fn replay<Out: DeserializeOwned>(entry: &Entry, phase: &str, key: Key) -> Result<Out> {
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
    serde_json::from_str(&entry.output).map_err(|error| {
        refused(
            format!("the recorded output of phase {phase:?} does not fit its type any more: {error}"),
            "raise the phase's version when its output changes, and start a new run",
        )
    })
}

fn refused(what: String, cure: &str) -> Error {
    Error::new(ErrorKind::ReplayRefused, what).hint(cure)
}

/// The entry of a finished phase.
pub(super) fn entry<Out: Serialize>(
    position: Position,
    phase: &str,
    key: Key,
    output: &Out,
    at: Timestamp,
) -> Result<Entry> {
    let output = serde_json::to_string(output).map_err(|error| {
        Error::new(ErrorKind::InvalidInput, format!("the output of phase {phase:?} cannot be written as JSON: {error}"))
            .hint("its Serialize implementation must succeed, and map keys must be strings")
    })?;
    Ok(Entry { position, phase: phase.into(), key, output, at })
}

/// Appends an entry under a span of its own.
pub(super) async fn append(log: &RunLog, entry: Entry) -> Result<()> {
    traced(span::journal(), log.append(entry)).await
}
