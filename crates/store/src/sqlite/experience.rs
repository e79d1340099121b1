//! What runs have taught, in the same file.

use std::sync::Arc;

use async_trait::async_trait;
use ninefold_core::experience::{Counts, MAX_AGENTS, MAX_PATTERNS, MAX_PER_SITUATION, RECALLED, START, learned};
use ninefold_core::{AgentKey, Experience, Key, Learned, Pattern, Result, Situation, Timestamp, Unlearning};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::failure::Fault;
use super::{FEW, Sqlite};

#[async_trait]
impl Experience for Sqlite {
    async fn recall(&self, situation: &Situation) -> Result<Vec<Pattern>> {
        let key = situation.key()?;
        let found = match self.look_up(|connection| of_situation(connection, key)).await {
            Some(found) => found?,
            None => self.query(move |connection| of_situation(connection, key)).await?,
        };
        let mut patterns = Vec::with_capacity(found.len());
        for (body, counts) in found {
            // What counts is settled before the text is read.
            if counts.utility >= RECALLED {
                let pattern = Pattern::from_body(&body, counts)?;
                if pattern.fits(situation) {
                    patterns.push(pattern);
                }
            }
        }
        Ok(patterns)
    }

    async fn learn(&self, pattern: Pattern) -> Result<()> {
        let (key, situation, body) = (pattern.key()?, pattern.situation()?, pattern.body()?);
        let pattern = Arc::new(pattern);
        self.write(move |connection| learn(connection, key, situation, &pattern, &body)).await
    }

    async fn judge(&self, pattern: Key, reward: f32, at: Timestamp) -> Result<()> {
        self.write(move |connection| judge(connection, pattern, reward, at)).await
    }

    async fn utilities(&self, agents: &[AgentKey]) -> Result<Vec<Option<f32>>> {
        if agents.len() <= FEW
            && let Some(utilities) = self.look_up(|connection| utilities(connection, agents)).await
        {
            return utilities;
        }
        let agents = agents.to_vec();
        self.query(move |connection| utilities(connection, &agents)).await
    }

    async fn reward(&self, rewards: &[(AgentKey, f32)], at: Timestamp) -> Result<()> {
        if rewards.is_empty() {
            return Ok(());
        }
        let rewards = rewards.to_vec();
        self.write(move |connection| reward(connection, &rewards, at)).await
    }

    async fn unlearn(&self, unlearning: Unlearning) -> Result<u64> {
        if unlearning.dry_run {
            return self.query(move |connection| unused(connection, unlearning.unused_since)).await;
        }
        // The bodies go with their rows.
        self.write(move |connection| {
            let mut delete = connection.prepare_cached("DELETE FROM patterns WHERE last_used < ?1")?;
            Ok(delete.execute([unlearning.unused_since.0])? as u64)
        })
        .await
    }

    async fn learned(&self) -> Result<Learned> {
        self.query(how_much).await
    }
}

/// The counts in five columns from `first` on.
fn counts(row: &Row<'_>, first: usize) -> rusqlite::Result<Counts> {
    Ok(Counts {
        utility: row.get(first)?,
        successes: row.get(first + 1)?,
        failures: row.get(first + 2)?,
        first_used: Timestamp(row.get(first + 3)?),
        last_used: Timestamp(row.get(first + 4)?),
    })
}

const COUNTS: &str = "p.utility, p.successes, p.failures, p.first_used, p.last_used";

/// The bodies and counts of a situation's patterns, the most useful first.
fn of_situation(connection: &Connection, situation: Key) -> Result<Vec<(String, Counts)>, Fault> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT b.body, {COUNTS} FROM patterns p JOIN pattern_bodies b ON b.id = p.id WHERE p.situation = ?1
         ORDER BY p.utility DESC, p.last_used DESC LIMIT {MAX_PER_SITUATION}"
    ))?;
    let rows = select.query_map([situation.0], |row| Ok((row.get(0)?, counts(row, 1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn write_counts(connection: &Connection, id: i64, counts: Counts) -> Result<(), Fault> {
    let Counts { utility, successes, failures, first_used, last_used } = counts;
    connection
        .prepare_cached(
            "UPDATE patterns SET utility = ?2, successes = ?3, failures = ?4, first_used = ?5, last_used = ?6
             WHERE id = ?1",
        )?
        .execute(params![id, utility, successes, failures, first_used.0, last_used.0])?;
    Ok(())
}

fn learn(connection: &Connection, key: Key, situation: Key, pattern: &Pattern, body: &str) -> Result<(), Fault> {
    let known = connection
        .prepare_cached(&format!(
            "SELECT p.id, b.body, {COUNTS} FROM patterns p JOIN pattern_bodies b ON b.id = p.id WHERE p.key = ?1"
        ))?
        .query_row([key.0], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, counts(row, 2)?)))
        .optional()?;
    if let Some((id, before, counts)) = known {
        // What cannot be read any more is another plan.
        let same_plan = Pattern::from_body(&before, counts).is_ok_and(|before| before.plan == pattern.plan);
        write_counts(connection, id, counts.learned_again(same_plan, pattern.last_used))?;
        if before != body {
            connection
                .prepare_cached("UPDATE pattern_bodies SET body = ?2 WHERE id = ?1")?
                .execute(params![id, body])?;
        }
        return Ok(());
    }
    let Counts { utility, successes, failures, first_used, last_used } = pattern.counts();
    let id = connection
        .prepare_cached(
            "INSERT INTO patterns (key, situation, utility, successes, failures, first_used, last_used)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .insert(params![key.0, situation.0, utility, successes, failures, first_used.0, last_used.0])?;
    connection.prepare_cached("INSERT INTO pattern_bodies (id, body) VALUES (?1, ?2)")?.execute(params![id, body])?;
    make_room(connection, situation, id)
}

/// Takes out the least useful patterns beyond the bounds, but not the one just learned.
fn make_room(connection: &Connection, situation: Key, learned: i64) -> Result<(), Fault> {
    connection
        .prepare_cached(&format!(
            "DELETE FROM patterns WHERE id IN (SELECT id FROM patterns WHERE situation = ?1 AND id IS NOT ?2
             ORDER BY utility DESC, last_used DESC LIMIT -1 OFFSET {})",
            MAX_PER_SITUATION - 1
        ))?
        .execute(params![situation.0, learned])?;
    let all: usize =
        connection.prepare_cached("SELECT count(*) FROM patterns")?.query_row([], |row| row.get::<_, usize>(0))?;
    if all > MAX_PATTERNS {
        connection
            .prepare_cached(
                "DELETE FROM patterns WHERE id IN (SELECT id FROM patterns WHERE id IS NOT ?1
                 ORDER BY utility, last_used LIMIT ?2)",
            )?
            .execute(params![learned, (all - MAX_PATTERNS) as i64])?;
    }
    Ok(())
}

fn judge(connection: &Connection, key: Key, reward: f32, at: Timestamp) -> Result<(), Fault> {
    let known = connection
        .prepare_cached(&format!("SELECT p.id, {COUNTS} FROM patterns p WHERE p.key = ?1"))?
        .query_row([key.0], |row| Ok((row.get::<_, i64>(0)?, counts(row, 1)?)))
        .optional()?;
    let Some((id, counts)) = known else { return Ok(()) };
    let counts = counts.judged(reward, at);
    if counts.is_spent() {
        connection.prepare_cached("DELETE FROM patterns WHERE id = ?1")?.execute([id])?;
        return Ok(());
    }
    write_counts(connection, id, counts)
}

fn utilities(connection: &Connection, agents: &[AgentKey]) -> Result<Vec<Option<f32>>, Fault> {
    let mut select = connection.prepare_cached("SELECT utility FROM agent_utilities WHERE agent = ?1 AND card = ?2")?;
    let utility = |agent: &AgentKey| {
        select.query_row(params![agent.name.as_str(), agent.card.0], |row| row.get::<_, f32>(0)).optional()
    };
    Ok(agents.iter().map(utility).collect::<rusqlite::Result<_>>()?)
}

fn reward(connection: &Connection, rewards: &[(AgentKey, f32)], at: Timestamp) -> Result<(), Fault> {
    let mut new = 0;
    for (agent, reward) in rewards {
        let known = utilities(connection, std::slice::from_ref(agent))?.pop().flatten();
        new += u32::from(known.is_none());
        let utility = learned(known.unwrap_or(START), *reward);
        connection
            .prepare_cached(
                "INSERT INTO agent_utilities (agent, card, utility, last) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (agent, card) DO UPDATE SET utility = excluded.utility, last = max(last, excluded.last)",
            )?
            .execute(params![agent.name.as_str(), agent.card.0, utility, at.0])?;
    }
    if new > 0 {
        connection
            .prepare_cached(&format!(
                "DELETE FROM agent_utilities WHERE (agent, card) IN (SELECT agent, card FROM agent_utilities
                 ORDER BY last DESC LIMIT -1 OFFSET {MAX_AGENTS})"
            ))?
            .execute([])?;
    }
    Ok(())
}

fn unused(connection: &Connection, since: Timestamp) -> Result<u64, Fault> {
    let mut select = connection.prepare_cached("SELECT count(*) FROM patterns WHERE last_used < ?1")?;
    Ok(select.query_row([since.0], |row| row.get(0))?)
}

fn how_much(connection: &Connection) -> Result<Learned, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT count(*), coalesce(sum(utility < ?1), 0), coalesce(sum(successes), 0), coalesce(sum(failures), 0),
         (SELECT count(*) FROM agent_utilities) FROM patterns",
    )?;
    Ok(select.query_row([RECALLED], |row| {
        Ok(Learned {
            patterns: row.get(0)?,
            demoted: row.get(1)?,
            successes: row.get(2)?,
            failures: row.get(3)?,
            agents: row.get(4)?,
        })
    })?)
}
