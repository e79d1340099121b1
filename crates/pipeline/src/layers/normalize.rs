//! The normalization layer: text as it came to text that the phases can rely on. Language-neutral: it changes how
//! characters are written, never which words are there.
//!
//! Afterwards the text is in Unicode normalization form C; has no control characters, no invisible format characters that
//! could hide or reorder text (bidirectional overrides, zero-width spaces, tags), no white space other than single
//! spaces and single line feeds, and none at either end; and is neither empty nor larger than the limit. Joiners
//! that emoji and Indic scripts need stay.

use std::borrow::Cow;

use ninefold_core::{Error, ErrorKind, Result};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The most bytes of a question, unless configured otherwise.
pub const MAX_QUESTION_BYTES: usize = 64 * 1024;

/// Normalizes a question of at most `limit` bytes.
///
/// # Errors
/// `TooLong` above the limit; `InvalidInput` when nothing is left.
pub fn normalize(text: &str, limit: usize) -> Result<String> {
    check_size(text, limit)?;
    // What is hidden goes first: it can stand between a letter and its accent.
    let shown = || text.chars().filter(|c| !is_hidden(*c));
    let composed: Cow<'_, str> = if text.is_ascii() {
        // Nothing of it is hidden, and all of it is composed.
        text.into()
    } else {
        match is_nfc_quick(shown()) {
            IsNormalized::Yes => shown().collect(),
            IsNormalized::No | IsNormalized::Maybe => shown().nfc().collect(),
        }
    };
    let mut clean = String::with_capacity(composed.len());
    let mut gap = None;
    for c in composed.chars() {
        if c.is_whitespace() || c.is_control() {
            let line = matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}') || gap == Some('\n');
            gap = Some(if line { '\n' } else { ' ' });
            continue;
        }
        if let Some(space) = gap.take()
            && !clean.is_empty()
        {
            clean.push(space);
        }
        clean.push(c);
    }
    if clean.is_empty() {
        return Err(Error::new(ErrorKind::InvalidInput, "the question is empty").hint("ask something"));
    }
    // Composing can make a text longer: some characters have no composed form of their own.
    check_size(&clean, limit)?;
    Ok(clean)
}

fn check_size(text: &str, limit: usize) -> Result<()> {
    if text.len() <= limit {
        return Ok(());
    }
    let what = format!("the question has {} bytes, the limit is {limit}", text.len());
    Err(Error::new(ErrorKind::TooLong, what).hint("ask a shorter question, and put long texts into the store"))
}

/// Whether a character shows nothing and can hide or reorder what is around it.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clean(text: &str) -> String {
        normalize(text, MAX_QUESTION_BYTES).unwrap()
    }

    #[test]
    fn spaces_and_controls() {
        assert_eq!(clean("  What\tis\u{0}\u{7}  it?\r\n\n \nAnd why? "), "What is it?\nAnd why?");
        assert_eq!(clean("\u{feff}a\u{200b}b\u{202e}c\u{e0041}"), "abc");
        for hidden in ["", "\u{200b}", "\u{34f}", "\u{ad}"] {
            assert_eq!(clean(&format!("cafe{hidden}\u{301}")), "caf\u{e9}");
        }
    }

    #[test]
    fn other_scripts_stay_as_they_are() {
        for text in ["מה זה?", "これは何ですか？", "👩‍👩‍👧 ok", "क्षत्रिय"] {
            assert_eq!(clean(text), text);
        }
    }

    #[test]
    fn too_much_and_nothing() {
        let error = |text: &str| normalize(text, 10).unwrap_err();
        assert_eq!(error("12345678901").kind(), ErrorKind::TooLong);
        assert_eq!(error("12345678901").message(), "the question has 11 bytes, the limit is 10");
        assert_eq!(error("\u{958}\u{958}").kind(), ErrorKind::TooLong, "6 bytes, which compose to 12");
        assert_eq!(error("").kind(), ErrorKind::InvalidInput);
        assert_eq!(error(" \n\0 \u{200b}").kind(), ErrorKind::InvalidInput);
    }

    proptest! {
        #[test]
        fn normalizing_twice_changes_nothing(text in any::<String>()) {
            if let Ok(once) = normalize(&text, MAX_QUESTION_BYTES) {
                prop_assert_eq!(&normalize(&once, MAX_QUESTION_BYTES).unwrap(), &once);
                prop_assert!(!once.chars().any(|c| c.is_control() && c != '\n' || is_hidden(c)));
            }
        }
    }
}
