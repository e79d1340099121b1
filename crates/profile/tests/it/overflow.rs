//! Runs that make more spans than are kept one by one: nothing of their time, tokens and failures is lost.

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use ninefold_core::span;
use ninefold_profile::{By, Class, MAX_SPANS, Profile, layer, record};
use tracing::instrument::Instrument as _;
use tracing::subscriber::set_default;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

use crate::support::{agent, chat, ms, paused, paused_run, paused_runtime, phase, row, run, wait};

/// Under the private subscriber and under a host's registry with the layer.
fn both<F: Future<Output = ()>>(work: impl Fn() -> F) -> [Profile; 2] {
    let private = paused_run(work()).profile;
    let _host = set_default(registry().with(layer()));
    [private, paused_run(work()).profile]
}

#[test]
fn many_calls_add_up() {
    let past: u64 = 300;
    let calls = MAX_SPANS as u64 + past;
    let profiles = both(|| async move {
        run(async {
            phase("collect", async {
                for n in 0..calls {
                    chat(2, 10, 1).await;
                    if n % 2 == 0 {
                        wait(1).await;
                    }
                }
            })
            .await;
            phase("respond", wait(5)).await;
        })
        .await;
    });
    for profile in profiles {
        assert_eq!(profile.spans(), calls + 3);
        // Two of the first are the run and its first phase; the second phase comes after the limit.
        assert_eq!(profile.grouped_spans(), past + 3);
        assert_eq!((profile.dropped_spans(), profile.detached()), (0, 0));
        let collect = row(&profile, "collect");
        assert_eq!(collect.usage.calls, calls);
        assert_eq!((collect.usage.input_tokens, collect.usage.output_tokens), (10 * calls, calls));
        assert_eq!(collect.wall, ms(2 * calls + calls / 2));
        assert_eq!(collect.spent.on(Class::Model), ms(2 * calls));
        assert_eq!(collect.spent.on(Class::Other), ms(calls / 2));
        assert_eq!((row(&profile, "respond").wall, row(&profile, "respond").count), (ms(5), 1));
        assert_eq!(profile.breakdown_by(By::Model).rows[0].count, calls);
        let tree = profile.tree();
        assert_eq!(tree.nodes().len(), MAX_SPANS + 2);
        let last = tree.nodes().iter().rfind(|node| node.name == "chat").unwrap();
        assert_eq!((last.count, last.wall), (past + 2, ms(2 * (past + 2))));
        assert!(profile.table().to_string().contains("303 spans after the first 10000 kept in groups"));
        let read: Profile = serde_json::from_value(profile.to_json()).unwrap();
        assert_eq!(read, profile);
    }
}

#[test]
fn failures_and_attempts_past_the_limit_are_counted() {
    let profiles = both(|| async {
        run(phase("collect", async {
            for n in 0..2 * MAX_SPANS {
                let span = span::agent("a");
                if n % 4 == 0 {
                    span::record_outcome(&span, span::outcome::FAILED);
                    span.record("attempts", 3);
                }
                async { span::backoff().in_scope(|| ()) }.instrument(span).now_or_never();
            }
        }))
        .await;
    });
    for profile in profiles {
        let agents = profile.breakdown_by(By::Agent);
        let quarter = MAX_SPANS as u64 / 2;
        assert_eq!((agents.rows[0].count, agents.rows[0].failed), (2 * MAX_SPANS as u64, quarter));
        assert_eq!(agents.rows[0].retries, 2 * quarter);
        assert_eq!(profile.spans(), 2 + 4 * MAX_SPANS as u64);
    }
}

#[test]
fn parallel_spans_past_the_limit_are_not_added_up_as_wall_time() {
    let profiles = both(|| async {
        run(async {
            for _ in 0..MAX_SPANS {
                span::store().in_scope(|| ());
            }
            phase("collect", async {
                join_all((0..3_000).map(|_| agent("parallel", wait(4)))).await;
            })
            .await;
        })
        .await;
    });
    for profile in profiles {
        let tree = profile.tree();
        let group = tree.nodes().iter().find(|node| node.label == "parallel").unwrap();
        assert_eq!((group.count, group.wall), (3_000, ms(4)));
        assert_eq!(row(&profile, "collect").spent.on(Class::Tool), ms(4));
    }
}

#[test]
fn more_open_or_different_spans_than_there_is_room_for_are_counted() {
    let profiles = both(|| async {
        run(async {
            for _ in 0..MAX_SPANS {
                span::store().in_scope(|| ());
            }
            for n in 0..1_500 {
                span::agent(&n.to_string()).in_scope(|| ());
            }
            let open: Vec<_> = (0..5_000).map(|_| span::store()).collect();
            drop(open);
        })
        .await;
    });
    for profile in profiles {
        // A thousand kinds, one of them the stores, of which 4,096 may be open.
        assert_eq!(profile.dropped_spans(), 501 + 5_000 - 4_096);
        assert_eq!(profile.spans() + profile.dropped_spans(), 1 + MAX_SPANS as u64 + 1_500 + 5_000);
    }
}

#[test]
fn what_is_left_behind_past_the_limit_is_told() {
    let recorded = paused_runtime().block_on(async {
        record(run(async {
            for _ in 0..MAX_SPANS {
                span::store().in_scope(|| ());
            }
            wait(1).await;
            let parent = span::agent("parent");
            let child = parent.in_scope(span::backoff);
            child.in_scope(|| ());
            wait(2).await;
            (parent, child)
        }))
        .with_clock(paused)
        .await
    });
    assert_eq!(recorded.profile.detached(), 1);
    let tree = recorded.profile.tree();
    let node = |name: &str| tree.nodes().iter().find(|node| node.name == name).unwrap();
    assert!(node("backoff").open && !node("execute_tool").open);
    assert_eq!(node("backoff").wall, ms(2));
}

#[test]
fn a_recording_within_a_full_one_is_kept_in_groups() {
    let profile = paused_run(run(async {
        for _ in 0..MAX_SPANS {
            span::store().in_scope(|| ());
        }
        for _ in 0..3 {
            record(phase("inner", chat(2, 7, 1))).with_clock(paused).await;
        }
    }))
    .profile;
    let inner = row(&profile, "inner");
    assert_eq!((inner.count, inner.wall), (3, ms(6)));
    assert_eq!((inner.usage.calls, inner.usage.input_tokens), (3, 21));
    assert_eq!(profile.dropped_spans(), 0);
}
