//! Where a conversation stands: the open flows, the values of slots, and what is waited for. Nothing of it is shared between
//! sessions.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use smol_str::SmolStr;

use super::said::Said;
use crate::program::{FlowId, SlotId, Step};
use crate::secret::Secrets;

/// A conversation between two turns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// How many turns there were.
    pub turns: u64,
    /// How many texts were said: picks variations, so that none comes twice in a row.
    pub said: u64,
    /// The open flows, the active one last.
    pub frames: Vec<Frame>,
    /// What slots hold.
    pub values: BTreeMap<SlotId, Arc<Filled>>,
    /// What the user is to say.
    pub waiting: Option<Waiting>,
    /// The flows that he was asked about, while one of them is waited for.
    pub choices: Vec<FlowId>,
    /// How often in a row he did not say it.
    pub misses: u8,
    /// What was said in the last turn.
    pub last_said: String,
    /// The same with the values of sensitive slots hidden; none where that makes no difference.
    pub last_shown: Option<String>,
    /// What is not to be seen by models and in the inspector, also when its slots are empty again.
    pub secrets: Secrets,
    /// The slot that got its value last.
    pub last_set: Option<SlotId>,
    /// The flow that ended last.
    pub ended: Option<FlowId>,
    /// What the user had said for it, as long as no other flow has begun.
    pub settled: Vec<String>,
    /// Who has taken over.
    pub handed_to: Option<SmolStr>,
}

/// A slot's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// In its canonical form; null where the user left it open.
    pub value: Value,
    /// The user's words; empty where it did not come from him.
    pub original: String,
    /// How it was read.
    pub how: String,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// A value for this slot.
    Slot(SlotId),
    /// Yes or no.
    Confirmation,
    /// Which of several flows he means.
    Choice,
}

/// An open flow.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Which.
    pub flow: FlowId,
    /// The next step.
    pub step: Step,
    /// What its steps came to, in their order.
    pub done: Vec<Done>,
    /// What they had come to before a value was corrected: taken over where nothing has changed for them.
    pub before: Vec<Done>,
    /// What the slots that it writes itself held when it began.
    pub initial: BTreeMap<SlotId, Option<Arc<Filled>>>,
    /// What a repair flow is about.
    pub context: Arc<Value>,
    /// What is done when it has ended without a no.
    pub then: Option<Then>,
    /// Whether it was called by the flow below: its slots whose values are taken over, from and to.
    pub called: Option<Vec<(SlotId, SlotId)>>,
    /// Whether a no has ended it.
    pub denied: bool,
    /// Whether a value that it used was corrected, so that its steps are gone through again when it goes on.
    pub redo: bool,
    /// Whether it was interrupted by another flow.
    pub interrupted: bool,
}

/// What a repair flow stands in front of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The flow ends.
    Cancel(FlowId),
    /// Everything ends, and everything is forgotten.
    Restart,
}

/// What a step came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// Which step.
    pub step: Step,
    /// What it came to.
    pub what: Came,
}

/// What steps come to that are not done twice without need. Digests are of what was read.
#[derive(Debug, Clone, PartialEq)]
pub enum Came {
    /// Something was said.
    Said {
        /// Of the values in it.
        digest: u64,
    },
    /// A slot got its value from the user.
    Collected {
        /// Which.
        slot: SlotId,
        /// What.
        value: Arc<Filled>,
    },
    /// An action was run.
    Ran {
        /// Of its inputs.
        digest: u64,
        /// What it gave to slots; none when it failed.
        outputs: Option<Vec<(SlotId, Arc<Filled>)>>,
    },
    /// The user said yes or no.
    Confirmed {
        /// Of the values in the question.
        digest: u64,
        /// Which.
        yes: bool,
    },
    /// Another flow was called. When this one is gone through again, so is that one.
    Called {
        /// What its steps came to.
        within: Vec<Done>,
    },
    /// The conversation was handed over.
    HandedOver,
}

impl Done {
    /// How many it is, with those of a called flow.
    fn count(&self) -> usize {
        match &self.what {
            Came::Called { within } => within.iter().map(Self::count).sum::<usize>() + 1,
            _ => 1,
        }
    }
}

impl Came {
    /// Whether it is the value of this slot, or has it in it.
    fn collected(&self, slot: SlotId) -> bool {
        matches!(self, Self::Collected { slot: of, .. } if *of == slot)
    }
}

/// Whether a slot was collected in these steps, or in flows called by them.
pub(crate) fn was_collected(done: &[Done], slot: SlotId) -> bool {
    done.iter().any(|done| match &done.what {
        Came::Called { within } => was_collected(within, slot),
        came => came.collected(slot),
    })
}

/// Gives a slot another value in what steps, or flows called by them, came to: where it was collected last, and where an action gave
/// it what was collected there or what it has held since, for the user has his say after the action had its. Says whether it was
/// collected.
pub(crate) fn corrected(done: &mut [Done], slot: SlotId, value: &Arc<Filled>) -> bool {
    let mut back = Back { slot, value, given: false, collected: None };
    back.through(done);
    back.collected.is_some()
}

/// The way back to where the value of a slot came from.
struct Back<'a> {
    slot: SlotId,
    value: &'a Arc<Filled>,
    /// Whether an action gave it since it was collected.
    given: bool,
    /// What was collected last.
    collected: Option<Arc<Filled>>,
}

impl Back<'_> {
    /// Goes back through steps. Says whether it is at its end.
    fn through(&mut self, done: &mut [Done]) -> bool {
        done.iter_mut().rev().any(|done| match &mut done.what {
            Came::Called { within } => self.through(within),
            Came::Collected { slot, value } if *slot == self.slot => {
                let ends = self.given || self.collected.is_some();
                if self.collected.is_none() {
                    self.collected = Some(std::mem::replace(value, Arc::clone(self.value)));
                }
                ends
            }
            Came::Ran { outputs: Some(outputs), .. } => {
                let Some((_, given)) = outputs.iter_mut().find(|(of, _)| *of == self.slot) else { return false };
                // What was collected was taken over from here; of several actions since, the last counts.
                let meant = self.collected.as_ref().map_or(!self.given, |collected| collected == given);
                if meant {
                    *given = Arc::clone(self.value);
                }
                self.given = true;
                self.collected.is_some()
            }
            _ => false,
        })
    }
}

/// Gives a slot another value in what actions gave it, in steps that are still to be gone through again, until it is collected
/// there. Says whether it is.
pub(crate) fn overruled(before: &mut [Done], slot: SlotId, value: &Arc<Filled>) -> bool {
    before.iter_mut().any(|done| match &mut done.what {
        Came::Called { within } => overruled(within, slot, value),
        Came::Ran { outputs: Some(outputs), .. } => {
            outputs.iter_mut().filter(|(of, _)| *of == slot).for_each(|(_, given)| *given = Arc::clone(value));
            false
        }
        came => came.collected(slot),
    })
}

/// Gives what was taken over from an action the value that it has given anew, in steps that are still to be gone through again, as
/// far as to the next action that gives the slot a value. Says whether there is one.
pub(crate) fn given_anew(before: &mut Vec<Done>, slot: SlotId, old: &Filled, new: Option<&Arc<Filled>>) -> bool {
    let mut ends = false;
    before.retain_mut(|done| {
        match &mut done.what {
            _ if ends => {}
            Came::Called { within } => ends = given_anew(within, slot, old, new),
            Came::Ran { outputs: Some(outputs), .. } => ends = outputs.iter().any(|(of, _)| *of == slot),
            Came::Collected { slot: of, value } if *of == slot && **value == *old => match new {
                Some(new) => *value = Arc::clone(new),
                None => return false,
            },
            _ => {}
        }
        true
    });
    ends
}

/// Forgets that a slot was collected, or got a value from an action, in these steps or in flows called by them.
pub(crate) fn forgotten(done: &mut Vec<Done>, slot: SlotId) {
    done.retain_mut(|done| {
        match &mut done.what {
            Came::Called { within } => forgotten(within, slot),
            Came::Ran { outputs: Some(outputs), .. } => outputs.retain(|(of, _)| *of != slot),
            _ => {}
        }
        !done.what.collected(slot)
    });
}

/// The most that a flow remembers of what its steps came to; beyond it, a correction changes what comes after it only.
pub(crate) const MOST_DONE: usize = 256;

impl Frame {
    /// A flow at its first step.
    #[must_use]
    pub fn new(flow: FlowId) -> Self {
        Self {
            flow,
            step: 0,
            done: Vec::new(),
            before: Vec::new(),
            initial: BTreeMap::new(),
            context: Arc::new(Value::Null),
            then: None,
            called: None,
            denied: false,
            redo: false,
            interrupted: false,
        }
    }

    /// Whether it remembers all that it can, with what flows called by it remember.
    pub(crate) fn is_full(&self) -> bool {
        self.done.iter().map(Done::count).sum::<usize>() >= MOST_DONE
    }

    /// Notes what the step under way came to.
    pub(crate) fn came_to(&mut self, what: Came) {
        if !self.is_full() {
            self.done.push(Done { step: self.step, what });
        }
    }

    /// What the step under way came to before a correction; each is given once.
    pub(crate) fn came_before(&mut self) -> Option<Came> {
        let at = self.before.iter().position(|done| done.step == self.step)?;
        Some(self.before.remove(at).what)
    }
}

impl State {
    /// The active flow.
    #[must_use]
    pub fn active(&self) -> Option<&Frame> {
        self.frames.last()
    }

    /// Whether a slot has a value or was left open.
    #[must_use]
    pub fn has(&self, slot: SlotId) -> bool {
        self.values.contains_key(&slot)
    }

    /// Keeps what was said in a turn, if anything was.
    pub(crate) fn has_said(&mut self, said: &Said) {
        if !said.is_empty() {
            (self.last_said, self.last_shown) = (said.text(), said.shown());
        }
    }

    /// Gives a slot a value that a step of the active flow has computed.
    pub(crate) fn write(&mut self, slot: SlotId, value: Option<Arc<Filled>>) {
        let before = match value {
            Some(value) => self.values.insert(slot, value),
            None => self.values.remove(&slot),
        };
        if let Some(frame) = self.frames.last_mut() {
            frame.initial.entry(slot).or_insert(before);
        }
    }

    /// Prepares every open flow to go through its steps again, where what they had come to counts as long as what they read is
    /// the same. Flows that were called are called again from there.
    pub(crate) fn redo_all(&mut self) {
        let mut at = self.frames.len();
        while let Some(above) = at.checked_sub(1).filter(|above| *above > 0) {
            at = above;
            let is_full = |frame: Option<&Frame>| frame.is_some_and(Frame::is_full);
            let called = self.frames.get(above).is_some_and(|frame| frame.called.is_some());
            if !called || is_full(self.frames.get(above)) || is_full(self.frames.get(above - 1)) {
                continue;
            }
            let mut frame = self.frames.remove(above);
            self.restore(std::mem::take(&mut frame.initial));
            let mut within = frame.done;
            within.append(&mut frame.before);
            if let Some(caller) = self.frames.get_mut(above - 1) {
                caller.interrupted |= frame.interrupted;
                caller.came_to(Came::Called { within });
            }
        }
        // Who still waits for a flow that it has called would call it anew.
        let mut waits = false;
        for frame in self.frames.iter_mut().rev() {
            frame.redo |= !waits;
            waits = frame.called.is_some();
        }
    }

    /// Gives slots back what they held.
    fn restore(&mut self, initial: BTreeMap<SlotId, Option<Arc<Filled>>>) {
        for (slot, value) in initial {
            match value {
                Some(value) => self.values.insert(slot, value),
                None => self.values.remove(&slot),
            };
        }
    }

    /// Has the active flow go through its steps again.
    pub(crate) fn rewind(&mut self) {
        let Some(frame) = self.frames.last_mut() else { return };
        frame.redo = false;
        if frame.is_full() {
            return;
        }
        frame.step = 0;
        let mut before = std::mem::take(&mut frame.done);
        before.append(&mut frame.before);
        frame.before = before;
        let initial = std::mem::take(&mut frame.initial);
        self.restore(initial);
    }
}

impl Filled {
    /// Whether it is what the user said, or that he left it open.
    #[must_use]
    pub fn is_said(&self) -> bool {
        !self.original.is_empty() || self.value.is_null()
    }

    /// A value that did not come from the user.
    #[must_use]
    pub fn computed(value: Value) -> Arc<Self> {
        Arc::new(Self { value, original: String::new(), how: String::new() })
    }

    /// That the user left it open.
    #[must_use]
    pub fn skipped() -> Arc<Self> {
        Arc::new(Self { value: Value::Null, original: String::new(), how: "left open".to_owned() })
    }
}
