//! What goes round without end: loops in which nobody is waited for and nothing changes, and flows that only ever call each other.

use std::collections::HashSet;

use smol_str::SmolStr;

use super::super::diagnostic::Diagnostics;
use super::graph::rounds;
use super::lower::{followers, is_broken};
use crate::program::{Flow, Op, Program, SlotId};

pub(super) fn check(program: &Program, diagnostics: &mut Diagnostics) {
    let waits = waiting(program);
    for flow in &program.flows {
        for round in rounds(flow) {
            endless(program, flow, &round, &waits, diagnostics);
        }
    }
    recursion(program, diagnostics);
}

/// Which flows may wait for the user, they themselves or those that they call.
fn waiting(program: &Program) -> Vec<bool> {
    grow(program, |flow, waits| {
        flow.ops.iter().any(|op| match op {
            Op::Collect { .. } | Op::Confirm { .. } => true,
            Op::Call { flow, .. } | Op::Link(flow) => waits.get(usize::from(flow.0)).copied().unwrap_or(true),
            _ => false,
        })
    })
}

/// Grows a property of flows until nothing changes.
fn grow(program: &Program, holds: impl Fn(&Flow, &[bool]) -> bool) -> Vec<bool> {
    let mut found = vec![false; program.flows.len()];
    loop {
        let next: Vec<bool> =
            program.flows.iter().zip(&found).map(|(flow, known)| *known || holds(flow, &found)).collect();
        if next == found {
            return found;
        }
        found = next;
    }
}

fn endless(program: &Program, flow: &Flow, round: &[usize], waits: &[bool], diagnostics: &mut Diagnostics) {
    let ops: Vec<&Op> = round.iter().filter_map(|at| flow.ops.get(*at)).collect();
    let cleared: HashSet<SlotId> =
        ops.iter().filter_map(|op| if let Op::Clear(slot) = op { Some(*slot) } else { None }).collect();
    let again = |slot: &SlotId| cleared.contains(slot) || program.slot(*slot).is_some_and(|slot| slot.ask_always);
    let wait = ops.iter().any(|op| match op {
        Op::Confirm { .. } => true,
        Op::Collect { slot, .. } => again(slot),
        Op::Call { flow, .. } => waits.get(usize::from(flow.0)).copied().unwrap_or(true),
        _ => false,
    });
    if wait {
        return;
    }
    let mut changed: HashSet<&SmolStr> = HashSet::new();
    for op in &ops {
        let slots: Vec<SlotId> = match op {
            Op::Set { slot, .. } | Op::Clear(slot) => vec![*slot],
            Op::Action { outputs, .. } => outputs.iter().map(|(_, slot)| *slot).collect(),
            Op::Call { outputs, .. } => outputs.iter().map(|(_, slot)| *slot).collect(),
            _ => Vec::new(),
        };
        changed.extend(slots.into_iter().filter_map(|slot| program.slot(slot)).map(|slot| &slot.name));
    }
    let leaves = round.iter().any(|at| {
        let out = followers(flow, *at).iter().any(|to| !round.contains(to));
        out && match flow.ops.get(*at) {
            Some(Op::JumpUnless { condition, .. }) => {
                is_broken(condition)
                    || condition.looks_at_clock()
                    || condition.reads().iter().any(|name| changed.contains(name))
            }
            _ => true,
        }
    });
    let Some(place) = round.first().and_then(|at| flow.places.get(*at)) else { return };
    if leaves {
        return;
    }
    let once = ops.iter().find_map(|op| if let Op::Collect { slot, .. } = op { program.slot(*slot) } else { None });
    let hint = match once {
        Some(slot) => {
            format!(
                "`{0}` has a value from its second round on and is not asked for again: add `clear: {0}`",
                slot.name
            )
        }
        None => "collect or confirm something in it, or change what its condition reads".to_owned(),
    };
    diagnostics.error(
        place,
        "this goes round without end: nobody is asked and nothing changes that would end it",
        hint,
    );
}

/// Flows that come back to themselves before they end or wait.
fn recursion(program: &Program, diagnostics: &mut Diagnostics) {
    let settles = grow(program, |flow, settles| {
        let settled = |id: usize| settles.get(id).copied().unwrap_or(true);
        let mut seen = HashSet::new();
        let mut open = vec![0];
        while let Some(at) = open.pop() {
            if !seen.insert(at) {
                continue;
            }
            match flow.ops.get(at) {
                None | Some(Op::End | Op::Collect { .. } | Op::Confirm { .. }) => return true,
                Some(Op::Link(to)) if settled(usize::from(to.0)) => return true,
                Some(Op::Call { flow, .. }) if !settled(usize::from(flow.0)) => {}
                Some(_) => open.extend(followers(flow, at)),
            }
        }
        false
    });
    for (id, flow) in program.flows.iter().enumerate() {
        if settles.get(id) != Some(&false) || !comes_back(program, id) {
            continue;
        }
        let there = flow.ops.iter().zip(&flow.places).find_map(|(op, place)| match op {
            Op::Link(to) | Op::Call { flow: to, .. } if settles.get(usize::from(to.0)) == Some(&false) => {
                Some((to, place))
            }
            _ => None,
        });
        let Some((to, place)) = there else { continue };
        let name = program.flow(*to).map_or("", |flow| flow.name.as_str());
        diagnostics.error(
            place,
            format!("flow `{}` comes back to itself through `{name}` without end", flow.name),
            "call or link it under a condition, or collect something before",
        );
    }
}

/// Whether a flow calls or links itself, through others perhaps.
fn comes_back(program: &Program, id: usize) -> bool {
    let mut seen = HashSet::new();
    let mut open = vec![id];
    while let Some(at) = open.pop() {
        for op in program.flows.get(at).into_iter().flat_map(|flow| &flow.ops) {
            if let Op::Link(to) | Op::Call { flow: to, .. } = op {
                let to = usize::from(to.0);
                if to == id {
                    return true;
                }
                if seen.insert(to) {
                    open.push(to);
                }
            }
        }
    }
    false
}
