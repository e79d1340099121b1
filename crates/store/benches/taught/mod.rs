//! Patterns as runs teach them: plans of eight subgoals for questions of two topics.

use ninefold_core::{
    AgentCard, AgentKey, ChunkId, Complexity, Features, Pattern, Plan, Scope, Situation, Subgoal, Timestamp,
};

pub fn agents() -> Vec<AgentKey> {
    ["files", "web", "notes"].map(|name| AgentKey::of(&AgentCard::new(name, "Works")).unwrap()).to_vec()
}

fn question(n: usize) -> String {
    let topic = ["journal", "cache", "ledger", "scope", "profile", "phase", "store", "model"];
    format!(
        "Compare the {} of service {n} with the {}, and explain why one of them is slower",
        topic[n % 8],
        topic[n / 8 % 8]
    )
}

pub fn situation(n: usize) -> Situation {
    Situation {
        features: Features::of(&question(n)).unwrap(),
        scope: Scope::public(),
        within: Vec::new(),
        complexity: Complexity::Complex,
        agents: agents(),
    }
}

/// A plan of eight subgoals in a diamond.
pub fn pattern(n: usize) -> Pattern {
    let part = |k: usize, after: &[&str]| Subgoal {
        agent: Some("files".into()),
        depends_on: after.iter().map(|id| (*id).into()).collect(),
        ..Subgoal::new(format!("part-{k}"), format!("{}: part {k}", question(n)))
    };
    let mut parts = vec![part(0, &[])];
    parts.extend((1..7).map(|k| part(k, &["part-0"])));
    parts.push(part(7, &["part-1", "part-2", "part-3", "part-4", "part-5", "part-6"]));
    let cited = (0..8).map(|k| ChunkId(k * 1_000 + n as u64)).collect();
    Pattern::new(situation(n), Plan::try_from(parts).unwrap(), vec![agents()[0].clone()], cited, Timestamp(n as i64))
}
