//! A memory of experience small enough to be read at a glance.

use std::sync::Mutex;

use async_trait::async_trait;
use ninefold_core::experience::{START, learned};
use ninefold_core::{
    AgentKey, Error, ErrorKind, Experience, Key, Learned, Pattern, Result, Situation, Timestamp, Unlearning,
};

/// Keeps what it is told, and everything that it was told.
#[derive(Default)]
pub(crate) struct Lessons {
    pub(crate) patterns: Mutex<Vec<Pattern>>,
    pub(crate) judged: Mutex<Vec<f32>>,
    pub(crate) rewards: Mutex<Vec<(AgentKey, f32)>>,
    /// Returns every pattern whatever the situation.
    pub(crate) careless: bool,
    pub(crate) broken: bool,
    /// Never returns from the method of this name, or from any of them for "everything".
    pub(crate) hangs: Option<&'static str>,
}

impl Lessons {
    async fn check(&self, method: &str) -> Result<()> {
        if self.hangs.is_some_and(|hangs| hangs == method || hangs == "everything") {
            std::future::pending::<()>().await;
        }
        if self.broken { Err(Error::new(ErrorKind::Unavailable, "nothing comes to mind")) } else { Ok(()) }
    }
}

#[async_trait]
impl Experience for Lessons {
    async fn recall(&self, situation: &Situation) -> Result<Vec<Pattern>> {
        self.check("recall").await?;
        let patterns = self.patterns.lock().unwrap();
        Ok(patterns.iter().filter(|pattern| self.careless || pattern.fits(situation)).cloned().collect())
    }

    async fn learn(&self, pattern: Pattern) -> Result<()> {
        self.check("learn").await?;
        let mut patterns = self.patterns.lock().unwrap();
        let known = patterns.iter_mut().find(|known| known.key().unwrap() == pattern.key().unwrap());
        match known {
            Some(known) => {
                let counts = known.counts().learned_again(known.plan == pattern.plan, pattern.last_used);
                *known = pattern.with(counts);
            }
            None => patterns.push(pattern),
        }
        Ok(())
    }

    async fn judge(&self, pattern: Key, reward: f32, at: Timestamp) -> Result<()> {
        self.check("judge").await?;
        self.judged.lock().unwrap().push(reward);
        for known in self.patterns.lock().unwrap().iter_mut().filter(|known| known.key().unwrap() == pattern) {
            let counts = known.counts().judged(reward, at);
            *known = known.clone().with(counts);
        }
        Ok(())
    }

    async fn utilities(&self, agents: &[AgentKey]) -> Result<Vec<Option<f32>>> {
        self.check("utilities").await?;
        let rewards = self.rewards.lock().unwrap();
        let utility = |agent: &AgentKey| {
            let own = rewards.iter().filter(|(name, _)| name == agent);
            own.fold(None, |utility: Option<f32>, (_, reward)| Some(learned(utility.unwrap_or(START), *reward)))
        };
        Ok(agents.iter().map(utility).collect())
    }

    async fn reward(&self, rewards: &[(AgentKey, f32)], _: Timestamp) -> Result<()> {
        self.check("reward").await?;
        self.rewards.lock().unwrap().extend_from_slice(rewards);
        Ok(())
    }

    async fn unlearn(&self, _: Unlearning) -> Result<u64> {
        self.check("unlearn").await.map(|()| 0)
    }

    async fn learned(&self) -> Result<Learned> {
        self.check("learned").await.map(|()| Learned::default())
    }
}
