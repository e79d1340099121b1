//! What the host holds while spans are exported.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use ninefold_core::span::TARGET;

use super::delivery::Delivery;
use super::queue::Queue;

/// The longest that shutting down takes unless the host says otherwise.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Ends the export: at the latest when it is dropped, which sends what is left, for at most 5 s, and warns of losses.
///
/// Keep it until the work is done. A static or a leaked guard never shuts down, and what is left in the queue when the
/// process ends is lost.
#[must_use = "dropped at once, it ends the export"]
pub struct Guard {
    running: Option<Running>,
}

struct Running {
    queue: Arc<Queue>,
}

impl Guard {
    pub(super) fn new(queue: Arc<Queue>) -> Self {
        Self { running: Some(Running { queue }) }
    }

    /// Of an export that is switched off.
    pub(super) fn idle() -> Self {
        Self { running: None }
    }

    /// Whether spans are exported; not when the environment switched it off.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.running.is_some()
    }

    /// What became of the spans so far.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        self.running.as_ref().map(|running| running.queue.counts().read()).unwrap_or_default()
    }

    /// Sends what has ended so far, and says what became of it. Blocks for at most 5 s; what takes longer is sent later.
    pub fn flush(&self) -> Delivery {
        let Some(running) = &self.running else { return Delivery::default() };
        let (in_time, counts) = (running.queue.flush(TIME_LIMIT), running.queue.counts());
        let pending = counts.read().pending;
        if !in_time && pending > 0 {
            counts.note(late(pending, TIME_LIMIT));
        }
        counts.read()
    }

    /// Sends what is left and ends the export. Blocks for at most 5 s; it may do so on a thread of a runtime, also of a
    /// single-threaded one, because the exporter has a thread of its own.
    pub fn shutdown(self) -> Delivery {
        self.shutdown_within(TIME_LIMIT)
    }

    /// The same with another time limit. Spans that are not acknowledged then count as dropped.
    pub fn shutdown_within(mut self, limit: Duration) -> Delivery {
        self.running.take().map(|running| running.end(limit)).unwrap_or_default()
    }

    /// The same without blocking the thread: for async code, whatever its runtime.
    pub async fn shutdown_async(mut self, limit: Duration) -> Delivery {
        let Some(running) = self.running.take() else { return Delivery::default() };
        let queue = Arc::clone(&running.queue);
        let (done, end) = oneshot::channel();
        let thread = std::thread::Builder::new().name("ninefold-otlp-shutdown".to_owned());
        match thread.spawn(move || done.send(running.end(limit))) {
            Ok(_) => end.await.unwrap_or_else(|_| queue.counts().read().over()),
            Err(error) => {
                queue.counts().note(format!("no thread to shut down on: {error}"));
                queue.counts().read().over()
            }
        }
    }
}

impl Running {
    fn end(self, limit: Duration) -> Delivery {
        let (closed, counts) = (self.queue.close(limit), self.queue.counts());
        if let Err(spans @ 1..) = closed {
            let before = counts.read().last_error.map(|last| format!("; before that: {last}"));
            counts.note(late(spans, limit) + &before.unwrap_or_default());
        }
        counts.read().over()
    }
}

fn late(spans: u64, limit: Duration) -> String {
    format!("{spans} spans were not acknowledged within {} ms", limit.as_millis())
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(running) = self.running.take() else { return };
        let delivery = running.end(TIME_LIMIT);
        if !delivery.is_complete() {
            tracing::warn!(target: TARGET, "OTLP export: {delivery}");
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("active", &self.is_active()).field("delivery", &self.delivery()).finish()
    }
}
