//! A request answered: at the pace that was drawn for it, or with the fault.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::{sleep, sleep_until};

use crate::Settings;
use crate::draw::{Chance, Draw, Fault};
use crate::ledger::{Call, Entry, Ledger};
use crate::limits::Limits;
use crate::request::Request;
use crate::script::Script;
use crate::tokens;

type Body = UnsyncBoxBody<Bytes, std::io::Error>;

const JSON: &str = "application/json";

/// How long a connection stays open behind what is cut off.
const FLUSH: Duration = Duration::from_millis(5);

/// The largest request read, in bytes.
const MOST: usize = 4 * 1024 * 1024;

/// The model.
pub struct Model {
    script: Script,
    chance: Chance,
    limits: Limits,
    ledger: Arc<Ledger>,
}

impl Model {
    /// By these settings.
    ///
    /// # Errors
    /// What is wrong with the script or with the settings.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        tokens::prepare();
        let script = Script::read(&settings.script)?;
        Ok(Self { script, chance: Chance::new(settings)?, limits: Limits::new(settings), ledger: Arc::default() })
    }
}

/// Answers a request. An error closes the connection without a word.
pub async fn answer(model: Arc<Model>, request: hyper::Request<Incoming>) -> Result<Response<Body>, std::io::Error> {
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/ledger") => return Ok(whole(StatusCode::OK, &model.ledger.json())),
        (&Method::POST, "/v1/chat/completions") => {}
        _ => return Ok(refused(StatusCode::NOT_FOUND, "there is /v1/chat/completions, and /ledger", "not_found")),
    }
    let key = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or("none");
    let key = key.trim_start_matches("Bearer ").to_owned();
    let read = http_body_util::Limited::new(request.into_body(), MOST).collect().await;
    let bytes = read.map_err(|error| std::io::Error::other(error.to_string()))?.to_bytes();
    let request: Request = match serde_json::from_slice(&bytes) {
        Ok(request) => request,
        Err(error) => return Ok(refused(StatusCode::BAD_REQUEST, &error.to_string(), "invalid_request_error")),
    };
    completion(&model, key, &request).await
}

async fn completion(model: &Model, key: String, request: &Request) -> Result<Response<Body>, std::io::Error> {
    let said = model.script.reply(request);
    let name = said.as_ref().map_or("none", |said| &said.name).to_owned();
    let n = model.ledger.asked(&name);
    let prompt_tokens = tokens::prompt(request);
    let call = |fault: Option<Fault>, prompt_tokens| Call {
        key: key.clone(),
        reply: name.clone(),
        n,
        stream: request.stream,
        prompt_tokens,
        completion_tokens: 0,
        fault,
        abandoned: false,
        from: 0,
        to: 0,
    };
    let fail = |fault: Fault, response: Response<Body>| {
        model.ledger.open(call(Some(fault), 0)).settle();
        Ok(response)
    };
    let Some(said) = said else {
        eprintln!("nothing is prepared for this prompt:\n{}", request.text());
        let response = refused(StatusCode::UNPROCESSABLE_ENTITY, "nothing is prepared for this prompt", "unscripted");
        return fail(Fault::Unscripted, response);
    };
    let pieces = tokens::pieces(&said.text);
    if let Err(wait) = model.limits.take(&key, prompt_tokens + pieces.len() as u64, Instant::now()) {
        return fail(Fault::Limit, busy(wait));
    }
    let draw = model.chance.draw(&name, n);
    match draw.fault {
        None | Some(Fault::Cut) => {
            let entry = model.ledger.open(call(draw.fault, prompt_tokens));
            let reply = Reply::new(request, pieces, prompt_tokens, draw, entry);
            Ok(if request.stream { reply.streamed() } else { reply.whole().await })
        }
        Some(fault) => {
            let entry = model.ledger.open(call(Some(fault), 0));
            // It fails about when it would have begun to answer, as what is overloaded or broken does; a limit is told at once.
            if fault != Fault::Busy {
                sleep(draw.first).await;
            }
            entry.settle();
            match fault {
                Fault::Busy => Ok(busy(Duration::from_secs(1))),
                Fault::Error => {
                    let what = "The server had an error while processing your request.";
                    Ok(refused(StatusCode::INTERNAL_SERVER_ERROR, what, "server_error"))
                }
                _ => Err(std::io::Error::other("a fault: the connection is reset")),
            }
        }
    }
}

/// A reply on its way.
struct Reply {
    model: String,
    wants_usage: bool,
    pieces: Vec<String>,
    /// How many of them are sent.
    sent: usize,
    /// How many are sent before it is cut off.
    cut: Option<usize>,
    prompt_tokens: u64,
    draw: Draw,
    began: tokio::time::Instant,
    entry: Entry,
    /// The events after the last piece that were sent.
    closing: usize,
}

impl Reply {
    fn new(request: &Request, pieces: Vec<String>, prompt_tokens: u64, draw: Draw, entry: Entry) -> Self {
        let cut = (draw.fault == Some(Fault::Cut)).then(|| ((pieces.len() as f64 * draw.at) as usize).max(1));
        let (model, wants_usage) = (request.model.clone(), request.wants_usage());
        let began = tokio::time::Instant::now();
        Self { model, wants_usage, pieces, sent: 0, cut, prompt_tokens, draw, began, entry, closing: 0 }
    }

    /// When so many tokens are written, counted from the beginning so that no timer's lateness adds up.
    fn due(&self, tokens: usize) -> tokio::time::Instant {
        self.began + self.draw.first + self.draw.each * u32::try_from(tokens.saturating_sub(1)).unwrap_or(u32::MAX)
    }

    fn usage(&self) -> Value {
        let (read, written) = (self.prompt_tokens, self.pieces.len() as u64);
        json!({ "prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written })
    }

    /// All at once, when the last token is written.
    async fn whole(self) -> Response<Body> {
        let last = self.cut.unwrap_or(self.pieces.len());
        sleep_until(self.due(last)).await;
        self.entry.written(last as u64);
        self.entry.settle();
        let body = json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000, "model": self.model,
            "choices": [{
                "index": 0, "finish_reason": "stop", "logprobs": null,
                "message": { "role": "assistant", "content": self.pieces.concat(), "refusal": null },
            }],
            "usage": self.usage(),
        });
        if self.cut.is_none() {
            return whole(StatusCode::OK, &body);
        }
        // Half of what was promised, and then the connection is gone.
        let text = body.to_string();
        let half = Bytes::copy_from_slice(&text.as_bytes()[..text.len() / 2]);
        let frames = [Ok(Frame::data(half)), Err(std::io::Error::other("a fault: the reply is cut off"))];
        // What is sent goes out before the connection is reset.
        let frames = stream::unfold(frames.into_iter().enumerate(), |mut frames| async move {
            let (n, frame) = frames.next()?;
            sleep(FLUSH * n as u32).await;
            Some((frame, frames))
        });
        let mut response = build(StatusCode::OK, JSON, StreamBody::new(frames));
        response.headers_mut().insert(CONTENT_LENGTH, text.len().into());
        response
    }

    /// Token by token.
    fn streamed(self) -> Response<Body> {
        let events = stream::unfold(self, |mut reply| async move {
            let event = reply.next().await?;
            Some((event.map(|event| Frame::data(Bytes::from(format!("data: {event}\n\n")))), reply))
        });
        build(StatusCode::OK, "text/event-stream", StreamBody::new(events))
    }

    fn chunk(&self, delta: &Value, finish: Option<&str>) -> String {
        json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": self.model,
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
        })
        .to_string()
    }

    async fn next(&mut self) -> Option<Result<String, std::io::Error>> {
        if self.cut == Some(self.sent) {
            self.entry.settle();
            // What is sent goes out before the connection is reset.
            sleep(FLUSH).await;
            return Some(Err(std::io::Error::other("a fault: the reply is cut off")));
        }
        if let Some(piece) = self.pieces.get(self.sent) {
            let mut delta = json!({ "content": piece });
            if self.sent == 0 {
                delta["role"] = "assistant".into();
            }
            let chunk = self.chunk(&delta, None);
            self.sent += 1;
            sleep_until(self.due(self.sent)).await;
            self.entry.written(self.sent as u64);
            return Some(Ok(chunk));
        }
        self.closing += 1;
        match self.closing {
            1 => Some(Ok(self.chunk(&json!({}), Some("stop")))),
            2 if self.wants_usage => Some(Ok(json!({
                "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": self.model,
                "choices": [], "usage": self.usage(),
            })
            .to_string())),
            2 | 3 if self.closing == 2 + usize::from(self.wants_usage) => {
                self.entry.settle();
                Some(Ok("[DONE]".to_owned()))
            }
            _ => None,
        }
    }
}

fn busy(wait: Duration) -> Response<Body> {
    let mut response = refused(StatusCode::TOO_MANY_REQUESTS, "Rate limit reached.", "rate_limit_exceeded");
    let seconds = (wait.as_secs_f64().ceil() as u64).max(1);
    response.headers_mut().insert(RETRY_AFTER, seconds.into());
    response
}

fn refused(status: StatusCode, message: &str, kind: &str) -> Response<Body> {
    whole(status, &json!({ "error": { "message": message, "type": kind, "param": null, "code": kind } }))
}

fn whole(status: StatusCode, value: &Value) -> Response<Body> {
    let body = Full::new(Bytes::from(value.to_string())).map_err(|never| match never {});
    build(status, JSON, body)
}

fn build<B>(status: StatusCode, kind: &'static str, body: B) -> Response<Body>
where
    B: hyper::body::Body<Data = Bytes, Error = std::io::Error> + Send + 'static,
{
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

#[cfg(test)]
mod tests;
