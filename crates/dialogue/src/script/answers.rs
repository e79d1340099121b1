//! What stands in for the world while a conversation is tested: the answers of actions, readers, knowledge and agents outside.

use std::collections::BTreeMap;

use ninefold_core::ErrorKind;
use serde_json::{Map, Value};
use smol_str::SmolStr;

/// The answers by whom they come from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers {
    /// Of actions: those for certain inputs first, then the others in turn, of which the last stays.
    pub actions: BTreeMap<SmolStr, Vec<When>>,
    /// Of readers of values: words and the value they have. Other words have none.
    pub readers: BTreeMap<SmolStr, Vec<(String, Value)>>,
    /// Of knowledge: questions and answers. Of other questions nothing is known.
    pub knowledge: Vec<(String, String)>,
    /// Of agents outside, in turn: what they say, and whether they give the conversation back. The last one stays.
    pub external: BTreeMap<SmolStr, Vec<(String, bool)>>,
}

/// An answer, and when it is given.
#[derive(Debug, Clone, PartialEq)]
pub struct When {
    /// Inputs that the call must have; none for any call.
    pub inputs: Option<Map<String, Value>>,
    /// The answer.
    pub answer: Answer,
}

/// What an action does when it is called.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It returns this.
    Returns(Value),
    /// It fails so.
    Fails(ErrorKind),
    /// It never comes back.
    Hangs,
    /// It panics.
    Panics,
}

impl Answers {
    /// These, and where they say nothing, those.
    #[must_use]
    pub fn over(mut self, base: &Self) -> Self {
        fn add<T: Clone>(own: &mut BTreeMap<SmolStr, T>, base: &BTreeMap<SmolStr, T>) {
            for (name, answers) in base {
                own.entry(name.clone()).or_insert_with(|| answers.clone());
            }
        }
        add(&mut self.actions, &base.actions);
        add(&mut self.readers, &base.readers);
        add(&mut self.external, &base.external);
        self.knowledge.extend(base.knowledge.iter().cloned());
        self
    }

    /// What an action answers to a call, `earlier` calls of which had none of the special inputs.
    pub(super) fn of(&self, action: &str, inputs: &Value, earlier: usize) -> Option<(&Answer, bool)> {
        let answers = self.actions.get(action)?;
        let fits = |when: &&When| {
            let wanted = when.inputs.as_ref();
            wanted.is_some_and(|wanted| wanted.iter().all(|(name, value)| inputs.get(name) == Some(value)))
        };
        if let Some(when) = answers.iter().find(fits) {
            return Some((&when.answer, true));
        }
        let plain: Vec<&When> = answers.iter().filter(|when| when.inputs.is_none()).collect();
        plain.get(earlier).or(plain.last()).map(|when| (&when.answer, false))
    }

    /// Whether an action may hang.
    pub(super) fn hangs(&self, action: &str) -> bool {
        self.actions.get(action).is_some_and(|answers| answers.iter().any(|when| when.answer == Answer::Hangs))
    }
}
