//! Hosts with any runtime and with none, and hosts that switch it off.

use std::process::Command;
use std::time::Duration;

use ninefold_core::span;
use ninefold_profile::{layer, otlp, record};
use tracing::instrument::WithSubscriber as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

use super::kept::builder;
use super::receiver::{Manner, Receiver};
use crate::support::phase;

const LIMIT: Duration = Duration::from_secs(30);

/// Sets up, works and shuts down on the threads of a runtime.
async fn all_of_it(receiver: &Receiver, how: &str) {
    let (exporting, guard) = builder().endpoint(receiver.endpoint()).build().unwrap();
    let host = registry().with(layer()).with(exporting);
    record(phase("assess", async {})).with_subscriber(host).await;
    let delivery = match how {
        "blocking" => guard.shutdown_within(LIMIT),
        "async" => guard.shutdown_async(LIMIT).await,
        _ => {
            let before = receiver.spans();
            drop(guard);
            assert_eq!(receiver.spans(), before + 1);
            return;
        }
    };
    assert_eq!(delivery.to_string(), "all 1 spans delivered", "{how}");
}

#[test]
fn everything_can_be_done_in_async_code_of_any_runtime() {
    let receiver = Receiver::start(Manner::default());
    for how in ["blocking", "async", "dropped"] {
        let single = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        single.block_on(all_of_it(&receiver, how));
        let one_worker = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        one_worker.block_on(async { all_of_it(&receiver, how).await });
        let receiver = &receiver;
        futures_util::FutureExt::now_or_never(async {
            if how != "async" {
                all_of_it(receiver, how).await;
            }
        })
        .unwrap();
    }
    assert_eq!(receiver.spans(), 8);
}

#[test]
fn waiting_for_the_end_blocks_no_one() {
    let receiver = Receiver::start(Manner { delay: Duration::from_millis(200), ..Manner::default() });
    let (exporting, guard) = builder().endpoint(receiver.endpoint()).build().unwrap();
    tracing::subscriber::with_default(registry().with(exporting), || drop(span::phase("assess")));
    let single = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    single.block_on(async {
        let mut end = std::pin::pin!(guard.shutdown_async(LIMIT));
        tokio::select! {
            biased;
            delivery = &mut end => panic!("the receiver still thinks: {delivery}"),
            () = tokio::task::yield_now() => {}
        }
        assert!(end.await.is_complete());
    });
}

#[test]
fn nothing_global_is_set() {
    let receiver = Receiver::start(Manner::default());
    let (exporting, guard) = builder().endpoint(receiver.endpoint()).build().unwrap();
    drop(registry().with(exporting));
    let tracer = opentelemetry::global::tracer("host");
    let span = opentelemetry::trace::Tracer::start(&tracer, "of the host");
    assert!(!opentelemetry::trace::Span::is_recording(&span));
    assert_eq!(guard.shutdown().ended, 0);
}

#[cfg(feature = "otlp-grpc")]
#[test]
fn grpc_can_be_built_and_ended_in_async_code_and_outside_of_it() {
    use ninefold_profile::otlp::Protocol;
    let lose = || async {
        let set_up = builder().protocol(Protocol::Grpc).endpoint("http://127.0.0.1:1").header("x-api-key", "hush");
        let (exporting, guard) = set_up.build().unwrap();
        record(phase("assess", async {})).with_subscriber(registry().with(layer()).with(exporting)).await;
        let delivery = guard.shutdown_within(LIMIT);
        assert_eq!((delivery.ended, delivery.failed), (1, 1), "{delivery}");
        assert!(!delivery.to_string().contains("hush"));
    };
    let single = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    single.block_on(lose());
    futures_util::FutureExt::now_or_never(lose()).unwrap();
}

/// Run in a process of its own, where the environment is what a test wants it to be.
#[test]
#[ignore = "the test below starts it"]
fn child() {
    match otlp::from_env().and_then(otlp::Builder::build) {
        Ok((exporting, guard)) => {
            let active = guard.is_active();
            tracing::subscriber::with_default(registry().with(layer()).with(exporting), || drop(span::phase("assess")));
            println!("active: {active}; {}", guard.shutdown());
        }
        Err(error) => println!("{error}"),
    }
}

fn in_environment(variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "otlp::runtimes::child", "--ignored", "--nocapture"]);
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn the_environment_decides_where_the_host_says_nothing() {
    let receiver = Receiver::start(Manner::default());
    let endpoint = receiver.endpoint();
    let said = in_environment(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-team=blue%20team,x-api-key=hush"),
        ("OTEL_SERVICE_NAME", "desk"),
    ]);
    assert!(said.contains("active: true; all 1 spans delivered") && !said.contains("hush"), "{said}");
    assert!(receiver.heads()[0].contains("x-team: blue team\r\n"), "{:?}", receiver.heads());

    let said = in_environment(&[("OTEL_SDK_DISABLED", "true"), ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    assert!(said.contains("active: false; no spans to deliver"), "{said}");
    let said = in_environment(&[("OTEL_BSP_MAX_QUEUE_SIZE", "many")]);
    assert!(
        said.contains("OTLP export: OTEL_BSP_MAX_QUEUE_SIZE: \"many\" is not a number from 1 to 1048576"),
        "{said}"
    );
    assert_eq!(receiver.spans(), 1);
}
