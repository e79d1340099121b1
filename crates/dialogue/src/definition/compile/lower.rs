//! The blocks of a flow into steps and jumps.

use std::collections::HashMap;

use smol_str::SmolStr;

use super::super::model;
use super::super::step::{Arm, Step, What};
use super::super::text::{Named, Source};
use super::names::is_name;
use super::{BROKEN, Compiler, View, Within, graph, is_pattern};
use crate::expression::{Expression, Shape};
use crate::kind::Kind;
use crate::near;
use crate::program::{Flow, FlowId, Op, Place, SlotId};

/// A place in the steps that is not known yet: a number until all steps are there.
type Label = u16;

/// The steps so far, with labels where they jump.
#[derive(Default)]
struct Lowered {
    ops: Vec<Op>,
    places: Vec<Place>,
    labels: Vec<Option<usize>>,
    /// The steps with a name.
    named: HashMap<SmolStr, (Label, Place)>,
    names: Vec<(usize, SmolStr)>,
    collects: Vec<SlotId>,
    /// Too many steps: told once, at the end.
    overflow: bool,
    within: Within,
}

impl Lowered {
    fn label(&mut self) -> Label {
        self.labels.push(None);
        u16::try_from(self.labels.len() - 1).unwrap_or_else(|_| {
            self.overflow = true;
            0
        })
    }

    /// The label stands here.
    fn here(&mut self, label: Label) {
        let at = self.ops.len();
        if let Some(slot) = self.labels.get_mut(usize::from(label)) {
            *slot = Some(at);
        }
    }

    fn push(&mut self, op: Op, place: &Place) {
        self.ops.push(op);
        self.places.push(self.within.here(place));
    }

    /// Labels into the steps where they stand.
    fn resolve(&mut self) {
        let last = self.ops.len().saturating_sub(1);
        let labels = &self.labels;
        let mut overflow = u16::try_from(last).is_err();
        let mut resolve = |to: &mut u16| {
            let at = labels.get(usize::from(*to)).copied().flatten().unwrap_or(last).min(last);
            *to = u16::try_from(at).unwrap_or_else(|_| {
                overflow = true;
                0
            });
        };
        for op in &mut self.ops {
            match op {
                Op::Jump(to) | Op::JumpUnless { to, .. } | Op::Confirm { denied: to, .. } => resolve(to),
                Op::Action { failed: Some(to), .. } => resolve(to),
                _ => {}
            }
        }
        self.overflow |= overflow;
    }
}

impl Compiler<'_> {
    pub(super) fn flow(&mut self, id: FlowId, flow: &model::Flow) -> Flow {
        self.within = Within::of("flow", &flow.name);
        let view = View { flow: Some(id), value: None };
        if flow.steps.is_empty() {
            self.error(&flow.place, format!("flow `{}` has no steps", flow.name), "add `steps:` with what it does");
        }
        let guard = flow.guard.as_ref().map(|guard| self.guard(guard, view));
        let mut lowered = Lowered { within: self.within.clone(), ..Lowered::default() };
        self.step_names(&flow.steps, &mut lowered);
        self.block(&flow.steps, view, &mut lowered);
        lowered.push(Op::End, &flow.place);
        lowered.resolve();
        if lowered.overflow {
            let hint = "at most 65,000 of a flow have a number; cut it into several that call each other";
            self.error(&flow.place, format!("flow `{}` has too many steps", flow.name), hint);
        }
        let number = |(at, name): (usize, SmolStr)| u16::try_from(at).ok().map(|at| (at, name));
        let own = (0..u16::MAX).zip(&self.slots).filter(|(_, (of, _))| *of == Some(id));
        let flow = Flow {
            name: flow.name.clone(),
            description: flow.description.clone(),
            triggers: flow.triggers.iter().map(|trigger| trigger.name.to_string()).collect(),
            guard,
            internal: flow.internal || is_pattern(&flow.name),
            collects: lowered.collects,
            reaches: Vec::new(),
            slots: own.map(|(slot, _)| SlotId(slot)).collect(),
            ops: lowered.ops,
            places: lowered.places,
            names: lowered.names.into_iter().filter_map(number).collect(),
            place: self.within.here(&flow.place),
        };
        if !lowered.overflow {
            graph::unreachable(&flow, &mut self.diagnostics);
        }
        flow
    }

    /// A flow's own slots have no value before it starts, unless they stay.
    fn guard(&mut self, source: &Source, view: View<'_>) -> Expression {
        let guard = self.condition(source, view);
        for name in guard.reads() {
            let own = view.flow.and_then(|flow| self.own_slot(flow, name));
            if own.is_some_and(|(_, slot)| !slot.persist) {
                let message =
                    format!("the condition of the flow reads `{name}`, which has no value before the flow starts");
                self.error(&source.place, message, "make it a global slot, or `persist: true`");
            }
        }
        guard
    }

    /// The names that steps have, so that steps before them can go on there.
    fn step_names(&mut self, steps: &[Step], lowered: &mut Lowered) {
        for step in steps {
            if let Some(id) = &step.id {
                if let Some((_, first)) = lowered.named.get(&id.name) {
                    let hint = format!("the first one is in {first}; rename one of them");
                    self.error(&id.place, format!("there are two steps `{}` in the flow", id.name), hint);
                } else {
                    let label = lowered.label();
                    lowered.named.insert(id.name.clone(), (label, id.place.clone()));
                }
                if !is_name(&id.name) || id.name == "end" {
                    let hint = "names are of Latin letters, digits and `_`, and not `end`";
                    self.error(&id.place, format!("`{}` is no name for a step", id.name), hint);
                }
            }
            match &step.what {
                What::Branch(arms) => arms.iter().for_each(|(_, steps)| self.step_names(steps, lowered)),
                What::While { steps, .. } | What::Action { failed: Some(steps), .. } => self.step_names(steps, lowered),
                What::Confirm { yes, no, .. } => {
                    self.step_names(yes, lowered);
                    self.step_names(no.as_deref().unwrap_or_default(), lowered);
                }
                _ => {}
            }
        }
    }

    fn block(&mut self, steps: &[Step], view: View<'_>, lowered: &mut Lowered) {
        for step in steps {
            if let Some(id) = &step.id
                && let Some((label, _)) = lowered.named.get(&id.name)
            {
                let label = *label;
                lowered.here(label);
                lowered.names.push((lowered.ops.len(), id.name.clone()));
            }
            self.step(step, view, lowered);
            if let Some(next) = &step.next {
                self.next(next, lowered);
            }
        }
    }

    fn next(&mut self, next: &Named, lowered: &mut Lowered) {
        if next.name == "end" {
            lowered.push(Op::End, &next.place);
            return;
        }
        let Some((label, _)) = lowered.named.get(&next.name) else {
            let mut names: Vec<&str> = lowered.named.keys().map(SmolStr::as_str).collect();
            names.sort_unstable();
            let hint = near::cure(&next.name, names, "steps with an `id` are");
            self.error(&next.place, format!("the flow has no step `{}`", next.name), hint);
            return;
        };
        let jump = Op::Jump(*label);
        lowered.push(jump, &next.place);
    }

    fn step(&mut self, step: &Step, view: View<'_>, lowered: &mut Lowered) {
        let place = &step.place;
        match &step.what {
            What::Say(text) => {
                let text = self.text(text, view);
                lowered.push(Op::Say(text), place);
            }
            What::Collect { slot, prompt } => {
                let prompt = prompt.as_ref().map(|prompt| self.text(prompt, view));
                if let Some(slot) = self.collected(slot, view, prompt.is_some()) {
                    if !lowered.collects.contains(&slot) {
                        lowered.collects.push(slot);
                    }
                    lowered.push(Op::Collect { slot, prompt }, place);
                }
            }
            What::Set(values) => {
                for (name, value) in values {
                    if let Some((slot, kind)) = self.named_slot(name, view) {
                        let value = self.fitting(value, view, &Shape::from(&kind), &format!("slot `{}`", name.name));
                        lowered.push(Op::Set { slot, value }, place);
                    }
                }
            }
            What::Clear(names) => {
                for name in names {
                    if let Some((slot, _)) = self.named_slot(name, view) {
                        lowered.push(Op::Clear(slot), place);
                    }
                }
            }
            What::Branch(arms) => self.branch(arms, view, lowered, place),
            What::While { condition, steps } => {
                let (top, behind) = (lowered.label(), lowered.label());
                lowered.here(top);
                let condition = self.condition(condition, view);
                lowered.push(Op::JumpUnless { condition, to: behind }, place);
                self.block(steps, view, lowered);
                lowered.push(Op::Jump(top), place);
                lowered.here(behind);
            }
            What::Action { action, inputs, outputs, failed } => {
                let op = self.action_op(action, inputs, outputs, view);
                let Some(op) = op else { return };
                let Some(failed) = failed else { return lowered.push(op, place) };
                let (otherwise, behind) = (lowered.label(), lowered.label());
                if let Op::Action { action, inputs, outputs, .. } = op {
                    lowered.push(Op::Action { action, inputs, outputs, failed: Some(otherwise) }, place);
                }
                lowered.push(Op::Jump(behind), place);
                lowered.here(otherwise);
                self.block(failed, view, lowered);
                lowered.here(behind);
            }
            What::Confirm { prompt, yes, no } => {
                let (denied, behind) = (lowered.label(), lowered.label());
                let prompt = self.text(prompt, view);
                lowered.push(Op::Confirm { prompt, denied }, place);
                self.block(yes, view, lowered);
                lowered.push(Op::Jump(behind), place);
                lowered.here(denied);
                match no {
                    Some(no) => self.block(no, view, lowered),
                    None => lowered.push(Op::End, place),
                }
                lowered.here(behind);
            }
            What::Call { flow, inputs, outputs } => {
                if let Some(op) = self.call_op(flow, inputs, outputs, view) {
                    lowered.push(op, place);
                }
            }
            What::Link(flow) => {
                if let Some(id) = self.named_flow(flow) {
                    lowered.push(Op::Link(id), place);
                }
            }
            What::Handoff { to, say } => {
                let say = say.as_ref().map(|say| self.text(say, view));
                lowered.push(Op::Handoff { to: to.clone(), say }, place);
            }
            What::Go => {}
            What::End => lowered.push(Op::End, place),
        }
    }

    fn branch(&mut self, arms: &[Arm], view: View<'_>, lowered: &mut Lowered, place: &Place) {
        let behind = lowered.label();
        for (index, (condition, steps)) in arms.iter().enumerate() {
            let is_last = index + 1 == arms.len();
            let Some(condition) = condition else {
                self.block(steps, view, lowered);
                continue;
            };
            let at = if condition.place.line > 0 { condition.place.clone() } else { place.clone() };
            let otherwise = lowered.label();
            let condition = self.condition(condition, view);
            lowered.push(Op::JumpUnless { condition, to: otherwise }, &at);
            self.block(steps, view, lowered);
            if !is_last {
                lowered.push(Op::Jump(behind), &at);
            }
            lowered.here(otherwise);
        }
        lowered.here(behind);
    }

    /// A slot that is to be asked for.
    fn collected(&mut self, name: &Named, view: View<'_>, has_prompt: bool) -> Option<SlotId> {
        let (id, kind) = self.named_slot(name, view)?;
        let (_, slot) = self.slot(view.flow, &name.name)?;
        if slot.internal {
            let hint = "give it a value by `set` or an action, or take `internal` out";
            self.error(&name.place, format!("slot `{}` is internal, and users are not asked for it", name.name), hint);
        }
        if kind == Kind::Any {
            let hint = "give it the type of what users say, as `text`";
            self.error(
                &name.place,
                format!("slot `{}` is of type `any`, which no user's words are read as", name.name),
                hint,
            );
        }
        if slot.prompt.is_none() && !has_prompt {
            let hint = format!("add `prompt:` with the question to the slot (in {})", slot.place);
            self.error(&name.place, format!("slot `{}` is asked for and has no question", name.name), hint);
        }
        Some(id)
    }

    fn named_slot(&mut self, name: &Named, view: View<'_>) -> Option<(SlotId, Kind)> {
        let found = self.slot(view.flow, &name.name).map(|(id, slot)| (id, slot.kind.clone()));
        if found.is_none() {
            let hint = near::cure(&name.name, self.slot_names(view.flow), "slots that the flow sees are");
            self.error(&name.place, format!("there is no slot `{}`", name.name), hint);
        }
        found
    }

    pub(super) fn named_flow(&mut self, name: &Named) -> Option<FlowId> {
        let found = self.find_flow(&name.name);
        if found.is_none() {
            let names: Vec<&str> = self.definition.flows.iter().map(|flow| flow.name.as_str()).collect();
            let hint = near::cure(&name.name, names, "flows are");
            self.error(&name.place, format!("there is no flow `{}`", name.name), hint);
        }
        found
    }

    fn action_op(
        &mut self,
        name: &Named,
        inputs: &[(Named, Source)],
        outputs: &[(Named, Named)],
        view: View<'_>,
    ) -> Option<Op> {
        let Some((id, action)) = self.find_action(&name.name) else {
            let names: Vec<&str> = self.definition.actions.iter().map(|action| action.name.as_str()).collect();
            let hint = near::cure(&name.name, names, "actions are");
            self.error(&name.place, format!("there is no action `{}`", name.name), hint);
            return None;
        };
        self.known_parameters(inputs.iter().map(|(name, _)| name), &action.inputs, "input", &name.name);
        self.known_parameters(outputs.iter().map(|(name, _)| name), &action.outputs, "output", &name.name);
        let mut given = Vec::with_capacity(action.inputs.len());
        for input in &action.inputs {
            let what = format!("input `{}` of action `{}`", input.name, action.name);
            let shape = Shape::from(&input.kind);
            let named = inputs.iter().find(|(name, _)| name.name == input.name);
            if let Some((_, source)) = named {
                given.push((input.name.clone(), self.fitting(source, view, &shape, &what)));
            } else if self.slot(view.flow, &input.name).is_some() {
                let source = Source { text: input.name.to_string(), place: name.place.clone() };
                given.push((input.name.clone(), self.fitting(&source, view, &shape, &what)));
            } else if !input.optional {
                let hint = format!("add `with: {{{}: \"…\"}}`, or a slot of that name", input.name);
                self.error(&name.place, format!("{what} gets no value"), hint);
            }
        }
        let mut taken = Vec::with_capacity(action.outputs.len());
        for output in &action.outputs {
            let to = match outputs.iter().find(|(from, _)| from.name == output.name) {
                Some((_, to)) => Some((to.clone(), self.named_slot(to, view))),
                // Without `into`, the slot of the same name, if there is one.
                None => self.slot(view.flow, &output.name).map(|(id, slot)| {
                    (Named { name: output.name.clone(), place: name.place.clone() }, Some((id, slot.kind.clone())))
                }),
            };
            if let Some((to, Some((slot, kind)))) = to {
                let what = format!("output `{}` of action `{}`", output.name, action.name);
                self.fits(&kind, &output.kind, &to, &what);
                taken.push((output.name.clone(), slot));
            }
        }
        Some(Op::Action { action: id, inputs: given, outputs: taken, failed: None })
    }

    /// A value of one kind into a slot of another.
    fn fits(&mut self, slot: &Kind, value: &Kind, name: &Named, what: &str) {
        if !Shape::from(slot).takes(&Shape::from(value)) {
            let message = format!("{what} is of type `{value}` and slot `{}` of type `{slot}`", name.name);
            self.error(&name.place, message, format!("make the slot's type `{value}`, or take another slot"));
        }
    }

    fn known_parameters<'n>(
        &mut self,
        names: impl Iterator<Item = &'n Named>,
        known: &[model::Parameter],
        what: &str,
        action: &str,
    ) {
        for name in names.filter(|name| !known.iter().any(|parameter| parameter.name == name.name)) {
            let known = known.iter().map(|parameter| parameter.name.as_str());
            let hint = near::cure(&name.name, known, &format!("its {what}s are"));
            self.error(&name.place, format!("action `{action}` has no {what} `{}`", name.name), hint);
        }
    }

    fn call_op(
        &mut self,
        name: &Named,
        inputs: &[(Named, Source)],
        outputs: &[(Named, Named)],
        view: View<'_>,
    ) -> Option<Op> {
        let flow = self.named_flow(name)?;
        let there = View { flow: Some(flow), value: None };
        let mut given = Vec::with_capacity(inputs.len());
        for (to, source) in inputs {
            if let Some((slot, kind)) = self.named_slot(to, there) {
                let what = format!("slot `{}` of flow `{}`", to.name, name.name);
                given.push((slot, self.fitting(source, view, &Shape::from(&kind), &what)));
            }
        }
        let mut taken = Vec::with_capacity(outputs.len());
        for (from, to) in outputs {
            if let (Some((from_id, from_kind)), Some((to_id, to_kind))) =
                (self.named_slot(from, there), self.named_slot(to, view))
            {
                self.fits(&to_kind, &from_kind, to, &format!("slot `{}` of flow `{}`", from.name, name.name));
                taken.push((from_id, to_id));
            }
        }
        Some(Op::Call { flow, inputs: given, outputs: taken })
    }
}

/// Whether something in it was wrong, so that nothing can be told of it.
pub(super) fn is_broken(expression: &Expression) -> bool {
    expression.reads().iter().any(|name| name == BROKEN)
}

/// The steps that may come after a step.
pub(super) fn followers(flow: &Flow, at: usize) -> Vec<usize> {
    let next = at + 1;
    match flow.ops.get(at) {
        None | Some(Op::End | Op::Link(_)) => Vec::new(),
        Some(Op::Jump(to)) => vec![usize::from(*to)],
        Some(Op::JumpUnless { condition, to }) => match condition.constant_condition() {
            Some(true) => vec![next],
            Some(false) => vec![usize::from(*to)],
            None => vec![next, usize::from(*to)],
        },
        Some(Op::Confirm { denied, .. }) => vec![next, usize::from(*denied)],
        Some(Op::Action { failed: Some(failed), .. }) => vec![next, usize::from(*failed)],
        Some(_) => vec![next],
    }
}
