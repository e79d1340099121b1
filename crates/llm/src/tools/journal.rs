//! Steps of a loop in the journal of a durable run: what is done is done once, whether the run was broken off or the loop is
//! tried again.

use std::future::Future;

use ninefold_core::journal::{Entry, Kept, not_durable};
use ninefold_core::{Cx, Error, ErrorKind, Key, Result, span};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::limit::inside;

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
    inside(span::journal(), cx.within_bounds(log.append(entry))).await.map_err(not_durable)?;
    Ok((value, false))
}
