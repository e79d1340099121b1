//! Which agent's examples mean what a subgoal means, by their embeddings. The examples are embedded once, when a subgoal first
//! needs it.

use std::sync::{Arc, OnceLock};

use ninefold_core::{AgentCard, Embedder, Purpose, Result};
use smol_str::SmolStr;

use super::skills::{Able, Why, ranked};

/// The least mean cosine that counts as meant; what an embedder puts below that has mostly nothing to do with each other.
const MEANT: f32 = 0.35;
/// Agents whose mean cosines differ by less are equally able.
const AHEAD: f32 = 0.03;
/// Of an agent's examples, how many of the nearest count.
const NEAREST: usize = 3;

/// The examples of a pipeline's agents, embedded.
pub(crate) struct Meaning {
    embedder: Arc<dyn Embedder>,
    examples: Vec<(SmolStr, Vec<String>)>,
    vectors: OnceLock<Vec<(SmolStr, Vec<Vec<f32>>)>>,
}

impl Meaning {
    /// Of the agents that have examples; none when none has.
    pub(crate) fn of(cards: &[AgentCard], embedder: Arc<dyn Embedder>) -> Option<Self> {
        let described = cards.iter().filter(|card| !card.examples.is_empty());
        let examples: Vec<_> = described.map(|card| (card.name.clone(), card.examples.clone())).collect();
        (!examples.is_empty()).then(|| Self { embedder, examples, vectors: OnceLock::new() })
    }

    async fn examples(&self) -> Result<&[(SmolStr, Vec<Vec<f32>>)]> {
        if let Some(vectors) = self.vectors.get() {
            return Ok(vectors);
        }
        // Nobody waits for another run, which stands still while nobody reads its stream: two that come first both embed.
        let texts: Vec<String> = self.examples.iter().flat_map(|(_, examples)| examples).cloned().collect();
        let mut vectors = self.embedder.embed(&texts, Purpose::Query).await?.vectors.into_iter();
        let of =
            |(name, examples): &(SmolStr, Vec<String>)| (name.clone(), vectors.by_ref().take(examples.len()).collect());
        let embedded = self.examples.iter().map(of).collect();
        Ok(self.vectors.get_or_init(|| embedded))
    }

    /// Who of these agents is able to take each of these subgoals, by what their descriptions mean.
    ///
    /// # Errors
    /// What the embedder says.
    pub(crate) async fn able<'a>(
        &self,
        descriptions: &[String],
        agents: &'a [AgentCard],
    ) -> Result<Vec<Option<Able<'a>>>> {
        let examples = self.examples().await?;
        let asked = self.embedder.embed(descriptions, Purpose::Query).await?.vectors;
        let able = |vector: &Vec<f32>| {
            let scored = agents.iter().filter_map(|card| {
                let (_, vectors) = examples.iter().find(|(name, _)| *name == card.name)?;
                Some((nearness(vector, vectors), card))
            });
            ranked(scored.collect(), MEANT, AHEAD, Why::Means)
        };
        Ok(asked.iter().map(able).collect())
    }
}

/// The mean cosine of a vector and the nearest of these; all of them have length 1.
fn nearness(vector: &[f32], to: &[Vec<f32>]) -> f32 {
    let mut cosines: Vec<f32> = to.iter().map(|other| vector.iter().zip(other).map(|(a, b)| a * b).sum()).collect();
    cosines.sort_by(|a, b| b.total_cmp(a));
    cosines.truncate(NEAREST);
    cosines.iter().sum::<f32>() / cosines.len().max(1) as f32
}
