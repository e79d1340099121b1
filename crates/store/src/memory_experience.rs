//! What runs have taught, in the process's memory: for tests, and for hosts without a database.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ninefold_core::experience::{MAX_AGENTS, MAX_PATTERNS, MAX_PER_SITUATION, RECALLED, START, learned};
use ninefold_core::{AgentKey, Experience, Key, Learned, Pattern, Result, Situation, Timestamp, Unlearning};

/// Experience in memory; it lives as long as the value.
#[derive(Debug, Default)]
pub struct MemoryExperience(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    patterns: HashMap<Key, Pattern>,
    /// Which patterns there are for a situation.
    situations: HashMap<Key, Vec<Key>>,
    agents: HashMap<AgentKey, Standing>,
}

/// How far an agent can be relied on, and when it was last rewarded.
#[derive(Debug, Clone, Copy)]
struct Standing {
    utility: f32,
    last: Timestamp,
}

impl MemoryExperience {
    /// Nothing learned yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    // No change is left half made when a thread panics, so a poisoned lock is as good as another.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn remove(&mut self, key: Key, situation: Key) {
        self.patterns.remove(&key);
        if let Some(keys) = self.situations.get_mut(&situation) {
            keys.retain(|other| *other != key);
            if keys.is_empty() {
                self.situations.remove(&situation);
            }
        }
    }

    /// The least useful of these but for one, of equally useful ones that which was used longest ago.
    fn least<'a>(&self, keys: impl Iterator<Item = &'a Key>, but: Key) -> Option<Key> {
        let counts = |key: &Key| self.patterns.get(key).map(Pattern::counts);
        keys.filter(|key| **key != but)
            .filter_map(|key| counts(key).map(|counts| (*key, counts)))
            .min_by(|(_, a), (_, b)| a.utility.total_cmp(&b.utility).then(a.last_used.cmp(&b.last_used)))
            .map(|(key, _)| key)
    }
}

#[async_trait]
impl Experience for MemoryExperience {
    async fn recall(&self, situation: &Situation) -> Result<Vec<Pattern>> {
        let key = situation.key()?;
        let kept = self.lock();
        let Some(keys) = kept.situations.get(&key) else { return Ok(Vec::new()) };
        let patterns = keys.iter().filter_map(|key| kept.patterns.get(key));
        let mut found: Vec<Pattern> = patterns.filter(|pattern| pattern.fits(situation)).cloned().collect();
        drop(kept);
        found.sort_by(|a, b| b.utility.total_cmp(&a.utility).then(b.last_used.cmp(&a.last_used)));
        Ok(found)
    }

    async fn learn(&self, pattern: Pattern) -> Result<()> {
        // Refused here as well, though nothing is written.
        pattern.body()?;
        let (key, situation, at) = (pattern.key()?, pattern.situation()?, pattern.last_used);
        let mut kept = self.lock();
        if let Some(known) = kept.patterns.get_mut(&key) {
            let counts = known.counts().learned_again(known.plan == pattern.plan, at);
            *known = pattern.with(counts);
            return Ok(());
        }
        kept.patterns.insert(key, pattern);
        kept.situations.entry(situation).or_default().push(key);
        let siblings = kept.situations.get(&situation).filter(|keys| keys.len() > MAX_PER_SITUATION);
        if let Some(least) = siblings.and_then(|keys| kept.least(keys.iter(), key)) {
            kept.remove(least, situation);
        }
        if kept.patterns.len() > MAX_PATTERNS
            && let Some(least) = kept.least(kept.patterns.keys(), key)
            && let Some(situation) = kept.patterns.get(&least).map(Pattern::situation)
        {
            kept.remove(least, situation?);
        }
        Ok(())
    }

    async fn judge(&self, key: Key, reward: f32, at: Timestamp) -> Result<()> {
        let mut kept = self.lock();
        let Some(pattern) = kept.patterns.get_mut(&key) else { return Ok(()) };
        let counts = pattern.counts().judged(reward, at);
        if counts.is_spent() {
            let situation = pattern.situation()?;
            kept.remove(key, situation);
        } else {
            *pattern = pattern.clone().with(counts);
        }
        Ok(())
    }

    async fn utilities(&self, agents: &[AgentKey]) -> Result<Vec<Option<f32>>> {
        let kept = self.lock();
        Ok(agents.iter().map(|agent| kept.agents.get(agent).map(|standing| standing.utility)).collect())
    }

    async fn reward(&self, rewards: &[(AgentKey, f32)], at: Timestamp) -> Result<()> {
        let mut kept = self.lock();
        for (agent, reward) in rewards {
            if let Some(standing) = kept.agents.get_mut(agent) {
                *standing = Standing { utility: learned(standing.utility, *reward), last: standing.last.max(at) };
                continue;
            }
            if kept.agents.len() >= MAX_AGENTS {
                let oldest = kept.agents.iter().min_by_key(|(_, standing)| standing.last);
                if let Some(oldest) = oldest.map(|(agent, _)| agent.clone()) {
                    kept.agents.remove(&oldest);
                }
            }
            kept.agents.insert(agent.clone(), Standing { utility: learned(START, *reward), last: at });
        }
        Ok(())
    }

    async fn unlearn(&self, Unlearning { unused_since, dry_run }: Unlearning) -> Result<u64> {
        let mut kept = self.lock();
        let unused = kept.patterns.iter().filter(|(_, pattern)| pattern.last_used < unused_since);
        let unused = unused.map(|(key, pattern)| Ok((*key, pattern.situation()?))).collect::<Result<Vec<_>>>()?;
        if !dry_run {
            for (key, situation) in &unused {
                kept.remove(*key, *situation);
            }
        }
        Ok(unused.len() as u64)
    }

    async fn learned(&self) -> Result<Learned> {
        let kept = self.lock();
        let mut learned = Learned { agents: kept.agents.len() as u64, ..Learned::default() };
        for pattern in kept.patterns.values() {
            learned.patterns += 1;
            learned.demoted += u64::from(pattern.utility < RECALLED);
            learned.successes += u64::from(pattern.successes);
            learned.failures += u64::from(pattern.failures);
        }
        Ok(learned)
    }
}

#[cfg(test)]
mod tests {
    use ninefold_core::{Complexity, Features, Plan, Scope, Subgoal};

    use super::*;

    fn situation(n: usize) -> Situation {
        Situation {
            features: Features::of(&format!("question {n}")).unwrap(),
            scope: Scope::public(),
            within: Vec::new(),
            complexity: Complexity::Medium,
            agents: Vec::new(),
        }
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded() {
        let experience = MemoryExperience::new();
        let plan = Plan::try_from(vec![Subgoal::new("a", "find out")]).unwrap();
        for n in 0..=MAX_PATTERNS {
            let pattern = Pattern::new(situation(n), plan.clone(), vec![], vec![], Timestamp(n as i64));
            let key = pattern.key().unwrap();
            experience.learn(pattern).await.unwrap();
            if n == 5 {
                experience.judge(key, 0.0, Timestamp(n as i64)).await.unwrap();
            }
        }
        assert_eq!(experience.learned().await.unwrap().patterns, MAX_PATTERNS as u64);
        assert_eq!(experience.recall(&situation(5)).await.unwrap(), [], "the least useful went");
        for kept in [0, MAX_PATTERNS] {
            assert_eq!(experience.recall(&situation(kept)).await.unwrap().len(), 1);
        }
        for n in 0..=MAX_AGENTS {
            let agent = AgentKey { name: n.to_string().into(), card: Key([0; 32]) };
            experience.reward(&[(agent, 1.0)], Timestamp(n as i64)).await.unwrap();
        }
        assert_eq!(experience.learned().await.unwrap().agents, MAX_AGENTS as u64);
    }
}
