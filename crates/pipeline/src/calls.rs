//! How many calls of the model a run makes itself. Those of agents are theirs, and bounded by the run's budget.

use ninefold_core::Complexity;

/// The calls that a run has left for itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calls {
    left: u32,
}

impl Calls {
    /// One for a simple question, three for a medium, four for a complex one. A critical one has a fifth, so that even a plan
    /// that was made anew after an objection is checked by the model before it is executed.
    pub(crate) fn of(complexity: Complexity) -> Self {
        let left = match complexity {
            Complexity::Simple => 1,
            Complexity::Medium => 3,
            Complexity::Complex => 4,
            Complexity::Critical => 5,
        };
        Self { left }
    }

    /// Notes calls that were made.
    pub(crate) fn spend(&mut self, calls: u32) {
        self.left = self.left.saturating_sub(calls);
    }

    /// What may be spent on the answer.
    pub(crate) fn left(self) -> u32 {
        self.left
    }

    /// What may be spent before the answer is written, which takes one.
    pub(crate) fn before_answer(self) -> u32 {
        self.left.saturating_sub(1)
    }
}
