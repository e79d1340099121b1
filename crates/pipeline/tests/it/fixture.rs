//! A store of a few chunks, and a journal, small enough to be read at a glance.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ninefold_core::journal::{Entry, Header, RecordedRun};
use ninefold_core::{
    Chunk, ChunkId, ChunkKind, Contents, Document, Embeddings, Error, ErrorKind, Evidence, Forgetting, Forgotten,
    Journal, Key, Labels, Passage, Result, RunId, Scope, Search, Source, Store, Timestamp, WeightedTerm, terms,
};
use smol_str::SmolStr;

/// A store that counts shared terms. It does not look at scopes: the pipeline has to.
#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) chunks: Vec<Arc<Chunk>>,
    pub(crate) touched: Mutex<Vec<ChunkId>>,
    pub(crate) broken: bool,
    /// Never returns when it is told what was used.
    pub(crate) hangs: bool,
}

pub(crate) fn shelf(texts: &[(&str, &str, &[&str])]) -> Shelf {
    let chunk = |(path, text, labels): &(&str, &str, &[&str])| {
        Arc::new(Chunk { labels: Labels::of(*labels), ..Chunk::new(path, ChunkKind::Text, *text) })
    };
    Shelf { chunks: texts.iter().map(chunk).collect(), ..Shelf::default() }
}

fn unavailable() -> Error {
    Error::new(ErrorKind::Unavailable, "the shelf fell down")
}

#[async_trait]
impl Store for Shelf {
    async fn put(&self, _: Vec<Document>) -> Result<()> {
        Err(unavailable())
    }

    async fn get(&self, _: &[ChunkId], _: &Scope) -> Result<Vec<Chunk>> {
        Err(unavailable())
    }

    async fn search(&self, search: &Search) -> Result<Evidence> {
        if self.broken {
            return Err(unavailable());
        }
        let asked = terms::query_terms(&search.text);
        let score = |chunk: &Chunk| {
            let held = terms::distinct_terms([chunk.text.as_str()]);
            asked.iter().filter(|term| held.contains(*term)).count() as f32
        };
        let mut passages: Vec<_> = self
            .chunks
            .iter()
            .map(|chunk| Passage::new(Arc::clone(chunk), score(chunk)))
            .filter(|passage| passage.score > 0.0)
            .collect();
        passages.sort_by(|a, b| b.score.total_cmp(&a.score));
        let matched = passages.len() as u64;
        let terms = asked.into_iter().map(|term| WeightedTerm { term, weight: 1.0 }).collect();
        Ok(Evidence { passages, terms, matched, ..Evidence::default() })
    }

    async fn touch(&self, ids: &[ChunkId], _: Timestamp) -> Result<()> {
        if self.hangs {
            std::future::pending::<()>().await;
        }
        if self.broken {
            return Err(unavailable());
        }
        self.touched.lock().unwrap().extend(ids);
        Ok(())
    }

    async fn remove(&self, _: &[SmolStr]) -> Result<u64> {
        Err(unavailable())
    }

    async fn sources(&self, _: &str) -> Result<Vec<Source>> {
        Ok(vec![Source::new("shelf", Key([0; 32]))])
    }

    async fn forget(&self, _: &Forgetting) -> Result<Forgotten> {
        Err(unavailable())
    }

    async fn contents(&self) -> Result<Contents> {
        Err(unavailable())
    }

    async fn unembedded(&self, _: &str, _: usize) -> Result<Vec<Chunk>> {
        Err(unavailable())
    }

    async fn embed(&self, _: Embeddings, _: &[ChunkId]) -> Result<()> {
        Err(unavailable())
    }
}

/// A journal in a map.
#[derive(Default)]
pub(crate) struct Notebook {
    pub(crate) runs: Mutex<HashMap<RunId, RecordedRun>>,
    pub(crate) full: Mutex<bool>,
    pub(crate) hangs: bool,
}

#[async_trait]
impl Journal for Notebook {
    async fn load(&self, run: RunId) -> Result<Option<RecordedRun>> {
        if self.hangs {
            std::future::pending::<()>().await;
        }
        Ok(self.runs.lock().unwrap().get(&run).cloned())
    }

    async fn begin(&self, run: RunId, header: Header) -> Result<()> {
        self.runs.lock().unwrap().insert(run, RecordedRun { header, entries: Vec::new(), finished: None });
        Ok(())
    }

    async fn append(&self, run: RunId, entries: Vec<Entry>) -> Result<()> {
        if *self.full.lock().unwrap() {
            return Err(Error::new(ErrorKind::Unavailable, "the notebook is full").hint("buy another one"));
        }
        self.runs.lock().unwrap().get_mut(&run).unwrap().entries.extend(entries);
        Ok(())
    }

    async fn finish(&self, run: RunId, at: Timestamp) -> Result<()> {
        self.runs.lock().unwrap().get_mut(&run).unwrap().finished = Some(at);
        Ok(())
    }

    async fn unfinished(&self) -> Result<Vec<(RunId, Header)>> {
        let runs = self.runs.lock().unwrap();
        Ok(runs.iter().filter(|(_, run)| run.finished.is_none()).map(|(id, run)| (*id, run.header.clone())).collect())
    }

    async fn unfinished_with(&self, phases: &[&str]) -> Result<Vec<(RunId, Header, Vec<Entry>)>> {
        let runs = self.runs.lock().unwrap();
        let of = |run: &RecordedRun| {
            let entries = run.entries.iter().filter(|entry| phases.contains(&entry.phase.as_str()));
            (run.header.clone(), entries.cloned().collect::<Vec<_>>())
        };
        let open = runs.iter().filter(|(_, run)| run.finished.is_none()).map(|(id, run)| (*id, of(run)));
        let with = open.filter(|(_, (_, entries))| !entries.is_empty());
        Ok(with.map(|(id, (header, entries))| (id, header, entries)).collect())
    }

    async fn prune(&self, _: Timestamp) -> Result<u64> {
        Ok(0)
    }

    async fn prune_unfinished(&self, _: Timestamp) -> Result<u64> {
        Ok(0)
    }
}
