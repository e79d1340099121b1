//! What is to be done: subgoals with dependencies, acyclic and complete by construction.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::error::{Error, ErrorKind};
use crate::terms;

/// The name of a subgoal within its plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubgoalId(pub SmolStr);

impl fmt::Display for SubgoalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<T: AsRef<str>> From<T> for SubgoalId {
    fn from(text: T) -> Self {
        Self(SmolStr::new(text))
    }
}

/// One part of the work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subgoal {
    /// Its name, unique in the plan.
    pub id: SubgoalId,
    /// What is to be found out or done, complete enough for an agent that sees nothing else of the plan.
    pub description: String,
    /// The agent that should take it, by name.
    #[serde(default)]
    pub agent: Option<SmolStr>,
    /// The capability it needs, when no agent is named.
    #[serde(default)]
    pub capability: Option<SmolStr>,
    /// Whether the answer is worthless without it.
    #[serde(default)]
    pub critical: bool,
    /// The subgoals whose findings it needs first.
    #[serde(default)]
    pub depends_on: Vec<SubgoalId>,
}

impl Subgoal {
    /// An uncritical subgoal without dependencies, for any agent.
    pub fn new(id: impl Into<SubgoalId>, description: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            description: description.into(),
            agent: None,
            capability: None,
            critical: false,
            depends_on: Vec::new(),
        }
    }
}

/// The most bytes of a subgoal's name.
pub const MAX_ID_BYTES: usize = 64;

/// The most subgoals a plan may have.
pub const MAX_SUBGOALS: usize = 64;

/// The outcome of the phase `decompose`. Its subgoals have unique names, depend only on each other, and stand in an
/// order in which each comes after what it depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Subgoal>", into = "Vec<Subgoal>")]
pub struct Plan {
    subgoals: Vec<Subgoal>,
    /// The hashes of the terms of each description, for those who compare them; they follow from the subgoals.
    words: Vec<Box<[u64]>>,
}

/// Why a list of subgoals is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// There is nothing to do.
    #[error("the plan has no subgoals")]
    Empty,
    /// There is too much to do.
    #[error("the plan has {0} subgoals, the limit is {MAX_SUBGOALS}")]
    TooMany(usize),
    /// A subgoal says nothing.
    #[error("subgoal {0} has no description")]
    Undescribed(SubgoalId),
    /// A name that a list of subgoals cannot show.
    #[error("the name {0:?} is empty, has more than {MAX_ID_BYTES} bytes or control characters")]
    Unnamed(String),
    /// Two subgoals share a name.
    #[error("two subgoals are named {0}")]
    Duplicate(SubgoalId),
    /// A dependency does not exist.
    #[error("subgoal {subgoal} depends on {missing}, which is not in the plan")]
    Dangling {
        /// The subgoal.
        subgoal: SubgoalId,
        /// What it depends on.
        missing: SubgoalId,
    },
    /// Subgoals wait for each other.
    #[error("subgoals wait for each other: {}", .0.iter().map(|id| id.0.as_str()).collect::<Vec<_>>().join(", "))]
    Cycle(Vec<SubgoalId>),
}

impl From<PlanError> for Error {
    fn from(error: PlanError) -> Self {
        Error::new(ErrorKind::InvalidInput, error.to_string()).caused_by(error)
    }
}

impl Plan {
    /// The subgoals, each after what it depends on; otherwise in the order given.
    #[must_use]
    pub fn subgoals(&self) -> &[Subgoal] {
        &self.subgoals
    }

    /// The subgoals with the hashes of their descriptions' terms ([`terms::hash`]), in order and with repetitions: computed once,
    /// when the plan was made.
    pub fn words(&self) -> impl Iterator<Item = (&Subgoal, &[u64])> {
        self.subgoals.iter().zip(self.words.iter().map(|words| &**words))
    }

    /// The subgoal with this name.
    #[must_use]
    pub fn get(&self, id: &SubgoalId) -> Option<&Subgoal> {
        self.subgoals.iter().find(|subgoal| subgoal.id == *id)
    }
}

impl TryFrom<Vec<Subgoal>> for Plan {
    type Error = PlanError;

    fn try_from(subgoals: Vec<Subgoal>) -> Result<Self, PlanError> {
        if subgoals.is_empty() {
            return Err(PlanError::Empty);
        }
        if subgoals.len() > MAX_SUBGOALS {
            return Err(PlanError::TooMany(subgoals.len()));
        }
        let mut names = HashSet::with_capacity(subgoals.len());
        for subgoal in &subgoals {
            let id = subgoal.id.0.as_str();
            if id.trim().is_empty() || id.len() > MAX_ID_BYTES || id.contains(char::is_control) {
                return Err(PlanError::Unnamed(id.chars().take(MAX_ID_BYTES).collect()));
            }
            if subgoal.description.trim().is_empty() {
                return Err(PlanError::Undescribed(subgoal.id.clone()));
            }
            if !names.insert(&subgoal.id) {
                return Err(PlanError::Duplicate(subgoal.id.clone()));
            }
        }
        for subgoal in &subgoals {
            if let Some(missing) = subgoal.depends_on.iter().find(|id| !names.contains(id)) {
                return Err(PlanError::Dangling { subgoal: subgoal.id.clone(), missing: missing.clone() });
            }
        }
        let subgoals = in_order(subgoals)?;
        let words = |subgoal: &Subgoal| {
            let mut words = Vec::with_capacity(subgoal.description.len() / 4);
            terms::for_each_hash(&subgoal.description, |hash| words.push(hash));
            words.into_boxed_slice()
        };
        Ok(Self { words: subgoals.iter().map(words).collect(), subgoals })
    }
}

/// Kahn's algorithm, always taking the first subgoal of the given order that is ready.
fn in_order(subgoals: Vec<Subgoal>) -> Result<Vec<Subgoal>, PlanError> {
    let mut open: HashMap<SubgoalId, HashSet<SubgoalId>> =
        subgoals.iter().map(|s| (s.id.clone(), s.depends_on.iter().cloned().collect())).collect();
    let mut waiting = subgoals;
    let mut ordered = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let ready = waiting.iter().position(|s| open.get(&s.id).is_none_or(HashSet::is_empty));
        let Some(ready) = ready else {
            return Err(PlanError::Cycle(waiting.into_iter().map(|s| s.id).collect()));
        };
        let subgoal = waiting.remove(ready);
        for dependencies in open.values_mut() {
            dependencies.remove(&subgoal.id);
        }
        ordered.push(subgoal);
    }
    Ok(ordered)
}

impl From<Plan> for Vec<Subgoal> {
    fn from(plan: Plan) -> Self {
        plan.subgoals
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn subgoal(id: &str, depends_on: &[&str]) -> Subgoal {
        Subgoal { depends_on: depends_on.iter().map(SubgoalId::from).collect(), ..Subgoal::new(id, "find out") }
    }

    #[test]
    fn order_follows_dependencies() {
        let plan = Plan::try_from(vec![subgoal("c", &["a", "b"]), subgoal("a", &[]), subgoal("b", &["a"])]).unwrap();
        let order: Vec<_> = plan.subgoals().iter().map(|s| s.id.0.as_str()).collect();
        assert_eq!(order, ["a", "b", "c"]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let error = |subgoals: Vec<Subgoal>| Plan::try_from(subgoals).unwrap_err().to_string();
        assert_eq!(error(vec![]), "the plan has no subgoals");
        assert_eq!(error(vec![subgoal("a", &[]), subgoal("a", &[])]), "two subgoals are named a");
        assert_eq!(error(vec![subgoal("a", &["x"])]), "subgoal a depends on x, which is not in the plan");
        assert_eq!(
            error(vec![subgoal("a", &["b"]), subgoal("b", &["a"]), subgoal("c", &[])]),
            "subgoals wait for each other: a, b"
        );
        assert_eq!(error(vec![subgoal("a", &["a"])]), "subgoals wait for each other: a");
        assert_eq!(error(vec![Subgoal::new("a", " ")]), "subgoal a has no description");
        let unnamed = "is empty, has more than 64 bytes or control characters";
        assert_eq!(error(vec![subgoal("a\n- b", &[])]), format!("the name \"a\\n- b\" {unnamed}"));
        assert!(error(vec![subgoal(" ", &[])]).ends_with(unnamed));
        assert!(error(vec![subgoal(&"é".repeat(33), &[])]).ends_with(unnamed));
        assert_eq!(error((0..65).map(|n| subgoal(&n.to_string(), &[])).collect()), PlanError::TooMany(65).to_string());
    }

    #[test]
    fn a_cyclic_plan_cannot_be_deserialized() {
        let json = r#"[{"id":"a","description":"x","depends_on":["a"]}]"#;
        assert!(serde_json::from_str::<Plan>(json).is_err());
    }

    proptest! {
        #[test]
        fn a_plan_always_runs_dependencies_first(edges in proptest::collection::vec((0usize..8, 0usize..8), 0..20)) {
            let mut subgoals: Vec<_> = (0..8).map(|n| subgoal(&n.to_string(), &[])).collect();
            for (from, to) in edges {
                let target = subgoals[to].id.clone();
                subgoals[from].depends_on.push(target);
            }
            if let Ok(plan) = Plan::try_from(subgoals) {
                prop_assert_eq!(plan.subgoals().len(), 8);
                let mut seen = HashSet::new();
                for subgoal in plan.subgoals() {
                    prop_assert!(subgoal.depends_on.iter().all(|id| seen.contains(id)));
                    seen.insert(subgoal.id.clone());
                }
            }
        }
    }
}
