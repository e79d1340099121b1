//! Understanding by a model: the scope and the message in, commands out, read as hostile input.

use std::sync::Arc;

use async_trait::async_trait;
use ninefold_core::terms::distinct_terms;
use ninefold_core::{Cx, Model, Result};

use super::line::parse;
use super::{By, Heard, Rules, Understand, Understood, prompt};
use crate::command::{CannotHandle, Command};
use crate::kind::Kind;

/// Asks a model; while a sensitive slot is asked for, rules alone.
#[derive(Clone)]
pub struct ByModel {
    model: Arc<dyn Model>,
}

impl ByModel {
    /// Asks this model.
    pub fn new(model: Arc<dyn Model>) -> Self {
        Self { model }
    }
}

#[async_trait]
impl Understand for ByModel {
    async fn understand(&self, heard: &Heard<'_>, cx: &Cx) -> Result<Understood> {
        // What is said now is most likely the value, which no model is to see.
        let asked = heard.scope.asked.and_then(|slot| heard.program.slot(slot));
        if asked.is_some_and(|slot| slot.sensitive) && !heard.scope.confirming {
            return Ok(Rules.read(heard));
        }
        let completion = match self.model.send(prompt::request(heard), cx).await {
            Ok(reply) => reply.collect().await,
            Err(error) => Err(error),
        };
        match completion {
            Ok(completion) => Ok(read(&completion.text, heard)),
            Err(error) if error.stops_run() || cx.check().is_err() => Err(error),
            Err(error) => Ok(failed(format!("the model failed: {}", error.kind().as_str()))),
        }
    }
}

fn failed(why: String) -> Understood {
    Understood::cannot(By::Model, CannotHandle::ModelFailed, why)
}

/// What an answer means: only commands that the scope allows and values that were said.
fn read(answer: &str, heard: &Heard<'_>) -> Understood {
    let commands = match parse(answer) {
        Ok(commands) => commands,
        Err(super::line::Unusable::Contradiction) => {
            return Understood::cannot(
                By::Model,
                CannotHandle::Contradiction,
                "the model's commands contradict each other",
            );
        }
        Err(unusable) => return failed(unusable.to_string()),
    };
    let mut understood = Understood::nothing(By::Model);
    let mut unsaid = Vec::new();
    for command in commands {
        match &command {
            Command::Set { slot, value } | Command::Correct { slot, value } if !was_said(heard, slot, value) => {
                unsaid.push(format!("the value for {slot} was not said"));
            }
            _ => understood.push(command, "by the model"),
        }
    }
    if understood.commands.is_empty() {
        return Understood { refused: unsaid, ..failed("the model gave values that nobody said".to_owned()) };
    }
    let mut understood = understood.within(heard.scope, heard.program);
    understood.refused.extend(unsaid);
    understood
}

/// Whether a value shares a word with what was said. Kinds that have words of their own for a value (a date, an option, a number)
/// are held to theirs when they are read.
fn was_said(heard: &Heard<'_>, slot: &str, value: &str) -> bool {
    let id = heard.scope.slot(slot).and_then(|slot| slot.ids.first().copied());
    let Some(slot) = id.and_then(|id| heard.program.slot(id)) else { return true };
    if !matches!(slot.kind, Kind::Text | Kind::Email | Kind::Phone | Kind::Url | Kind::Custom { .. }) {
        return true;
    }
    let said = distinct_terms([heard.view.message, heard.view.last_said]);
    let mut terms = distinct_terms([value]).into_iter().peekable();
    // A value without a letter or digit has no words to compare.
    terms.peek().is_none() || terms.any(|term| said.contains(&term))
}
