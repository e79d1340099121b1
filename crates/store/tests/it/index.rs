//! What the indexer makes of directories.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ninefold_core::{ErrorKind, Labels, Scope, Search, Store};
use ninefold_store::ingest::is_root;
use ninefold_store::ingest::{Event, Outcome, Reason};
use ninefold_store::{Indexer, MemoryStore, Root, Semantic, Sqlite, Summary};
use ninefold_testkit::ScriptedEmbedder;
use tempfile::TempDir;

struct Tree {
    directory: TempDir,
    store: Arc<MemoryStore>,
}

impl Tree {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let tree = Self { directory: tempfile::tempdir().unwrap(), store: Arc::new(MemoryStore::new()) };
        for (path, content) in files {
            tree.write(path, content);
        }
        tree
    }

    /// The tree's own directory; a temporary directory's name begins with a dot, which the root may.
    fn root(&self) -> PathBuf {
        self.directory.path().canonicalize().unwrap()
    }

    fn write(&self, path: &str, content: &[u8]) {
        let path = self.directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn remove(&self, path: &str) {
        std::fs::remove_file(self.directory.path().join(path)).unwrap();
    }

    async fn index(&self) -> Summary {
        self.index_with(Indexer::new(self.store.clone())).await
    }

    async fn index_with(&self, indexer: Indexer) -> Summary {
        indexer.index(&[self.root()], |_| {}).await.unwrap()
    }

    async fn sources(&self) -> Vec<String> {
        let sources = self.store.sources("").await.unwrap();
        let root = self.root();
        sources
            .iter()
            .filter(|source| !is_root(source))
            .map(|source| Path::new(source.path.as_str()).strip_prefix(&root).unwrap().to_str().unwrap().to_owned())
            .collect()
    }
}

fn reason(summary: &Summary, name: &str) -> Reason {
    let found = summary.skipped.iter().find(|skipped| skipped.path.ends_with(name));
    found.unwrap_or_else(|| panic!("{name} is not among {:?}", summary.skipped)).reason.clone()
}

#[tokio::test]
async fn a_tree_is_indexed_as_git_sees_it() {
    let tree = Tree::new(&[
        ("README.md", b"# Guide\n\nneedle"),
        ("src/lib.rs", b"fn needle() {}\n"),
        ("notes", b"needle"),
        ("empty.txt", b""),
        (".gitignore", b"target/\n*.log\n"),
        ("target/out.rs", b"fn needle() {}"),
        ("run.log", b"needle"),
        (".hidden/x", b"needle"),
        (".ignore", b"private.txt\n"),
        ("private.txt", b"needle"),
        ("Cargo.lock", b"needle"),
    ]);
    let summary = tree.index().await;
    assert_eq!(tree.sources().await, ["README.md", "empty.txt", "notes", "src/lib.rs"]);
    assert_eq!((summary.indexed, summary.all_chunks(), summary.bytes, summary.lines), (4, 3, 15 + 15 + 6, 3 + 1 + 1));
    assert_eq!(reason(&summary, "Cargo.lock"), Reason::LockFile);
    let found = tree.store.search(&Search::new("needle")).await.unwrap();
    assert_eq!(found.matched, 3);
    assert!(found.passages.iter().any(|passage| passage.chunk.title == "Guide"));
}

#[tokio::test]
async fn a_file_named_as_a_root_is_indexed_whatever_ignores_it() {
    let tree = Tree::new(&[(".gitignore", b"*.log\n"), ("run.log", b"needle"), ("Cargo.lock", b"x"), (".env", b"y")]);
    let roots = ["run.log", "Cargo.lock", ".env", "run.log"].map(|name| tree.root().join(name));
    let summary = Indexer::new(tree.store.clone()).index(&roots, |_| {}).await.unwrap();
    assert_eq!(summary.indexed, 3);
    assert_eq!(tree.sources().await, [".env", "Cargo.lock", "run.log"]);
}

#[tokio::test]
async fn what_is_no_text_is_skipped_with_its_reason() {
    let tree = Tree::new(&[
        ("binary.txt", b"text\0more"),
        ("latin1.txt", b"caf\xe9"),
        ("large.txt", &[b'x'; 2_000]),
        ("fits.txt", &[b'x'; 1_000]),
        ("late-nul.txt", &[&[b'a'; 900][..], b"\0"].concat()),
    ]);
    tree.write("odd", b"x");
    std::fs::write(tree.root().join(OsStr::from_bytes(b"n\xffme.txt")), "x").unwrap();
    let summary = tree.index_with(Indexer::new(tree.store.clone()).max_file_bytes(1_000)).await;
    assert_eq!(reason(&summary, "binary.txt"), Reason::Binary);
    assert_eq!(reason(&summary, "latin1.txt"), Reason::NotUtf8);
    assert_eq!(reason(&summary, "large.txt"), Reason::TooLarge { bytes: 2_000, limit: 1_000 });
    assert_eq!(reason(&summary, "late-nul.txt"), Reason::Binary);
    assert!(summary.skipped.iter().any(|skipped| skipped.reason == Reason::PathNotUtf8));
    assert_eq!(tree.sources().await, ["fits.txt", "odd"]);
    assert!(summary.skipped.iter().all(|skipped| !skipped.reason.to_string().is_empty()));
}

#[tokio::test]
async fn only_what_changed_is_indexed_again() {
    let tree = Tree::new(&[("a.txt", b"alpha"), ("b.txt", b"beta"), ("c.txt", b"gamma"), ("d.txt", b"delta")]);
    assert_eq!(tree.index().await.indexed, 4);
    let again = tree.index().await;
    assert_eq!((again.indexed, again.unchanged, again.all_chunks()), (0, 4, 0));
    tree.write("b.txt", b"beta is new");
    tree.remove("c.txt");
    tree.write("d.txt", b"now\0binary");
    tree.write("e.txt", b"epsilon");
    let third = tree.index().await;
    assert_eq!((third.indexed, third.unchanged, third.removed), (2, 1, 2));
    assert_eq!(tree.sources().await, ["a.txt", "b.txt", "e.txt"]);
    for gone in ["gamma", "delta"] {
        assert_eq!(tree.store.search(&Search::new(gone)).await.unwrap().matched, 0, "{gone}");
    }
    tree.write(".gitignore", b"a.txt\n");
    assert_eq!(tree.index().await.removed, 1);
    assert_eq!(tree.sources().await, ["b.txt", "e.txt"], "what is ignored now is removed");
}

#[tokio::test]
async fn other_labels_index_again_and_hide() {
    let tree = Tree::new(&[("a.txt", b"needle")]);
    tree.index().await;
    let labelled = Indexer::new(tree.store.clone()).labels(Labels::of(["hr"]));
    assert_eq!(tree.index_with(labelled.clone()).await.indexed, 1);
    assert_eq!(tree.index_with(labelled).await.unchanged, 1);
    assert_eq!(tree.store.search(&Search::new("needle")).await.unwrap().matched, 0);
    let search = Search { scope: Scope::of(["hr"]), ..Search::new("needle") };
    assert_eq!(tree.store.search(&search).await.unwrap().matched, 1);
}

#[tokio::test]
async fn only_sources_below_the_roots_are_removed() {
    let tree = Tree::new(&[("one/a.txt", b"a"), ("two/b.txt", b"b"), ("one-more/c.txt", b"c")]);
    tree.index().await;
    for path in ["one/a.txt", "two/b.txt", "one-more/c.txt"] {
        tree.remove(path);
    }
    let summary = Indexer::new(tree.store.clone()).index(&[tree.root().join("one")], |_| {}).await.unwrap();
    assert_eq!(summary.removed, 1);
    assert_eq!(tree.sources().await, ["one-more/c.txt", "two/b.txt"]);
}

#[tokio::test]
async fn links_are_not_followed_and_loops_end() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret.txt"), "secret").unwrap();
    let tree = Tree::new(&[("dir/a.txt", b"a")]);
    symlink(tree.root(), tree.root().join("dir/loop")).unwrap();
    symlink("self", tree.root().join("self")).unwrap();
    symlink("/nowhere", tree.root().join("dangling")).unwrap();
    symlink(outside.path(), tree.root().join("out")).unwrap();
    symlink(outside.path().join("secret.txt"), tree.root().join("secret.txt")).unwrap();
    let summary = tree.index().await;
    assert_eq!((summary.indexed, summary.skipped.len()), (1, 0));
    assert_eq!(tree.sources().await, ["dir/a.txt"]);
    let through_a_link = tree.root().join("dir/loop");
    let again = Indexer::new(tree.store.clone()).index(&[through_a_link], |_| {}).await.unwrap();
    assert_eq!((again.indexed, again.unchanged), (0, 1), "a root that is a link is its target");
}

#[tokio::test]
async fn a_missing_root_is_an_error_that_names_it_and_changes_nothing() {
    let tree = Tree::new(&[("a.txt", b"a")]);
    let roots = [tree.root(), tree.root().join("nowhere")];
    let error = Indexer::new(tree.store.clone()).index(&roots, |_| {}).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().contains("nowhere"), "{error}");
    assert!(tree.sources().await.is_empty());
}

#[tokio::test]
async fn a_file_that_vanishes_or_becomes_a_directory_meanwhile_is_skipped() {
    let tree = Tree::new(&[]);
    // A batch ends every 64 files, so the first put comes long before the last file is read.
    for n in 0..1_000 {
        tree.write(&format!("{n:04}.txt"), format!("file {n}").as_bytes());
    }
    let root = tree.root();
    let change = |event| {
        if event == (Event::Found { files: 1_000 }) {
            std::fs::remove_file(root.join("0998.txt")).unwrap();
            std::fs::remove_file(root.join("0999.txt")).unwrap();
            std::fs::create_dir(root.join("0999.txt")).unwrap();
        }
    };
    let summary = Indexer::new(tree.store.clone()).index(&[tree.root()], change).await.unwrap();
    assert_eq!(summary.indexed, 998);
    assert_eq!(reason(&summary, "0998.txt"), Reason::Vanished);
    assert!(matches!(reason(&summary, "0999.txt"), Reason::Unreadable(_)));
}

#[tokio::test]
async fn every_file_found_is_told_of_once() {
    let tree = Tree::new(&[("a.txt", b"a"), ("b.txt", b"b\0"), ("Cargo.lock", b""), ("c.txt", b"c")]);
    tree.index().await;
    tree.write("a.txt", b"new\n");
    tree.remove("c.txt");
    tree.write("d.txt", b"d");
    let events = Mutex::new(Vec::new());
    let indexer = Indexer::new(tree.store.clone());
    indexer.index(&[tree.root()], |event| events.lock().unwrap().push(event)).await.unwrap();
    let mut outcomes = Vec::new();
    for event in events.into_inner().unwrap() {
        match event {
            Event::Found { files } => assert_eq!((files, outcomes.len()), (4, 0), "the number comes first"),
            Event::File { path, outcome } => outcomes.push((path.file_name().unwrap().to_owned(), outcome)),
            other => panic!("{other:?}"),
        }
    }
    outcomes.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = [
        ("Cargo.lock", Outcome::Skipped(Reason::LockFile)),
        ("a.txt", Outcome::Indexed { chunks: 1 }),
        ("b.txt", Outcome::Skipped(Reason::Binary)),
        ("c.txt", Outcome::Removed),
        ("d.txt", Outcome::Indexed { chunks: 1 }),
    ];
    assert_eq!(outcomes, expected.map(|(name, outcome)| (name.into(), outcome)));
}

/// Drops an index when its first file is told of; then completes it.
async fn dropped_in_the_middle(tree: &Tree, store: Arc<dyn Store>) {
    let text = "a paragraph with a needle in it\n\n".repeat(100);
    let roots = [tree.root()];
    let (told, mut first_file) = tokio::sync::mpsc::unbounded_channel();
    // A put that waits lets others run, also when every batch is there before it is asked for.
    let embedder = ScriptedEmbedder::new().mute();
    embedder.delay(Duration::from_millis(1));
    let indexer = Indexer::new(Arc::new(Semantic::new(Arc::clone(&store), Arc::new(embedder))));
    tokio::select! {
        _ = indexer.index(&roots, move |event| {
            if matches!(event, Event::File { .. }) {
                let _ = told.send(());
            }
        }) => panic!("the index ended before it could be dropped"),
        _ = first_file.recv() => {}
    }
    drop(indexer);
    let chunks_of_one = ninefold_store::ingest::split("x.txt", &text, &Labels::none()).len() as u64;
    let sources = store.sources("").await.unwrap().iter().filter(|source| !is_root(source)).count() as u64;
    assert!(sources > 0 && sources < 1_000, "{sources}");
    let found = store.search(&Search::new("needle")).await.unwrap().matched;
    assert_eq!(found % chunks_of_one, 0, "no file is there in part");
    let summary = Indexer::new(Arc::clone(&store)).index(&roots, |_| {}).await.unwrap();
    assert_eq!(summary.indexed + summary.unchanged, 1_000);
    assert!(summary.indexed > 0 && summary.unchanged >= sources);
    assert_eq!(store.search(&Search::new("needle")).await.unwrap().matched, 1_000 * chunks_of_one);
}

/// A tree of many files, which several threads read.
fn wide() -> Tree {
    let tree = Tree::new(&[]);
    let text = "a paragraph with a needle in it\n\n".repeat(100);
    for n in 0..1_000 {
        tree.write(&format!("{n:03}.txt"), text.as_bytes());
    }
    tree
}

#[test]
fn a_dropped_index_leaves_whole_files_and_no_thread_and_the_next_one_completes_it() {
    let tree = wide();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        dropped_in_the_middle(&tree, tree.store.clone()).await;
        let store = Sqlite::open(tree.root().join(".memory/memory.db")).await.unwrap();
        dropped_in_the_middle(&tree, Arc::new(store)).await;
    });
    // Dropping a runtime waits for what blocks: reading threads that did not end would hold it up for ever.
    drop(runtime);
}

/// What a run without labels finds.
async fn public(tree: &Tree, text: &str) -> u64 {
    tree.store.search(&Search::new(text)).await.unwrap().matched
}

#[tokio::test]
async fn the_nearest_labelled_root_decides_in_any_order() {
    for hr_first in [true, false] {
        let tree = Tree::new(&[("docs/a.txt", b"needle"), ("docs/hr/b.txt", b"needle")]);
        let (docs, hr) = (tree.root().join("docs"), tree.root().join("docs/hr"));
        let mut roots = vec![Root::new(docs.clone()), Root::labelled(hr.clone(), Labels::of(["hr"]))];
        if hr_first {
            roots.reverse();
        }
        for root in roots {
            Indexer::new(tree.store.clone()).index(&[root], |_| {}).await.unwrap();
        }
        assert_eq!(public(&tree, "needle").await, 1, "hr first: {hr_first}");
        let all = [Root::labelled(docs.clone(), Labels::none()), Root::new(hr.join("b.txt"))];
        Indexer::new(tree.store.clone()).index(&all, |_| {}).await.unwrap();
        assert_eq!(
            public(&tree, "needle").await,
            1,
            "neither the folder above nor the file itself takes the label off"
        );
        let open = Root::labelled(hr, Labels::none());
        Indexer::new(tree.store.clone()).index(&[open], |_| {}).await.unwrap();
        assert_eq!(public(&tree, "needle").await, 2);
    }
}

#[tokio::test]
async fn a_folder_indexed_by_name_survives_its_parent_that_ignores_it() {
    let tree = Tree::new(&[("a.txt", b"a"), (".notes/b.txt", b"b")]);
    Indexer::new(tree.store.clone()).index(&[tree.root().join(".notes")], |_| {}).await.unwrap();
    let summary = tree.index().await;
    assert_eq!((summary.indexed, summary.removed), (1, 0));
    tree.remove(".notes/b.txt");
    assert_eq!(tree.index().await.removed, 1, "what is gone is gone");
}
