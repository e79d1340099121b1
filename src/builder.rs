//! Puts a [`Soar`] together: where memory is, what is read into it, who helps, what survives.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ninefold_core::{
    Agent, AgentCard, Cache, Clock, Durability, Embedder, Error, ErrorKind, Experience, Journal, Labels, Ledger, Model,
    OverBudget, Result, Retention, Store,
};
use ninefold_embed::Cached;
use ninefold_llm::Cached as CachedReplies;
use ninefold_pipeline::SystemClock;
use ninefold_profile::Statistics;
use ninefold_store::{
    ConversationLog, ConversationOptions, MemoryExperience, MemoryJournal, MemoryStore, Root, Semantic, Sqlite,
};

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
    experience: Option<Arc<dyn Experience>>,
    without_learning: bool,
    conversations: Option<ConversationOptions>,
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
    /// calls are observed; with a database, no text is embedded twice. Where agents' cards have examples, they are embedded too,
    /// and where words leave open who is to take a subgoal, words and meaning decide together; when the embedder fails or takes longer than
    /// five seconds for that, words decide alone and the answer says so. What was in memory before it gets its embeddings by
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

    /// Writes down what is asked and answered in this folder, a file of JSON lines for each session; off unless set. Nobody waits
    /// for it: what finds its queue or the disk full is dropped and counted, [`ConversationLog::lost`]. Texts are written as
    /// they are but for what looks like a key. [`Soar::close`] waits for what is queued.
    ///
    /// ```
    /// # use ninefold::{Query, Soar, store::read_conversation};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// let soar = Soar::builder().conversation_log(folder.path()).build().await?;
    /// soar.answer(Query::new("How is a killed run resumed?").session("anna")).await?;
    /// soar.close().await;
    /// let file = soar.conversation_log().map(|log| log.file(Some(&"anna".into()))).ok_or("no log")?;
    /// let (entries, _) = read_conversation(&file)?;
    /// assert_eq!(entries[0].question, "How is a killed run resumed?");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn conversation_log(mut self, options: impl Into<ConversationOptions>) -> Self {
        self.conversations = Some(options.into());
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

    /// Keeps what runs teach in an experience of your own, instead of in the database or in the process's memory.
    #[must_use]
    pub fn experience(mut self, experience: Arc<dyn Experience>) -> Self {
        (self.experience, self.without_learning) = (Some(experience), false);
        self
    }

    /// Learns nothing, and uses nothing that was learned: every question is planned anew. Otherwise a plan that solved a
    /// question is used again when the same question comes under the same scope, with the same agents and with its sources
    /// unchanged; it is verified by its structure then, and no model is asked for a plan.
    #[must_use]
    pub fn without_learning(mut self) -> Self {
        (self.experience, self.without_learning) = (None, true);
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

    /// Has a person approve each plan before agents work on it: the run is suspended, and waits in its journal until
    /// [`Soar::supply`] has the answer and [`Soar::resume`] goes on. Runs are then durable by phase, unless set otherwise.
    #[must_use]
    pub fn approve_plans(mut self, approve: bool) -> Self {
        self.pipeline = self.pipeline.approve_plans(approve);
        self.durability = self.durability.or(approve.then_some(Durability::Phase));
        self
    }

    /// Sets what happens when a budget does not hold what a phase wants to spend on the model: rules do the work and the answer says
    /// so, unless set.
    #[must_use]
    pub fn over_budget(mut self, over: OverBudget) -> Self {
        self.pipeline = self.pipeline.over_budget(over);
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
        let Self { database, store, journal, durability, clock, embedder, roots, .. } = self;
        let Self { statistics, models, conversations, mut pipeline, .. } = self;
        if database.is_some() && store.is_some() {
            return Err(Error::new(ErrorKind::InvalidInput, "both a database and a store are given for memory")
                .hint("leave one of SoarBuilder::database and SoarBuilder::store out"));
        }
        let conversations = conversations.map(ConversationLog::open).transpose()?;
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
            pipeline = pipeline.model(stacked(models, sqlite.as_ref(), clock.as_ref()).await?);
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
        if let Some(embedder) = &embedder {
            pipeline = pipeline.embedder(Arc::clone(embedder));
        }
        let semantic = embedder.map(|embedder| Arc::new(Semantic::new(Arc::clone(&store), embedder)));
        let store = semantic.as_ref().map_or(store, |semantic| Arc::clone(semantic) as Arc<dyn Store>);
        pipeline = pipeline.store(Arc::clone(&store)).clock(Arc::clone(&clock));
        if let Some(journal) = &journal {
            pipeline = pipeline.journal(Arc::clone(journal), durability);
        }
        let experience = (!self.without_learning).then(|| {
            self.experience.unwrap_or_else(|| match &sqlite {
                Some(sqlite) => Arc::new(sqlite.clone()) as Arc<dyn Experience>,
                None => Arc::new(MemoryExperience::new()),
            })
        });
        if let Some(experience) = &experience {
            pipeline = pipeline.experience(Arc::clone(experience));
        }
        let pipeline = Arc::new(pipeline.build()?);
        let soar =
            Soar { pipeline, store, semantic, cached, journal, clock, statistics, conversations, sqlite, experience };
        soar.prune(KEEP_FINISHED).await?;
        soar.prune_unfinished(KEEP_UNFINISHED).await?;
        if !roots.is_empty() {
            soar.index(&roots).await?;
        }
        Ok(soar)
    }
}

/// The model, with its cache and its ledger in the database where there is one.
pub(crate) async fn stacked(models: Stack, sqlite: Option<&Sqlite>, clock: &dyn Clock) -> Result<Arc<dyn Model>> {
    let cache = sqlite.cloned().map(|sqlite| Arc::new(sqlite) as Arc<dyn Cache>);
    if let Some(cache) = &cache {
        let retention = Retention { now: clock.now(), max_bytes: KEEP_REPLIES };
        cache.prune(CachedReplies::<Arc<dyn Model>>::space(), retention).await?;
    }
    let ledger = sqlite.cloned().map(|sqlite| Arc::new(sqlite) as Arc<dyn Ledger>);
    models.within(cache, ledger)
}
