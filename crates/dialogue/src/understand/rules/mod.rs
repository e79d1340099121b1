//! Understanding by rules: deterministic, without a model, in English well and in German, Spanish and French for the basics.
//!
//! In this order: what steers the conversation (repeat, restart, a person, cancel, skip, yes and no), corrections, the flow that is
//! started, values, questions and talk. What none of this reads is unsure, and left to a model where there is one.

mod change;
mod choice;
mod kinds;
mod phrases;
mod role;
mod said;
mod start;
mod values;

use std::cell::OnceCell;
use std::ops::Range;

use async_trait::async_trait;
use ninefold_core::{Cx, Result};
use smol_str::SmolStr;

use self::change::{Change, change, marker};
use self::choice::chosen;
use self::phrases::{
    AFFIRM, Act, CANCEL_VERBS, CHIT_CHAT, DENY, DETERMINERS, HANDOFF_ANYWHERE, POLITE, QUESTION, REFUSE, REQUEST, act,
};
pub(crate) use self::role::Role;
use self::said::Said;
pub(crate) use self::said::folded;
use self::start::{Starts, starts};
use self::values::Values;
use super::{By, Heard, Understand, Understood};
use crate::command::{CannotHandle, Command};
use crate::kind::Kind;
use crate::normalize::Read;
use crate::program::{FlowId, Slot, SlotId};
use crate::scope::Words;

/// Understands by rules.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules;

#[async_trait]
impl Understand for Rules {
    async fn understand(&self, heard: &Heard<'_>, _: &Cx) -> Result<Understood> {
        Ok(self.read(heard))
    }
}

impl Rules {
    /// What a message asks for; only what the scope allows.
    #[must_use]
    pub fn read(&self, heard: &Heard<'_>) -> Understood {
        let said = Said::of(heard.view.message);
        if said.len() == 0 {
            return Understood::cannot(By::Rules, CannotHandle::NotUnderstood, "there are no words in it");
        }
        let turn = Turn { heard, said: &said, words: OnceCell::new(), core: core(&said) };
        turn.read().within(heard.scope, heard.program)
    }
}

/// A message without the politeness around it.
fn core(said: &Said<'_>) -> Range<usize> {
    let mut core = 0..said.len();
    while core.start < core.end {
        let length = said.any(core.start, POLITE);
        if length == 0 || core.start + length >= core.end {
            break;
        }
        core.start += length;
    }
    loop {
        let most = 4.min(core.len().saturating_sub(1));
        let ends = |length: &usize| said.any(core.end - length, POLITE) == *length;
        let Some(length) = (1..=most).rev().find(ends) else { break };
        core.end -= length;
    }
    core
}

struct Turn<'a> {
    heard: &'a Heard<'a>,
    said: &'a Said<'a>,
    words: OnceCell<Words>,
    core: Range<usize>,
}

impl Turn<'_> {
    fn one(&self, command: Command, why: impl Into<String>) -> Understood {
        Understood::nothing(By::Rules).with(command, why)
    }

    fn asked(&self) -> Option<(SlotId, &Slot)> {
        self.heard.scope.asked.and_then(|slot| Some((slot, self.heard.program.slot(slot)?)))
    }

    /// Where the values of a message without a start go: to the active flow, or to the one below a repair flow.
    fn focus(&self) -> Option<FlowId> {
        let visible = |flow: &FlowId| self.heard.program.flow(*flow).is_some_and(|flow| !flow.internal);
        let view = &self.heard.view;
        view.active
            .filter(visible)
            .or_else(|| view.stack.iter().rev().copied().find(|flow| visible(flow)))
            .or(view.active)
    }

    fn read(&self) -> Understood {
        let whole = self.said.folded(self.core.clone());
        let all = self.said.folded(0..self.said.len());
        if let Some(flow) = self.triggered(&all) {
            return self.one(Command::Start { flow }, "its trigger");
        }
        if let Some(understood) = chosen(self.heard, self.said, self.core.clone()) {
            return understood;
        }
        if self.is_active_trigger(&all) {
            // It has begun: its question is put again.
            return Understood::nothing(By::Rules);
        }
        let act = act(&all).or_else(|| act(&whole));
        if let Some(understood) = self.answer(act) {
            return understood;
        }
        if let Some(understood) = act.and_then(|act| self.act(act)) {
            return understood;
        }
        if self.said.find(HANDOFF_ANYWHERE).is_some() {
            return self.one(Command::Handoff, "asks for a person");
        }
        if let Some(understood) = self.cancels() {
            return understood;
        }
        self.content()
    }

    /// The flow of which the whole message is a trigger.
    fn triggered(&self, all: &str) -> Option<SmolStr> {
        let flows = self.heard.scope.flows.iter();
        let mut triggered =
            flows.filter(|offered| self.heard.index.triggers(offered.id).iter().any(|trigger| trigger == all));
        Some(triggered.next()?.name.clone())
    }

    /// Whether the whole message is a trigger of the flow that is active.
    fn is_active_trigger(&self, all: &str) -> bool {
        let active = self.heard.view.active.and_then(|flow| self.heard.program.flow(flow));
        active.is_some_and(|flow| flow.triggers.iter().any(|trigger| folded(trigger) == all))
    }

    /// A message that is a value of what was asked, as a whole.
    fn answer(&self, act: Option<Act>) -> Option<Understood> {
        let (_, slot) = self.asked()?;
        let steers = matches!(act, Some(Act::Cancel | Act::Handoff | Act::Repeat | Act::Restart | Act::Help));
        if self.heard.scope.confirming || steers || matches!(slot.kind, Kind::Text | Kind::Custom { .. } | Kind::Any) {
            return None;
        }
        let value = self.said.text_of(self.core.clone());
        let read = self.heard.normalizer.read(&slot.kind, value, self.heard.reading);
        let command = Command::Set { slot: slot.name.clone(), value: value.to_owned() };
        (!matches!(*read, Read::None(_))).then(|| self.one(command, format!("a {}, as asked", slot.kind.name())))
    }

    /// A message that steers the conversation, as a whole.
    fn act(&self, act: Act) -> Option<Understood> {
        let asked = self.heard.scope.asked.is_some();
        let open = asked || self.heard.scope.confirming;
        let understood = match act {
            Act::Affirm => self.one(Command::Affirm, "says yes"),
            Act::Deny => self.one(Command::Deny, "says no"),
            Act::Cancel => self.one(Command::Cancel { flow: None }, "gives up"),
            Act::Repeat => self.one(Command::Repeat, "wants to hear it again"),
            Act::Restart => self.one(Command::Restart, "wants to begin anew"),
            Act::Handoff if open && self.is_option() => return None,
            Act::Handoff => self.one(Command::Handoff, "asks for a person"),
            Act::Skip if asked => self.one(Command::Skip, "leaves it open"),
            Act::Skip => return None,
            Act::ChitChat => self.one(Command::ChitChat, "small talk"),
            Act::Help => self.one(Command::Clarify { flows: self.startable() }, "asks what can be done"),
        };
        Some(understood)
    }

    /// Whether a text was asked for, which may be any word.
    fn is_option(&self) -> bool {
        self.asked().is_some_and(|(_, slot)| matches!(slot.kind, Kind::Text | Kind::Custom { .. }))
    }

    fn startable(&self) -> Vec<SmolStr> {
        self.heard.scope.flows.iter().take(5).map(|flow| flow.name.clone()).collect()
    }

    /// "Cancel my booking", and "don't cancel".
    fn cancels(&self) -> Option<Understood> {
        let at = (0..self.said.len()).find(|at| self.said.any_of(*at, CANCEL_VERBS) > 0)?;
        let refused = (0..at).any(|before| {
            let length = self.said.any_of(before, REFUSE);
            length > 0
                && before + length >= at.saturating_sub(1)
                && !self.said.words.get(before + length - 1).is_some_and(|word| word.ends_clause)
        });
        if refused {
            let confirming = self.heard.scope.confirming;
            let nothing = Understood::nothing(By::Rules);
            return Some(if confirming { nothing.with(Command::Deny, "does not want to cancel") } else { nothing });
        }
        // A flow may be for just that: cancelling an order.
        let verb = Words::of(self.said.text_of(at..at + 1));
        let own = self.heard.scope.flows.iter().any(|flow| self.heard.index.share(&verb, flow.id).0 > 0);
        let plain = at == self.core.start
            && (self.core.len() <= 2 || DETERMINERS.contains(&self.said.word(at + 1)))
            && self.core.len() <= 6;
        (plain && !own).then(|| self.one(Command::Cancel { flow: None }, "cancels what is under way"))
    }

    /// Yes or no before more, corrections, starts, values, questions.
    fn content(&self) -> Understood {
        let (lead, from) = self.lead();
        let mut understood = Understood::nothing(By::Rules);
        let started =
            match starts(self.heard, self.said, || self.words.get_or_init(|| Words::of(self.heard.view.message))) {
                Starts::One(flow, name, why) => {
                    understood.push(Command::Start { flow: name }, why);
                    Some(flow)
                }
                Starts::Several(flows, why) => return self.one(Command::Clarify { flows }, why),
                Starts::Refused if self.heard.view.active.is_none() => {
                    return self
                        .one(Command::CannotHandle { reason: CannotHandle::NotUnderstood }, "says what is not wanted");
                }
                Starts::Refused | Starts::Nothing => None,
            };
        let focus = started.or_else(|| self.focus());
        let mut values = Values::new(self.heard, self.said, focus, started.is_some());
        values.take(0..from);
        let changed = if started.is_none() { change(self.heard, self.said, &mut values) } else { None };
        match changed {
            Some(Change::Clear(slot, why)) => {
                if let Some(slot) = self.heard.program.slot(slot) {
                    return self.one(Command::Clear { slot: slot.name.clone() }, why);
                }
            }
            Some(Change::To(slot, words, why)) => {
                values.take(0..words.start);
                let words = values.trimmed(words);
                let value = self.said.text_of(words.clone()).to_owned();
                values.take(words);
                self.give(&mut understood, slot, value, why.to_owned());
                return understood;
            }
            None => {}
        }
        let marked = marker(self.said, from).filter(|_| started.is_none());
        values.find();
        if values.assigned.is_empty() && started.is_none() {
            self.rest(&mut values, lead.as_ref(), from, marked);
        } else if let Some((asked, slot)) = self.asked().filter(|_| started.is_none())
            && matches!(slot.kind, Kind::Text | Kind::Custom { .. })
        {
            let start = marked.unwrap_or(from);
            values.rest_for(asked, start..self.said.len(), "before the rest, for what was asked");
        }
        let assigned = std::mem::take(&mut values.assigned);
        for value in assigned {
            self.give(&mut understood, value.slot, value.value, value.why);
        }
        match lead {
            // After "no, ..." and "yes, but ..." a value is a correction, and the question is put again with it.
            Some(lead) if understood.commands.is_empty() || started.is_some() => {
                let why = if lead == Command::Affirm { "says yes first" } else { "says no first" };
                let rest = understood;
                let mut understood = self.one(lead, why);
                for (command, why) in rest.commands.into_iter().zip(rest.why) {
                    understood.push(command, why);
                }
                understood
            }
            _ if !understood.commands.is_empty() => understood,
            _ => self.otherwise(),
        }
    }

    /// Yes or no at the beginning, and where the rest begins.
    fn lead(&self) -> (Option<Command>, usize) {
        let start = self.core.start;
        let (yes, no) = (self.said.any(start, AFFIRM), self.said.any(start, DENY));
        let length = yes.max(no);
        let end = start + length;
        let clause = length > 0 && self.said.words.get(end - 1).is_some_and(|word| word.ends_clause);
        let open = self.heard.scope.confirming
            && matches!(
                self.said.word(start),
                "yes" | "no" | "yeah" | "nope" | "yep" | "ja" | "nein" | "si" | "oui" | "non"
            );
        if length == 0 || end >= self.said.len() || !(clause || open) {
            return (None, start);
        }
        (Some(if yes > no { Command::Affirm } else { Command::Deny }), end)
    }

    /// What stands alone: for the slot that is corrected, or for the one that was asked.
    fn rest(&self, values: &mut Values<'_>, lead: Option<&Command>, from: usize, marked: Option<usize>) {
        let text = |slot: SlotId| {
            self.heard.program.slot(slot).is_some_and(|slot| matches!(slot.kind, Kind::Text | Kind::Custom { .. }))
        };
        let denied = lead == Some(&Command::Deny);
        let corrects = marked.or_else(|| denied.then_some(from).filter(|from| self.said.len() - from <= 4));
        if let Some(start) = corrects
            && let Some(slot) = self.heard.last_set.filter(|slot| text(*slot))
        {
            values.rest_for(slot, start..self.said.len(), "instead of what was said last");
        } else if let Some((asked, _)) = self.asked().filter(|(asked, _)| text(*asked) && !self.heard.scope.confirming)
            && !self.is_question()
        {
            let start = marked.unwrap_or(from);
            values.rest_for(asked, start..self.said.len(), "for what was asked");
        }
    }

    fn is_question(&self) -> bool {
        let mark = self.said.text.trim_end().ends_with(['?', '？', '؟']);
        mark && (self.said.len() > 2 || self.said.any(self.core.start, QUESTION) > 0)
            || self.said.any(self.core.start, QUESTION) > 0 && self.said.len() > 2 && mark
    }

    fn give(&self, understood: &mut Understood, slot: SlotId, value: String, why: String) {
        let Some(name) = self.heard.program.slot(slot).map(|slot| slot.name.clone()) else { return };
        let filled = self.heard.view.filled.contains(&slot) && self.heard.scope.asked != Some(slot);
        let command = if filled { Command::Correct { slot: name, value } } else { Command::Set { slot: name, value } };
        understood.push(command, why);
    }

    /// What is neither a command nor a value.
    fn otherwise(&self) -> Understood {
        let asks = self.said.any(self.core.start, QUESTION) > 0 && self.said.len() > 2;
        if self.is_question() || asks && self.heard.scope.asked.is_none() {
            let question = self.said.text.trim().to_owned();
            return Understood {
                sure: false,
                ..self.one(Command::Knowledge { question }, "a question that no flow is for")
            };
        }
        // A greeting with more behind it that nothing was made of.
        if self.said.any(0, CHIT_CHAT) > 0 && self.said.len() <= 6 {
            return Understood { sure: false, ..self.one(Command::ChitChat, "begins as small talk") };
        }
        // Who says something that there is no flow for is told so; a word or two were not understood.
        let mut words: Vec<&str> = (0..self.said.len()).map(|at| self.said.word(at)).collect();
        words.sort_unstable();
        words.dedup();
        let says = words.len() >= 3 || self.said.find(REQUEST).is_some();
        let outside = self.heard.view.active.is_none() && says;
        let reason = if outside { CannotHandle::OutOfScope } else { CannotHandle::NotUnderstood };
        Understood::cannot(By::Rules, reason, "no rule reads it")
    }
}
