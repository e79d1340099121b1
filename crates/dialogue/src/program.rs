//! Flows as they are run: checked, with every name resolved and every block made into jumps. Made by
//! [`crate::definition::Definition::compile`], whether the definition came from YAML or from Rust.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ninefold_core::Key;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::expression::Expression;
use crate::kind::Kind;
use crate::normalize::{Locale, Prefer};
use crate::response::Response;

/// A flow's number in its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FlowId(pub u16);

/// A slot's number in its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SlotId(pub u16);

/// An action's number in its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionId(pub u16);

/// The number of a step in its flow.
pub type Step = u16;

/// Where something stands in a definition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The file, or what it is called instead; empty for what was built in Rust.
    pub file: SmolStr,
    /// The line, from 1; 0 where there are no lines.
    pub line: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.file.as_str(), self.line) {
            ("", 0) => f.write_str("definition"),
            (file, 0) => f.write_str(file),
            (file, line) => write!(f, "{file}:{line}"),
        }
    }
}

/// What holds for the whole dialogue.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// How values are read.
    pub locale: Locale,
    /// Which of two days is meant.
    pub prefer: Prefer,
    /// The most characters of a message; a longer one is answered by `pattern_too_long`.
    pub longest_message: usize,
    /// How often a question is put again before the user is offered something else.
    pub most_reprompts: u8,
    /// How many flows may be open at once.
    pub deepest_stack: u8,
    /// How many steps a turn may take before it ends in `pattern_internal_error`.
    pub most_steps: u32,
    /// How long one may be silent at a question before `pattern_user_silence`; see [`Reply::silence_after`](crate::Reply).
    pub silence: Option<Duration>,
}

/// A checked definition.
#[derive(Debug, Clone)]
pub struct Program {
    /// Its settings.
    pub settings: Settings,
    /// The slots of all flows, and the global ones.
    pub slots: Vec<Slot>,
    /// The flows, those of repair (`pattern_…`) among them.
    pub flows: Vec<Flow>,
    /// The actions.
    pub actions: Vec<Action>,
    /// A key of everything in it: sessions note under which they ran.
    pub key: Key,
}

/// A slot.
#[derive(Debug, Clone)]
pub struct Slot {
    /// Its name, unique in what its flow sees.
    pub name: SmolStr,
    /// The flow it belongs to; none for a global one, which outlives flows.
    pub flow: Option<FlowId>,
    /// What it holds.
    pub kind: Kind,
    /// What it is, in a few words: shown to models.
    pub description: String,
    /// The question for it.
    pub prompt: Arc<Response>,
    /// What is said when the answer has no value for it; the question again where it is missing.
    pub no_match: Option<Arc<Response>>,
    /// What is said when there was no answer.
    pub no_input: Option<Arc<Response>>,
    /// What is said when the value is not accepted; `validators` have their own words first.
    pub invalid: Option<Arc<Response>>,
    /// What a value has to fulfil, `value` being the value.
    pub validators: Vec<Validator>,
    /// What it holds before anybody says anything.
    pub default: Option<Expression>,
    /// Whether the user may leave it open.
    pub optional: bool,
    /// Whether it stays when its flow ends: for the next time the flow runs in this session.
    pub persistent: bool,
    /// Whether it is asked for even when it has a value.
    pub ask_always: bool,
    /// Whether only the system fills it: never offered to users or models.
    pub internal: bool,
    /// Whether it is kept out of what a model and the inspector see.
    pub sensitive: bool,
    /// Where it is defined.
    pub place: Place,
}

/// A condition of a value.
#[derive(Debug, Clone)]
pub struct Validator {
    /// True for a value that is accepted.
    pub condition: Expression,
    /// What is said otherwise.
    pub message: Option<Arc<Response>>,
}

/// A flow.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Its name.
    pub name: SmolStr,
    /// What it is for, in a sentence: shown to models and searched by scope.
    pub description: String,
    /// What users say to start it.
    pub triggers: Vec<String>,
    /// Whether it can be started and seen now.
    pub guard: Option<Expression>,
    /// Whether only other flows or the system start it: patterns, and flows that say so.
    pub internal: bool,
    /// The slots it collects itself, in the order of its steps, without repetition.
    pub collects: Vec<SlotId>,
    /// All that it may collect, with what it calls and links to.
    pub reaches: Vec<SlotId>,
    /// The slots that belong to it.
    pub slots: Vec<SlotId>,
    /// Its steps. The last one is always [`Op::End`].
    pub ops: Vec<Op>,
    /// Where each step stands, as long as `ops`.
    pub places: Vec<Place>,
    /// The names of steps that have one, by number.
    pub names: Vec<(Step, SmolStr)>,
    /// Where it is defined.
    pub place: Place,
}

/// A step.
#[derive(Debug, Clone)]
pub enum Op {
    /// Says something.
    Say(Arc<Response>),
    /// Asks for a slot and waits, if it has no value.
    Collect {
        /// The slot.
        slot: SlotId,
        /// The question, where it is not the slot's own.
        prompt: Option<Arc<Response>>,
    },
    /// Gives a slot a value.
    Set {
        /// The slot.
        slot: SlotId,
        /// Its value.
        value: Expression,
    },
    /// Takes a slot's value away.
    Clear(SlotId),
    /// Goes on at this step.
    Jump(Step),
    /// Goes on at this step when the condition does not hold.
    JumpUnless {
        /// The condition.
        condition: Expression,
        /// Where to go on.
        to: Step,
    },
    /// Runs an action.
    Action {
        /// Which.
        action: ActionId,
        /// Its inputs by name.
        inputs: Vec<(SmolStr, Expression)>,
        /// Which output goes to which slot.
        outputs: Vec<(SmolStr, SlotId)>,
        /// Where to go on when it fails; none ends the flow in `pattern_internal_error`.
        failed: Option<Step>,
    },
    /// Ends this flow and starts another.
    Link(FlowId),
    /// Runs another flow and comes back.
    Call {
        /// Which.
        flow: FlowId,
        /// Its slots that get a value before it starts.
        inputs: Vec<(SlotId, Expression)>,
        /// Its slots whose values are taken over when it is done: from, to.
        outputs: Vec<(SlotId, SlotId)>,
    },
    /// Asks whether to go on and waits.
    Confirm {
        /// The question.
        prompt: Arc<Response>,
        /// Where to go on after a no; a yes goes on at the next step.
        denied: Step,
    },
    /// Hands the conversation to a person, or to an agent outside.
    Handoff {
        /// Whom to.
        to: SmolStr,
        /// What is said.
        say: Option<Arc<Response>>,
    },
    /// Ends the flow.
    End,
}

/// What the host does for a flow.
#[derive(Debug, Clone)]
pub struct Action {
    /// Its name.
    pub name: SmolStr,
    /// What it does, in a sentence.
    pub description: String,
    /// Its inputs.
    pub inputs: Vec<Parameter>,
    /// Its outputs.
    pub outputs: Vec<Parameter>,
    /// How long it may take.
    pub timeout: Duration,
    /// How often it is tried when it fails in a way that may pass.
    pub attempts: u8,
    /// Where it is defined.
    pub place: Place,
}

/// An input or an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: SmolStr,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may be missing.
    pub optional: bool,
}

impl Program {
    /// The flow of this name.
    #[must_use]
    pub fn flow_named(&self, name: &str) -> Option<FlowId> {
        let at = self.flows.iter().position(|flow| flow.name == name)?;
        u16::try_from(at).ok().map(FlowId)
    }

    /// The flow of this number.
    #[must_use]
    pub fn flow(&self, id: FlowId) -> Option<&Flow> {
        self.flows.get(usize::from(id.0))
    }

    /// The slot of this number.
    #[must_use]
    pub fn slot(&self, id: SlotId) -> Option<&Slot> {
        self.slots.get(usize::from(id.0))
    }

    /// The action of this number.
    #[must_use]
    pub fn action(&self, id: ActionId) -> Option<&Action> {
        self.actions.get(usize::from(id.0))
    }

    /// The slot that a flow calls so: its own, or a global one.
    #[must_use]
    pub fn slot_named(&self, flow: Option<FlowId>, name: &str) -> Option<SlotId> {
        let find = |flow: Option<FlowId>| {
            let at = self.slots.iter().position(|slot| slot.flow == flow && slot.name == name)?;
            u16::try_from(at).ok().map(SlotId)
        };
        flow.and_then(|flow| find(Some(flow))).or_else(|| find(None))
    }
}
