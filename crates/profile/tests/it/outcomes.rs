//! How phases ended, and what of it the profile says.

use ninefold_core::span::{self, outcome};
use ninefold_core::{Error, ErrorKind};
use ninefold_profile::Outcome;
use tracing::instrument::Instrument as _;

use crate::support::{chat, paused_run, phase, row, run, wait};

#[test]
fn every_outcome_is_counted_for_its_phase() {
    let profile = paused_run(run(async {
        for kind in [ErrorKind::Transient, ErrorKind::TooLong, ErrorKind::Transient] {
            let failing = span::phase("failing");
            wait(1).instrument(failing.clone()).await;
            span::record_error(&failing, &Error::new(kind, "no"));
        }
        for (name, outcome) in [("a", outcome::CANCELLED), ("b", outcome::REPLAYED), ("c", outcome::CACHED)] {
            let span = span::phase(name);
            span::record_outcome(&span, outcome);
            wait(1).instrument(span).await;
        }
        phase("good", wait(1)).await;
    }))
    .profile;
    let failing = row(&profile, "failing");
    assert_eq!((failing.count, failing.failed), (3, 3));
    assert_eq!(failing.error_types, ["transient", "too_long"]);
    assert_eq!(row(&profile, "a").cancelled, 1);
    assert_eq!(row(&profile, "b").replayed, 1);
    assert_eq!(row(&profile, "c").cached, 1);
    let good = row(&profile, "good");
    assert_eq!((good.failed, good.cancelled, good.replayed, good.cached, good.retries), (0, 0, 0, 0, 0));
}

#[test]
fn attempts_are_retries_of_their_phase() {
    let profile = paused_run(run(async {
        for attempts in [3_i64, 1] {
            let span = span::phase("collect");
            span.record(span::field::ATTEMPTS, attempts);
            wait(1).instrument(span).await;
        }
    }))
    .profile;
    assert_eq!(row(&profile, "collect").retries, 2);
}

#[test]
fn a_span_with_an_error_has_failed_whether_it_says_so_or_not() {
    let profile = paused_run(run(async {
        wait(1).instrument(tracing::info_span!("fetch", "error.type" = "timeout")).await;
    }))
    .profile;
    assert_eq!((row(&profile, "fetch").failed, row(&profile, "fetch").error_types[0].as_str()), (1, "timeout"));
}

#[test]
fn tokens_that_a_span_reports_once_more_are_not_added_twice() {
    let profile = paused_run(async {
        let run =
            tracing::info_span!("invoke_agent", "gen_ai.usage.input_tokens" = 150, "gen_ai.usage.output_tokens" = 30);
        async {
            phase("decompose", chat(1, 100, 20)).await;
            phase("synthesize", chat(1, 50, 10)).await;
        }
        .instrument(run)
        .await;
    })
    .profile;
    let total = profile.breakdown().total;
    assert_eq!((total.usage.calls, total.usage.input_tokens, total.usage.output_tokens), (2, 150, 30));
}

#[test]
fn calls_answered_from_the_cache_are_not_model_calls() {
    let profile = paused_run(run(phase("decompose", async {
        let cached = tracing::info_span!("chat", outcome = "cached");
        wait(1).instrument(cached).await;
        chat(1, 1, 1).await;
    })))
    .profile;
    assert_eq!(row(&profile, "decompose").usage.calls, 1);
}

#[test]
fn fields_are_read_however_they_are_written() {
    let profile = paused_run(run(async {
        let name = String::from("tool");
        let span = tracing::info_span!(
            "execute_tool",
            "gen_ai.tool.name" = %name,
            hits = 7_u64,
            outcome = ?format_args!("cached"),
            prompt = "what a host puts into its spans is its own",
        );
        wait(1).instrument(span).await;
    }))
    .profile;
    let tree = profile.tree();
    let node = &tree.nodes()[1];
    assert_eq!((node.title().as_str(), node.hits, node.outcome), ("execute_tool tool", Some(7), Some(Outcome::Cached)));
    assert!(!profile.to_json().to_string().contains("what a host"));
}
