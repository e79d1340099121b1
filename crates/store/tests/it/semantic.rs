//! A store that embeds, around both stores.

use std::sync::Arc;

use ninefold_core::{Chunk, ChunkKind, Document, Error, ErrorKind, Key, Scope, Search, Source, Store, VectorSearch};
use ninefold_store::{Backfilled, MemoryStore, Semantic, Sqlite};
use ninefold_testkit::{ScriptedEmbedder, embedding_store_suite};

fn document(path: &str, texts: &[&str]) -> Document {
    let chunks = texts.iter().map(|text| Chunk { title: "Notes".into(), ..Chunk::new(path, ChunkKind::Text, *text) });
    Document::new(Source::new(path, Key::of_bytes(path.as_bytes())), chunks.collect())
}

fn room() -> (Arc<ScriptedEmbedder>, Arc<MemoryStore>, Semantic) {
    let embedder = Arc::new(ScriptedEmbedder::new().alike("automobile", "car").alike("crimson", "red"));
    let store = Arc::new(MemoryStore::new());
    let semantic = Semantic::new(Arc::clone(&store) as Arc<dyn Store>, Arc::clone(&embedder) as _);
    (embedder, store, semantic)
}

fn down() -> Option<Error> {
    Some(Error::new(ErrorKind::Transient, "the model is down"))
}

async fn found(store: &dyn Store, text: &str) -> (Vec<String>, VectorSearch) {
    let evidence = store.search(&Search::new(text)).await.unwrap();
    (evidence.passages.iter().map(|passage| passage.chunk.text.clone()).collect(), evidence.vectors)
}

#[tokio::test]
async fn while_its_embedder_is_down_it_is_the_store_within() {
    let open = || async {
        let (embedder, _, semantic) = room();
        embedder.fail(down());
        semantic
    };
    embedding_store_suite(open, VectorSearch::EmbedderFailed).await;
}

#[tokio::test]
async fn it_is_a_store_around_either_store() {
    let decorated = |store: Arc<dyn Store>| Semantic::new(store, Arc::new(ScriptedEmbedder::new().mute()));
    embedding_store_suite(|| async { decorated(Arc::new(MemoryStore::new())) }, VectorSearch::Used).await;
    let directory = tempfile::tempdir().unwrap();
    let number = std::cell::Cell::new(0);
    let open = || {
        number.set(number.get() + 1);
        let path = directory.path().join(format!("{}.db", number.get()));
        async { decorated(Arc::new(Sqlite::open(path).await.unwrap())) }
    };
    embedding_store_suite(open, VectorSearch::Used).await;
}

#[tokio::test]
async fn text_without_terms_is_looked_for_as_the_store_within_does() {
    let (embedder, store, semantic) = room();
    semantic.put(vec![document("a", &["a red car"])]).await.unwrap();
    let asked = embedder.requests().len();
    for failure in [None, down()] {
        embedder.fail(failure);
        for text in ["", " \n", "?!", "\u{0}\u{202e}"] {
            let search = Search::new(text);
            assert_eq!(semantic.search(&search).await.unwrap(), store.search(&search).await.unwrap(), "{text:?}");
        }
    }
    assert_eq!(embedder.requests().len(), asked, "there was nothing to embed");
}

#[tokio::test]
async fn what_shares_no_word_is_found_by_meaning() {
    let (embedder, _, semantic) = room();
    let documents = vec![document("a", &["a red car", "tulips bloom in april"]), document("b", &["the boiler"])];
    semantic.put(documents).await.unwrap();
    assert_eq!(embedder.requests(), [["Notes\na red car", "Notes\ntulips bloom in april", "Notes\nthe boiler"]]);
    let (texts, vectors) = found(&semantic, "crimson automobile").await;
    assert_eq!((texts[0].as_str(), vectors), ("a red car", VectorSearch::Used));
    assert_eq!(semantic.contents().await.unwrap().embedded[semantic.model()], 3);
}

#[tokio::test]
async fn an_embedding_that_is_given_is_kept_and_asked_with() {
    let (embedder, store, semantic) = room();
    semantic.put(vec![document("a", &["a red car"])]).await.unwrap();
    let embedding = ninefold_core::Embedding { model: "other/model".into(), vector: vec![1.0, 0.0] };
    let search = Search { embedding: Some(embedding), ..Search::new("car") };
    assert_eq!(semantic.search(&search).await.unwrap().vectors, VectorSearch::NothingEmbedded);
    assert_eq!(embedder.requests().len(), 1);
    let (_, vectors) = found(store.as_ref(), "car").await;
    assert_eq!(vectors, VectorSearch::NoEmbedding);
}

#[tokio::test]
async fn no_file_is_lost_to_an_embedder_that_is_down_and_a_backfill_makes_up_for_it() {
    let (embedder, _, semantic) = room();
    embedder.fail(down());
    for path in ["a", "b", "c"] {
        semantic.put(vec![document(path, &["a red car", "the boiler"])]).await.unwrap();
    }
    assert_eq!(embedder.requests().len(), 1, "an embedder that is down is not asked at every put");
    assert_eq!(semantic.trouble().unwrap().message(), "the model is down");
    let (texts, vectors) = found(&semantic, "car").await;
    assert_eq!((texts.len(), vectors), (3, VectorSearch::EmbedderFailed));
    assert_eq!(semantic.backfill(|_| {}).await.unwrap_err().kind(), ErrorKind::Transient);

    embedder.fail(None);
    let mut heard = Vec::new();
    let done = semantic.backfill(|chunks| heard.push(chunks)).await.unwrap();
    assert_eq!((done, heard), (Backfilled { embedded: 6, refused: 0 }, vec![6]));
    assert_eq!(semantic.backfill(|_| {}).await.unwrap(), Backfilled::default());
    let (texts, vectors) = found(&semantic, "crimson automobile").await;
    assert_eq!((texts[0].as_str(), vectors), ("a red car", VectorSearch::Used));
}

#[tokio::test]
async fn what_the_embedder_refuses_keeps_nothing_else_back() {
    let (embedder, _, semantic) = room();
    embedder.refuse("boiler");
    semantic.put(vec![document("a", &["a red car", "the boiler", "tulips"])]).await.unwrap();
    let done = semantic.backfill(|_| {}).await.unwrap();
    assert_eq!(done, Backfilled { embedded: 2, refused: 1 });
    let (texts, _) = found(&semantic, "boiler").await;
    assert_eq!(texts[0], "the boiler");
}

#[tokio::test]
async fn an_embedder_that_refuses_everything_is_not_asked_about_every_chunk() {
    let (embedder, _, semantic) = room();
    embedder.refuse("");
    let texts: Vec<String> = (0..100).map(|n| format!("text {n}")).collect();
    semantic.put(vec![document("a", &texts.iter().map(String::as_str).collect::<Vec<_>>())]).await.unwrap();
    assert_eq!(semantic.backfill(|_| {}).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert!(embedder.requests().len() < 12, "{}", embedder.requests().len());
}

#[tokio::test(start_paused = true)]
async fn a_question_waits_for_its_embedding_only_so_long() {
    let (embedder, _, semantic) = room();
    semantic.put(vec![document("a", &["a red car"])]).await.unwrap();
    embedder.delay(std::time::Duration::from_secs(3_600));
    let before = tokio::time::Instant::now();
    let (texts, vectors) = found(&semantic, "car").await;
    assert_eq!((texts.len(), vectors), (1, VectorSearch::EmbedderFailed));
    assert!(before.elapsed() <= std::time::Duration::from_secs(10));
    assert_eq!(semantic.trouble().unwrap().kind(), ErrorKind::DeadlineExceeded);
}

#[tokio::test]
async fn what_is_out_of_scope_is_not_found_by_meaning_either() {
    let (_, _, semantic) = room();
    let mut hidden = document("a", &["a red car"]);
    hidden.source.labels = ninefold_core::Labels::of(["hr"]);
    semantic.put(vec![hidden]).await.unwrap();
    assert!(found(&semantic, "crimson automobile").await.0.is_empty());
    let search = Search { scope: Scope::of(["hr"]), ..Search::new("crimson automobile") };
    assert_eq!(semantic.search(&search).await.unwrap().passages.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_embedder_that_failed_has_a_pause_and_is_asked_again() {
    let (embedder, _, semantic) = room();
    embedder.fail(down());
    semantic.put(vec![document("a", &["a red car"])]).await.unwrap();
    let asked = embedder.requests().len();
    semantic.put(vec![document("b", &["the boiler"])]).await.unwrap();
    assert_eq!(found(&semantic, "boiler").await, (vec!["the boiler".to_owned()], VectorSearch::EmbedderFailed));
    assert_eq!(embedder.requests().len(), asked, "it was asked during its pause");
    embedder.fail(None);
    tokio::time::advance(std::time::Duration::from_secs(16)).await;
    semantic.put(vec![document("c", &["tulips"])]).await.unwrap();
    assert_eq!(embedder.requests().len(), asked + 1);
    let done = semantic.backfill(|_| {}).await.unwrap();
    assert_eq!(done, Backfilled { embedded: 2, refused: 0 });
}
