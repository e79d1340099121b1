//! Work for the processor, off the runtime's own threads.

#[cfg(any(feature = "candle", feature = "static"))]
use ninefold_core::{Error, ErrorKind, Result};

#[cfg(any(feature = "candle", feature = "static"))]
/// Runs a computation on a thread for blocking work. Dropping the future stops nothing that has begun, so callers do
/// their work in batches.
pub(crate) async fn compute<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(Error::new(ErrorKind::Panicked, "the thread that computed embeddings did not finish").caused_by(error))
    })
}

/// Brings a vector to length 1; one that has no direction becomes zero.
pub(crate) fn normalize(vector: &mut [f32]) {
    let length = vector.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt();
    let usable = length.is_finite() && length > 0.0;
    for number in vector {
        #[allow(clippy::cast_possible_truncation)]
        let unit = (f64::from(*number) / length) as f32;
        *number = if usable { unit } else { 0.0 };
    }
}
