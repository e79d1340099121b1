//! Recorded calls for tests: what a model was asked and answered, in a file that people can read.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use futures_util::stream;
use ninefold_core::{Cx, Delta, Error, ErrorKind, Model, ModelId, ModelRequest, Reply, Result, Wire};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use std::sync::Arc;

use crate::finish::{Ending, Finish, finished_by};
use crate::redact::{redact, redact_value};

/// What a cassette does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Makes it, and records it. What the file held before is replaced.
    Record,
    /// Answers it from the file. What was not recorded fails, and nothing is ever sent.
    Replay,
}

/// The most differences that an error tells.
const MAX_DIFFERENCES: usize = 8;
/// The most characters of a value that it shows.
const MAX_SHOWN: usize = 80;

/// A model that records its calls, or plays them back. A call is answered by a recorded one whose request is equal in every field; equal
/// ones in the order in which they were recorded, the last one again and again. One that has no equal is an error that says in what it
/// differs from the recorded request that is nearest.
///
/// The file is JSON for people to read and review. What looks like a secret is left out of it, in requests and replies
/// ([`Cassette::save`]), and a request is compared without it. Errors are recorded with what they say; a reply that was dropped
/// is not recorded.
///
/// Takes the place of the model, inside of all other decorators. Costs a call a comparison with what was recorded.
pub struct Cassette {
    id: ModelId,
    path: PathBuf,
    inner: Option<Arc<dyn Model>>,
    tape: Arc<Tape>,
}

#[derive(Default)]
struct Tape(Mutex<Takes>);

#[derive(Default, Serialize, Deserialize)]
struct Takes {
    model: Option<ModelId>,
    calls: Vec<Call>,
    #[serde(skip)]
    unsaved: bool,
}

#[derive(Serialize, Deserialize)]
struct Call {
    request: Value,
    #[serde(flatten)]
    outcome: Outcome,
    #[serde(skip)]
    played: bool,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Reply(Vec<Delta>),
    /// Ended with the last delta, without an end mark.
    BrokeOff(Vec<Delta>),
    Error(Failure),
}

#[derive(Clone, Serialize, Deserialize)]
struct Failure {
    kind: ErrorKind,
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after: Option<Duration>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    provider: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    excerpt: String,
}

impl Failure {
    fn of(error: &Error) -> Self {
        Self {
            kind: error.kind(),
            message: redact(error.message()),
            status: error.status(),
            retry_after: error.retry_after(),
            provider: error.wire().map(|wire| wire.provider.to_string()).unwrap_or_default(),
            excerpt: error.wire().map(|wire| redact(&wire.excerpt)).unwrap_or_default(),
        }
    }

    fn error(&self) -> Error {
        let mut error = Error::new(self.kind, &self.message);
        if let Some(status) = self.status {
            error = error.with_status(status);
        }
        if let Some(wait) = self.retry_after {
            error = error.with_retry_after(wait);
        }
        if self.provider.is_empty() && self.excerpt.is_empty() {
            return error;
        }
        let wire = Wire { provider: (&self.provider).into(), excerpt: self.excerpt.clone(), ..Wire::default() };
        error.with_wire(wire)
    }
}

impl Tape {
    fn takes(&self) -> MutexGuard<'_, Takes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, request: Value, outcome: Outcome) {
        let mut takes = self.takes();
        takes.calls.push(Call { request, outcome, played: false });
        takes.unsaved = true;
    }
}

impl Cassette {
    /// Records the calls of `inner` for the file at `path`, which [`Cassette::save`] writes.
    pub fn record(path: impl Into<PathBuf>, inner: impl Model + 'static) -> Self {
        let id = inner.id().clone();
        let takes = Takes { model: Some(id.clone()), calls: Vec::new(), unsaved: true };
        Self { id, path: path.into(), inner: Some(Arc::new(inner)), tape: Arc::new(Tape(Mutex::new(takes))) }
    }

    /// Plays back what the file at `path` holds. The file is read here and now.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Corrupt` when it is no cassette.
    pub fn replay(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let text = std::fs::read(&path).map_err(|error| {
            Error::new(ErrorKind::NotFound, format!("the cassette {} cannot be read: {error}", path.display()))
                .hint("record it first, with Cassette::record")
        })?;
        let takes: Takes = serde_json::from_slice(&text).map_err(|error| {
            Error::new(ErrorKind::Corrupt, format!("the cassette {} cannot be understood: {error}", path.display()))
                .hint("record it again")
        })?;
        let id = takes.model.clone().unwrap_or_else(|| ModelId::new("cassette", "unnamed"));
        Ok(Self { id, path, inner: None, tape: Arc::new(Tape(Mutex::new(takes))) })
    }

    /// What it does with calls.
    #[must_use]
    pub fn mode(&self) -> Mode {
        if self.inner.is_some() { Mode::Record } else { Mode::Replay }
    }

    /// Writes what was recorded into the file; nothing when there is nothing new. Blocks while it writes.
    ///
    /// # Errors
    /// `Unavailable` when the file cannot be written.
    pub fn save(&self) -> Result<()> {
        let mut takes = self.tape.takes();
        if !takes.unsaved {
            return Ok(());
        }
        let unavailable = |error: &dyn std::fmt::Display| {
            Error::new(
                ErrorKind::Unavailable,
                format!("the cassette {} cannot be written: {error}", self.path.display()),
            )
            .hint("check that its directory exists and may be written")
        };
        let mut text = serde_json::to_vec_pretty(&*takes).map_err(|error| unavailable(&error))?;
        text.push(b'\n');
        std::fs::write(&self.path, text).map_err(|error| unavailable(&error))?;
        takes.unsaved = false;
        Ok(())
    }

    /// How many recorded calls were not played back: a test that expects to play all of them looks here at its end.
    #[must_use]
    pub fn unplayed(&self) -> usize {
        self.tape.takes().calls.iter().filter(|call| !call.played).count()
    }

    fn play(&self, request: &Value) -> Result<Reply> {
        let mut takes = self.tape.takes();
        let equal: Vec<usize> =
            takes.calls.iter().enumerate().filter(|(_, call)| call.request == *request).map(|(n, _)| n).collect();
        let next = equal.iter().find(|&&n| takes.calls.get(n).is_some_and(|call| !call.played)).or(equal.last());
        let Some(call) = next.and_then(|&n| takes.calls.get_mut(n)) else { return Err(self.unknown(request, &takes)) };
        call.played = true;
        match call.outcome.clone() {
            Outcome::Reply(deltas) | Outcome::BrokeOff(deltas) => {
                Ok(Reply::stream(stream::iter(deltas.into_iter().map(Ok))))
            }
            Outcome::Error(failure) => Err(failure.error()),
        }
    }

    /// The error for a request that was not recorded: in what it differs from the nearest one that was.
    fn unknown(&self, request: &Value, takes: &Takes) -> Error {
        let mut what = format!("the cassette {} holds no call with this request", self.path.display());
        let nearest = takes.calls.iter().enumerate().map(|(n, call)| {
            let mut differences = Vec::new();
            compare("request", &call.request, request, &mut differences);
            (n + 1, differences)
        });
        match nearest.min_by_key(|(_, differences)| differences.len()) {
            None => what.push_str(": it is empty"),
            Some((number, differences)) => {
                what.push_str(&format!("; from call {number} of {}, the nearest, it differs in", takes.calls.len()));
                for difference in differences.iter().take(MAX_DIFFERENCES) {
                    what.push_str("\n  ");
                    what.push_str(difference);
                }
                if differences.len() > MAX_DIFFERENCES {
                    what.push_str(&format!("\n  and {} more places", differences.len() - MAX_DIFFERENCES));
                }
            }
        }
        Error::new(ErrorKind::Permanent, what).hint("record it again if the request is meant to have changed")
    }
}

/// Notes where two values differ, each place by its path.
fn compare(path: &str, recorded: &Value, asked: &Value, differences: &mut Vec<String>) {
    match (recorded, asked) {
        (Value::Object(old), Value::Object(new)) => {
            let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for name in names {
                let nothing = Value::Null;
                let (old, new) = (old.get(name).unwrap_or(&nothing), new.get(name).unwrap_or(&nothing));
                compare(&format!("{path}.{name}"), old, new, differences);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for n in 0..old.len().max(new.len()) {
                let nothing = Value::Null;
                let (old, new) = (old.get(n).unwrap_or(&nothing), new.get(n).unwrap_or(&nothing));
                compare(&format!("{path}[{n}]"), old, new, differences);
            }
        }
        (Value::String(old), Value::String(new)) if old != new => {
            let same = old.chars().zip(new.chars()).take_while(|(a, b)| a == b).count();
            // A little of what is equal in front, so that the place can be found.
            let from = same.saturating_sub(20);
            let cut = |text: &str| {
                let shown: String = text.chars().skip(from).take(MAX_SHOWN).collect();
                format!("{}{shown:?}", if from > 0 { "…" } else { "" })
            };
            differences.push(format!("{path}: recorded {}, asked {}", cut(old), cut(new)));
        }
        (old, new) if old != new => {
            let show = |value: &Value| match value {
                Value::Null => "nothing".to_owned(),
                value => value.to_string().chars().take(MAX_SHOWN).collect(),
            };
            differences.push(format!("{path}: recorded {}, asked {}", show(old), show(new)));
        }
        _ => {}
    }
}

#[async_trait]
impl Model for Cassette {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn variant(&self) -> &str {
        self.inner.as_ref().map_or("replayed", |inner| inner.variant())
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        let mut written = serde_json::to_value(&request).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, "the request cannot be written down").caused_by(error)
        })?;
        redact_value(&mut written);
        let Some(inner) = &self.inner else { return self.play(&written) };
        match inner.send(request, cx).await {
            Ok(reply) => {
                let taking = Taking { tape: Arc::clone(&self.tape), request: written, deltas: Vec::new() };
                Ok(finished_by(reply, taking))
            }
            Err(error) => {
                self.tape.record(written, Outcome::Error(Failure::of(&error)));
                Err(error)
            }
        }
    }
}

/// Listens to a reply, to record it.
struct Taking {
    tape: Arc<Tape>,
    request: Value,
    deltas: Vec<Delta>,
}

impl Finish for Taking {
    fn hear(&mut self, delta: &Delta) {
        self.deltas.push(delta.clone());
    }

    fn finish(self, ending: Ending) -> Option<BoxFuture<'static, ()>> {
        let deltas = without_secrets(&self.deltas);
        match ending {
            Ending::Whole => self.tape.record(self.request, Outcome::Reply(deltas)),
            Ending::Broken => self.tape.record(self.request, Outcome::BrokeOff(deltas)),
            Ending::Dropped => {}
        }
        None
    }
}

/// Pieces of the same text in which a secret is spread over several become one.
fn without_secrets(deltas: &[Delta]) -> Vec<Delta> {
    let mut clean: Vec<Delta> = Vec::with_capacity(deltas.len());
    for run in deltas.chunk_by(|one, next| written(one).is_some() && same_text(one, next)) {
        let whole: String = run.iter().filter_map(written).collect();
        let redacted = redact(&whole);
        if redacted == whole {
            clean.extend_from_slice(run);
        } else if let Some(first) = run.first() {
            clean.push(with_text(first.clone(), redacted));
        }
    }
    clean
}

/// What the model wrote in a piece.
fn written(delta: &Delta) -> Option<&str> {
    match delta {
        Delta::Text(text) | Delta::Reasoning(text) | Delta::ToolCall { arguments: text, .. } => Some(text),
        _ => None,
    }
}

fn same_text(one: &Delta, next: &Delta) -> bool {
    match (one, next) {
        (Delta::Text(_), Delta::Text(_)) | (Delta::Reasoning(_), Delta::Reasoning(_)) => true,
        (Delta::ToolCall { index, .. }, Delta::ToolCall { index: other, id: None, .. }) => index == other,
        _ => false,
    }
}

fn with_text(delta: Delta, text: String) -> Delta {
    match delta {
        Delta::Text(_) => Delta::Text(text),
        Delta::Reasoning(_) => Delta::Reasoning(text),
        Delta::ToolCall { index, id, name, .. } => Delta::ToolCall { index, id, name, arguments: text },
        other => other,
    }
}
