//! An answer in the sources' own words: the few statements that together hold most of what the question asks for.
//!
//! Each passage is cut into statements: runs of sentences from prose and comments, and short blocks of code. A statement is worth
//! the weight of the question's terms it holds, a little more when its chunk is about them, a little less when it
//! is code or very short. Statements are taken greedily; terms that are already covered count less, so the next
//! statement tells something new. Where no statement holds any term, what is near in meaning is quoted by its first words.

use std::collections::HashSet;

use ninefold_core::{Chunk, ChunkKind, Citation, Complexity, Evidence, Lines, Statement, terms};
use smol_str::SmolStr;

use super::meaning::nearness;

/// The most bytes of one statement.
const MAX_STATEMENT: usize = 420;
/// How much of a term's weight counts once an earlier statement holds it.
const COVERED: f32 = 0.4;
/// A further statement must be worth at least this share of the first.
const WORTHWHILE: f32 = 0.35;
/// What code is worth beside prose that says the same.
const CODE: f32 = 0.45;
/// What a test is worth beside what it tests.
const TEST: f32 = 0.6;
/// A further passage found by meaning alone must be as near as this share of the nearest.
const AS_NEAR: f32 = 0.9;

/// The extract of the evidence for its own terms, or, when nothing in it holds any of them, of what is near to them in
/// meaning. Empty when nothing is.
pub(crate) fn extract(evidence: &Evidence, complexity: Complexity) -> Vec<Statement> {
    let most = match complexity {
        Complexity::Simple => 3,
        Complexity::Medium => 4,
        Complexity::Complex | Complexity::Critical => 6,
    };
    let by_words = by_words(evidence, most);
    if by_words.is_empty() { by_meaning(evidence, most) } else { by_words }
}

/// The first statements of the nearest passages that share no word with the question.
fn by_meaning(evidence: &Evidence, most: usize) -> Vec<Statement> {
    let mut near: Vec<(f32, &Chunk)> =
        evidence.passages.iter().filter_map(|passage| Some((nearness(passage)?, &*passage.chunk))).collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let least = near.first().map_or(0.0, |(nearest, _)| nearest * AS_NEAR);
    let near = near.into_iter().take_while(|(cosine, _)| *cosine >= least);
    let first = near.filter_map(|(_, chunk)| {
        let mut pieces = pieces(chunk);
        let prose = pieces.iter().position(|piece| !piece.code).unwrap_or_default();
        (prose < pieces.len()).then(|| statement(chunk, pieces.swap_remove(prose)))
    });
    first.take(most).collect()
}

fn by_words(evidence: &Evidence, most: usize) -> Vec<Statement> {
    let total: f32 = evidence.terms.iter().map(|term| term.weight).sum();
    if total <= 0.0 {
        return Vec::new();
    }
    let best = evidence.passages.first().map_or(1.0, |passage| passage.score.max(f32::MIN_POSITIVE));
    let mut candidates = Vec::new();
    for passage in &evidence.passages {
        let rank = (passage.score / best).clamp(0.0, 1.0);
        let about = held(&passage.chunk.title, evidence);
        let in_test = is_test(&passage.chunk.path);
        for piece in pieces(&passage.chunk) {
            let holds = held(&piece.text, evidence);
            if !holds.is_empty() {
                let about = weight(&about, evidence) / total;
                let bonus = 0.25 * about + 0.15 * rank;
                candidates.push(Candidate { chunk: &passage.chunk, piece, holds, bonus, in_test });
            }
        }
    }
    let selected = select(candidates, evidence, total, most);
    selected.into_iter().map(|candidate| statement(candidate.chunk, candidate.piece)).collect()
}

struct Candidate<'a> {
    chunk: &'a Chunk,
    piece: Piece,
    holds: HashSet<SmolStr>,
    bonus: f32,
    in_test: bool,
}

/// A statement while it is being chosen.
struct Piece {
    text: String,
    lines: Lines,
    code: bool,
}

/// Whether a path is that of a test by the habits of the common languages.
fn is_test(path: &str) -> bool {
    let folders = ["test", "tests", "__tests__", "spec", "specs", "testdata"];
    let mut names = path.rsplit('/');
    let stem = names.next().and_then(|file| file.split('.').next()).unwrap_or_default();
    stem.starts_with("test_") || stem.ends_with("_test") || names.any(|folder| folders.contains(&folder))
}

fn held(text: &str, evidence: &Evidence) -> HashSet<SmolStr> {
    let mut held = HashSet::new();
    terms::for_each_term(text, |term| {
        if let Some(asked) = evidence.terms.iter().find(|asked| asked.term == term && asked.weight > 0.0) {
            held.insert(asked.term.clone());
        }
    });
    held
}

fn weight(held: &HashSet<SmolStr>, evidence: &Evidence) -> f32 {
    evidence.terms.iter().filter(|term| held.contains(&term.term)).map(|term| term.weight).sum()
}

fn select<'a>(mut candidates: Vec<Candidate<'a>>, evidence: &Evidence, total: f32, most: usize) -> Vec<Candidate<'a>> {
    let mut taken: Vec<Candidate<'a>> = Vec::new();
    let mut covered: HashSet<SmolStr> = HashSet::new();
    let mut first = 0.0;
    while taken.len() < most {
        let value = |candidate: &Candidate<'_>| {
            let fresh = |term: &SmolStr| if covered.contains(term) { COVERED } else { 1.0 };
            let holds = evidence.terms.iter().filter(|term| candidate.holds.contains(&term.term));
            let share = holds.map(|term| term.weight * fresh(&term.term)).sum::<f32>() / total;
            let kind = if candidate.piece.code { CODE } else { 1.0 };
            let place = if candidate.in_test { TEST } else { 1.0 };
            let length = if candidate.piece.text.len() < 25 { 0.5 } else { 1.0 };
            share * kind * place * length * (1.0 + candidate.bonus)
        };
        let best = candidates.iter().map(value).enumerate().reduce(|a, b| if b.1 > a.1 { b } else { a });
        let Some((at, value)) = best else { break };
        if value < first * WORTHWHILE {
            break;
        }
        if taken.is_empty() {
            first = value;
        }
        let candidate = candidates.swap_remove(at);
        let doubles = |other: &Candidate<'_>| {
            other.piece.text == candidate.piece.text
                || other.chunk.path == candidate.chunk.path && overlap(other.piece.lines, candidate.piece.lines)
        };
        candidates.retain(|other| !doubles(other));
        covered.extend(candidate.holds.iter().cloned());
        taken.push(candidate);
    }
    taken
}

fn overlap(a: Lines, b: Lines) -> bool {
    a.first <= b.last && b.first <= a.last
}

fn statement(chunk: &Chunk, piece: Piece) -> Statement {
    let text = if piece.code {
        piece.text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
    } else {
        piece.text
    };
    Statement { text, citations: vec![Citation { chunk: chunk.id, path: chunk.path.clone(), lines: piece.lines }] }
}

/// What one line of a chunk is.
#[derive(PartialEq, Clone, Copy)]
enum LineKind {
    Blank,
    /// Prose; a list item or the first line of a comment begins a new statement.
    Prose {
        begins: bool,
    },
    Code,
    /// Neither: a heading, a fence, a rule.
    Apart,
}

fn pieces(chunk: &Chunk) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut block: Vec<(u32, &str)> = Vec::new();
    let mut block_kind = LineKind::Blank;
    let mut fenced = false;
    for (at, raw) in (chunk.lines.first..).zip(chunk.text.lines()) {
        let fence = chunk.kind != ChunkKind::Code
            && (raw.trim_start().starts_with("```") || raw.trim_start().starts_with("~~~"));
        fenced ^= fence;
        let (kind, line) = if fence { (LineKind::Apart, raw) } else { classify(raw, chunk.kind, fenced) };
        let continues = match (block_kind, kind) {
            (LineKind::Prose { .. }, LineKind::Prose { begins }) => !begins,
            (LineKind::Code, LineKind::Code) => block.len() < 8,
            _ => false,
        };
        if !continues {
            finish(&block, block_kind, &mut found);
            block.clear();
            block_kind = kind;
        }
        block.push((at, line));
    }
    finish(&block, block_kind, &mut found);
    found
}

/// What a line is, and its text without comment marks.
fn classify(raw: &str, kind: ChunkKind, fenced: bool) -> (LineKind, &str) {
    let line = raw.trim();
    if line.is_empty() {
        return (LineKind::Blank, line);
    }
    if kind == ChunkKind::Code || fenced {
        return match comment(line) {
            Some("") => (LineKind::Blank, ""),
            Some(text) => prose(text),
            // A bracket or two on a line says nothing.
            None if !line.chars().any(char::is_alphanumeric) => (LineKind::Apart, line),
            None => (LineKind::Code, raw.trim_end()),
        };
    }
    if line.starts_with('#') || line.chars().all(|c| matches!(c, '-' | '=' | '*' | '_' | '|' | ':' | ' ')) {
        return (LineKind::Apart, line);
    }
    prose(line)
}

fn prose(text: &str) -> (LineKind, &str) {
    if text.starts_with("```") || text.starts_with("# ") {
        return (LineKind::Apart, text);
    }
    let numbered = text.split_once(['.', ')']).filter(|(n, rest)| {
        !n.is_empty() && n.len() < 4 && n.bytes().all(|byte| byte.is_ascii_digit()) && rest.starts_with(' ')
    });
    let item = ["- ", "* ", "+ ", "• "].iter().find_map(|mark| text.strip_prefix(mark));
    match (item, numbered) {
        (Some(rest), _) | (None, Some((_, rest))) => (LineKind::Prose { begins: true }, rest.trim()),
        (None, None) if text.starts_with('|') => (LineKind::Prose { begins: true }, text.trim_matches('|').trim()),
        (None, None) => (LineKind::Prose { begins: false }, text),
    }
}

/// The text of a comment line of any common language; `None` for code.
fn comment(line: &str) -> Option<&str> {
    const MARKS: &[&str] = &["///", "//!", "//", "/**", "/*", "*/", "\"\"\"", "'''", "<!--", "--", ";;", "%%"];
    if let Some(mark) = MARKS.iter().find(|mark| line.starts_with(**mark)) {
        let text = line.get(mark.len()..).unwrap_or_default();
        return Some(text.trim_end_matches("*/").trim_end_matches("\"\"\"").trim_end_matches("-->").trim());
    }
    let text =
        line.strip_prefix("# ").or_else(|| line.strip_prefix("* ")).or((line == "#" || line == "*").then_some(""));
    text.map(str::trim)
}

fn finish(block: &[(u32, &str)], kind: LineKind, found: &mut Vec<Piece>) {
    let (Some(&(first, _)), Some(&(last, _))) = (block.first(), block.last()) else { return };
    match kind {
        LineKind::Blank | LineKind::Apart => {}
        LineKind::Code => {
            let indent = block.iter().map(|(_, line)| line.len() - line.trim_start().len()).min().unwrap_or(0);
            let lines: Vec<_> = block.iter().map(|(_, line)| line.get(indent..).unwrap_or(line)).collect();
            found.push(Piece { text: cut(&lines.join("\n")), lines: Lines::new(first, last), code: true });
        }
        LineKind::Prose { .. } => sentences(block, found),
    }
}

/// Packs the sentences of a paragraph into statements of bounded size.
fn sentences(block: &[(u32, &str)], found: &mut Vec<Piece>) {
    let mut open: Option<Piece> = None;
    for &(at, line) in block {
        let statement = match open.take() {
            None => Piece { text: line.to_owned(), lines: Lines::new(at, at), code: false },
            Some(mut statement) => {
                statement.text.push(' ');
                statement.text.push_str(line);
                statement.lines.last = at;
                statement
            }
        };
        // A statement ends with the sentence that makes it long enough.
        let ends = line.ends_with(['.', '!', '?', ':', '。', '！', '？']);
        if statement.text.len() >= MAX_STATEMENT || ends && statement.text.len() >= MAX_STATEMENT / 2 {
            found.push(Piece { text: cut(&statement.text), ..statement });
        } else {
            open = Some(statement);
        }
    }
    found.extend(open.map(|statement| Piece { text: cut(&statement.text), ..statement }));
}

/// At most about [`MAX_STATEMENT`] bytes and a half, cut after a sentence where there is one, otherwise at a word.
fn cut(text: &str) -> String {
    let limit = MAX_STATEMENT * 3 / 2;
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = (0..=limit).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let head = text.get(..end).unwrap_or_default();
    if let Some(at) = head.rfind(". ").filter(|at| *at > limit / 2) {
        return head.get(..=at).unwrap_or(head).to_owned();
    }
    let word = head.rfind(char::is_whitespace).unwrap_or(head.len());
    format!("{} …", head.get(..word).unwrap_or(head).trim_end())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ninefold_core::{Passage, WeightedTerm};

    use super::*;

    fn chunk(path: &str, kind: ChunkKind, first: u32, text: &str) -> Passage {
        let lines = Lines::new(first, first + text.lines().count() as u32 - 1);
        let chunk = Chunk { lines, ..Chunk::new(path, kind, text) };
        Passage::new(Arc::new(chunk), 1.0)
    }

    fn answer(question: &str, passages: Vec<Passage>) -> Vec<Statement> {
        let terms = terms::query_terms(question).into_iter().map(|term| WeightedTerm { term, weight: 1.0 }).collect();
        extract(
            &Evidence { terms, matched: passages.len() as u64, passages, ..Evidence::default() },
            Complexity::Simple,
        )
    }

    #[test]
    fn the_statement_that_answers_is_quoted_with_its_lines() {
        let text = "# Runs\n\nA run has phases.\n\n- Journal: finished phases are written down,\n  so a killed run resumes.\n- Cache: equal inputs.\n";
        let said = answer("How does a killed run resume?", vec![chunk("a.md", ChunkKind::Markdown, 10, text)]);
        assert_eq!(said[0].text, "Journal: finished phases are written down, so a killed run resumes.");
        assert_eq!(said[0].citations[0].to_string(), "a.md:14-15");
    }

    #[test]
    fn a_comment_is_read_as_prose_and_beats_the_code_below_it() {
        let text = "/// Resumes a run\n/// that was killed.\npub fn resume(run: RunId) {\n    kill(run);\n}\n";
        let said = answer("How is a killed run resumed?", vec![chunk("a.rs", ChunkKind::Code, 1, text)]);
        assert_eq!(said[0].text, "Resumes a run that was killed.");
    }

    #[test]
    fn a_test_that_repeats_the_question_does_not_answer_it() {
        let passages = vec![
            chunk("tests/resume.rs", ChunkKind::Text, 1, "How is a killed run resumed, we ask here once more."),
            chunk("docs/runs.md", ChunkKind::Markdown, 1, "A killed run is resumed from what its journal holds."),
        ];
        assert!(answer("How is a killed run resumed?", passages)[0].text.starts_with("A killed run is resumed"));
        assert!(
            is_test("src/x_test.go")
                && is_test("test_a.py")
                && is_test("web/__tests__/a.ts")
                && !is_test("src/latest.rs")
        );
    }

    #[test]
    fn nothing_is_said_when_nothing_fits() {
        assert_eq!(answer("quantum", vec![chunk("a.md", ChunkKind::Markdown, 1, "Bread and butter.")]), []);
    }

    #[test]
    fn what_is_near_in_meaning_is_quoted_when_no_word_is_shared() {
        let near = |path: &str, text: &str, vector: f32| {
            let mut passage = chunk(path, ChunkKind::Markdown, 1, text);
            passage.signals.vector = Some(vector);
            passage
        };
        let passages = vec![
            near("far.md", "Tulips bloom in April.", 0.1),
            near("near.md", "# Garage\n\nThe red car stands behind the house.", 0.7),
            near("as-near.md", "A red car needs oil.", 0.65),
            near("less-near.md", "Boats are red.", 0.4),
        ];
        let said = answer("crimson automobile", passages.clone());
        let texts: Vec<&str> = said.iter().map(|statement| statement.text.as_str()).collect();
        assert_eq!(texts, ["The red car stands behind the house.", "A red car needs oil."]);
        assert_eq!(said[0].citations[0].to_string(), "near.md:3");
        let said = answer("When do tulips bloom?", passages.clone());
        assert_eq!(said[0].text, "Tulips bloom in April.", "words that are there come before meaning");
        assert_eq!(said.len(), 1);
        assert_eq!(answer("crimson automobile", passages[..1].to_vec()), [], "far is far");
    }

    #[test]
    fn long_lines_are_cut_inside_no_character() {
        let text = format!("killed {}", "é".repeat(5000));
        let said = answer("killed", vec![chunk("a.txt", ChunkKind::Text, 1, &text)]);
        assert!(said[0].text.len() < 700, "{}", said[0].text.len());
    }
}
