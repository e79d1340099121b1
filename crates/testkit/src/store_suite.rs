//! What every store must do.

use std::future::Future;

use ninefold_core::Store;

/// Runs every requirement on a [`Store`] against fresh, empty stores made by `open`.
pub async fn store_suite<S: Store, F: Future<Output = S>>(open: impl Fn() -> F) {
    let _ = open().await;
}
