//! A process that writes all kinds of things is killed at moments it does not choose: what it said was written is there,
//! nothing is there by half, and the file is sound.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read as _};
use std::ops::Range;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::StreamExt as _;
use ninefold_core::journal::{Entry, Header, Journal, Position};
use ninefold_core::{
    Cache, CacheEntry, ChunkId, Document, Key, RunId, Scope, SessionId, Sessions, Store, Timestamp, Turn,
};
use ninefold_store::Sqlite;
use ninefold_store::sqlite::Check;

use crate::open::document;

const FILE: &str = "NINEFOLD_STORE_TEST_KILLS";
const ROUND: &str = "NINEFOLD_STORE_TEST_ROUND";
/// Kinds of writes, each by a task of its own, each acknowledged by a line `kind number` on standard output.
const KINDS: [&str; 5] = ["put", "touch", "journal", "session", "cache"];

fn file_of(round: u64, n: u64) -> Document {
    document(
        &format!("/{round}/{n}.md"),
        &format!("# Part\n\nneedle {round} {n} and words\n\n").repeat(1 + n as usize % 7),
    )
}

/// The document whose chunk is touched all the time.
fn touched(round: u64) -> Document {
    document(&format!("/{round}/touched.md"), &format!("touched in {round}"))
}

fn key_of(round: u64, n: u64) -> Key {
    Key::of_bytes(format!("{round} {n}").as_bytes())
}

/// A turn of two events, with a snapshot now and then.
fn turn_of(n: u64) -> Turn {
    let events = vec![format!("user {n}"), format!("system {n}")];
    let snapshot = n.is_multiple_of(5).then(|| format!("state after {n}"));
    Turn { after: 2 * n, at: Timestamp(n as i64), events, snapshot }
}

fn entry_of(n: u64) -> Entry {
    Entry {
        position: Position { branch: 0, ordinal: n as u32 },
        phase: "assess".into(),
        key: Key::of_bytes(b""),
        output: n.to_string(),
        // The clock is set back all the time.
        at: Timestamp(-(n as i64)),
    }
}

async fn write(store: &Sqlite, kind: &str, round: u64, n: u64) -> ninefold_core::Result<()> {
    let run = RunId(u128::from(round));
    match kind {
        "put" => Store::put(store, vec![file_of(round, n)]).await,
        "touch" => store.touch(&[touched(round).chunks[0].id], Timestamp(-(n as i64))).await,
        "journal" => Journal::append(store, run, vec![entry_of(n)]).await,
        "session" => Sessions::append(store, &SessionId::from(round.to_string()), turn_of(n)).await.map(|_| ()),
        _ => {
            let entry = CacheEntry { key: key_of(round, n), value: vec![n as u8; 2_000], expires: None };
            Cache::put(store, "s", vec![entry], Timestamp(0)).await
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_writes_everything() {
    let Some(file) = std::env::var_os(FILE) else { return };
    let round: u64 = std::env::var(ROUND).unwrap().parse().unwrap();
    let store = Sqlite::open(&file).await.unwrap();
    let header =
        Header { pipeline: "p".into(), definition: Key::of_bytes(b""), input: "null".into(), started: Timestamp(0) };
    store.begin(RunId(u128::from(round)), header).await.unwrap();
    Store::put(&store, vec![touched(round)]).await.unwrap();
    println!("\nready 0");
    let tasks = KINDS.map(|kind| {
        let store = store.clone();
        tokio::spawn(async move {
            for n in 0.. {
                write(&store, kind, round, n).await.unwrap();
                println!("{kind} {n}");
            }
        })
    });
    futures_util::future::join_all(tasks).await;
}

fn start(file: &Path, round: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["kills::child_writes_everything", "--exact", "--nocapture", "--test-threads=1"])
        .env(FILE, file)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills a process that writes to `file` so long after its first write; returns how many of each kind it acknowledged.
async fn killed(file: &Path, round: u64, after: Duration) -> BTreeMap<String, u64> {
    let mut child = start(file, round);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let ready = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        while !line.starts_with("ready") {
            line.clear();
            assert!(out.read_line(&mut line).unwrap() > 0, "the child ended before it wrote");
        }
        out
    });
    let mut out = ready.await.unwrap();
    // Read all the time: a full pipe would hold the child back.
    let rest = tokio::task::spawn_blocking(move || {
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        rest
    });
    tokio::time::sleep(after).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let mut acknowledged = BTreeMap::new();
    // A line that was cut off was not said.
    for line in rest.await.unwrap().split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        let (kind, n) = line.trim().split_once(' ').expect("a kind and a number");
        acknowledged.insert(kind.to_owned(), n.parse::<u64>().unwrap() + 1);
    }
    acknowledged
}

/// Compares what is there with what was acknowledged: as much, or the one write more that was under way.
async fn verify(store: &Sqlite, round: u64, acknowledged: &BTreeMap<String, u64>) {
    let there = |kind: &str, found: u64| {
        let said = acknowledged.get(kind).copied().unwrap_or_default();
        assert!(found == said || found == said + 1, "round {round}: {found} of {kind}, {said} were acknowledged");
    };
    let sources = store.sources(&format!("/{round}")).await.unwrap();
    let puts = sources.len() as u64 - 1;
    there("put", puts);
    for n in 0..puts {
        let document = file_of(round, n);
        let ids: Vec<ChunkId> = document.chunks.iter().map(|chunk| chunk.id).collect();
        assert_eq!(
            Store::get(store, &ids, &Scope::public()).await.unwrap(),
            document.chunks,
            "file {n} is there whole"
        );
    }
    let id = touched(round).chunks[0].id.0.cast_signed();
    let uses = rusqlite::Connection::open(store.path()).unwrap().query_row(
        "SELECT coalesce(sum(uses), 0) FROM usage WHERE chunk = ?1",
        [id],
        |row| row.get::<_, i64>(0),
    );
    there("touch", uses.unwrap() as u64);
    let run = store.load(RunId(u128::from(round))).await.unwrap().expect("the run");
    there("journal", run.entries.len() as u64);
    assert!((0..).zip(&run.entries).all(|(n, entry)| *entry == entry_of(n)));
    let session = store.resume(&round.to_string().as_str().into()).await.unwrap().unwrap_or_default();
    assert!(session.count().is_multiple_of(2), "a turn is there whole");
    there("session", session.count() / 2);
    if let Some(snapshot) = &session.snapshot {
        let turn = snapshot.covers / 2 - 1;
        assert_eq!(snapshot.state, format!("state after {turn}"));
        assert!(session.events.len() < 10, "a snapshot came with every fifth turn");
    }
    let said = acknowledged.get("cache").copied().unwrap_or_default();
    let keys: Vec<Key> = (0..said + 2).map(|n| key_of(round, n)).collect();
    let values = Cache::get(store, "s", &keys, Timestamp(0)).await.unwrap();
    there("cache", values.iter().flatten().count() as u64);
    assert!((0..).zip(values.iter().flatten()).all(|(n, value): (u64, _)| *value == vec![n as u8; 2_000]));
}

/// Kills so many processes that write to one file one after the other; returns how many writes they acknowledged, and
/// what reopening took each time.
async fn kill_all(rounds: Range<u64>, mut random: fastrand::Rng) -> (u64, Vec<Duration>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.db");
    let (mut reopened, mut writes) = (Vec::new(), 0);
    for round in rounds {
        let acknowledged = killed(&path, round, Duration::from_micros(random.u64(0..25_000))).await;
        writes += acknowledged.values().sum::<u64>();
        #[allow(clippy::disallowed_methods, reason = "what opening took is to be printed")]
        let before = std::time::Instant::now();
        let store = Sqlite::open(&path).await.unwrap();
        reopened.push(before.elapsed());
        verify(&store, round, &acknowledged).await;
        assert_eq!(store.integrity_check(Check::Full).await.unwrap(), [] as [String; 0], "round {round}");
        // Every other time the next process finds the log as this one's end left it, or no log.
        if random.bool() {
            store.close().await;
        }
    }
    (writes, reopened)
}

/// Kills so many processes, 20 for each file, with several files at once; prints what reopening took.
async fn kill(times: u64) {
    let mut random = fastrand::Rng::new();
    println!("seed {}", random.get_seed());
    let files: Vec<_> = (0..times).step_by(20).map(|first| (first..times.min(first + 20), random.fork())).collect();
    let (writes, mut reopened) = futures_util::stream::iter(files)
        .map(|(rounds, random)| tokio::spawn(kill_all(rounds, random)))
        .buffer_unordered(4)
        .fold((0, Vec::new()), async |(sum, mut all), file| {
            let (writes, reopened) = file.unwrap();
            all.extend(reopened);
            (sum + writes, all)
        })
        .await;
    reopened.sort_unstable();
    assert_eq!(reopened.len() as u64, times);
    let (median, most) = (reopened[reopened.len() / 2], reopened[reopened.len() - 1]);
    println!("{times} kills, {writes} acknowledged writes; reopening took {median:?} in the median, {most:?} at most");
    assert!(writes > times, "the processes were killed while they wrote");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_kills_lose_nothing() {
    kill(200).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; prints how long reopening takes"]
async fn two_thousand_kills_lose_nothing() {
    kill(2_000).await;
}
