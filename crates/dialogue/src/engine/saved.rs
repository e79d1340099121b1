//! A conversation on disk: an event a turn, which says what changed, and now and then the whole of it. By names, so that it outlives
//! the numbers of a program.

use std::collections::BTreeMap;
use std::sync::Arc;

use ninefold_core::{Degradation, Error, ErrorKind, Key, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};

use super::Engine;
use super::said::{Said, Utterance};
use super::state::{Came, Done, Filled, Frame, State, Then, Waiting};
use super::steps::{Failure, Trail};
use crate::command::Command;
use crate::knowledge::Sources;
use crate::program::{Program, SlotId};
use crate::secret::Secrets;
use crate::understand::By;

/// What is kept of a turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TurnRecord {
    /// Which turn of its session, from 1.
    pub turn: u64,
    /// The message; none where the user was silent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<String>,
    /// Who understood it.
    pub by: By,
    /// As what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<Command>,
    /// Why, as long as `commands`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<String>,
    /// What was refused, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
    /// What was said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<Utterance>,
    /// The steps that were gone through.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trail: Vec<Trail>,
    /// The steps that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Failure>,
    /// What its answers rest on, question by question.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) sources: Vec<Sources>,
    /// What was done with less than asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) degradations: Vec<Degradation>,
    /// How far the user's clock was from UTC, in seconds, where the turn had an offset of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) offset: Option<i32>,
    /// Whether its message was not read: too long, empty, or for somebody else.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) unread: bool,
    /// What was given in it and is not among what it changed, as the values of a flow that has ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) given: Vec<(SmolStr, SavedValue)>,
    /// What it changed.
    pub(crate) change: Saved,
}

/// A state, or what is new in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Saved {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    program: Option<Key>,
    #[serde(default, skip_serializing_if = "is_zero")]
    turns: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    texts: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    frames: Vec<SavedFrame>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    values: BTreeMap<SmolStr, Option<SavedValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waiting: Option<SavedWaiting>,
    #[serde(default, skip_serializing_if = "is_none_missed")]
    misses: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_said: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_set: Option<SmolStr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<SmolStr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    handed_to: Option<SmolStr>,
    /// Where it is another than before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    settled: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_shown: Option<String>,
    /// The new ones.
    #[serde(default, skip_serializing_if = "Secrets::is_empty")]
    secrets: Secrets,
    /// How many of those before are gone.
    #[serde(default, skip_serializing_if = "is_nothing")]
    secrets_gone: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_none_missed(n: &u8) -> bool {
    *n == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedValue(Value, #[serde(default)] String, #[serde(default)] String);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SavedWaiting {
    Slot(SmolStr),
    Confirmation,
    Choice(Vec<SmolStr>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct SavedFrame {
    flow: SmolStr,
    step: u16,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    done: Vec<SavedPart>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    before: Vec<SavedPart>,
    /// What is new in it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    initial: BTreeMap<SmolStr, Option<SavedValue>>,
    /// What is not in it any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    initial_gone: Vec<SmolStr>,
    /// Where it is another than before: one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    context: Vec<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    then: Option<SavedThen>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    called: Option<Vec<(SmolStr, SmolStr)>>,
    #[serde(default, skip_serializing_if = "is_false")]
    denied: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    redo: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    interrupted: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_nothing(n: &usize) -> bool {
    *n == 0
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SavedThen {
    Cancel(SmolStr),
    Restart,
}

/// Of what steps came to, so many that the flow had in the state before, done or to be taken over, from one on; or a new one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum SavedPart {
    Kept(usize, usize),
    New(SavedDone),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct SavedDone(u16, SavedCame);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SavedCame {
    Said(u64),
    Collected(SmolStr, SavedValue),
    Ran(u64, Option<Vec<(SmolStr, SavedValue)>>),
    Confirmed(u64),
    Denied(u64),
    Called(Vec<SavedDone>),
    HandedOver,
}

/// Names for numbers.
struct Namer<'a>(&'a Program);

impl Namer<'_> {
    fn slot(&self, id: SlotId) -> SmolStr {
        let Some(slot) = self.0.slot(id) else { return SmolStr::default() };
        match slot.flow.and_then(|flow| self.0.flow(flow)) {
            Some(flow) => format_smolstr!("{}.{}", flow.name, slot.name),
            None => slot.name.clone(),
        }
    }

    fn flow(&self, id: crate::program::FlowId) -> SmolStr {
        self.0.flow(id).map(|flow| flow.name.clone()).unwrap_or_default()
    }

    fn came(&self, came: &Came) -> SavedCame {
        match came {
            Came::Said { digest } => SavedCame::Said(*digest),
            Came::Collected { slot, value } => SavedCame::Collected(self.slot(*slot), saved(value)),
            Came::Ran { digest, outputs } => SavedCame::Ran(
                *digest,
                outputs.as_ref().map(|all| all.iter().map(|(slot, value)| (self.slot(*slot), saved(value))).collect()),
            ),
            Came::Confirmed { digest, yes: true } => SavedCame::Confirmed(*digest),
            Came::Confirmed { digest, yes: false } => SavedCame::Denied(*digest),
            Came::Called { within } => SavedCame::Called(self.done(within)),
            Came::HandedOver => SavedCame::HandedOver,
        }
    }

    fn done(&self, done: &[Done]) -> Vec<SavedDone> {
        done.iter().map(|done| SavedDone(done.step, self.came(&done.what))).collect()
    }

    /// What steps came to, of which what was there before is not written again.
    fn parts(&self, now: &[Done], before: &[&Done]) -> Vec<SavedPart> {
        let (mut parts, mut next) = (Vec::new(), 0);
        for done in now {
            let follows = before.get(next).is_some_and(|known| *known == done).then_some(next);
            let at = follows.or_else(|| before.iter().position(|known| *known == done));
            match (at, parts.last_mut()) {
                (Some(at), Some(SavedPart::Kept(from, count))) if *from + *count == at => *count += 1,
                (Some(at), _) => parts.push(SavedPart::Kept(at, 1)),
                (None, _) => parts.push(SavedPart::New(SavedDone(done.step, self.came(&done.what)))),
            }
            next = at.map_or(next, |at| at + 1);
        }
        parts
    }

    fn frame(&self, frame: &Frame, before: Option<&Frame>) -> SavedFrame {
        let nothing = Frame::new(frame.flow);
        let before = before.unwrap_or(&nothing);
        let known: Vec<&Done> = before.done.iter().chain(&before.before).collect();
        let new = frame.initial.iter().filter(|(slot, value)| before.initial.get(slot) != Some(value));
        let gone = before.initial.keys().filter(|slot| !frame.initial.contains_key(slot));
        SavedFrame {
            flow: self.flow(frame.flow),
            step: frame.step,
            done: self.parts(&frame.done, &known),
            before: self.parts(&frame.before, &known),
            initial: new.map(|(slot, value)| (self.slot(*slot), value.as_deref().map(saved))).collect(),
            initial_gone: gone.map(|slot| self.slot(*slot)).collect(),
            context: (frame.context != before.context).then(|| (*frame.context).clone()).into_iter().collect(),
            then: frame.then.map(|then| match then {
                Then::Cancel(flow) => SavedThen::Cancel(self.flow(flow)),
                Then::Restart => SavedThen::Restart,
            }),
            called: frame
                .called
                .as_ref()
                .map(|called| called.iter().map(|(from, to)| (self.slot(*from), self.slot(*to))).collect()),
            denied: frame.denied,
            redo: frame.redo,
            interrupted: frame.interrupted,
        }
    }
}

fn saved(filled: &Filled) -> SavedValue {
    SavedValue(filled.value.clone(), filled.original.clone(), filled.how.clone())
}

fn filled(SavedValue(value, original, how): SavedValue) -> Arc<Filled> {
    Arc::new(Filled { value, original, how })
}

impl Saved {
    /// What is in a state and not in the one before.
    /// `under` is the program of the state before.
    pub(crate) fn change(program: &Program, under: Option<Key>, before: &State, after: &State) -> Self {
        let namer = Namer(program);
        let new = after.values.iter().filter(|(slot, value)| before.values.get(slot) != Some(value));
        let new = new.map(|(slot, value)| (namer.slot(*slot), Some(saved(value))));
        let gone = before.values.keys().filter(|slot| !after.values.contains_key(slot));
        let gone = gone.map(|slot| (namer.slot(*slot), None));
        let frame = |frame: &Frame| namer.frame(frame, before.frames.iter().find(|before| before.flow == frame.flow));
        let (secrets_gone, secrets) = after.secrets.since(&before.secrets);
        Self {
            program: (under != Some(program.key)).then_some(program.key),
            turns: after.turns,
            texts: after.said,
            frames: after.frames.iter().map(frame).collect(),
            values: new.chain(gone).collect(),
            waiting: after.waiting.map(|waiting| match waiting {
                Waiting::Slot(slot) => SavedWaiting::Slot(namer.slot(slot)),
                Waiting::Confirmation => SavedWaiting::Confirmation,
                Waiting::Choice => SavedWaiting::Choice(after.choices.iter().map(|flow| namer.flow(*flow)).collect()),
            }),
            misses: after.misses,
            last_said: None,
            last_set: after.last_set.map(|slot| namer.slot(slot)),
            ended: after.ended.map(|flow| namer.flow(flow)),
            handed_to: after.handed_to.clone(),
            settled: (before.settled != after.settled).then(|| after.settled.clone()),
            last_shown: None,
            secrets,
            secrets_gone,
        }
    }

    /// A whole state.
    pub(crate) fn whole(program: &Program, state: &State) -> Self {
        let whole = Self::change(program, None, &State::default(), state);
        Self { last_said: Some(state.last_said.clone()), last_shown: state.last_shown.clone(), ..whole }
    }

    /// The key of the program it was made under, where it is said.
    pub(crate) fn program(&self) -> Option<Key> {
        self.program
    }

    /// The name of the flow at the bottom that is none of repair.
    pub(crate) fn open(&self) -> Option<SmolStr> {
        let mut flows = self.frames.iter().map(|frame| &frame.flow);
        flows.find(|flow| !flow.starts_with("pattern_")).cloned()
    }

    /// The state after this change. What the program does not have any more is left out; a flow that is gone takes with it what
    /// was open above it.
    pub(crate) fn onto(self, engine: &Engine, before: &State) -> State {
        let program = &engine.program;
        let slot = |name: &SmolStr| -> Option<SlotId> {
            match name.split_once('.') {
                Some((flow, slot)) => engine.slots.get(&Some(program.flow_named(flow)?))?.get(slot).copied(),
                None => engine.slots.get(&None)?.get(name).copied(),
            }
        };
        let mut values = before.values.clone();
        for (name, value) in self.values {
            let Some(slot) = slot(&name) else { continue };
            match value {
                Some(value) => values.insert(slot, filled(value)),
                None => values.remove(&slot),
            };
        }
        let frame = |frame: SavedFrame| -> Option<Frame> {
            let flow = program.flow_named(&frame.flow)?;
            let nothing = Frame::new(flow);
            let same = before.frames.iter().find(|before| before.flow == flow).unwrap_or(&nothing);
            let known: Vec<&Done> = same.done.iter().chain(&same.before).collect();
            let done = |parts: Vec<SavedPart>| {
                let of = |part: SavedPart| match part {
                    SavedPart::Kept(from, count) => {
                        known.iter().skip(from).take(count).map(|done| Done::clone(done)).collect()
                    }
                    SavedPart::New(saved) => done_again(saved, &slot).into_iter().collect::<Vec<_>>(),
                };
                parts.into_iter().flat_map(of).collect()
            };
            let mut initial = same.initial.clone();
            for name in &frame.initial_gone {
                initial.retain(|known, _| slot(name) != Some(*known));
            }
            let new = frame.initial.into_iter();
            initial.extend(new.filter_map(|(name, value)| Some((slot(&name)?, value.map(filled)))));
            Some(Frame {
                flow,
                step: frame.step,
                done: done(frame.done),
                before: done(frame.before),
                initial,
                context: frame.context.into_iter().next().map_or_else(|| Arc::clone(&same.context), Arc::new),
                then: match frame.then {
                    Some(SavedThen::Cancel(name)) => program.flow_named(&name).map(Then::Cancel),
                    Some(SavedThen::Restart) => Some(Then::Restart),
                    None => None,
                },
                called: frame.called.map(|called| {
                    called.into_iter().filter_map(|(from, to)| Some((slot(&from)?, slot(&to)?))).collect()
                }),
                denied: frame.denied,
                redo: frame.redo,
                interrupted: frame.interrupted,
            })
        };
        let choices: Vec<_> = match &self.waiting {
            Some(SavedWaiting::Choice(flows)) => flows.iter().filter_map(|flow| program.flow_named(flow)).collect(),
            _ => Vec::new(),
        };
        State {
            turns: self.turns,
            said: self.texts,
            frames: self.frames.into_iter().map_while(frame).collect(),
            values,
            waiting: self.waiting.and_then(|waiting| match waiting {
                SavedWaiting::Slot(name) => slot(&name).map(Waiting::Slot),
                SavedWaiting::Confirmation => Some(Waiting::Confirmation),
                SavedWaiting::Choice(_) => (!choices.is_empty()).then_some(Waiting::Choice),
            }),
            choices,
            misses: self.misses,
            last_shown: if self.last_said.is_some() { self.last_shown } else { before.last_shown.clone() },
            last_said: self.last_said.unwrap_or_else(|| before.last_said.clone()),
            secrets: before.secrets.and(self.secrets_gone, self.secrets),
            last_set: self.last_set.as_ref().and_then(slot),
            ended: self.ended.and_then(|flow| program.flow_named(&flow)),
            handed_to: self.handed_to,
            settled: self.settled.unwrap_or_else(|| before.settled.clone()),
        }
    }
}

fn done_again(SavedDone(step, came): SavedDone, slot: &impl Fn(&SmolStr) -> Option<SlotId>) -> Option<Done> {
    let what = match came {
        SavedCame::Said(digest) => Came::Said { digest },
        SavedCame::Collected(name, value) => Came::Collected { slot: slot(&name)?, value: filled(value) },
        SavedCame::Ran(digest, outputs) => {
            let outputs = outputs
                .map(|all| all.into_iter().filter_map(|(name, value)| Some((slot(&name)?, filled(value)))).collect());
            Came::Ran { digest, outputs }
        }
        SavedCame::Confirmed(digest) => Came::Confirmed { digest, yes: true },
        SavedCame::Denied(digest) => Came::Confirmed { digest, yes: false },
        SavedCame::Called(within) => {
            Came::Called { within: within.into_iter().filter_map(|done| done_again(done, slot)).collect() }
        }
        SavedCame::HandedOver => Came::HandedOver,
    };
    Some(Done { step, what })
}

/// A slot's value as it was read: the value, the user's words, and how.
type AsRead<'a> = (&'a Value, &'a str, &'a str);

impl SavedValue {
    fn as_read(&self) -> AsRead<'_> {
        (&self.0, &self.1, &self.2)
    }
}

/// The flow and the name of a slot.
fn apart(name: &SmolStr) -> (Option<&str>, &str) {
    name.split_once('.').map_or((None, name.as_str()), |(flow, name)| (Some(flow), name))
}

impl TurnRecord {
    /// Notes what was given and is not among the changes.
    pub(crate) fn note_given(&mut self, program: &Program, given: &[(SlotId, Arc<Filled>)]) {
        let namer = Namer(program);
        for (slot, value) in given {
            let (slot, value) = (namer.slot(*slot), saved(value));
            if self.change.values.get(&slot) != Some(&Some(value.clone())) {
                self.given.push((slot, value));
            }
        }
    }

    /// The slots that got a value or lost it: flow, name, and what they got.
    pub(crate) fn values(&self) -> impl Iterator<Item = (Option<&str>, &str, Option<AsRead<'_>>)> {
        let given = self.given.iter().map(|(name, value)| (name, Some(value.as_read())));
        let changed = self.change.values.iter().map(|(name, value)| (name, value.as_ref().map(SavedValue::as_read)));
        given.chain(changed).map(|(name, value)| (apart(name).0, apart(name).1, value))
    }

    /// The state after this turn.
    pub(crate) fn onto(self, engine: &Engine, before: &State) -> State {
        let said = Said(self.said);
        let mut state = self.change.onto(engine, before);
        state.has_said(&said);
        state
    }
}

/// Reads what was written.
///
/// # Errors
/// `Corrupt` when it cannot be read.
pub(crate) fn read<T: for<'de> Deserialize<'de>>(text: &str, what: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        Error::new(ErrorKind::Corrupt, format!("{what} of a conversation cannot be read"))
            .hint("remove the session, or restore its store from a copy")
            .caused_by(error)
    })
}
