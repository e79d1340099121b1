//! Names as they stand in a text: what is defined, and what is mentioned between backticks or linked. Parts of a name are
//! joined by `::`, whatever the language writes.

use std::ops::Range;

use ninefold_core::{ChunkKind, Relation, RelationKind};
use smol_str::{SmolStr, format_smolstr};

use super::split::kind_of;

/// The longest name that is kept, in bytes; what is longer was not written by hand.
pub(super) const MAX_NAME: usize = 128;

/// What a place of a text says about names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Naming {
    /// Something with this name is defined here.
    #[cfg_attr(not(feature = "code"), allow(dead_code, reason = "only grammars know definitions"))]
    Defines(SmolStr),
    /// Something is referred to.
    Refers(Relation),
}

/// A naming and how many bytes of the text stand before it.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) at: usize,
    pub(super) naming: Naming,
}

impl Named {
    #[cfg(feature = "code")]
    pub(super) fn defines(at: usize, name: SmolStr) -> Self {
        Self { at, naming: Naming::Defines(name) }
    }

    pub(super) fn refers(at: usize, kind: RelationKind, target: SmolStr) -> Self {
        Self { at, naming: Naming::Refers(Relation { kind, target }) }
    }
}

pub(super) fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// Whether a text is one identifier.
pub(super) fn is_identifier(text: &str) -> bool {
    text.len() <= MAX_NAME && text.chars().all(is_part) && text.chars().next().is_some_and(|c| !c.is_numeric())
}

/// The names in code spans: identifiers, paths of identifiers, names of files.
pub(super) fn mentioned(text: &str, mut found: impl FnMut(usize, SmolStr)) {
    /// How many runs of backticks are looked at for the one that closes a span.
    const REACH: usize = 8;
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.match_indices('`') {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    let mut rest = runs.as_slice();
    while let Some((open, after)) = rest.split_first() {
        rest = after;
        // A span ends at as many backticks as it begins with.
        let Some(n) = after.iter().take(REACH).position(|run| run.len() == open.len()) else { continue };
        let Some(span) = after.get(n).and_then(|close| text.get(open.end..close.start)) else { continue };
        if span.len() <= MAX_NAME {
            mention(span, |name| found(open.start, name));
        }
        rest = after.get(n + 1..).unwrap_or_default();
    }
}

/// The spellings of a code span that looks like a name.
fn mention(span: &str, mut found: impl FnMut(SmolStr)) {
    let name = span.trim();
    let name = name.split_once('(').filter(|(_, rest)| rest.ends_with(')')).map_or(name, |(name, _)| name);
    let name = name.strip_suffix('!').unwrap_or(name);
    if is_file(name) {
        return file(name, found);
    }
    if name.split("::").flat_map(|part| part.split(['.', '#'])).all(is_identifier) {
        let mut parts = name.rsplit([':', '.', '#']).filter(|part| !part.is_empty());
        if let Some(last) = parts.next() {
            if let Some(of) = parts.next() {
                found(format_smolstr!("{of}::{last}"));
            }
            found(last.into());
        }
    }
}

/// Whether a text is the path of a file of a known kind.
fn is_file(text: &str) -> bool {
    text.chars().all(|c| is_part(c) || matches!(c, '/' | '.' | '-' | '+'))
        && text.starts_with(|c| is_part(c) || c == '.' || c == '/')
        && kind_of(text) != ChunkKind::Text
}

/// The spellings of a path: itself, when it is more, and the file's name.
fn file(path: &str, mut found: impl FnMut(SmolStr)) {
    let path = path.trim_start_matches("./");
    let name = file_name(path);
    if name != path && path.len() <= MAX_NAME {
        found(path.into());
    }
    if !name.is_empty() && name.len() <= MAX_NAME {
        found(name.into());
    }
}

/// What stands behind the last `/`.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The files that a line of Markdown links to.
pub(super) fn linked(line: &str, mut found: impl FnMut(usize, SmolStr)) {
    for (at, _) in line.match_indices("](") {
        let target = line.get(at + 2..).unwrap_or_default();
        let target = target.split([')', ' ', '#']).next().unwrap_or_default();
        if !target.contains("://") && is_file(target) {
            file(target, |name| found(at, name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_spans_that_are_names_are_mentions() {
        let of = |text| {
            let mut names = Vec::new();
            mentioned(text, |_, name| names.push(name.to_string()));
            names
        };
        assert_eq!(of("see `Soar::answer`, `spawn()` and `vec!`"), ["Soar::answer", "answer", "spawn", "vec"]);
        assert_eq!(of("`a + b` or `1.5` or `` ` `` or `"), Vec::<String>::new());
        assert_eq!(
            of("`src/split.rs`, `main.py`, `os.path`"),
            ["src/split.rs", "split.rs", "main.py", "os::path", "path"]
        );
        assert_eq!(of("größer: `Größe`"), ["Größe"]);
    }

    #[test]
    fn links_to_files_are_their_names() {
        let mut names = Vec::new();
        linked("[a](docs/spans.md#x) [b](https://e.x/a.md) [c](./A.rs) [ü](", |_, name| names.push(name.to_string()));
        assert_eq!(names, ["docs/spans.md", "spans.md", "A.rs"]);
    }
}
