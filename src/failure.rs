//! A run without an answer still has its account.

use std::fmt;

use ninefold_core::Error;
use ninefold_profile::Profile;

/// Why a run has no answer, and where its time went until then.
#[derive(Clone)]
pub struct Failure {
    /// What happened, in which phase, and what to do.
    pub error: Error,
    /// The account of the run, up to its failure.
    pub profile: Box<Profile>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}
