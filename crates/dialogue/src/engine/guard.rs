//! Code of the host within a turn: when it panics or takes too long, that is an error of its own, and no end of the turn.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use ninefold_core::{Cx, Error, ErrorKind, Result};
use tokio::time::{Instant, timeout};

/// Does work of the host's. `who` is whose: `agent "desk"`. It has three quarters of the time that the turn has left, so that the
/// turn can go on without it.
///
/// # Errors
/// Those of the work; `Panicked`; `Transient` when it took too long; what ends the turn.
pub(super) async fn guarded<T>(cx: &Cx, who: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    let left = cx.deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()));
    let limit = left.map_or(Duration::MAX, |left| left / 4 * 3);
    let timed = async {
        match timeout(limit, AssertUnwindSafe(work).catch_unwind()).await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(panicked(who, &*panic)),
            Err(_) => {
                let what = format!("{who} took longer than {limit:?}, three quarters of what the turn had left");
                Err(Error::new(ErrorKind::Transient, what).hint("make it faster, or give turns a longer deadline"))
            }
        }
    };
    cx.within_bounds(timed).await
}

/// The error of whoever panicked.
pub(super) fn panicked(who: &str, payload: &(dyn Any + Send)) -> Error {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    Error::new(ErrorKind::Panicked, format!("{who} panicked: {}", text.unwrap_or("without a message")))
        .hint("see the host's own log for where")
}

/// Whether a turn ends with this error, and nothing else can be done about it.
pub(super) fn ends(cx: &Cx, error: &Error) -> bool {
    error.stops_run() || cx.check().is_err()
}
