//! What every keeper of sessions must do.

use std::future::Future;

use ninefold_core::sessions::{MAX_NAME, Resumption, Snapshot, Turn};
use ninefold_core::{ErrorKind, SessionEvent, SessionId, Sessions, Timestamp};

/// Runs every requirement on [`Sessions`] against fresh, empty ones made by `open`.
///
/// # Panics
/// When a requirement is not met; the message names it.
pub async fn sessions_suite<S: Sessions, F: Future<Output = S>>(open: impl Fn() -> F) {
    an_unknown_session_is_nothing(&open().await).await;
    what_was_appended_is_there(&open().await).await;
    a_turn_out_of_turn_changes_nothing(&open().await).await;
    bad_turns_are_refused(&open().await).await;
    a_snapshot_stands_for_the_events_it_covers(&open().await).await;
    sessions_are_apart(&open().await).await;
    of_several_who_append_at_once_one_wins(&open().await).await;
    lists_begin_with_the_latest(&open().await).await;
    old_sessions_are_pruned(&open().await).await;
}

fn turn(after: u64, at: i64, events: &[&str]) -> Turn {
    let events = events.iter().map(|&event| event.to_owned()).collect();
    Turn { after, at: Timestamp(at), events, snapshot: None }
}

fn event(number: u64, at: i64, event: &str) -> SessionEvent {
    SessionEvent { number, at: Timestamp(at), event: event.to_owned() }
}

async fn resumed<S: Sessions>(sessions: &S, session: &SessionId) -> Resumption {
    sessions.resume(session).await.expect("resume").expect("the session is there")
}

async fn an_unknown_session_is_nothing<S: Sessions>(sessions: &S) {
    let unknown = SessionId::from("unknown");
    assert_eq!(sessions.resume(&unknown).await.expect("resume"), None);
    assert!(sessions.events(&unknown, 0, 10).await.expect("events").is_empty());
    assert!(!sessions.remove(&unknown).await.expect("remove"));
    assert!(sessions.list(10).await.expect("list").is_empty());
    assert_eq!(sessions.prune(Timestamp(i64::MAX)).await.expect("prune"), 0);
    let refused = sessions.append(&unknown, turn(1, 0, &["x"])).await.expect_err("a turn after one that never was");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert_eq!(sessions.resume(&unknown).await.expect("resume"), None, "a refused turn makes no session");
}

async fn what_was_appended_is_there<S: Sessions>(sessions: &S) {
    let session = SessionId::from("s");
    let long = "long ".repeat(60_000);
    assert_eq!(sessions.append(&session, turn(0, 7, &["a", "", "c\0\n🚀"])).await.expect("append"), 3);
    assert_eq!(sessions.append(&session, turn(3, 5, &[&long])).await.expect("append at an earlier time"), 4);
    let all = [event(0, 7, "a"), event(1, 7, ""), event(2, 7, "c\0\n🚀"), event(3, 5, &long)];
    assert_eq!(resumed(sessions, &session).await, Resumption { snapshot: None, events: all.to_vec() });
    assert_eq!(resumed(sessions, &session).await.count(), 4);
    for (from, limit, expected) in [(0, 2, &all[..2]), (2, 9, &all[2..]), (4, 9, &[]), (u64::MAX, 9, &[]), (1, 0, &[])]
    {
        let found = sessions.events(&session, from, limit).await.expect("events");
        assert_eq!(found, expected, "from {from}, up to {limit}");
    }
    assert_eq!(sessions.events(&session, 0, usize::MAX).await.expect("events"), all);
    assert!(sessions.remove(&session).await.expect("remove"));
    assert_eq!(sessions.resume(&session).await.expect("resume"), None);
    sessions.append(&session, turn(0, 9, &["new"])).await.expect("a removed name is free again");
    assert_eq!(resumed(sessions, &session).await.events, [event(0, 9, "new")], "and nothing of before is left");
}

async fn a_turn_out_of_turn_changes_nothing<S: Sessions>(sessions: &S) {
    let session = SessionId::from("s");
    sessions.append(&session, turn(0, 1, &["a", "b"])).await.expect("append");
    for after in [0, 1, 3, u64::MAX] {
        let late = Turn { snapshot: Some("wrong".to_owned()), ..turn(after, 2, &["x"]) };
        let refused = sessions.append(&session, late).await.expect_err("a turn after another number of events");
        assert_eq!(refused.kind(), ErrorKind::Conflict);
        assert!(refused.message().contains('2') && refused.hint_text().is_some(), "{refused}");
    }
    let expected = Resumption { snapshot: None, events: vec![event(0, 1, "a"), event(1, 1, "b")] };
    assert_eq!(resumed(sessions, &session).await, expected);
    assert_eq!(sessions.list(1).await.expect("list")[0].last, Timestamp(1));
}

async fn bad_turns_are_refused<S: Sessions>(sessions: &S) {
    for (name, turn) in
        [("", turn(0, 0, &["x"])), (&*"x".repeat(MAX_NAME + 1), turn(0, 0, &["x"])), ("s", turn(0, 0, &[]))]
    {
        let refused = sessions.append(&name.into(), turn).await.expect_err("a bad turn");
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    }
    assert!(sessions.list(10).await.expect("list").is_empty());
    sessions.append(&"x".repeat(MAX_NAME).into(), turn(0, 0, &["x"])).await.expect("the longest name");
}

async fn a_snapshot_stands_for_the_events_it_covers<S: Sessions>(sessions: &S) {
    let session = SessionId::from("s");
    let with = |state: &str, turn| Turn { snapshot: Some(state.to_owned()), ..turn };
    sessions.append(&session, with("S2", turn(0, 1, &["a", "b"]))).await.expect("append");
    let snapshot = |covers, state: &str| Some(Snapshot { covers, state: state.to_owned() });
    assert_eq!(resumed(sessions, &session).await, Resumption { snapshot: snapshot(2, "S2"), events: Vec::new() });
    sessions.append(&session, turn(2, 2, &["c"])).await.expect("append");
    let expected = Resumption { snapshot: snapshot(2, "S2"), events: vec![event(2, 2, "c")] };
    assert_eq!(resumed(sessions, &session).await, expected);
    assert_eq!(expected.count(), 3);
    sessions.append(&session, with("S4", turn(3, 3, &["d"]))).await.expect("append");
    assert_eq!(resumed(sessions, &session).await, Resumption { snapshot: snapshot(4, "S4"), events: Vec::new() });
    let history = sessions.events(&session, 0, 10).await.expect("events");
    assert_eq!(history.len(), 4, "a snapshot rewrites no history");
}

async fn sessions_are_apart<S: Sessions>(sessions: &S) {
    let names = ["a", "A", "a ", "a\0", "ä", "a\u{308}", "%", "a\n", "'; DROP TABLE sessions; --", "<b>"];
    for (n, name) in names.iter().enumerate() {
        let turn = Turn { snapshot: Some(format!("state {n}")), ..turn(0, n as i64, &[name]) };
        sessions.append(&(*name).into(), turn).await.expect("append");
        sessions.append(&(*name).into(), self::turn(1, n as i64, &["more"])).await.expect("append");
    }
    for (n, name) in names.iter().enumerate() {
        let found = resumed(sessions, &(*name).into()).await;
        assert_eq!(found.snapshot.expect("a snapshot").state, format!("state {n}"), "session {name:?}");
        assert_eq!(sessions.events(&(*name).into(), 0, 9).await.expect("events")[0].event, *name);
    }
    assert!(sessions.remove(&"a".into()).await.expect("remove"));
    assert_eq!(sessions.list(100).await.expect("list").len(), names.len() - 1);
    for name in &names[1..] {
        assert_eq!(resumed(sessions, &(*name).into()).await.count(), 2, "removing one leaves {name:?} alone");
    }
}

async fn of_several_who_append_at_once_one_wins<S: Sessions>(sessions: &S) {
    let session = SessionId::from("s");
    for after in 0..20 {
        let writers = ["one", "two", "three"].map(|name| sessions.append(&session, turn(after, 0, &[name])));
        let won = futures_util::future::join_all(writers).await.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(won, 1, "exactly one of three appends event {after}");
    }
    assert_eq!(resumed(sessions, &session).await.count(), 20);
}

async fn lists_begin_with_the_latest<S: Sessions>(sessions: &S) {
    for (name, at) in [("first", 10), ("second", 30), ("third", 20), ("fourth", 20)] {
        sessions.append(&name.into(), turn(0, at, &["x"])).await.expect("append");
    }
    sessions.append(&"first".into(), turn(1, 5, &["y", "z"])).await.expect("append by a clock that was set back");
    let listed = sessions.list(10).await.expect("list");
    let names: Vec<&str> = listed.iter().map(|summary| summary.session.0.as_str()).collect();
    assert_eq!(names, ["second", "fourth", "third", "first"], "of equal times the later session first");
    let first = listed.last().expect("four");
    assert_eq!((first.events, first.started, first.last), (3, Timestamp(10), Timestamp(10)));
    assert_eq!(sessions.list(2).await.expect("list"), listed[..2]);
    assert!(sessions.list(0).await.expect("list").is_empty());
}

async fn old_sessions_are_pruned<S: Sessions>(sessions: &S) {
    for (name, at) in [("old", 10), ("edge", 20), ("new", 30)] {
        let turn = Turn { snapshot: Some("state".to_owned()), ..turn(0, at, &["x"]) };
        sessions.append(&name.into(), turn).await.expect("append");
    }
    assert_eq!(sessions.prune(Timestamp(20)).await.expect("prune"), 1, "before, not at");
    assert_eq!(sessions.resume(&"old".into()).await.expect("resume"), None);
    assert!(sessions.events(&"old".into(), 0, 9).await.expect("events").is_empty());
    sessions.append(&"edge".into(), turn(1, 40, &["y"])).await.expect("append");
    assert_eq!(sessions.prune(Timestamp(40)).await.expect("prune"), 1);
    assert_eq!(resumed(sessions, &"edge".into()).await.count(), 2, "what was used lately stays whole");
}
