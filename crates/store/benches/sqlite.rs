//! What writing to and reading from SQLite costs, beside the file system's own fsync. The folder is `BENCH_DIR`, or the system's
//! folder for temporary files; the parts `one`, `batches`, `many`, `large` can be named.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods, clippy::panic)]

#[path = "../../../benches/machine/crates.rs"]
mod machine;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use machine::{Report, Target};
use ninefold_core::journal::{Entry, Header, Position};
use ninefold_core::{
    Cache, CacheEntry, Chunk, ChunkId, ChunkKind, Document, Journal, Key, RunId, Scope, Sessions, Source, Store,
    Timestamp, Turn,
};
use ninefold_store::{Options, Sqlite, Synchronous};
use tokio::sync::{mpsc, oneshot};

/// How many chunks the large database has.
fn large_count() -> usize {
    if machine::is_test() { 1_000 } else { 100_000 }
}

/// Tells a process of this benchmark to open the large database, do nothing and say how much memory that takes.
const IDLE: &str = "NINEFOLD_BENCH_IDLE";

fn main() {
    if let Some(file) = std::env::var_os(IDLE) {
        return idle(Path::new(&file));
    }
    let folder = tempfile::tempdir_in(std::env::var_os("BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from));
    let folder = folder.unwrap();
    println!("SQLite {}", rusqlite::version());
    let mut report = Report::new("sqlite", "cargo bench -p ninefold-store --bench sqlite");
    fsync(&mut report, folder.path());
    if machine::named("one") {
        one_thread().block_on(one_at_a_time(&mut report, folder.path()));
    }
    if machine::named("batches") {
        one_thread().block_on(batches(&mut report, folder.path()));
    }
    for synchronous in [Synchronous::Normal, Synchronous::Full].into_iter().filter(|_| machine::named("many")) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(many_tasks(&mut report, folder.path(), synchronous));
    }
    if machine::named("large") {
        one_thread().block_on(large(&mut report, folder.path()));
    }
    report.write();
}

/// One thread, as an embedding program's task would have it.
fn one_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// A hundredth of what there is to do, when Cargo only wants to know that it runs.
fn some(count: usize) -> usize {
    if machine::is_test() { count.div_ceil(100) } else { count }
}

/// Microseconds of what each sample did `per` times.
fn note(report: &mut Report, name: &str, samples: &[Duration], per: u32, target: Target) {
    let micros: Vec<f64> = samples.iter().map(|time| time.as_secs_f64() * 1e6 / f64::from(per)).collect();
    report.samples(name, "", "µs", &micros, target);
}

/// Texts of about 500 bytes: common words often, rare ones seldom, as in prose.
fn text(random: &mut fastrand::Rng) -> String {
    let mut text = String::with_capacity(520);
    while text.len() < 500 {
        let rank = 20_000_f64.powf(random.f64()) as u32;
        let _ = write!(text, "{}{rank} ", ["ka", "lo", "mi", "ter", "sun", "vo"][rank as usize % 6]);
    }
    text
}

fn document(n: usize, chunks: usize, random: &mut fastrand::Rng) -> Document {
    let path = format!("/notes/{}/{n}.md", n / 100);
    let chunks = (0..chunks).map(|place| Chunk {
        title: format!("Part {place}"),
        ..Chunk::new(&path, ChunkKind::Text, format!("{n} {place} {}", text(random)))
    });
    let chunks = chunks.collect();
    Document::new(Source::new(path, Key::of_bytes(&n.to_le_bytes())), chunks)
}

fn fsync(report: &mut Report, folder: &Path) {
    let mut file = std::fs::File::create(folder.join("fsync")).unwrap();
    let samples: Vec<Duration> = (0..300)
        .map(|_| {
            let start = Instant::now();
            file.write_all(&[7; 4096]).unwrap();
            file.sync_data().unwrap();
            start.elapsed()
        })
        .collect();
    note(report, "fdatasync of 4 KiB, by itself", &samples, 1, Target::None);
}

async fn open(folder: &Path, name: &str, synchronous: Synchronous) -> Sqlite {
    Sqlite::open_with(folder.join(name), Options { synchronous, ..Options::default() }).await.unwrap()
}

/// Times `count` awaited calls after a tenth as many that are not counted.
async fn times(count: usize, mut call: impl AsyncFnMut(usize)) -> Vec<Duration> {
    let count = some(count);
    let mut samples = Vec::with_capacity(count);
    for n in 0..count + count / 10 {
        let start = Instant::now();
        call(n).await;
        samples.push(start.elapsed());
    }
    samples.split_off(count / 10)
}

async fn one_at_a_time(report: &mut Report, folder: &Path) {
    for (name, synchronous) in [("NORMAL", Synchronous::Normal), ("FULL", Synchronous::Full)] {
        let store = open(folder, &format!("one-{name}.db"), synchronous).await;
        let random = &mut fastrand::Rng::with_seed(1);
        let mut documents: Vec<Document> = (0..3_300).rev().map(|n| document(n, 1, random)).collect();
        let samples = times(3_000, async |_| Store::put(&store, vec![documents.pop().unwrap()]).await.unwrap()).await;
        note(
            report,
            &format!("write one chunk with its terms, {name}, awaited"),
            &samples,
            1,
            if name == "NORMAL" { Target::Most(90.0) } else { Target::None },
        );
        let session = "s".into();
        let samples = times(3_000, async |n| {
            let events = vec!["{\"said\":\"I want to book a flight from Madrid to Barcelona\"}".to_owned()];
            let turn = Turn { after: n as u64, at: Timestamp(n as i64), events, snapshot: None };
            Sessions::append(&store, &session, turn).await.unwrap();
        })
        .await;
        note(report, &format!("append a turn to a session, {name}, awaited"), &samples, 1, Target::None);
        let key = |n: usize| Key::of_bytes(&n.to_le_bytes());
        let samples = times(3_000, async |n| {
            let entry = CacheEntry { key: key(n), value: vec![7; 1_000], expires: None };
            Cache::put(&store, "replies", vec![entry], Timestamp(0)).await.unwrap();
        })
        .await;
        note(report, &format!("put 1 kB into the cache, {name}, awaited"), &samples, 1, Target::None);
        if synchronous == Synchronous::Normal {
            let samples = times(20_000, async |n| {
                let found = Cache::get(&store, "replies", &[key(n * 7 % some(3_000))], Timestamp(0)).await.unwrap();
                assert!(found[0].is_some());
            })
            .await;
            note(report, "get 1 kB from the cache, of 3,300", &samples, 1, Target::None);
        }
        store.close().await;
    }
}

async fn batches(report: &mut Report, folder: &Path) {
    for (documents, chunks) in [(1_000, 1), (10, 100)] {
        let store = open(folder, &format!("batch-{documents}.db"), Synchronous::Normal).await;
        let random = &mut fastrand::Rng::with_seed(2);
        let mut all: Vec<Vec<Document>> = (0..33)
            .map(|batch| (0..documents).map(|n| document(batch * documents + n, chunks, random)).collect())
            .collect();
        let samples = times(30, async |_| Store::put(&store, all.pop().unwrap()).await.unwrap()).await;
        note(
            report,
            &format!("1,000 chunks of {documents} documents in one batch, NORMAL"),
            &samples,
            1,
            Target::Most(60_000.0),
        );
        store.close().await;
    }
}

/// Rows per second with 64 tasks of which each waits for its write before the next one.
async fn rate<F: Future<Output = ()> + Send + 'static>(
    each: usize,
    write: impl Fn(usize, usize) -> F + Send + Sync + Clone + 'static,
) -> f64 {
    let start = Instant::now();
    let tasks: Vec<_> = (0..64)
        .map(|task| {
            let write = write.clone();
            tokio::spawn(async move {
                for n in 0..some(each) {
                    write(task, n).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    (64 * some(each)) as f64 / start.elapsed().as_secs_f64()
}

/// What SQLite gives at most on this machine: a thread that writes plain rows of 1 kB, up to 256 of them in a
/// transaction, with nothing around it.
#[derive(Clone)]
struct Plain(mpsc::Sender<(Vec<u8>, oneshot::Sender<()>)>);

impl Plain {
    fn open(file: &Path, synchronous: Synchronous) -> Self {
        let connection = rusqlite::Connection::open(file).unwrap();
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).unwrap();
        let level = if synchronous == Synchronous::Normal { "NORMAL" } else { "FULL" };
        connection.pragma_update(None, "synchronous", level).unwrap();
        connection.execute_batch("CREATE TABLE rows (id INTEGER PRIMARY KEY, value BLOB NOT NULL)").unwrap();
        let (sender, mut rows) = mpsc::channel::<(Vec<u8>, oneshot::Sender<()>)>(1_024);
        std::thread::spawn(move || {
            let mut group = Vec::new();
            while rows.blocking_recv_many(&mut group, 256) > 0 {
                let mut written = Vec::with_capacity(group.len());
                connection.prepare_cached("BEGIN IMMEDIATE").unwrap().execute([]).unwrap();
                let mut insert = connection.prepare_cached("INSERT INTO rows (value) VALUES (?1)").unwrap();
                for (value, done) in group.drain(..) {
                    insert.execute([value]).unwrap();
                    written.push(done);
                }
                drop(insert);
                connection.prepare_cached("COMMIT").unwrap().execute([]).unwrap();
                written.into_iter().for_each(|done| done.send(()).unwrap());
            }
        });
        Self(sender)
    }

    async fn write(&self, value: Vec<u8>) {
        let (done, written) = oneshot::channel();
        self.0.send((value, done)).await.unwrap();
        written.await.unwrap();
    }
}

async fn journal_appends(store: &Sqlite, round: u128) -> f64 {
    for task in 0..64 {
        let header =
            Header { pipeline: "p".into(), definition: Key([0; 32]), input: "null".into(), started: Timestamp(0) };
        store.begin(RunId(round * 64 + task), header).await.unwrap();
    }
    let store = store.clone();
    let write = move |task: usize, n: usize| {
        let store = store.clone();
        async move {
            let position = Position { branch: 0, ordinal: n as u32 };
            let output = "{\"complexity\":\"simple\",\"confidence\":0.83}".to_owned();
            let entry = Entry { position, phase: "assess".into(), key: Key([7; 32]), output, at: Timestamp(0) };
            Journal::append(&store, RunId(round * 64 + task as u128), vec![entry]).await.unwrap();
        }
    };
    rate(1_000, write).await
}

async fn cache_puts(store: &Sqlite, round: u128) -> f64 {
    let store = store.clone();
    let write = move |task: usize, n: usize| {
        let store = store.clone();
        async move {
            let key = Key::of_bytes(format!("{round} {task} {n}").as_bytes());
            let entry = CacheEntry { key, value: vec![7; 100], expires: None };
            Cache::put(&store, "embeddings", vec![entry], Timestamp(0)).await.unwrap();
        }
    };
    rate(500, write).await
}

async fn many_tasks(report: &mut Report, folder: &Path, synchronous: Synchronous) {
    let name = if synchronous == Synchronous::Normal { "NORMAL" } else { "FULL" };
    let store = open(folder, &format!("many-{name}.db"), synchronous).await;
    let plain = Plain::open(&folder.join(format!("plain-{name}.db")), synchronous);
    let full = synchronous == Synchronous::Full;
    // By turns, so that all three see the same machine.
    let (mut limit, mut journal, mut cache, mut share) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..if machine::is_test() { 1 } else { 7 } {
        let plain = plain.clone();
        let write = move |_, _| {
            let plain = plain.clone();
            async move { plain.write(vec![7; 1_000]).await }
        };
        let most = rate(1_000, write).await;
        limit.push(most);
        let appends = journal_appends(&store, round).await;
        share.push(appends * 100.0 / most);
        journal.push(appends);
        cache.push(cache_puts(&store, round).await);
    }
    let row = |what: &str| format!("{what} from 64 tasks, {name}");
    report.samples(&row("plain rows of 1 kB, the limit,"), "", "/s", &limit, Target::None);
    let least = if full { 45_000.0 } else { 60_000.0 };
    report.samples(&row("journal appends"), "", "/s", &journal, Target::Least(least));
    report.samples(&row("journal appends, of the limit of their round,"), "", "%", &share, Target::None);
    report.samples(&row("cache puts of 100 bytes"), "", "/s", &cache, Target::None);
    let mut rates = Vec::new();
    for round in 0..if machine::is_test() { 1 } else { 5 } {
        let store = store.clone();
        let write = move |task: usize, n: usize| {
            let store = store.clone();
            async move {
                let number = (round * 64 + task) * 100 + n;
                let random = &mut fastrand::Rng::with_seed(number as u64);
                Store::put(&store, vec![document(number, 1, random)]).await.unwrap();
            }
        };
        rates.push(rate(100, write).await);
    }
    report.samples(&row("chunks of 500 bytes with their terms"), "", "/s", &rates, Target::None);
    store.close().await;
}

async fn large(report: &mut Report, folder: &Path) {
    let count = large_count();
    let file = folder.join("large.db");
    let store = Sqlite::open(&file).await.unwrap();
    let random = &mut fastrand::Rng::with_seed(3);
    let mut ids: Vec<ChunkId> = Vec::with_capacity(count);
    for batch in 0..count / 1_000 {
        let documents: Vec<Document> = (0..100).map(|n| document(batch * 100 + n, 10, random)).collect();
        ids.extend(documents.iter().flat_map(|document| &document.chunks).map(|chunk| chunk.id));
        Store::put(&store, documents).await.unwrap();
    }
    random.shuffle(&mut ids);
    let scope = Scope::public();
    let samples =
        times(20_000, async |n| assert_eq!(Store::get(&store, &ids[n..=n], &scope).await.unwrap().len(), 1)).await;
    note(report, &format!("read a chunk by id, of {count}, at random"), &samples, 1, Target::Most(6.0));
    let again = &ids[..100];
    let samples = times(20_000, async |n| {
        assert_eq!(Store::get(&store, &again[n % 100..=n % 100], &scope).await.unwrap().len(), 1);
    })
    .await;
    note(report, "read a chunk by id, one of a hundred", &samples, 1, Target::None);
    let samples = times(2_000, async |n| {
        let from = n * 10 % (count - 10);
        assert_eq!(Store::get(&store, &ids[from..from + 10], &scope).await.unwrap().len(), 10);
    })
    .await;
    note(report, "read ten chunks by id at once, each", &samples, 10, Target::None);
    let samples =
        times(2_000, async |n| store.touch(&ids[n * 10..n * 10 + 10], Timestamp(n as i64)).await.unwrap()).await;
    note(report, "touch ten chunks, NORMAL, awaited", &samples, 1, Target::None);
    store.close().await;
    let size = std::fs::metadata(&file).unwrap().len() as f64 / 1e6;
    report.value("the large database", "", "MB", size, Target::None);
    let mut samples = Vec::new();
    for _ in 0..50 {
        let start = Instant::now();
        let store = Sqlite::open(&file).await.unwrap();
        samples.push(start.elapsed());
        store.close().await;
    }
    note(report, "open the large database", &samples, 1, Target::None);
    let idle = std::process::Command::new(std::env::current_exe().unwrap()).env(IDLE, &file).output().unwrap();
    let said = String::from_utf8(idle.stdout).unwrap();
    let said = said.lines().map(|line| line.parse::<f64>().unwrap() / 1024.0);
    for (when, mebibytes) in ["nothing open", "it open, idle", "after 200 searches"].into_iter().zip(said) {
        report.value("resident with the large database", when, "MiB", mebibytes, Target::Most(60.0));
    }
}

/// Says how many KiB are resident with nothing open, with the database open, and after some use.
fn idle(file: &Path) {
    let resident = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        println!("{}", line.trim().trim_end_matches(" kB"));
    };
    resident();
    one_thread().block_on(async {
        let store = Sqlite::open(file).await.unwrap();
        resident();
        for n in 0..200 {
            let search = ninefold_core::Search::new(format!("ter{} sun{} vo{}", n * 7, n * 11, n * 13));
            store.search(&search).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        resident();
    });
}
