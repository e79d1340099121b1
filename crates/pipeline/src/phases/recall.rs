//! What is known already: a plan that solved this question before, and how far the agents can be relied on. Where there is
//! such a plan nothing is planned; it is verified by its structure alone, as a model has verified it before.

use std::sync::Arc;

use ninefold_core::experience::MAX_PER_SITUATION;
use ninefold_core::{
    AgentCard, AgentKey, ChunkId, Complexity, Cx, Degradation, Evidence, Experience, Features, Key, Pattern, Phase,
    Plan, Result, Situation, Store, span,
};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use tracing::Span;

use super::Noted;
use super::patience::{self, within};
use crate::layers::trace::traced;

/// What the step `recall` works on.
#[derive(Debug, Clone, Serialize)]
pub struct Recollection {
    /// The question, normalized.
    pub question: Arc<str>,
    /// How hard it is.
    pub complexity: Complexity,
    /// The paths the run's searches are limited to; empty for none.
    pub within: Arc<[String]>,
    /// What memory holds on the question.
    pub evidence: Arc<Evidence>,
    /// The agents in scope.
    pub agents: Arc<[AgentCard]>,
}

/// What is known already.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Recalled {
    /// The plan that solved this question before.
    pub known: Option<KnownPlan>,
    /// The utility of each agent that has one, by name.
    pub utilities: Vec<(SmolStr, f32)>,
}

/// A plan from an earlier run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KnownPlan {
    /// The pattern it is from.
    pub pattern: Key,
    /// The plan.
    pub plan: Arc<Plan>,
    /// For how hard a question it was verified.
    pub complexity: Complexity,
}

/// What a pipeline learns with: where to, and who is who.
#[derive(Clone)]
pub struct Learning {
    /// Where what was learned is kept.
    pub experience: Arc<dyn Experience>,
    /// All agents, each with the key of its card.
    pub agents: Arc<[AgentKey]>,
    /// Whether plans are learned. Those that rules make are made faster than they are looked up.
    pub plans: bool,
}

impl Learning {
    /// The agents of these names, or none when one of them is not known.
    pub(crate) fn agents<'a>(&self, names: impl Iterator<Item = &'a str>) -> Option<Vec<AgentKey>> {
        names.map(|name| self.agents.iter().find(|agent| agent.name == name).cloned()).collect()
    }

    /// How hard a question was held to be when a plan for it was learned, asked of all sources. A memory that cannot be asked says so
    /// in the step `recall`.
    pub(crate) async fn complexity_of(&self, question: &str, cx: &Cx) -> Option<Complexity> {
        let situation = Situation {
            features: Features::of(question).filter(|_| self.plans)?,
            scope: cx.scope().clone(),
            within: Vec::new(),
            complexity: Complexity::Simple,
            agents: self.agents.to_vec(),
        };
        let patterns = traced(
            span::retrieval(MAX_PER_SITUATION),
            within(patience::RECALL, cx, self.experience.recall(&situation)),
        )
        .await
        .ok()?;
        patterns.iter().filter(|pattern| pattern.fits(&situation)).map(|pattern| pattern.complexity).max()
    }
}

/// The step `recall`.
pub struct Recall {
    /// What it recalls from.
    pub learning: Learning,
    /// Where it is seen whether what a plan rested on is still there.
    pub store: Option<Arc<dyn Store>>,
}

impl Phase<Recollection> for Recall {
    type Out = Noted<Recalled>;

    async fn run(&self, input: Recollection, cx: &Cx) -> Result<Self::Out> {
        let Some(agents) = self.learning.agents(input.agents.iter().map(|card| card.name.as_str())) else {
            return Ok(Noted::new(Recalled::default()));
        };
        match traced(span::retrieval(MAX_PER_SITUATION), within(patience::RECALL, cx, self.look(&input, agents, cx)))
            .await
        {
            Ok(recalled) => Ok(Noted::new(recalled)),
            Err(error) if error.ends_run() => Err(error),
            // Whoever knows nothing plans.
            Err(error) => {
                Ok(Noted::new(Recalled::default()).with(Degradation::NotRecalled { message: error.to_string() }))
            }
        }
    }
}

impl Recall {
    async fn look(&self, input: &Recollection, agents: Vec<AgentKey>, cx: &Cx) -> Result<Recalled> {
        let mut recalled = Recalled::default();
        // One agent alone is nobody's rival.
        if let [_, _, ..] = agents.as_slice() {
            let utilities = self.learning.experience.utilities(&agents).await?;
            let known = agents.iter().zip(utilities).filter_map(|(agent, utility)| {
                // A journal holds no other numbers.
                Some((agent.name.clone(), utility.filter(|utility| utility.is_finite())?))
            });
            recalled.utilities = known.collect();
        }
        let found = |patterns: usize| {
            Span::current().record(span::field::HITS, span::count(patterns as u64));
        };
        let Some(features) = Features::of(&input.question).filter(|_| self.learning.plans) else {
            found(0);
            return Ok(recalled);
        };
        let situation = Situation {
            features,
            scope: cx.scope().clone(),
            within: input.within.to_vec(),
            // A plan that was verified for less is verified for more where it is used.
            complexity: Complexity::Simple,
            agents,
        };
        // Checked again where it is used, whatever a careless memory returns.
        let patterns = self.learning.experience.recall(&situation).await?;
        found(patterns.len());
        let (enough, less): (Vec<_>, Vec<_>) = patterns
            .into_iter()
            .take(MAX_PER_SITUATION)
            .filter(|pattern| pattern.fits(&situation))
            .partition(|pattern| pattern.complexity >= input.complexity);
        for pattern in enough.into_iter().chain(less) {
            if self.still_rests(&pattern, &input.evidence, cx).await? {
                let (key, complexity) = (pattern.key()?, pattern.complexity);
                recalled.known = Some(KnownPlan { pattern: key, plan: Arc::new(pattern.plan), complexity });
                break;
            }
        }
        Ok(recalled)
    }

    /// Whether a chunk that the pattern's answer cited is still in memory as it was: a chunk that changed has another id. A
    /// pattern whose answer cited nothing rests on agents alone.
    async fn still_rests(&self, pattern: &Pattern, evidence: &Evidence, cx: &Cx) -> Result<bool> {
        let is_cited = |id: &ChunkId| pattern.cited.contains(id);
        if pattern.cited.is_empty() || evidence.passages.iter().any(|passage| is_cited(&passage.chunk.id)) {
            return Ok(true);
        }
        match &self.store {
            None => Ok(false),
            Some(store) => Ok(!store.get(&pattern.cited, cx.scope()).await?.is_empty()),
        }
    }
}
