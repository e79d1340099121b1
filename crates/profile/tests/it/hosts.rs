//! Hosts with and without subscribers, layers and filters.

use ninefold_core::span;
use ninefold_profile::{Profile, layer, record};
use tracing::instrument::Instrument as _;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::set_default;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::{EnvFilter, registry, reload};

use crate::support::{chat, ms, names, paused, paused_run, paused_runtime, phase, run, wait};

/// A small run, under the subscriber that is current.
fn small_run() -> Profile {
    let work = run(async {
        phase("assess", wait(10)).await;
        phase("decompose", chat(20, 1, 1)).await;
    });
    paused_runtime().block_on(async { record(work).await.profile })
}

const SMALL_RUN: [&str; 4] = ["invoke_agent soar", "-assess", "-decompose", "--chat small"];

#[test]
fn without_a_subscriber_the_recording_brings_its_own_and_takes_it_away_again() {
    let none = || tracing::dispatcher::get_default(tracing::Dispatch::is::<tracing::subscriber::NoSubscriber>);
    assert!(none());
    let profile = small_run();
    assert!(profile.is_available());
    assert_eq!(names(&profile), SMALL_RUN);
    assert!(none());
    assert!(span::phase("outside").is_disabled());
}

#[test]
fn the_private_subscriber_takes_info_and_above_and_nothing_else() {
    let profile = paused_run(run(async {
        assert!(tracing::span_enabled!(target: "host", tracing::Level::WARN));
        assert!(!tracing::span_enabled!(target: "host", tracing::Level::DEBUG));
        assert!(!tracing::event_enabled!(target: "host", tracing::Level::ERROR));
        wait(1).instrument(tracing::warn_span!(target: "host", "loud")).await;
        wait(1).instrument(tracing::debug_span!(target: "host", "quiet")).await;
    }))
    .profile;
    assert_eq!(names(&profile), ["invoke_agent soar", "-loud"]);
}

#[test]
fn spans_first_met_outside_a_recording_are_recorded_later() {
    async fn own() {
        wait(1).instrument(tracing::info_span!("own")).await;
    }
    paused_run(async {});
    paused_runtime().block_on(own());
    assert_eq!(names(&paused_run(run(own())).profile), ["invoke_agent soar", "-own"]);
}

#[test]
fn a_hosts_layer_is_used_with_its_clock() {
    let _host = set_default(registry().with(layer().with_clock(paused)));
    let profile = small_run();
    assert_eq!(names(&profile), SMALL_RUN);
    assert_eq!((profile.wall(), profile.tree().nodes()[1].wall), (ms(30), ms(10)));
}

#[test]
fn spans_outside_of_recordings_are_nobodys() {
    let _host = set_default(registry().with(layer().with_clock(paused)));
    let profile = paused_runtime().block_on(async {
        let request = tracing::info_span!("the host's request");
        async {
            wait(5).instrument(tracing::info_span!("before")).await;
            record(run(phase("assess", wait(1)))).await.profile
        }
        .instrument(request)
        .await
    });
    assert_eq!(names(&profile), ["invoke_agent soar", "-assess"]);
}

#[test]
fn a_host_without_the_layer_is_told_so() {
    let _host = set_default(registry());
    let profile = small_run();
    assert!(!profile.is_available());
    let reason = profile.unavailable().unwrap();
    assert!(reason.contains("lacks `ninefold::profile::layer()`"), "{reason}");
    assert_eq!(profile.table().to_string(), format!("no profile: {reason}\n"));
    assert_eq!(profile.outline().to_string(), format!("no profile: {reason}\n"));
    assert_eq!(profile.to_json()["unavailable"], reason);
}

#[test]
fn a_global_filter_above_info_is_named_as_the_cause() {
    let _host = set_default(registry().with(layer()).with(EnvFilter::new("warn")));
    let reason = small_run().unavailable().unwrap().to_owned();
    assert!(reason.contains("let its filter pass target `ninefold` at level info"), "{reason}");
    assert!(!reason.contains("lacks"), "{reason}");
}

#[test]
fn the_cure_for_a_filter_works() {
    let _host = set_default(registry().with(layer()).with(EnvFilter::new("warn,ninefold=info")));
    assert_eq!(names(&small_run()), SMALL_RUN);
}

#[test]
fn filters_on_other_layers_do_not_matter() {
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::sink).with_filter(LevelFilter::ERROR);
    let _host = set_default(registry().with(log).with(layer()));
    assert_eq!(names(&small_run()), SMALL_RUN);
}

#[test]
fn a_filter_on_the_layer_itself_takes_spans_out_of_the_middle() {
    let only_ours = tracing_subscriber::filter::filter_fn(|metadata| metadata.target() == span::TARGET);
    let _host = set_default(registry().with(layer().with_filter(only_ours)));
    let work = run(wait(1).instrument(span::phase("inner")).instrument(tracing::info_span!("not ours")));
    let nested = async { wait(1).instrument(span::agent("deep")).await }.instrument(tracing::info_span!("not ours"));
    let profile = paused_runtime().block_on(async {
        record(async {
            work.await;
            phase("outer", nested).await;
        })
        .await
        .profile
    });
    assert_eq!(names(&profile), ["run", "-invoke_agent soar", "-outer", "--execute_tool deep"]);
}

#[test]
fn the_layer_works_behind_a_reload() {
    let (reloadable, handle) = reload::Layer::new(layer());
    let _host = set_default(registry().with(reloadable));
    assert_eq!(names(&small_run()), SMALL_RUN);
    handle.reload(layer()).unwrap();
    assert_eq!(names(&small_run()), SMALL_RUN);
}

#[test]
fn a_layer_exchanged_in_the_middle_of_a_run_loses_spans_but_does_no_harm() {
    let (reloadable, handle) = reload::Layer::new(Some(layer()));
    let _host = set_default(registry().with(reloadable));
    let exchange = |to| handle.reload(to).unwrap();
    let profile = paused_runtime().block_on(async {
        record(run(async {
            phase("first", async {
                exchange(None);
                wait(1).await;
            })
            .await;
            exchange(Some(layer()));
            phase("second", wait(1)).await;
        }))
        .with_clock(paused)
        .await
        .profile
    });
    assert_eq!(names(&profile), ["run", "-invoke_agent soar", "--first", "-second"]);
    assert_eq!(names(&small_run()), SMALL_RUN);
}

#[test]
fn of_two_layers_one_records() {
    let _host = set_default(registry().with(layer().with_clock(paused)).with(layer().with_clock(paused)));
    let profile = small_run();
    assert_eq!(names(&profile), SMALL_RUN);
    assert_eq!((profile.wall(), profile.tree().nodes()[1].wall), (ms(30), ms(10)));
}

#[test]
fn a_layer_may_be_boxed_and_optional() {
    let boxed: Box<dyn tracing_subscriber::Layer<_> + Send + Sync> = Box::new(Some(layer()));
    let _host = set_default(registry().with(vec![boxed]));
    assert_eq!(names(&small_run()), SMALL_RUN);
}
