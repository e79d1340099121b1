//! Server-sent events out of chunks of bytes, as the HTML standard reads them
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>), with bounds: a line, and all
//! data of one event together, have a limit. Text that is no UTF-8 is an error instead of being replaced.

use std::time::Duration;

use ninefold_core::Result;

use super::lines::{Ends, Lines, too_long};

/// Reads a stream of events.
#[derive(Debug)]
pub(super) struct Events {
    lines: Lines,
    event: Event,
}

/// The event whose lines are coming.
#[derive(Debug, Default)]
struct Event {
    name: String,
    data: String,
    has_data: bool,
    limit: usize,
    retry: Option<Duration>,
}

/// Takes an event: its name, which may be empty, and its data.
pub(super) type Take<'a> = dyn FnMut(&str, &str) -> Result<()> + 'a;

impl Events {
    /// Events of at most `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { lines: Lines::new(Ends::Any, limit), event: Event { limit, ..Event::default() } }
    }

    /// Hands every event that ends in this chunk to `take`.
    ///
    /// # Errors
    /// `TooLong` past the limit, `MalformedReply` for what is no UTF-8, and what `take` says.
    pub(super) fn push(&mut self, chunk: &[u8], take: &mut Take<'_>) -> Result<()> {
        let Self { lines, event } = self;
        lines.push(chunk, &mut |line| event.line(line, take))
    }

    /// The stream has ended. The standard drops an event without the empty line at its end; servers exist that leave that
    /// out after the last one, so it is handed on.
    ///
    /// # Errors
    /// As [`Events::push`].
    pub(super) fn finish(&mut self, take: &mut Take<'_>) -> Result<()> {
        let Self { lines, event } = self;
        lines.finish(&mut |line| event.line(line, take))?;
        event.line("", take)
    }

    /// Whether an event has begun and not ended.
    pub(super) fn is_inside(&self) -> bool {
        self.lines.is_inside() || self.event.has_data
    }

    /// How long to wait before a new connection, as the server asked.
    pub(super) fn retry(&self) -> Option<Duration> {
        self.event.retry
    }
}

impl Event {
    fn line(&mut self, line: &str, take: &mut Take<'_>) -> Result<()> {
        if line.is_empty() {
            let taken = if self.has_data { take(&self.name, &self.data) } else { Ok(()) };
            self.name.clear();
            self.data.clear();
            self.has_data = false;
            return taken;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if self.data.len() + value.len() >= self.limit {
                    return Err(too_long(self.limit));
                }
                if self.has_data {
                    self.data.push('\n');
                }
                self.has_data = true;
                self.data.push_str(value);
            }
            "event" => value.clone_into(&mut self.name),
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.retry = value.parse().ok().map(Duration::from_millis);
            }
            // Comments have an empty name; ids mean nothing to a reply that cannot be asked for again.
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ninefold_core::ErrorKind;
    use proptest::prelude::*;

    use super::*;

    fn read<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<(String, String)>> {
        let (mut events, mut seen) = (Events::new(64), Vec::new());
        let mut take = |name: &str, data: &str| {
            seen.push((name.to_owned(), data.to_owned()));
            Ok(())
        };
        for chunk in chunks {
            events.push(chunk, &mut take)?;
        }
        events.finish(&mut take)?;
        Ok(seen)
    }

    fn one(text: &str) -> Vec<(String, String)> {
        read([text.as_bytes()]).unwrap()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(name, data)| ((*name).to_owned(), (*data).to_owned())).collect()
    }

    #[test]
    fn the_examples_of_the_standard() {
        assert_eq!(one("data: YHOO\ndata: +2\ndata: 10\n\n"), pairs(&[("", "YHOO\n+2\n10")]));
        assert_eq!(
            one(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"),
            pairs(&[("", "first event"), ("", "second event"), ("", " third event")])
        );
        assert_eq!(one("data\n\ndata\ndata\n\n"), pairs(&[("", ""), ("", "\n")]));
        assert_eq!(one("data:test\n\ndata: test\n\n"), pairs(&[("", "test"), ("", "test")]));
    }

    #[test]
    fn line_ends_marks_names_and_strangers() {
        let expected = pairs(&[("delta", "ä"), ("", "b")]);
        for text in [
            "event: delta\ndata: ä\n\ndata: b\n\n",
            "event: delta\r\ndata: ä\r\n\r\ndata: b\r\n\r\n",
            "event: delta\rdata: ä\r\rdata: b\r\r",
            "\u{feff}event: delta\ndata: ä\n\n: ping\n\nother: x\nevent: lost\n\ndata: b",
        ] {
            assert_eq!(one(text), expected, "{text:?}");
        }
        assert_eq!(one("data: \u{feff}a\n\n"), pairs(&[("", "\u{feff}a")]), "only the first character is a mark");
    }

    #[test]
    fn what_a_server_asks_to_wait_is_kept() {
        let mut events = Events::new(64);
        events.push(b"retry: 1500\nretry: soon\nretry:\n\n", &mut |_, _| Ok(())).unwrap();
        assert_eq!(events.retry(), Some(Duration::from_millis(1500)));
    }

    #[test]
    fn lines_and_events_are_bounded() {
        let long = format!("data: {}\n\n", "x".repeat(70));
        assert_eq!(read([long.as_bytes()]).unwrap_err().kind(), ErrorKind::TooLong);
        let endless = std::iter::repeat_n(&b"xxxxxxxxxx"[..], 1_000_000);
        assert_eq!(read(endless).unwrap_err().kind(), ErrorKind::TooLong);
        let many = std::iter::repeat_n(&b"data: xxxxxxxxxx\n"[..], 1_000_000);
        assert_eq!(read(many).unwrap_err().kind(), ErrorKind::TooLong);
        let empty = std::iter::repeat_n(&b"data\n"[..], 1_000_000);
        assert_eq!(read(empty).unwrap_err().kind(), ErrorKind::TooLong);
        let comments = std::iter::repeat_n(&b": ping\n\n"[..], 1_000);
        assert_eq!(read(comments).unwrap(), []);
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for bytes in [&b"data: \xff\n\n"[..], b"data: \xc3\n\n", b"\xfe\xff\n"] {
            assert_eq!(read([bytes]).unwrap_err().kind(), ErrorKind::MalformedReply);
        }
    }

    /// Streams made of what matters to the parser.
    fn streams() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "data",
            "data:",
            "data: ",
            "event: ",
            "id: 1",
            "retry: 5",
            ":",
            " ",
            "\n",
            "\r",
            "\r\n",
            "\n\n",
            "\u{feff}",
            "ä",
            "🙂",
            "{\"a\":1}",
        ]);
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn every_split_gives_the_same_events(text in streams(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
            let bytes = text.as_bytes();
            let whole = read([bytes]);
            let same = |other: Result<Vec<(String, String)>>| match (&whole, other) {
                (Ok(left), Ok(right)) => *left == right,
                (Err(left), Err(right)) => left.kind() == right.kind(),
                _ => false,
            };
            for at in 0..=bytes.len() {
                let (left, right) = bytes.split_at(at);
                prop_assert!(same(read([left, right])), "cut at {at}");
            }
            prop_assert!(same(read(bytes.chunks(1))), "byte by byte");
            let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            places.sort_unstable();
            places.push(bytes.len());
            let mut from = 0;
            let chunks = places.into_iter().map(|to| &bytes[std::mem::replace(&mut from, to)..to]);
            prop_assert!(same(read(chunks)), "cut at random");
        }

        #[test]
        fn anything_at_all_is_an_event_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(bytes.chunks(7));
        }
    }
}
