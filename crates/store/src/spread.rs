//! Activation that spreads from what the searcher has before him to what is related to it.
//!
//! As in ACT-R (Anderson, "How Can the Human Mind Occur in the Physical Universe?", 2007, chapter 3) the attention of one
//! unit is shared among the chunks in context, and what flows from a chunk over a name is shared among all chunks at the
//! name's other end (the fan). It flows both ways: to what defines a name that the chunk refers to, and to what refers to
//! a name that the chunk defines. A name with a large fan tells nothing, and nothing flows over it.

use std::collections::HashMap;
use std::hash::Hash;

use ninefold_core::{Chunk, Relation, RelationKind};
use smol_str::SmolStr;

/// A name with more chunks at its other end spreads nothing.
pub(crate) const FAN: usize = 32;
/// How many relations activation follows in a row.
const HOPS: usize = 2;
/// What is left of it after each hop but the first.
const DECAY: f32 = 0.5;
/// From how many chunks it flows on: the most active ones, and among equals those that come first in the store's order.
const FRONT: usize = 16;
/// How many names are looked up for one search.
const NAMES: usize = 64;
/// How many chunks of the context count: the first ones.
const CONTEXT: usize = 16;

/// What a chunk defines and refers to.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) defines: Vec<SmolStr>,
    pub(crate) relations: Vec<Relation>,
}

/// Where a store's relations are looked up: the visible part of it.
pub(crate) trait Graph {
    /// What leads to a chunk.
    type Node: Copy + Eq + Ord + Hash;
    /// Why a look-up failed.
    type Error;

    /// The names of a chunk.
    fn names(&self, node: Self::Node) -> Result<Names, Self::Error>;
    /// Up to `limit` chunks that define a name.
    fn definers(&self, name: &str, limit: usize) -> Result<Vec<Self::Node>, Self::Error>;
    /// Up to `limit` references to a name: whose, and of which kind. Where there are so many, any kind will do.
    fn referrers(&self, name: &str, limit: usize) -> Result<Vec<(Self::Node, RelationKind)>, Self::Error>;
}

/// How much of a flow a relation lets through.
fn weight(kind: RelationKind) -> f32 {
    match kind {
        RelationKind::Calls | RelationKind::Contains => 1.0,
        RelationKind::Imports | RelationKind::Mentions => 0.5,
    }
}

/// What the chunks related to the context receive, the context itself left out. The work is bounded, whatever the store
/// holds.
pub(crate) fn spread<G: Graph>(graph: &G, context: &[G::Node]) -> Result<HashMap<G::Node, f32>, G::Error> {
    let mut sources: Vec<G::Node> = Vec::with_capacity(CONTEXT.min(context.len()));
    for node in context {
        if sources.len() < CONTEXT && !sources.contains(node) {
            sources.push(*node);
        }
    }
    let mut names_left = NAMES;
    let mut received: HashMap<G::Node, f32> = HashMap::new();
    let share = 1.0 / sources.len().max(1) as f32;
    let mut front: Vec<(G::Node, f32)> = sources.iter().map(|&node| (node, share)).collect();
    for _ in 0..HOPS {
        let mut next: HashMap<G::Node, f32> = HashMap::new();
        // Every chunk of the front has its part of the look-ups, so that one with many names does not take all.
        let each = (names_left / front.len().max(1)).max(1);
        for &(node, activation) in &front {
            let names = graph.names(node)?;
            let looked_up = flow_from(graph, node, activation, &names, each.min(names_left), &mut next)?;
            names_left -= looked_up.min(names_left);
        }
        next.retain(|node, _| !sources.contains(node));
        for (&node, &activation) in &next {
            *received.entry(node).or_default() += activation;
        }
        front = next.into_iter().map(|(node, activation)| (node, activation * DECAY)).collect();
        front.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        front.truncate(FRONT);
    }
    Ok(received)
}

/// Lets activation flow over the names of one chunk, at most so many of them; returns how many were looked up.
fn flow_from<G: Graph>(
    graph: &G,
    node: G::Node,
    activation: f32,
    names: &Names,
    most: usize,
    next: &mut HashMap<G::Node, f32>,
) -> Result<usize, G::Error> {
    let mut left = most;
    // Half of the look-ups are for either direction, unless one has no use for its half.
    let backwards = names.defines.len().min((most / 2).max(most.saturating_sub(names.relations.len())));
    for Relation { kind, target } in names.relations.iter().take(most - backwards) {
        left -= 1;
        let definers = graph.definers(target, FAN + 1)?;
        if definers.len() <= FAN {
            let flow = activation * weight(*kind) / definers.len().max(1) as f32;
            for definer in definers.into_iter().filter(|definer| *definer != node) {
                *next.entry(definer).or_default() += flow;
            }
        }
    }
    for name in names.defines.iter().take(backwards) {
        left -= 1;
        let referrers = graph.referrers(name, FAN + 1)?;
        if referrers.len() <= FAN {
            let share = activation / referrers.len().max(1) as f32;
            for (referrer, kind) in referrers.into_iter().filter(|(referrer, _)| *referrer != node) {
                *next.entry(referrer).or_default() += share * weight(kind);
            }
        }
    }
    Ok(most - left)
}

/// Keeps as many names as a store keeps.
pub(crate) fn bound_names(chunk: &mut Chunk) {
    chunk.defines.truncate(Chunk::MAX_NAMES);
    chunk.relations.truncate(Chunk::MAX_NAMES);
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::convert::Infallible;

    use super::*;

    /// What a chunk defines and refers to.
    type Piece = (Vec<&'static str>, Vec<(RelationKind, &'static str)>);

    /// Chunks by number, and how often names were looked up.
    #[derive(Default)]
    struct Chunks(Vec<Piece>, Cell<usize>);

    impl Graph for Chunks {
        type Node = usize;
        type Error = Infallible;

        fn names(&self, node: usize) -> Result<Names, Infallible> {
            let (defines, relations) = &self.0[node];
            let relation = |&(kind, target): &(RelationKind, &str)| Relation { kind, target: target.into() };
            Ok(Names {
                defines: defines.iter().map(|&name| name.into()).collect(),
                relations: relations.iter().map(relation).collect(),
            })
        }

        fn definers(&self, name: &str, limit: usize) -> Result<Vec<usize>, Infallible> {
            self.1.set(self.1.get() + 1);
            Ok((0..self.0.len()).filter(|&node| self.0[node].0.contains(&name)).take(limit).collect())
        }

        fn referrers(&self, name: &str, limit: usize) -> Result<Vec<(usize, RelationKind)>, Infallible> {
            self.1.set(self.1.get() + 1);
            let all = self.0.iter().enumerate().flat_map(|(node, (_, relations))| {
                relations.iter().filter(|(_, target)| *target == name).map(move |(kind, _)| (node, *kind))
            });
            Ok(all.take(limit).collect())
        }
    }

    use RelationKind::{Calls, Mentions};

    fn spread_over(chunks: &Chunks, context: &[usize]) -> HashMap<usize, f32> {
        let Ok(received) = spread(chunks, context);
        received
    }

    #[test]
    fn it_flows_both_ways_and_calls_carry_more_than_mentions() {
        let chunks = Chunks(
            vec![
                (vec!["main"], vec![(Calls, "run"), (Mentions, "note")]),
                (vec!["run"], vec![]),
                (vec!["note"], vec![]),
                (vec![], vec![(Calls, "main")]),
                (vec!["far"], vec![]),
            ],
            Cell::default(),
        );
        let received = spread_over(&chunks, &[0]);
        assert!(received[&1] > received[&2] && received[&2] > 0.0, "{received:?}");
        assert!(received[&3] > 0.0, "what calls it is reached: {received:?}");
        assert!(!received.contains_key(&0) && !received.contains_key(&4), "{received:?}");
    }

    #[test]
    fn two_hops_are_less_than_one_and_three_are_nothing() {
        let chain = Chunks(
            vec![
                (vec![], vec![(Calls, "a")]),
                (vec!["a"], vec![(Calls, "b")]),
                (vec!["b"], vec![(Calls, "c")]),
                (vec!["c"], vec![]),
            ],
            Cell::default(),
        );
        let received = spread_over(&chain, &[0]);
        assert!(received[&1] > received[&2] && received[&2] > 0.0 && !received.contains_key(&3), "{received:?}");
    }

    #[test]
    fn what_flows_over_a_name_is_shared_and_a_common_name_lets_nothing_through() {
        let fan = |n: usize| {
            let mut chunks = vec![(vec![], vec![(Calls, "new")])];
            chunks.extend((0..n).map(|_| (vec!["new"], vec![])));
            spread_over(&Chunks(chunks, Cell::default()), &[0])
        };
        assert!((fan(2)[&1] * 2.0 - fan(1)[&1]).abs() < 1e-6);
        assert_eq!(fan(FAN).len(), FAN);
        assert!(fan(FAN + 1).is_empty());
    }

    #[test]
    fn the_attention_is_one_whole_and_the_work_bounded() {
        const MANY: [&str; 300] = ["x"; 300];
        let chunks = Chunks(
            (0..100).map(|_| (MANY[..200].to_vec(), MANY.iter().map(|&name| (Calls, name)).collect())).collect(),
            Cell::default(),
        );
        let received = spread_over(&chunks, &(0..100).collect::<Vec<_>>());
        assert!(chunks.1.get() <= NAMES + FRONT, "{} look-ups", chunks.1.get());
        assert!(received.is_empty());
        assert!(spread_over(&Chunks::default(), &[]).is_empty());
    }
}
