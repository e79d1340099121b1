//! A file's text cut into chunks.
//!
//! Whatever the kind: chunks come in the order of the text and do not overlap, every line that is not blank is in one of
//! them, a chunk's text is byte for byte that of its lines (without the last line's end), and none is larger than
//! its kind allows. Only a line that is longer than that is in several chunks.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use ninefold_core::{Chunk, ChunkId, ChunkKind, Labels, Lines as LineNumbers, terms};

use super::lines::Lines;
use super::names::{Named, Naming, file_name};
use super::{code, markdown, sentences};

/// Changes when the same text is cut in another way or gives other names, so that files are indexed again.
const VERSION: u32 = 3;

/// What decides, besides a file's content and labels, what the store holds of it: the cutting, whether it goes by
/// grammars, and the terms.
pub(super) fn version() -> (u32, bool, u32) {
    (VERSION, cfg!(feature = "code"), terms::VERSION)
}

/// The longest title, in characters.
pub(super) const MAX_TITLE: usize = 120;

/// Endings of file names that mean source code or a structured text, which is cut alike.
const CODE: &[&str] = &[
    "bash", "bat", "bzl", "c", "cc", "cfg", "cjs", "clj", "cljs", "cmake", "conf", "cpp", "cs", "css", "cts", "cu",
    "cxx", "d", "dart", "elm", "erl", "ex", "exs", "f90", "fish", "fs", "go", "gradle", "graphql", "groovy", "h",
    "hcl", "hh", "hpp", "hs", "html", "hxx", "ini", "java", "jl", "js", "json", "jsx", "kt", "kts", "less", "lisp",
    "lua", "m", "mjs", "ml", "mli", "mm", "mts", "nim", "nix", "pas", "php", "pl", "pm", "proto", "ps1", "py", "pyi",
    "r", "rb", "rkt", "rs", "scala", "scm", "scss", "sh", "sol", "sql", "svelte", "swift", "tcl", "tf", "toml", "ts",
    "tsx", "vala", "vb", "vim", "vue", "xml", "yaml", "yml", "zig", "zsh",
];

/// What a file with this path is cut as.
#[must_use]
pub fn kind_of(path: &str) -> ChunkKind {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "md" | "markdown" | "mdx" => ChunkKind::Markdown,
        ending if CODE.binary_search(&ending).is_ok() => ChunkKind::Code,
        _ => ChunkKind::Text,
    }
}

/// A piece of a text and what it is about.
pub(super) struct Piece {
    pub(super) title: String,
    pub(super) lines: Range<usize>,
}

/// Cuts the text of the file at `path` into chunks with these labels. Text without a letter, digit or any other
/// visible character gives none.
#[must_use]
pub fn split(path: &str, text: &str, labels: &Labels) -> Vec<Chunk> {
    let kind = kind_of(path);
    let lines = Lines::of(text);
    let (pieces, names, max) = match kind {
        ChunkKind::Markdown => {
            let (pieces, names) = markdown::pieces(&lines);
            (pieces, names, markdown::MAX)
        }
        ChunkKind::Code => {
            let (pieces, names) = code_pieces(path, text, &lines);
            (pieces, names, code::MAX)
        }
        ChunkKind::Text | ChunkKind::Pattern => (paragraphs(&lines, &(0..lines.count())), Vec::new(), TEXT_MAX),
    };
    let mut out = Chunks { path, kind, labels, chunks: Vec::new(), occurrences: HashMap::new() };
    for piece in pieces {
        out.cut(&lines, &piece, max);
    }
    out.name(names);
    out.chunks
}

/// Source code by its grammar, if there is one and the text keeps to it; by its shape otherwise.
#[cfg(feature = "code")]
fn code_pieces(path: &str, text: &str, lines: &Lines<'_>) -> (Vec<Piece>, Vec<Named>) {
    super::grammar::of_path(path)
        .and_then(|grammar| super::syntax::pieces(grammar, text, lines))
        .unwrap_or_else(|| (code::pieces(lines), Vec::new()))
}

#[cfg(not(feature = "code"))]
fn code_pieces(_: &str, _: &str, lines: &Lines<'_>) -> (Vec<Piece>, Vec<Named>) {
    (code::pieces(lines), Vec::new())
}

/// Bytes that paragraphs are packed to, and the most of one chunk.
const TEXT_TARGET: usize = 1_200;
pub(super) const TEXT_MAX: usize = 2_000;

/// Paragraphs packed to a good size, without titles.
fn paragraphs(lines: &Lines<'_>, range: &Range<usize>) -> Vec<Piece> {
    let begins = range.clone().filter(|&n| lines.opens(n));
    let packed = lines.pack(lines.parts(range, begins), TEXT_TARGET);
    packed.into_iter().map(|lines| Piece { title: String::new(), lines }).collect()
}

/// A title in one line, not too long.
pub(super) fn title(text: &str) -> String {
    text.trim().chars().take(MAX_TITLE).collect()
}

struct Chunks<'a> {
    path: &'a str,
    kind: ChunkKind,
    labels: &'a Labels,
    chunks: Vec<Chunk>,
    /// How many chunks with this text there are.
    occurrences: HashMap<&'a str, u32>,
}

impl<'a> Chunks<'a> {
    /// Adds a piece, cut further where it is larger than `max` bytes.
    fn cut(&mut self, lines: &Lines<'a>, piece: &Piece, max: usize) {
        let mut rest = lines.trim(piece.lines.clone());
        while !rest.is_empty() {
            let mut end = rest.start + 1;
            while end < rest.end && lines.size(&(rest.start..end + 1)) <= max {
                end += 1;
            }
            if end < rest.end && self.kind != ChunkKind::Code {
                end = sentences::last_end(lines, rest.start..end).unwrap_or(end);
            }
            let part = lines.trim(rest.start..end);
            if lines.size(&part) <= max {
                self.push(&piece.title, &part, lines.bytes(&part).start, lines.text(&part));
            } else {
                let mut line = lines.text(&part);
                let mut at = lines.bytes(&part).start;
                while !line.is_empty() {
                    let sentence = Some(self.kind).filter(|kind| *kind != ChunkKind::Code);
                    let end = sentence.and_then(|_| sentences::cut(line, max)).unwrap_or_else(|| cut_at(line, max));
                    let (piece_of_line, after) = line.split_at(end);
                    if !piece_of_line.trim().is_empty() {
                        self.push(&piece.title, &part, at, piece_of_line);
                    }
                    at += end;
                    line = after;
                }
            }
            rest = lines.trim(end..rest.end);
        }
    }

    fn push(&mut self, title: &str, lines: &Range<usize>, at: usize, text: &'a str) {
        let occurrence = self.occurrences.entry(text).or_default();
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        self.chunks.push(Chunk {
            id: ChunkId::of(self.path, text, *occurrence),
            lines: LineNumbers::new(number(lines.start + 1), number(lines.end)),
            offset: at as u64,
            title: title.to_owned(),
            labels: self.labels.clone(),
            ..Chunk::new(self.path, self.kind, text)
        });
        *occurrence += 1;
    }

    /// Gives each chunk the names that stand in it, and the first one the file's. `names` come in the text's order.
    fn name(&mut self, names: Vec<Named>) {
        let mut names = names.into_iter().peekable();
        let mut seen = HashSet::new();
        for (n, chunk) in self.chunks.iter_mut().enumerate() {
            seen.clear();
            if n == 0 {
                chunk.defines.push(file_name(self.path).into());
            }
            let end = usize::try_from(chunk.offset).unwrap_or(usize::MAX).saturating_add(chunk.text.len());
            while let Some(Named { naming, .. }) = names.next_if(|named| named.at < end) {
                match naming {
                    Naming::Defines(name) if chunk.defines.len() < Chunk::MAX_NAMES => {
                        if seen.insert(Naming::Defines(name.clone())) {
                            chunk.defines.push(name);
                        }
                    }
                    Naming::Refers(relation) if chunk.relations.len() < Chunk::MAX_NAMES => {
                        if seen.insert(Naming::Refers(relation.clone())) {
                            chunk.relations.push(relation);
                        }
                    }
                    Naming::Defines(_) | Naming::Refers(_) => {}
                }
            }
        }
    }
}

/// Where to cut a line of which at most `max` bytes may stay together: behind the last space in the second half, or
/// else between two characters.
fn cut_at(line: &str, max: usize) -> usize {
    if line.len() <= max {
        return line.len();
    }
    let mut end = max;
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    let head = line.get(..end).unwrap_or_default();
    match head.rfind(' ') {
        Some(space) if space >= max / 2 => space + 1,
        _ => end,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn kinds_come_from_endings() {
        assert!(CODE.is_sorted(), "looked up by binary search");
        assert_eq!(kind_of("/a.b/README.MD"), ChunkKind::Markdown);
        assert_eq!(kind_of("/a/lib.rs"), ChunkKind::Code);
        assert_eq!(kind_of("/a.rs/notes"), ChunkKind::Text);
        assert_eq!(kind_of("/a/LICENSE"), ChunkKind::Text);
        assert_eq!(kind_of("x.log"), ChunkKind::Text);
    }

    #[test]
    fn paragraphs_are_packed_and_long_ones_cut_at_lines() {
        let text = format!("one\n\ntwo\n\n{}\n\nlast\n", "a line of thirty characters..\n".repeat(100));
        let chunks = split("t.txt", &text, &Labels::none());
        assert_eq!(chunks[0].text, "one\n\ntwo");
        assert_eq!(chunks[0].lines, LineNumbers::new(1, 3));
        assert_eq!(chunks.last().unwrap().text, "last");
        assert!(chunks[1].text.ends_with('.'), "cut at a line");
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_between_characters() {
        let text = format!("first\n\n{}\nlast", "é🚀".repeat(2_000));
        let chunks = split("t.txt", &text, &Labels::none());
        let of_line: Vec<&Chunk> = chunks.iter().filter(|chunk| chunk.lines == LineNumbers::new(3, 3)).collect();
        assert!(of_line.len() > 4);
        assert_eq!(of_line.iter().map(|chunk| chunk.text.as_str()).collect::<String>(), "é🚀".repeat(2_000));
    }

    #[test]
    fn equal_texts_have_different_ids() {
        let part = "x".repeat(1_100);
        let chunks = split("t.txt", &format!("{part}\n\n{part}\n\n{part}"), &Labels::none());
        assert_eq!(chunks.len(), 3);
        assert!(chunks[0].id != chunks[1].id && chunks[1].id != chunks[2].id);
        assert_eq!(chunks[2].id, ChunkId::of("t.txt", &part, 2));
    }

    /// Lines of the kinds that decide about cuts, so that random files meet every rule.
    fn line() -> impl Strategy<Value = String> {
        prop_oneof![
            3 => Just(String::new()),
            1 => Just("   \t".to_owned()),
            3 => "[ \t]{0,6}(fn|class|let|//|#\\[|\\}|end|\\*)[a-z (){é🚀]{0,40}",
            2 => "#{1,7} ?[a-z]{0,9}",
            1 => "(```|~~~)[a-z]{0,3}",
            1 => "(===|---|/\\*|\\*/|\"\"\")",
            1 => "[a-z ]{0,300}",
            1 => any::<String>(),
            1 => (4_000_usize..9_000).prop_map(|length| "lang é".repeat(length / 6)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn every_line_is_in_one_chunk(
            lines in proptest::collection::vec(line(), 0..60),
            line_end in prop_oneof![Just("\n"), Just("\r\n")],
            path in prop_oneof![Just("a.md"), Just("a.rs"), Just("a.txt")],
        ) {
            let text = lines.join(line_end);
            let max = match kind_of(path) {
                ChunkKind::Code => code::MAX,
                _ => TEXT_MAX,
            };
            let chunks = split(path, &text, &Labels::none());
            let source: Vec<&str> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
            let mut ids = HashSet::new();
            let (mut place, mut last_line) = (0, 0);
            for chunk in &chunks {
                prop_assert!(ids.insert(chunk.id), "one id twice");
                prop_assert!(chunk.text.len() <= max, "{} bytes", chunk.text.len());
                prop_assert!(chunk.title.chars().count() <= MAX_TITLE && !chunk.title.contains('\n'));
                // In order, without overlap, byte for byte.
                let at = text[place..].find(&chunk.text).map(|at| at + place).expect("the text is from the source");
                prop_assert!(text[place..at].trim().is_empty(), "lost {:?}", &text[place..at]);
                prop_assert_eq!(text.get(chunk.offset as usize..chunk.offset as usize + chunk.text.len()), Some(&*chunk.text));
                prop_assert!(chunk.defines.len() <= Chunk::MAX_NAMES && chunk.relations.len() <= Chunk::MAX_NAMES);
                place = at + chunk.text.len();
                // The numbers are those of the lines.
                let first = text[..at].matches('\n').count() as u32 + 1;
                let breaks = chunk.text.matches('\n').count() as u32;
                prop_assert_eq!(chunk.lines, LineNumbers::new(first, first + breaks));
                let whole = source[first as usize - 1].len() <= max;
                prop_assert!(chunk.lines.first > last_line || !whole, "line {} again", last_line);
                last_line = chunk.lines.last;
            }
            prop_assert!(text[place..].trim().is_empty(), "lost {:?}", &text[place..]);
        }
    }
}
