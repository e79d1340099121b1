//! What a run may see and do. Chunks, agents and tools carry [`Labels`]; a run carries a [`Scope`]. A thing is in
//! scope when the scope grants *every* label it carries, so a label only ever takes away and an unlabelled thing
//! is public. The check is made where the thing is used (in the store, before the agent's call), not in a prompt.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The labels a thing carries: sorted, without duplicates. Cloning shares.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "BTreeSet<SmolStr>")]
pub struct Labels(Arc<[SmolStr]>);

impl Labels {
    /// No label: visible to every run.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::from([]))
    }

    /// These labels; order and repetition do not matter.
    #[must_use]
    pub fn of<T: AsRef<str>>(labels: impl IntoIterator<Item = T>) -> Self {
        labels.into_iter().map(|label| SmolStr::new(label)).collect::<BTreeSet<_>>().into()
    }

    /// Whether there is no label.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The labels in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(SmolStr::as_str)
    }
}

impl Default for Labels {
    fn default() -> Self {
        Self::none()
    }
}

impl From<BTreeSet<SmolStr>> for Labels {
    fn from(labels: BTreeSet<SmolStr>) -> Self {
        Self(labels.into_iter().collect())
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, label) in self.iter().enumerate() {
            if n > 0 {
                f.write_str(", ")?;
            }
            f.write_str(label)?;
        }
        Ok(())
    }
}

/// The labels a run is granted. The default is [`Scope::public`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Sees what carries no labels, or only these.
    Granted(Labels),
    /// Sees everything. For trusted hosts and maintenance.
    Unrestricted,
}

impl Scope {
    /// Only what carries no label.
    #[must_use]
    pub fn public() -> Self {
        Self::Granted(Labels::none())
    }

    /// What carries no label, or only labels of these.
    #[must_use]
    pub fn of<T: AsRef<str>>(labels: impl IntoIterator<Item = T>) -> Self {
        Self::Granted(Labels::of(labels))
    }

    /// Whether a thing with these labels is in scope.
    #[must_use]
    pub fn allows(&self, labels: &Labels) -> bool {
        match self {
            Self::Unrestricted => true,
            Self::Granted(granted) => labels.0.iter().all(|label| granted.0.binary_search(label).is_ok()),
        }
    }

    /// The labels of a thing that this scope does not grant.
    #[must_use]
    pub fn missing(&self, labels: &Labels) -> Labels {
        match self {
            Self::Unrestricted => Labels::none(),
            Self::Granted(granted) => {
                Labels::of(labels.0.iter().filter(|label| granted.0.binary_search(label).is_err()))
            }
        }
    }
}

impl Default for Scope {
    fn default() -> Self {
        Self::public()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_must_be_granted() {
        let scope = Scope::of(["hr", "eu"]);
        assert!(scope.allows(&Labels::none()));
        assert!(scope.allows(&Labels::of(["eu", "hr", "hr"])));
        assert!(!scope.allows(&Labels::of(["hr", "secret"])));
        assert_eq!(scope.missing(&Labels::of(["hr", "secret"])), Labels::of(["secret"]));
        assert!(!Scope::default().allows(&Labels::of(["hr"])));
        assert!(Scope::Unrestricted.allows(&Labels::of(["hr"])));
    }
}
