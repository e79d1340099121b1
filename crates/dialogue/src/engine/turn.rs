//! A whole turn in one function.

use std::sync::Arc;

use jiff::civil::DateTime;
use ninefold_core::{Cx, Degradation, Result, SessionId};
use ninefold_pipeline::layers::inline;
use serde_json::{Value, json};

use super::Engine;
use super::apply::{self, Interlude};
use super::deed;
use super::orders::{self, Order};
use super::pattern::Pattern;
use super::said::Said;
use super::sight::Sight;
use super::state::{Filled, State};
use super::steps::{self, Failure, Trail};
use crate::command::CannotHandle;
use crate::input::{Input, What};
use crate::knowledge::{Known, Sources};
use crate::program::{FlowId, SlotId};
use crate::scope::Scope;
use crate::understand::{By, Understood};

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
    /// What its answers rest on, question by question.
    pub(crate) sources: Vec<Sources>,
    /// What was done with less than asked.
    pub(crate) degradations: Vec<Degradation>,
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
    pub(crate) sources: Vec<Sources>,
    pub(crate) degradations: Vec<Degradation>,
}

/// Takes a turn: assess, retrieve, decompose, verify, route, collect, synthesize. The caller records it and responds.
pub(crate) async fn turn(engine: &Engine, session: &SessionId, state: State, input: &Input, cx: &Cx) -> Result<Turned> {
    let now = engine.local(cx.now(), input.offset);
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
        sources: Vec::new(),
        degradations: Vec::new(),
    };
    turn.state.turns += 1;
    let message = input.said().unwrap_or_default();

    let fit = inline("assess", cx, async { Ok(turn.assess(&input.what)) }).await?;
    let mut understood = Understood::nothing(By::Rules);
    let mut interludes = Vec::new();
    if turn.state.turns == 1 {
        interludes.push(apply::interlude(engine, Pattern::SessionStart, json!({})));
    }
    if let Some((pattern, context)) = fit {
        interludes.push(apply::interlude(engine, pattern, context));
    } else if let What::Host(host) = &input.what {
        let (done, orders) = inline("verify", cx, async { deed::verified(&turn, host) }).await?;
        understood = done;
        turn.route(orders, &mut interludes).await?;
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
        turn.route(orders, &mut interludes).await?;
        if interludes.iter().any(|interlude| interlude.pattern == Pattern::Knowledge) {
            inline("collect", cx, turn.look_up(&mut interludes)).await?;
        }
    }
    if !interludes.is_empty() || turn.state.handed_to.is_none() {
        apply::push(turn.engine, &mut turn.state, interludes);
        inline("collect", cx, steps::advance(&mut turn)).await?;
    }
    inline("synthesize", cx, async {
        if !turn.said.is_empty() {
            turn.state.last_said = turn.said.text();
        }
        Ok(())
    })
    .await?;
    turn.degradations.extend(cx.budget().warnings());
    let Turn { state, said, trail, failures, scope, given, sources, degradations, .. } = turn;
    Ok(Turned { state, said, trail, failures, understood, scope, given, sources, degradations })
}

impl Turn<'_> {
    /// Whether a message can be read at all; if not, which repair flow says so.
    fn assess(&mut self, what: &What) -> Option<(Pattern, Value)> {
        let settings = &self.engine.program.settings;
        match what {
            What::Silence => {
                self.again = Some(Again::NoInput);
                Some((Pattern::UserSilence, json!({})))
            }
            What::Message(message)
                if message.len() > settings.longest_message.saturating_mul(4)
                    || message.chars().count() > settings.longest_message =>
            {
                Some((Pattern::TooLong, json!({ "most": settings.longest_message })))
            }
            What::Message(message) if !message.chars().any(|c| !c.is_whitespace() && !c.is_control()) => {
                self.again = Some(Again::NoInput);
                Some((Pattern::Empty, json!({})))
            }
            What::Message(_) | What::Host(_) => None,
        }
    }

    /// Carries out what was ordered.
    async fn route(&mut self, orders: Vec<Order>, interludes: &mut Vec<Interlude>) -> Result<()> {
        let cx = self.cx;
        inline("route", cx, async {
            for order in orders {
                apply::apply(self, order, interludes);
            }
            Ok(())
        })
        .await
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
                Ok(Known { text, sources, degradations }) => {
                    self.degradations.extend(degradations);
                    self.sources.extend(text.is_some().then_some(sources));
                    interlude.context = json!({ "question": question, "answer": text });
                }
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
