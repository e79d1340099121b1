//! Puts a [`Soar`] together: where memory is, what is read into it, who helps, what survives.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ninefold_core::{
    Agent, AgentCard, Cache, Clock, Durability, Embedder, Error, ErrorKind, Journal, Labels, Ledger, Model, Result,
    Retention, Store,
};
use ninefold_embed::Cached;
use ninefold_llm::Cached as CachedReplies;
use ninefold_pipeline::SystemClock;
use ninefold_profile::Statistics;
use ninefold_store::{MemoryJournal, MemoryStore, Root, Semantic, Sqlite};

use crate::Soar;
use crate::models::Stack;

/// How long the journal keeps runs that have finished.
const KEEP_FINISHED: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long it keeps runs that have not finished, from the last that was written to them.
const KEEP_UNFINISHED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How many bytes of models' replies the database keeps, where it keeps any.
const KEEP_REPLIES: u64 = 256 * 1024 * 1024;

/// What a [`Soar`] is to be made of. Without [`SoarBuilder::database`] everything is kept in the process's memory.
#[derive(Default)]
pub struct SoarBuilder {
    database: Option<PathBuf>,
    store: Option<Arc<dyn Store>>,
    journal: Option<Arc<dyn Journal>>,
    durability: Option<Durability>,
    clock: Option<Arc<dyn Clock>>,
    embedder: Option<Arc<dyn Embedder>>,
    roots: Vec<Root>,
    statistics: Option<Arc<Statistics>>,
    models: Option<Stack>,
    pipeline: ninefold_pipeline::SoarBuilder,
}

impl SoarBuilder {
    /// Keeps memory and journal in this SQLite file; it is made when it is not there.
    #[must_use]
    pub fn database(mut self, path: impl Into<PathBuf>) -> Self {
        self.database = Some(path.into());
        self
    }

    /// Keeps memory in a store of your own.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Keeps durable runs in a journal of your own; they are durable by phase, unless set otherwise.
    #[must_use]
    pub fn journal(mut self, journal: Arc<dyn Journal>) -> Self {
        self.journal = Some(journal);
        self
    }

    /// Sets how much of a run survives its process; nothing by default.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = Some(durability);
        self
    }

    /// Sets where wall time comes from; the system's clock by default.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Sets what embeds: what is read into memory from then on is embedded, and searched by meaning as well as by words. Its
    /// calls are observed; with a database, no text is embedded twice. What was in memory before it gets its embeddings by
    /// [`Soar::backfill`].
    #[must_use]
    pub fn embedder(mut self, embedder: impl Embedder + 'static) -> Self {
        self.embedder = Some(Arc::new(ninefold_embed::Observed::new(embedder)));
        self
    }

    /// Reads this file or folder into memory when the pipeline is built. Its files are visible to every run, but for those
    /// below a root that was indexed with labels.
    #[must_use]
    pub fn index(mut self, path: impl Into<PathBuf>) -> Self {
        self.roots.push(Root::new(path));
        self
    }

    /// Reads this file or folder into memory when the pipeline is built, visible to runs that are granted the labels.
    #[must_use]
    pub fn index_labelled(mut self, path: impl Into<PathBuf>, labels: Labels) -> Self {
        self.roots.push(Root::labelled(path, labels));
        self
    }

    /// Records every run into these statistics, whether it is answered or fails; several pipelines may share them.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use ninefold::{Soar, profile::Statistics};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> ninefold::Result<()> {
    /// let statistics = Arc::new(Statistics::new());
    /// let soar = Soar::builder().statistics(Arc::clone(&statistics)).build().await?;
    /// soar.answer("How is a killed run resumed?").await?;
    /// println!("{}", statistics.snapshot().table());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn statistics(mut self, statistics: Arc<Statistics>) -> Self {
        self.statistics = Some(statistics);
        self
    }

    /// Sets the model, with what one mostly wants around it: its calls are retried, cached, limited, observed, priced, and kept
    /// within each run's budget, as [`Stack::new`] says. Without a model answers quote the sources.
    #[must_use]
    pub fn model(self, model: impl Model + 'static) -> Self {
        self.models(Stack::new(model))
    }

    /// Sets the model with what is around it: limits, quotas, other models to fall back to.
    #[must_use]
    pub fn models(mut self, models: Stack) -> Self {
        self.models = Some(models);
        self
    }

    /// Hears the text of an answer while the model writes it, before its citations are checked and numbered; what the run
    /// answers in the end may differ. It is called inside the run and must not block.
    #[must_use]
    pub fn on_text(mut self, listener: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.pipeline = self.pipeline.on_text(listener);
        self
    }

    /// Adds an agent; a closure `|task: Task, cx: Cx| async move { Ok("text") }` will do.
    #[must_use]
    pub fn agent(mut self, card: AgentCard, agent: impl Agent + 'static) -> Self {
        self.pipeline = self.pipeline.agent(card, agent);
        self
    }

    /// Lets content into the spans of runs, and so into logs and exports: what models and agents are asked and answer, what
    /// is searched for. Not unless set.
    #[must_use]
    pub fn content_in_spans(mut self, content: bool) -> Self {
        self.pipeline = self.pipeline.content_in_spans(content);
        self
    }

    /// Changes the pipeline itself: replaces phases, sets limits.
    ///
    /// ```
    /// # use ninefold::{Cx, Soar, pipeline::phases::route::Routing};
    /// # use ninefold::core::Routes;
    /// let builder = Soar::builder()
    ///     .pipeline(|pipeline| pipeline.max_question_bytes(1000).route(|_: Routing, _: Cx| async { Ok(Routes::default()) }));
    /// ```
    #[must_use]
    pub fn pipeline(
        mut self,
        change: impl FnOnce(ninefold_pipeline::SoarBuilder) -> ninefold_pipeline::SoarBuilder,
    ) -> Self {
        self.pipeline = change(self.pipeline);
        self
    }

    /// Opens the database, reads what is to be read and builds the pipeline.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` for the database; `NotFound` for a path to index; `InvalidInput` for a contradiction, such
    /// as a database beside a store of your own.
    pub async fn build(self) -> Result<Soar> {
        let Self { database, store, journal, durability, clock, embedder, roots, statistics, models, mut pipeline } =
            self;
        if database.is_some() && store.is_some() {
            return Err(Error::new(ErrorKind::InvalidInput, "both a database and a store are given for memory")
                .hint("leave one of SoarBuilder::database and SoarBuilder::store out"));
        }
        let sqlite = match database {
            Some(path) => Some(Sqlite::open(path).await?),
            None => None,
        };
        let store = store.unwrap_or_else(|| match &sqlite {
            Some(sqlite) => Arc::new(sqlite.clone()) as Arc<dyn Store>,
            None => Arc::new(MemoryStore::new()),
        });
        let asked = if journal.is_some() { Durability::Phase } else { Durability::Off };
        let durability = durability.unwrap_or(asked);
        let durable = durability != Durability::Off;
        let journal = durable.then(|| {
            journal.unwrap_or_else(|| match &sqlite {
                Some(sqlite) => Arc::new(sqlite.clone()) as Arc<dyn Journal>,
                None => Arc::new(MemoryJournal::new()),
            })
        });
        let clock = clock.unwrap_or_else(|| Arc::new(SystemClock));
        if let Some(models) = models {
            let cache = sqlite.clone().map(|sqlite| Arc::new(sqlite) as Arc<dyn Cache>);
            if let Some(cache) = &cache {
                let retention = Retention { now: clock.now(), max_bytes: KEEP_REPLIES };
                cache.prune(CachedReplies::<Arc<dyn Model>>::space(), retention).await?;
            }
            let ledger = sqlite.clone().map(|sqlite| Arc::new(sqlite) as Arc<dyn Ledger>);
            pipeline = pipeline.model(models.within(cache, ledger)?);
        }
        let mut cached = None;
        let embedder = match (embedder, &sqlite) {
            (Some(embedder), Some(sqlite)) => {
                let cache: Arc<dyn Cache> = Arc::new(sqlite.clone());
                let kept = Arc::new(Cached::new(embedder, cache, Arc::clone(&clock)));
                cached = Some(Arc::clone(&kept));
                Some(kept as Arc<dyn Embedder>)
            }
            (embedder, _) => embedder,
        };
        let semantic = embedder.map(|embedder| Arc::new(Semantic::new(Arc::clone(&store), embedder)));
        let store = semantic.as_ref().map_or(store, |semantic| Arc::clone(semantic) as Arc<dyn Store>);
        pipeline = pipeline.store(Arc::clone(&store)).clock(Arc::clone(&clock));
        if let Some(journal) = &journal {
            pipeline = pipeline.journal(Arc::clone(journal), durability);
        }
        let soar =
            Soar { pipeline: Arc::new(pipeline.build()?), store, semantic, cached, journal, clock, statistics, sqlite };
        soar.prune(KEEP_FINISHED).await?;
        soar.prune_unfinished(KEEP_UNFINISHED).await?;
        if !roots.is_empty() {
            soar.index(&roots).await?;
        }
        Ok(soar)
    }
}
