//! Lines out of chunks of bytes that are cut anywhere, also inside of a character.

use memchr::{memchr, memchr2};
use ninefold_core::{Error, ErrorKind, Result};

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// CR, LF or both together: server-sent events.
    Any,
    /// LF: JSON lines, in which a CR is white space.
    Lf,
}

/// Cuts bytes into lines of bounded length.
#[derive(Debug)]
pub(super) struct Lines {
    /// The beginning of a line whose end has not come.
    partial: Vec<u8>,
    ends: Ends,
    /// A CR was the last byte: an LF that follows belongs to it.
    after_cr: bool,
    /// No line has come yet: a byte order mark may stand before it.
    first: bool,
    limit: usize,
}

impl Lines {
    pub(super) fn new(ends: Ends, limit: usize) -> Self {
        Self { partial: Vec::new(), ends, after_cr: false, first: true, limit }
    }

    /// Hands every line that ends in this chunk to `take`, without its end.
    ///
    /// # Errors
    /// `TooLong` for a line past the limit, `MalformedReply` for one that is no UTF-8, and what `take` says.
    pub(super) fn push(&mut self, mut chunk: &[u8], take: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
        while !chunk.is_empty() {
            if self.after_cr {
                self.after_cr = false;
                if let Some(rest) = chunk.strip_prefix(b"\n") {
                    chunk = rest;
                    continue;
                }
            }
            let found = match self.ends {
                Ends::Any => memchr2(b'\r', b'\n', chunk),
                Ends::Lf => memchr(b'\n', chunk),
            };
            let (piece, rest) = chunk.split_at(found.unwrap_or(chunk.len()));
            if self.partial.len() + piece.len() > self.limit {
                return Err(too_long(self.limit));
            }
            let Some((end, rest)) = rest.split_first() else {
                self.partial.extend_from_slice(piece);
                return Ok(());
            };
            self.after_cr = *end == b'\r';
            chunk = rest;
            if self.partial.is_empty() {
                Self::line(&mut self.first, piece, take)?;
            } else {
                self.partial.extend_from_slice(piece);
                Self::line(&mut self.first, &self.partial, take)?;
                self.partial.clear();
            }
        }
        Ok(())
    }

    /// Hands on what stands after the last end.
    ///
    /// # Errors
    /// As [`Lines::push`].
    pub(super) fn finish(&mut self, take: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
        let rest = std::mem::take(&mut self.partial);
        if rest.is_empty() { Ok(()) } else { Self::line(&mut self.first, &rest, take) }
    }

    /// Whether a line has begun and not ended.
    pub(super) fn is_inside(&self) -> bool {
        !self.partial.is_empty()
    }

    fn line(first: &mut bool, line: &[u8], take: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
        let marked = std::mem::take(first).then(|| line.strip_prefix(b"\xef\xbb\xbf")).flatten();
        let text = std::str::from_utf8(marked.unwrap_or(line))
            .map_err(|_| Error::new(ErrorKind::MalformedReply, "the reply is not UTF-8 text"))?;
        take(text)
    }
}

/// The error of a line or an event past the limit.
pub(super) fn too_long(limit: usize) -> Error {
    Error::new(ErrorKind::TooLong, format!("an event of the reply has more than {limit} bytes"))
        .hint("raise Limits::event_bytes if the server is to be trusted with more")
}
