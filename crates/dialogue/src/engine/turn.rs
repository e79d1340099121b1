//! A whole turn in one function.

use std::sync::Arc;

use jiff::civil::DateTime;
use ninefold_core::{Cx, Degradation, Error, ErrorKind, Result, SessionId};
use ninefold_pipeline::layers::inline;
use serde_json::{Value, json};
use smol_str::SmolStr;

use super::Engine;
use super::apply::{self, Interlude};
use super::bounds;
use super::deed;
use super::guard::{ends, guarded};
use super::orders::{self, Order, Refused};
use super::pattern::Pattern;
use super::said::Said;
use super::settled::is_repeated;
use super::sight::Sight;
use super::state::{Filled, State, Waiting};
use super::steps::{self, Failure, Trail};
use crate::command::{CannotHandle, Command};
use crate::input::{Input, What};
use crate::kind::Kind;
use crate::knowledge::{Known, Sources};
use crate::program::{ActionId, FlowId, Slot, SlotId};
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
    /// The actions that were called and came back, in order.
    pub(crate) called: Vec<SmolStr>,
    /// Why the question that was open is put again.
    pub(crate) again: Option<Again>,
    /// The slot whose question was answered in this turn.
    pub(crate) answered: Option<SlotId>,
    /// The question that was just put in other words: by what was repeated, or by what was said against a value.
    pub(crate) put_again: Option<Waiting>,
    /// Whether a flow of the user's ended in this turn.
    pub(crate) completed: Option<FlowId>,
    /// Whether it counts as one without an answer.
    pub(crate) missed: bool,
    /// Whether the user was told that there is no progress.
    pub(crate) gave_up: bool,
    /// Whether the flows wait when those of repair are done: the user is to say something else first.
    pub(crate) pause: bool,
    /// Which actions may run whatever was said: those of what is open, and of flows of repair.
    runs: Vec<ActionId>,
    /// Which actions may run for what was said.
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
    let mut turn = Turn::begun(engine, cx, session, state, input.offset);
    let now = turn.now;
    turn.state.turns += 1;
    let message = input.said().unwrap_or_default();

    let fit = inline("assess", cx, async { Ok(turn.assess(&input.what)) }).await?;
    let mut understood = Understood::nothing(By::Rules);
    let mut interludes = Vec::new();
    if turn.state.turns == 1 {
        interludes.push(apply::interlude(engine, Pattern::SessionStart, json!({})));
    }
    // Before anything that this turn begins.
    interludes.extend(apply::taken_changed(engine, &mut turn.state));
    let outside = turn.state.handed_to.clone().filter(|agent| engine.external.contains_key(agent));
    let goes_on = if input.what == What::Back {
        understood.by = By::Host;
        interludes.push(turn.back()?);
        let choices = turn.choices();
        interludes.extend(choices.map(|choices| apply::choice(&mut turn, choices)));
        true
    } else if let Some((pattern, context)) = fit {
        // Flows wait until whoever has taken over is done.
        turn.pause |= outside.is_some();
        let choices = turn.choices();
        if let Some(stuck) = apply::missed(&mut turn) {
            interludes.push(stuck);
        } else {
            interludes.push(apply::interlude(engine, pattern, context));
            interludes.extend(choices.map(|choices| apply::choice(&mut turn, choices)));
        }
        true
    } else if let What::Host(deed) = &input.what {
        turn.pause |= outside.is_some();
        let (done, orders) = inline("verify", cx, async { deed::verified(&turn, deed) }).await?;
        understood = done;
        for order in &orders {
            match order {
                Order::Start(flow) => turn.admit(*flow),
                Order::Refuse { slot, said, .. } => turn.keep_refused(*slot, said),
                _ => {}
            }
        }
        inline("route", cx, async {
            turn.route(orders, By::Host, &mut interludes);
            Ok(())
        })
        .await?;
        outside.is_none() || !interludes.is_empty()
    } else if let Some(agent) = outside {
        turn.pause |= !interludes.is_empty();
        inline("collect", cx, turn.forward(&agent, message, &mut interludes)).await?;
        turn.pause &= turn.state.handed_to.is_some();
        turn.state.handed_to.is_none() || !interludes.is_empty()
    } else {
        let sight = Sight::of(&turn.state);
        let scope = inline("retrieve", cx, async { Ok(sight.scope(engine, &turn.state, now, message)) }).await?;
        match inline("decompose", cx, sight.understand(&turn, message, &scope)).await {
            Ok(heard) => {
                turn.keep_what_was_heard(message, &scope, &heard);
                understood = heard;
                turn.done(message, &understood, scope, &mut interludes).await?
            }
            Err(error) if ends(cx, &error) => return Err(error),
            Err(error) => {
                interludes.push(turn.failed_in(Pattern::CannotHandle, &error));
                turn.scope = Some(scope);
                let choices = turn.choices();
                interludes.extend(choices.map(|choices| apply::choice(&mut turn, choices)));
                true
            }
        }
    };
    if goes_on {
        turn.go_on(interludes).await?;
    }
    apply::forget_closed(engine, &mut turn.state);
    inline("synthesize", cx, async {
        turn.state.has_said(&turn.said);
        turn.keep_secrets();
        Ok(())
    })
    .await?;
    turn.degradations.extend(cx.budget().warnings());
    let Turn { state, said, trail, failures, scope, given, sources, degradations, .. } = turn;
    Ok(Turned { state, said, trail, failures, understood, scope, given, sources, degradations })
}

impl<'a> Turn<'a> {
    /// A turn that begins in a state.
    pub(crate) fn begun(
        engine: &'a Engine,
        cx: &'a Cx,
        session: &'a SessionId,
        state: State,
        offset: Option<i32>,
    ) -> Self {
        let open = state.frames.iter().map(|frame| frame.flow).chain(state.choices.iter().copied());
        let runs = engine.index.running(open);
        Self {
            engine,
            cx,
            session,
            state,
            now: engine.local(cx.now(), offset),
            said: Said::default(),
            trail: Vec::new(),
            called: Vec::new(),
            failures: Vec::new(),
            steps: 0,
            again: None,
            answered: None,
            put_again: None,
            completed: None,
            missed: false,
            gave_up: false,
            pause: false,
            runs,
            scope: None,
            given: Vec::new(),
            sources: Vec::new(),
            degradations: Vec::new(),
        }
    }

    /// Lets the actions of a flow run that the host starts.
    fn admit(&mut self, flow: FlowId) {
        let started = self.engine.index.running(std::iter::once(flow));
        self.runs.extend(started);
        self.runs.sort_unstable();
    }

    /// Whether an action may run in this turn.
    pub(crate) fn may_run(&self, action: ActionId) -> bool {
        self.runs.binary_search(&action).is_ok() || self.scope.as_ref().is_some_and(|scope| scope.may_run(action))
    }

    /// Does what was understood, part after part. Says whether the flows go on then.
    async fn done(
        &mut self,
        message: &str,
        understood: &Understood,
        scope: Scope,
        interludes: &mut Vec<Interlude>,
    ) -> Result<bool> {
        let cx = self.cx;
        let all = understood.commands.as_slice();
        self.scope = Some(scope);
        let mut parts = orders::parts(all).into_iter().peekable();
        while let Some(part) = parts.next() {
            let orders = inline("verify", cx, async { Ok(self.verified(message, all, part)) }).await?;
            inline("route", cx, async {
                self.route(orders, understood.by, interludes);
                Ok(())
            })
            .await?;
            if interludes.iter().any(|interlude| interlude.pattern == Pattern::Knowledge) {
                inline("collect", cx, self.look_up(interludes)).await?;
            }
            if parts.peek().is_some() {
                self.go_on(std::mem::take(interludes)).await?;
                // A restart that asks first, or was denied.
                if part.contains(&Command::Restart) && !self.state.frames.is_empty() {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// The orders of a part of what was understood. Each turn has something to answer.
    fn verified(&self, message: &str, all: &[Command], part: &[Command]) -> Vec<Order> {
        let Some(scope) = &self.scope else { return Vec::new() };
        let mut orders = orders::verified(self, scope, all, part);
        self.ask_reader(&mut orders, message);
        // "Don't cancel" changes nothing; where no question is open, it is answered all the same.
        let is_idle = self.state.frames.is_empty() && self.state.handed_to.is_none();
        if self.is_settled(&orders, message) {
            vec![Order::Settled]
        } else if orders.is_empty() && is_idle {
            vec![Order::ChitChat]
        } else {
            orders
        }
    }

    /// Carries orders out. A choice that the user did not make is put again, and who waits for a person is told so.
    fn route(&mut self, orders: Vec<Order>, by: By, interludes: &mut Vec<Interlude>) {
        let aside = |order: &Order| match order {
            Order::ChitChat | Order::Knowledge(_) | Order::Repeat | Order::Cannot(_) => true,
            // What the host sets is no answer of the user's.
            Order::Give { .. } | Order::Clear(_) | Order::Refuse { .. } => by == By::Host,
            _ => false,
        };
        let beside = orders.iter().all(aside);
        let repeats = orders.contains(&Order::Repeat);
        let choices = self.choices().filter(|_| beside);
        let unread = |order: &Order| matches!(order, Order::Cannot(_));
        if let Some(to) = self.state.handed_to.clone().filter(|_| self.state.waiting.is_none())
            && orders.iter().all(unread)
        {
            interludes.push(apply::interlude(self.engine, Pattern::HandedOver, json!({ "to": to })));
            return;
        }
        for order in orders {
            apply::apply(self, order, interludes);
        }
        if let Some(choices) = choices.filter(|_| !self.gave_up) {
            let again = apply::choice(self, choices);
            interludes.extend((!repeats).then_some(again));
        }
    }

    /// The flows that the user was asked about, if one of them is waited for.
    fn choices(&mut self) -> Option<Vec<FlowId>> {
        let choices = std::mem::take(&mut self.state.choices);
        (self.state.waiting == Some(Waiting::Choice)).then_some(choices)
    }

    /// Has the flows go on, those of repair first.
    async fn go_on(&mut self, interludes: Vec<Interlude>) -> Result<()> {
        apply::push(self.engine, &mut self.state, interludes);
        inline("collect", self.cx, steps::advance(self)).await?;
        // Who waits for a person is not left without a word.
        let to = self.state.handed_to.clone().filter(|to| !self.engine.external.contains_key(to));
        if let Some(to) = to.filter(|_| self.said.is_empty()) {
            self.pause = true;
            let told = apply::interlude(self.engine, Pattern::HandedOver, json!({ "to": to }));
            apply::push(self.engine, &mut self.state, vec![told]);
            inline("collect", self.cx, steps::advance(self)).await?;
        }
        if self.state.waiting != Some(Waiting::Choice) {
            self.state.choices.clear();
        }
        Ok(())
    }

    /// Takes the conversation back from whoever has taken over.
    fn back(&mut self) -> Result<Interlude> {
        let Some(agent) = self.state.handed_to.take() else {
            let what = format!("nobody has taken over session {:?}, so nobody can hand it back", self.session.0);
            return Err(Error::new(ErrorKind::InvalidInput, what)
                .hint("hand back a session whose last Reply::handed_to names somebody, once"));
        };
        Ok(apply::interlude(self.engine, Pattern::ExternalAgent, json!({ "agent": agent })))
    }

    /// Whether a message can be read at all; if not, which repair flow says so.
    fn assess(&mut self, what: &What) -> Option<(Pattern, Value)> {
        let settings = &self.engine.program.settings;
        let nothing = match what {
            What::Silence => Pattern::UserSilence,
            What::Message(message)
                if message.len() > settings.longest_message.saturating_mul(4)
                    || message.chars().count() > settings.longest_message =>
            {
                return Some((Pattern::TooLong, json!({ "most": settings.longest_message })));
            }
            What::Message(message) if !message.chars().any(|c| !c.is_whitespace() && !c.is_control()) => Pattern::Empty,
            What::Message(_) | What::Host(_) | What::Back => return None,
        };
        self.again = Some(Again::NoInput);
        match &self.state.handed_to {
            Some(to) if !self.engine.external.contains_key(to) => Some((Pattern::HandedOver, json!({ "to": to }))),
            _ => Some((nothing, json!({}))),
        }
    }

    /// Whether a message that nothing can be made of only says again what was said for the flow that has just ended.
    fn is_settled(&self, orders: &[Order], message: &str) -> bool {
        let unhandled =
            |order: &Order| matches!(order, Order::Cannot(CannotHandle::OutOfScope | CannotHandle::NotUnderstood));
        self.state.frames.is_empty()
            && orders.iter().all(unhandled)
            && !orders.is_empty()
            && is_repeated(self.engine, &self.state, message)
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
                let known = knowledge.answer(&self.state.secrets.hide(question), self.cx).await?;
                bounds::text("knowledge", known.text.as_deref().unwrap_or_default()).map(|()| known)
            });
            match asked.await {
                Ok(Known { text, sources, degradations }) => {
                    self.degradations.extend(degradations);
                    self.sources.extend(text.is_some().then_some(sources));
                    interlude.context = json!({ "question": question, "answer": text });
                }
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
    pub(crate) async fn say(&mut self, text: String, by: Option<SmolStr>, shown: Option<String>) {
        self.keep_secrets();
        let shown = self.shown(&text, shown);
        self.state.said += 1;
        self.cx.tell(|| ninefold_core::Event::Text(text.clone())).await;
        self.said.push(text, by, shown);
    }
}
