//! Both stores find the same, whatever is written and asked; and what adds nothing changes nothing.

use ninefold_core::{
    Chunk, ChunkId, ChunkKind, Document, Embedding, Embeddings, Evidence, Key, Labels, Lines, Relation, RelationKind,
    Scope, Search, Source, Store, Timestamp,
};
use ninefold_store::{MemoryStore, Sqlite};
use proptest::prelude::*;

const WORDS: [&str; 8] = ["apple", "boat", "cloud", "door", "eagle", "fire", "glass", "hill"];
const NAMES: [&str; 5] = ["spawn", "run", "new", "Runtime::run", "名"];

fn words() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&WORDS[..]), 1..12).prop_map(|words| words.join(" "))
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

fn relation() -> impl Strategy<Value = Relation> {
    (prop::sample::select(&RelationKind::ALL[..]), name())
        .prop_map(|(kind, target)| Relation { kind, target: target.into() })
}

fn kind() -> impl Strategy<Value = ChunkKind> {
    prop::sample::select(&[ChunkKind::Code, ChunkKind::Markdown, ChunkKind::Text, ChunkKind::Pattern][..])
}

fn vector() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(-1.0f32..1.0, 4)
}

/// A chunk without its place, and its vector.
type Piece = (String, ChunkKind, Vec<&'static str>, Vec<Relation>, Vec<f32>);

fn piece() -> impl Strategy<Value = Piece> {
    let names = prop::collection::vec(name(), 0..3);
    (words(), kind(), names, prop::collection::vec(relation(), 0..4), vector())
}

fn document(path: String, labelled: bool, modified: Option<i64>, embedded: bool, pieces: Vec<Piece>) -> Document {
    let labels = if labelled { Labels::of(["hr"]) } else { Labels::none() };
    let (mut chunks, mut vectors): (Vec<Chunk>, Vec<Vec<f32>>) = (Vec::new(), Vec::new());
    for (n, (text, kind, defines, relations, vector)) in (0_u32..).zip(pieces) {
        chunks.push(Chunk {
            id: ChunkId::of(&path, &text, n),
            lines: Lines::new(n + 1, n + 1),
            labels: labels.clone(),
            defines: defines.into_iter().map(Into::into).collect(),
            relations,
            ..Chunk::new(&path, kind, text)
        });
        vectors.push(vector);
    }
    let embeddings = embedded.then(|| Embeddings { model: "m".into(), vectors });
    let source = Source { labels, modified: modified.map(Timestamp), ..Source::new(path, Key([0; 32])) };
    Document { embeddings, ..Document::new(source, chunks) }
}

fn documents() -> impl Strategy<Value = Vec<Document>> {
    let one = (0..6_u8, any::<bool>(), prop::option::of(0..9_i64), any::<bool>(), prop::collection::vec(piece(), 1..5))
        .prop_map(|(n, labelled, modified, embedded, pieces)| {
            document(format!("/{}/{n}", n % 2), labelled, modified, embedded, pieces)
        });
    // Sometimes more chunks than are weighed by each measure. Without names: from which of many equally active chunks
    // activation spreads on is each store's own choice.
    let nameless = piece().prop_map(|(text, kind, _, _, vector)| (text, kind, Vec::new(), Vec::new(), vector));
    let many = prop::collection::vec(nameless, 60..90)
        .prop_map(|pieces| vec![document("/0/many".to_owned(), false, Some(5), true, pieces)]);
    let (few, many) = (prop::collection::vec(one, 1..9), many);
    prop_oneof![3 => few, 1 => many]
}

fn search() -> impl Strategy<Value = Search> {
    let filters = (
        prop::collection::vec(kind(), 0..3),
        prop::option::of(0..9_i64),
        prop::option::of(0..40_u64),
        prop::option::of(0..2_u8),
        any::<bool>(),
        1..12_usize,
    );
    let signals =
        (prop::option::of(vector()), prop::option::of(50..99_i64), prop_oneof![3 => Just(0.0_f32), 1 => 0.1_f32..1.0]);
    (words(), filters, signals).prop_map(
        |(text, (kinds, since, max_tokens, within, granted, limit), (vector, now, diversity))| Search {
            text,
            scope: if granted { Scope::of(["hr"]) } else { Scope::public() },
            within: within.map(|n| format!("/{n}")).into_iter().collect(),
            limit,
            kinds,
            since: since.map(Timestamp),
            max_tokens,
            embedding: vector.map(|vector| Embedding { model: "m".into(), vector }),
            context: Vec::new(),
            now: now.map(|now| Timestamp(now * 1_000_000)),
            diversity,
        },
    )
}

/// What of evidence must agree; scores to what sums in another order leave of them.
fn seen(evidence: &Evidence) -> Vec<(ChunkId, i64)> {
    evidence.passages.iter().map(|passage| (passage.chunk.id, (passage.score * 1e3).round() as i64)).collect()
}

fn same(a: &Evidence, b: &Evidence) -> bool {
    let (mut one, mut other) = (seen(a), seen(b));
    if one == other {
        return a.matched == b.matched && a.vectors == b.vectors && a.terms == b.terms;
    }
    // Equal but for rounding: then the order among equals is open.
    one.sort_unstable();
    other.sort_unstable();
    one.len() == other.len()
        && one.iter().zip(&other).all(|(a, b)| a.0 == b.0 && (a.1 - b.1).abs() <= 1)
        && (a.matched, a.vectors) == (b.matched, b.vectors)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn both_stores_find_the_same(
        first in documents(),
        second in documents(),
        uses in prop::collection::vec((any::<prop::sample::Index>(), 0..60_i64), 0..20),
        searches in prop::collection::vec((search(), prop::collection::vec(any::<prop::sample::Index>(), 0..4)), 4),
    ) {
        let agreed: Result<(), TestCaseError> = runtime().block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let sqlite = Sqlite::open(folder.path().join("memory.db")).await.unwrap();
            let memory = MemoryStore::new();
            let ids: Vec<ChunkId> = first.iter().chain(&second).flat_map(|document| &document.chunks).map(|c| c.id).collect();
            for documents in [first, second] {
                sqlite.put(documents.clone()).await.unwrap();
                memory.put(documents).await.unwrap();
                for (id, at) in &uses {
                    let (id, at) = (*id.get(&ids), Timestamp(at * 1_000_000));
                    sqlite.touch(&[id], at).await.unwrap();
                    memory.touch(&[id], at).await.unwrap();
                }
            }
            for (mut search, context) in searches {
                search.context = context.iter().map(|id| *id.get(&ids)).collect();
                let (one, other) = (sqlite.search(&search).await.unwrap(), memory.search(&search).await.unwrap());
                prop_assert!(same(&one, &other), "{search:#?}\n{one:#?}\n{other:#?}");
            }
            prop_assert_eq!(sqlite.contents().await.unwrap(), memory.contents().await.unwrap());
            Ok(())
        });
        agreed?;
    }

    #[test]
    fn a_time_changes_nothing_where_nothing_was_used(documents in documents(), search in search()) {
        let store = MemoryStore::new();
        let by_words = Search { now: None, embedding: None, ..search };
        let with_time = Search { now: Some(Timestamp(99)), ..by_words.clone() };
        let (one, other) = runtime().block_on(async {
            store.put(documents).await.unwrap();
            (store.search(&by_words).await.unwrap(), store.search(&with_time).await.unwrap())
        });
        prop_assert_eq!(one, other);
    }
}

#[tokio::test]
async fn where_the_rarest_term_finds_nothing_within_a_filter_the_next_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path().join("memory.db")).await.unwrap();
    let memory = MemoryStore::new();
    // More chunks than one term after another is let find in.
    let many = (0..4_100).map(|n| Chunk::new("/many", ChunkKind::Text, format!("alpha beta {n}"))).collect();
    let few = vec![Chunk::new("/few", ChunkKind::Text, "beta")];
    for (path, chunks) in [("/many", many), ("/few", few)] {
        let document = Document::new(Source::new(path, Key([0; 32])), chunks);
        sqlite.put(vec![document.clone()]).await.unwrap();
        memory.put(vec![document]).await.unwrap();
    }
    let all = Search::new("alpha beta");
    let within = Search { within: vec!["/few".to_owned()], ..all.clone() };
    for (search, matched) in [(all, 4_100), (within, 1)] {
        let (one, other) = (sqlite.search(&search).await.unwrap(), memory.search(&search).await.unwrap());
        assert_eq!((one.matched, other.matched), (matched, matched), "{search:#?}");
        assert!(!one.passages.is_empty() && !other.passages.is_empty());
    }
}

#[tokio::test]
async fn the_best_of_many_that_hold_one_word_is_found_wherever_it_stands() {
    for many in [700, 3_000] {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = Sqlite::open(folder.path().join("memory.db")).await.unwrap();
        let memory = MemoryStore::new();
        for place in [0, many / 2, many - 1] {
            let path = format!("/{place}");
            let chunk = |n| {
                let title = if n == place { "fn spawn()" } else { "" };
                Chunk { title: title.to_owned(), ..Chunk::new(&path, ChunkKind::Code, format!("spawn task {n}")) }
            };
            let document = Document::new(Source::new(&path, Key([0; 32])), (0..many).map(chunk).collect());
            sqlite.put(vec![document.clone()]).await.unwrap();
            memory.put(vec![document]).await.unwrap();
            let search = Search { within: vec![path.clone()], ..Search::new("spawn") };
            for store in [&sqlite as &dyn Store, &memory] {
                let evidence = store.search(&search).await.unwrap();
                assert_eq!(evidence.passages[0].chunk.title, "fn spawn()", "{place} of {many}");
                assert_eq!(evidence.matched, many as u64);
            }
        }
    }
}

#[tokio::test]
async fn common_words_find_within_a_filter_where_rare_ones_find_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path().join("memory.db")).await.unwrap();
    let memory = MemoryStore::new();
    let source = |path: &str, texts: Vec<String>| {
        let chunks = texts.into_iter().map(|text| Chunk::new(path, ChunkKind::Text, text)).collect();
        Document::new(Source::new(path, Key([0; 32])), chunks)
    };
    let documents = vec![
        source("/else/a", (0..2_500).map(|n| format!("nothing {n}")).chain(["zebra".to_owned()]).collect()),
        source("/docs/b", (0..400).map(|n| format!("async {n}")).collect()),
    ];
    sqlite.put(documents.clone()).await.unwrap();
    memory.put(documents).await.unwrap();
    let everywhere = Search::new("zebra async");
    let within = Search { within: vec!["/docs".to_owned()], ..everywhere.clone() };
    for store in [&sqlite as &dyn Store, &memory] {
        assert_eq!(store.search(&within).await.unwrap().matched, 400);
        assert_eq!(store.search(&everywhere).await.unwrap().matched, 1, "beside a rare word they find nothing");
    }
}
