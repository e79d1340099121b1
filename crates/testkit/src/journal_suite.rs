//! What every journal must do.

use std::future::Future;

use ninefold_core::journal::{Entry, Header, Position};
use ninefold_core::{ErrorKind, Journal, Key, RunId, Timestamp};

/// Runs every requirement on a [`Journal`] against fresh, empty journals made by `open`.
///
/// # Panics
/// When a requirement is not met; the message names it.
pub async fn journal_suite<J: Journal, F: Future<Output = J>>(open: impl Fn() -> F) {
    an_unknown_run_is_nothing_or_an_error(&open().await).await;
    what_was_written_is_loaded(&open().await).await;
    a_run_begins_once(&open().await).await;
    a_taken_position_refuses_the_whole_append(&open().await).await;
    runs_do_not_share_positions(&open().await).await;
    the_first_finish_counts(&open().await).await;
    unfinished_runs_come_oldest_first(&open().await).await;
    of_unfinished_runs_what_is_asked_for_is_read_alone(&open().await).await;
    only_finished_runs_are_pruned(&open().await).await;
    unfinished_runs_are_pruned_when_nothing_was_written_to_them(&open().await).await;
    of_two_who_append_at_once_one_is_refused(&open().await).await;
    what_is_added_while_nobody_works_on_a_run_is_kept_once(&open().await).await;
}

const TRUNK: u64 = 0;

fn header(started: i64) -> Header {
    Header {
        pipeline: "soar".into(),
        definition: Key::of_bytes(b"definition"),
        input: "{\"text\":\"why\"}".to_owned(),
        started: Timestamp(started),
    }
}

fn entry(branch: u64, ordinal: u32, output: &str) -> Entry {
    Entry {
        position: Position { branch, ordinal },
        phase: "assess".into(),
        key: Key::of_bytes(output.as_bytes()),
        output: output.to_owned(),
        at: Timestamp(100 + i64::from(ordinal)),
    }
}

async fn an_unknown_run_is_nothing_or_an_error<J: Journal>(journal: &J) {
    let run = RunId(1);
    assert_eq!(journal.load(run).await.expect("load"), None);
    let refused = journal.append(run, vec![entry(TRUNK, 0, "a")]).await.expect_err("append to an unknown run");
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    let refused = journal.append(run, Vec::new()).await.expect_err("append of nothing to an unknown run");
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    let refused = journal.finish(run, Timestamp(1)).await.expect_err("finish of an unknown run");
    assert_eq!(refused.kind(), ErrorKind::NotFound);
    assert!(journal.unfinished().await.expect("unfinished").is_empty());
    assert_eq!(journal.load(run).await.expect("load"), None, "a refused append leaves no run behind");
}

async fn what_was_written_is_loaded<J: Journal>(journal: &J) {
    for run in [RunId(0), RunId(u128::MAX), RunId(1 << 127)] {
        let odd = Header {
            pipeline: "pipe \0 line".into(),
            definition: Key([0xff; 32]),
            input: "\"quotes' and \u{0} and 🚀\"".to_owned(),
            started: Timestamp(i64::MIN),
        };
        let entries = [
            entry(TRUNK, 0, "null"),
            entry(u64::MAX, u32::MAX, "the largest position"),
            entry(1 << 63, 0, ""),
            entry(TRUNK, 1, &"long ".repeat(50_000)),
        ];
        journal.begin(run, odd.clone()).await.expect("begin");
        journal.append(run, entries[..1].to_vec()).await.expect("append of one");
        journal.append(run, entries[1..].to_vec()).await.expect("append of several");
        journal.append(run, Vec::new()).await.expect("append of nothing");
        let loaded = journal.load(run).await.expect("load").expect("the run is there");
        assert_eq!(loaded.header, odd);
        assert_eq!(loaded.entries, entries, "entries come in the order they were appended");
        assert_eq!(loaded.finished, None);
    }
}

async fn a_run_begins_once<J: Journal>(journal: &J) {
    journal.begin(RunId(1), header(1)).await.expect("begin");
    journal.append(RunId(1), vec![entry(TRUNK, 0, "kept")]).await.expect("append");
    let refused = journal.begin(RunId(1), header(2)).await.expect_err("a second begin");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    let loaded = journal.load(RunId(1)).await.expect("load").expect("the run is there");
    assert_eq!(loaded.header, header(1), "a refused begin changes nothing");
    assert_eq!(loaded.entries.len(), 1);
}

async fn a_taken_position_refuses_the_whole_append<J: Journal>(journal: &J) {
    let run = RunId(1);
    journal.begin(run, header(1)).await.expect("begin");
    journal.append(run, vec![entry(TRUNK, 0, "first")]).await.expect("append");
    let batch = vec![entry(TRUNK, 1, "new"), entry(TRUNK, 0, "again")];
    let refused = journal.append(run, batch).await.expect_err("a taken position");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert!(refused.message().contains("somebody else"), "{refused}");
    let twice = vec![entry(TRUNK, 2, "one"), entry(TRUNK, 2, "two")];
    assert!(journal.append(run, twice).await.is_err(), "one position twice in one append");
    let loaded = journal.load(run).await.expect("load").expect("the run is there");
    assert_eq!(loaded.entries, [entry(TRUNK, 0, "first")], "a refused append writes nothing");
    journal.append(run, vec![entry(TRUNK, 1, "new")]).await.expect("a refused append takes no position");
    journal.append(run, vec![entry(TRUNK, 2, "one")]).await.expect("a refused append takes no position");
}

async fn runs_do_not_share_positions<J: Journal>(journal: &J) {
    for run in [RunId(1), RunId(2)] {
        journal.begin(run, header(1)).await.expect("begin");
        journal.append(run, vec![entry(TRUNK, 0, "a"), entry(7, 0, "b")]).await.expect("append");
    }
    for run in [RunId(1), RunId(2)] {
        let loaded = journal.load(run).await.expect("load").expect("the run is there");
        assert_eq!(loaded.entries, [entry(TRUNK, 0, "a"), entry(7, 0, "b")]);
    }
}

async fn the_first_finish_counts<J: Journal>(journal: &J) {
    journal.begin(RunId(1), header(1)).await.expect("begin");
    journal.finish(RunId(1), Timestamp(50)).await.expect("finish");
    journal.finish(RunId(1), Timestamp(60)).await.expect("a second finish");
    let loaded = journal.load(RunId(1)).await.expect("load").expect("the run is there");
    assert_eq!(loaded.finished, Some(Timestamp(50)));
}

async fn unfinished_runs_come_oldest_first<J: Journal>(journal: &J) {
    for (run, started) in [(5, 30), (3, 10), (9, 20), (1, 20), (2, -5)] {
        journal.begin(RunId(run), header(started)).await.expect("begin");
    }
    journal.finish(RunId(3), Timestamp(40)).await.expect("finish");
    let open: Vec<_> = journal.unfinished().await.expect("unfinished").into_iter().map(|(run, _)| run.0).collect();
    assert_eq!(open, [2, 9, 1, 5], "by start; equal starts in the order they began");
    let (_, first) = journal.unfinished().await.expect("unfinished").remove(0);
    assert_eq!(first, header(-5));
}

async fn of_unfinished_runs_what_is_asked_for_is_read_alone<J: Journal>(journal: &J) {
    let of = |phase: &str, entry: Entry| Entry { phase: phase.into(), ..entry };
    let asked = of("? 'asked'", entry(u64::MAX, 0, "asked"));
    let answered = of("! answered", entry(u64::MAX, 1, "answered"));
    for (run, started) in [(5, 30), (3, 10), (9, 20), (1, 20), (2, 5)] {
        journal.begin(RunId(run), header(started)).await.expect("begin");
        journal.append(RunId(run), vec![entry(TRUNK, 0, "done"), entry(TRUNK, 1, "more")]).await.expect("append");
    }
    for run in [5, 3, 9, 1] {
        journal.append(RunId(run), vec![asked.clone()]).await.expect("append");
        journal.append(RunId(run), vec![entry(7, 0, "between")]).await.expect("append");
    }
    journal.append(RunId(9), vec![answered.clone()]).await.expect("append");
    journal.finish(RunId(3), Timestamp(40)).await.expect("finish");
    let both = [answered.phase.as_str(), asked.phase.as_str()];
    let found = journal.unfinished_with(&both).await.expect("unfinished_with");
    let wanted = [
        (RunId(9), header(20), vec![asked.clone(), answered.clone()]),
        (RunId(1), header(20), vec![asked.clone()]),
        (RunId(5), header(30), vec![asked.clone()]),
    ];
    assert_eq!(found, wanted, "oldest first, with the entries in the order they were appended");
    let one = journal.unfinished_with(&both[..1]).await.expect("unfinished_with");
    assert_eq!(one, [(RunId(9), header(20), vec![answered])]);
    assert!(journal.unfinished_with(&[]).await.expect("unfinished_with").is_empty());
    assert!(journal.unfinished_with(&["nobody's"]).await.expect("unfinished_with").is_empty());
}

async fn only_finished_runs_are_pruned<J: Journal>(journal: &J) {
    for run in 1..=4 {
        journal.begin(RunId(run), header(1)).await.expect("begin");
        journal.append(RunId(run), vec![entry(TRUNK, 0, "a")]).await.expect("append");
    }
    for (run, finished) in [(1, 10), (2, 20), (3, 30)] {
        journal.finish(RunId(run), Timestamp(finished)).await.expect("finish");
    }
    assert_eq!(journal.prune(Timestamp(20)).await.expect("prune"), 1, "finished before, not at");
    assert_eq!(journal.load(RunId(1)).await.expect("load"), None);
    assert_eq!(journal.prune(Timestamp(i64::MAX)).await.expect("prune"), 2);
    assert!(journal.load(RunId(4)).await.expect("load").is_some(), "an unfinished run stays");
    journal.begin(RunId(1), header(1)).await.expect("a pruned id is free again");
    let again = journal.load(RunId(1)).await.expect("load").expect("the run is there");
    assert!(again.entries.is_empty(), "a pruned run takes its entries with it");
}

async fn unfinished_runs_are_pruned_when_nothing_was_written_to_them<J: Journal>(journal: &J) {
    // Entries are written at 100; run 3 finished.
    for (run, started) in [(1, 10), (2, 10), (3, 10), (4, 99), (5, 100)] {
        journal.begin(RunId(run), header(started)).await.expect("begin");
    }
    for run in [2, 3] {
        journal.append(RunId(run), vec![entry(TRUNK, 0, "a")]).await.expect("append");
    }
    journal.finish(RunId(3), Timestamp(20)).await.expect("finish");
    assert_eq!(journal.prune_unfinished(Timestamp(100)).await.expect("prune"), 2, "written to before, not at");
    for (run, stays) in [(1, false), (2, true), (3, true), (4, false), (5, true)] {
        assert_eq!(journal.load(RunId(run)).await.expect("load").is_some(), stays, "run {run}");
    }
    assert_eq!(journal.prune_unfinished(Timestamp(101)).await.expect("prune"), 2);
    assert!(journal.unfinished().await.expect("unfinished").is_empty());
    journal.begin(RunId(2), header(1)).await.expect("a pruned id is free again");
    assert!(journal.load(RunId(2)).await.expect("load").expect("the run is there").entries.is_empty());
}

async fn of_two_who_append_at_once_one_is_refused<J: Journal>(journal: &J) {
    journal.begin(RunId(1), header(1)).await.expect("begin");
    for ordinal in 0..20 {
        let (one, two) = futures_util::future::join(
            journal.append(RunId(1), vec![entry(TRUNK, ordinal, "one")]),
            journal.append(RunId(1), vec![entry(TRUNK, ordinal, "two")]),
        )
        .await;
        assert!(one.is_ok() != two.is_ok(), "exactly one of two takes position {ordinal}");
    }
    let loaded = journal.load(RunId(1)).await.expect("load").expect("the run is there");
    assert_eq!(loaded.entries.len(), 20);
}

/// A person is asked, and answers while the run stands still: the answer is an entry beside the question, for the next who loads it.
async fn what_is_added_while_nobody_works_on_a_run_is_kept_once<J: Journal>(journal: &J) {
    let at = |entry: Entry, at: i64| Entry { at: Timestamp(at), ..entry };
    let asked =
        [at(entry(TRUNK, 0, "done"), 10), at(entry(u64::MAX, 0, "asked"), 20), at(entry(5, 0, "asked too"), 20)];
    journal.begin(RunId(1), header(1)).await.expect("begin");
    journal.append(RunId(1), asked.to_vec()).await.expect("append");
    let answers = [at(entry(5, 1, "second"), 900), at(entry(u64::MAX, 1, "first"), 400)];
    for answer in &answers {
        journal.append(RunId(1), vec![answer.clone()]).await.expect("an answer, whichever comes first");
        let twice = journal.append(RunId(1), vec![answer.clone()]).await.expect_err("an answer that is there");
        assert_eq!(twice.kind(), ErrorKind::Conflict);
    }
    let loaded = journal.load(RunId(1)).await.expect("load").expect("the run is there");
    assert_eq!(loaded.entries, [&asked[..], &answers[..]].concat());
    assert_eq!(journal.unfinished().await.expect("unfinished").len(), 1, "a run that waits has not finished");
    assert_eq!(journal.prune_unfinished(Timestamp(900)).await.expect("prune"), 0, "the latest that was written counts");
    assert_eq!(journal.prune_unfinished(Timestamp(901)).await.expect("prune"), 1);
}
