//! What time was spent on.

use std::time::Duration;

use ninefold_core::span::WaitClass;
use serde::{Deserialize, Serialize};

/// What an instant was spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Class {
    /// Computing.
    Cpu,
    /// Waiting for a model.
    Model,
    /// Waiting for an agent's own work.
    Tool,
    /// Waiting for memory or the journal.
    Store,
    /// Waiting to be started: for a place in a queue, or for a thread.
    Queue,
    /// Waiting before a retry.
    BackOff,
    /// Waiting for something that has no span.
    Other,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 7] =
        [Self::Cpu, Self::Model, Self::Tool, Self::Store, Self::Queue, Self::BackOff, Self::Other];

    /// The name as it is printed and stands in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Model => "model",
            Self::Tool => "tool",
            Self::Store => "store",
            Self::Queue => "queue",
            Self::BackOff => "back_off",
            Self::Other => "other",
        }
    }
}

impl From<WaitClass> for Class {
    fn from(class: WaitClass) -> Self {
        match class {
            WaitClass::Model => Self::Model,
            WaitClass::Tool => Self::Tool,
            WaitClass::Store => Self::Store,
            WaitClass::Queue => Self::Queue,
            WaitClass::BackOff => Self::BackOff,
        }
    }
}

/// A time, divided by what it was spent on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    nanos: [u64; 7],
}

impl Spent {
    /// How much of it went to `class`.
    #[must_use]
    pub fn on(&self, class: Class) -> Duration {
        Duration::from_nanos(self.nanos_on(class))
    }

    /// All of it.
    #[must_use]
    pub fn total(&self) -> Duration {
        Duration::from_nanos(self.total_nanos())
    }

    /// The classes that have a part in it, the largest first.
    #[must_use]
    pub fn largest_first(&self) -> Vec<(Class, Duration)> {
        let mut parts: Vec<_> = Class::ALL.into_iter().map(|class| (class, self.on(class))).collect();
        parts.retain(|(_, time)| !time.is_zero());
        parts.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
        parts
    }

    pub(crate) fn nanos_on(&self, class: Class) -> u64 {
        self.nanos.get(class as usize).copied().unwrap_or(0)
    }

    pub(crate) fn total_nanos(&self) -> u64 {
        self.nanos.iter().fold(0, |sum, part| sum.saturating_add(*part))
    }

    pub(crate) fn add(&mut self, class: Class, nanos: u64) {
        if let Some(part) = self.nanos.get_mut(class as usize) {
            *part = part.saturating_add(nanos);
        }
    }

    pub(crate) fn add_all(&mut self, other: &Self) {
        for class in Class::ALL {
            self.add(class, other.nanos_on(class));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_own_part() {
        let mut spent = Spent::default();
        for (n, class) in Class::ALL.into_iter().enumerate() {
            spent.add(class, n as u64 + 1);
        }
        for (n, class) in Class::ALL.into_iter().enumerate() {
            assert_eq!(spent.on(class), Duration::from_nanos(n as u64 + 1));
        }
        assert_eq!(spent.total(), Duration::from_nanos(28));
        assert_eq!(spent.largest_first()[0], (Class::Other, Duration::from_nanos(7)));
    }
}
