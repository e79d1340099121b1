//! Text of strangers (models, files, names) as a terminal may be shown it: nothing in it steers the terminal or hides what stands
//! around it.

use std::borrow::Cow;

/// The text with tabs as spaces; control characters and those that turn the direction of writing around are marks.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| c.is_control() && c != '\n' || turns(c)) {
        return text.into();
    }
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => clean.push_str("    "),
            '\r' => {}
            '\n' => clean.push('\n'),
            c if c.is_control() || turns(c) => clean.push('\u{fffd}'),
            c => clean.push(c),
        }
    }
    clean.into()
}

/// The text in one line, for names: what would steer the terminal, begin a line or cannot be seen is a mark.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_invisible(c) { '\u{fffd}' } else { c }).collect()
}

/// Embeddings, overrides and isolates: they hold until something ends them, so one text could turn around the next.
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters that reorder or hide what stands around them: in a name they could make one file look like another.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_cannot_steer_the_terminal() {
        assert_eq!(plain("a\u{1b}[31m\tb\r\nc\u{7}\u{9b}"), "a\u{fffd}[31m    b\nc\u{fffd}\u{fffd}");
        assert_eq!(plain("a\u{202e}b\u{2066}c"), "a\u{fffd}b\u{fffd}c");
        assert!(matches!(plain("as it is\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_name_stays_in_its_line() {
        assert_eq!(one_line("a\nb\u{1b}[2J\u{202e}c\u{200b}.md"), "a\u{fffd}b\u{fffd}[2J\u{fffd}c\u{fffd}.md");
    }
}
