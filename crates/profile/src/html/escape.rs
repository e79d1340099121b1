//! Names in markup and in the embedded data: text that comes from hosts and models, and must do no more than be read.

use std::fmt::{self, Write as _};

/// The longest name that is shown in full, in characters.
const LONGEST: usize = 200;

/// A name as text in HTML, within an element or a quoted attribute.
pub(super) struct Text<'a>(pub(super) &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in shown(self.0).chars() {
            match c {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                _ => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// JSON within `<script>`. What it replaces stands in JSON only within strings, where `\u` says the same: nothing can
/// end the element or begin a comment in it, and older readers of JavaScript see no line end.
pub(super) struct Embedded<'a>(pub(super) &'a str);

impl fmt::Display for Embedded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => write!(f, "\\u{:04x}", u32::from(c))?,
                _ => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// `text` without characters that steer rather than say something, and not endless.
pub(super) fn shown(text: &str) -> String {
    let visible = |c: char| if steers(c) { '\u{fffd}' } else { c };
    let mut shown: String = text.chars().take(LONGEST).map(visible).collect();
    let length = text.chars().count();
    if length > LONGEST {
        shown.push_str(&format!("… ({length} characters)"));
    }
    shown
}

/// Control characters, line ends, and the marks of Unicode's bidirectional algorithm (UAX #9, section 2) that reorder
/// the text around them.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{61c}' | '\u{200e}' | '\u{200f}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markup_is_text() {
        let text = Text("</title><img src=x onerror='alert(1)'> & \"q\"").to_string();
        assert_eq!(text, "&lt;/title&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt; &amp; &quot;q&quot;");
    }

    #[test]
    fn what_steers_is_replaced() {
        assert_eq!(shown("a\u{0}b\n\u{202e}c\u{2066}d\u{7f}"), "a\u{fffd}b\u{fffd}\u{fffd}c\u{fffd}d\u{fffd}");
        assert_eq!(shown("計算 é شبكة 👩‍🔬"), "計算 é شبكة 👩‍🔬");
    }

    #[test]
    fn long_names_are_cut_with_their_length() {
        let text = shown(&"é".repeat(100_000));
        assert_eq!(text.chars().filter(|c| *c == 'é').count(), 200);
        assert!(text.ends_with("é… (100000 characters)"));
        assert_eq!(shown(&"x".repeat(200)), "x".repeat(200));
    }

    #[test]
    fn data_cannot_leave_its_element() {
        let json = serde_json::to_string("</script><!--<script>&\u{2028}\u{2029}").unwrap_or_default();
        let embedded = Embedded(&json).to_string();
        assert_eq!(embedded, r#""\u003c/script\u003e\u003c!--\u003cscript\u003e\u0026\u2028\u2029""#);
    }

    proptest! {
        #[test]
        fn embedded_json_says_the_same(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap_or_default();
            let embedded = Embedded(&json).to_string();
            let ends = embedded.contains(['<', '>', '&', '\u{2028}', '\u{2029}']);
            prop_assert!(!ends);
            prop_assert_eq!(serde_json::from_str::<String>(&embedded).ok(), Some(text));
        }

        #[test]
        fn no_name_adds_markup(text in any::<String>()) {
            prop_assert!(!Text(&text).to_string().contains(['<', '>', '"', '\'', '\n', '\0']));
        }
    }
}
