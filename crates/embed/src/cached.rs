//! Embeddings kept beyond the process: a text is computed once for each model and purpose.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ninefold_core::{
    Cache, CacheEntry, Clock, Embedded, Embedder, Error, ErrorKind, Key, ModelId, Purpose, Result, Retention, Usage,
};
use serde::Serialize;

/// The space of the cache in which embeddings are.
pub const SPACE: &str = "embeddings";

/// An embedder that looks into a cache first. One call looks all its texts up together, computes those that are missing,
/// each once, and keeps them; what it used counts the computed ones only.
///
/// What it keeps is bounded: see [`Cached::keeping`]. The cache is there to spare work: when it cannot be read or written,
/// the call computes all the same, and [`Cached::trouble`] says so.
pub struct Cached<E> {
    inner: E,
    trouble: Mutex<Option<Error>>,
    max_bytes: u64,
    /// Bytes that were written since the space was pruned; at first, as many as are let pass.
    written: AtomicU64,
    cache: Arc<dyn Cache>,
    clock: Arc<dyn Clock>,
}

/// How many bytes of embeddings are kept unless it is said otherwise: some 40,000 of 384 numbers.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// What may be over until the space is pruned, as a part of what is kept.
const SLACK: u64 = 8;

/// What an embedding follows from.
#[derive(Serialize)]
struct Follows<'a> {
    model: &'a ModelId,
    purpose: Purpose,
    text: &'a str,
}

impl<E: Embedder> Cached<E> {
    /// Keeps what `inner` makes in a cache.
    pub fn new(inner: E, cache: Arc<dyn Cache>, clock: Arc<dyn Clock>) -> Self {
        let written = AtomicU64::new(MAX_BYTES / SLACK);
        Self { inner, trouble: Mutex::default(), max_bytes: MAX_BYTES, written, cache, clock }
    }

    /// Keeps at most so many bytes, or an eighth more until it is noticed. 64 MiB unless set.
    #[must_use]
    pub fn keeping(mut self, max_bytes: u64) -> Self {
        self.max_bytes = max_bytes;
        self.written = AtomicU64::new(max_bytes / SLACK);
        self
    }

    /// Writes embeddings down, and now and then takes out what was read longest ago.
    async fn keep(&self, entries: Vec<CacheEntry>) -> Result<()> {
        let bytes: u64 = entries.iter().map(|entry| entry.value.len() as u64).sum();
        let now = self.clock.now();
        self.cache.put(SPACE, entries, now).await?;
        if self.written.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) >= self.max_bytes / SLACK {
            self.written.store(0, Ordering::Relaxed);
            self.cache.prune(SPACE, Retention { now, max_bytes: self.max_bytes }).await?;
        }
        Ok(())
    }

    /// Why the cache could not be used the last time that it could not; none when it always could.
    #[must_use]
    pub fn trouble(&self) -> Option<Error> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, error: Error) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

#[async_trait]
impl<E: Embedder> Embedder for Cached<E> {
    fn model(&self) -> &ModelId {
        self.inner.model()
    }

    async fn embed(&self, texts: &[String], purpose: Purpose) -> Result<Embedded> {
        let key = |text: &String| Key::of(&Follows { model: self.model(), purpose, text });
        let keys = texts.iter().map(key).collect::<Result<Vec<Key>>>()?;
        // Each different text has one place in what follows.
        let mut place = HashMap::new();
        let mut different: Vec<(Key, &String)> = Vec::new();
        for (key, text) in keys.iter().zip(texts) {
            place.entry(*key).or_insert_with(|| {
                different.push((*key, text));
                different.len() - 1
            });
        }
        let asked: Vec<Key> = different.iter().map(|(key, _)| *key).collect();
        let mut vectors: Vec<Option<Vec<f32>>> = match self.cache.get(SPACE, &asked, self.clock.now()).await {
            Ok(kept) => kept.into_iter().map(|bytes| from_bytes(&bytes?)).collect(),
            Err(error) => {
                self.note(error);
                Vec::new()
            }
        };
        vectors.resize(asked.len(), None);
        let is_missing = |(_, vector): &(_, &Option<Vec<f32>>)| vector.is_none();
        let missing: Vec<(Key, String)> =
            different.iter().zip(&vectors).filter(is_missing).map(|((key, text), _)| (*key, (*text).clone())).collect();
        let mut usage = Usage::default();
        if !missing.is_empty() {
            let (keys, texts): (Vec<Key>, Vec<String>) = missing.into_iter().unzip();
            let made = self.inner.embed(&texts, purpose).await?;
            if made.vectors.len() != texts.len() {
                let what = format!("{} gave {} vectors for {} texts", self.model(), made.vectors.len(), texts.len());
                return Err(Error::new(ErrorKind::MalformedReply, what));
            }
            usage = made.usage;
            let entry =
                |(key, vector): (&Key, &Vec<f32>)| CacheEntry { key: *key, value: to_bytes(vector), expires: None };
            let entries: Vec<CacheEntry> = keys.iter().zip(&made.vectors).map(entry).collect();
            if let Err(error) = self.keep(entries).await {
                self.note(error);
            }
            let empty = vectors.iter_mut().filter(|vector| vector.is_none());
            for (vector, made) in empty.zip(made.vectors) {
                *vector = Some(made);
            }
        }
        let of = |key: &Key| vectors.get(*place.get(key)?)?.clone();
        Ok(Embedded { vectors: keys.iter().filter_map(of).collect(), usage })
    }
}

fn to_bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// The vector in these bytes; none when they are no vector of finite numbers, as after damage.
fn from_bytes(bytes: &[u8]) -> Option<Vec<f32>> {
    let (numbers, rest) = bytes.as_chunks::<4>();
    let vector: Vec<f32> = numbers.iter().map(|number| f32::from_le_bytes(*number)).collect();
    (rest.is_empty() && !vector.is_empty() && vector.iter().all(|number| number.is_finite())).then_some(vector)
}
