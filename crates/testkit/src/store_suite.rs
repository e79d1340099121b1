//! What every store must do: writing, reading, removal, usage. What searches must find is in `search_suite.rs` and
//! `hybrid_suite.rs`; what is kept beside texts, and forgotten, in `keeping_suite.rs`.

use std::future::Future;

use ninefold_core::{
    Chunk, ChunkId, ChunkKind, Document, ErrorKind, Key, Labels, Lines, Scope, Search, Source, Store, Timestamp,
    VectorSearch,
};
use smol_str::SmolStr;

use crate::{hybrid_suite, keeping_suite, search_suite};

/// Runs every requirement on a [`Store`] against fresh, empty stores made by `open`.
///
/// # Panics
/// When a requirement is not met; the message names it.
pub async fn store_suite<S: Store, F: Future<Output = S>>(open: impl Fn() -> F) {
    embedding_store_suite(open, VectorSearch::NoEmbedding).await;
}

/// The same for a store that looks for the meaning of a text by itself. `says` is what its evidence says of a search that
/// brings no embedding, when something visible has one: `Used`, or `EmbedderFailed` from stores whose embedder is down.
/// The embedder must find no text near another, as meaning would add to what words find: one that gives vectors without
/// a direction, or one that fails.
///
/// # Panics
/// When a requirement is not met; the message names it.
pub async fn embedding_store_suite<S: Store, F: Future<Output = S>>(open: impl Fn() -> F, says: VectorSearch) {
    an_empty_store_answers(&open().await).await;
    what_was_put_is_got(&open().await).await;
    a_document_replaces_its_source(&open().await).await;
    of_one_source_twice_in_a_batch_the_last_counts(&open().await).await;
    a_batch_with_one_id_twice_is_refused_whole(&open().await).await;
    a_chunk_that_nobody_could_read_whole_is_refused(&open().await).await;
    a_chunk_may_move_to_another_source(&open().await).await;
    the_source_decides_path_and_labels(&open().await).await;
    get_hides_what_is_out_of_scope(&open().await).await;
    remove_counts_sources_and_forgets_their_chunks(&open().await).await;
    sources_come_by_path_below_a_prefix(&open().await).await;
    many_documents_at_once(&open().await).await;
    usage_survives_an_unchanged_chunk_and_ends_with_it(&open().await).await;
    search_suite::run(&open).await;
    keeping_suite::run(&open).await;
    hybrid_suite::run(&open, says).await;
}

/// A source at `path` whose hash follows from its chunks.
pub(crate) fn document(path: &str, labels: &Labels, chunks: &[(&str, &str)]) -> Document {
    let mut line = 1;
    let chunks: Vec<Chunk> = chunks
        .iter()
        .enumerate()
        .map(|(n, (title, text))| {
            let lines = Lines::new(line, line + text.lines().count().saturating_sub(1) as u32);
            line = lines.last + 2;
            let occurrence = chunks[..n].iter().filter(|(_, other)| other == text).count() as u32;
            Chunk {
                id: ChunkId::of(path, text, occurrence),
                lines,
                title: (*title).to_owned(),
                labels: labels.clone(),
                ..Chunk::new(path, ChunkKind::Text, *text)
            }
        })
        .collect();
    let hash = Key::of(&chunks).expect("chunks have keys");
    Document::new(Source { labels: labels.clone(), ..Source::new(path, hash) }, chunks)
}

/// A public document with untitled chunks.
pub(crate) fn public(path: &str, texts: &[&str]) -> Document {
    let chunks: Vec<(&str, &str)> = texts.iter().map(|text| ("", *text)).collect();
    document(path, &Labels::none(), &chunks)
}

/// The texts that a search finds, best first.
pub(crate) async fn found<S: Store>(store: &S, search: &Search) -> Vec<String> {
    let evidence = store.search(search).await.expect("search");
    evidence.passages.iter().map(|passage| passage.chunk.text.clone()).collect()
}

async fn paths<S: Store>(store: &S, prefix: &str) -> Vec<String> {
    store.sources(prefix).await.expect("sources").into_iter().map(|source| source.path.to_string()).collect()
}

async fn an_empty_store_answers<S: Store>(store: &S) {
    assert!(store.sources("").await.expect("sources").is_empty());
    assert!(store.get(&[ChunkId(1)], &Scope::Unrestricted).await.expect("get").is_empty());
    assert_eq!(store.remove(&["/a".into()]).await.expect("remove"), 0);
    store.touch(&[ChunkId(1)], Timestamp(1)).await.expect("touch");
    store.put(Vec::new()).await.expect("put of nothing");
    let evidence = store.search(&Search::new("anything")).await.expect("search");
    assert!(evidence.passages.is_empty());
    assert_eq!(evidence.matched, 0);
    assert_eq!(evidence.terms.len(), 1);
    assert_eq!(evidence.terms[0].weight, 0.0, "a term that no chunk holds weighs nothing");
}

async fn what_was_put_is_got<S: Store>(store: &S) {
    let mut odd = document("/dir with space/ö%_'\"\u{0}.md", &Labels::of(["b", "a\"'\u{0}"]), &[("Title > ü", "text")]);
    odd.chunks[0].kind = ChunkKind::Markdown;
    odd.chunks[0].lines = Lines::new(u32::MAX - 1, u32::MAX);
    odd.chunks[0].id = ChunkId(u64::MAX);
    let raw = public("raw", &["  leading\r\n\u{0}\t🚀 trailing \u{202e}\r\n", ""]);
    let empty = public("/empty", &[]);
    store.put(vec![odd.clone(), raw.clone(), empty.clone()]).await.expect("put");
    let ids = [raw.chunks[1].id, odd.chunks[0].id, ChunkId(404), raw.chunks[0].id, raw.chunks[0].id];
    let got = store.get(&ids, &Scope::Unrestricted).await.expect("get");
    let expected = [raw.chunks[1].clone(), odd.chunks[0].clone(), raw.chunks[0].clone(), raw.chunks[0].clone()];
    assert_eq!(got, expected, "chunks come byte for byte, in the order asked for, without unknown ids");
    let mut sources = store.sources("").await.expect("sources");
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    assert_eq!(sources, [odd.source, empty.source, raw.source], "a source without chunks is a source");
}

async fn a_document_replaces_its_source<S: Store>(store: &S) {
    let before = public("/a", &["alpha stays", "beta goes"]);
    let other = public("/b", &["alpha elsewhere"]);
    store.put(vec![before.clone(), other.clone()]).await.expect("put");
    let after = public("/a", &["gamma is new", "alpha stays"]);
    store.put(vec![after.clone()]).await.expect("put again");
    let ids = [before.chunks[1].id, after.chunks[0].id, after.chunks[1].id, other.chunks[0].id];
    let got = store.get(&ids, &Scope::public()).await.expect("get");
    assert_eq!(got, [after.chunks[0].clone(), after.chunks[1].clone(), other.chunks[0].clone()]);
    assert!(found(store, &Search::new("beta")).await.is_empty(), "a replaced text is not found");
    assert_eq!(found(store, &Search::new("gamma")).await, ["gamma is new"]);
    assert_eq!(found(store, &Search::new("stays")).await, ["alpha stays"], "a kept text is found once");
    let evidence = store.search(&Search::new("beta")).await.expect("search");
    assert_eq!(evidence.terms[0].weight, 0.0, "a replaced text leaves no weight behind");
    assert_eq!(store.sources("/a").await.expect("sources"), [after.source]);
    store.put(vec![public("/a", &[])]).await.expect("put without chunks");
    assert!(found(store, &Search::new("gamma")).await.is_empty());
    assert_eq!(paths(store, "").await, ["/a", "/b"]);
}

async fn of_one_source_twice_in_a_batch_the_last_counts<S: Store>(store: &S) {
    let (first, last) = (public("/a", &["earlier"]), public("/a", &["later"]));
    store.put(vec![first, public("/b", &["between"]), last.clone()]).await.expect("put");
    assert_eq!(store.sources("/a").await.expect("sources"), [last.source]);
    assert!(found(store, &Search::new("earlier")).await.is_empty());
    assert_eq!(found(store, &Search::new("later")).await, ["later"]);
}

async fn a_batch_with_one_id_twice_is_refused_whole<S: Store>(store: &S) {
    let standing = public("/standing", &["standing text"]);
    store.put(vec![standing.clone()]).await.expect("put");
    let mut within = public("/x", &["one", "two"]);
    within.chunks[1].id = within.chunks[0].id;
    let mut across = public("/y", &["other"]);
    across.chunks[0].id = standing.chunks[0].id;
    for bad in [within, across] {
        let batch = vec![public("/good", &["good"]), public("/standing", &["standing text"]), bad];
        let mut batch_without_owner = batch.clone();
        batch_without_owner.remove(1);
        for batch in [batch, batch_without_owner] {
            let refused = store.put(batch).await.expect_err("one id twice");
            assert_eq!(refused.kind(), ErrorKind::InvalidInput);
            assert_eq!(paths(store, "").await, ["/standing"], "a refused batch writes nothing");
            assert!(found(store, &Search::new("good")).await.is_empty());
            assert_eq!(found(store, &Search::new("standing")).await, ["standing text"], "and removes nothing");
        }
    }
}

async fn a_chunk_that_nobody_could_read_whole_is_refused<S: Store>(store: &S) {
    let longest = "é".repeat(Chunk::MAX_TEXT / 2);
    let too_long = format!("{longest}x");
    let refused =
        store.put(vec![public("/good", &["good"]), public("/bad", &[&too_long])]).await.expect_err("too long");
    assert_eq!(refused.kind(), ErrorKind::TooLong);
    assert!(paths(store, "").await.is_empty(), "a refused batch writes nothing");
    store.put(vec![public("/longest", &[&longest])]).await.expect("the longest text");
}

async fn a_chunk_may_move_to_another_source<S: Store>(store: &S) {
    let from = public("/from", &["wandering"]);
    store.put(vec![from.clone()]).await.expect("put");
    let mut to = public("/to", &["wandering"]);
    to.chunks[0].id = from.chunks[0].id;
    store.put(vec![to, public("/from", &[])]).await.expect("a move within one batch");
    let got = store.get(&[from.chunks[0].id], &Scope::public()).await.expect("get");
    assert_eq!(got[0].path, "/to");
}

async fn the_source_decides_path_and_labels<S: Store>(store: &S) {
    let mut lying = document("/secret", &Labels::of(["secret"]), &[("", "hidden words")]);
    lying.chunks[0].labels = Labels::none();
    lying.chunks[0].path = "/public".into();
    let id = lying.chunks[0].id;
    store.put(vec![lying]).await.expect("put");
    assert!(store.get(&[id], &Scope::public()).await.expect("get").is_empty());
    assert!(found(store, &Search::new("hidden")).await.is_empty());
    let got = store.get(&[id], &Scope::of(["secret"])).await.expect("get");
    assert_eq!((got[0].path.as_str(), &got[0].labels), ("/secret", &Labels::of(["secret"])));
}

async fn get_hides_what_is_out_of_scope<S: Store>(store: &S) {
    let documents: Vec<Document> = [("/p", vec![]), ("/h", vec!["hr"]), ("/e", vec!["eu"]), ("/he", vec!["eu", "hr"])]
        .into_iter()
        .map(|(path, labels)| document(path, &Labels::of(labels), &[("", path)]))
        .collect();
    let ids: Vec<ChunkId> = documents.iter().map(|document| document.chunks[0].id).collect();
    store.put(documents).await.expect("put");
    for (scope, visible) in [
        (Scope::public(), vec!["/p"]),
        (Scope::of(["hr"]), vec!["/p", "/h"]),
        (Scope::of(["hr", "eu", "other"]), vec!["/p", "/h", "/e", "/he"]),
        (Scope::Unrestricted, vec!["/p", "/h", "/e", "/he"]),
        (Scope::of(["h", "hr\",\"eu", "[]"]), vec!["/p"]),
    ] {
        let got = store.get(&ids, &scope).await.expect("get");
        let got: Vec<&str> = got.iter().map(|chunk| chunk.path.as_str()).collect();
        assert_eq!(got, visible, "{scope:?}");
    }
}

async fn remove_counts_sources_and_forgets_their_chunks<S: Store>(store: &S) {
    let (a, b) = (public("/a", &["apple", "apricot"]), public("/b", &["banana"]));
    store.put(vec![a.clone(), b.clone(), public("/empty", &[])]).await.expect("put");
    let gone: Vec<SmolStr> = vec!["/a".into(), "/nowhere".into(), "/a".into(), "/empty".into(), "/".into()];
    assert_eq!(store.remove(&gone).await.expect("remove"), 2);
    assert_eq!(store.remove(&gone).await.expect("remove again"), 0);
    assert_eq!(paths(store, "").await, ["/b"]);
    assert!(store.get(&[a.chunks[0].id], &Scope::Unrestricted).await.expect("get").is_empty());
    assert!(found(store, &Search::new("apple apricot")).await.is_empty());
    assert_eq!(found(store, &Search::new("banana")).await, ["banana"]);
    store.put(vec![a]).await.expect("put again");
    assert_eq!(found(store, &Search::new("apple")).await, ["apple"]);
}

async fn sources_come_by_path_below_a_prefix<S: Store>(store: &S) {
    let all = ["/a", "/a%b/x", "/a/b", "/a/b_c/d", "/aXb/x", "/ab", "/a0", "/z/é", "note"];
    store.put(all.iter().rev().map(|path| public(path, &["needle"])).collect()).await.expect("put");
    let mut sorted = all;
    sorted.sort_unstable();
    assert_eq!(paths(store, "").await, sorted, "by path, whatever the order of writing");
    for (prefix, below) in [
        ("/a", vec!["/a", "/a/b", "/a/b_c/d"]),
        ("/a/", vec!["/a", "/a/b", "/a/b_c/d"]),
        ("/a/b", vec!["/a/b"]),
        ("/a%b", vec!["/a%b/x"]),
        ("/a_b", vec![]),
        ("note", vec!["note"]),
        ("no", vec![]),
        ("/z/é", vec!["/z/é"]),
        ("' OR 1=1 --", vec![]),
    ] {
        assert_eq!(paths(store, prefix).await, below, "below {prefix:?}");
        if !below.is_empty() {
            let search = Search { within: vec![prefix.to_owned()], ..Search::new("needle") };
            let evidence = store.search(&search).await.expect("search");
            let within: Vec<&str> = evidence.passages.iter().map(|passage| passage.chunk.path.as_str()).collect();
            assert_eq!(within, below, "a search within {prefix:?}");
        }
    }
}

async fn many_documents_at_once<S: Store>(store: &S) {
    let documents: Vec<Document> = (0..300)
        .map(|n| {
            let texts: Vec<String> = (0..3).map(|part| format!("document {n} part {part} common")).collect();
            public(&format!("/many/{n:03}"), &texts.iter().map(String::as_str).collect::<Vec<_>>())
        })
        .collect();
    let puts = documents.chunks(25).map(|batch| store.put(batch.to_vec()));
    futures_util::future::try_join_all(puts).await.expect("puts at once");
    assert_eq!(store.sources("/many").await.expect("sources").len(), 300);
    let evidence = store.search(&Search { limit: 1_000, ..Search::new("common") }).await.expect("search");
    assert_eq!((evidence.passages.len(), evidence.matched), (900, 900));
    let evidence = store.search(&Search { limit: 7, ..Search::new("common") }).await.expect("search");
    assert_eq!((evidence.passages.len(), evidence.matched), (7, 900));
}

async fn usage_survives_an_unchanged_chunk_and_ends_with_it<S: Store>(store: &S) {
    let search = Search::new("tied");
    let (a, b) = (public("/a", &["tied a"]), public("/b", &["tied b"]));
    store.put(vec![a.clone(), b.clone()]).await.expect("put");
    assert_eq!(found(store, &search).await, ["tied a", "tied b"], "equal scores and uses go by path");
    let ids = [b.chunks[0].id, ChunkId(404)];
    store.touch(&ids, Timestamp(5)).await.expect("touch");
    assert_eq!(found(store, &search).await, ["tied b", "tied a"], "of equal scores the used one comes first");
    store.touch(&[a.chunks[0].id, a.chunks[0].id], Timestamp(6)).await.expect("touch");
    assert_eq!(found(store, &search).await, ["tied a", "tied b"], "each mention counts");
    store.remove(&["/b".into()]).await.expect("remove");
    store.put(vec![public("/a", &["tied a", "unrelated"]), b.clone()]).await.expect("put");
    store.touch(&[b.chunks[0].id], Timestamp(7)).await.expect("touch");
    assert_eq!(found(store, &search).await, ["tied a", "tied b"], "two uses survived the new file, against one");
    store.touch(&[b.chunks[0].id], Timestamp(8)).await.expect("touch");
    store.put(vec![public("/a", &[])]).await.expect("put");
    store.put(vec![a]).await.expect("put");
    assert_eq!(found(store, &search).await, ["tied b", "tied a"], "a chunk that was gone starts anew");
}
