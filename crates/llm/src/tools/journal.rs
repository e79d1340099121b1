//! Steps of a loop in the journal of a durable run: what is done is done once, whether the run was broken off or the loop is
//! tried again.

use std::future::Future;

use ninefold_core::journal::Entry;
use ninefold_core::{Cx, Error, ErrorKind, Expense, Key, Result, span};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::limit::{inside, within_run};

/// An output with what the run had spent when it was made: the form of all entries of the journal.
#[derive(Serialize, Deserialize)]
struct Kept<T> {
    spent: Expense,
    value: T,
}

/// The context inside of a loop: its steps are numbered apart from what comes before and after it in the run.
pub(super) fn apart(cx: &Cx) -> Cx {
    cx.take_position().map_or_else(|| cx.clone(), |position| cx.inside(position))
}

/// Does a step, given the context inside of it, or finds what it came to before. The key says what it follows from, and so where
/// it stands: the order of steps does not matter. The second value tells whether it was found.
///
/// # Errors
/// Those of the step; `NotDurable` when it cannot be written down; `ReplayRefused` when what was written cannot be read.
pub(super) async fn once<T, F, Fut>(cx: &Cx, name: &str, key: Key, step: F) -> Result<(T, bool)>
where
    T: Serialize + DeserializeOwned,
    F: FnOnce(Cx) -> Fut,
    Fut: Future<Output = Result<T>>,
{
    let branch = cx.branch(&key.to_string());
    let Some((position, log)) = branch.take_position().zip(cx.log()) else { return Ok((step(branch).await?, false)) };
    if let Some(entry) = log.recorded(position) {
        let kept =
            serde_json::from_str::<Kept<T>>(&entry.output).ok().filter(|_| entry.phase == name && entry.key == key);
        return kept.map(|kept| (kept.value, true)).ok_or_else(|| {
            Error::new(ErrorKind::ReplayRefused, format!("what the journal has of {name:?} cannot be read"))
                .hint("finish the run with the code that started it, or start a new run")
        });
    }
    let value = step(branch.inside(position)).await?;
    let output = serde_json::to_string(&Kept { spent: cx.budget().spent(), value: &value });
    let output = output.map_err(|error| {
        Error::new(ErrorKind::InvalidInput, format!("the output of {name:?} cannot be written")).caused_by(error)
    })?;
    let entry = Entry { position, phase: name.into(), key, output, at: cx.now() };
    inside(span::journal(), within_run(cx, log.append(entry))).await.map_err(|error| {
        if error.ends_run() {
            return error;
        }
        let what = format!("the journal does not go along: {}", error.message());
        let hint = error.hint_text().unwrap_or("mend the journal and resume the run").to_owned();
        Error::new(ErrorKind::NotDurable, what).hint(hint).caused_by(error)
    })?;
    Ok((value, false))
}
