//! What a store must keep beside texts: names and relations, embeddings, times and uses; and what it must let go.

use std::future::Future;

use ninefold_core::{
    Chunk, ChunkId, ChunkKind, Document, Embeddings, ErrorKind, Forgetting, Forgotten, Relation, RelationKind, Scope,
    Search, Source, Store, Timestamp,
};

use crate::store_suite::{found, public};

/// A day in microseconds.
const DAY: i64 = 86_400_000_000;

/// Runs every requirement on what is kept.
pub(crate) async fn run<S: Store, F: Future<Output = S>>(open: &impl Fn() -> F) {
    names_relations_and_times_come_back(&open().await).await;
    of_too_many_names_the_first_are_kept(&open().await).await;
    usage_goes_over_to_the_new_name(&open().await).await;
    files_may_swap_their_names(&open().await).await;
    embeddings_are_missed_until_they_are_given(&open().await).await;
    embeddings_that_do_not_fit_are_refused(&open().await).await;
    contents_are_counted(&open().await).await;
    what_can_be_made_again_is_forgotten(&open().await).await;
}

/// A vector with these first numbers, as many as the suite's models make.
pub(crate) fn vector(numbers: &[f32]) -> Vec<f32> {
    let mut vector = numbers.to_vec();
    vector.resize(16, 0.0);
    let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    vector.iter().map(|number| number / length).collect()
}

/// Embeddings by the suite's model.
pub(crate) fn embeddings(vectors: &[&[f32]]) -> Embeddings {
    Embeddings { model: "test/model".into(), vectors: vectors.iter().map(|numbers| vector(numbers)).collect() }
}

fn related(kind: RelationKind, target: &str) -> Relation {
    Relation { kind, target: target.into() }
}

async fn names_relations_and_times_come_back<S: Store>(store: &S) {
    let mut document = public("/lib.rs", &["fn spawn() { run() }", "use std::fs;", "no names"]);
    document.source.modified = Some(Timestamp(-7));
    document.source.rebuildable = true;
    document.chunks[0].kind = ChunkKind::Code;
    document.chunks[0].offset = u64::MAX;
    document.chunks[0].defines = vec!["spawn".into(), "Runtime::spawn".into()];
    document.chunks[0].relations = vec![related(RelationKind::Calls, "run"), related(RelationKind::Mentions, "run")];
    document.chunks[1].offset = 40;
    let odd = ["", "名前 \"x\" OR *\n\u{0}", "a::<b>"];
    document.chunks[1].relations = odd.iter().map(|name| related(RelationKind::Imports, name)).collect();
    store.put(vec![document.clone()]).await.expect("put");
    let ids: Vec<ChunkId> = document.chunks.iter().map(|chunk| chunk.id).collect();
    assert_eq!(store.get(&ids, &Scope::public()).await.expect("get"), document.chunks);
    assert_eq!(store.sources("").await.expect("sources"), [document.source.clone()]);
    let evidence = store.search(&Search::new("spawn")).await.expect("search");
    assert_eq!(*evidence.passages[0].chunk, document.chunks[0], "a passage has its chunk whole");
    document.chunks[0].relations.clear();
    document.chunks[0].defines = vec!["other".into()];
    store.put(vec![document.clone()]).await.expect("put again");
    assert_eq!(store.get(&ids, &Scope::public()).await.expect("get"), document.chunks, "names are replaced");
}

async fn of_too_many_names_the_first_are_kept<S: Store>(store: &S) {
    let mut document = public("/many", &["many names"]);
    document.chunks[0].defines = (0..1_000).map(|n| format!("name{n}").into()).collect();
    document.chunks[0].relations = (0..1_000).map(|n| related(RelationKind::Calls, &format!("other{n}"))).collect();
    let id = document.chunks[0].id;
    store.put(vec![document]).await.expect("put");
    let got = store.get(&[id], &Scope::public()).await.expect("get").remove(0);
    assert_eq!((got.defines.len(), got.relations.len()), (Chunk::MAX_NAMES, Chunk::MAX_NAMES));
    assert_eq!((got.defines[0].as_str(), got.relations[255].target.as_str()), ("name0", "other255"));
}

fn renamed(document: Document, from: &str) -> Document {
    Document { renamed_from: Some(from.into()), ..document }
}

async fn usage_goes_over_to_the_new_name<S: Store>(store: &S) {
    let (old, rival) = (public("/old", &["tied", "second"]), public("/a", &["tied"]));
    store.put(vec![old.clone(), rival.clone()]).await.expect("put");
    store.touch(&[old.chunks[0].id, old.chunks[0].id], Timestamp(1)).await.expect("touch");
    store.touch(&[rival.chunks[0].id], Timestamp(1)).await.expect("touch");
    let new = public("/new", &["tied", "second"]);
    store.put(vec![renamed(new.clone(), "/old")]).await.expect("put");
    let sources = store.sources("").await.expect("sources");
    assert_eq!(sources.iter().map(|source| source.path.as_str()).collect::<Vec<_>>(), ["/a", "/new"]);
    let order = || async {
        let evidence = store.search(&Search::new("tied")).await.expect("search");
        evidence.passages.iter().map(|passage| passage.chunk.path.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(order().await, ["/new", "/a"], "two uses went over, against one");
    // A name that was never there, and one's own, change nothing.
    store.put(vec![renamed(new.clone(), "/nowhere")]).await.expect("put");
    store.put(vec![renamed(new, "/new")]).await.expect("put");
    assert_eq!(order().await, ["/new", "/a"]);
    assert_eq!(store.contents().await.expect("contents").used, 2);
}

async fn files_may_swap_their_names<S: Store>(store: &S) {
    let (a, b) = (public("/a", &["tied one"]), public("/b", &["tied two"]));
    store.put(vec![a.clone(), b]).await.expect("put");
    store.touch(&[a.chunks[0].id], Timestamp(1)).await.expect("touch");
    let swapped = vec![renamed(public("/a", &["tied two"]), "/b"), renamed(public("/b", &["tied one"]), "/a")];
    store.put(swapped).await.expect("put");
    assert_eq!(found(store, &Search::new("tied")).await, ["tied one", "tied two"], "the uses went with the content");
}

async fn embeddings_are_missed_until_they_are_given<S: Store>(store: &S) {
    let texts = ["one", "two", "three"];
    let mut document = public("/a", &texts);
    document.embeddings = Some(embeddings(&[&[1.0], &[0.0, 1.0], &[0.0, 0.0, 1.0]]));
    let other = public("/b", &["four", "five"]);
    store.put(vec![document.clone(), other.clone()]).await.expect("put");
    let missing = |limit| async move {
        let mut texts: Vec<String> =
            store.unembedded("test/model", limit).await.expect("unembedded").into_iter().map(|c| c.text).collect();
        texts.sort();
        texts
    };
    assert_eq!(missing(10).await, ["five", "four"]);
    assert_eq!(missing(1).await.len(), 1);
    assert_eq!(store.unembedded("other/model", 10).await.expect("unembedded").len(), 5);
    let ids = [other.chunks[0].id, ChunkId(404), other.chunks[1].id];
    store.embed(embeddings(&[&[1.0], &[1.0], &[0.0; 16]]), &ids).await.expect("embed");
    assert!(missing(10).await.is_empty(), "a vector without a direction is one, too");
    store.embed(embeddings(&[]), &[]).await.expect("embedding nothing");
    assert_eq!(store.contents().await.expect("contents").embedded["test/model"], 5);
    store.put(vec![Document::new(document.source, document.chunks)]).await.expect("put");
    assert_eq!(missing(10).await.len(), 3, "what is written without embeddings has none");
    store.remove(&["/b".into()]).await.expect("remove");
    assert!(!store.contents().await.expect("contents").embedded.contains_key("test/model"));
}

async fn embeddings_that_do_not_fit_are_refused<S: Store>(store: &S) {
    let mut document = public("/a", &["one", "two"]);
    document.embeddings = Some(embeddings(&[&[1.0], &[0.0, 1.0]]));
    let id = document.chunks[0].id;
    store.put(vec![document.clone()]).await.expect("put");
    let of = |vectors: Vec<Vec<f32>>| Embeddings { model: "test/model".into(), vectors };
    let bad = [
        of(vec![vector(&[1.0])]),
        of(vec![vector(&[1.0]), vec![1.0; 15]]),
        of(vec![vec![1.0; 15], vec![1.0; 15]]),
        of(vec![vec![], vec![]]),
        of(vec![vector(&[1.0]), vec![f32::NAN; 16]]),
        of(vec![vector(&[1.0]), vec![f32::INFINITY; 16]]),
        of(vec![vec![1.0; Embeddings::MAX_DIMENSIONS + 1]; 2]),
    ];
    for embeddings in bad {
        let mut bad = public("/bad", &["three", "four"]);
        bad.embeddings = Some(embeddings.clone());
        let refused = store.put(vec![public("/good", &["good"]), bad]).await.expect_err("embeddings that do not fit");
        assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{refused}");
        assert_eq!(store.sources("").await.expect("sources").len(), 1, "a refused batch writes nothing");
        let refused = store.embed(embeddings, &[id, document.chunks[1].id]).await.expect_err("likewise");
        assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{refused}");
    }
    let mut other = public("/other", &["three", "four"]);
    other.embeddings = Some(Embeddings { model: "other/model".into(), vectors: vec![vec![1.0; 3]; 2] });
    store.put(vec![other]).await.expect("another model has another length");
    store.remove(&["/a".into()]).await.expect("remove");
    document.embeddings = Some(of(vec![vec![1.0; 15]; 2]));
    store.put(vec![document]).await.expect("where none is left, the length may change");
}

async fn contents_are_counted<S: Store>(store: &S) {
    assert_eq!(store.contents().await.expect("contents"), ninefold_core::Contents::default());
    let mut document = public("/a", &["äöü", "code"]);
    document.chunks[1].kind = ChunkKind::Code;
    document.chunks[1].relations = vec![related(RelationKind::Calls, "x"), related(RelationKind::Mentions, "y")];
    document.embeddings = Some(embeddings(&[&[1.0], &[1.0]]));
    store.put(vec![document.clone(), public("/empty", &[])]).await.expect("put");
    store.touch(&[document.chunks[0].id, document.chunks[0].id], Timestamp(0)).await.expect("touch");
    let contents = store.contents().await.expect("contents");
    assert_eq!((contents.sources, contents.text_bytes, contents.relations, contents.used), (2, 10, 2, 1));
    assert_eq!(contents.chunks.into_iter().collect::<Vec<_>>(), [(ChunkKind::Code, 1), (ChunkKind::Text, 1)]);
    assert_eq!(contents.embedded.into_iter().collect::<Vec<_>>(), [("test/model".into(), 2)]);
}

async fn what_can_be_made_again_is_forgotten<S: Store>(store: &S) {
    let now = Timestamp(1_000 * DAY);
    // The activation of one use 90 days ago: ln(age ^ -0.5).
    let below = (90.0_f32 * 86_400.0).powf(-0.5).ln();
    let source = |path: &str, rebuildable: bool, modified: Option<i64>, texts: &[&str]| {
        let document = public(path, texts);
        let modified = modified.map(|day| Timestamp(day * DAY));
        Document { source: Source { rebuildable, modified, ..document.source }, ..document }
    };
    let mut learned = source("/learned", true, Some(0), &["learned"]);
    learned.chunks[0].kind = ChunkKind::Pattern;
    let used = source("/used", true, Some(0), &["used before", "used lately"]);
    let faded = source("/faded", true, Some(999), &["faded"]);
    store
        .put(vec![
            source("/old", true, Some(0), &["old one", "old two"]),
            source("/fresh", true, Some(950), &["fresh"]),
            source("/timeless", true, None, &["timeless"]),
            source("/note", false, Some(0), &["note"]),
            source("/empty", true, Some(0), &[]),
            learned,
            used.clone(),
            faded.clone(),
        ])
        .await
        .expect("put");
    store.touch(&[used.chunks[0].id, faded.chunks[0].id], Timestamp(100 * DAY)).await.expect("touch");
    store.touch(&[used.chunks[1].id], Timestamp(950 * DAY)).await.expect("touch");
    let all = store.sources("").await.expect("sources").len();
    let dry = Forgetting { now, below, dry_run: true };
    let expected = Forgotten { paths: vec!["/empty".into(), "/faded".into(), "/old".into()], chunks: 3 };
    assert_eq!(store.forget(&dry).await.expect("forget"), expected);
    assert_eq!(store.sources("").await.expect("sources").len(), all, "a dry run takes nothing out");
    assert_eq!(store.forget(&Forgetting { below: f32::NAN, ..dry }).await.expect("forget"), Forgotten::default());
    let wet = Forgetting { dry_run: false, ..dry };
    assert_eq!(store.forget(&wet).await.expect("forget"), expected);
    assert_eq!(store.sources("").await.expect("sources").len(), all - 3);
    assert!(found(store, &Search::new("old")).await.is_empty());
    assert_eq!(store.contents().await.expect("contents").used, 2, "uses go with their chunks");
    assert_eq!(store.forget(&wet).await.expect("forget"), Forgotten::default(), "there is nothing more to forget");
    let everything = Forgetting { below: f32::INFINITY, ..wet };
    store.forget(&everything).await.expect("forget");
    let left: Vec<_> = store.sources("").await.expect("sources").into_iter().map(|source| source.path).collect();
    assert_eq!(left, ["/learned", "/note", "/timeless"], "what cannot be made again stays, whatever is asked");
}
