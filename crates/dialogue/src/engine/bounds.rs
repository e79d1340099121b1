//! How much a step may put into a conversation. What is in it is written, and read again when the conversation goes on elsewhere.

use std::io::{self, Write};

use ninefold_core::{Error, ErrorKind};
use serde::Serialize;

/// The most bytes, as JSON, that an action returns for its outputs, or that a step gives a slot.
pub const MOST_VALUE: usize = 262_144;
/// The most bytes of one text that is said.
pub const MOST_TEXT: usize = 65_536;
/// The most bytes that are said in one turn.
pub const MOST_SAID: usize = 262_144;
/// The most characters of what is told of a step or a failure.
const MOST_TOLD: usize = 1_000;

/// Takes bytes away from what is left, until nothing is.
struct Left(usize);

impl Write for Left {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Refuses what has more than [`MOST_VALUE`] bytes as JSON, and says so: "more than ... bytes".
pub(super) fn value(value: &impl Serialize) -> Result<(), String> {
    serde_json::to_writer(Left(MOST_VALUE), value).map_err(|_| format!("more than {MOST_VALUE} bytes"))
}

/// Refuses a text of the host's that is too long to be said.
///
/// # Errors
/// `TooLong`.
pub(super) fn text(who: &str, text: &str) -> ninefold_core::Result<()> {
    if text.len() <= MOST_TEXT {
        return Ok(());
    }
    let what = format!("{who} answered with {} bytes, and at most {MOST_TEXT} are said", text.len());
    Err(Error::new(ErrorKind::TooLong, what).hint("answer shorter, or with where to read it"))
}

/// What is told of a step or a failure, without what is too much of it.
pub(super) fn told(what: String) -> String {
    match what.char_indices().nth(MOST_TOLD) {
        Some(_) => what.chars().take(MOST_TOLD).chain(['…']).collect(),
        None => what,
    }
}
