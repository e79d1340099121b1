//! What a turn gives back.

use std::fmt;
use std::time::Duration;

use ninefold_core::{Degradation, SessionId};
use serde::Serialize;
use serde_json::Value;
use smol_str::SmolStr;

use crate::command::Command;
use crate::engine::Engine;
use crate::engine::said::Utterance;
use crate::engine::saved::TurnRecord;
use crate::engine::state::{State, Waiting};
use crate::engine::steps::{Failure, Trail};
use crate::knowledge::Sources;
use crate::scope::Scope;
use crate::understand::By;

/// The reply to a message, and where the session stands now. `P` is the account of the turn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reply<P = ()> {
    /// The session.
    pub session: SessionId,
    /// Which turn of it, from 1.
    pub turn: u64,
    /// What is said, in its order.
    pub said: Vec<Utterance>,
    /// As what the message was understood.
    pub commands: Vec<Command>,
    /// Why, as long as `commands`.
    pub why: Vec<String>,
    /// Who understood it.
    pub by: By,
    /// What was refused, and why.
    pub refused: Vec<String>,
    /// The flow that is active now.
    pub flow: Option<SmolStr>,
    /// What is waited for.
    pub asked: Option<Asked>,
    /// The slots that have a value, by name; those of the active flow first where names meet.
    pub slots: serde_json::Map<String, Value>,
    /// Who has taken over.
    pub handed_to: Option<SmolStr>,
    /// After so long without a message the user is to be taken as silent, by [`Dialogue::silence`](crate::Dialogue::silence): once
    /// for a question. None where nothing is asked, or the definition sets no `silence`.
    pub silence_after: Option<Duration>,
    /// The steps that were gone through.
    pub trail: Vec<Trail>,
    /// What failed inside.
    pub failures: Vec<Failure>,
    /// What the answers to questions rest on, question by question, as far as there was an answer.
    pub sources: Vec<Sources>,
    /// What was done with less than asked: by whoever knows, and for the turn's budget.
    pub degradations: Vec<Degradation>,
    /// What the turn could see; none when the message was not read.
    pub scope: Option<Scope>,
    /// The account of the turn.
    pub profile: P,
}

/// What a reply waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// A value for this slot.
    Slot(SmolStr),
    /// Yes or no.
    Confirmation,
    /// Which of these flows is meant.
    Flow(Vec<SmolStr>),
}

impl Asked {
    pub(crate) fn of(engine: &Engine, state: &State) -> Option<Self> {
        match state.waiting? {
            Waiting::Slot(slot) => engine.program.slot(slot).map(|slot| Self::Slot(slot.name.clone())),
            Waiting::Confirmation => Some(Self::Confirmation),
            Waiting::Choice => {
                let flows = state.choices.iter().filter_map(|flow| engine.program.flow(*flow));
                Some(Self::Flow(flows.map(|flow| flow.name.clone()).collect()))
            }
        }
    }
}

impl Reply {
    pub(crate) fn of(
        engine: &Engine,
        session: &SessionId,
        record: TurnRecord,
        state: &State,
        scope: Option<Scope>,
        silent: bool,
    ) -> Self {
        let program = &engine.program;
        // Who was silent already is not told so again and again.
        let awaited = state.waiting.is_some() && state.handed_to.is_none() && !silent;
        let silence_after = program.settings.silence.filter(|_| awaited);
        let flow = state.active().map(|frame| frame.flow);
        let mut slots = serde_json::Map::new();
        for (id, filled) in &state.values {
            let Some(slot) = program.slot(*id).filter(|slot| !slot.sensitive) else { continue };
            if slot.flow == flow || !slots.contains_key(slot.name.as_str()) {
                slots.insert(slot.name.to_string(), filled.value.clone());
            }
        }
        Self {
            session: session.clone(),
            turn: record.turn,
            said: record.said,
            commands: record.commands,
            why: record.why,
            by: record.by,
            refused: record.refused,
            flow: flow.and_then(|flow| program.flow(flow)).map(|flow| flow.name.clone()),
            asked: Asked::of(engine, state),
            slots,
            handed_to: state.handed_to.clone(),
            silence_after,
            trail: record.trail,
            failures: record.failures,
            sources: record.sources,
            degradations: record.degradations,
            scope,
            profile: (),
        }
    }
}

impl<P> Reply<P> {
    /// What is said, a line for each text.
    #[must_use]
    pub fn text(&self) -> String {
        self.said.iter().map(|said| said.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// The same reply with this account.
    #[must_use]
    pub fn with_profile<Q>(self, profile: Q) -> Reply<Q> {
        let Self { session, turn, said, commands, why, by, refused, flow, asked, slots, .. } = self;
        let Self { handed_to, silence_after, trail, failures, sources, degradations, scope, .. } = self;
        Reply {
            session,
            turn,
            said,
            commands,
            why,
            by,
            refused,
            flow,
            asked,
            slots,
            handed_to,
            silence_after,
            trail,
            failures,
            sources,
            degradations,
            scope,
            profile,
        }
    }
}

impl<P> fmt::Display for Reply<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}
