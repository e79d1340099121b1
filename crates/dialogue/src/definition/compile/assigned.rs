//! Which slots have a value where they are read, on every way that leads there.

use smol_str::SmolStr;

use super::super::diagnostic::Diagnostics;
use super::lower::{followers, is_broken};
use crate::expression::Expression;
use crate::program::{Flow, FlowId, Op, Program, SlotId};

/// It may have no value here.
const UNSET: u8 = 1;
/// It may have one.
const SET: u8 = 2;

pub(super) fn check(program: &Program, diagnostics: &mut Diagnostics) {
    for (id, flow) in (0..u16::MAX).zip(&program.flows) {
        Checker::new(program, FlowId(id), flow).check(diagnostics);
    }
}

struct Checker<'a> {
    program: &'a Program,
    flow: &'a Flow,
    /// The flow's own slots that begin without a value.
    slots: Vec<(SlotId, &'a SmolStr)>,
    /// Those of them that somebody who calls the flow may give a value.
    entry: Vec<u8>,
}

impl<'a> Checker<'a> {
    fn new(program: &'a Program, id: FlowId, flow: &'a Flow) -> Self {
        let slots = flow.slots.iter().filter_map(|id| Some((*id, program.slot(*id)?)));
        let fresh = slots.filter(|(_, slot)| slot.default.is_none() && !slot.persistent);
        let slots: Vec<_> = fresh.map(|(id, slot)| (id, &slot.name)).collect();
        let mut given = Vec::new();
        for op in program.flows.iter().flat_map(|flow| &flow.ops) {
            if let Op::Call { flow, inputs, .. } = op
                && *flow == id
            {
                given.extend(inputs.iter().map(|(slot, _)| *slot));
            }
        }
        let entry = slots.iter().map(|(slot, _)| if given.contains(slot) { SET } else { UNSET }).collect();
        Self { program, flow, slots, entry }
    }

    fn at(&self, slot: SlotId) -> Option<usize> {
        self.slots.iter().position(|(other, _)| *other == slot)
    }

    fn named(&self, name: &str) -> Option<usize> {
        self.slots.iter().position(|(_, other)| *other == name)
    }

    fn check(&self, diagnostics: &mut Diagnostics) {
        if self.slots.is_empty() {
            return;
        }
        let states = self.states();
        for (at, op) in self.flow.ops.iter().enumerate() {
            let (Some(Some(state)), Some(place)) = (states.get(at), self.flow.places.get(at)) else { continue };
            for (name, looks) in reads(self.program, op) {
                let Some(index) = self.named(name) else { continue };
                let collected = self.slots.get(index).is_some_and(|(slot, _)| self.flow.reaches.contains(slot));
                match state.get(index) {
                    Some(&UNSET) if !collected => diagnostics.error(
                        place,
                        format!("`{name}` never has a value here"),
                        format!("collect it, set it or have an action fill it before; or give it a `default`, or compare `{name} is null`"),
                    ),
                    Some(&UNSET) => diagnostics.warning(
                        place,
                        format!("`{name}` is read before it is collected"),
                        format!("it has a value only if the user gave it unasked: collect it before, or ask `{name} is not null`"),
                    ),
                    Some(state) if state & UNSET != 0 && !looks => diagnostics.warning(
                        place,
                        format!("`{name}` has no value here on some ways"),
                        format!("give it a value on all of them or a `default`, or ask `{name} is not null`"),
                    ),
                    _ => {}
                }
            }
        }
    }

    /// What each slot may be before each step; none for steps that nobody comes to.
    fn states(&self) -> Vec<Option<Vec<u8>>> {
        let mut states: Vec<Option<Vec<u8>>> = vec![None; self.flow.ops.len()];
        let mut open = vec![(0, self.entry.clone())];
        while let Some((at, arriving)) = open.pop() {
            let Some(state) = states.get_mut(at) else { continue };
            let merged = match state.as_ref() {
                None => arriving,
                Some(known) => {
                    let merged: Vec<u8> = known.iter().zip(&arriving).map(|(a, b)| a | b).collect();
                    if merged == *known {
                        continue;
                    }
                    merged
                }
            };
            *state = Some(merged.clone());
            for to in followers(self.flow, at) {
                open.push((to, self.after(at, to, merged.clone())));
            }
        }
        states
    }

    fn after(&self, at: usize, to: usize, mut state: Vec<u8>) -> Vec<u8> {
        let mut put = |slot: SlotId, value: u8| {
            if let Some(index) = self.at(slot)
                && let Some(state) = state.get_mut(index)
            {
                *state = value;
            }
        };
        match self.flow.ops.get(at) {
            Some(Op::Collect { slot, .. }) => put(*slot, SET),
            Some(Op::Set { slot, value }) => put(*slot, if value.is_null() { UNSET } else { SET }),
            Some(Op::Clear(slot)) => put(*slot, UNSET),
            Some(Op::Action { outputs, failed, .. }) if *failed != u16::try_from(to).ok() => {
                outputs.iter().for_each(|(_, slot)| put(*slot, SET));
            }
            Some(Op::Call { outputs, .. }) => outputs.iter().for_each(|(_, slot)| put(*slot, SET)),
            Some(Op::JumpUnless { condition, to: otherwise }) => {
                let held = usize::from(*otherwise) != to;
                for name in condition.present_if(held) {
                    if let Some((slot, _)) = self.named(name).and_then(|index| self.slots.get(index)) {
                        put(*slot, SET);
                    }
                }
            }
            _ => {}
        }
        state
    }
}

/// The names that a step reads, and whether it looks itself whether they have a value.
fn reads<'a>(program: &'a Program, op: &'a Op) -> Vec<(&'a SmolStr, bool)> {
    fn expression(expression: &Expression) -> Vec<(&SmolStr, bool)> {
        if is_broken(expression) {
            return Vec::new();
        }
        let tested = expression.tested();
        expression.reads().iter().filter(|name| !tested.contains(name)).map(|name| (name, false)).collect()
    }
    let said = |response: &'a crate::response::Response| {
        response.reads().iter().map(|name| (name, response.looks())).collect::<Vec<_>>()
    };
    match op {
        Op::Say(text) | Op::Confirm { prompt: text, .. } => said(text),
        Op::Collect { slot, prompt } => {
            let own = program.slot(*slot);
            let text = prompt.as_deref().or(own.map(|slot| &*slot.prompt));
            let mut reads = text.map(said).unwrap_or_default();
            reads.retain(|(name, _)| own.is_none_or(|slot| slot.name != **name));
            reads
        }
        Op::Set { value, .. } => expression(value),
        Op::JumpUnless { condition, .. } => expression(condition),
        // A flow that is called may be given nothing, and an action's input that is optional may be missing.
        Op::Action { action, inputs, .. } => {
            let parameters = program.action(*action).map(|action| action.inputs.as_slice()).unwrap_or_default();
            let needed = inputs.iter().filter(|(name, _)| {
                parameters.iter().find(|parameter| parameter.name == *name).is_some_and(|parameter| !parameter.optional)
            });
            needed.flat_map(|(_, value)| expression(value)).collect()
        }
        Op::Handoff { say, .. } => say.as_deref().map(said).unwrap_or_default(),
        Op::Clear(_) | Op::Jump(_) | Op::Link(_) | Op::Call { .. } | Op::End => Vec::new(),
    }
}
