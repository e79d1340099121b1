//! What every journal must do.

use std::future::Future;

use ninefold_core::Journal;

/// Runs every requirement on a [`Journal`] against fresh, empty journals made by `open`.
pub async fn journal_suite<J: Journal, F: Future<Output = J>>(open: impl Fn() -> F) {
    let _ = open().await;
}
