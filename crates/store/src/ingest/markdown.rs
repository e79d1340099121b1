//! Markdown cut at its headings.

use std::ops::Range;

use ninefold_core::RelationKind;

use super::lines::Lines;
use super::names::{Named, linked, mentioned};
use super::split::{Piece, TEXT_MAX, title};

/// Bytes that the paragraphs of a long section are packed to, and the most of one chunk.
const TARGET: usize = 1_200;
pub(super) const MAX: usize = TEXT_MAX;

/// What a line is to the outline.
#[derive(Clone, Copy, PartialEq)]
enum Mark<'a> {
    Heading {
        level: usize,
        text: &'a str,
    },
    /// Inside a fenced block of code or the front matter, where blank lines separate nothing.
    Inside,
    /// The line that opens a fenced block.
    Fence,
    /// A row of a table.
    Row,
    Plain,
}

/// The sections with their heading paths, and the names that their text mentions. A heading without text of its own goes
/// with the section below it.
pub(super) fn pieces(lines: &Lines<'_>) -> (Vec<Piece>, Vec<Named>) {
    let marks = marks(lines);
    let mark = |n: usize| marks.get(n).copied().unwrap_or(Mark::Plain);
    let mut pieces = Vec::new();
    let mut path: Vec<(usize, &str)> = Vec::new();
    let mut start = 0;
    let mut only_headings = true;
    for n in 0..lines.count() {
        if let Mark::Heading { level, text } = mark(n) {
            if !only_headings {
                section(lines, start..n, &path, mark, &mut pieces);
                start = n;
            }
            only_headings = true;
            path.retain(|&(above, _)| above < level);
            path.push((level, text));
        } else if !lines.is_blank(n) && !is_underline(lines, n, mark) {
            only_headings = false;
        }
    }
    section(lines, start..lines.count(), &path, mark, &mut pieces);
    let prose = (0..lines.count()).filter(|&n| !matches!(mark(n), Mark::Inside | Mark::Fence));
    (pieces, prose.flat_map(|n| mentions(lines, n)).collect())
}

/// The names in code spans and the files behind links of a line.
fn mentions(lines: &Lines<'_>, n: usize) -> Vec<Named> {
    let (line, start) = (lines.line(n), lines.bytes(&(n..n + 1)).start);
    let mut names = Vec::new();
    mentioned(line, |at, name| names.push(Named::refers(start + at, RelationKind::Mentions, name)));
    linked(line, |at, name| names.push(Named::refers(start + at, RelationKind::Mentions, name)));
    names.sort_by_key(|named| named.at);
    names
}

fn section<'a>(
    lines: &Lines<'_>,
    range: Range<usize>,
    path: &[(usize, &str)],
    mark: impl Fn(usize) -> Mark<'a>,
    pieces: &mut Vec<Piece>,
) {
    let range = lines.trim(range);
    let headings: Vec<&str> = path.iter().map(|&(_, text)| text).filter(|text| !text.is_empty()).collect();
    let title = title(&headings.join(" > "));
    if lines.size(&range) <= MAX {
        pieces.push(Piece { title, lines: range });
        return;
    }
    // A paragraph begins behind a blank line; a fence and a table begin and end where they are.
    let begins = range.clone().filter(|&n| match (mark(n), n.checked_sub(1).map_or(Mark::Plain, &mark)) {
        (Mark::Inside, _) => false,
        (Mark::Fence, _) | (Mark::Plain, Mark::Inside | Mark::Row) => true,
        (Mark::Row, before) => before != Mark::Row,
        (Mark::Plain | Mark::Heading { .. }, _) => lines.opens(n),
    });
    for lines in lines.pack(lines.parts(&range, begins), TARGET) {
        pieces.push(Piece { title: title.clone(), lines });
    }
}

fn marks<'a>(lines: &Lines<'a>) -> Vec<Mark<'a>> {
    let mut marks = Vec::with_capacity(lines.count());
    let mut fence: Option<&str> = None;
    let front_matter = front_matter(lines);
    for n in 0..lines.count() {
        let line = lines.line(n).trim_start_matches('\u{feff}');
        let mark = if n < front_matter {
            Mark::Inside
        } else if let Some(opened) = fence {
            let run = fence_of(line);
            // A fence is closed by as many of the same character, and nothing behind them.
            if run.is_some_and(|run| run.starts_with(opened) && line.trim() == run) {
                fence = None;
            }
            Mark::Inside
        } else if let Some(run) = fence_of(line) {
            fence = Some(run);
            Mark::Fence
        } else if let Some((level, text)) = heading(line) {
            Mark::Heading { level, text }
        } else {
            let plain = if line.trim_start().starts_with('|') { Mark::Row } else { Mark::Plain };
            underlined(lines, n).map_or(plain, |level| Mark::Heading { level, text: line.trim() })
        };
        marks.push(mark);
    }
    marks
}

/// How many lines the front matter takes; 0 when there is none.
fn front_matter(lines: &Lines<'_>) -> usize {
    if lines.line(0).trim_start_matches('\u{feff}').trim_end() != "---" {
        return 0;
    }
    (1..lines.count()).find(|&n| lines.line(n).trim_end() == "---").map_or(0, |end| end + 1)
}

/// The run of backticks or tildes that opens or closes a fence.
fn fence_of(line: &str) -> Option<&str> {
    let content = line.trim_start();
    if line.len() - content.len() > 3 && !line.starts_with('\t') {
        return None;
    }
    ['`', '~'].into_iter().find_map(|mark| {
        let length = content.len() - content.trim_start_matches(mark).len();
        content.get(..length).filter(|_| length >= 3)
    })
}

fn heading(line: &str) -> Option<(usize, &str)> {
    let content = line.trim_start_matches(' ');
    let rest = content.trim_start_matches('#');
    let level = content.len() - rest.len();
    if line.len() - content.len() > 3
        || !(1..=6).contains(&level)
        || !(rest.is_empty() || rest.starts_with([' ', '\t']))
    {
        return None;
    }
    let text = rest.trim();
    let unclosed = text.trim_end_matches('#');
    Some((level, if unclosed.is_empty() || unclosed.ends_with(' ') { unclosed.trim_end() } else { text }))
}

/// The level of a heading that is one line of text underlined by `===` or `---`.
fn underlined(lines: &Lines<'_>, n: usize) -> Option<usize> {
    let text = lines.line(n);
    if !lines.opens(n) || lines.indent(n) > 3 || text.trim_start().starts_with(['|', '>', '-', '*', '+']) {
        return None;
    }
    let under = lines.line(n + 1).trim_end();
    let is = |mark: char| under.len() >= 3 && under.chars().all(|c| c == mark);
    if is('=') { Some(1) } else { is('-').then_some(2) }
}

/// Whether the line underlines a heading.
fn is_underline<'a>(lines: &Lines<'_>, n: usize, mark: impl Fn(usize) -> Mark<'a>) -> bool {
    n > 0 && matches!(mark(n - 1), Mark::Heading { .. }) && mark(n) == Mark::Plain && underlined(lines, n - 1).is_some()
}

#[cfg(test)]
mod tests {
    use ninefold_core::Labels;

    use crate::ingest::split;

    fn cut(text: &str) -> Vec<(String, String)> {
        split("a.md", text, &Labels::none()).into_iter().map(|chunk| (chunk.title, chunk.text)).collect()
    }

    fn titles(text: &str) -> Vec<String> {
        cut(text).into_iter().map(|(title, _)| title).collect()
    }

    #[test]
    fn sections_are_titled_by_the_path_of_headings() {
        let text = "intro\n\n# Guide\n\n## Install ##\nrun it\n\n### On Linux\napt\n## Use\ncall it\n# End\nbye";
        assert_eq!(
            cut(text),
            [
                ("".into(), "intro".into()),
                ("Guide > Install".into(), "# Guide\n\n## Install ##\nrun it".into()),
                ("Guide > Install > On Linux".into(), "### On Linux\napt".into()),
                ("Guide > Use".into(), "## Use\ncall it".into()),
                ("End".into(), "# End\nbye".into()),
            ]
        );
    }

    #[test]
    fn comments_in_fences_and_front_matter_are_no_headings() {
        let text = "---\n# no\ntitle: x\n---\n# Yes\n```sh\n# no\n~~~\n# no\n```\n## Also\n~~~~\n```\n~~~\n# no\n~~~~\nend\n#no\n####### no\n    # no";
        assert_eq!(titles(text), ["", "Yes", "Yes > Also"]);
    }

    #[test]
    fn underlined_headings_count() {
        assert_eq!(
            titles("Top\r\n===\r\ntext\r\n\r\nBelow\r\n-----\r\nmore\r\n\r\na\r\nb\r\n---\r\nc"),
            ["Top", "Top > Below"]
        );
        assert_eq!(titles("# A\n\n- item\n---\n\n| a |\n---\nx"), ["A"]);
    }

    #[test]
    fn long_sections_are_cut_at_paragraphs_outside_of_fences() {
        let paragraph = "word ".repeat(150);
        let fence = format!("```\n{}\n\n{}\n```", "x ".repeat(300), "y ".repeat(300));
        let chunks = cut(&format!("# T\n\n{paragraph}\n\n{fence}\n\n{paragraph}"));
        assert!(chunks.iter().all(|(title, _)| title == "T"));
        assert!(chunks.iter().any(|(_, text)| text.contains(&fence)), "a fence stays whole: {chunks:?}");
        assert!(chunks.len() >= 3);
    }
}
