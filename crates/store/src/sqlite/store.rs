//! The file as a [`Store`]: what each call runs on which thread.

use async_trait::async_trait;
use ninefold_core::{
    Chunk, ChunkId, Contents, Document, Error, ErrorKind, Evidence, Forgetting, Forgotten, Result, Scope, Search,
    Source, Store, Timestamp,
};
use smol_str::SmolStr;

use super::prepare::prepare;
use super::{Sqlite, chunks, search};

#[async_trait]
impl Store for Sqlite {
    async fn put(&self, documents: Vec<Document>) -> Result<()> {
        let prepared = prepare(documents).await?;
        self.write(move |connection| chunks::put(connection, &prepared)).await
    }

    async fn get(&self, ids: &[ChunkId], scope: &Scope) -> Result<Vec<Chunk>> {
        let (ids, scope) = (ids.to_vec(), scope.clone());
        self.query(move |connection| chunks::get(connection, &ids, &scope)).await
    }

    async fn search(&self, search: &Search) -> Result<Evidence> {
        let search = search.clone();
        self.query(move |connection| search::search(connection, &search)).await
    }

    async fn touch(&self, ids: &[ChunkId], at: Timestamp) -> Result<()> {
        let ids = ids.to_vec();
        self.write(move |connection| chunks::touch(connection, &ids, at)).await
    }

    async fn remove(&self, paths: &[SmolStr]) -> Result<u64> {
        let paths = paths.to_vec();
        self.write(move |connection| chunks::remove(connection, &paths)).await
    }

    async fn sources(&self, prefix: &str) -> Result<Vec<Source>> {
        let prefix = prefix.to_owned();
        self.query(move |connection| chunks::sources(connection, &prefix)).await
    }

    async fn forget(&self, _: &Forgetting) -> Result<Forgotten> {
        Err(Error::new(ErrorKind::Permanent, "this store cannot forget yet"))
    }

    async fn contents(&self) -> Result<Contents> {
        Err(Error::new(ErrorKind::Permanent, "this store cannot be counted yet"))
    }
}
