//! A flow's steps as a graph: which can be reached, and which go round.

use super::super::diagnostic::Diagnostics;
use super::lower::followers;
use crate::program::{Flow, Op};

/// The steps that can be reached from the first one.
pub(super) fn reached(flow: &Flow) -> Vec<bool> {
    let mut reached = vec![false; flow.ops.len()];
    let mut open = vec![0];
    while let Some(at) = open.pop() {
        if let Some(seen) = reached.get_mut(at)
            && !*seen
        {
            *seen = true;
            open.extend(followers(flow, at));
        }
    }
    reached
}

/// Steps that nobody comes to; of several in a row, the first one. Jumps that the compiler made are no steps.
pub(super) fn unreachable(flow: &Flow, diagnostics: &mut Diagnostics) {
    let reached = reached(flow);
    let mut within = false;
    let last = flow.ops.len().saturating_sub(1);
    for (at, (op, place)) in flow.ops.iter().zip(&flow.places).enumerate().take(last) {
        if reached.get(at) != Some(&false) {
            within = false;
        } else if !within && !matches!(op, Op::Jump(_)) {
            within = true;
            diagnostics.error(
                place,
                "nothing leads to this step",
                "the steps before it end or go on elsewhere: take it out, or give it an `id` and go there by `next`",
            );
        }
    }
}

/// Groups of steps that lead to one another, a step that leads to itself among them (Kosaraju's algorithm, without recursion).
pub(super) fn rounds(flow: &Flow) -> Vec<Vec<usize>> {
    let count = flow.ops.len();
    let mut before = vec![Vec::new(); count];
    for at in 0..count {
        for to in followers(flow, at) {
            if let Some(before) = before.get_mut(to) {
                before.push(at);
            }
        }
    }
    let mut done = vec![false; count];
    let mut order = Vec::with_capacity(count);
    // Only what can be reached: the rest is told already.
    let mut open = vec![(0, false)];
    while let Some((at, left)) = open.pop() {
        if left {
            order.push(at);
        } else if let Some(seen) = done.get_mut(at)
            && !*seen
        {
            *seen = true;
            open.push((at, true));
            open.extend(followers(flow, at).into_iter().map(|to| (to, false)));
        }
    }
    let mut rounds = Vec::new();
    while let Some(first) = order.pop() {
        let mut group = Vec::new();
        let mut open = vec![first];
        while let Some(at) = open.pop() {
            if let Some(fresh) = done.get_mut(at)
                && *fresh
            {
                *fresh = false;
                group.push(at);
                open.extend(before.get(at).into_iter().flatten().copied());
            }
        }
        if group.len() > 1 || group.first().is_some_and(|at| followers(flow, *at).contains(at)) {
            group.sort_unstable();
            rounds.push(group);
        }
    }
    rounds
}
