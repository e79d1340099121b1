//! Which agent's examples mean what a subgoal means, by their embeddings. The examples are embedded once, when a subgoal first
//! needs it, or ahead of that by [`Meaning::prepare`].

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, TryLockError};

use ninefold_core::{AgentCard, Embedder, Error, ErrorKind, Purpose, Result};
use smol_str::SmolStr;
use tokio::task::yield_now;

use super::directions::{Directions, Learning};

/// How many examples are embedded at a time. What was embedded is kept when a run has no more time for the rest.
const BATCH: usize = 256;
/// How many multiplications learning does before others have their turn: as long a step for few agents as for many.
const WORK: usize = 4_000_000;

/// What the examples of a pipeline's agents mean.
pub struct Meaning {
    embedder: Arc<dyn Embedder>,
    /// The numbers of the agents that have examples.
    agents: HashMap<SmolStr, usize>,
    examples: Vec<(usize, String)>,
    state: Mutex<State>,
    /// How many numbers a vector has, once the first are kept.
    dimensions: OnceLock<usize>,
    learned: OnceLock<Directions>,
}

/// How far the examples are.
enum State {
    /// The vectors of the first of them.
    Embedding(Vec<Vec<f32>>),
    /// All are embedded.
    Learning(Learning),
    /// What they mean is learned.
    Learned,
}

impl fmt::Debug for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meaning").field("model", self.embedder.model()).field("agents", &self.agents.len()).finish()
    }
}

/// How much a text means the same as the examples of agents.
pub(super) struct Meant<'m> {
    meaning: &'m Meaning,
    scores: Vec<f32>,
}

impl Meant<'_> {
    /// For this agent; none for one without examples.
    pub(super) fn of(&self, card: &AgentCard) -> Option<f32> {
        self.scores.get(*self.meaning.agents.get(&card.name)?).copied()
    }
}

impl Meaning {
    /// Of the agents that have examples; none when none has. Nothing is embedded yet.
    #[must_use]
    pub fn of(cards: &[AgentCard], embedder: Arc<dyn Embedder>) -> Option<Self> {
        let described = || cards.iter().filter(|card| !card.examples.is_empty()).enumerate();
        let of_agent = |(agent, card): (usize, &AgentCard)| {
            let examples = card.examples.iter().map(move |example| (agent, example.clone()));
            examples.collect::<Vec<_>>()
        };
        let examples: Vec<_> = described().flat_map(of_agent).collect();
        let agents = described().map(|(agent, card)| (card.name.clone(), agent)).collect();
        let state = Mutex::new(State::Embedding(Vec::new()));
        let (dimensions, learned) = (OnceLock::new(), OnceLock::new());
        (!examples.is_empty()).then(|| Self { embedder, agents, examples, state, dimensions, learned })
    }

    /// Embeds the examples and learns from them, as far as that is not done yet. It may be dropped at any time: the next one goes on where
    /// this one was.
    ///
    /// # Errors
    /// What the embedder says; `MalformedReply` when it does not give one vector for each text, all of one length and not empty.
    pub async fn prepare(&self) -> Result<()> {
        self.learned().await.map(|_| ())
    }

    async fn learned(&self) -> Result<&Directions> {
        loop {
            if let Some(learned) = self.learned.get() {
                return Ok(learned);
            }
            let Some(from) = self.learn() else {
                // Whatever else is ready runs first, timers among it.
                yield_now().await;
                continue;
            };
            // Nobody waits for another run, which stands still while nobody reads its stream: two that come first both embed.
            let batch = self.examples.iter().skip(from).take(BATCH);
            let texts: Vec<String> = batch.map(|(_, text)| text.clone()).collect();
            let mut vectors = self.embed(&texts).await?;
            while !self.keep(from, &mut vectors) {
                yield_now().await;
            }
        }
    }

    /// Keeps the vectors of the examples from this one on, unless another run has; says whether that is settled.
    fn keep(&self, from: usize, vectors: &mut Vec<Vec<f32>>) -> bool {
        let Some(mut state) = self.state() else { return false };
        if let State::Embedding(kept) = &mut *state
            && kept.len() == from
        {
            self.dimensions.get_or_init(|| vectors.first().map_or(0, Vec::len));
            kept.append(vectors);
        }
        true
    }

    /// Learns a little, unless another run is just doing so; where not all examples are embedded, says how many are.
    fn learn(&self) -> Option<usize> {
        let mut state = self.state()?;
        if let State::Embedding(vectors) = &mut *state {
            if vectors.len() < self.examples.len() {
                return Some(vectors.len());
            }
            let vectors = std::mem::take(vectors);
            let examples = self.examples.iter().map(|(agent, _)| *agent).zip(vectors).collect();
            *state = State::Learning(Learning::new(examples, self.agents.len()));
        }
        if let State::Learning(learning) = &mut *state
            && let Some(learned) = learning.step(WORK)
        {
            self.learned.get_or_init(|| learned);
            *state = State::Learned;
        }
        None
    }

    /// None while another run learns, which takes too long to stop a thread for.
    fn state(&self) -> Option<MutexGuard<'_, State>> {
        match self.state.try_lock() {
            Ok(state) => Some(state),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Whether any of these agents has examples.
    pub(super) fn is_of_any(&self, agents: &[AgentCard]) -> bool {
        agents.iter().any(|card| self.agents.contains_key(&card.name))
    }

    /// How much each of these texts means the same as the agents' examples; none for one of which the embedder makes nothing.
    ///
    /// # Errors
    /// Those of [`Meaning::prepare`].
    pub(super) async fn of_texts(&self, texts: &[String]) -> Result<Vec<Option<Meant<'_>>>> {
        let learned = self.learned().await?;
        let meant = |vector: &Vec<f32>| {
            let is_said = vector.iter().any(|number| *number != 0.0);
            is_said.then(|| Meant { meaning: self, scores: learned.to(vector) })
        };
        Ok(self.embed(texts).await?.iter().map(meant).collect())
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        let vectors = self.embedder.embed(texts, Purpose::Query).await?.vectors;
        let first = || vectors.first().map_or(0, Vec::len);
        let dimensions = self.dimensions.get().copied().unwrap_or_else(first);
        let whole = |vector: &Vec<f32>| {
            !vector.is_empty() && vector.len() == dimensions && vector.iter().all(|number| number.is_finite())
        };
        if vectors.len() == texts.len() && vectors.iter().all(whole) {
            return Ok(vectors);
        }
        let (model, given, asked) = (self.embedder.model(), vectors.len(), texts.len());
        let what = if vectors.iter().any(Vec::is_empty) {
            format!("{model} gave vectors without a number for {asked} texts")
        } else {
            format!("{model} gave {given} vectors, not all of {dimensions} finite numbers, for {asked} texts")
        };
        let hint = "an embedder gives one vector of finite numbers for each text, all of one length";
        Err(Error::new(ErrorKind::MalformedReply, what).hint(hint))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use ninefold_testkit::ScriptedEmbedder;

    use super::*;

    #[tokio::test]
    async fn nobody_blocks_while_another_run_learns() {
        let cards = [AgentCard::new("weather", "").example("rain"), AgentCard::new("trains", "").example("train")];
        let meaning = Meaning::of(&cards, Arc::new(ScriptedEmbedder::new())).unwrap();
        let mut preparing = Box::pin(meaning.prepare());
        let learning = meaning.state().unwrap();
        assert!(preparing.as_mut().now_or_never().is_none());
        drop(learning);
        preparing.await.unwrap();
        assert!(meaning.learned.get().is_some());
    }
}
