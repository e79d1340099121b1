//! The table, the outline and the JSON document of one made-up run.

use futures_util::future::join3;
use ninefold_core::span;
use ninefold_profile::Profile;
use tracing::instrument::Instrument as _;

use crate::support::{agent, chat, paused_run, phase, run, wait};

pub(crate) fn example() -> Profile {
    let expert = |name, n| {
        agent(name, async move {
            wait(n).await;
            chat(2 * n, 812, 90).await;
        })
    };
    paused_run(run(async {
        phase("assess", wait(1)).await;
        phase("retrieve", async {
            let search = span::retrieval(8);
            wait(4).instrument(search.clone()).await;
            search.record(span::field::HITS, 7);
            wait(2).await;
        })
        .await;
        for round in 0..2 {
            phase("decompose", chat(81, 1_834, 212)).await;
            let verify = span::phase("verify");
            chat(32, 900, 40).instrument(verify.clone()).await;
            if round == 0 {
                span::record_error(&verify, &ninefold_core::Error::new(ninefold_core::ErrorKind::MalformedReply, "no"));
            }
        }
        wait(1).await;
        let collect = span::phase("collect");
        collect.record(span::field::ATTEMPTS, 2);
        join3(expert("grep", 20), expert("wikipedia", 45), expert("計算", 12)).instrument(collect).await;
        phase("synthesize", chat(142, 5_210, 811)).await;
        phase("record", async { wait(3).instrument(span::journal()).await }).await;
        let respond = span::phase("respond");
        span::record_outcome(&respond, span::outcome::CACHED);
        wait(1).instrument(respond).await;
    }))
    .profile
}

#[test]
fn the_table_shows_where_the_time_went() {
    insta::assert_snapshot!(example().table().width(110), @r"
    phase              wall    share                    mostly      model
    assess          1.00 ms    0.2 %  ▏                 other
    retrieve        6.00 ms    1.2 %  ▏                 store 67 %
    decompose ×2     162 ms   31.4 %  █████             model       2 calls, 3.7k→424
    verify ×2       64.0 ms   12.4 %  ██                model       2 calls, 1.8k→80   failed 1/2: malformed_reply
    collect          135 ms   26.2 %  ████▎             model 80 %  3 calls, 2.4k→270  1 retry
    synthesize       142 ms   27.6 %  ████▍             model       1 call, 5.2k→811
    record          3.00 ms    0.6 %  ▏                 store
    respond         1.00 ms    0.2 %  ▏                 other                          cached
    between phases  1.00 ms    0.2 %  ▏                 other
    ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
    total            515 ms  100.0 %                    model 93 %  8 calls, 13k→1.6k  1 retry, 1 cache hit
    ");
}

#[test]
fn the_table_gives_up_columns_on_narrow_terminals() {
    insta::assert_snapshot!(example().table().width(80), @r"
    phase              wall    share                  mostly
    assess          1.00 ms    0.2 %  ▏               other
    retrieve        6.00 ms    1.2 %  ▏               store 67 %
    decompose ×2     162 ms   31.4 %  ████▍           model
    verify ×2       64.0 ms   12.4 %  █▊              model       failed 1/2: malfo…
    collect          135 ms   26.2 %  ███▋            model 80 %  1 retry
    synthesize       142 ms   27.6 %  ███▉            model
    record          3.00 ms    0.6 %  ▏               store
    respond         1.00 ms    0.2 %  ▏               other       cached
    between phases  1.00 ms    0.2 %  ▏               other
    ────────────────────────────────────────────────────────────────────────────────
    total            515 ms  100.0 %                  model 93 %  1 retry
    ");
    insta::assert_snapshot!(example().table().width(20), @r"
    phase              wall    share  mostly
    assess          1.00 ms    0.2 %  other
    retrieve        6.00 ms    1.2 %  store 67 %
    decompose ×2     162 ms   31.4 %  model
    verify ×2       64.0 ms   12.4 %  model       failed 1/2: m…
    collect          135 ms   26.2 %  model 80 %  1 retry
    synthesize       142 ms   27.6 %  model
    record          3.00 ms    0.6 %  store
    respond         1.00 ms    0.2 %  other       cached
    between phases  1.00 ms    0.2 %  other
    ────────────────────────────────────────────────────────────
    total            515 ms  100.0 %  model 93 %  1 retry
    ");
}

#[test]
fn the_outline_shows_when_spans_were_open() {
    insta::assert_snapshot!(example().outline(), @r"
    invoke_agent soar               515 ms  ███████████████████████████████████  8 calls, 13k→1.6k
    ├─ assess                      1.00 ms  ▏
    ├─ retrieve                    6.00 ms  ▌
    │  └─ retrieval                4.00 ms  ▍                                    7 hits
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
    │  └─ journal                  3.00 ms                                    ▉
    └─ respond                     1.00 ms                                    █  cached
    ");
}

#[test]
fn no_line_is_wider_than_asked_for() {
    let profile = example();
    for width in 60..200 {
        for text in [profile.table().width(width).to_string(), profile.outline().width(width).to_string()] {
            for line in text.lines() {
                assert!(unicode_width::UnicodeWidthStr::width(line) <= width, "{width}: {line:?}");
            }
        }
    }
}

#[test]
fn colour_changes_nothing_but_the_colour() {
    let profile = example();
    let plain = |text: String| {
        let mut plain = String::new();
        for (n, part) in text.split('\u{1b}').enumerate() {
            plain.push_str(if n == 0 { part } else { part.split_once('m').unwrap().1 });
        }
        plain.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    };
    for width in [60, 80, 100, 140] {
        let table = profile.table().width(width);
        assert_eq!(plain(table.clone().color(true).to_string()), plain(table.to_string()));
        assert!(table.color(true).to_string().contains('\u{1b}'));
        let outline = profile.outline().width(width);
        assert_eq!(plain(outline.clone().color(true).to_string()), plain(outline.to_string()));
    }
}

#[test]
fn printed_shares_add_up() {
    let table = example().table().to_string();
    let percents =
        |line: &str| Some(line.split_once(" %")?.0.rsplit(' ').next()?.replace('.', "").parse::<u64>().unwrap());
    let (total, rows): (Vec<&str>, Vec<&str>) = table.lines().partition(|line| line.starts_with("total"));
    assert_eq!(rows.into_iter().filter_map(percents).sum::<u64>(), 1_000);
    assert_eq!(percents(total[0]), Some(1_000));
}

#[test]
fn the_json_document_can_be_read_back() {
    let profile = example();
    let json = profile.to_json();
    assert_eq!(json["version"], 2);
    assert_eq!(json["phases"][2]["name"], "decompose");
    assert_eq!(json["phases"][2]["spent_ns"]["model"], 162_000_000);
    assert_eq!(json["spans"][1]["parent"], 0);
    let read: Profile = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(read, profile);
    assert_eq!(read.to_json(), json);
}

#[test]
fn damaged_documents_are_refused_or_harmless() {
    let json = example().to_json();
    let with = |change: fn(&mut serde_json::Value)| {
        let mut json = json.clone();
        change(&mut json);
        serde_json::from_value::<Profile>(json)
    };
    assert!(with(|json| json["version"] = 3.into()).unwrap_err().to_string().contains("version 3"));
    assert!(with(|json| json["spans"][1]["parent"] = 1.into()).unwrap_err().to_string().contains("span 1"));
    let absurd = with(|json| {
        json["wall_ns"] = u64::MAX.into();
        json["busy_ns"] = u64::MAX.into();
        let usage = serde_json::json!({ "calls": u64::MAX, "input_tokens": u64::MAX, "cost_nanousd": u64::MAX });
        json["spans"][0]["usage"] = usage.clone();
        json["spans"][3]["usage"] = usage;
        json["spans"][3]["group"] = serde_json::json!({ "count": u64::MAX, "covered_ns": u64::MAX });
        for field in ["start_ns", "end_ns", "busy_ns", "saved_ns", "attempts"] {
            json["spans"][0][field] = u64::MAX.into();
            json["spans"][3][field] = u64::MAX.into();
        }
    });
    assert!(!absurd.unwrap().table().to_string().is_empty());
}
