//! The question-answering pipeline together with its account.

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ninefold_core::suspension::{self, OpenInquiry};
use ninefold_core::{
    Clock, Embedder, Error, ErrorKind, Experience, InquiryId, Journal, Query, Result, RunId, SessionId, Store,
    Supplied, Teller,
};
use ninefold_embed::Cached;
use ninefold_profile::{Recorded, Statistics};
use ninefold_store::{Backfilled, ConversationEntry, ConversationLog, Indexer, Root, Semantic, Sqlite, Summary};

use crate::{Answer, Events, Failure, SoarBuilder};

/// Answers questions and accounts for the time it took. Made by [`Soar::builder`]; cheap to clone, and to be shared.
#[derive(Clone)]
pub struct Soar {
    pub(crate) pipeline: Arc<ninefold_pipeline::Soar>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) semantic: Option<Arc<Semantic>>,
    /// What keeps embeddings, where there are any to keep and a database to keep them in.
    pub(crate) cached: Option<Arc<Cached<Arc<dyn Embedder>>>>,
    pub(crate) journal: Option<Arc<dyn Journal>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) statistics: Option<Arc<Statistics>>,
    pub(crate) conversations: Option<ConversationLog>,
    /// The database, when it was given by its path.
    pub(crate) sqlite: Option<Sqlite>,
    pub(crate) experience: Option<Arc<dyn Experience>>,
}

impl Soar {
    /// Starts to put a pipeline together.
    #[must_use]
    pub fn builder() -> SoarBuilder {
        SoarBuilder::default()
    }

    /// Answers a question: a string, or a [`Query`] with scope, deadline, budget, session, run id. Dropping the future stops
    /// the run.
    ///
    /// # Errors
    /// As [`ninefold_pipeline::Soar::answer`], with the account of the run up to the failure.
    pub async fn answer(&self, query: impl Into<Query>) -> Result<Answer, Failure> {
        self.answer_to(query.into(), None).await
    }

    /// The same as a stream of what happens on the way: phases, the plan, findings, the answer's text while it is written. The last
    /// event is what [`Soar::answer`] returns, with the account. Whoever reads the stream drives the run: it needs no task of its
    /// own, stands still while nobody reads (deadlines go on), keeps a bounded number of events, and stops when it is dropped.
    ///
    /// ```
    /// use ninefold::{Event, Soar};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> ninefold::Result<()> {
    /// let soar = Soar::builder().build().await?;
    /// let mut events = soar.stream("How is a killed run resumed?");
    /// while let Some(event) = events.next().await {
    ///     match event? {
    ///         Event::PhaseStarted { phase } => println!("{phase} ..."),
    ///         Event::Text(text) => print!("{text}"),
    ///         Event::Answered(answer) => println!("{answer}\n{}", answer.profile.table()),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream(&self, query: impl Into<Query>) -> Events {
        let (soar, query) = (self.clone(), query.into());
        Events::of(|teller| async move { soar.answer_to(query, Some(teller)).await })
    }

    async fn answer_to(&self, mut query: Query, teller: Option<Teller>) -> Result<Answer, Failure> {
        for path in &mut query.within {
            // Files are known by their canonical paths; what is no file is a name the host gave.
            if let Some(canonical) = std::fs::canonicalize(&path).ok().and_then(|path| path.to_str().map(str::to_owned))
            {
                *path = canonical;
            }
        }
        let asked = self.conversations.is_some().then(|| (query.session.clone(), query.text.clone()));
        let answered = self.accounted(self.pipeline.answer_to(query, teller)).await;
        self.log(asked, &answered);
        answered
    }

    /// Continues a run that the journal holds, after its process was killed or its deadline passed: under the scope and
    /// with what is left of the budget it was started with, and within a new deadline.
    ///
    /// # Errors
    /// As [`ninefold_pipeline::Soar::resume`], with the account of the run up to the failure.
    pub async fn resume(&self, run: RunId, deadline: Option<Duration>) -> Result<Answer, Failure> {
        self.resume_to(run, deadline, None).await
    }

    async fn resume_to(
        &self,
        run: RunId,
        deadline: Option<Duration>,
        teller: Option<Teller>,
    ) -> Result<Answer, Failure> {
        let asked = match (&self.conversations, &self.journal) {
            (Some(_), Some(journal)) => {
                // A journal that fails says so to the run itself.
                let recorded = journal.load(run).await.ok().flatten();
                recorded
                    .map(|recorded| recorded.header.input)
                    .and_then(|input| Query::recorded(&input))
                    .map(|query| (query.session, query.text))
            }
            _ => None,
        };
        let answered = self.accounted(self.pipeline.resume_to(run, deadline, teller)).await;
        self.log(asked, &answered);
        answered
    }

    /// The log of what is asked and answered, where [`SoarBuilder::conversation_log`] switched it on.
    #[must_use]
    pub fn conversation_log(&self) -> Option<&ConversationLog> {
        self.conversations.as_ref()
    }

    fn log(&self, asked: Option<(Option<SessionId>, String)>, answered: &Result<Answer, Failure>) {
        let (Some(log), Some((session, question))) = (&self.conversations, asked) else { return };
        // A run that waits has not ended; what it is resumed to is written with its question.
        if answered.as_ref().is_err_and(|failure| failure.error.is_suspension()) {
            return;
        }
        let now = self.clock.now();
        log.write(match answered {
            Ok(answer) => ConversationEntry::answered(now, session, question, answer),
            Err(failure) => ConversationEntry::failed(now, session, question, &failure.error),
        });
    }

    /// The same as a stream, as [`Soar::stream`] is one; what had finished before is told as replayed.
    pub fn stream_resumed(&self, run: RunId, deadline: Option<Duration>) -> Events {
        let soar = self.clone();
        Events::of(|teller| async move { soar.resume_to(run, deadline, Some(teller)).await })
    }

    /// The runs that started and did not finish, oldest first, but for those that wait for a person; none without a journal.
    ///
    /// # Errors
    /// What the journal says.
    pub async fn unfinished(&self) -> Result<Vec<RunId>> {
        let Some(journal) = &self.journal else { return Ok(Vec::new()) };
        let waiting: HashSet<RunId> = self.suspended().await?.into_iter().map(|(run, _)| run).collect();
        let unfinished = journal.unfinished().await?.into_iter().map(|(run, _)| run);
        Ok(unfinished.filter(|run| !waiting.contains(run)).collect())
    }

    /// The runs that wait for a person, oldest first, each with what it asks; none without a journal. [`Soar::supply`] answers.
    ///
    /// # Errors
    /// What the journal says.
    pub async fn suspended(&self) -> Result<Vec<(RunId, Vec<OpenInquiry>)>> {
        let Some(journal) = &self.journal else { return Ok(Vec::new()) };
        let suspended = suspension::suspended(journal.as_ref()).await?;
        Ok(suspended.into_iter().map(|(run, _, open)| (run, open)).collect())
    }

    /// What a run waits for: nothing, one question, or several of branches that ask at the same time.
    ///
    /// # Errors
    /// `NotFound` when there is no journal or it does not know the run; what the journal says.
    pub async fn pending(&self, run: RunId) -> Result<Vec<OpenInquiry>> {
        let recorded = self.journal()?.load(run).await?;
        let unknown = || Error::new(ErrorKind::NotFound, format!("the journal knows no run {run}"));
        recorded.map(|recorded| suspension::open(&recorded)).ok_or_else(unknown)
    }

    /// Writes down what a person answers; [`Soar::resume`] then goes on, in this process or another. Who may answer is for the
    /// host to decide.
    ///
    /// # Errors
    /// As [`ninefold_core::suspension::supply`]; `NotFound` when there is no journal.
    pub async fn supply(&self, run: RunId, inquiry: InquiryId, answer: impl Into<Supplied>) -> Result<()> {
        suspension::supply(self.journal()?.as_ref(), run, inquiry, answer, self.clock.now()).await
    }

    fn journal(&self) -> Result<&Arc<dyn Journal>> {
        self.journal.as_ref().ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "this pipeline has no journal").hint("set SoarBuilder::durability")
        })
    }

    /// Reads files and folders into memory, or brings memory up to date with them. Unchanged files are skipped. A file
    /// carries the labels of the nearest [`Root`] that has any, and is public without one.
    ///
    /// # Errors
    /// `NotFound` when a path does not exist; what the store says.
    pub async fn index<R: Clone + Into<Root>>(&self, roots: &[R]) -> Result<Summary> {
        Indexer::new(Arc::clone(&self.store)).index(roots, |_| {}).await
    }

    /// Embeds what memory holds without an embedding by the embedder: what was there before it, and what it failed on.
    /// `progress` hears how many chunks are done. Without an embedder there is nothing to do.
    ///
    /// # Errors
    /// As [`Semantic::backfill`].
    pub async fn backfill(&self, progress: impl FnMut(u64)) -> Result<Backfilled> {
        match &self.semantic {
            None => Ok(Backfilled::default()),
            Some(semantic) => semantic.backfill(progress).await,
        }
    }

    /// How many chunks memory holds that have no embedding by the embedder and are found by words only; none without an
    /// embedder.
    ///
    /// # Errors
    /// What the store says.
    pub async fn unembedded(&self) -> Result<u64> {
        let Some(semantic) = &self.semantic else { return Ok(0) };
        let contents = self.store.contents().await?;
        let embedded = contents.embedded.get(semantic.model()).copied().unwrap_or_default();
        Ok(contents.chunks.values().sum::<u64>().saturating_sub(embedded))
    }

    /// Why something was not embedded, the last time that something was not; or else why embeddings could not be kept, so
    /// that texts are embedded again which were embedded before.
    #[must_use]
    pub fn embedder_trouble(&self) -> Option<Error> {
        let unembedded = self.semantic.as_ref()?.trouble();
        unembedded.or_else(|| self.cached.as_ref()?.trouble())
    }

    /// Removes runs from the journal that finished longer ago than this; returns how many. Building a pipeline does it for
    /// a week; a program that runs for long does it now and then.
    ///
    /// # Errors
    /// What the journal says.
    pub async fn prune(&self, finished_longer_ago: Duration) -> Result<u64> {
        match &self.journal {
            None => Ok(0),
            Some(journal) => journal.prune(self.clock.now().minus_seconds(finished_longer_ago.as_secs())).await,
        }
    }

    /// Removes runs from the journal that did not finish and to which nothing was written for longer than this: they can no
    /// longer be resumed. Returns how many. Building a pipeline does it for 30 days.
    ///
    /// # Errors
    /// What the journal says.
    pub async fn prune_unfinished(&self, idle_longer_than: Duration) -> Result<u64> {
        match &self.journal {
            None => Ok(0),
            Some(journal) => journal.prune_unfinished(self.clock.now().minus_seconds(idle_longer_than.as_secs())).await,
        }
    }

    /// What runs have taught; none where nothing is learned.
    #[must_use]
    pub fn experience(&self) -> Option<&Arc<dyn Experience>> {
        self.experience.as_ref()
    }

    /// Writes what is queued for the log of conversations, and closes the database that [`SoarBuilder::database`] opened; returns when it is one file again, unless another process has
    /// it open. Whatever still uses it fails as `Unavailable`. Dropping every handle closes it too, but nobody waits for that.
    pub async fn close(&self) {
        if let Some(log) = &self.conversations {
            log.flush().await;
        }
        if let Some(sqlite) = &self.sqlite {
            sqlite.close().await;
        }
    }

    /// The memory, for hosts that put in chunks of their own.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Records a run and puts its account beside its outcome.
    async fn accounted(&self, run: impl Future<Output = Result<ninefold_core::Answer>>) -> Result<Answer, Failure> {
        let recording = ninefold_profile::record(run);
        let Recorded { output, profile } = match &self.statistics {
            Some(statistics) => recording.with_statistics(Arc::clone(statistics)).await,
            None => recording.await,
        };
        match output {
            Ok(answer) => Ok(answer.with_profile(profile)),
            Err(error) => Err(Failure { error, profile: Box::new(profile) }),
        }
    }
}
