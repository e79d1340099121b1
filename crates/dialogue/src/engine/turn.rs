//! A whole turn in one function.

use std::sync::Arc;

use jiff::civil::DateTime;
use ninefold_core::{Cx, Result, SessionId};
use ninefold_pipeline::layers::inline;
use serde_json::{Value, json};

use super::Engine;
use super::apply::{self, Interlude};
use super::orders::{self, Order};
use super::pattern::Pattern;
use super::said::Said;
use super::sight::Sight;
use super::state::{Filled, State};
use super::steps::{self, Failure, Trail};
use crate::command::CannotHandle;
use crate::program::{ActionId, FlowId, SlotId};
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
    /// Which actions may run whatever was said: those of what is open, and of flows of repair.
    runs: Vec<ActionId>,
    /// Which actions may run for what was said.
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
    let mut turn = Turn::begun(engine, cx, session, state);
    let now = turn.now;
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
        understood = inline("decompose", cx, sight.understand(&turn, message, &scope)).await?;
        let orders = inline("verify", cx, async {
            let orders = orders::verified(&turn, &scope, &understood);
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
    apply::forget_closed(engine, &mut turn.state);
    inline("synthesize", cx, async {
        if !turn.said.is_empty() {
            turn.state.last_said = turn.said.text();
        }
        Ok(())
    })
    .await?;
    let Turn { state, said, trail, failures, scope, given, .. } = turn;
    Ok(Turned { state, said, trail, failures, understood, scope, given })
}

impl<'a> Turn<'a> {
    /// A turn that begins in a state.
    pub(crate) fn begun(engine: &'a Engine, cx: &'a Cx, session: &'a SessionId, state: State) -> Self {
        let runs = engine.index.running(state.frames.iter().map(|frame| frame.flow));
        Self {
            engine,
            cx,
            session,
            state,
            now: engine.local(cx.now()),
            said: Said::default(),
            trail: Vec::new(),
            failures: Vec::new(),
            steps: 0,
            again: None,
            answered: None,
            put_again: false,
            completed: None,
            runs,
            scope: None,
            given: Vec::new(),
        }
    }

    /// Whether an action may run in this turn.
    pub(crate) fn may_run(&self, action: ActionId) -> bool {
        self.runs.binary_search(&action).is_ok() || self.scope.as_ref().is_some_and(|scope| scope.may_run(action))
    }

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
        let reply = self.cx.within_bounds(external.message(self.session, message, self.cx)).await?;
        if !reply.text.is_empty() {
            self.say(reply.text, Some(agent.into())).await;
        }
        if reply.done {
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
            match self.cx.within_bounds(knowledge.answer(question, self.cx)).await {
                Ok(answer) => interlude.context = json!({ "question": question, "answer": answer }),
                Err(error) if error.ends_run() => return Err(error),
                Err(error) => {
                    let flow = Pattern::Knowledge.flow();
                    self.failures.push(Failure { flow: flow.into(), step: 0, message: error.to_string() });
                    let context = json!({ "flow": flow, "step": 0 });
                    *interlude = apply::interlude(self.engine, Pattern::InternalError, context);
                }
            }
        }
        Ok(())
    }

    /// Says something: it is told at once, where somebody listens.
    pub(crate) async fn say(&mut self, text: String, by: Option<smol_str::SmolStr>) {
        self.state.said += 1;
        self.cx.tell(|| ninefold_core::Event::Text(text.clone())).await;
        self.said.push(text, by);
    }
}
