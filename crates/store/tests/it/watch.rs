//! The indexer follows real files.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ninefold_core::{ErrorKind, Result, Search, Store};
use ninefold_store::ingest::{Event, is_root};
use ninefold_store::{Indexer, MemoryStore, Summary};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Longer than any round takes, on any machine.
const LONG: Duration = Duration::from_secs(60);

struct Watch {
    directory: TempDir,
    store: Arc<MemoryStore>,
    rounds: mpsc::UnboundedReceiver<Summary>,
    stop: oneshot::Sender<()>,
    watching: JoinHandle<Result<Summary>>,
}

impl Watch {
    /// Watches a directory with these files; the first round is over.
    async fn of(files: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        for (path, content) in files {
            write(&root.join(path), content);
        }
        Self::start(directory, vec![root]).await
    }

    async fn start(directory: TempDir, roots: Vec<PathBuf>) -> Self {
        let store = Arc::new(MemoryStore::new());
        let (told, rounds) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel();
        let indexer = Indexer::new(store.clone());
        let watching = tokio::spawn(async move {
            let stop = async {
                let _ = stopped.await;
            };
            let tell = move |event| {
                if let Event::InStep { round } = event {
                    let _ = told.send(round);
                }
            };
            indexer.watch(&roots, stop, tell).await
        });
        let mut watch = Self { directory, store, rounds, stop, watching };
        timeout(LONG, watch.rounds.recv()).await.unwrap().unwrap();
        watch
    }

    fn path(&self, path: &str) -> PathBuf {
        self.directory.path().canonicalize().unwrap().join(path)
    }

    async fn sources(&self) -> Vec<String> {
        let sources = self.store.sources("").await.unwrap();
        let root = self.path("");
        let below = |path: &str| PathBuf::from(path).strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        sources.iter().filter(|source| !is_root(source)).map(|source| below(&source.path)).collect()
    }

    /// Waits for rounds until the store has just these sources.
    async fn until_sources(&mut self, expected: &[&str]) {
        while self.sources().await != expected {
            let round = timeout(LONG, self.rounds.recv()).await;
            let round = round.unwrap_or_else(|_| panic!("still not {expected:?}"));
            round.expect("it goes on watching");
        }
    }

    /// Waits for rounds until so many chunks hold this text.
    async fn until_found(&mut self, text: &str, chunks: u64) {
        while self.store.search(&Search::new(text)).await.unwrap().matched != chunks {
            let round = timeout(LONG, self.rounds.recv()).await;
            round.unwrap_or_else(|_| panic!("still not {chunks} of {text}")).expect("it goes on watching");
        }
    }

    async fn end(self) -> Summary {
        self.stop.send(()).unwrap();
        timeout(LONG, self.watching).await.expect("it ends when told").unwrap().unwrap()
    }
}

fn write(path: &std::path::Path, content: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

#[tokio::test]
async fn what_changes_is_indexed_and_what_goes_is_removed() {
    let mut watch = Watch::of(&[("a.txt", "alpha"), ("b.txt", "beta")]).await;
    write(&watch.path("a.txt"), "omega");
    watch.until_found("omega", 1).await;
    watch.until_found("alpha", 0).await;
    write(&watch.path("c.txt"), "gamma");
    watch.until_sources(&["a.txt", "b.txt", "c.txt"]).await;
    std::fs::remove_file(watch.path("b.txt")).unwrap();
    watch.until_sources(&["a.txt", "c.txt"]).await;
    let summary = watch.end().await;
    assert_eq!((summary.indexed, summary.removed), (4, 1), "nothing else was indexed again");
}

#[tokio::test]
async fn editors_that_write_beside_and_rename_are_followed() {
    let mut watch = Watch::of(&[("a.txt", "alpha")]).await;
    for (n, text) in ["second", "third"].into_iter().enumerate() {
        let beside = watch.path(&format!(".a.txt.{n}~"));
        write(&beside, text);
        std::fs::rename(beside, watch.path("a.txt")).unwrap();
        watch.until_found(text, 1).await;
    }
    // A backup of the old content in the old file, the new content in a new one.
    std::fs::rename(watch.path("a.txt"), watch.path(".a.txt~")).unwrap();
    write(&watch.path("a.txt"), "fourth");
    watch.until_found("fourth", 1).await;
    assert_eq!(watch.sources().await, ["a.txt"]);
}

#[tokio::test]
async fn folders_that_come_go_and_come_again_are_followed() {
    let mut watch = Watch::of(&[("a.txt", "alpha")]).await;
    write(&watch.path("one/two/b.txt"), "beta");
    watch.until_sources(&["a.txt", "one/two/b.txt"]).await;
    std::fs::remove_dir_all(watch.path("one")).unwrap();
    write(&watch.path("one/two/c.txt"), "gamma");
    watch.until_sources(&["a.txt", "one/two/c.txt"]).await;
    write(&watch.path("one/two/d.txt"), "delta");
    watch.until_sources(&["a.txt", "one/two/c.txt", "one/two/d.txt"]).await;
    std::fs::rename(watch.path("one"), watch.path("other")).unwrap();
    write(&watch.path("other/two/e.txt"), "epsilon");
    watch.until_found("epsilon", 1).await;
    write(&watch.path("other/two/e.txt"), "zeta");
    watch.until_found("zeta", 1).await;
}

#[tokio::test]
async fn ignore_files_count_and_what_they_name_changes_by_them() {
    let mut watch = Watch::of(&[(".gitignore", "out/\n"), ("a.log", "alpha"), ("out/b.txt", "beta")]).await;
    assert_eq!(watch.sources().await, ["a.log"]);
    write(&watch.path(".gitignore"), "*.log\n");
    watch.until_sources(&["out/b.txt"]).await;
    write(&watch.path("out/c.txt"), "gamma");
    watch.until_sources(&["out/b.txt", "out/c.txt"]).await;
}

#[tokio::test]
async fn a_single_file_is_followed_and_its_neighbours_are_not() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().canonicalize().unwrap().join("a.txt");
    write(&file, "alpha");
    let mut watch = Watch::start(directory, vec![file.clone()]).await;
    write(&watch.path("b.txt"), "beta");
    std::fs::remove_file(&file).unwrap();
    watch.until_sources(&[]).await;
    write(&file, "omega");
    watch.until_found("omega", 1).await;
    assert_eq!(watch.sources().await, ["a.txt"]);
}

#[tokio::test]
async fn a_root_that_vanishes_is_emptied_and_followed_when_it_comes_again() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().canonicalize().unwrap().join("root");
    write(&root.join("a.txt"), "alpha");
    write(&root.join("deep/b.txt"), "beta");
    let mut watch = Watch::start(directory, vec![root.clone()]).await;
    assert_eq!(watch.sources().await, ["root/a.txt", "root/deep/b.txt"]);
    std::fs::remove_dir_all(&root).unwrap();
    watch.until_sources(&[]).await;
    write(&root.join("deep/c.txt"), "gamma");
    watch.until_sources(&["root/deep/c.txt"]).await;
    write(&root.join("deep/c.txt"), "delta");
    watch.until_found("delta", 1).await;
    let summary = watch.end().await;
    assert_eq!(summary.removed, 2);
}

#[tokio::test]
async fn more_changes_than_can_be_told_apart_are_found_by_reading_everything() {
    let mut watch = Watch::of(&[("a.txt", "alpha"), ("b.txt", "beta")]).await;
    // More names than are kept apart, all gone before anyone looks.
    for n in 0..6_000 {
        let [here, there] = ["x", "y"].map(|name| watch.path(&format!("{name}{n}.txt")));
        write(&here, "");
        std::fs::rename(&here, &there).unwrap();
        std::fs::remove_file(there).unwrap();
    }
    write(&watch.path("a.txt"), "omega");
    std::fs::remove_file(watch.path("b.txt")).unwrap();
    watch.until_sources(&["a.txt"]).await;
    watch.until_found("omega", 1).await;
    write(&watch.path("c.txt"), "gamma");
    watch.until_sources(&["a.txt", "c.txt"]).await;
    watch.end().await;
}

#[tokio::test]
async fn a_root_that_is_not_there_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let indexer = Indexer::new(Arc::new(MemoryStore::new()));
    let never = std::future::pending();
    let error = indexer.watch(&[directory.path().join("nowhere")], never, |_| {}).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
