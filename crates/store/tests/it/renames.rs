//! Files that have another path, and many files at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ninefold_core::{
    Chunk, ChunkId, Contents, Document, Embeddings, Evidence, Forgetting, Forgotten, Labels, Result, Scope, Search,
    Source, Store, Timestamp,
};
use ninefold_store::ingest::{Event, Outcome, is_root};
use ninefold_store::{Indexer, MemoryStore, Root, Summary};
use smol_str::SmolStr;
use tempfile::TempDir;

/// A store that keeps what it was given, and notes what was renamed.
#[derive(Default)]
struct Noting {
    store: MemoryStore,
    renamed: Mutex<Vec<(SmolStr, SmolStr)>>,
    /// What was put, by path.
    held: Mutex<BTreeMap<SmolStr, Document>>,
}

#[async_trait]
impl Store for Noting {
    async fn put(&self, documents: Vec<Document>) -> Result<()> {
        for document in &documents {
            if let Some(from) = &document.renamed_from {
                self.renamed.lock().unwrap().push((from.clone(), document.source.path.clone()));
            }
            self.held.lock().unwrap().insert(document.source.path.clone(), document.clone());
        }
        self.store.put(documents).await
    }
    async fn get(&self, ids: &[ChunkId], scope: &Scope) -> Result<Vec<Chunk>> {
        self.store.get(ids, scope).await
    }
    async fn search(&self, search: &Search) -> Result<Evidence> {
        self.store.search(search).await
    }
    async fn touch(&self, ids: &[ChunkId], at: Timestamp) -> Result<()> {
        self.store.touch(ids, at).await
    }
    async fn remove(&self, paths: &[SmolStr]) -> Result<u64> {
        self.store.remove(paths).await
    }
    async fn sources(&self, prefix: &str) -> Result<Vec<Source>> {
        self.store.sources(prefix).await
    }
    async fn forget(&self, forgetting: &Forgetting) -> Result<Forgotten> {
        self.store.forget(forgetting).await
    }
    async fn contents(&self) -> Result<Contents> {
        self.store.contents().await
    }
    async fn unembedded(&self, model: &str, limit: usize) -> Result<Vec<Chunk>> {
        self.store.unembedded(model, limit).await
    }
    async fn embed(&self, embeddings: Embeddings, chunks: &[ChunkId]) -> Result<()> {
        self.store.embed(embeddings, chunks).await
    }
}

struct Tree {
    directory: TempDir,
    store: Arc<Noting>,
}

impl Tree {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), store: Arc::default() }
    }

    fn root(&self) -> PathBuf {
        self.directory.path().canonicalize().unwrap()
    }

    fn write(&self, path: &str, content: &str) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        let to = self.root().join(to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::rename(self.root().join(from), to).unwrap();
    }

    async fn index(&self) -> (Summary, Vec<Event>) {
        let events = Mutex::new(Vec::new());
        let indexer = Indexer::new(self.store.clone());
        let summary = indexer.index(&[self.root()], |event| events.lock().unwrap().push(event)).await.unwrap();
        (summary, events.into_inner().unwrap())
    }

    async fn sources(&self) -> Vec<String> {
        let sources = self.store.sources("").await.unwrap();
        let below = |source: &Source| {
            Path::new(source.path.as_str()).strip_prefix(self.root()).unwrap().to_str().unwrap().to_owned()
        };
        sources.iter().filter(|source| !is_root(source)).map(below).collect()
    }

    fn renamed(&self) -> Vec<(SmolStr, SmolStr)> {
        std::mem::take(&mut *self.store.renamed.lock().unwrap())
    }
}

#[tokio::test]
async fn a_file_at_another_path_is_renamed_and_not_read_as_new() {
    let tree = Tree::new();
    tree.write("a.txt", "alpha");
    tree.write("b.txt", "beta");
    tree.index().await;
    tree.rename("a.txt", "deep/er/c.txt");
    let (summary, events) = tree.index().await;
    assert_eq!((summary.renamed, summary.indexed, summary.unchanged, summary.removed), (1, 0, 1, 0));
    let (from, to) = (tree.root().join("a.txt"), tree.root().join("deep/er/c.txt"));
    assert!(events.contains(&Event::File { path: to, outcome: Outcome::Renamed { from } }), "{events:?}");
    assert_eq!(tree.sources().await, ["b.txt", "deep/er/c.txt"]);
    assert_eq!(tree.renamed().len(), 1);
    let (again, _) = tree.index().await;
    assert_eq!((again.renamed, again.unchanged), (0, 2));
}

#[tokio::test]
async fn when_it_is_not_clear_what_was_renamed_nothing_was() {
    let tree = Tree::new();
    tree.write("one.txt", "same");
    tree.write("two.txt", "same");
    tree.write("three.txt", "other");
    tree.index().await;
    // Two may have been the origin of one; one may be the origin of two.
    tree.rename("one.txt", "new.txt");
    std::fs::remove_file(tree.root().join("two.txt")).unwrap();
    tree.rename("three.txt", "x.txt");
    tree.write("y.txt", "other");
    let (summary, _) = tree.index().await;
    assert_eq!((summary.renamed, summary.indexed, summary.removed), (0, 3, 3));
    assert_eq!(tree.sources().await, ["new.txt", "x.txt", "y.txt"]);
}

#[tokio::test]
async fn a_copy_and_a_file_with_other_labels_are_no_renames() {
    let tree = Tree::new();
    tree.write("a.txt", "alpha");
    tree.write("hr/b.txt", "beta");
    let roots = [Root::new(tree.root()), Root::labelled(tree.root().join("hr"), Labels::of(["hr"]))];
    Indexer::new(tree.store.clone()).index(&roots, |_| {}).await.unwrap();
    tree.write("copy.txt", "alpha");
    tree.rename("hr/b.txt", "b.txt");
    let summary = Indexer::new(tree.store.clone()).index(&roots, |_| {}).await.unwrap();
    assert_eq!((summary.renamed, summary.indexed, summary.removed), (0, 2, 1));
}

#[tokio::test]
async fn a_renamed_folder_is_renamed_file_by_file() {
    let tree = Tree::new();
    for n in 0..300 {
        tree.write(&format!("old/{n}.txt"), &format!("text {n}"));
    }
    tree.index().await;
    tree.rename("old", "new");
    let (summary, _) = tree.index().await;
    assert_eq!((summary.renamed, summary.indexed, summary.removed), (300, 0, 0));
    for (from, to) in tree.renamed() {
        assert_eq!(Path::new(from.as_str()).file_name(), Path::new(to.as_str()).file_name());
    }
}

#[tokio::test]
async fn a_source_has_the_time_of_its_file() {
    let tree = Tree::new();
    tree.write("a.txt", "alpha");
    let file = std::fs::File::open(tree.root().join("a.txt")).unwrap();
    let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_micros(1_234_567_890_123);
    file.set_modified(time).unwrap();
    tree.index().await;
    let held = tree.store.held.lock().unwrap();
    let source = &held[&SmolStr::from(tree.root().join("a.txt").to_str().unwrap())].source;
    assert_eq!((source.modified, source.rebuildable), (Some(Timestamp(1_234_567_890_123)), true));
}

#[tokio::test]
async fn many_files_on_several_threads_come_to_what_each_comes_to_alone() {
    let tree = Tree::new();
    let mut expected = BTreeMap::new();
    for n in 0..500_usize {
        let (name, text) = match n % 3 {
            0 => (format!("d{}/{n}.md", n % 7), format!("# Title {n}\n\n{}", format!("word `name{n}` ").repeat(n))),
            1 => {
                (format!("{n}.py"), format!("class C{n}:\n    def m(self):\n        return f{n}()\n\n").repeat(n % 50))
            }
            _ => (format!("{n}.txt"), format!("Sentence {n}. ").repeat(n)),
        };
        tree.write(&name, &text);
        let path = tree.root().join(&name).to_str().unwrap().to_owned();
        expected.insert(SmolStr::from(&path), ninefold_store::ingest::split(&path, &text, &Labels::none()));
    }
    let (summary, _) = tree.index().await;
    assert_eq!(summary.indexed, 500);
    let held = tree.store.held.lock().unwrap();
    let chunks: BTreeMap<SmolStr, Vec<Chunk>> = held
        .iter()
        .filter(|(_, document)| !is_root(&document.source))
        .map(|(path, document)| (path.clone(), document.chunks.clone()))
        .collect();
    assert_eq!(chunks, expected);
    assert_eq!(summary.all_chunks(), expected.values().map(|chunks| chunks.len() as u64).sum::<u64>());
}
