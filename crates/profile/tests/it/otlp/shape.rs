//! How the layer fits into hosts' subscribers.

use ninefold_core::span;
use ninefold_profile::{layer, record};
use opentelemetry_sdk::trace::SpanData;
use tracing::instrument::Instrument as _;
use tracing::subscriber::{set_default, with_default};
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::{EnvFilter, Registry, fmt, registry};

use super::kept::{Kept, builder, named};
use crate::support::{agent, paused_runtime, phase, run, wait};

#[test]
fn filters_that_other_layers_have_leave_it_alone() {
    let kept = Kept::default();
    let (exporting, guard) = builder().build_with(kept.clone()).unwrap();
    let log = fmt::layer().with_writer(std::io::sink).with_filter(EnvFilter::new("error"));
    let profile = {
        let _host = set_default(registry().with(log).with(layer()).with(exporting));
        paused_runtime().block_on(async { record(run(phase("assess", wait(1)))).await.profile })
    };
    assert!(guard.shutdown().is_complete());
    assert_eq!((profile.spans(), kept.spans().len()), (2, 2));
}

#[test]
fn it_can_be_boxed_and_kept_with_others() {
    let kept = Kept::default();
    let (exporting, guard) = builder().build_with::<Registry, _>(kept.clone()).unwrap();
    let layers: Vec<Box<dyn Layer<Registry> + Send + Sync>> = vec![layer().boxed(), exporting.boxed()];
    with_default(registry().with(layers), || drop(span::phase("assess")));
    assert!(guard.shutdown().is_complete());
    assert_eq!(kept.spans().len(), 1);
}

#[test]
fn its_filter_is_not_the_subscribers() {
    let (exporting, _guard) = builder().build_with(Kept::default()).unwrap();
    let _host = set_default(registry().with(layer()).with(exporting));
    let own = || tracing::info_span!(target: "of the host", "own");
    assert!(!own().is_disabled());
    let recorded = paused_runtime().block_on(async { record(async { own().in_scope(|| ()) }).await });
    assert!(recorded.profile.is_available());
}

/// Each span but `root` is below one of the same export, and in the same trace.
#[track_caller]
fn assert_one_tree(spans: &[SpanData], root: &str) {
    let root = named(spans, root);
    for span in spans.iter().filter(|span| *span != root) {
        let above = spans.iter().find(|above| above.span_context.span_id() == span.parent_span_id);
        assert!(above.is_some(), "{} has its parent elsewhere: {spans:#?}", span.name);
        assert_eq!(span.span_context.trace_id(), root.span_context.trace_id(), "{}", span.name);
    }
}

#[test]
fn two_exports_side_by_side_have_a_whole_tree_each() {
    let (kept, all) = (Kept::default(), Kept::default());
    let (one, one_guard) = builder().build_with(kept.clone()).unwrap();
    let (two, two_guard) = builder().target("shop").build_with(all.clone()).unwrap();
    {
        let _host = set_default(registry().with(one).with(layer()).with(two));
        let request = tracing::info_span!(target: "shop", "request");
        let work = run(async {
            phase("assess", wait(1)).await;
            let cart = tracing::info_span!(target: "shop", "cart");
            phase("collect", agent("quote", wait(1)).instrument(cart)).await;
        });
        paused_runtime().block_on(async { record(work).await }.instrument(request));
    }
    assert!(one_guard.shutdown().is_complete() && two_guard.shutdown().is_complete());
    let (kept, all) = (kept.spans(), all.spans());
    assert_eq!((kept.len(), all.len()), (4, 6));
    assert_one_tree(&all, "request");
    assert_one_tree(&kept, "invoke_agent soar");
    for (name, parent) in [("phase assess", "invoke_agent soar"), ("phase collect", "invoke_agent soar")] {
        for spans in [&kept, &all] {
            assert_eq!(named(spans, name).parent_span_id, named(spans, parent).span_context.span_id(), "{name}");
        }
    }
    let times = |spans: &[SpanData], name| (named(spans, name).start_time, named(spans, name).end_time);
    for name in ["invoke_agent soar", "phase assess", "phase collect", "execute_tool quote"] {
        assert_eq!(times(&kept, name), times(&all, name), "{name}");
    }
}

#[test]
fn two_exports_of_the_same_spans_have_a_tree_each() {
    let (first, second) = (Kept::default(), Kept::default());
    let (one, one_guard) = builder().build_with(first.clone()).unwrap();
    let (two, two_guard) = builder().build_with(second.clone()).unwrap();
    with_default(registry().with(layer()).with(one).with(two), || {
        let work = run(phase("collect", agent("quote", phase("inner", wait(1)))));
        paused_runtime().block_on(async { record(work).await });
    });
    assert!(one_guard.shutdown().is_complete() && two_guard.shutdown().is_complete());
    let (first, second) = (first.spans(), second.spans());
    assert_eq!((first.len(), second.len()), (4, 4));
    for spans in [&first, &second] {
        assert_one_tree(spans, "invoke_agent soar");
    }
    let trace = |spans: &[SpanData]| spans[0].span_context.trace_id();
    assert_ne!(trace(&first), trace(&second));
}
