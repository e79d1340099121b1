//! Which flows and slots a turn is offered.

use smol_str::SmolStr;

use super::index::{Index, Scores, Words, beginning, fold};
use super::{Bounds, OfferedFlow, OfferedSlot, Reason, Scope, View};
use crate::program::{Flow, FlowId, Program, SlotId};

/// How many words a reason shows.
const MOST_WORDS: usize = 3;

pub(super) fn offer(program: &Program, index: &Index, view: &View<'_>, bounds: &Bounds) -> Scope {
    let (message, last) = (Words::of(view.message), Words::of(view.last_said));
    let said = index.score(&message);
    let mut scores = said.clone();
    index.add(&last, bounds.last_said, &mut scores);
    let mut offer = Offer {
        program,
        index,
        view,
        message,
        last,
        said,
        scores,
        flows: Vec::new(),
        slots: Vec::new(),
        interrupted: Vec::new(),
    };
    offer.of_state(bounds);
    offer.of_words(bounds);
    offer.of_interrupted();
    offer.finish()
}

struct Offer<'a> {
    program: &'a Program,
    index: &'a Index,
    view: &'a View<'a>,
    message: Words,
    last: Words,
    said: Scores,
    scores: Scores,
    flows: Vec<OfferedFlow>,
    slots: Vec<OfferedSlot>,
    interrupted: Vec<OfferedSlot>,
}

impl Offer<'_> {
    /// What is offered whatever the message says.
    fn of_state(&mut self, bounds: &Bounds) {
        let view = self.view;
        if let Some(asked) = view.asked {
            self.slot(asked, Reason::Asked);
        }
        for choice in view.choices {
            if self.can_start(*choice) {
                self.flow(*choice, Reason::Choice);
            }
        }
        // A repair flow stands before the flow that it repairs, whose slots stay in view.
        let is_internal = |flow: &&FlowId| self.program.flow(**flow).is_some_and(|flow| flow.internal);
        let under = view.stack.iter().rev().find(|flow| !is_internal(flow)).copied();
        let about = view.active.filter(|flow| !is_internal(&flow)).or(under.filter(|_| view.active.is_some()));
        for flow in [view.active, about].into_iter().flatten() {
            self.slots_of(flow, &Reason::Active);
        }
        for slot in view.filled.iter().filter(|slot| self.index.is_collected(**slot)) {
            if self.program.slot(*slot).is_some_and(|slot| slot.flow.is_none()) {
                self.slot(*slot, Reason::Correctable);
            }
        }
        let ended = view.ended.filter(|flow| self.can_start(*flow) || view.active == Some(*flow));
        if let Some(ended) = ended {
            self.flow(ended, Reason::Ended);
            self.slots_of(ended, &Reason::Ended);
        }
        let Some(of) = about.or(ended) else { return };
        let name = self.program.flow(of).map_or_else(SmolStr::default, |flow| flow.name.clone());
        let kin = self.index.kin(of).iter().filter(|(_, likeness)| *likeness >= bounds.likeness);
        for (rank, (flow, _)) in kin.take(bounds.kin).enumerate() {
            if self.can_start(*flow) {
                self.flow(*flow, Reason::Kin(name.clone()));
                if rank == 0 {
                    self.slots_of(*flow, &Reason::Kin(name.clone()));
                }
            }
        }
    }

    /// What is offered for what was said.
    fn of_words(&mut self, bounds: &Bounds) {
        let ids = (0..=u16::MAX).zip(&self.program.flows).map(|(at, _)| FlowId(at));
        let mut ranked: Vec<(FlowId, f32)> =
            ids.filter(|flow| self.can_start(*flow)).map(|flow| (flow, self.scores.of(flow))).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let best = ranked.first().map_or(0.0, |(_, score)| *score);
        let idle = self.view.active.is_none();
        let (flows, with_slots) =
            if idle { (bounds.flows_idle, bounds.slots_idle) } else { (bounds.flows_active, bounds.slots_active) };
        let least = if idle { f32::MIN_POSITIVE } else { bounds.least }.max(best * bounds.relative);
        let few = ranked.len() <= flows;
        for (rank, &(flow, score)) in ranked.iter().enumerate() {
            let matches = score >= least && rank < flows;
            let reason = if matches {
                Reason::Matches(self.matching(flow))
            } else if few {
                Reason::Few
            } else if idle && best < bounds.weak && rank < bounds.most {
                Reason::NothingMatched
            } else {
                break;
            };
            self.flow(flow, reason);
            if matches && rank < with_slots && self.index.leaves_over(&self.message, flow) {
                let name = self.program.flow(flow).map_or_else(SmolStr::default, |flow| flow.name.clone());
                self.slots_of(flow, &Reason::Of(name));
            }
        }
    }

    /// The filled slots of interrupted flows: offered where the message names them, and accepted in any case.
    fn of_interrupted(&mut self) {
        let (program, view) = (self.program, self.view);
        let mut said: Option<Vec<SmolStr>> = None;
        for flow in view.stack.iter().rev() {
            let Some(of) = program.flow(*flow).filter(|of| !of.name.starts_with("pattern_")) else { continue };
            for slot in of.reaches.iter().filter(|slot| view.filled.contains(slot)) {
                if self.slots.iter().any(|known| known.ids.contains(slot)) {
                    continue;
                }
                let said = said.get_or_insert_with(|| words(view.message));
                if self.is_named(*flow, *slot, said) {
                    self.slot(*slot, Reason::Interrupted);
                } else if let Some(of) = program.slot(*slot).filter(|of| !of.internal) {
                    let known = self.slots.iter_mut().chain(&mut self.interrupted).find(|known| known.name == of.name);
                    match known {
                        Some(known) => known.ids.push(*slot),
                        None => self.interrupted.push(OfferedSlot {
                            name: of.name.clone(),
                            ids: vec![*slot],
                            filled: true,
                            reason: Reason::Interrupted,
                        }),
                    }
                }
            }
        }
    }

    /// Whether a slot is called by its whole name, or by a part of it beside what its flow is for.
    fn is_named(&self, flow: FlowId, slot: SlotId, said: &[SmolStr]) -> bool {
        let Some(called) = self.index.slot_words(slot) else { return false };
        let named = called.name.iter().filter(|word| said.contains(word)).count();
        named > 0 && (named == called.name.len() || self.index.share(&self.message, flow).0 > 0)
    }

    fn matching(&self, flow: FlowId) -> Vec<SmolStr> {
        let words = self.index.matching(&self.message, flow, MOST_WORDS);
        if words.is_empty() { self.index.matching(&self.last, flow, MOST_WORDS) } else { words }
    }

    /// Whether a user may start a flow now: not one that is open, nor one that only the system starts.
    fn can_start(&self, id: FlowId) -> bool {
        !self.is_open(id) && self.program.flow(id).is_some_and(|flow| !flow.internal && self.guard_holds(id, flow))
    }

    fn is_open(&self, id: FlowId) -> bool {
        self.view.active == Some(id) || self.view.stack.contains(&id)
    }

    fn guard_holds(&self, id: FlowId, flow: &Flow) -> bool {
        flow.guard.as_ref().is_none_or(|guard| self.view.guards.hold(id, guard))
    }

    fn flow(&mut self, id: FlowId, reason: Reason) {
        let Some(flow) = self.program.flow(id) else { return };
        if flow.internal || !self.guard_holds(id, flow) || self.flows.iter().any(|known| known.id == id) {
            return;
        }
        let (score, said) = (self.scores.of(id), self.said.of(id));
        self.flows.push(OfferedFlow { id, name: flow.name.clone(), score, said, reason });
    }

    fn slots_of(&mut self, flow: FlowId, reason: &Reason) {
        let program = self.program;
        for slot in program.flow(flow).into_iter().flat_map(|flow| &flow.reaches) {
            // What it calls and may not run now asks for nothing.
            let of = program.slot(*slot).and_then(|slot| slot.flow).filter(|of| *of != flow && !self.is_open(*of));
            if of.is_some_and(|of| program.flow(of).is_some_and(|flow| !self.guard_holds(of, flow))) {
                continue;
            }
            let correctable = *reason == Reason::Active && self.view.filled.contains(slot);
            self.slot(*slot, if correctable { Reason::Correctable } else { reason.clone() });
        }
    }

    fn slot(&mut self, id: SlotId, reason: Reason) {
        let Some(slot) = self.program.slot(id).filter(|slot| !slot.internal) else { return };
        match self.slots.iter_mut().find(|known| known.name == slot.name) {
            Some(known) if known.ids.contains(&id) => {}
            Some(known) => known.ids.push(id),
            None => {
                let filled = self.view.filled.contains(&id);
                self.slots.push(OfferedSlot { name: slot.name.clone(), ids: vec![id], filled, reason });
            }
        }
    }

    fn finish(mut self) -> Scope {
        self.flows.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
        let open: Vec<FlowId> = self.view.stack.iter().copied().chain(self.view.active).collect();
        let actions = self.index.running(open.iter().copied().chain(self.flows.iter().map(|flow| flow.id)));
        Scope {
            open: open.iter().filter_map(|flow| Some(self.program.flow(*flow)?.name.clone())).collect(),
            flows: self.flows,
            slots: self.slots,
            interrupted: self.interrupted,
            actions,
            asked: self.view.asked,
            confirming: self.view.confirming,
        }
    }
}

/// The words of a message, as those of slots are compared.
fn words(message: &str) -> Vec<SmolStr> {
    let words = beginning(message).split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(fold).collect()
}
