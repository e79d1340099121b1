//! The question-answering pipeline together with its account.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ninefold_core::{Journal, Labels, Query, Result, RunId, Store};
use ninefold_profile::Profile;
use ninefold_store::{Indexer, Summary};

use crate::{Answer, Failure, SoarBuilder};

/// Answers questions and accounts for the time it took. Made by [`Soar::builder`]; cheap to clone, and to be shared.
#[derive(Clone)]
pub struct Soar {
    pub(crate) pipeline: Arc<ninefold_pipeline::Soar>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) journal: Option<Arc<dyn Journal>>,
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
        accounted(self.pipeline.answer(query)).await
    }

    /// Continues a run that the journal holds, after its process was killed or its deadline passed.
    ///
    /// # Errors
    /// As [`ninefold_pipeline::Soar::resume`], with the account of the run up to the failure.
    pub async fn resume(&self, run: RunId) -> Result<Answer, Failure> {
        accounted(self.pipeline.resume(run)).await
    }

    /// The runs that started and did not finish, oldest first; none without a journal.
    ///
    /// # Errors
    /// What the journal says.
    pub async fn unfinished(&self) -> Result<Vec<RunId>> {
        match &self.journal {
            None => Ok(Vec::new()),
            Some(journal) => Ok(journal.unfinished().await?.into_iter().map(|(run, _)| run).collect()),
        }
    }

    /// Reads a file or folder into memory, or brings memory up to date with it. Unchanged files are skipped; chunks
    /// carry `labels`.
    ///
    /// # Errors
    /// `NotFound` when the path does not exist; what the store says.
    pub async fn index(&self, path: impl AsRef<Path>, labels: Labels) -> Result<Summary> {
        let roots: Vec<PathBuf> = vec![path.as_ref().to_owned()];
        Indexer::new(Arc::clone(&self.store)).labels(labels).index(&roots, |_| {}).await
    }

    /// The memory, for hosts that put in chunks of their own.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }
}

/// Records a run and puts its account beside its outcome.
async fn accounted(run: impl Future<Output = Result<ninefold_core::Answer>>) -> Result<Answer, Failure> {
    let recorded = ninefold_profile::record(run).await;
    let profile: Profile = recorded.profile;
    match recorded.output {
        Ok(answer) => Ok(answer.with_profile(profile)),
        Err(error) => Err(Failure { error, profile: Box::new(profile) }),
    }
}
