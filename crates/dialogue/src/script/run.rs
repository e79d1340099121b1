//! Holds a conversation and compares each turn with what was expected.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ninefold_core::{Clock, Cx, Result, SessionId, Sessions, Timestamp};

use super::{Conversation, Does, Host, Missed, Outcome};
use crate::command::Command;
use crate::dialogue::Dialogue;
use crate::program::Program;
use crate::reply::Reply;
use crate::understand::{Heard, Rules, Scripted, Understand, Understood};

/// A clock that goes on only when it is told to; microseconds.
#[derive(Debug)]
struct Told(AtomicI64);

impl Clock for Told {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

/// Rules, but for a turn that says itself what its message means.
#[derive(Debug, Default)]
struct Prompted {
    next: Mutex<Option<Vec<Command>>>,
}

#[async_trait]
impl Understand for Prompted {
    async fn understand(&self, heard: &Heard<'_>, cx: &Cx) -> Result<Understood> {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner).take();
        match next {
            Some(commands) => Scripted::new().on(heard.view.message, commands).understand(heard, cx).await,
            None => Rules.understand(heard, cx).await,
        }
    }
}

impl Conversation {
    /// Holds it with a program, in sessions of this store: one for each speaker, named after him and the conversation. Rules
    /// understand what is said, but for the turns that say themselves what is meant.
    ///
    /// # Errors
    /// `InvalidInput` when the program reads values by a reader that no answers are given for. A turn that fails is an
    /// expectation that was not met.
    pub async fn run(&self, program: &Program, sessions: Arc<dyn Sessions>) -> Result<Outcome> {
        let host = Host::new(self.answers.clone());
        let begin = self.start.to_zoned(jiff::tz::TimeZone::UTC).map_or(0, |at| at.timestamp().as_microsecond());
        let clock = Arc::new(Told(AtomicI64::new(begin)));
        let told = Arc::new(Prompted::default());
        let program = host.patient(program);
        let build = || {
            let builder = Dialogue::builder(program.clone(), Arc::clone(&sessions));
            let builder = builder.clock(Arc::clone(&clock) as Arc<dyn Clock>);
            host.at(builder).understand(Arc::clone(&told) as Arc<dyn Understand>).build()
        };
        let mut dialogue = build()?;
        let mut outcome = Outcome {
            name: self.name.clone(),
            category: self.category.clone(),
            place: self.place.clone(),
            turns: 0,
            missed: Vec::new(),
            transcript: Vec::new(),
        };
        for turn in &self.turns {
            outcome.turns += 1;
            clock.0.fetch_add(i64::try_from(turn.after.as_micros()).unwrap_or(i64::MAX), Ordering::Relaxed);
            *told.next.lock().unwrap_or_else(PoisonError::into_inner) = turn.understood.clone();
            let session = SessionId::from(format!("{} / {}", self.name, turn.speaker));
            let said = match &turn.does {
                Does::Says(text) => text.clone(),
                Does::Silent => "(silence)".to_owned(),
                Does::Acts { start, .. } => {
                    format!("(the host{})", start.iter().map(|flow| format!(" starts {flow}")).collect::<String>())
                }
                Does::Restarts => "(restart)".to_owned(),
            };
            outcome.transcript.push((turn.speaker.to_string(), said));
            let reply = match &turn.does {
                Does::Restarts => {
                    dialogue = build()?;
                    continue;
                }
                Does::Says(text) => dialogue.turn(session, text).await,
                Does::Silent => dialogue.silence(session).await,
                Does::Acts { start: Some(flow), slots } => dialogue.start(session, flow.clone(), slots).await,
                Does::Acts { start: None, slots } => dialogue.set(session, slots).await,
            };
            let what = self.compared(turn, reply, &host, &mut outcome);
            if !what.is_empty() {
                let said = outcome.transcript.len();
                outcome.missed.push(Missed { place: turn.place.clone(), said, what });
            }
        }
        Ok(outcome)
    }

    #[allow(clippy::unused_self, reason = "it reads as the others do")]
    fn compared(&self, turn: &super::Turn, reply: Result<Reply>, host: &Host, outcome: &mut Outcome) -> Vec<String> {
        let called = host.called();
        match reply {
            Ok(reply) => {
                outcome.transcript.push(("dialogue".to_owned(), reply.text()));
                turn.expected.missed(&reply, &called)
            }
            Err(error) => vec![format!("the turn failed: {error}")],
        }
    }
}
