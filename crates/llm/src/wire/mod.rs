//! Wire formats: from a request to the bytes that a provider reads, and from its bytes to the pieces of a reply. Pure:
//! nothing here opens a connection or reads a clock.
//!
//! A format is one file. What differs between providers that speak the same format is data in [`Dialect`].

mod anthropic;
mod calls;
mod check;
mod failure;
mod gemini;
mod lenient;
mod media;
mod ollama;
mod openai_chat;
mod openai_responses;
mod signature;

use ninefold_core::{Delta, ErrorKind, ModelRequest, Result};

pub use anthropic::Anthropic;
pub use gemini::Gemini;
pub use ollama::Ollama;
pub use openai_chat::OpenAiChat;
pub use openai_responses::OpenAiResponses;

/// What a provider is sent: `POST` with a JSON body.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// Below the endpoint's base address, beginning with `/`.
    pub path: String,
    /// Beside those of authentication and content.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: Vec<u8>,
}

/// How a streamed reply is cut into events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events.
    Events,
    /// One JSON value a line.
    Lines,
}

/// What providers that speak one format do differently.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dialect {
    /// Knows `max_tokens` instead of `max_completion_tokens`.
    pub max_tokens: bool,
    /// Takes no JSON Schema for the reply's form, only "some JSON"; the schema then goes into the instructions.
    pub no_schema: bool,
    /// Takes no seed.
    pub no_seed: bool,
    /// Does not know `stream_options`; it says by itself what a call used, or not at all.
    pub no_stream_options: bool,
    /// Sends what the model thinks as `reasoning` or `reasoning_content` and wants no effort named.
    pub no_effort: bool,
}

/// What a refusal of a provider means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The class.
    pub kind: ErrorKind,
    /// What the provider says, in its words; empty when it says nothing that can be read.
    pub message: String,
}

/// A wire format.
pub trait Format: Send + Sync + std::fmt::Debug {
    /// Its name, for errors.
    fn name(&self) -> &'static str;

    /// The request for the model called `model`, always asking for a stream.
    ///
    /// # Errors
    /// `InvalidInput` for what the format cannot say: it is never left out in silence.
    fn encode(&self, model: &str, request: &ModelRequest, dialect: Dialect) -> Result<Outgoing>;

    /// How the reply is cut.
    fn framing(&self) -> Framing;

    /// Reads one reply.
    fn decoder(&self) -> Box<dyn Decode>;

    /// What a status other than success, with this body, means. The body may be anything.
    fn failure(&self, status: u16, body: &[u8]) -> Failure;
}

/// Reads the events of one reply.
pub trait Decode: Send {
    /// Takes one event (its name, empty where the framing has none, and its data) and appends what it says to `deltas`.
    ///
    /// # Errors
    /// `MalformedReply` for what is not of the format; an error that the provider reports within the stream, by its class.
    fn event(&mut self, name: &str, data: &str, deltas: &mut Vec<Delta>) -> Result<()>;

    /// Takes a whole reply that came without a stream, from servers that do not stream when asked to.
    ///
    /// # Errors
    /// As [`Decode::event`].
    fn whole(&mut self, body: &str, deltas: &mut Vec<Delta>) -> Result<()>;

    /// The connection has ended in good order. Appends the end where the format has no mark for it.
    ///
    /// # Errors
    /// `Transient` when the reply is not whole.
    fn end(&mut self, deltas: &mut Vec<Delta>) -> Result<()>;
}
