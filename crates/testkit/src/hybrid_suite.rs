//! What a search must make of meaning, use, neighbourhood, filters and budgets.

use std::future::Future;

use ninefold_core::{
    ChunkId, ChunkKind, Document, Embedding, ErrorKind, Labels, Relation, RelationKind, Scope, Search, Source, Store,
    Timestamp, VectorSearch,
};

use crate::keeping_suite::{embeddings, vector};
use crate::store_suite::{document, found, public};

/// A second in microseconds.
const SECOND: i64 = 1_000_000;
const YEAR: i64 = 365 * 86_400 * SECOND;

/// Runs every requirement on searches beyond words.
pub(crate) async fn run<S: Store, F: Future<Output = S>>(open: &impl Fn() -> F, says: VectorSearch) {
    kinds_and_times_are_kept(&open().await).await;
    passages_keep_within_a_budget_of_tokens(&open().await).await;
    likeness_holds_a_passage_back(&open().await).await;
    a_meaning_is_found_without_a_shared_word(&open().await).await;
    a_search_says_whether_meaning_counted(&open().await, says).await;
    meaning_keeps_to_scope_and_filters(&open().await).await;
    meaning_follows_what_is_written(&open().await).await;
    questions_that_do_not_fit_are_refused(&open().await).await;
    what_was_used_lately_and_often_comes_first(&open().await).await;
    a_clock_set_back_does_no_harm(&open().await).await;
    context_leads_to_what_is_related(&open().await).await;
    common_names_lead_nowhere(&open().await).await;
    context_leads_to_nothing_hidden(&open().await).await;
    many_vectors_are_searched_as_few(&open().await).await;
}

fn embedding(numbers: &[f32]) -> Option<Embedding> {
    Some(Embedding { model: "test/model".into(), vector: vector(numbers) })
}

async fn kinds_and_times_are_kept<S: Store>(store: &S) {
    let kinds = [ChunkKind::Code, ChunkKind::Markdown, ChunkKind::Text, ChunkKind::Pattern];
    for (n, kind) in (0_u32..).zip(kinds) {
        let mut document = public(&format!("/{n}"), &["needle"]);
        document.chunks[0].kind = kind;
        document.source.modified = (n > 0).then(|| Timestamp(i64::from(n)));
        document.embeddings = Some(embeddings(&[&[1.0]]));
        store.put(vec![document]).await.expect("put");
    }
    let ids: Vec<ChunkId> = (0..4).map(|n| ChunkId::of(&format!("/{n}"), "needle", 0)).collect();
    // By words, by meaning, and by use beside words.
    let ways = [
        Search::new("needle"),
        Search { embedding: embedding(&[1.0]), ..Search::new("") },
        Search { now: Some(Timestamp(9)), context: ids, ..Search::new("needle") },
    ];
    for way in ways {
        let paths = |search: Search| async move {
            let evidence = store.search(&search).await.expect("search");
            assert_eq!(evidence.matched, evidence.passages.len() as u64);
            let mut paths: Vec<_> = evidence.passages.iter().map(|passage| passage.chunk.path.to_string()).collect();
            paths.sort();
            paths
        };
        let of = |kinds: &[ChunkKind]| Search { kinds: kinds.to_vec(), ..way.clone() };
        assert_eq!(paths(of(&[])).await.len(), 4);
        assert_eq!(paths(of(&[ChunkKind::Markdown])).await, ["/1"]);
        assert_eq!(paths(of(&[ChunkKind::Pattern, ChunkKind::Code, ChunkKind::Code])).await, ["/0", "/3"]);
        let since = |at| Search { since: Some(Timestamp(at)), ..way.clone() };
        assert_eq!(paths(since(2)).await, ["/2", "/3"]);
        assert_eq!(paths(since(i64::MIN)).await, ["/1", "/2", "/3"], "a source without a time is left out");
        assert!(paths(since(4)).await.is_empty());
        let all = Search { within: vec!["/2".into(), "/1".into()], kinds: vec![ChunkKind::Text], ..since(1) };
        assert_eq!(paths(all).await, ["/2"], "every filter counts");
    }
}

async fn passages_keep_within_a_budget_of_tokens<S: Store>(store: &S) {
    let long = format!("needle needle needle {}", "and so on ".repeat(40));
    store.put(vec![public("/long", &[&long])]).await.expect("put");
    for n in 0..20 {
        store.put(vec![public(&format!("/{n:02}"), &["a needle is 20 bytes"])]).await.expect("put");
    }
    for now in [None, Some(Timestamp(1))] {
        let of = |max_tokens, limit| Search { max_tokens: Some(max_tokens), limit, now, ..Search::new("needle") };
        assert_eq!(found(store, &of(20, 10)).await.len(), 4, "four passages of five tokens");
        assert_eq!(found(store, &of(24, 10)).await.len(), 4);
        assert_eq!(found(store, &of(0, 10)).await.len(), 1, "the best is returned whatever its size");
        assert_eq!(found(store, &of(1_000, 3)).await.len(), 3, "the limit stays");
        assert_eq!(found(store, &of(u64::MAX, 100)).await.len(), 21);
        assert!(found(store, &of(u64::MAX, 0)).await.is_empty());
    }
}

async fn likeness_holds_a_passage_back<S: Store>(store: &S) {
    let texts = ["needle in red hay", "needle in red hay too", "a sharp needle, blue thread"];
    for (n, text) in texts.iter().enumerate() {
        store.put(vec![public(&format!("/{n}"), &[text])]).await.expect("put");
    }
    let of = |diversity| Search { diversity, limit: 2, ..Search::new("red needle") };
    assert_eq!(found(store, &of(0.0)).await, [texts[0], texts[1]]);
    assert_eq!(found(store, &of(0.7)).await, [texts[0], texts[2]]);
    for strange in [f32::NAN, -1.0, f32::NEG_INFINITY] {
        assert_eq!(found(store, &of(strange)).await, [texts[0], texts[1]]);
    }
    assert_eq!(found(store, &of(f32::MAX)).await, [texts[0], texts[2]]);
    // With embeddings it is they that say what is alike.
    for (n, numbers) in [[1.0, 0.0], [0.0, 1.0], [1.0, 0.1]].iter().enumerate() {
        let id = ChunkId::of(&format!("/{n}"), texts[n], 0);
        store.embed(embeddings(&[numbers]), &[id]).await.expect("embed");
    }
    let search = Search { embedding: embedding(&[1.0, 1.0]), ..of(0.9) };
    assert_eq!(found(store, &search).await, [texts[0], texts[1]]);
}

async fn a_meaning_is_found_without_a_shared_word<S: Store>(store: &S) {
    let texts = ["the dog barks", "a canine makes noise", "stars are far"];
    let mut written = public("/a", &texts);
    written.embeddings = Some(embeddings(&[&[1.0, 0.1], &[1.0, 0.2], &[0.0, 0.0, 1.0]]));
    store.put(vec![written]).await.expect("put");
    let search = Search { embedding: embedding(&[1.0, 0.1]), ..Search::new("dog") };
    let evidence = store.search(&search).await.expect("search");
    let order: Vec<&str> = evidence.passages.iter().map(|passage| passage.chunk.text.as_str()).collect();
    assert_eq!(order, ["the dog barks", "a canine makes noise"], "what is not near at all is not found");
    assert_eq!((evidence.matched, evidence.vectors), (2, VectorSearch::Used));
    let [dog, canine] = [0, 1].map(|n| evidence.passages[n].signals);
    assert!(dog.lexical.is_some_and(|score| score > 0.0) && dog.vector.is_some_and(|cosine| cosine > 0.999), "{dog:?}");
    assert!(
        canine.lexical.is_none() && canine.vector.is_some_and(|cosine| (0.9..0.999).contains(&cosine)),
        "{canine:?}"
    );
    assert!(dog.activation.is_none() && dog.relation.is_none());
    let by_meaning = store.search(&Search { text: "?".into(), ..search }).await.expect("search");
    assert_eq!(by_meaning.passages.len(), 2, "an embedding needs no words");
    assert!(by_meaning.terms.is_empty());
}

async fn a_search_says_whether_meaning_counted<S: Store>(store: &S, says: VectorSearch) {
    let hidden = Labels::of(["hr"]);
    store.put(vec![public("/a", &["needle"]), document("/hr", &hidden, &[("", "needle")])]).await.expect("put");
    let status = |search: Search| async move { store.search(&search).await.expect("search").vectors };
    let with = Search { embedding: embedding(&[1.0]), ..Search::new("needle") };
    assert_eq!(status(Search::new("needle")).await, says);
    assert_eq!(status(with.clone()).await, VectorSearch::NothingEmbedded);
    store.embed(embeddings(&[&[1.0]]), &[ChunkId::of("/hr", "needle", 0)]).await.expect("embed");
    assert_eq!(status(with.clone()).await, VectorSearch::NothingEmbedded, "what is hidden does not count");
    let granted = Search { scope: Scope::of(["hr"]), ..with.clone() };
    assert_eq!(status(granted.clone()).await, VectorSearch::Used);
    let elsewhere = Search { within: vec!["/nowhere".into()], ..granted };
    assert_eq!(status(elsewhere).await, VectorSearch::Used, "it was looked for, only not found");
    let other = Some(Embedding { model: "other/model".into(), vector: vec![1.0; 3] });
    let evidence = store.search(&Search { embedding: other, ..with.clone() }).await.expect("search");
    assert_eq!(evidence.vectors, VectorSearch::NothingEmbedded, "vectors of two models do not compare");
    assert_eq!(evidence.passages.len(), 1, "it goes by words");
    if says != VectorSearch::Used {
        let by_words = store.search(&Search::new("needle")).await.expect("search");
        assert_eq!(evidence.passages, by_words.passages, "and just as by words");
    }
}

async fn meaning_keeps_to_scope_and_filters<S: Store>(store: &S) {
    let hr = Labels::of(["hr"]);
    for n in 0..30 {
        let mut hidden = document(&format!("/hr/{n}"), &hr, &[("", &format!("hidden {n}"))]);
        hidden.embeddings = Some(embeddings(&[&[1.0, n as f32 / 1e4]]));
        let mut open = public(&format!("/open/{n}"), &[&format!("open {n}")]);
        open.embeddings = Some(embeddings(&[&[1.0, 1.0, n as f32 / 1e4]]));
        store.put(vec![hidden, open]).await.expect("put");
    }
    let of = |scope, within: &str| Search {
        scope,
        within: vec![within.to_owned()],
        embedding: embedding(&[1.0]),
        limit: 50,
        ..Search::new("")
    };
    let public = store.search(&of(Scope::public(), "")).await.expect("search");
    assert_eq!((public.passages.len(), public.matched), (30, 30));
    assert!(public.passages.iter().all(|passage| passage.chunk.labels.is_empty()));
    assert!(found(store, &of(Scope::public(), "/hr")).await.is_empty(), "a path opens nothing");
    let granted = store.search(&of(Scope::of(["hr"]), "")).await.expect("search");
    assert_eq!(granted.passages.len(), 50);
    assert!(granted.passages[..30].iter().all(|passage| passage.chunk.path.starts_with("/hr/")));
    assert_eq!(found(store, &of(Scope::of(["hr"]), "/open/7")).await, ["open 7"]);
}

async fn meaning_follows_what_is_written<S: Store>(store: &S) {
    let near = |numbers: &'static [f32]| async move {
        let search = Search { embedding: embedding(numbers), limit: 1, ..Search::new("") };
        found(store, &search).await.pop().unwrap_or_default()
    };
    let mut a = public("/a", &["first", "second"]);
    a.embeddings = Some(embeddings(&[&[1.0], &[0.0, 1.0]]));
    store.put(vec![a.clone()]).await.expect("put");
    assert_eq!(near(&[1.0]).await, "first");
    let mut b = public("/b", &["third"]);
    b.embeddings = Some(embeddings(&[&[1.0, 0.0, 1.0]]));
    store.put(vec![b.clone()]).await.expect("put");
    assert_eq!(near(&[1.0, 0.0, 1.0]).await, "third", "what came later is found");
    store.embed(embeddings(&[&[0.0, 0.0, 0.0, 1.0]]), &[a.chunks[0].id]).await.expect("embed");
    assert_eq!(near(&[1.0]).await, "third", "what was embedded anew has moved");
    assert_eq!(near(&[0.0, 0.0, 0.0, 1.0]).await, "first");
    store.remove(&["/b".into()]).await.expect("remove");
    assert_eq!(near(&[1.0, 0.0, 1.0]).await, "", "what is gone is not found");
    // The last rows go and others take their places.
    for round in 0..30 {
        let mut c = public("/c", &[&format!("round {round}")]);
        c.embeddings = Some(embeddings(&[&[0.0, 0.0, 1.0, round as f32]]));
        store.put(vec![c]).await.expect("put");
        let search = Search { embedding: embedding(&[0.0, 0.0, 1.0, round as f32]), ..Search::new("") };
        assert_eq!(found(store, &search).await[0], format!("round {round}"));
    }
    store.put(vec![Document::new(a.source, a.chunks)]).await.expect("put");
    assert_eq!(near(&[0.0, 1.0]).await, "", "what was written without embeddings has none");
}

async fn questions_that_do_not_fit_are_refused<S: Store>(store: &S) {
    let mut written = public("/a", &["needle"]);
    written.embeddings = Some(embeddings(&[&[1.0]]));
    store.put(vec![written]).await.expect("put");
    for vector in [vec![], vec![1.0; 15], vec![1.0; 17], vec![f32::NAN; 16], vec![f32::NEG_INFINITY; 16]] {
        let embedding = Some(Embedding { model: "test/model".into(), vector });
        let refused = store.search(&Search { embedding, ..Search::new("needle") }).await.expect_err("no such vector");
        assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{refused}");
        assert!(refused.hint_text().is_some());
    }
    let nothing = Search { embedding: embedding(&[]), ..Search::new("needle") };
    assert_eq!(found(store, &nothing).await, ["needle"], "a question of which the model makes nothing goes by words");
}

async fn what_was_used_lately_and_often_comes_first<S: Store>(store: &S) {
    for name in ["a", "b", "c", "d"] {
        store.put(vec![public(&format!("/{name}"), &["needle"])]).await.expect("put");
    }
    let id = |name: &str| ChunkId::of(&format!("/{name}"), "needle", 0);
    let now = Timestamp(10 * YEAR);
    let order = |now| async move {
        let evidence = store.search(&Search { now, ..Search::new("needle") }).await.expect("search");
        let signals: Vec<_> = evidence.passages.iter().map(|passage| passage.signals.activation).collect();
        let paths: Vec<_> = evidence.passages.iter().map(|passage| passage.chunk.path.to_string()).collect();
        (paths, signals)
    };
    assert_eq!(order(Some(now)).await.0, ["/a", "/b", "/c", "/d"], "without any use the order stands");
    store.touch(&[id("b")], Timestamp(now.0 - YEAR)).await.expect("touch");
    store.touch(&[id("d")], Timestamp(now.0 - SECOND)).await.expect("touch");
    let (paths, signals) = order(Some(now)).await;
    assert_eq!(paths, ["/d", "/b", "/a", "/c"], "touched a year ago and touched now are not the same");
    assert_eq!(signals[0], Some(0.0), "ln 1");
    assert!(signals[1].is_some_and(|level| (level + 8.634).abs() < 0.01), "ln (a year ^ -.5): {signals:?}");
    assert_eq!(signals[2..], [None, None]);
    let later = Some(Timestamp(now.0 + 10 * YEAR));
    assert!(order(later).await.1[0] < Some(-9.0), "activation is computed when it is read");
    for _ in 0..200 {
        store.touch(&[id("c")], Timestamp(now.0 - 3600 * SECOND)).await.expect("touch");
    }
    assert_eq!(order(Some(now)).await.0, ["/c", "/d", "/b", "/a"], "often an hour ago against once just now");
    let (paths, signals) = order(None).await;
    assert_eq!(paths, ["/c", "/b", "/d", "/a"], "without a time only the number of uses parts equals");
    assert_eq!(signals, [None; 4]);
    let weak = public("/weak", &["needle and a haystack of other words that make it long and far less to the point"]);
    store.put(vec![weak.clone()]).await.expect("put");
    store.touch(&vec![weak.chunks[0].id; 1_000], now).await.expect("touch");
    assert_eq!(order(Some(now)).await.0.last().map(String::as_str), Some("/weak"), "use does not drown words");
}

async fn a_clock_set_back_does_no_harm<S: Store>(store: &S) {
    let written = public("/a", &["needle"]);
    store.put(vec![written.clone()]).await.expect("put");
    for at in [5 * YEAR, 0, i64::MAX, i64::MIN, 3 * YEAR, 3 * YEAR, 0] {
        store.touch(&[written.chunks[0].id], Timestamp(at)).await.expect("touch");
        for now in [i64::MIN, 0, 3 * YEAR, i64::MAX] {
            let search = Search { now: Some(Timestamp(now)), ..Search::new("needle") };
            let evidence = store.search(&search).await.expect("search");
            let passage = &evidence.passages[0];
            assert!(passage.score.is_finite(), "{passage:?}");
            assert!(passage.signals.activation.is_some_and(f32::is_finite), "{passage:?}");
        }
    }
}

/// A file of one chunk of code.
fn code(path: &str, text: &str, defines: &[&str], relations: &[(RelationKind, &str)]) -> Document {
    let mut document = public(path, &[text]);
    let chunk = &mut document.chunks[0];
    chunk.kind = ChunkKind::Code;
    chunk.defines = defines.iter().map(|&name| name.into()).collect();
    chunk.relations = relations.iter().map(|&(kind, target)| Relation { kind, target: target.into() }).collect();
    document
}

async fn context_leads_to_what_is_related<S: Store>(store: &S) {
    use RelationKind::{Calls, Mentions};
    let main = code("/main", "entry point", &["main"], &[(Calls, "run"), (Mentions, "helper")]);
    store
        .put(vec![
            main.clone(),
            code("/a", "needle a", &["unrelated"], &[]),
            code("/b", "needle b", &["helper"], &[]),
            code("/c", "needle c", &["run"], &[(Calls, "deep")]),
            code("/d", "needle d", &[], &[(Calls, "main")]),
            code("/e", "silent", &["deep"], &[]),
        ])
        .await
        .expect("put");
    let evidence = |context: Vec<ChunkId>| async move {
        store.search(&Search { context, ..Search::new("needle") }).await.expect("search")
    };
    let paths = |evidence: &ninefold_core::Evidence| {
        evidence.passages.iter().map(|passage| passage.chunk.path.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(paths(&evidence(vec![]).await), ["/a", "/b", "/c", "/d"]);
    let with = evidence(vec![main.chunks[0].id, ChunkId(404)]).await;
    assert_eq!(
        paths(&with),
        ["/c", "/d", "/b", "/a", "/e"],
        "calls carry more than mentions, nearer more than farther"
    );
    assert_eq!(with.matched, 5);
    let relation = |n: usize| with.passages[n].signals.relation.unwrap_or_default();
    assert!(relation(0) > relation(2) && relation(0) > relation(4) && relation(2).min(relation(4)) > 0.0);
    assert_eq!(with.passages[3].signals.relation, None);
    assert_eq!(with.passages[4].signals.lexical, None, "two relations away and without the word");
    let alone = store.search(&Search { context: vec![main.chunks[0].id], ..Search::new("") }).await.expect("search");
    assert_eq!(alone.passages.len(), 4, "a context leads somewhere without any words");
    // What is no longer related is no longer led to.
    store.put(vec![code("/main", "entry point", &["other"], &[])]).await.expect("put");
    assert_eq!(paths(&evidence(vec![main.chunks[0].id]).await), ["/a", "/b", "/c", "/d"]);
}

async fn common_names_lead_nowhere<S: Store>(store: &S) {
    let caller = code("/caller", "calls", &[], &[(RelationKind::Calls, "new")]);
    store.put(vec![caller.clone()]).await.expect("put");
    let search = Search { context: vec![caller.chunks[0].id], limit: 100, ..Search::new("nothing") };
    let mut flows = Vec::new();
    for count in [1, 2, 40] {
        let path = |n: usize| format!("/{n}");
        let documents = (0..count).map(|n| code(&path(n), &format!("definition {n}"), &["new"], &[])).collect();
        store.put(documents).await.expect("put");
        let evidence = store.search(&search).await.expect("search");
        flows.push(
            evidence.passages.iter().map(|passage| passage.signals.relation.unwrap_or_default()).collect::<Vec<_>>(),
        );
    }
    assert_eq!(flows.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2, 0]);
    assert!((flows[0][0] - 2.0 * flows[1][0]).abs() < 1e-6, "what flows over a name is shared: {flows:?}");
}

async fn context_leads_to_nothing_hidden<S: Store>(store: &S) {
    let hr = Labels::of(["hr"]);
    let hide = |mut document: Document| {
        document.source = Source { labels: hr.clone(), ..document.source };
        document
    };
    let main = code("/main", "entry", &["main"], &[(RelationKind::Calls, "run")]);
    let hidden = hide(code("/hidden", "secret", &["secret"], &[(RelationKind::Calls, "run")]));
    store.put(vec![main.clone(), hidden.clone(), code("/run", "runs", &["run"], &[])]).await.expect("put");
    let of = |scope, context| Search { scope, context, ..Search::new("nothing") };
    let before = store.search(&of(Scope::public(), vec![main.chunks[0].id])).await.expect("search");
    assert_eq!(before.passages.len(), 1);
    for n in 0..50 {
        store.put(vec![hide(code(&format!("/hr/{n}"), &format!("{n}"), &["run"], &[]))]).await.expect("put");
    }
    let after = store.search(&of(Scope::public(), vec![main.chunks[0].id])).await.expect("search");
    assert_eq!(after, before, "what is hidden takes no share and is not reached");
    assert!(found(store, &of(Scope::public(), vec![hidden.chunks[0].id])).await.is_empty(), "nor does it lead on");
    let granted = store.search(&of(Scope::of(["hr"]), vec![main.chunks[0].id])).await.expect("search");
    assert!(granted.passages.is_empty(), "with fifty more definitions the name is a common one");
}

/// More vectors than an index compares one by one: recall is measured elsewhere, here nothing may be missed grossly.
async fn many_vectors_are_searched_as_few<S: Store>(store: &S) {
    // A fixed sequence (Knuth's multiplier for linear congruence).
    let mut state = 1_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    };
    let vectors: Vec<Vec<f32>> = (0..3_000).map(|_| (0..16).map(|_| random()).collect()).collect();
    for (n, batch) in vectors.chunks(500).enumerate() {
        let texts: Vec<String> = (0..batch.len()).map(|k| format!("text {}", n * 500 + k)).collect();
        let mut written = public(&format!("/{n}"), &texts.iter().map(String::as_str).collect::<Vec<_>>());
        written.embeddings = Some(embeddings(&batch.iter().map(Vec::as_slice).collect::<Vec<_>>()));
        store.put(vec![written]).await.expect("put");
    }
    let mut hits = 0;
    for n in (0..3_000).step_by(100) {
        let search = Search { embedding: embedding(&vectors[n]), limit: 1, ..Search::new("") };
        hits += usize::from(found(store, &search).await == [format!("text {n}")]);
    }
    assert_eq!(hits, 30, "a vector is nearest to itself");
    store.remove(&["/0".into(), "/1".into(), "/2".into(), "/3".into()]).await.expect("remove");
    let search = Search { embedding: embedding(&vectors[0]), limit: 20, ..Search::new("") };
    let left = found(store, &search).await;
    let number = |text: &String| text.strip_prefix("text ").and_then(|n| n.parse::<usize>().ok()).unwrap_or_default();
    assert_eq!(left.len(), 20);
    assert!(left.iter().all(|text| number(text) >= 2_000), "{left:?}");
}
