//! A whole turn in one function.

use std::sync::Arc;

use jiff::civil::DateTime;
use ninefold_core::{Cx, Error, Result, SessionId};
use ninefold_pipeline::layers::inline;
use serde_json::{Value, json};

use super::Engine;
use super::apply::{self, Interlude};
use super::bounds;
use super::guard::{ends, guarded};
use super::orders::{self, Order, Refused};
use super::pattern::Pattern;
use super::said::Said;
use super::sight::Sight;
use super::state::{Filled, State, Waiting};
use super::steps::{self, Failure, Trail};
use crate::command::CannotHandle;
use crate::kind::Kind;
use crate::program::{FlowId, Slot, SlotId};
use crate::scope::Scope;
use crate::understand::{By, Understood};

/// What comes from the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input<'a> {
    /// A message.
    Message(&'a str),
    /// Nothing, for longer than the host waits.
    Silence,
}

/// A turn that is under way.
pub(crate) struct Turn<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) cx: &'a Cx,
    pub(crate) session: &'a SessionId,
    pub(crate) state: State,
    pub(crate) now: DateTime,
    pub(crate) said: Said,
    pub(crate) trail: Vec<Trail>,
    pub(crate) failures: Vec<Failure>,
    pub(crate) steps: u32,
    /// Why the question that was open is put again.
    pub(crate) again: Option<Again>,
    /// The slot whose question was answered in this turn.
    pub(crate) answered: Option<SlotId>,
    /// Whether the open question was just put in other words: by what was repeated, or by what was said against a value.
    pub(crate) put_again: bool,
    /// Whether a flow of the user's ended in this turn.
    pub(crate) completed: Option<FlowId>,
    /// Which actions may run.
    pub(crate) scope: Option<Scope>,
    /// The values that the user gave in this turn, also of flows that have ended in it.
    pub(crate) given: Vec<(SlotId, Arc<Filled>)>,
}

/// Why a question is put again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// The answer had no value for it.
    NoMatch,
    /// There was no answer.
    NoInput,
    /// The value was not accepted.
    Invalid,
}

/// What a turn came to.
pub(crate) struct Turned {
    pub(crate) state: State,
    pub(crate) said: Said,
    pub(crate) trail: Vec<Trail>,
    pub(crate) failures: Vec<Failure>,
    pub(crate) understood: Understood,
    pub(crate) scope: Option<Scope>,
    pub(crate) given: Vec<(SlotId, Arc<Filled>)>,
}

/// Takes a turn: assess, retrieve, decompose, verify, route, collect, synthesize. The caller records it and responds.
pub(crate) async fn turn(
    engine: &Engine,
    session: &SessionId,
    state: State,
    input: Input<'_>,
    cx: &Cx,
) -> Result<Turned> {
    let now = engine.local(cx.now());
    let mut turn = Turn {
        engine,
        cx,
        session,
        state,
        now,
        said: Said::default(),
        trail: Vec::new(),
        failures: Vec::new(),
        steps: 0,
        again: None,
        answered: None,
        put_again: false,
        completed: None,
        scope: None,
        given: Vec::new(),
    };
    turn.state.turns += 1;
    let message = match input {
        Input::Message(message) => message,
        Input::Silence => "",
    };

    let fit = inline("assess", cx, async { Ok(turn.assess(input)) }).await?;
    let mut understood = Understood::nothing(By::Rules);
    let mut interludes = Vec::new();
    if turn.state.turns == 1 {
        interludes.push(apply::interlude(engine, Pattern::SessionStart, json!({})));
    }
    if let Some((pattern, context)) = fit {
        interludes.push(apply::interlude(engine, pattern, context));
    } else if let Some(agent) = turn.state.handed_to.clone().filter(|agent| engine.external.contains_key(agent)) {
        inline("collect", cx, turn.forward(&agent, message, &mut interludes)).await?;
    } else {
        let sight = Sight::of(&turn.state);
        let scope = inline("retrieve", cx, async { Ok(sight.scope(engine, &turn.state, now, message)) }).await?;
        let heard = inline("decompose", cx, sight.understand(&turn, message, &scope)).await;
        let is_heard = heard.is_ok();
        match heard {
            Ok(heard) => {
                turn.keep_what_was_heard(message, &scope, &heard);
                understood = heard;
            }
            Err(error) if ends(cx, &error) => return Err(error),
            Err(error) => interludes.push(turn.failed_in(Pattern::CannotHandle, &error)),
        }
        let orders = inline("verify", cx, async {
            if !is_heard {
                return Ok(Vec::new());
            }
            let mut orders = orders::verified(&turn, &scope, &understood);
            turn.ask_reader(&mut orders, message);
            // "Don't cancel" changes nothing; where no question is open, it is answered all the same.
            let is_idle = turn.state.frames.is_empty() && turn.state.handed_to.is_none();
            Ok(if turn.is_settled(&orders, message) {
                vec![Order::Settled]
            } else if orders.is_empty() && is_idle {
                vec![Order::ChitChat]
            } else {
                orders
            })
        })
        .await?;
        turn.scope = Some(scope);
        inline("route", cx, async {
            for order in orders {
                apply::apply(&mut turn, order, &mut interludes);
            }
            Ok(())
        })
        .await?;
        if interludes.iter().any(|interlude| interlude.pattern == Pattern::Knowledge) {
            inline("collect", cx, turn.look_up(&mut interludes)).await?;
        }
    }
    if !interludes.is_empty() || turn.state.handed_to.is_none() {
        apply::push(turn.engine, &mut turn.state, interludes);
        inline("collect", cx, steps::advance(&mut turn)).await?;
    }
    inline("synthesize", cx, async {
        turn.state.has_said(&turn.said);
        turn.keep_secrets();
        Ok(())
    })
    .await?;
    let Turn { state, said, trail, failures, scope, given, .. } = turn;
    Ok(Turned { state, said, trail, failures, understood, scope, given })
}

impl Turn<'_> {
    /// Whether a message can be read at all; if not, which repair flow says so.
    fn assess(&mut self, input: Input<'_>) -> Option<(Pattern, Value)> {
        let settings = &self.engine.program.settings;
        match input {
            Input::Silence => {
                self.again = Some(Again::NoInput);
                Some((Pattern::UserSilence, json!({})))
            }
            Input::Message(message)
                if message.len() > settings.longest_message.saturating_mul(4)
                    || message.chars().count() > settings.longest_message =>
            {
                Some((Pattern::TooLong, json!({ "most": settings.longest_message })))
            }
            Input::Message(message) if !message.chars().any(|c| !c.is_whitespace() && !c.is_control()) => {
                self.again = Some(Again::NoInput);
                Some((Pattern::Empty, json!({})))
            }
            Input::Message(_) => None,
        }
    }

    /// Whether a message that nothing can be made of only says again what was said for the flow that has just ended.
    fn is_settled(&self, orders: &[Order], message: &str) -> bool {
        let unhandled =
            |order: &Order| matches!(order, Order::Cannot(CannotHandle::OutOfScope | CannotHandle::NotUnderstood));
        let message = message.to_lowercase();
        self.state.frames.is_empty()
            && orders.iter().all(unhandled)
            && !orders.is_empty()
            && self.state.settled.iter().any(|said| message.contains(said.as_str()))
    }

    /// Hands a message to whoever has taken over.
    async fn forward(&mut self, agent: &str, message: &str, interludes: &mut Vec<Interlude>) -> Result<()> {
        let Some(external) = self.engine.external.get(agent) else { return Ok(()) };
        let who = format!("agent {agent:?}");
        let asked = guarded(self.cx, &who, async {
            let reply = external.message(self.session, message, self.cx).await?;
            bounds::text(&who, &reply.text).map(|()| reply)
        });
        let asked = asked.await;
        let is_done = match asked {
            Ok(reply) => {
                if !reply.text.is_empty() {
                    self.say(reply.text, Some(agent.into()), None).await;
                }
                reply.done
            }
            Err(error) if ends(self.cx, &error) => return Err(error),
            // Whoever fails does not keep the conversation: the next message would only fail again.
            Err(error) => {
                interludes.push(self.failed_in(Pattern::ExternalAgent, &error));
                true
            }
        };
        if is_done {
            self.state.handed_to = None;
            interludes.push(apply::interlude(self.engine, Pattern::ExternalAgent, json!({ "agent": agent })));
        }
        Ok(())
    }

    /// Answers the open questions of this turn from what is known.
    async fn look_up(&mut self, interludes: &mut [Interlude]) -> Result<()> {
        for interlude in interludes.iter_mut().filter(|interlude| interlude.pattern == Pattern::Knowledge) {
            let Some(question) = interlude.context.get("question").and_then(Value::as_str) else { continue };
            let Some(knowledge) = &self.engine.knowledge else { continue };
            let asked = guarded(self.cx, "knowledge", async {
                // Whoever knows may ask a model.
                let answer = knowledge.answer(&self.state.secrets.hide(question), self.cx).await?;
                bounds::text("knowledge", answer.as_deref().unwrap_or_default()).map(|()| answer)
            });
            match asked.await {
                Ok(answer) => interlude.context = json!({ "question": question, "answer": answer }),
                Err(error) if ends(self.cx, &error) => return Err(error),
                Err(error) => *interlude = self.failed_in(Pattern::Knowledge, &error),
            }
        }
        Ok(())
    }

    /// Notes that the host failed at what a repair flow is for, and returns the one that says so.
    pub(crate) fn failed_in(&mut self, pattern: Pattern, error: &Error) -> Interlude {
        let flow = pattern.flow();
        self.failures.push(Failure { flow: flow.into(), step: 0, message: bounds::told(error.to_string()) });
        apply::interlude(self.engine, Pattern::InternalError, json!({ "flow": flow, "step": 0 }))
    }

    /// Where nothing was made of a message because the reader of the slot that was asked for failed, that is what is said.
    fn ask_reader(&self, orders: &mut [Order], message: &str) {
        let Some(Waiting::Slot(slot)) = self.state.waiting else { return };
        let is_custom = |slot: &Slot| matches!(slot.kind, Kind::Custom { .. });
        if !self.engine.program.slot(slot).is_some_and(is_custom) {
            return;
        }
        if let Some(unread) = orders.iter_mut().find(|order| **order == Order::Cannot(CannotHandle::NotUnderstood))
            && orders::read(self, slot, message) == Err(Refused::Failed)
        {
            *unread = Order::Refuse { slot, said: message.to_owned(), why: Refused::Failed };
        }
    }

    /// Says something: it is told at once, where somebody listens.
    pub(crate) async fn say(&mut self, text: String, by: Option<smol_str::SmolStr>, shown: Option<String>) {
        self.keep_secrets();
        let shown = self.shown(&text, shown);
        self.state.said += 1;
        self.cx.tell(|| ninefold_core::Event::Text(text.clone())).await;
        self.said.push(text, by, shown);
    }
}
