//! Understanding by a model: the scope and the message in, commands out, read as hostile input.

use std::sync::Arc;

use async_trait::async_trait;
use ninefold_core::{Cx, Model, Result};

use super::evidence::was_said;
use super::line::parse;
use super::{By, Heard, Rules, Understand, Understood, prompt};
use crate::command::{CannotHandle, Command};
use crate::program::{FlowId, Slot, SlotId};
use crate::scope::Scope;

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
    let scope = heard.scope.started_by(&commands, heard.program);
    for command in &commands {
        if let Command::Set { slot, value } | Command::Correct { slot, value } = command
            // What is not in scope is refused for that.
            && let Some((id, of)) = meant(heard, &scope, &commands, slot)
            && !was_said(heard, id, of, value)
        {
            unsaid.push(format!("the value for {slot} was not said"));
            continue;
        }
        understood.push(command.clone(), "by the model");
    }
    if understood.commands.is_empty() {
        return Understood { refused: unsaid, ..failed("the model gave values that nobody said".to_owned()) };
    }
    let mut understood = understood.within(heard.scope, heard.program);
    understood.refused.extend(unsaid);
    understood
}

/// The slot that a value is for: of a flow that is started with it, or else of one that is open, or else a global one.
fn meant<'a>(heard: &Heard<'a>, scope: &Scope, commands: &[Command], name: &str) -> Option<(SlotId, &'a Slot)> {
    let ids = &scope.slot(name)?.ids;
    let reached = |flow: FlowId, id: &SlotId| heard.program.flow(flow).is_some_and(|flow| flow.reaches.contains(id));
    let started = |id: &&SlotId| {
        commands.iter().any(|command| match command {
            Command::Start { flow } => scope.flow(flow).is_some_and(|flow| reached(flow.id, id)),
            _ => false,
        })
    };
    let open = |id: &&SlotId| heard.view.active.iter().chain(heard.view.stack).any(|flow| reached(*flow, id));
    let global = |id: &&SlotId| heard.program.slot(**id).is_some_and(|slot| slot.flow.is_none());
    let meant = ids.iter().find(started).or_else(|| ids.iter().find(open)).or_else(|| ids.iter().find(global));
    let id = *meant.or(ids.first())?;
    Some((id, heard.program.slot(id)?))
}
