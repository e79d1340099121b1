//! Numbers for sources: given to a model with the sources, and read back from what it writes.
//!
//! A mark is `[n]` in prose, behind a word, a mark or punctuation. Inside code (fenced, indented or between back-ticks) and
//! right behind a letter or digit (`argv[1]`) it is text and stays. A number that was not given is taken out.

use std::fmt::Write as _;

use ninefold_core::{Citation, CitedFinding, Evidence, Passage, Statement};

use super::synthesize::Draft;

/// The most bytes of source text put before the model.
pub(crate) const MAX_SOURCE_BYTES: usize = 32 * 1024;

/// The passages that fit the model's view, numbered, and what the numbers mean.
pub(crate) fn numbered_sources(evidence: &Evidence) -> (String, Vec<Citation>) {
    // With room for what stands before a text, so that what is long is moved once.
    let size = |passage: &Passage| passage.chunk.text.len() + passage.chunk.path.len() + 32;
    let all: usize = evidence.passages.iter().map(size).sum();
    let mut sources = String::with_capacity(all.min(MAX_SOURCE_BYTES));
    let mut citations = Vec::with_capacity(evidence.passages.len());
    for passage in &evidence.passages {
        let chunk = &passage.chunk;
        if sources.len() + chunk.text.len() > MAX_SOURCE_BYTES {
            break;
        }
        citations.push(Citation { chunk: chunk.id, path: chunk.path.clone(), lines: chunk.lines });
        let _ = writeln!(sources, "[{}] {}:{}", citations.len(), chunk.path, chunk.lines);
        sources.push_str(&chunk.text);
        sources.push_str("\n\n");
    }
    (sources, citations)
}

/// The number of a citation in a list, from 1; added when it is not there.
pub(crate) fn number(citations: &mut Vec<Citation>, citation: &Citation) -> usize {
    let at = citations.iter().position(|known| known == citation).unwrap_or_else(|| {
        citations.push(citation.clone());
        citations.len() - 1
    });
    at + 1
}

/// What numbers given to a model refer to: places first, then what agents said without a place.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub(crate) places: Vec<Citation>,
    pub(crate) findings: Vec<CitedFinding>,
}

impl Given {
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty() && self.findings.is_empty()
    }

    fn place(&self, n: usize) -> Option<&Citation> {
        self.places.get(n.checked_sub(1)?)
    }

    fn finding(&self, n: usize) -> Option<&CitedFinding> {
        self.findings.get(n.checked_sub(self.places.len() + 1)?)
    }
}

/// A model's text with the citations it really makes, of those it was given: places numbered in the order of their use, then
/// findings in the order of theirs.
pub(crate) fn cited(text: &str, given: &Given) -> Draft {
    let (mut citations, mut findings): (Vec<Citation>, Vec<CitedFinding>) = (Vec::new(), Vec::new());
    // Where findings stand among the numbers is known only when all places are.
    if !given.findings.is_empty() {
        marks(text, |n| {
            if let Some(citation) = given.place(n) {
                number(&mut citations, citation);
            } else if let Some(finding) = given.finding(n).filter(|finding| !findings.contains(finding)) {
                findings.push(finding.clone());
            }
            None
        });
    }
    let text = marks(text, |n| {
        let at = match given.place(n) {
            Some(citation) => number(&mut citations, citation),
            None => {
                let finding = given.finding(n)?;
                citations.len() + findings.iter().position(|known| known == finding)? + 1
            }
        };
        Some(format!("[{at}]"))
    });
    Draft { text, citations, findings, groundedness: None }
}

/// A model's text as statements, a paragraph each, with the citations each makes and without their marks.
pub(crate) fn statements(text: &str, given: &[Citation]) -> Vec<Statement> {
    let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty());
    let statement = |paragraph: &str| {
        let mut citations = Vec::new();
        let text = marks(paragraph, |n| {
            let citation = given.get(n.checked_sub(1)?)?;
            number(&mut citations, citation);
            None
        });
        Statement { text: text.trim().to_owned(), citations }
    };
    paragraphs.map(statement).collect()
}

/// Replaces every mark by what `to` makes of its number, or takes it out.
fn marks(text: &str, mut to: impl FnMut(usize) -> Option<String>) -> String {
    let mut marked = String::with_capacity(text.len());
    let mut code = Code::default();
    for line in text.split_inclusive('\n') {
        if code.holds(line) {
            marked.push_str(line);
        } else {
            marks_of_line(line, &mut marked, &mut to);
        }
    }
    marked
}

fn marks_of_line(line: &str, marked: &mut String, to: &mut impl FnMut(usize) -> Option<String>) {
    let mut prose = Prose::of(line);
    loop {
        marked.push_str(prose.plain());
        let Some(piece) = prose.next() else { return };
        match piece {
            Piece::Char(c) => marked.push(c),
            Piece::Mark(n) => match to(n) {
                Some(mark) => marked.push_str(&mark),
                None => marked.truncate(marked.trim_end_matches(' ').len()),
            },
        }
    }
}

/// Tells the lines of code from those of prose.
#[derive(Debug, Default)]
pub(crate) struct Code {
    fenced: bool,
}

impl Code {
    /// Whether the next line is code, or a fence.
    pub(crate) fn holds(&mut self, line: &str) -> bool {
        let fence = line.trim_start().starts_with("```");
        self.fenced ^= fence;
        fence || self.fenced || line.starts_with("    ") || line.starts_with('\t')
    }
}

/// What a line of prose is made of.
pub(crate) enum Piece {
    Char(char),
    Mark(usize),
}

/// A line of prose, which is walked through.
pub(crate) struct Prose<'a> {
    pub(crate) rest: &'a str,
    quoted: bool,
    before: Option<char>,
}

impl<'a> Prose<'a> {
    pub(crate) fn of(line: &'a str) -> Self {
        Self { rest: line, quoted: false, before: None }
    }

    /// Goes on to where a mark may stand, or else to the end, and gives what lies before that.
    fn plain(&mut self) -> &'a str {
        let (plain, rest) = self.rest.split_at(self.rest.find('[').unwrap_or(self.rest.len()));
        self.quoted ^= plain.bytes().filter(|byte| *byte == b'`').count() % 2 == 1;
        self.before = plain.chars().next_back().or(self.before);
        self.rest = rest;
        plain
    }
}

impl Iterator for Prose<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let c = self.rest.chars().next()?;
        let is_text = self.quoted || self.before.is_some_and(char::is_alphanumeric);
        if let Some((n, tail)) = mark(self.rest).filter(|_| !is_text) {
            (self.rest, self.before) = (tail, Some(']'));
            return Some(Piece::Mark(n));
        }
        self.quoted ^= c == '`';
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or_default();
        self.before = Some(c);
        Some(Piece::Char(c))
    }
}

/// The number of a mark at the beginning of `text`, and what follows it. `[n](…)` is a link and `[n]:` a definition.
fn mark(text: &str) -> Option<(usize, &str)> {
    let (n, tail) = text.strip_prefix('[')?.split_once(']')?;
    let n = n.parse().ok()?;
    (!tail.starts_with(['(', ':'])).then_some((n, tail))
}

/// The passage of the evidence that a citation is from.
pub(crate) fn passage_of<'a>(citation: &Citation, evidence: &'a Evidence) -> Option<&'a Passage> {
    evidence.passages.iter().find(|passage| passage.chunk.id == citation.chunk)
}

/// The lines of the evidence that a citation names.
pub(crate) fn cited_lines<'a>(citation: &Citation, evidence: &'a Evidence) -> Option<&'a str> {
    let chunk = &passage_of(citation, evidence)?.chunk;
    let start_of = |line: u32| {
        let breaks = chunk.text.match_indices('\n').map(|(at, _)| at + 1);
        std::iter::once(0)
            .chain(breaks)
            .nth(line.saturating_sub(chunk.lines.first) as usize)
            .unwrap_or(chunk.text.len())
    };
    chunk.text.get(start_of(citation.lines.first)..start_of(citation.lines.last.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ninefold_core::{Chunk, ChunkId, ChunkKind, Lines};

    use super::*;

    fn places(n: u32) -> Given {
        Given { places: given(n), findings: vec![] }
    }

    fn given(n: u32) -> Vec<Citation> {
        (1..=n).map(|n| Citation { chunk: ChunkId(n.into()), path: "p".into(), lines: Lines::new(n, n) }).collect()
    }

    #[test]
    fn marks_are_numbered_by_use_and_invented_ones_taken_out() {
        let draft = cited("B says so [2]. A too [1][2]. C is made up [9], and so is D [0].", &places(2));
        assert_eq!(draft.text, "B says so [1]. A too [2][1]. C is made up, and so is D.");
        assert_eq!(draft.citations.iter().map(|citation| citation.chunk.0).collect::<Vec<_>>(), [2, 1]);
    }

    #[test]
    fn findings_are_numbered_past_the_places() {
        let finding = |text: &str| CitedFinding { subgoal: "s".into(), agent: "a".into(), text: text.into() };
        let given = Given { findings: vec![finding("x"), finding("y")], ..places(2) };
        let draft = cited("Y is said [4], and B [2]. X is said too [3][4].", &given);
        assert_eq!(draft.text, "Y is said [2], and B [1]. X is said too [3][2].");
        assert_eq!(draft.citations.len(), 1);
        assert_eq!(draft.findings, [finding("y"), finding("x")]);
    }

    #[test]
    fn code_and_links_stay_as_they_are() {
        for text in [
            "use `a[1]` or `[1]` or argv[1]",
            "```\nlet a = args [1];\n```",
            "    row [1] = 0;",
            "see [1](https://example.org)",
            "[1]: a definition",
            "array[i] and [x",
        ] {
            assert_eq!(cited(text, &places(1)), Draft { text: text.into(), ..Draft::default() });
        }
    }

    #[test]
    fn statements_carry_their_own_citations() {
        let statements = statements("One [1].\n\nTwo [2], three [2].\n", &given(2));
        let texts: Vec<_> = statements.iter().map(|statement| statement.text.as_str()).collect();
        assert_eq!(texts, ["One.", "Two, three."]);
        assert_eq!(statements[1].citations, given(2)[1..]);
    }

    #[test]
    fn only_the_cited_lines_count() {
        let chunk = Chunk::new("a", ChunkKind::Text, "one\ntwo\nthree");
        let chunk = Chunk { id: ChunkId(1), lines: Lines::new(10, 12), ..chunk };
        let passage = Passage::new(Arc::new(chunk), 1.0);
        let evidence = Evidence { passages: vec![passage], ..Evidence::default() };
        let lines = |first, last, id| {
            let citation = Citation { chunk: ChunkId(id), path: "a".into(), lines: Lines::new(first, last) };
            cited_lines(&citation, &evidence).map(str::to_owned)
        };
        assert_eq!(lines(11, 11, 1).as_deref(), Some("two\n"));
        assert_eq!(lines(10, 12, 1).as_deref(), Some("one\ntwo\nthree"));
        assert_eq!(lines(12, 99, 1).as_deref(), Some("three"));
        assert_eq!(lines(11, 11, 2), None);
    }
}
