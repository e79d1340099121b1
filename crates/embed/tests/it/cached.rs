//! No text is computed twice, and no trouble of the cache is trouble of the call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ninefold_core::{
    Cache, CacheEntry, Embedder, Error, ErrorKind, Key, ModelId, Purpose, Result, Retention, Timestamp, Usage,
};
use ninefold_embed::Cached;
use ninefold_testkit::{ManualClock, ScriptedEmbedder, embedder_suite};

/// A cache that can be broken.
#[derive(Default)]
struct Shelf {
    held: Mutex<HashMap<(String, Key), Vec<u8>>>,
    broken: Mutex<bool>,
}

impl Shelf {
    fn check(&self) -> Result<()> {
        if *self.broken.lock().unwrap() { Err(Error::new(ErrorKind::Unavailable, "the shelf is down")) } else { Ok(()) }
    }
}

#[async_trait]
impl Cache for Shelf {
    async fn get(&self, space: &str, keys: &[Key], _: Timestamp) -> Result<Vec<Option<Vec<u8>>>> {
        self.check()?;
        let held = self.held.lock().unwrap();
        Ok(keys.iter().map(|key| held.get(&(space.to_owned(), *key)).cloned()).collect())
    }

    async fn put(&self, space: &str, entries: Vec<CacheEntry>, _: Timestamp) -> Result<()> {
        self.check()?;
        let entries = entries.into_iter().map(|entry| ((space.to_owned(), entry.key), entry.value));
        self.held.lock().unwrap().extend(entries);
        Ok(())
    }

    async fn prune(&self, _: &str, _: Retention) -> Result<u64> {
        Ok(0)
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn cached(model: &str, shelf: &Arc<Shelf>) -> (Arc<ScriptedEmbedder>, Cached<Arc<ScriptedEmbedder>>) {
    let inner = Arc::new(ScriptedEmbedder::new().named(model));
    let clock = Arc::new(ManualClock::at(Timestamp(0)));
    (Arc::clone(&inner), Cached::new(inner, Arc::clone(shelf) as Arc<dyn Cache>, clock))
}

#[tokio::test]
async fn it_passes_the_suite() {
    embedder_suite(&ScriptedEmbedder::new()).await;
    embedder_suite(&cached("a", &Arc::default()).1).await;
}

#[tokio::test]
async fn only_what_is_missing_is_computed_and_each_text_once() {
    let shelf = Arc::default();
    let (inner, cached) = cached("a", &shelf);
    let first = cached.embed(&texts(&["red", "blue", "red"]), Purpose::Passage).await.unwrap();
    assert_eq!(inner.requests(), [texts(&["red", "blue"])]);
    assert_eq!(first.vectors[0], first.vectors[2]);
    assert_eq!(first.usage, Usage::tokens(2, 0));
    let second = cached.embed(&texts(&["green", "red", "blue", "green"]), Purpose::Passage).await.unwrap();
    assert_eq!(inner.requests()[1..], [texts(&["green"])]);
    assert_eq!(second.vectors[1..3], first.vectors[..2]);
    assert_eq!(second.usage, Usage::tokens(1, 0));
    let third = cached.embed(&texts(&["blue"]), Purpose::Passage).await.unwrap();
    assert_eq!((inner.requests().len(), third.usage), (2, Usage::default()));
}

#[tokio::test]
async fn purposes_and_models_are_kept_apart() {
    let shelf = Arc::default();
    let (inner, one) = cached("a", &shelf);
    one.embed(&texts(&["red"]), Purpose::Passage).await.unwrap();
    one.embed(&texts(&["red"]), Purpose::Query).await.unwrap();
    assert_eq!(inner.requests().len(), 2);
    let (inner, other) = cached("b", &shelf);
    assert_eq!(*other.model(), ModelId::new("scripted", "b"));
    other.embed(&texts(&["red"]), Purpose::Query).await.unwrap();
    assert_eq!(inner.requests().len(), 1);
}

#[tokio::test]
async fn a_broken_cache_is_named_and_spares_nothing() {
    let shelf: Arc<Shelf> = Arc::default();
    let (inner, cached) = cached("a", &shelf);
    assert!(cached.trouble().is_none());
    *shelf.broken.lock().unwrap() = true;
    for _ in 0..2 {
        assert_eq!(cached.embed(&texts(&["red"]), Purpose::Query).await.unwrap().vectors.len(), 1);
    }
    assert_eq!(inner.requests().len(), 2);
    assert_eq!(cached.trouble().unwrap().message(), "the shelf is down");
}

#[tokio::test]
async fn damaged_values_are_computed_again() {
    let shelf: Arc<Shelf> = Arc::default();
    let (inner, cached) = cached("a", &shelf);
    let whole = cached.embed(&texts(&["red"]), Purpose::Query).await.unwrap();
    for damage in [vec![], vec![1, 2, 3], f32::NAN.to_le_bytes().to_vec()] {
        shelf.held.lock().unwrap().values_mut().for_each(|value| value.clone_from(&damage));
        assert_eq!(cached.embed(&texts(&["red"]), Purpose::Query).await.unwrap(), whole);
    }
    assert_eq!(inner.requests().len(), 4);
}

#[tokio::test]
async fn an_error_of_the_embedder_is_the_call_s_and_is_not_kept() {
    let shelf = Arc::default();
    let (inner, cached) = cached("a", &shelf);
    inner.fail(Some(Error::new(ErrorKind::Transient, "the model is down")));
    let error = cached.embed(&texts(&["red"]), Purpose::Query).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
    inner.fail(None);
    assert_eq!(cached.embed(&texts(&["red"]), Purpose::Query).await.unwrap().vectors.len(), 1);
}

#[tokio::test]
async fn what_is_kept_is_bounded() {
    let cache = Arc::new(ninefold_store::MemoryCache::new());
    let clock = Arc::new(ManualClock::at(Timestamp(0)));
    let inner = Arc::new(ScriptedEmbedder::new());
    let size = inner.embed(&texts(&["x"]), Purpose::Passage).await.unwrap().vectors[0].len() * 4;
    let cached = Cached::new(Arc::clone(&inner), Arc::clone(&cache) as Arc<dyn Cache>, clock).keeping(size as u64 * 80);
    let many: Vec<String> = (0..1_000).map(|n| format!("text {n}")).collect();
    for batch in many.chunks(10) {
        cached.embed(batch, Purpose::Passage).await.unwrap();
    }
    let before = inner.requests().len();
    cached.embed(&many[980..], Purpose::Passage).await.unwrap();
    assert_eq!(inner.requests().len(), before, "the latest are kept");
    cached.embed(&many[..900], Purpose::Passage).await.unwrap();
    assert_eq!(inner.requests().last().unwrap().len(), 900, "the oldest are not");
    assert!(cached.trouble().is_none());
}
