//! A reply as it comes: bytes are cut into events or lines, and those are read by the format.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use ninefold_core::{Delta, Error, ErrorKind, Reply, Result};
use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use smol_str::SmolStr;
use tokio::time::Instant;

use super::failure::Limit;
use super::lines::{Ends, Lines};
use super::server::Server;
use super::sse::Events;
use super::timer::Timer;
use super::transport::Limits;
use crate::wire::{Decode, Framing};

/// How long the end of a reply is held back for the connection to become free, so that the next call finds it open.
const LINGER: Duration = Duration::from_millis(100);

/// In which form a reply comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Framed(Framing),
    Whole,
}

impl Form {
    /// By the content type; `None` when it is neither of events nor of JSON.
    pub(super) fn of(headers: &HeaderMap, expected: Framing) -> Option<Self> {
        let Some(kind) = headers.get(CONTENT_TYPE) else { return Some(Self::Framed(expected)) };
        let kind = kind.to_str().ok()?.split(';').next()?.trim().to_ascii_lowercase();
        match kind.as_str() {
            "text/event-stream" => Some(Self::Framed(Framing::Events)),
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" | "application/json-seq" => {
                Some(Self::Framed(Framing::Lines))
            }
            "application/json" => Some(Self::Whole),
            _ => None,
        }
    }
}

/// Where the bytes come from.
pub(super) struct Source {
    pub(super) response: Response,
    pub(super) server: Arc<Server>,
    pub(super) timer: Timer,
}

enum Cutter {
    Events(Events),
    Lines(Lines),
    Whole(Vec<u8>),
}

struct Reading {
    source: Source,
    cutter: Cutter,
    decoder: Box<dyn Decode>,
    limits: Limits,
    /// When everything must be over.
    end: Instant,
    bytes: usize,
    /// What one chunk says; kept for its room.
    batch: Vec<Delta>,
    ready: VecDeque<Delta>,
    /// The end mark, held back until the connection is free.
    last: Option<Delta>,
    /// What went wrong behind what is ready.
    failed: Option<Error>,
    over: bool,
}

/// The reply that a source gives. Dropping it ends the call.
pub(super) fn reply(source: Source, form: Form, decoder: Box<dyn Decode>, limits: Limits, sent: Instant) -> Reply {
    let cutter = match form {
        Form::Framed(Framing::Events) => Cutter::Events(Events::new(limits.event_bytes)),
        Form::Framed(Framing::Lines) => Cutter::Lines(Lines::new(Ends::Lf, limits.event_bytes)),
        Form::Whole => Cutter::Whole(Vec::new()),
    };
    let reading = Box::new(Reading {
        source,
        cutter,
        decoder,
        limits,
        end: sent + limits.total,
        bytes: 0,
        batch: Vec::new(),
        ready: VecDeque::new(),
        last: None,
        failed: None,
        over: false,
    });
    Reply::stream(stream::unfold(reading, |mut reading| async move {
        let delta = reading.next().await?;
        Some((delta, reading))
    }))
}

impl Reading {
    async fn next(&mut self) -> Option<Result<Delta>> {
        loop {
            if let Some(delta) = self.ready.pop_front() {
                return Some(Ok(delta));
            }
            if let Some(error) = self.failed.take() {
                self.over = true;
                return Some(Err(self.source.server.naming(error, &self.request_id())));
            }
            if self.over {
                return None;
            }
            if let Some(last) = self.last.take() {
                self.linger().await;
                self.over = true;
                return Some(Ok(last));
            }
            let heard = self.hear().await;
            self.sort();
            if let Err(error) = heard
                && self.last.is_none()
            {
                self.failed = Some(error);
            }
        }
    }

    /// Reads a chunk, or the end.
    async fn hear(&mut self) -> Result<()> {
        let Source { response, server, timer } = &mut self.source;
        let (idle, end) = (self.limits.idle, self.end);
        let until = || end.min(Instant::now() + idle);
        let Some(chunk) = timer.within(until, response.chunk()).await? else {
            return Err(if self.end <= Instant::now() {
                server.too_slow(Limit::Total, self.limits.total)
            } else {
                server.too_slow(Limit::Idle, self.limits.idle)
            });
        };
        match chunk {
            Ok(Some(chunk)) => {
                self.bytes += chunk.len();
                if self.bytes > self.limits.reply_bytes {
                    return Err(server.too_much(self.limits.reply_bytes));
                }
                self.read(&chunk).map_err(|error| self.of_format(&error))
            }
            Ok(None) => self.finish(),
            Err(error) => {
                let error = server.of_reading(error);
                Err(match self.retry() {
                    Some(wait) => error.with_retry_after(wait),
                    None => error,
                })
            }
        }
    }

    fn read(&mut self, chunk: &[u8]) -> Result<()> {
        let Self { cutter, decoder, batch, .. } = self;
        match cutter {
            Cutter::Events(events) => events.push(chunk, &mut |name, data| event(decoder, batch, name, data)),
            Cutter::Lines(lines) => lines.push(chunk, &mut |line| event(decoder, batch, "", line)),
            Cutter::Whole(body) => {
                body.extend_from_slice(chunk);
                Ok(())
            }
        }
    }

    fn finish(&mut self) -> Result<()> {
        let Self { cutter, decoder, batch, .. } = self;
        let inside = match cutter {
            Cutter::Events(events) => events.is_inside(),
            Cutter::Lines(lines) => lines.is_inside(),
            Cutter::Whole(_) => false,
        };
        let read = match cutter {
            Cutter::Events(events) => events.finish(&mut |name, data| event(decoder, batch, name, data)),
            Cutter::Lines(lines) => lines.finish(&mut |line| event(decoder, batch, "", line)),
            Cutter::Whole(body) => match std::str::from_utf8(body) {
                Ok(text) => decoder.whole(text, batch),
                Err(_) => Err(Error::new(ErrorKind::MalformedReply, "the reply is not UTF-8 text")),
            },
        };
        match read {
            // What is cut off in the middle cannot be read; the cut is what went wrong.
            Err(error) if inside && error.kind() == ErrorKind::MalformedReply => {
                return Err(self.source.server.broke_off());
            }
            Err(error) => return Err(self.of_format(&error)),
            Ok(()) => {}
        }
        if !has_ended(batch) {
            self.decoder.end(&mut self.batch).map_err(|error| self.of_format(&error))?;
        }
        // Without an end mark whoever collects the reply says that it broke off.
        self.over = !has_ended(&self.batch);
        Ok(())
    }

    /// Moves what was read to where it is taken from, and holds the end mark back.
    fn sort(&mut self) {
        for delta in self.batch.drain(..) {
            match delta {
                Delta::End(_) => self.last = Some(delta),
                delta => self.ready.push_back(delta),
            }
        }
    }

    /// Waits for the connection to be free.
    async fn linger(&mut self) {
        let Source { response, timer, .. } = &mut self.source;
        let read_rest = async {
            let mut room = 64 << 10;
            while let Ok(Some(chunk)) = response.chunk().await {
                room -= chunk.len().min(room);
                if room == 0 {
                    break;
                }
            }
        };
        // Whatever comes of it, the reply is whole.
        let _ = timer.within(|| Instant::now() + LINGER, read_rest).await;
    }

    fn of_format(&self, error: &Error) -> Error {
        self.source.server.of_format(error, &self.request_id())
    }

    fn request_id(&self) -> SmolStr {
        self.source.server.request_id(self.source.response.headers())
    }

    fn retry(&self) -> Option<Duration> {
        match &self.cutter {
            Cutter::Events(events) => events.retry(),
            Cutter::Lines(_) | Cutter::Whole(_) => None,
        }
    }
}

fn has_ended(batch: &[Delta]) -> bool {
    matches!(batch.last(), Some(Delta::End(_)))
}

/// Gives one event to the decoder; what stands behind the end is not read.
fn event(decoder: &mut Box<dyn Decode>, batch: &mut Vec<Delta>, name: &str, data: &str) -> Result<()> {
    if has_ended(batch) || (name.is_empty() && data.trim().is_empty()) {
        return Ok(());
    }
    decoder.event(name, data, batch)
}
