//! Nothing is lost silently: every span that ended is delivered, failed or dropped.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ninefold_core::span;
use ninefold_profile::layer;
use ninefold_profile::otlp::{Builder, Delivery};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tracing::subscriber::{set_default, with_default};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::{Registry, registry};

use super::kept::builder;
use super::receiver::{Manner, Receiver};

fn spans(n: usize) {
    (0..n).for_each(|_| drop(span::phase("assess")));
}

/// What becomes of `n` spans, with `limit` for shutting down.
fn send(builder: Builder, n: usize, limit: Duration) -> Delivery {
    let (exporting, guard) = builder.build().unwrap();
    with_default(registry().with(layer()).with(exporting), || spans(n));
    guard.shutdown_within(limit)
}

#[track_caller]
fn assert_sums_up(delivery: &Delivery) {
    assert_eq!(delivery.ended, delivery.delivered + delivery.failed + delivery.dropped, "{delivery:?}");
    assert_eq!(delivery.pending, 0);
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn what_a_receiver_acknowledges_is_delivered() {
    let receiver = Receiver::start(Manner::default());
    let delivery = send(builder().endpoint(receiver.endpoint()).header("x-team", "blue"), 1000, LONG);
    assert_eq!(delivery.to_string(), "all 1000 spans delivered");
    assert_eq!(receiver.spans(), 1000);
    for head in receiver.heads() {
        assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
        assert!(
            head.contains("x-team: blue\r\n") && head.contains("content-type: application/x-protobuf\r\n"),
            "{head}"
        );
    }
}

#[test]
fn the_transport_is_not_exported_however_fine_the_subscriber_listens() {
    let receiver = Receiver::start(Manner::default());
    let (exporting, guard) = builder().endpoint(receiver.endpoint()).batch_size(1).build().unwrap();
    // No filter at all: everything that the transport says reaches the subscriber.
    let _host = set_default(registry().with(exporting));
    for _ in 0..5 {
        spans(1);
        guard.flush();
    }
    assert!(guard.shutdown().is_complete());
    assert_eq!(receiver.names(), ["phase assess"; 5]);
}

#[test]
fn what_a_receiver_rejects_has_failed() {
    let receiver = Receiver::start(Manner { rejects: 3, ..Manner::default() });
    let delivery = send(builder().endpoint(receiver.endpoint()).batch_size(10), 10, LONG);
    assert_sums_up(&delivery);
    assert_eq!((delivery.delivered, delivery.failed), (7, 3));
    assert!(delivery.last_error.unwrap().contains("rejected 3 spans: too old"));
}

#[test]
fn what_a_receiver_refuses_has_failed() {
    let receiver = Receiver::start(Manner { status: 401, ..Manner::default() });
    let delivery = send(builder().endpoint(receiver.endpoint()).header("authorization", "Bearer hush"), 10, LONG);
    assert_sums_up(&delivery);
    assert_eq!(delivery.failed, 10);
    assert_eq!(delivery.last_error.as_deref(), Some("HTTP export failed with status code: 401"));
}

#[test]
fn requests_are_compressed_where_the_host_wants_it() {
    let receiver = Receiver::start(Manner::default());
    let delivery = send(builder().endpoint(receiver.endpoint()).gzip(true), 10, LONG);
    assert!(delivery.is_complete(), "{delivery}");
    assert!(receiver.heads()[0].contains("content-encoding: gzip\r\n"), "{:?}", receiver.heads());
}

#[test]
fn a_redirect_is_not_followed() {
    let receiver = Receiver::start(Manner { status: 307, ..Manner::default() });
    let delivery = send(builder().endpoint(receiver.endpoint()).header("x-api-key", "hush"), 10, LONG);
    assert_eq!((delivery.failed, receiver.heads().len()), (10, 1));
}

/// An address where nobody listens: a free port could be taken by another test meanwhile.
fn nobody() -> &'static str {
    "http://127.0.0.1:1"
}

#[test]
fn without_a_receiver_everything_has_failed_and_it_is_said_why() {
    let delivery = send(builder().endpoint(nobody()).header("x-api-key", "hush"), 10, LONG);
    assert_sums_up(&delivery);
    assert_eq!(delivery.failed, 10);
    let said = delivery.to_string();
    assert!(said.contains("0 of 10 spans delivered, 10 failed") && said.contains("onnection refused"), "{said}");
    assert!(!said.contains("hush"));
}

#[test]
fn flushing_in_vain_says_why_in_plain_words() {
    let (exporting, guard) = builder().endpoint(nobody()).build().unwrap();
    with_default(registry().with(exporting), || spans(3));
    let delivery = guard.flush();
    assert_eq!((delivery.failed, delivery.pending), (3, 0));
    let said = delivery.last_error.unwrap();
    assert!(said.starts_with("HTTP export failed: network error") && !said.contains("errs"), "{said}");
    assert_eq!(guard.shutdown().failed, 3);
}

#[test]
fn a_full_queue_drops_and_counts() {
    let receiver = Receiver::start(Manner { delay: Duration::from_millis(300), ..Manner::default() });
    let delivery = send(builder().endpoint(receiver.endpoint()).queue_size(50).batch_size(50), 500, LONG);
    assert_sums_up(&delivery);
    assert!(delivery.dropped >= 300, "{delivery:?}");
    assert_eq!(delivery.delivered, receiver.spans());
}

#[test]
fn what_is_not_acknowledged_in_time_is_dropped_and_counted() {
    let receiver = Receiver::start(Manner { delay: LONG, ..Manner::default() });
    let delivery = send(builder().endpoint(receiver.endpoint()), 20, Duration::from_millis(50));
    assert_sums_up(&delivery);
    assert_eq!(delivery.dropped, 20);
    assert!(delivery.last_error.unwrap().contains("20 spans were not acknowledged within 50 ms"));
}

/// Takes its time for every batch, or panics.
#[derive(Debug, Clone, Default)]
struct Slow {
    delay: Duration,
    panics: bool,
    came: Arc<AtomicU64>,
}

impl SpanExporter for Slow {
    #[allow(clippy::disallowed_methods, reason = "the export has a thread of its own to sleep on")]
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        assert!(!self.panics, "a defect of the exporter");
        std::thread::sleep(self.delay);
        self.came.fetch_add(batch.len() as u64, Ordering::SeqCst);
        Ok(())
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "it is about what does not happen later")]
fn what_is_dropped_at_the_end_is_not_sent_later() {
    let slow = Slow { delay: Duration::from_millis(40), ..Slow::default() };
    let (exporting, guard) = builder().batch_size(10).build_with(slow.clone()).unwrap();
    with_default(registry().with(exporting), || spans(100));
    let delivery = guard.shutdown_within(Duration::from_millis(60));
    assert_sums_up(&delivery);
    assert!(delivery.dropped > 0, "{delivery:?}");
    std::thread::sleep(Duration::from_millis(300));
    // The batch that was on its way may have arrived.
    assert!(slow.came.load(Ordering::SeqCst) <= delivery.delivered + 10, "{delivery:?}");
}

#[test]
fn spans_are_sent_while_the_program_runs() {
    let slow = Slow::default();
    let (full, _full) = builder().batch_size(10).interval(LONG).build_with(slow.clone()).unwrap();
    let timed = Slow::default();
    let (soon, _soon) = builder().interval(Duration::from_millis(20)).build_with(timed.clone()).unwrap();
    let _host = set_default(registry().with(full).with(soon));
    spans(25);
    let came = |slow: &Slow, n| {
        for _ in 0..1000 {
            if slow.came.load(Ordering::SeqCst) == n {
                return true;
            }
            std::thread::park_timeout(Duration::from_millis(5));
        }
        false
    };
    assert!(came(&slow, 20), "full batches at once: {slow:?}");
    assert!(came(&timed, 25), "the others after a while: {timed:?}");
}

#[test]
fn an_interval_that_is_too_short_to_wait_for_is_refused() {
    for interval in [Duration::ZERO, Duration::from_micros(999)] {
        let error = builder().interval(interval).build_with::<Registry, _>(Slow::default()).map(drop).unwrap_err();
        assert_eq!(error.setting(), "interval");
        assert!(error.to_string().contains("is shorter than 1ms"), "{error}");
    }
    let (_, guard) = builder().interval(Duration::from_millis(1)).build_with::<Registry, _>(Slow::default()).unwrap();
    assert!(guard.shutdown().is_complete());
}

#[test]
fn an_exporter_that_panics_blocks_no_one_and_loses_nothing_silently() {
    let (exporting, guard) = builder().build_with(Slow { panics: true, ..Slow::default() }).unwrap();
    let _host = set_default(registry().with(exporting));
    spans(3);
    guard.flush();
    spans(2);
    let delivery = guard.shutdown_within(LONG);
    assert_sums_up(&delivery);
    assert_eq!((delivery.ended, delivery.failed), (5, 5));
    assert_eq!(delivery.last_error.as_deref(), Some("panicked: a defect of the exporter"));
}

/// Panics for its first batch, and whenever it is flushed or shut down.
#[derive(Debug, Default)]
struct Stumbles {
    came: AtomicU64,
}

impl SpanExporter for Stumbles {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        assert!(self.came.fetch_add(1, Ordering::SeqCst) > 0, "the first");
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        panic!("no flushing")
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        panic!("no end")
    }
}

#[test]
fn after_a_panic_the_next_batch_is_sent() {
    let (exporting, guard) = builder().build_with(Stumbles::default()).unwrap();
    let _host = set_default(registry().with(exporting));
    spans(3);
    let delivery = guard.flush();
    assert_eq!((delivery.failed, delivery.pending), (3, 0));
    assert_eq!(delivery.last_error.as_deref(), Some("panicked: no flushing"));
    spans(2);
    let delivery = guard.shutdown_within(LONG);
    assert_sums_up(&delivery);
    assert_eq!((delivery.delivered, delivery.failed, delivery.dropped), (2, 3, 0));
    assert_eq!(delivery.last_error.as_deref(), Some("panicked: no end"));
}

#[test]
fn a_burst_of_50_000_spans_to_a_slow_receiver_fits_the_queue() {
    let receiver = Receiver::start(Manner { delay: Duration::from_millis(5), ..Manner::default() });
    let delivery = send(builder().endpoint(receiver.endpoint()), 50_000, LONG);
    assert_eq!(delivery.to_string(), "all 50000 spans delivered");
    assert_eq!(receiver.spans(), 50_000);
}

#[test]
fn a_burst_of_50_000_spans_through_a_small_queue_loses_some_and_counts_each() {
    let receiver = Receiver::start(Manner { delay: Duration::from_millis(300), ..Manner::default() });
    let delivery = send(builder().endpoint(receiver.endpoint()).queue_size(2048), 50_000, LONG);
    assert_sums_up(&delivery);
    assert_eq!(delivery.ended, 50_000);
    assert_eq!(delivery.delivered, receiver.spans());
    assert!(delivery.dropped > 0, "{delivery:?}");
}

#[test]
fn the_counts_can_be_read_at_any_time() {
    let receiver = Receiver::start(Manner::default());
    let (exporting, guard) = builder().endpoint(receiver.endpoint()).build().unwrap();
    let _host = set_default(registry().with(exporting));
    let open = span::phase("open");
    spans(3);
    let Delivery { ended, delivered, pending, open: not_ended, .. } = guard.delivery();
    assert_eq!((ended, delivered, pending), (3, 0, 3));
    // A span begins for the exporter when it is entered or closed.
    assert_eq!(not_ended, 0);
    open.in_scope(|| assert_eq!(guard.delivery().open, 1));
    assert_eq!(guard.flush().delivered, 3);
    drop(open);
    assert_eq!(guard.shutdown().delivered, 4);
}

/// Keeps the messages of events.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> Layer<S> for Said {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut said = String::new();
        event.record(&mut |_: &tracing::field::Field, value: &dyn std::fmt::Debug| said = format!("{value:?}"));
        if event.metadata().target() == "ninefold" {
            self.0.lock().unwrap().push(format!("{} {said}", event.metadata().level()));
        }
    }
}

#[test]
fn dropping_the_guard_delivers_and_warns_of_losses_only() {
    let receiver = Receiver::start(Manner::default());
    for (endpoint, lost) in [(receiver.endpoint(), false), (nobody().to_owned(), true)] {
        let said = Said::default();
        let (exporting, guard) = builder().endpoint(endpoint).build().unwrap();
        let _host = set_default(registry().with(layer()).with(exporting).with(said.clone()));
        spans(7);
        drop(guard);
        let said = said.0.lock().unwrap();
        if lost {
            assert!(said[0].starts_with("WARN OTLP export: 0 of 7 spans delivered, 7 failed"), "{said:?}");
        } else {
            assert!(said.is_empty(), "{said:?}");
        }
    }
    assert_eq!(receiver.spans(), 7);
}

#[test]
fn spans_after_the_end_are_neither_exported_nor_counted() {
    let receiver = Receiver::start(Manner::default());
    let (exporting, guard) = builder().endpoint(receiver.endpoint()).build().unwrap();
    let _host = set_default(registry().with(exporting));
    let open = span::phase("open");
    let delivery = open.in_scope(|| guard.shutdown());
    assert_eq!((delivery.ended, delivery.open), (0, 1));
    assert_eq!(delivery.to_string(), "no spans to deliver, 1 not ended");
    drop(open);
    spans(3);
    assert_eq!(receiver.spans(), 0);
}
