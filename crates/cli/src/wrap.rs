//! Text in lines that fit the terminal.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How far quoted code is indented.
const CODE: &str = "    ";

/// Breaks lines at spaces so that none takes more than `columns`, as far as words allow. A line that fits stays as it
/// is, and so does code; the rest of one that does not keeps its indentation.
pub(crate) fn wrap(text: &str, columns: usize) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for line in text.lines() {
        wrap_line(line, columns, &mut out);
        out.push('\n');
    }
    out
}

fn wrap_line(line: &str, columns: usize, out: &mut String) {
    if line.width() <= columns || line.starts_with(CODE) {
        out.push_str(line.trim_end());
        return;
    }
    let words = line.trim_start_matches(' ');
    let indent: String = line.chars().take_while(|c| *c == ' ').collect();
    // An indentation that leaves no room is given up.
    let indent = if indent.len() * 2 > columns { "" } else { &indent };
    out.push_str(indent);
    let mut used = indent.len();
    let mut first = true;
    for word in words.split(' ') {
        let width = word.width();
        if !first && used + 1 + width > columns {
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
            out.push_str(indent);
            used = indent.len();
        } else if !first {
            out.push(' ');
            used += 1;
        }
        first = false;
        used += place(word, columns, used, indent, out);
    }
    out.truncate(out.trim_end_matches(' ').len());
}

/// Writes a word; one of a script without spaces is broken where the line is full, so that it is not cut elsewhere.
/// Returns by how much the line has grown.
fn place(word: &str, columns: usize, used: usize, indent: &str, out: &mut String) -> usize {
    if word.is_ascii() || used + word.width() <= columns {
        out.push_str(word);
        return word.width();
    }
    let mut at = used;
    for c in word.chars() {
        let width = c.width().unwrap_or(0);
        if at + width > columns && at > indent.len() {
            out.push('\n');
            out.push_str(indent);
            at = indent.len();
        }
        out.push(c);
        at += width;
    }
    at.saturating_sub(used)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_spaces() {
        assert_eq!(wrap("one two three four", 9), "one two\nthree\nfour\n");
        assert_eq!(wrap("fits\n\nas it is", 9), "fits\n\nas it is\n");
        assert_eq!(wrap("  let x = some_call(argument);", 16), "  let x =\n  some_call(argument);\n");
        assert_eq!(wrap("https://example.org/a/very/long/path", 10), "https://example.org/a/very/long/path\n");
        assert_eq!(wrap("    let x = some_call(argument);", 16), "    let x = some_call(argument);\n");
        assert_eq!(wrap("", 10), "");
    }

    #[test]
    fn columns_are_counted_not_characters() {
        assert_eq!(wrap("検索 検索 検索", 9), "検索 検索\n検索\n");
        assert_eq!(wrap("全ての文書を検索する", 8), "全ての文\n書を検索\nする\n");
        for columns in 1..30 {
            let text = "Wie 検索 läuft 👩‍👩‍👧 und   warum? عربي  全ての文書を検索する";
            let squeezed = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            assert_eq!(squeezed(&wrap(text, columns)), squeezed(text));
        }
    }
}
