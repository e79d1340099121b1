//! A model with tools: it is asked, the tools that it wants are called, it is told what they gave back, and so on until it
//! answers in words.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt};
use ninefold_core::{
    Agent, Completion, Cx, Delta, Error, ErrorKind, Key, Message, Model, ModelRequest, Reply, Report, Result,
    StopReason, Task, ToolCall, ToolResult, Usage,
};
use smol_str::format_smolstr;
use tokio::sync::{Mutex, mpsc};

use super::bounds::{Account, Bounds, Ending, Unfinished};
use super::call::{Made, Prepared, make, prepare, refused};
use super::events::{AHEAD, Event, events};
use super::journal::{apart, once};
use super::offer::{self, Offered};
use super::permission::{Approve, AskPerson};
use super::task::question;
use super::{Tool, ToolSource};
use crate::answer::without_reasoning;

/// A model with tools. Clones share everything but the runs.
///
/// It is an [`Agent`] for the phase `collect`, and it can be asked directly: [`ToolAgent::run_loop`], or
/// [`ToolAgent::stream`] for what happens on the way.
///
/// The model is called as it is given. For calls that are spans and spend from the run's budget, and that are made again when
/// one of them breaks, give it `Retried::new(Budgeted::new(Observed::new(model)))`. The loop as a whole is tried again only
/// where that calls no tool twice: before its first call, or in a durable run, which knows what was done.
#[derive(Clone)]
pub struct ToolAgent(Arc<Parts>);

pub(super) struct Parts {
    model: Arc<dyn Model>,
    template: ModelRequest,
    tools: Vec<Arc<dyn Tool>>,
    sources: Vec<Arc<dyn ToolSource>>,
    pub(super) bounds: Bounds,
    pub(super) approve: Option<Arc<dyn Approve>>,
    pub(super) person: Option<Arc<dyn AskPerson>>,
}

/// What [`ToolAgent::builder`] collects.
pub struct ToolAgentBuilder(Parts);

impl ToolAgentBuilder {
    /// What the model is told before all else, instead of the instructions for work on a subgoal.
    #[must_use]
    pub fn instructions(mut self, instructions: impl Into<String>) -> Self {
        self.0.template.messages = vec![Message::system(instructions).keep()];
        self
    }

    /// The temperature, the output limit and whatever else each request is to have. Its messages come before the
    /// conversation; its tools are replaced.
    #[must_use]
    pub fn template(mut self, template: ModelRequest) -> Self {
        self.0.template = template;
        self
    }

    /// Gives it a tool.
    #[must_use]
    pub fn tool(mut self, tool: impl Tool + 'static) -> Self {
        self.0.tools.push(Arc::new(tool));
        self
    }

    /// Gives it the tools of a server, whatever they are at the time.
    #[must_use]
    pub fn tools_of(mut self, source: impl ToolSource + 'static) -> Self {
        self.0.sources.push(Arc::new(source));
        self
    }

    /// How far a run of it may go.
    #[must_use]
    pub fn bounds(mut self, bounds: Bounds) -> Self {
        self.0.bounds = bounds;
        self
    }

    /// Who decides before each call whether it is made. Without, all calls in the run's scope are.
    #[must_use]
    pub fn approve(mut self, approve: impl Approve + 'static) -> Self {
        self.0.approve = Some(Arc::new(approve));
        self
    }

    /// Who asks a person where a decision is [`super::Permission::Ask`]. Without, a durable run is suspended until somebody answers
    /// by [`ninefold_core::suspension::supply`] and resumes it; a run without a journal does not make the call.
    #[must_use]
    pub fn ask_person(mut self, person: impl AskPerson + 'static) -> Self {
        self.0.person = Some(Arc::new(person));
        self
    }

    /// Makes the agent.
    ///
    /// # Errors
    /// `InvalidInput` for a tool that no provider would take, two tools of one name, no tool at all, and a bound of zero.
    pub fn build(self) -> Result<ToolAgent> {
        offer::check(&self.0.tools)?;
        if self.0.tools.is_empty() && self.0.sources.is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "an agent with tools was given no tool")
                .hint("add one by ToolAgentBuilder::tool, or ask the model without an agent"));
        }
        let Bounds { steps, calls, parallel, result_bytes, repeats, .. } = self.0.bounds;
        if steps == 0 || calls == 0 || parallel == 0 || result_bytes == 0 || repeats == 0 {
            return Err(Error::new(ErrorKind::InvalidInput, "a bound of an agent with tools is zero")
                .hint("steps, calls, parallel, result_bytes and repeats are each at least 1"));
        }
        Ok(ToolAgent(Arc::new(self.0)))
    }
}

/// What a loop came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The answer.
    pub text: String,
    /// Why the model stopped: `Length` when the answer is not whole.
    pub stop: StopReason,
    /// What was done.
    pub account: Account,
    /// The whole conversation, to go on from.
    pub messages: Vec<Message>,
}

impl ToolAgent {
    /// Begins with the model that is to use the tools.
    pub fn builder(model: impl Model + 'static) -> ToolAgentBuilder {
        ToolAgentBuilder(Parts {
            model: Arc::new(model),
            template: ModelRequest {
                messages: vec![Message::system(include_str!("prompts/agent.md")).keep()],
                ..ModelRequest::default()
            },
            tools: Vec::new(),
            sources: Vec::new(),
            bounds: Bounds::default(),
            approve: None,
            person: None,
        })
    }

    /// Runs the loop on a conversation, which comes after the instructions. Dropping the future stops the model and the
    /// tools.
    ///
    /// # Errors
    /// When a bound is reached: what was done until then, and [`Unfinished`] as the cause (`OverBudget` for steps, calls
    /// and tokens, `DeadlineExceeded` for time, `Permanent` for a model that goes round in circles). The model's own
    /// errors; `Refused` when it declined; those of a permission that could not be decided. Errors of tools are told to
    /// the model.
    pub async fn run_loop(&self, conversation: Vec<Message>, cx: &Cx) -> Result<Outcome> {
        Work::new(&self.0, cx, None).run(conversation).await
    }

    /// The loop as a stream of what happens in it; the last event has the outcome. It is done by whoever polls the stream;
    /// dropping the stream stops it.
    pub fn stream(&self, conversation: Vec<Message>, cx: &Cx) -> impl Stream<Item = Result<Event>> + Send + 'static {
        let (parts, cx) = (Arc::clone(&self.0), cx.clone());
        let (said, heard) = mpsc::channel(AHEAD);
        events(async move { Work::new(&parts, &cx, Some(said)).run(conversation).await }, heard)
    }
}

#[async_trait]
impl Agent for ToolAgent {
    async fn run(&self, task: Task, cx: &Cx) -> Result<Report> {
        let outcome = self.run_loop(vec![Message::user(question(&task))], cx).await?;
        if outcome.stop == StopReason::Length {
            return Err(Error::new(ErrorKind::TooLong, "the model reached its output limit before its answer's end")
                .hint("raise max_output_tokens in the template"));
        }
        Ok(Report::from(outcome.text))
    }
}

/// Why a loop ends without an answer.
enum Stop {
    /// It reached a bound: the class, what happened, what to do.
    Bound(ErrorKind, String, &'static str),
    Error(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// One run of the loop.
struct Work<'a> {
    parts: &'a Parts,
    cx: Cx,
    said: Option<mpsc::Sender<Event>>,
    asking: Mutex<()>,
    account: Account,
    messages: Vec<Message>,
    made: Made,
    /// Steps running in which nothing but calls that had been made often enough were asked for.
    circles: u32,
}

impl<'a> Work<'a> {
    fn new(parts: &'a Parts, cx: &Cx, said: Option<mpsc::Sender<Event>>) -> Self {
        let (account, messages, cx) = (Account::default(), parts.template.messages.clone(), apart(cx));
        Self { parts, cx, said, asking: Mutex::default(), account, messages, made: Made::default(), circles: 0 }
    }

    async fn run(mut self, conversation: Vec<Message>) -> Result<Outcome> {
        self.messages.extend(conversation);
        let (cx, limit) = (self.cx.clone(), self.parts.bounds.time);
        let steps = async {
            let timed = tokio::time::timeout(limit, self.steps()).await;
            Ok(timed.unwrap_or_else(|_| {
                let what = format!("the agent came to no answer within {limit:?}");
                Err(Stop::Bound(ErrorKind::DeadlineExceeded, what, "raise Bounds::time, or ask for less"))
            }))
        };
        match cx.within_bounds(steps).await? {
            Ok((text, stop)) => Ok(Outcome { text, stop, account: self.account, messages: self.messages }),
            Err(Stop::Bound(kind, what, hint)) => {
                Err(Unfinished { account: self.account, messages: self.messages }.error(kind, &what, hint))
            }
            // The run's own budget is a bound like the others.
            Err(Stop::Error(error)) if error.kind() == ErrorKind::OverBudget => {
                let unfinished = Unfinished { account: self.account, messages: self.messages };
                let hint = error.hint_text().unwrap_or("ask for less");
                Err(cx.budget().judge(unfinished.error(ErrorKind::OverBudget, error.message(), hint)))
            }
            Err(Stop::Error(error)) => Err(self.once(error)),
        }
    }

    /// The error of a loop that nobody may begin anew where it has called tools and no journal knows of it: what they did would
    /// be done twice.
    fn once(&self, error: Error) -> Error {
        let called = self.account.calls.iter().any(|(_, ending)| !matches!(ending, Ending::NotMade(_)));
        if called && self.cx.log().is_none() && error.attempts().is_none() { error.given_up(1) } else { error }
    }

    async fn steps(&mut self) -> Result<(String, StopReason), Stop> {
        let Bounds { steps, calls: most, tokens, .. } = self.parts.bounds;
        loop {
            if self.account.steps >= steps {
                let what = format!("the agent came to no answer in {steps} calls of the model");
                return Err(Stop::Bound(ErrorKind::OverBudget, what, "raise Bounds::steps, or ask for less"));
            }
            let offered = offer::gather(&self.parts.tools, &self.parts.sources, &self.cx).await?;
            let request = self.request(&offered)?;
            let estimate = request.estimated_input_tokens();
            let used = self.account.usage.total();
            if let Some(limit) = tokens
                && used.saturating_add(estimate) > limit
            {
                let what = format!(
                    "the agent's {limit} tokens are used up ({used} used, about {estimate} to be read by the next call of the model)"
                );
                return Err(Stop::Bound(ErrorKind::OverBudget, what, "raise Bounds::tokens, or ask for less"));
            }
            self.account.steps += 1;
            let mut completion = self.completion(request).await?;
            let written = completion.text.len() + completion.reasoning.len();
            self.account.usage += match completion.usage.total() {
                0 => Usage { cost: completion.usage.cost, ..Usage::tokens(estimate, written as u64 / 3) },
                _ => completion.usage,
            };
            if completion.stop == StopReason::Refused {
                return Err(Stop::Error(refused()));
            }
            if completion.tool_calls.is_empty() {
                self.messages.push(completion.message());
                let text = without_reasoning(&completion.text);
                if text.is_empty() {
                    let what = "the model's reply holds nothing but its reasoning";
                    return Err(Stop::Error(Error::new(ErrorKind::MalformedReply, what)));
                }
                return Ok((text.to_owned(), completion.stop));
            }
            if self.account.calls.len() >= most as usize {
                let what = format!("the agent's {most} calls of tools are used up, and the model wants more");
                return Err(Stop::Bound(ErrorKind::OverBudget, what, "raise Bounds::calls, or ask for less"));
            }
            self.identify(&mut completion.tool_calls);
            let cut_off = completion.stop == StopReason::Length;
            let results = self.carry_out(&completion.tool_calls, cut_off, &offered).await?;
            self.messages.push(completion.message());
            self.messages.extend(results);
            if self.circles >= 2 {
                let what = "the agent goes round in circles: the model asks for the same calls again and again";
                let hint = "look at what the tools give back, or take a stronger model";
                return Err(Stop::Bound(ErrorKind::Permanent, what.to_owned(), hint));
            }
        }
    }

    /// What the model is asked next. The newest message is marked for the provider's cache, so that the next step, which
    /// begins the same, is read from there.
    fn request(&self, offered: &[Offered]) -> Result<ModelRequest> {
        let mut messages = self.messages.clone();
        if let Some(newest) = messages.last_mut() {
            newest.keep = true;
        }
        let tools = offer::visible(offered, &self.cx)?;
        Ok(ModelRequest { messages, tools, ..self.parts.template.clone() })
    }

    /// The model's reply, asked for once in a durable run.
    async fn completion(&self, request: ModelRequest) -> Result<Completion> {
        if self.cx.log().is_none() {
            return self.reply(request).await?.collect().await;
        }
        let key = Key::of(&(self.parts.model.id(), &request))?;
        let step = async |_| self.reply(request).await?.collect().await;
        let (completion, replayed) = once(&self.cx, "model", key, step).await?;
        if let Some(said) = self.said.as_ref().filter(|_| replayed && !completion.text.is_empty()) {
            let _ = said.send(Event::Text(completion.text.clone())).await;
        }
        Ok(completion)
    }

    /// The model's reply; its text is heard as it comes where somebody listens.
    async fn reply(&self, request: ModelRequest) -> Result<Reply> {
        let reply = self.parts.model.send(request, &self.cx).await?;
        let Some(said) = self.said.clone() else { return Ok(reply) };
        let heard = reply.into_deltas().then(move |delta| {
            let said = said.clone();
            async move {
                if let Ok(Delta::Text(text)) = &delta {
                    // Whoever no longer listens has dropped this future, too.
                    let _ = said.send(Event::Text(text.clone())).await;
                }
                delta
            }
        });
        Ok(Reply::stream(heard))
    }

    /// Gives calls the ids that they lack: some providers send none, and results are assigned by them.
    fn identify(&self, calls: &mut [ToolCall]) {
        let step = self.account.steps;
        let mut before = std::collections::HashSet::new();
        for (n, call) in calls.iter_mut().enumerate() {
            if call.id.is_empty() || !before.insert(call.id.clone()) {
                call.id = format_smolstr!("call_{step}_{n}");
            }
        }
    }

    /// Makes the calls of one step, so many at once as are allowed; the results are in the order of the calls. Where the
    /// reply was cut off, the last call is not made: what is there of it may look whole and is not.
    async fn carry_out(&mut self, calls: &[ToolCall], cut_off: bool, offered: &[Offered]) -> Result<Vec<Message>> {
        let Bounds { calls: most, parallel, repeats, .. } = self.parts.bounds;
        let left = (most as usize).saturating_sub(self.account.calls.len());
        let mut prepared = Vec::with_capacity(calls.len());
        for (n, call) in calls.iter().enumerate() {
            let next = if cut_off && n + 1 == calls.len() {
                let what = "not called: the output limit was reached before the arguments were whole; write less";
                Prepared::NotMade(ErrorKind::TooLong, what.to_owned())
            } else if n < left {
                prepare(call, offered, &mut self.made, repeats, &self.cx)
            } else {
                let what =
                    format!("not called: no more than {most} calls are allowed, and they are used up; answer now");
                Prepared::NotMade(ErrorKind::OverBudget, what)
            };
            prepared.push((n, call, next));
        }
        let same = |(_, _, next): &(_, _, Prepared)| matches!(next, Prepared::NotMade(ErrorKind::Conflict, _));
        self.circles = if prepared.iter().all(same) { self.circles + 1 } else { 0 };
        // A call that is still under way when the loop is stopped has not been done.
        let first = self.account.calls.len();
        let begun = calls.iter().map(|call| (call.name.clone(), Ending::Failed(ErrorKind::Cancelled)));
        self.account.calls.extend(begun);
        let (parts, cx, asking, said) = (self.parts, &self.cx, &self.asking, self.said.as_ref());
        let mut work: Vec<BoxFuture<'_, Result<(usize, ToolResult, Ending)>>> = Vec::with_capacity(calls.len());
        for (n, call, prepared) in prepared {
            work.push(Box::pin(async move {
                if let Some(said) = said {
                    let _ = said.send(Event::Call(call.clone())).await;
                }
                let (result, ending) = make(parts, call, prepared, asking, cx).await?;
                if let Some(said) = said {
                    let _ = said.send(Event::Result(result.clone())).await;
                }
                Ok((n, result, ending))
            }));
        }
        let mut running = futures_util::stream::iter(work).buffer_unordered(parallel);
        let mut results = Vec::with_capacity(calls.len());
        let mut suspended = None;
        while let Some(done) = running.next().await {
            let (n, result, ending) = match done {
                // A call waits for a person. The others are not broken off, lest they be made twice.
                Err(error) if error.is_suspension() => {
                    suspended.get_or_insert(error);
                    continue;
                }
                done => done?,
            };
            if let Some((_, noted)) = self.account.calls.get_mut(first + n) {
                *noted = ending;
            }
            results.push((n, result));
        }
        if let Some(error) = suspended {
            return Err(error);
        }
        results.sort_unstable_by_key(|(n, _)| *n);
        Ok(results.into_iter().map(|(_, result)| Message::tool(result)).collect())
    }
}
