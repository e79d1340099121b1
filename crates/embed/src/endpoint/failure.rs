//! What can go wrong with a server, as errors that show no secret.

use std::time::Duration;

use ninefold_core::secret::{Secret, redact};
use ninefold_core::{Error, ErrorKind};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{StatusCode, Url};

/// So many characters of what a server says of its refusal are shown.
const SHOWN: usize = 300;

/// Makes the errors of one endpoint.
pub(super) struct Failures {
    /// Its address, without what may be secret.
    address: String,
    key: Option<Secret>,
}

impl Failures {
    pub(super) fn new(address: &Url) -> Self {
        let mut shown = address.clone();
        shown.set_query(None);
        shown.set_fragment(None);
        // Neither fails on an address with a host.
        let _same = shown.set_username("").and_then(|()| shown.set_password(None));
        Self { address: shown.to_string(), key: None }
    }

    /// Takes this out of whatever is shown.
    pub(super) fn hide(&mut self, key: Secret) {
        self.key = Some(key);
    }

    pub(super) fn too_slow(&self, limit: Duration) -> Error {
        Error::new(ErrorKind::Transient, format!("{} did not answer within {limit:?}", self.address))
            .hint("see whether the server is overloaded, or raise the limit")
    }

    pub(super) fn of_sending(&self, error: reqwest::Error) -> Error {
        let what = if error.is_connect() { "cannot be reached" } else { "broke the connection off" };
        Error::new(ErrorKind::Transient, format!("{} {what}", self.address))
            .hint("see whether the server runs and the address is right")
            .caused_by(error.without_url())
    }

    pub(super) fn malformed(&self, what: &str) -> Error {
        Error::new(ErrorKind::MalformedReply, format!("the reply of {} cannot be used: {what}", self.address))
            .hint("see whether the address is that of an embeddings endpoint and the model embeds")
    }

    pub(super) fn of_status(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Error {
        let (kind, hint) = match status.as_u16() {
            401 | 403 => (ErrorKind::Permanent, "set the endpoint's key"),
            404 => (ErrorKind::NotFound, "see whether the address ends in /v1 and the server has the model"),
            413 => (ErrorKind::TooLong, "lower the limits of a request"),
            408 | 409 | 425 | 429 | 500..=599 => (ErrorKind::Transient, "try again later"),
            300..=399 => (ErrorKind::Permanent, "redirects are not followed; give the address that it names"),
            _ => (ErrorKind::InvalidInput, "see what the server says"),
        };
        let error = Error::new(kind, format!("{} answered {}{}", self.address, status.as_u16(), self.shown(body)))
            .hint(hint)
            .with_status(status.as_u16());
        match retry_after(headers) {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        }
    }

    /// What a server says that refuses any text: some say 400 to a wrong key or to a model that they do not have.
    pub(super) fn whatever(&self, refused: &Error) -> Error {
        let error = Error::new(ErrorKind::Permanent, format!("{}, whatever the text", refused.message()))
            .hint("see whether the endpoint's key and the model's name are right");
        match refused.status() {
            Some(status) => error.with_status(status),
            None => error,
        }
    }

    /// What the body says, made harmless.
    fn shown(&self, body: &[u8]) -> String {
        let text = String::from_utf8_lossy(body.get(..4_096).unwrap_or(body));
        let said = serde_json::from_slice::<serde_json::Value>(body).ok().and_then(|body| {
            let said = body.pointer("/error/message").or_else(|| body.get("message")).or_else(|| body.get("error"))?;
            said.as_str().map(str::to_owned)
        });
        let text = said.unwrap_or_else(|| text.into_owned());
        let known: Vec<&Secret> = self.key.iter().collect();
        let text = redact(&text, &known);
        let words: Vec<&str> = text
            .split(|char: char| char.is_whitespace() || char.is_control())
            .filter(|word| !word.is_empty())
            .collect();
        let text: String = words.join(" ").chars().take(SHOWN).collect();
        if text.is_empty() { text } else { format!(": {text}") }
    }
}

/// The seconds that a server asks to wait. A date is not read: no clock here can be compared with the server's.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: f64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}
