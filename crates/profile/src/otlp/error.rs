//! Why spans cannot be exported.

use std::fmt;

/// What is wrong with the set-up, and what to do about it. Values that may hold credentials are never part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    setting: String,
    problem: String,
}

impl Error {
    pub(super) fn new(setting: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { setting: setting.into(), problem: problem.into() }
    }

    /// The environment variable or the builder's method with the value that cannot be used.
    #[must_use]
    pub fn setting(&self) -> &str {
        &self.setting
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OTLP export: {}: {}", self.setting, self.problem)
    }
}

impl std::error::Error for Error {}
