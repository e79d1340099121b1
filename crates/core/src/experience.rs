//! What runs have taught: which plan solved which kind of question, and how far each agent can be relied on.
//!
//! A [`Pattern`] is what Soar calls a chunk (Laird, Rosenbloom, Newell 1986, "Chunking in Soar: The Anatomy of a General
//! Learning Mechanism"): nobody knew how to go about a question, which was an impasse; planning solved it; and what was
//! tested on the way becomes the conditions under which the result is used again without planning. The conditions are the
//! [`Features`] of the question, the scope and the paths the run was limited to, how hard the question was, the agents that
//! worked, each with its card, and the chunks that the answer rested on. All of them must hold again: a plan for a question
//! that differs by a number, a negation or a further topic is not a plan for this one.
//!
//! Patterns and agents have a utility that follows what comes of them, as ACT-R learns the utility of productions
//! (Anderson 2007, "How Can the Human Mind Occur in the Physical Universe?"): U ← U + α(R − U).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::agent::AgentCard;
use crate::assessment::Complexity;
use crate::cache_key::Key;
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::evidence::ChunkId;
use crate::features::Features;
use crate::plan::Plan;
use crate::scope::Scope;

/// The utility of what nobody has judged yet.
pub const START: f32 = 0.5;
/// α: how fast utility follows rewards (ACT-R's default for its learning rate).
pub const RATE: f32 = 0.2;
/// Below this utility a pattern is not recalled.
pub const RECALLED: f32 = 0.25;
/// Below this utility a pattern that failed [`REMOVED_FAILURES`] times is removed.
pub const REMOVED: f32 = 0.1;
/// The least failures of a pattern that is removed for its utility.
pub const REMOVED_FAILURES: u32 = 3;

/// The utility after a reward from 0 to 1: U + α(R − U). A reward that is no number changes nothing.
#[must_use]
pub fn learned(utility: f32, reward: f32) -> f32 {
    if reward.is_nan() { utility } else { (utility + RATE * (reward.clamp(0.0, 1.0) - utility)).clamp(0.0, 1.0) }
}

/// An agent as it was when something was learned of it. With another card it is another agent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AgentKey {
    /// Its name.
    pub name: SmolStr,
    /// The key of its whole card.
    pub card: Key,
}

impl AgentKey {
    /// The key of the agent with this card.
    ///
    /// # Errors
    /// As [`Key::of`].
    pub fn of(card: &AgentCard) -> Result<Self> {
        Ok(Self { name: card.name.clone(), card: Key::of(card)? })
    }
}

/// What a run stands before when it is about to plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Situation {
    /// What the question says.
    pub features: Features,
    /// What the run may see and do.
    pub scope: Scope,
    /// The paths the run is limited to; empty for none.
    pub within: Vec<String>,
    /// How hard the question is.
    pub complexity: Complexity,
    /// The agents that are there.
    pub agents: Vec<AgentKey>,
}

/// Changes when other features are tested, so that what was learned by the earlier ones is not recalled.
const VERSION: u32 = 1;

impl Situation {
    /// What a pattern is looked up by: the key of the features, the scope and the paths.
    ///
    /// # Errors
    /// As [`Key::of`].
    pub fn key(&self) -> Result<Key> {
        Key::of(&(VERSION, crate::terms::VERSION, &self.features, &self.scope, &self.within))
    }
}

/// A plan that solved a question, and when it is a plan for another one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pattern {
    /// What the question said.
    pub features: Features,
    /// What the run was allowed to see and do.
    pub scope: Scope,
    /// The paths the run was limited to.
    pub within: Vec<String>,
    /// The hardest question that the plan was verified for.
    pub complexity: Complexity,
    /// The plan.
    pub plan: Plan,
    /// The agents that worked on it, in order and without repetition.
    pub agents: Vec<AgentKey>,
    /// The chunks that the answer cited, at most [`Pattern::MAX_CITED`]; none when it rested on agents' word alone.
    pub cited: Vec<ChunkId>,
    /// How useful it has been, 0 to 1.
    pub utility: f32,
    /// Runs that it served well, the one it was learned from included.
    pub successes: u32,
    /// Runs that failed with it.
    pub failures: u32,
    /// When it was learned.
    pub first_used: Timestamp,
    /// When it was last learned again or judged.
    pub last_used: Timestamp,
}

impl Pattern {
    /// The most chunks that a pattern remembers.
    pub const MAX_CITED: usize = 16;
    /// The most bytes of a pattern as JSON; a plan that says more than this is not one to be kept.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// A pattern that solved its situation at this time.
    #[must_use]
    pub fn new(
        situation: Situation,
        plan: Plan,
        mut agents: Vec<AgentKey>,
        mut cited: Vec<ChunkId>,
        at: Timestamp,
    ) -> Self {
        agents.sort_unstable();
        agents.dedup();
        cited.truncate(Self::MAX_CITED);
        let Situation { features, scope, within, complexity, agents: _ } = situation;
        Self {
            features,
            scope,
            within,
            complexity,
            plan,
            agents,
            cited,
            utility: START,
            successes: 1,
            failures: 0,
            first_used: at,
            last_used: at,
        }
    }

    /// The key of the situation in which it is recalled.
    ///
    /// # Errors
    /// As [`Key::of`].
    pub fn situation(&self) -> Result<Key> {
        Key::of(&(VERSION, crate::terms::VERSION, &self.features, &self.scope, &self.within))
    }

    /// Its identity: two patterns for one situation with the same agents are duplicates.
    ///
    /// # Errors
    /// As [`Key::of`].
    pub fn key(&self) -> Result<Key> {
        Key::of(&(self.situation()?, &self.agents))
    }

    /// Whether it is to be used in this situation: everything that was tested when it was learned holds, and it has not
    /// failed too often. Whether what it rested on is still in memory is for the caller to see.
    #[must_use]
    pub fn fits(&self, situation: &Situation) -> bool {
        self.utility >= RECALLED
            && self.complexity >= situation.complexity
            && self.scope == situation.scope
            && self.within == situation.within
            && self.features == situation.features
            && self.agents.iter().all(|agent| situation.agents.contains(agent))
    }

    /// What it says as JSON, apart from its counts.
    ///
    /// # Errors
    /// `TooLong` for more than [`Pattern::MAX_BYTES`].
    pub fn body(&self) -> Result<String> {
        let Self { features, scope, within, complexity, plan, agents, cited, .. } = self;
        let body = Body { features, scope, within, complexity: *complexity, plan, agents, cited };
        let json = serde_json::to_string(&body).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, format!("the pattern cannot be written as JSON: {error}"))
        })?;
        if json.len() > Self::MAX_BYTES {
            let what = format!("the pattern has {} bytes, the limit is {}", json.len(), Self::MAX_BYTES);
            return Err(Error::new(ErrorKind::TooLong, what).hint("nothing: its question is planned anew each time"));
        }
        Ok(json)
    }

    /// The pattern with this body and these counts.
    ///
    /// # Errors
    /// `Corrupt` for a body that [`Pattern::body`] did not write.
    pub fn from_body(json: &str, counts: Counts) -> Result<Self> {
        let body: OwnedBody = serde_json::from_str(json).map_err(|error| {
            Error::new(ErrorKind::Corrupt, format!("a learned pattern cannot be read: {error}"))
                .hint("forget what was learned: runs learn it anew")
        })?;
        let OwnedBody { features, scope, within, complexity, plan, agents, cited } = body;
        let situation = Situation { features, scope, within, complexity, agents: Vec::new() };
        Ok(Self::new(situation, plan, agents, cited, counts.first_used).with(counts))
    }

    /// The same with these counts.
    #[must_use]
    pub fn with(self, counts: Counts) -> Self {
        let Counts { utility, successes, failures, first_used, last_used } = counts;
        Self { utility, successes, failures, first_used, last_used, ..self }
    }

    /// Its counts.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let Self { utility, successes, failures, first_used, last_used, .. } = *self;
        Counts { utility, successes, failures, first_used, last_used }
    }
}

/// How a pattern has fared: all of it that changes while it is used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counts {
    /// As [`Pattern::utility`].
    pub utility: f32,
    /// As [`Pattern::successes`].
    pub successes: u32,
    /// As [`Pattern::failures`].
    pub failures: u32,
    /// As [`Pattern::first_used`].
    pub first_used: Timestamp,
    /// As [`Pattern::last_used`].
    pub last_used: Timestamp,
}

impl Counts {
    /// The counts after a run that was worth this much, from 0 to 1; one half and more is a success.
    #[must_use]
    pub fn judged(self, reward: f32, at: Timestamp) -> Self {
        if reward.is_nan() {
            return self;
        }
        let served = reward >= 0.5;
        Self {
            utility: learned(self.utility, reward),
            successes: self.successes.saturating_add(u32::from(served)),
            failures: self.failures.saturating_add(u32::from(!served)),
            first_used: self.first_used,
            last_used: self.last_used.max(at),
        }
    }

    /// The counts after the same pattern was learned again: it served once more. One that had failed so often that it was not
    /// recalled begins anew, and so does one that is learned with another plan.
    #[must_use]
    pub fn learned_again(self, same_plan: bool, at: Timestamp) -> Self {
        if same_plan && self.utility >= RECALLED {
            self.judged(1.0, at)
        } else {
            Self { utility: START, successes: 1, failures: 0, first_used: at, last_used: at }
        }
    }

    /// Whether it has failed so often that it is removed.
    #[must_use]
    pub fn is_spent(self) -> bool {
        self.utility < REMOVED && self.failures >= REMOVED_FAILURES
    }
}

#[derive(Serialize)]
struct Body<'a> {
    features: &'a Features,
    scope: &'a Scope,
    within: &'a [String],
    complexity: Complexity,
    plan: &'a Plan,
    agents: &'a [AgentKey],
    cited: &'a [ChunkId],
}

#[derive(Deserialize)]
struct OwnedBody {
    features: Features,
    scope: Scope,
    within: Vec<String>,
    complexity: Complexity,
    plan: Plan,
    agents: Vec<AgentKey>,
    cited: Vec<ChunkId>,
}

/// What is to be unlearned: the patterns that were used neither since this time nor at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unlearning {
    /// The time.
    pub unused_since: Timestamp,
    /// Whether to say only how many that would be.
    pub dry_run: bool,
}

/// How much was learned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learned {
    /// Patterns.
    pub patterns: u64,
    /// Those of them that failed too often to be recalled.
    pub demoted: u64,
    /// Runs that patterns served well, those they were learned from included.
    pub successes: u64,
    /// Runs that failed with a pattern.
    pub failures: u64,
    /// Agents with a utility.
    pub agents: u64,
}

/// The most patterns that are kept; beyond it the least useful go, of equally useful ones those that were used longest ago.
pub const MAX_PATTERNS: usize = 16_384;
/// The most patterns of one situation, which differ by their agents.
pub const MAX_PER_SITUATION: usize = 8;
/// The most agents whose utility is kept; beyond it those go that were rewarded longest ago.
pub const MAX_AGENTS: usize = 4_096;

/// Where what runs have taught is kept. Every implementation passes `ninefold_testkit::experience_suite`.
///
/// Several runs and processes may use one at the same time; each call is atomic among them.
#[async_trait]
pub trait Experience: Send + Sync {
    /// The patterns that [fit](Pattern::fits) the situation, the most useful first, then those used latest.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn recall(&self, situation: &Situation) -> Result<Vec<Pattern>>;

    /// Keeps a pattern. A duplicate is merged: its plan and what it rests on replace those kept before, its counts go on as
    /// [`Counts::learned_again`] says. At most [`MAX_PATTERNS`] are kept, and [`MAX_PER_SITUATION`] of one situation.
    ///
    /// # Errors
    /// `TooLong` as [`Pattern::body`]; `Unavailable`, `Transient` or `Corrupt` from the medium.
    async fn learn(&self, pattern: Pattern) -> Result<()>;

    /// Judges a pattern by a run that used it, as [`Counts::judged`] says; one that is [spent](Counts::is_spent) is removed.
    /// One that is not there any more is no error.
    ///
    /// # Errors
    /// `Unavailable`, `Transient` or `Corrupt` from the medium.
    async fn judge(&self, pattern: Key, reward: f32, at: Timestamp) -> Result<()>;

    /// The utilities of these agents, in their order; none for one that was never rewarded.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn utilities(&self, agents: &[AgentKey]) -> Result<Vec<Option<f32>>>;

    /// Rewards agents, each from 0 to 1, in the order given.
    ///
    /// # Errors
    /// `Unavailable`, `Transient` or `Corrupt` from the medium.
    async fn reward(&self, rewards: &[(AgentKey, f32)], at: Timestamp) -> Result<()>;

    /// Forgets patterns that nobody used for long; returns how many.
    ///
    /// # Errors
    /// `Unavailable`, `Transient` or `Corrupt` from the medium.
    async fn unlearn(&self, unlearning: Unlearning) -> Result<u64>;

    /// How much there is.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn learned(&self) -> Result<Learned>;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const T: Timestamp = Timestamp(1);

    fn counts(utility: f32) -> Counts {
        Counts { utility, successes: 1, failures: 0, first_used: T, last_used: T }
    }

    #[test]
    fn utility_follows_what_comes_of_it() {
        assert!((learned(START, 1.0) - 0.6).abs() < 1e-6);
        assert!((learned(START, 0.0) - 0.4).abs() < 1e-6);
        assert!((learned(START, f32::NAN) - START).abs() < 1e-6);
        assert!((learned(START, f32::INFINITY) - 0.6).abs() < 1e-6);
    }

    #[test]
    fn a_pattern_that_fails_four_times_is_not_recalled_and_after_eight_it_is_spent() {
        let mut fared = counts(START);
        let mut recalled = 0;
        while !fared.is_spent() {
            recalled += u32::from(fared.utility >= RECALLED);
            fared = fared.judged(0.0, T);
        }
        assert_eq!((recalled, fared.failures), (4, 8));
    }

    #[test]
    fn what_is_learned_again_goes_on_and_what_is_learned_anew_begins_anew() {
        let again = counts(0.7).learned_again(true, Timestamp(9));
        assert_eq!((again.successes, again.first_used, again.last_used), (2, T, Timestamp(9)));
        assert!(again.utility > 0.7);
        for anew in [counts(0.9).learned_again(false, Timestamp(9)), counts(0.2).learned_again(true, Timestamp(9))] {
            assert_eq!((anew.utility, anew.successes, anew.first_used), (START, 1, Timestamp(9)));
        }
    }

    proptest! {
        #[test]
        fn utility_stays_a_share(start in 0.0f32..=1.0, rewards in proptest::collection::vec(any::<f32>(), 0..50)) {
            let end = rewards.iter().fold(start, |utility, reward| learned(utility, *reward));
            prop_assert!((0.0..=1.0).contains(&end), "{end}");
        }
    }
}
