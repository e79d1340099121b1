//! A clock that is set back: what a second process writes is earlier than what the first one wrote, and nothing is lost
//! or taken for old.

use ninefold_core::journal::{Entry, Header, Journal, Position};
use ninefold_core::{
    Cache, CacheEntry, Document, Key, Retention, RunId, Scope, Sessions, Source, Store, Timestamp, Turn,
};
use ninefold_store::Sqlite;
use ninefold_store::sqlite::Check;

use crate::open::document;

const RUN: RunId = RunId(7);
const HOUR: i64 = 3_600_000_000;

/// What a process does in its time, with `n` for the how manieth it is.
async fn live(store: &Sqlite, n: u32, at: Timestamp) {
    let file = document("/a.txt", "needle");
    let source = Source { modified: Some(at), ..file.source.clone() };
    Store::put(store, vec![Document { source, ..file.clone() }]).await.unwrap();
    store.touch(&[file.chunks[0].id], at).await.unwrap();
    let entry = Entry {
        position: Position { branch: 0, ordinal: n },
        phase: "assess".into(),
        key: Key([0; 32]),
        output: n.to_string(),
        at,
    };
    Journal::append(store, RUN, vec![entry]).await.unwrap();
    let turn = Turn { after: u64::from(n), at, events: vec![n.to_string()], snapshot: None };
    Sessions::append(store, &"s".into(), turn).await.unwrap();
    let expires = Some(Timestamp(at.0 + HOUR));
    let entries = ["own".to_owned(), format!("of {n}")].map(|name| CacheEntry {
        key: Key::of_bytes(name.as_bytes()),
        value: vec![n as u8],
        expires,
    });
    Cache::put(store, "c", entries.to_vec(), at).await.unwrap();
}

#[tokio::test]
async fn a_clock_that_is_set_back_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.db");
    // From one opening to the next it is a day earlier, down to before 1970.
    let times: Vec<Timestamp> = (0..6).map(|n| Timestamp((3 - n) * 24 * HOUR)).collect();
    for (n, &at) in (0..).zip(&times) {
        let store = Sqlite::open(&path).await.unwrap();
        if n == 0 {
            let header = Header { pipeline: "p".into(), definition: Key([0; 32]), input: "null".into(), started: at };
            store.begin(RUN, header).await.unwrap();
        }
        live(&store, n, at).await;
        // By this clock nothing is an hour old.
        let hour_ago = Timestamp(at.0 - HOUR);
        assert_eq!(Journal::prune_unfinished(&store, hour_ago).await.unwrap(), 0);
        assert_eq!(Sessions::prune(&store, hour_ago).await.unwrap(), 0);
        let keep = Retention { now: at, max_bytes: u64::MAX };
        assert_eq!(Cache::prune(&store, "c", keep).await.unwrap(), 0);
        let key = Key::of_bytes(b"own");
        let own = Cache::get(&store, "c", &[key], at).await.unwrap();
        assert_eq!(own, [Some(vec![n as u8])], "what was written just now is what is there");
        let used = store.most_used(&Scope::public(), at, 9).await.unwrap();
        assert_eq!((used.len(), used[0].uses), (1, u64::from(n) + 1));
        assert!(used[0].activation.is_finite());
        store.close().await;
    }
    let store = Sqlite::open(&path).await.unwrap();
    let (first, last) = (times[0], times[times.len() - 1]);
    let run = store.load(RUN).await.unwrap().unwrap();
    assert!(run.entries.iter().map(|entry| entry.at).eq(times.iter().copied()), "in the order they were written");
    let session = store.resume(&"s".into()).await.unwrap().unwrap();
    let said: Vec<_> = session.events.iter().map(|event| (event.number, event.at)).collect();
    assert!((0..).zip(&times).map(|(n, &at)| (n, at)).eq(said), "in the order they were written");
    let summary = Sessions::list(&store, 9).await.unwrap().remove(0);
    assert_eq!((summary.started, summary.last), (first, first), "the latest time there was");
    // The end of a run may lie before its beginning.
    store.finish(RUN, last).await.unwrap();
    assert_eq!(store.load(RUN).await.unwrap().unwrap().finished, Some(last));
    assert_eq!(store.integrity_check(Check::Full).await.unwrap(), [] as [String; 0]);
    store.close().await;
}
