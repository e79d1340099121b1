//! A few lines of a passage, with the words that were looked for.

use ninefold::core::terms::for_each_term;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::print::plain;

/// A line of a snippet: pieces of text, and whether each is a word that was looked for.
pub(crate) type Pieces = Vec<(String, bool)>;

/// The `most` lines of `text` in a row that hold most of the terms, weighed; lines are cut at `columns`. `terms` are in
/// the form of an index, with their weights.
pub(crate) fn snippet(text: &str, terms: &[(&str, f32)], most: usize, columns: usize) -> Vec<Pieces> {
    let text = plain(text);
    let lines: Vec<(&str, f32)> = text.lines().map(|line| (line, weight(line, terms))).collect();
    let value = |from: usize| lines.iter().skip(from).take(most).map(|(_, weight)| weight).sum::<f32>();
    let is_empty = |line: &(&str, f32)| line.0.trim().is_empty();
    let mut best = lines.iter().position(|line| !is_empty(line)).unwrap_or(0);
    for (from, line) in lines.iter().enumerate() {
        // The later of equal windows begins with a line that counts rather than with what stands before it.
        let better =
            value(from) > value(best) || (value(from) >= value(best) && lines.get(best).is_some_and(|b| b.1 == 0.0));
        if line.1 > 0.0 && better {
            best = from;
        }
    }
    let shown: Vec<&str> = lines.iter().skip(best).take(most).map(|(line, _)| line.trim_end()).collect();
    let indent = shown.iter().filter(|line| !line.is_empty()).map(|line| line.len() - line.trim_start().len()).min();
    let shown = shown.into_iter().map(|line| line.get(indent.unwrap_or(0)..).unwrap_or_default());
    shown.filter(|line| !line.is_empty()).map(|line| pieces(line, terms, columns)).collect()
}

fn weight(line: &str, terms: &[(&str, f32)]) -> f32 {
    let mut found = vec![false; terms.len()];
    for_each_term(line, |term| {
        if let Some(found) = terms.iter().position(|(known, _)| *known == term).and_then(|n| found.get_mut(n)) {
            *found = true;
        }
    });
    terms.iter().zip(found).filter(|(_, found)| *found).map(|((_, weight), _)| weight).sum()
}

/// A line in pieces, cut to so many columns around the first word that was looked for.
fn pieces(line: &str, terms: &[(&str, f32)], columns: usize) -> Pieces {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut pieces: Pieces = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| is_word(c) != is_word(first)).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        let matched = is_word(first) && weight(piece, terms) > 0.0;
        match pieces.last_mut() {
            Some((text, false)) if !matched => text.push_str(piece),
            _ => pieces.push((piece.to_owned(), matched)),
        }
        rest = after;
    }
    cut(pieces, columns)
}

const CUT: &str = "…";

fn cut(pieces: Pieces, columns: usize) -> Pieces {
    if pieces.iter().map(|(text, _)| text.width()).sum::<usize>() <= columns {
        return pieces;
    }
    let mut left = columns.saturating_sub(2);
    let mut shown = Pieces::new();
    let matched = pieces.iter().position(|(_, matched)| *matched);
    let before: usize = pieces.iter().take(matched.unwrap_or(0)).map(|(text, _)| text.width()).sum();
    // What was looked for is shown, with some of what stands before it.
    let mut skip = if before + 24 > left { before.saturating_sub(left / 4) } else { 0 };
    if skip > 0 {
        shown.push((CUT.to_owned(), false));
    }
    for (text, matched) in pieces {
        let mut kept = String::new();
        for c in text.chars() {
            let width = c.width().unwrap_or(0);
            if skip > 0 {
                skip = skip.saturating_sub(width);
            } else if width <= left {
                left -= width;
                kept.push(c);
            } else {
                shown.push((kept, matched));
                shown.push((CUT.to_owned(), false));
                return shown;
            }
        }
        if !kept.is_empty() {
            shown.push((kept, matched));
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(lines: Vec<Pieces>) -> Vec<String> {
        let mark = |(text, matched): (String, bool)| if matched { format!("[{text}]") } else { text };
        lines.into_iter().map(|pieces| pieces.into_iter().map(mark).collect()).collect()
    }

    const TERMS: [(&str, f32); 2] = [("tulip", 2.0), ("bloom", 1.0)];

    #[test]
    fn the_lines_that_hold_most_are_shown() {
        let text = "# Garden\n\nThe roses bloom in May.\n\n    Tulips: they bloom\n    in April.\nMore.";
        assert_eq!(marked(snippet(text, &TERMS, 2, 80)), ["[Tulips]: they [bloom]", "in April."]);
        assert_eq!(marked(snippet("\n\nnothing of it\n", &TERMS, 2, 80)), ["nothing of it"]);
        assert!(snippet("", &TERMS, 2, 80).is_empty());
    }

    #[test]
    fn a_long_line_is_cut_around_what_was_looked_for() {
        let text = format!("{} tulips {}", "before ".repeat(30), "after ".repeat(30));
        let shown = marked(snippet(&text, &TERMS, 1, 40));
        assert!(shown[0].starts_with('…') && shown[0].ends_with('…') && shown[0].contains("[tulips]"), "{shown:?}");
        for columns in 0..60 {
            let width = |pieces: &Pieces| pieces.iter().map(|(text, _)| text.width()).sum::<usize>();
            let wide = snippet(&"検索 tulips ".repeat(20), &TERMS, 1, columns);
            assert!(wide.iter().all(|pieces| width(pieces) <= columns.max(2)), "{columns}");
        }
    }

    #[test]
    fn nothing_steers_the_terminal() {
        let shown = marked(snippet("a tulip\u{1b}[31m\u{7}", &TERMS, 1, 80));
        assert_eq!(shown, ["a [tulip]\u{fffd}[31m\u{fffd}"]);
    }
}
