//! How the layer fits into hosts' subscribers.

use ninefold_core::span;
use ninefold_profile::{layer, record};
use tracing::subscriber::{set_default, with_default};
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::{EnvFilter, Registry, fmt, registry};

use super::kept::{Kept, builder};
use crate::support::{paused_runtime, phase, run, wait};

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

#[test]
fn two_exports_side_by_side_panic_in_the_library_below_unless_their_filters_differ() {
    let second = || {
        let (one, _one) = builder().build_with(Kept::default()).unwrap();
        let (two, _two) = builder().build_with(Kept::default()).unwrap();
        with_default(registry().with(one).with(two), || drop(span::phase("assess")));
    };
    assert!(std::panic::catch_unwind(second).is_err(), "the module's documentation says so");
}
