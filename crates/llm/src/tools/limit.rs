//! What bounds work of an agent loop: time, the run's cancellation and deadline, panics, and the size of what is shown.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use ninefold_core::{Error, ErrorKind, Result, span};
use tracing::Span;

/// Does work that ends by itself after `limit`, with an error that says so.
pub(crate) async fn within<T>(limit: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        Err(Error::new(ErrorKind::DeadlineExceeded, format!("it took longer than its limit of {limit:?}")))
    })
}

/// Turns a panic into an error.
pub(super) async fn caught<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| Err(panicked(&*panic)))
}

fn panicked(payload: &(dyn Any + Send)) -> Error {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    Error::new(ErrorKind::Panicked, format!("the tool panicked: {}", text.unwrap_or("without a message")))
}

/// Does work inside a span, which says how it failed.
pub(super) async fn inside<T>(span: Span, work: impl Future<Output = Result<T>>) -> Result<T> {
    let result = span::inside(span.clone(), work).await;
    if let Err(error) = &result {
        span::record_error(&span, error);
    }
    result
}

/// The beginning of a text that is longer than `limit` bytes, and how long it was; never cut inside a character.
pub(super) fn cut(mut text: String, limit: usize) -> String {
    if text.len() <= limit {
        return text;
    }
    let whole = text.len();
    text.truncate(text.floor_char_boundary(limit));
    let shown = text.len();
    text.push_str(&format!("\n[cut here: the first {shown} of {whole} bytes are shown]"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_never_goes_through_a_character() {
        assert_eq!(cut("größe".to_owned(), 7), "größe");
        assert_eq!(cut("größe".to_owned(), 3), "gr\n[cut here: the first 2 of 7 bytes are shown]");
        assert_eq!(cut("ö".to_owned(), 0), "\n[cut here: the first 0 of 2 bytes are shown]");
    }
}
