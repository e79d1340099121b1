//! A model that answers from a script.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream;
use ninefold_core::{
    Completion, Cx, Delta, Error, ErrorKind, Message, Model, ModelId, ModelRequest, Part, Reply, Result, StopReason,
    ToolCall, Usage,
};

/// A model that answers from a script and remembers what it was asked. Rules are tried in the order they were
/// given; the first whose needle is in the request's text answers. A request that no rule answers is a
/// `Permanent` error that quotes it, so that a test sees what it forgot.
pub struct ScriptedModel {
    id: ModelId,
    rules: Vec<Rule>,
    delay: Duration,
    usage: Usage,
    requests: Mutex<Vec<ModelRequest>>,
    remembers: bool,
}

struct Rule {
    needle: String,
    outcome: Outcome,
}

enum Outcome {
    Text(String),
    Whole(Completion),
    Fails(Error),
    BreaksOff(String),
}

impl ScriptedModel {
    /// A model without rules, that answers at once and reports 10 input and 5 output tokens a call.
    #[must_use]
    pub fn new() -> Self {
        Self {
            id: ModelId::new("scripted", "model"),
            rules: Vec::new(),
            delay: Duration::ZERO,
            usage: Usage::tokens(10, 5),
            requests: Mutex::default(),
            remembers: true,
        }
    }

    fn rule(mut self, needle: impl Into<String>, outcome: Outcome) -> Self {
        self.rules.push(Rule { needle: needle.into(), outcome });
        self
    }

    /// Answers requests that contain `needle` with `text`; the empty needle is in every request.
    #[must_use]
    pub fn answer(self, needle: impl Into<String>, text: impl Into<String>) -> Self {
        self.rule(needle, Outcome::Text(text.into()))
    }

    /// Answers requests that contain `needle` with calls of tools: names, and arguments as the model is to write them.
    /// What tools gave back is part of a request's text, so a rule for it goes before the rule that has them called.
    #[must_use]
    pub fn calls<'a>(self, needle: impl Into<String>, calls: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let call = |(n, (name, arguments)): (usize, (&str, &str))| ToolCall {
            id: format!("call_{n}").into(),
            name: name.into(),
            arguments: arguments.to_owned(),
        };
        let tool_calls = calls.into_iter().enumerate().map(call).collect();
        let usage = self.usage;
        self.reply(needle, Completion { tool_calls, usage, stop: StopReason::ToolCalls, ..Completion::text("") })
    }

    /// Answers requests that contain `needle` with this whole reply.
    #[must_use]
    pub fn reply(self, needle: impl Into<String>, completion: Completion) -> Self {
        self.rule(needle, Outcome::Whole(completion))
    }

    /// Fails requests that contain `needle`.
    #[must_use]
    pub fn fail(self, needle: impl Into<String>, error: Error) -> Self {
        self.rule(needle, Outcome::Fails(error))
    }

    /// Streams `text` and then ends without an end mark for requests that contain `needle`.
    #[must_use]
    pub fn break_off(self, needle: impl Into<String>, text: impl Into<String>) -> Self {
        self.rule(needle, Outcome::BreaksOff(text.into()))
    }

    /// Waits this long before every reply, on the tokio timer.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Reports this usage with every reply.
    #[must_use]
    pub fn usage(mut self, usage: Usage) -> Self {
        self.usage = usage;
        self
    }

    /// Keeps no requests, for benchmarks whose memory is watched.
    #[must_use]
    pub fn forgetful(mut self) -> Self {
        self.remembers = false;
        self
    }

    /// What it was asked so far.
    #[must_use]
    pub fn requests(&self) -> Vec<ModelRequest> {
        self.requests.lock().expect("no test panicked while asking").clone()
    }
}

/// Whether a message's text, or what a tool gave back in it, contains this.
fn contains(message: &Message, needle: &str) -> bool {
    let result = |part: &Part| matches!(part, Part::ToolResult(result) if result.content.contains(needle));
    message.text().contains(needle) || message.parts.iter().any(result)
}

impl Default for ScriptedModel {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Model for ScriptedModel {
    fn id(&self) -> &ModelId {
        &self.id
    }

    async fn send(&self, request: ModelRequest, _cx: &Cx) -> Result<Reply> {
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        let rule = self.rules.iter().find(|rule| request.messages.iter().any(|m| contains(m, &rule.needle)));
        let reply = match rule.map(|rule| &rule.outcome) {
            Some(Outcome::Text(text)) => {
                Ok(Reply::whole(Completion { usage: self.usage, ..Completion::text(text.clone()) }))
            }
            Some(Outcome::Whole(completion)) => Ok(Reply::whole(completion.clone())),
            Some(Outcome::Fails(error)) => Err(error.clone()),
            Some(Outcome::BreaksOff(text)) => Ok(Reply::stream(stream::iter([Ok(Delta::Text(text.clone()))]))),
            None => Err(Error::new(ErrorKind::Permanent, format!("the script has no answer for {request:?}"))),
        };
        if self.remembers {
            self.requests.lock().expect("no test panicked while asking").push(request);
        }
        reply
    }
}
