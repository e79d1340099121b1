//! What a scope is made from: the message and where the dialogue stands.

use crate::expression::{Expression, Names};
use crate::program::{FlowId, SlotId};

/// Where the dialogue stands when a message comes.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// What the user says.
    pub message: &'a str,
    /// What was said to him last; empty where nothing was.
    pub last_said: &'a str,
    /// The flow that is under way.
    pub active: Option<FlowId>,
    /// The flows that were interrupted, the latest last; without the active one.
    pub stack: &'a [FlowId],
    /// The flow that ended last: what is said next is often about it.
    pub ended: Option<FlowId>,
    /// The slot that was asked for.
    pub asked: Option<SlotId>,
    /// Whether a question of yes or no is open.
    pub confirming: bool,
    /// The flows that the user was asked about: he is to say which he means.
    pub choices: &'a [FlowId],
    /// The slots that have a value.
    pub filled: &'a [SlotId],
    /// Which guards hold now.
    pub guards: &'a dyn Guards,
}

/// Says whether guards hold. Names that are the same for all flows do.
pub trait Guards: Sync {
    /// Whether the guard of this flow holds. One that cannot be evaluated does not.
    fn hold(&self, flow: FlowId, guard: &Expression) -> bool;
}

impl<T: Names + Sync> Guards for T {
    fn hold(&self, _: FlowId, guard: &Expression) -> bool {
        guard.holds(self).unwrap_or(false)
    }
}

/// How much a scope offers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// How many ranked flows are offered while no flow is active.
    pub flows_idle: usize,
    /// How many ranked flows are offered beside an active one.
    pub flows_active: usize,
    /// Of how many of these the slots are offered, while no flow is active.
    pub slots_idle: usize,
    /// Of how many of these the slots are offered beside those of an active flow.
    pub slots_active: usize,
    /// How many flows of the active one's kin are offered, whatever the message says; the slots of the first with them.
    pub kin: usize,
    /// How like a flow of one kin is, from 0 to 1.
    pub likeness: f32,
    /// What the last utterance weighs beside the message.
    pub last_said: f32,
    /// Below this score the best match is none: while no flow is active, all flows are offered.
    pub weak: f32,
    /// Below this score a flow is not offered beside an active one.
    pub least: f32,
    /// Below this share of the best score a flow is not offered.
    pub relative: f32,
    /// The most flows that are offered when nothing matches.
    pub most: usize,
}

impl Default for Bounds {
    /// Found on development data: recall and tokens for other numbers are printed by `benches/scope.rs`.
    fn default() -> Self {
        Self {
            flows_idle: 6,
            flows_active: 5,
            slots_idle: 3,
            slots_active: 2,
            kin: 2,
            likeness: 0.2,
            last_said: 0.3,
            weak: 8.0,
            least: 3.0,
            relative: 0.1,
            most: 64,
        }
    }
}
