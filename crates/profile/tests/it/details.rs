//! What is shown only where it is there: tables by agent and model, cached tokens, first tokens, what caches saved, and
//! lines that stand for many spans.

use futures_util::future::join;
use ninefold_profile::{By, Profile};
use serde_json::json;
use tracing::instrument::Instrument as _;

use crate::printing::example;
use crate::support::{agent, paused_run, phase, run, wait};

/// A run whose model streams and caches, and whose assessment comes from a cache.
fn detailed() -> Profile {
    let call = |model: &'static str, n: u64| async move {
        let call = tracing::info_span!(
            "chat",
            gen_ai.request.model = model,
            gen_ai.usage.input_tokens = 1_200,
            gen_ai.usage.output_tokens = 300,
            gen_ai.usage.cache_read.input_tokens = 900,
            cost.usd = 0.002,
            gen_ai.response.time_to_first_chunk = 0.04,
        );
        wait(n).instrument(call).await;
    };
    paused_run(run(async {
        let assess = tracing::info_span!("phase", phase.name = "assess", outcome = "cached", saved = 1.2);
        wait(1).instrument(assess).await;
        phase("collect", async {
            let noted =
                tracing::info_span!("execute_tool", gen_ai.tool.name = "quote", outcome = "cached", saved = 0.5);
            join(agent("reason", call("large", 60)), wait(2).instrument(noted)).await;
        })
        .await;
        phase("synthesize", call("small", 80)).await;
    }))
    .profile
}

/// The example with a model call and a search that stand for many.
fn grouped() -> Profile {
    let mut document = example().to_json();
    for (title, count) in [("retrieval", 2_000), ("journal", 30)] {
        let spans = document["spans"].as_array_mut().unwrap();
        let span = spans.iter_mut().find(|span| span["name"] == title).unwrap();
        span["group"] = json!({ "count": count, "covered_ns": 2_500_000 });
    }
    serde_json::from_value(document).unwrap()
}

#[test]
fn a_wide_table_has_the_details() {
    insta::assert_snapshot!(detailed().table().width(160), @r"
    phase          wall    share               where it went         model
    assess      1.00 ms    0.7 %  ▏            other                                             cached, saved 1.20 s
    collect     60.0 ms   42.6 %  ████▋        model 98 %, tool 2 %  1 call, 1.2k→300, $0.0020   1 cache hit, saved 500 ms, 900 tokens cached, first token 40.0 ms
    synthesize  80.0 ms   56.7 %  ██████▎      model                 1 call, 1.2k→300, $0.0020   900 tokens cached, first token 40.0 ms
    ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    total        141 ms  100.0 %               model 98 %, tool 1 %  2 calls, 2.4k→600, $0.0040  2 cache hits, saved 1.70 s, 1.8k tokens cached, first token 40.0 ms
    ");
}

#[test]
fn a_narrow_table_gives_up_details_before_all_else() {
    insta::assert_snapshot!(detailed().table().width(100), @r"
    phase          wall    share          mostly      model
    assess      1.00 ms    0.7 %  ▏       other                                   cached, saved 1.20 s
    collect     60.0 ms   42.6 %  ██▌     model 98 %  1 call, 1.2k→300, $0.0020   1 cache hit, saved 50…
    synthesize  80.0 ms   56.7 %  ███▍    model       1 call, 1.2k→300, $0.0020   900 tokens cached, fi…
    ────────────────────────────────────────────────────────────────────────────────────────────────────
    total        141 ms  100.0 %          model 98 %  2 calls, 2.4k→600, $0.0040  2 cache hits, saved 1…
    ");
}

#[test]
fn a_table_by_agent() {
    insta::assert_snapshot!(detailed().table_by(By::Agent), @r"
    agent              wall    share          mostly      model
    quote           2.00 ms    0.7 %  ▏       tool                                    cached, saved 500…
    reason          60.0 ms   41.8 %  ██▌     model       1 call, 1.2k→300, $0.0020   900 tokens cached…
    outside agents        –   57.5 %  ███▌    model 99 %  1 call, 1.2k→300, $0.0020   1 cache hit, save…
    ────────────────────────────────────────────────────────────────────────────────────────────────────
    total            141 ms  100.0 %          model 98 %  2 calls, 2.4k→600, $0.0040  2 cache hits, sav…
    ");
}

#[test]
fn a_table_by_model() {
    insta::assert_snapshot!(detailed().table_by(By::Model).width(140), @r"
    model              wall    share          mostly      usage
    large           60.0 ms   41.9 %  ██▌     model       1 call, 1.2k→300, $0.0020   900 tokens cached, first token 40.0 ms
    small           80.0 ms   56.7 %  ███▍    model       1 call, 1.2k→300, $0.0020   900 tokens cached, first token 40.0 ms
    outside models        –    1.4 %  ▏       tool 50 %                               2 cache hits, saved 1.70 s
    ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    total            141 ms  100.0 %          model 98 %  2 calls, 2.4k→600, $0.0040  2 cache hits, saved 1.70 s, 1.8k tokens cached, first tok…
    ");
}

#[test]
fn the_outline_has_the_details() {
    insta::assert_snapshot!(detailed().outline().width(140), @r"
    invoke_agent soar            141 ms  ████████████████████████████████████████  2 calls, 2.4k→600, $0.0040, saved 1.70 s, 1.8k tokens cached…
    ├─ assess                   1.00 ms  ▎                                         cached, saved 1.20 s
    ├─ collect                  60.0 ms  █████████████████▎
    │  ├─ execute_tool quote    2.00 ms  ▉                                         cached, saved 500 ms
    │  └─ execute_tool reason   60.0 ms  █████████████████▎
    │     └─ chat large         60.0 ms  █████████████████▎                        1.2k→300, $0.0020, 900 tokens cached, first token 40.0 ms
    └─ synthesize               80.0 ms                   ███████████████████████
       └─ chat small            80.0 ms                   ███████████████████████  1.2k→300, $0.0020, 900 tokens cached, first token 40.0 ms
    ");
}

#[test]
fn lines_that_stand_for_many_say_so() {
    insta::assert_snapshot!(grouped().outline(), @r"
    invoke_agent soar               515 ms  ███████████████████████████████████  8 calls, 13k→1.6k
    ├─ assess                      1.00 ms  ▏
    ├─ retrieve                    6.00 ms  ▌
    │  └─ retrieval ×2000          2.50 ms  ▍                                    7 hits
    ├─ decompose                   81.0 ms  ██████
    │  └─ chat small               81.0 ms  ██████                               1.8k→212
    ├─ verify                      32.0 ms        ██▏                            failed: malformed_reply
    │  └─ chat small               32.0 ms        ██▏                            900→40
    ├─ decompose                   81.0 ms          █████▋
    │  └─ chat small               81.0 ms          █████▋                       1.8k→212
    ├─ verify                      32.0 ms               ██▉
    │  └─ chat small               32.0 ms               ██▉                     900→40
    ├─ collect                      135 ms                 ██████████▏           2 attempts
    │  ├─ execute_tool grep        60.0 ms                 █████
    │  │  └─ chat small            40.0 ms                   ███                 812→90
    │  ├─ execute_tool wikipedia    135 ms                 ██████████▏
    │  │  └─ chat small            90.0 ms                     ██████▏           812→90
    │  └─ execute_tool 計算        36.0 ms                 ███▍
    │     └─ chat small            24.0 ms                  ██▍                  812→90
    ├─ synthesize                   142 ms                           █████████▊
    │  └─ chat small                142 ms                           █████████▊  5.2k→811
    ├─ record                      3.00 ms                                    ▉
    │  └─ journal ×30              2.50 ms                                    ▉
    └─ respond                     1.00 ms                                    █  cached
    2030 spans after the first 10000 kept in groups of the same name below the same parent
    ");
}

#[test]
fn a_plain_run_has_no_details() {
    let plain = paused_run(run(phase("assess", wait(1)))).profile;
    insta::assert_snapshot!(plain.table(), @r"
    phase      wall    share                                            where it went
    assess  1.00 ms  100.0 %  ████████████████████████████████████████  other
    ─────────────────────────────────────────────────────────────────────────────────
    total   1.00 ms  100.0 %                                            other
    ");
}

#[test]
fn no_line_is_wider_than_asked_for() {
    let mut document = example().to_json();
    document["detached"] = 12.into();
    document["dropped_spans"] = 123_456_789_012_345_u64.into();
    let remarked: Profile = serde_json::from_value(document).unwrap();
    for profile in [detailed(), grouped(), remarked] {
        for width in 60..180 {
            let tables = [By::Phase, By::Agent, By::Model].map(|by| profile.table_by(by).width(width).to_string());
            for text in tables.into_iter().chain([profile.outline().width(width).to_string()]) {
                for line in text.lines() {
                    assert!(unicode_width::UnicodeWidthStr::width(line) <= width, "{width}: {line:?}");
                }
            }
        }
    }
}
