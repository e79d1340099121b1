//! Which agent's examples mean what a subgoal means, by their embeddings. The examples are embedded once, when a subgoal first
//! needs it, or ahead of that by [`Meaning::prepare`].

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::Poll;

use ninefold_core::{AgentCard, Embedder, Error, ErrorKind, Purpose, Result};
use smol_str::SmolStr;

use super::directions::{Directions, Learning};

/// How many examples are embedded at a time. What was embedded is kept when a run has no more time for the rest.
const BATCH: usize = 256;
/// How many examples are learned from before others have their turn: some milliseconds for a hundred agents.
const STEP: usize = 500;

/// What the examples of a pipeline's agents mean.
pub struct Meaning {
    embedder: Arc<dyn Embedder>,
    /// The numbers of the agents that have examples.
    agents: HashMap<SmolStr, usize>,
    examples: Vec<(usize, String)>,
    state: Mutex<State>,
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
        (!examples.is_empty()).then(|| Self { embedder, agents, examples, state, learned: OnceLock::new() })
    }

    /// Embeds the examples and learns from them, as far as that is not done yet. It may be dropped at any time: the next one goes on where
    /// this one was.
    ///
    /// # Errors
    /// What the embedder says; `MalformedReply` when it does not give one vector for each text, all of one length.
    pub async fn prepare(&self) -> Result<()> {
        self.learned().await.map(|_| ())
    }

    async fn learned(&self) -> Result<&Directions> {
        loop {
            if let Some(learned) = self.learned.get() {
                return Ok(learned);
            }
            let Some(from) = self.learn() else {
                others_first().await;
                continue;
            };
            // Nobody waits for another run, which stands still while nobody reads its stream: two that come first both embed.
            let batch = self.examples.iter().skip(from).take(BATCH);
            let texts: Vec<String> = batch.map(|(_, text)| text.clone()).collect();
            let vectors = self.embed(&texts).await?;
            if let State::Embedding(kept) = &mut *self.state()
                && kept.len() == from
            {
                kept.extend(vectors);
            }
        }
    }

    /// Learns a little; where not all examples are embedded, says how many are.
    fn learn(&self) -> Option<usize> {
        let mut state = self.state();
        if let State::Embedding(vectors) = &mut *state {
            if vectors.len() < self.examples.len() {
                return Some(vectors.len());
            }
            let vectors = std::mem::take(vectors);
            let examples = self.examples.iter().map(|(agent, _)| *agent).zip(vectors).collect();
            *state = State::Learning(Learning::new(examples, self.agents.len()));
        }
        if let State::Learning(learning) = &mut *state
            && let Some(learned) = learning.step(STEP)
        {
            self.learned.get_or_init(|| learned);
            *state = State::Learned;
        }
        None
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
        let dimensions = match (self.learned.get(), &*self.state()) {
            (Some(learned), _) => learned.dimensions(),
            (None, State::Embedding(kept)) => kept.first().or(vectors.first()).map_or(0, Vec::len),
            (None, State::Learning(_) | State::Learned) => vectors.first().map_or(0, Vec::len),
        };
        let whole = |vector: &Vec<f32>| vector.len() == dimensions && vector.iter().all(|number| number.is_finite());
        if vectors.len() == texts.len() && vectors.iter().all(whole) {
            return Ok(vectors);
        }
        let (model, given, asked) = (self.embedder.model(), vectors.len(), texts.len());
        let what = format!("{model} gave {given} vectors, not all of {dimensions} finite numbers, for {asked} texts");
        let hint = "an embedder gives one vector of finite numbers for each text, all of one length";
        Err(Error::new(ErrorKind::MalformedReply, what).hint(hint))
    }
}

/// Lets whatever else is ready run first, and a limit pass.
async fn others_first() {
    let mut first = true;
    std::future::poll_fn(|context| {
        if std::mem::take(&mut first) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
}
