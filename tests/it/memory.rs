//! What memory adds to answers: what the asker has before him, and what was of use before.

use std::sync::Arc;

use ninefold::core::{Relation, RelationKind};
use ninefold::store::MemoryStore;
use ninefold::{Chunk, ChunkKind, Document, Key, Query, Soar, Source, Store};

fn function(path: &str, name: &str, text: &str, calls: Option<&str>) -> Document {
    let relation = |target: &str| Relation { kind: RelationKind::Calls, target: target.into() };
    let chunk = Chunk {
        defines: vec![name.into()],
        relations: calls.map(relation).into_iter().collect(),
        ..Chunk::new(path, ChunkKind::Code, text)
    };
    Document::new(Source::new(path, Key::of_bytes(text.as_bytes())), vec![chunk])
}

async fn first_source(soar: &Soar, query: Query) -> String {
    let answer = soar.answer(query).await.unwrap();
    answer.citations[0].path.to_string()
}

#[tokio::test]
async fn what_the_asker_has_before_him_decides_between_equals() {
    let store = Arc::new(MemoryStore::new());
    let caller = function("caller.rs", "start", "fn start() { boil_water() }", Some("boil_water"));
    let seen = caller.chunks[0].id;
    store
        .put(vec![
            caller,
            function("a.rs", "heat", "The kettle whistles when the lid is shut.", None),
            function("b.rs", "boil_water", "The kettle whistles when the lid is open.", None),
        ])
        .await
        .unwrap();
    let soar = Soar::builder().store(store).build().await.unwrap();
    let question = "When does the kettle whistle?";
    assert_eq!(first_source(&soar, Query::new(question)).await, "a.rs");
    assert_eq!(first_source(&soar, Query::new(question).context([seen])).await, "b.rs");
}

#[tokio::test]
async fn what_an_answer_cited_comes_sooner_the_next_time() {
    let store = Arc::new(MemoryStore::new());
    let used = function("z.rs", "z", "The heron stands in the reeds at noon.", None);
    let ids = [used.chunks[0].id];
    store.put(vec![function("a.rs", "a", "The heron stands in the reeds at dusk.", None), used]).await.unwrap();
    let soar = Soar::builder().store(Arc::clone(&store) as Arc<dyn Store>).build().await.unwrap();
    let question = "Where does the heron stand?";
    assert_eq!(first_source(&soar, Query::new(question)).await, "a.rs");
    soar.answer("Does the heron stand in the reeds at noon?").await.unwrap();
    let contents = store.contents().await.unwrap();
    assert!(contents.used >= 1 && !store.get(&ids, &ninefold::Scope::public()).await.unwrap().is_empty());
    for _ in 0..3 {
        soar.answer(Query::new("Does the heron stand in the reeds at noon?").within("z.rs")).await.unwrap();
    }
    assert_eq!(first_source(&soar, Query::new(question)).await, "z.rs");
}
