//! The question: from the command line or from standard input, checked before anything is indexed for it.

use std::io::{self, IsTerminal, Read};

use ninefold::pipeline::layers::normalize::{MAX_QUESTION_BYTES, normalize};
use ninefold::{Error, ErrorKind, Result};

/// The question made of these words; `-` alone reads standard input.
pub(crate) fn question(words: &[String]) -> Result<String> {
    let question = if words == ["-"] { from_stdin()? } else { words.join(" ") };
    normalize(&question, MAX_QUESTION_BYTES)?;
    Ok(question)
}

fn from_stdin() -> Result<String> {
    let stdin = io::stdin().lock();
    if stdin.is_terminal() {
        crate::exit::tell("The question, then Ctrl-D:\n");
    }
    read(stdin)
}

fn read(from: impl Read) -> Result<String> {
    let mut bytes = Vec::new();
    from.take(MAX_QUESTION_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|error| {
        Error::new(ErrorKind::Unavailable, format!("standard input cannot be read: {error}"))
            .hint("give the question on the command line")
    })?;
    if bytes.len() > MAX_QUESTION_BYTES {
        let what = format!("the question on standard input has more than {MAX_QUESTION_BYTES} bytes, the limit");
        return Err(Error::new(ErrorKind::TooLong, what).hint("ask a shorter question, and put long texts into files"));
    }
    String::from_utf8(bytes).map_err(|_| {
        Error::new(ErrorKind::InvalidInput, "the question on standard input is not UTF-8 text")
            .hint("convert it, for example with iconv")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_input_is_bounded_and_must_be_text() {
        assert_eq!(read("Why?\n".as_bytes()).unwrap(), "Why?\n");
        assert_eq!(read(io::repeat(b'a')).unwrap_err().kind(), ErrorKind::TooLong);
        assert_eq!(read(&b"\xff\xfe"[..]).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(read("a".repeat(MAX_QUESTION_BYTES).as_bytes()).unwrap().len(), MAX_QUESTION_BYTES);
    }

    #[test]
    fn an_empty_question_is_refused_at_once() {
        let refused = question(&["  ".to_owned()]).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        assert_eq!(question(&["Why".to_owned(), "not?".to_owned()]).unwrap(), "Why not?");
    }
}
