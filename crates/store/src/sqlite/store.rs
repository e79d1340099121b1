//! The file as a [`Store`]: what each call runs on which thread.

use std::sync::Arc;

use async_trait::async_trait;
use ninefold_core::{
    Chunk, ChunkId, Contents, Document, Embeddings, Evidence, Forgetting, Forgotten, Result, Scope, Search, Source,
    Store, Timestamp,
};
use smol_str::SmolStr;

use super::prepare::prepare;
use super::usage::Used;
use super::{FEW, Sqlite, chunks, contents, embeddings, search, usage};

impl Sqlite {
    /// The chunks that are most alive at a time, of those that the scope allows; the most alive first.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    pub async fn most_used(&self, scope: &Scope, now: Timestamp, limit: usize) -> Result<Vec<Used>> {
        let scope = scope.clone();
        self.query(move |connection| usage::most_used(connection, &scope, now, limit)).await
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn put(&self, documents: Vec<Document>) -> Result<()> {
        let prepared = prepare(documents).await?;
        self.write(move |connection| chunks::put(connection, &prepared)).await
    }

    async fn get(&self, ids: &[ChunkId], scope: &Scope) -> Result<Vec<Chunk>> {
        if ids.len() <= FEW
            && let Some(outcome) = self.look_up(|connection| chunks::get(connection, ids, scope)).await
        {
            return outcome;
        }
        let (ids, scope) = (ids.to_vec(), scope.clone());
        self.query(move |connection| chunks::get(connection, &ids, &scope)).await
    }

    async fn search(&self, search: &Search) -> Result<Evidence> {
        let (search, held) = (search.clone(), Arc::clone(&self.0.held));
        self.query(move |connection| search::search(connection, &search, &held)).await
    }

    async fn touch(&self, ids: &[ChunkId], at: Timestamp) -> Result<()> {
        let ids = ids.to_vec();
        self.write(move |connection| usage::touch(connection, &ids, at)).await
    }

    async fn remove(&self, paths: &[SmolStr]) -> Result<u64> {
        let paths = paths.to_vec();
        self.write(move |connection| chunks::remove(connection, &paths)).await
    }

    async fn sources(&self, prefix: &str) -> Result<Vec<Source>> {
        let prefix = prefix.to_owned();
        self.query(move |connection| chunks::sources(connection, &prefix)).await
    }

    async fn forget(&self, forgetting: &Forgetting) -> Result<Forgotten> {
        let forgetting = *forgetting;
        if forgetting.dry_run {
            self.query(move |connection| contents::forgettable(connection, &forgetting)).await
        } else {
            self.write(move |connection| contents::forget(connection, &forgetting)).await
        }
    }

    async fn contents(&self) -> Result<Contents> {
        self.query(contents::contents).await
    }

    async fn unembedded(&self, model: &str, limit: usize) -> Result<Vec<Chunk>> {
        let model = model.to_owned();
        self.query(move |connection| embeddings::unembedded(connection, &model, limit)).await
    }

    async fn embed(&self, embeddings: Embeddings, chunks: &[ChunkId]) -> Result<()> {
        embeddings.check(chunks.len())?;
        let chunks = chunks.to_vec();
        self.write(move |connection| embeddings::embed(connection, &embeddings, &chunks)).await
    }
}
