//! The lines of standard input: one reader for all who want the next one, the conversation and actions that ask.

use std::io::{self, BufRead, IsTerminal};
use std::sync::Arc;

use ninefold::{Error, ErrorKind, Result};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// The most bytes of a line that are read.
const LONGEST: usize = 1 << 20;

/// The lines, in their order. Its clones are the same reader.
#[derive(Clone)]
pub(crate) struct Lines {
    lines: Arc<Mutex<Receiver<Result<String>>>>,
    terminal: bool,
}

impl Lines {
    /// Of standard input. They are read beside the runtime, which goes on while nobody writes.
    pub(crate) fn of_stdin() -> Self {
        let (sender, lines) = channel(1);
        std::thread::spawn(move || read(&mut io::stdin().lock(), &sender));
        Self { lines: Arc::new(Mutex::new(lines)), terminal: io::stdin().is_terminal() }
    }

    /// Whether a person writes them.
    pub(crate) fn are_typed(&self) -> bool {
        self.terminal
    }

    /// The next line, without its end; none after the last. Dropped before there is one, it takes none.
    pub(crate) async fn next(&self) -> Result<Option<String>> {
        self.lines.lock().await.recv().await.transpose()
    }
}

/// Reads to the end, as far as somebody wants it.
fn read(from: &mut impl BufRead, to: &Sender<Result<String>>) {
    loop {
        let line = line(from).transpose();
        let goes_on = matches!(line, Some(Ok(_)));
        let is_wanted = line.is_none_or(|line| to.blocking_send(line).is_ok());
        if !goes_on || !is_wanted {
            return;
        }
    }
}

/// The next line; none at the end. What is no UTF-8 in it is replaced.
fn line(from: &mut impl BufRead) -> Result<Option<String>> {
    let mut bytes = Vec::new();
    let unreadable = |error: io::Error| {
        Error::new(ErrorKind::Unavailable, format!("standard input cannot be read: {error}"))
            .hint("send the messages to it, a line each")
    };
    loop {
        let part = match from.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            part => part.map_err(unreadable)?,
        };
        if part.is_empty() {
            break;
        }
        let end = part.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(part.len(), |end| end + 1);
        // What is too long is cut, and the dialogue says so.
        let room = LONGEST.saturating_sub(bytes.len());
        bytes.extend(part.iter().take(end.unwrap_or(length).min(room)));
        from.consume(length);
        if end.is_some() {
            return Ok(Some(String::from_utf8_lossy(&bytes).trim_end_matches('\r').to_owned()));
        }
    }
    Ok((!bytes.is_empty()).then(|| String::from_utf8_lossy(&bytes).into_owned()))
}
