//! The steps of a flow.

use serde::Serialize;
use smol_str::SmolStr;

use super::text::{Named, Source, Text};
use crate::program::Place;

/// A step. Each says what it does first; [`named`](Self::named) and [`next`](Self::next) go with any of them.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    pub(crate) what: What,
    pub(crate) id: Option<Named>,
    pub(crate) next: Option<Named>,
    #[serde(skip)]
    pub(crate) place: Place,
}

/// One of a branch's ways: its condition, none for the last one, and its steps.
pub(crate) type Arm = (Option<Source>, Vec<Step>);

/// A name and the value that it is given.
pub(crate) type Given = (Named, Source);

/// A name and the one that takes its value over.
pub(crate) type Taken = (Named, Named);

#[derive(Debug, Clone, Serialize)]
pub(crate) enum What {
    Say(Text),
    Collect {
        slot: Named,
        prompt: Option<Text>,
    },
    Set(Vec<Given>),
    Clear(Vec<Named>),
    Branch(Vec<Arm>),
    While {
        condition: Source,
        steps: Vec<Step>,
    },
    Action {
        action: Named,
        inputs: Vec<Given>,
        outputs: Vec<Taken>,
        failed: Option<Vec<Step>>,
    },
    Confirm {
        prompt: Text,
        yes: Vec<Step>,
        no: Option<Vec<Step>>,
    },
    Call {
        flow: Named,
        inputs: Vec<Given>,
        outputs: Vec<Taken>,
    },
    Link(Named),
    Handoff {
        to: SmolStr,
        say: Option<Text>,
    },
    /// Nothing: for a step that only goes on elsewhere.
    Go,
    End,
}

impl Step {
    pub(crate) fn of(what: What) -> Self {
        Self { what, id: None, next: None, place: Place::default() }
    }

    /// Says a text, or a response by its name.
    #[must_use]
    pub fn say(text: impl Into<Text>) -> Self {
        Self::of(What::Say(text.into()))
    }

    /// Asks for a slot that has no value yet, and waits.
    #[must_use]
    pub fn collect(slot: impl Into<SmolStr>) -> Self {
        Self::of(What::Collect { slot: slot.into().into(), prompt: None })
    }

    /// Gives a slot the value of an expression.
    #[must_use]
    pub fn set(slot: impl Into<SmolStr>, value: impl Into<Source>) -> Self {
        Self::of(What::Set(vec![(slot.into().into(), value.into())]))
    }

    /// Takes a slot's value away.
    #[must_use]
    pub fn clear(slot: impl Into<SmolStr>) -> Self {
        Self::of(What::Clear(vec![slot.into().into()]))
    }

    /// Goes these steps when the condition holds. More ways follow by [`or_if`](Self::or_if) and [`otherwise`](Self::otherwise).
    #[must_use]
    pub fn when(condition: impl Into<Source>, steps: impl IntoIterator<Item = Self>) -> Self {
        Self::of(What::Branch(vec![(Some(condition.into()), steps.into_iter().collect())]))
    }

    /// Goes these steps as long as the condition holds.
    #[must_use]
    pub fn repeat_while(condition: impl Into<Source>, steps: impl IntoIterator<Item = Self>) -> Self {
        Self::of(What::While { condition: condition.into(), steps: steps.into_iter().collect() })
    }

    /// Runs an action. An input that is not named is the slot of its name; so is an output, where there is such a slot.
    #[must_use]
    pub fn action(action: impl Into<SmolStr>) -> Self {
        Self::of(What::Action { action: action.into().into(), inputs: Vec::new(), outputs: Vec::new(), failed: None })
    }

    /// Asks whether to go on, and waits. A yes goes on, a no ends the flow, unless [`yes`](Self::yes) and [`no`](Self::no) say otherwise.
    #[must_use]
    pub fn confirm(prompt: impl Into<Text>) -> Self {
        Self::of(What::Confirm { prompt: prompt.into(), yes: Vec::new(), no: None })
    }

    /// Runs another flow and comes back.
    #[must_use]
    pub fn call(flow: impl Into<SmolStr>) -> Self {
        Self::of(What::Call { flow: flow.into().into(), inputs: Vec::new(), outputs: Vec::new() })
    }

    /// Ends this flow and starts another.
    #[must_use]
    pub fn link(flow: impl Into<SmolStr>) -> Self {
        Self::of(What::Link(flow.into().into()))
    }

    /// Hands the conversation over: to a person, or to an agent outside.
    #[must_use]
    pub fn handoff(to: impl Into<SmolStr>) -> Self {
        Self::of(What::Handoff { to: to.into(), say: None })
    }

    /// Goes on at a named step.
    #[must_use]
    pub fn go(to: impl Into<SmolStr>) -> Self {
        Self::of(What::Go).next(to)
    }

    /// Ends the flow.
    #[must_use]
    pub fn end() -> Self {
        Self::of(What::End)
    }

    /// Gives the step a name, for [`next`](Self::next).
    #[must_use]
    pub fn named(mut self, id: impl Into<SmolStr>) -> Self {
        self.id = Some(id.into().into());
        self
    }

    /// After the step, goes on at the step of this name; `end` ends the flow.
    #[must_use]
    pub fn next(mut self, to: impl Into<SmolStr>) -> Self {
        self.next = Some(to.into().into());
        self
    }

    /// The question of a `collect`, instead of the slot's own.
    #[must_use]
    pub fn prompt(mut self, text: impl Into<Text>) -> Self {
        if let What::Collect { prompt, .. } = &mut self.what {
            *prompt = Some(text.into());
        }
        self
    }

    /// What a `handoff` says.
    #[must_use]
    pub fn saying(mut self, text: impl Into<Text>) -> Self {
        if let What::Handoff { say, .. } = &mut self.what {
            *say = Some(text.into());
        }
        self
    }

    /// A further way of a branch.
    #[must_use]
    pub fn or_if(mut self, condition: impl Into<Source>, steps: impl IntoIterator<Item = Self>) -> Self {
        if let What::Branch(arms) = &mut self.what {
            arms.push((Some(condition.into()), steps.into_iter().collect()));
        }
        self
    }

    /// The way of a branch when no condition holds.
    #[must_use]
    pub fn otherwise(mut self, steps: impl IntoIterator<Item = Self>) -> Self {
        if let What::Branch(arms) = &mut self.what {
            arms.push((None, steps.into_iter().collect()));
        }
        self
    }

    /// An input of an `action` or `call`, or a further slot of a `set`.
    #[must_use]
    pub fn with(mut self, name: impl Into<SmolStr>, value: impl Into<Source>) -> Self {
        if let What::Action { inputs, .. } | What::Call { inputs, .. } | What::Set(inputs) = &mut self.what {
            inputs.push((name.into().into(), value.into()));
        }
        self
    }

    /// An output of an `action` or `call` and the slot it goes to.
    #[must_use]
    pub fn into_slot(mut self, output: impl Into<SmolStr>, slot: impl Into<SmolStr>) -> Self {
        if let What::Action { outputs, .. } | What::Call { outputs, .. } = &mut self.what {
            outputs.push((output.into().into(), slot.into().into()));
        }
        self
    }

    /// Where an `action` that failed goes on; without it the flow ends in `pattern_internal_error`.
    #[must_use]
    pub fn on_failure(mut self, steps: impl IntoIterator<Item = Self>) -> Self {
        if let What::Action { failed, .. } = &mut self.what {
            *failed = Some(steps.into_iter().collect());
        }
        self
    }

    /// The steps after a yes.
    #[must_use]
    pub fn yes(mut self, steps: impl IntoIterator<Item = Self>) -> Self {
        if let What::Confirm { yes, .. } = &mut self.what {
            *yes = steps.into_iter().collect();
        }
        self
    }

    /// The steps after a no.
    #[must_use]
    pub fn no(mut self, steps: impl IntoIterator<Item = Self>) -> Self {
        if let What::Confirm { no, .. } = &mut self.what {
            *no = Some(steps.into_iter().collect());
        }
        self
    }
}
