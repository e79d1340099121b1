//! What can go wrong at a server, as errors that can be acted on and show no secret.

use std::error::Error as _;
use std::time::Duration;

use ninefold_core::secret::redact;
use ninefold_core::{Error, ErrorKind, Timestamp, Wire};
use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{StatusCode, Url};
use smol_str::SmolStr;

use super::server::Server;
use super::wait;
use crate::tally::GivenUp;
use crate::wire::{Failure, Format};

/// So many characters of what a server says are shown.
const SHOWN: usize = 300;
/// The headers in which providers name a request, most common first.
const REQUEST_IDS: [&str; 8] = [
    "x-request-id",
    "request-id",
    "apim-request-id",
    "x-ms-request-id",
    "x-amzn-requestid",
    "x-litellm-call-id",
    "cf-ray",
    "x-generation-id",
];

/// Where in the exchange something took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    FirstByte,
    Idle,
    Total,
}

impl Server {
    /// What the server calls the request.
    pub(super) fn request_id(&self, headers: &HeaderMap) -> SmolStr {
        let id = REQUEST_IDS.iter().find_map(|name| headers.get(*name)?.to_str().ok());
        // Identities look like secrets; only the key itself is none.
        let key = |id: &str| self.key.as_ref().is_some_and(|key| id.contains(key.beginning()));
        let harmless = |id: &str| id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_graphic()) && !key(id);
        id.map(str::trim).filter(|id| harmless(id)).map(SmolStr::new).unwrap_or_default()
    }

    pub(super) fn too_slow(&self, limit: Limit, allowed: Duration) -> Error {
        let what = match limit {
            Limit::FirstByte => format!("did not begin to answer within {allowed:?}"),
            Limit::Idle => format!("was silent for {allowed:?} in the middle of its reply"),
            Limit::Total => format!("did not end its reply within {allowed:?}"),
        };
        self.error(ErrorKind::Transient, &what).hint("try again, or raise the limit in http::Limits").caused_by(GivenUp)
    }

    /// What kept a request from being answered.
    pub(super) fn of_sending(&self, error: reqwest::Error, connect: Duration) -> Error {
        let error = error.without_url();
        let causes = || std::iter::successors(error.source(), |cause| (*cause).source());
        let cause = causes().last().map(|cause| format!(": {}", self.excerpt(&cause.to_string()))).unwrap_or_default();
        let untrusted = causes().any(|cause| cause.to_string().to_ascii_lowercase().contains("certificate"));
        let (kind, what, hint) = match (error.is_connect(), error.is_timeout()) {
            (true, _) if untrusted => (
                ErrorKind::Permanent,
                format!("is not trusted{cause}"),
                "see whether the address is right, or add its certificate",
            ),
            (true, true) => (
                ErrorKind::Transient,
                format!("cannot be reached within {connect:?}"),
                "see whether the server runs and the address is right",
            ),
            (true, false) => (
                ErrorKind::Transient,
                format!("cannot be reached{cause}"),
                "see whether the server runs and the address is right",
            ),
            _ if error.is_builder() => {
                (ErrorKind::InvalidInput, format!("cannot be asked{cause}"), "see whether the address is right")
            }
            _ => (ErrorKind::Transient, format!("broke the connection off before its answer{cause}"), "try again"),
        };
        self.error(kind, &format!("{what} ({})", self.address)).hint(hint).caused_by(error)
    }

    /// What broke a reply.
    pub(super) fn of_reading(&self, error: reqwest::Error) -> Error {
        let what = "broke the connection off in the middle of its reply";
        self.error(ErrorKind::Transient, what).hint("try again").caused_by(error.without_url())
    }

    /// A redirect, which is not followed: it would carry the key and the question elsewhere.
    pub(super) fn of_redirect(&self, status: StatusCode, headers: &HeaderMap) -> Error {
        let target = headers.get(LOCATION).and_then(|to| Url::parse(to.to_str().ok()?).ok());
        let to =
            target.and_then(|url| url.host_str().map(|host| format!(" to {}", self.excerpt(host)))).unwrap_or_default();
        self.error(ErrorKind::Permanent, &format!("redirects {}{to}, which is not followed ({status})", self.address))
            .hint("give the address that it leads to, if that is to be trusted")
            .with_status(status.as_u16())
    }

    /// What a refusal means, in the words of the format.
    pub(super) fn of_status(
        &self,
        format: &dyn Format,
        (status, headers, body): (StatusCode, &HeaderMap, &[u8]),
        model: &str,
        now: Timestamp,
    ) -> Error {
        let Failure { kind, message } = format.failure(status.as_u16(), body);
        let excerpt = self.excerpt(&String::from_utf8_lossy(body));
        let said = if message.trim().is_empty() { excerpt.clone() } else { self.excerpt(&message) };
        let wait = wait::asked(status.as_u16(), headers, body, now);
        let colon = if said.is_empty() { "" } else { ": " };
        let mut error =
            self.error(kind, &format!("answered {}{colon}{said}", status.as_u16())).with_status(status.as_u16());
        if let Some(hint) = self.advice(kind, status.as_u16(), model, wait) {
            error = error.hint(hint);
        }
        if let Some(wait) = wait {
            error = error.with_retry_after(wait);
        }
        error.with_wire(Wire { excerpt, ..self.wire(self.request_id(headers)) })
    }

    fn advice(&self, kind: ErrorKind, status: u16, model: &str, wait: Option<Duration>) -> Option<String> {
        let variable = &self.key_variable;
        Some(match (kind, status) {
            (_, 401 | 403) if variable.is_empty() => "see whether the server wants a key, and which".to_owned(),
            (_, 401 | 403) if self.key.is_none() => format!("set {variable} to a key of {}", self.provider),
            (_, 401 | 403) => {
                format!("see whether {variable} holds a valid key of {} that may use {model}", self.provider)
            }
            (ErrorKind::RateLimited, _) => match wait {
                Some(wait) => format!("wait {wait:?} before the next call"),
                None => "ask less often, or try again later".to_owned(),
            },
            (ErrorKind::Transient, _) => "try again".to_owned(),
            (ErrorKind::TooLong, _) => "send less, or use a model that reads more".to_owned(),
            (ErrorKind::Refused, _) => "ask differently, or ask another model".to_owned(),
            (_, 404) => format!("see whether {} at {} has the model {model}", self.provider, self.address),
            (_, 402) => format!("see to the account at {}", self.provider),
            _ => return None,
        })
    }

    /// A reply of the wrong kind.
    pub(super) fn of_content(&self, kind: &str, beginning: &[u8]) -> Error {
        let kind = self.excerpt(kind);
        let excerpt = self.excerpt(&String::from_utf8_lossy(beginning));
        self.error(ErrorKind::MalformedReply, &format!("answered with {kind:?} instead of events or JSON"))
            .hint(format!("see whether {} is the address of the model's interface", self.address))
            .with_wire(Wire { excerpt, ..self.wire(SmolStr::default()) })
    }

    pub(super) fn too_much(&self, limit: usize) -> Error {
        self.error(ErrorKind::TooLong, &format!("answered with more than {limit} bytes"))
            .hint("ask for less, or raise the limit in http::Limits")
    }

    pub(super) fn broke_off(&self) -> Error {
        self.error(ErrorKind::Transient, "ended its reply in the middle of an event").hint("try again")
    }

    /// An error of the format, without what may be secret, saying where it happened.
    pub(super) fn of_format(&self, error: &Error, request_id: &SmolStr) -> Error {
        let message = format!("{}: {}", self.provider, self.excerpt(error.message()));
        let mut clean = Error::new(error.kind(), message);
        if let Some(hint) = error.hint_text() {
            clean = clean.hint(self.excerpt(hint));
        }
        if let Some(status) = error.status() {
            clean = clean.with_status(status);
        }
        if let Some(wait) = error.retry_after() {
            clean = clean.with_retry_after(wait);
        }
        clean.with_wire(self.wire(request_id.clone()))
    }

    /// The same error with the request's name.
    pub(super) fn naming(&self, error: Error, request_id: &SmolStr) -> Error {
        match error.wire() {
            Some(wire) if !wire.request_id.is_empty() => error,
            Some(wire) => {
                let wire = Wire { request_id: request_id.clone(), ..wire.clone() };
                error.with_wire(wire)
            }
            None => error.with_wire(self.wire(request_id.clone())),
        }
    }

    fn error(&self, kind: ErrorKind, what: &str) -> Error {
        Error::new(kind, format!("{} {what}", self.provider)).with_wire(self.wire(SmolStr::default()))
    }

    fn wire(&self, request_id: SmolStr) -> Wire {
        Wire { provider: self.provider.clone(), request_id, excerpt: String::new() }
    }

    /// The beginning of a text on one line, made harmless.
    fn excerpt(&self, text: &str) -> String {
        let known: Vec<_> = self.key.iter().collect();
        // Four bytes a character at most, and some for what is hidden: the rest is not looked at.
        let text = text.get(..text.floor_char_boundary(SHOWN * 16)).unwrap_or_default();
        let text = redact(text, &known);
        let invisible = |char: char| char.is_whitespace() || char.is_control() || is_bidirectional(char);
        let words: Vec<&str> = text.split(invisible).filter(|word| !word.is_empty()).collect();
        words.join(" ").chars().take(SHOWN).collect()
    }
}

/// Characters that change in which direction a terminal shows what follows.
fn is_bidirectional(char: char) -> bool {
    matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
