//! A store that embeds: what is put into it is found by meaning, and what is looked for is looked for by meaning.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ninefold_core::{
    Chunk, ChunkId, Contents, Document, Embedder, Embedding, Embeddings, Error, ErrorKind, Evidence, Forgetting,
    Forgotten, Purpose, Result, Scope, Search, Source, Store, Timestamp, VectorSearch,
};
use smol_str::SmolStr;
use tokio::time::Instant;

use crate::rank::search_terms;

/// How long the embedding of a question may take; then the search goes by words.
const QUESTION: Duration = Duration::from_secs(10);
/// After a failure the embedder is not asked again for so long: whoever puts or looks for something does not wait for it.
const PAUSE: Duration = Duration::from_secs(15);
/// Chunks that a backfill embeds and writes at once.
const BACKFILL: usize = 128;
/// And how many it asks the store for at once: each time the store looks through all that is embedded already.
const ASKED: usize = 32 * BACKFILL;
/// When the first so many texts of a batch are all refused alone, it is not the texts.
const ALL_REFUSED: usize = 8;

/// A store around a store, with an embedder.
///
/// - What is put is embedded first: titles and texts. When the embedder fails, the documents are written without
///   embeddings, because memory must not lose files to a model that is down; [`Semantic::trouble`] says why, it is
///   not asked again for 15 s, and [`Semantic::backfill`] makes up for it.
/// - What is looked for is embedded unless it has an embedding. When that fails, takes longer than 10 s, or failed in the last 15 s, the search goes by
///   words and its evidence says so: [`VectorSearch::EmbedderFailed`].
pub struct Semantic {
    inner: Arc<dyn Store>,
    embedder: Arc<dyn Embedder>,
    model: SmolStr,
    /// When the embedder failed, if it failed last.
    failed: Mutex<Option<Instant>>,
    trouble: Mutex<Option<Error>>,
}

/// What a backfill did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backfilled {
    /// Chunks that have an embedding now.
    pub embedded: u64,
    /// Chunks that the embedder refuses; [`Semantic::trouble`] has the last reason.
    pub refused: u64,
}

impl Semantic {
    /// Embeds what goes into `inner` and what is looked for in it.
    #[must_use]
    pub fn new(inner: Arc<dyn Store>, embedder: Arc<dyn Embedder>) -> Self {
        let model = SmolStr::from(embedder.model().to_string());
        Self { inner, embedder, model, failed: Mutex::default(), trouble: Mutex::default() }
    }

    /// What embeds, as it stands beside the embeddings.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Why something was not embedded, the last time that something was not.
    #[must_use]
    pub fn trouble(&self) -> Option<Error> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Embeds all chunks that have no embedding by the embedder's model: those that were there before it, and those whose
    /// embedding failed. `progress` hears how many are done. What is done stays done when the future is dropped or fails.
    ///
    /// # Errors
    /// What the embedder says, unless it is about single texts: those are left out and counted. What the store says.
    pub async fn backfill(&self, mut progress: impl FnMut(u64)) -> Result<Backfilled> {
        let mut done = Backfilled::default();
        let mut refused: HashSet<ChunkId> = HashSet::new();
        loop {
            let mut missing = self.inner.unembedded(&self.model, ASKED + refused.len()).await?;
            missing.retain(|chunk| !refused.contains(&chunk.id));
            if missing.is_empty() {
                return Ok(done);
            }
            for chunks in missing.chunks(BACKFILL) {
                self.backfill_batch(chunks, &mut done, &mut refused, &mut progress).await?;
            }
        }
    }

    /// Embeds one batch and counts what came of it.
    async fn backfill_batch(
        &self,
        chunks: &[Chunk],
        done: &mut Backfilled,
        refused: &mut HashSet<ChunkId>,
        progress: &mut impl FnMut(u64),
    ) -> Result<()> {
        let chunks: Vec<&Chunk> = chunks.iter().collect();
        match self.write(&chunks).await {
            Ok(()) => {
                done.embedded += chunks.len() as u64;
                progress(done.embedded + done.refused);
                return Ok(());
            }
            Err(error) if !is_about_texts(&error) => return Err(error),
            Err(_) => {}
        }
        // One of them is to blame; each alone shows which.
        let before = done.embedded;
        for (tried, chunk) in chunks.into_iter().enumerate() {
            match self.write(&[chunk]).await {
                Ok(()) => done.embedded += 1,
                Err(error) if is_about_texts(&error) && (done.embedded > before || tried + 1 < ALL_REFUSED) => {
                    refused.insert(chunk.id);
                    done.refused += 1;
                }
                Err(error) => return Err(error),
            }
            progress(done.embedded + done.refused);
        }
        Ok(())
    }

    /// Embeds chunks that the store holds and writes their embeddings.
    async fn write(&self, chunks: &[&Chunk]) -> Result<()> {
        let vectors = self.vectors(chunks.iter().map(|chunk| text_of(chunk)).collect(), Purpose::Passage).await?;
        let ids: Vec<ChunkId> = chunks.iter().map(|chunk| chunk.id).collect();
        self.inner.embed(Embeddings { model: self.model.clone(), vectors }, &ids).await
    }

    /// The vectors of texts, and a note of how it went.
    async fn vectors(&self, texts: Vec<String>, purpose: Purpose) -> Result<Vec<Vec<f32>>> {
        let made = self.embedder.embed(&texts, purpose).await.and_then(|made| {
            // A store keeps no vectors without numbers, which are all that an embedder makes of nothing but empty texts.
            let vectors = Embeddings { model: self.model.clone(), vectors: made.vectors };
            let checked = vectors.check(texts.len()).map_err(|error| {
                let hint = error.hint_text().unwrap_or_default().to_owned();
                Error::new(ErrorKind::MalformedReply, error.message()).hint(hint)
            });
            checked.map(|_| vectors.vectors)
        });
        match &made {
            Ok(_) => *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = None,
            Err(error) => self.note(error),
        }
        made
    }

    fn note(&self, error: &Error) {
        let failed = (!is_about_texts(error)).then(Instant::now);
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = failed;
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
    }

    /// Whether the embedder failed so lately that it is not asked.
    fn pauses(&self) -> bool {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|failed| failed.elapsed() < PAUSE)
    }

    async fn embed_documents(&self, documents: &mut [Document]) -> Result<()> {
        let mut bare: Vec<&mut Document> = documents
            .iter_mut()
            .filter(|document| document.embeddings.is_none() && !document.chunks.is_empty())
            .collect();
        let texts: Vec<String> = bare.iter().flat_map(|document| document.chunks.iter().map(text_of)).collect();
        if texts.is_empty() {
            return Ok(());
        }
        let mut vectors = self.vectors(texts, Purpose::Passage).await?.into_iter();
        for document in &mut bare {
            let vectors = vectors.by_ref().take(document.chunks.len()).collect();
            document.embeddings = Some(Embeddings { model: self.model.clone(), vectors });
        }
        Ok(())
    }

    /// The embedding of a question, if one can be had in time.
    async fn embed_question(&self, text: &str) -> Option<Embedding> {
        let vectors = self.vectors(vec![text.to_owned()], Purpose::Query);
        match tokio::time::timeout(QUESTION, vectors).await {
            Ok(vectors) => {
                let vector = vectors.ok()?.into_iter().next()?;
                Some(Embedding { model: self.model.clone(), vector })
            }
            Err(_) => {
                let what = format!("{} did not embed the question within {QUESTION:?}", self.model);
                self.note(&Error::new(ErrorKind::DeadlineExceeded, what).hint("see whether its server is overloaded"));
                None
            }
        }
    }
}

/// What of a chunk is embedded.
fn text_of(chunk: &Chunk) -> String {
    if chunk.title.is_empty() { chunk.text.clone() } else { format!("{}\n{}", chunk.title, chunk.text) }
}

/// Whether an error lies in the texts, so that others may go well.
fn is_about_texts(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::TooLong | ErrorKind::MalformedReply)
}

#[async_trait]
impl Store for Semantic {
    async fn put(&self, mut documents: Vec<Document>) -> Result<()> {
        if !self.pauses() {
            // A failure is noted; what has no embedding is what the store says has none.
            let _noted = self.embed_documents(&mut documents).await;
        }
        self.inner.put(documents).await
    }

    async fn get(&self, ids: &[ChunkId], scope: &Scope) -> Result<Vec<Chunk>> {
        self.inner.get(ids, scope).await
    }

    async fn search(&self, search: &Search) -> Result<Evidence> {
        // Text that holds nothing searchable has no meaning to look for either.
        if search.embedding.is_some() || search_terms(&search.text).is_empty() {
            return self.inner.search(search).await;
        }
        let embedding = if self.pauses() { None } else { self.embed_question(&search.text).await };
        let failed = embedding.is_none();
        let mut evidence = self.inner.search(&Search { embedding, ..search.clone() }).await?;
        if failed {
            evidence.vectors = VectorSearch::EmbedderFailed;
        }
        Ok(evidence)
    }

    async fn touch(&self, ids: &[ChunkId], at: Timestamp) -> Result<()> {
        self.inner.touch(ids, at).await
    }

    async fn remove(&self, paths: &[SmolStr]) -> Result<u64> {
        self.inner.remove(paths).await
    }

    async fn sources(&self, prefix: &str) -> Result<Vec<Source>> {
        self.inner.sources(prefix).await
    }

    async fn forget(&self, forgetting: &Forgetting) -> Result<Forgotten> {
        self.inner.forget(forgetting).await
    }

    async fn contents(&self) -> Result<Contents> {
        self.inner.contents().await
    }

    async fn unembedded(&self, model: &str, limit: usize) -> Result<Vec<Chunk>> {
        self.inner.unembedded(model, limit).await
    }

    async fn embed(&self, embeddings: Embeddings, chunks: &[ChunkId]) -> Result<()> {
        self.inner.embed(embeddings, chunks).await
    }
}
