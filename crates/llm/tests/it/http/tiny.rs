//! A format as small as can be, so that tests of the transport are about the transport.

use ninefold_core::{Delta, Error, ErrorKind, ModelRequest, Result, StopReason, Usage};
use ninefold_llm::wire::{Decode, Dialect, Failure, Format, Framing, Outgoing};
use serde_json::{Value, json};

/// Events such as `{"text": "a"}`, `{"error": "why"}` and `{"end": true}`.
#[derive(Debug)]
pub(super) struct Tiny(pub(super) Framing);

#[derive(Debug)]
struct Reader;

impl Format for Tiny {
    fn name(&self) -> &'static str {
        "tiny"
    }

    fn encode(&self, model: &str, request: &ModelRequest, _: Dialect) -> Result<Outgoing> {
        let said: Vec<String> = request.messages.iter().map(ninefold_core::Message::text).collect();
        let body = json!({ "model": model, "said": said }).to_string().into_bytes();
        Ok(Outgoing { path: "/talk".into(), headers: vec![("x-tiny", "1".into())], body })
    }

    fn framing(&self) -> Framing {
        self.0
    }

    fn decoder(&self) -> Box<dyn Decode> {
        Box::new(Reader)
    }

    fn failure(&self, status: u16, body: &[u8]) -> Failure {
        let kind = match status {
            429 => ErrorKind::RateLimited,
            500..=599 => ErrorKind::Transient,
            413 => ErrorKind::TooLong,
            _ => ErrorKind::Permanent,
        };
        let said = serde_json::from_slice::<Value>(body).ok();
        let message = said.and_then(|said| Some(said.get("error")?.as_str()?.to_owned())).unwrap_or_default();
        Failure { kind, message }
    }
}

impl Decode for Reader {
    fn event(&mut self, _: &str, data: &str, deltas: &mut Vec<Delta>) -> Result<()> {
        let malformed = |_| Error::new(ErrorKind::MalformedReply, format!("not JSON: {data}"));
        let value: Value = serde_json::from_str(data).map_err(malformed)?;
        if let Some(error) = value["error"].as_str() {
            return Err(Error::new(ErrorKind::Transient, error));
        }
        if let Some(text) = value["text"].as_str() {
            deltas.push(Delta::Text(text.to_owned()));
        }
        if value["end"] == true {
            deltas.push(Delta::Usage(Usage::tokens(3, 2)));
            deltas.push(Delta::End(StopReason::End));
        }
        Ok(())
    }

    fn whole(&mut self, body: &str, deltas: &mut Vec<Delta>) -> Result<()> {
        self.event("", body, deltas)
    }

    fn end(&mut self, _: &mut Vec<Delta>) -> Result<()> {
        Err(Error::new(ErrorKind::Transient, "there is no end"))
    }
}
