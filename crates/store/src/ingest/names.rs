//! Names as they stand in a text: what is called, imported, or mentioned between backticks. Parts of a name are joined by
//! `::`, whatever the language writes.

use std::ops::Range;

use ninefold_core::{ChunkKind, Relation, RelationKind};
use smol_str::{SmolStr, format_smolstr};

use super::split::kind_of;

/// The longest name that is kept, in bytes; what is longer was not written by hand.
const MAX_NAME: usize = 128;
/// How far before the end of an expression its name is looked for, in bytes.
const REACH: usize = 512;
/// The most parts of one import that are looked at.
const MAX_IMPORTED: usize = 256;

/// What a place of a text says about names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Naming {
    /// Something with this name is defined here.
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
    pub(super) fn defines(at: usize, name: SmolStr) -> Self {
        Self { at, naming: Naming::Defines(name) }
    }

    pub(super) fn refers(at: usize, kind: RelationKind, target: SmolStr) -> Self {
        Self { at, naming: Naming::Refers(Relation { kind, target }) }
    }
}

/// The name an expression ends in, and what it is written behind.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spelled<'a> {
    pub(super) name: &'a str,
    pub(super) of: Option<Of<'a>>,
}

/// What stands before a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Of<'a> {
    /// `Runtime::`
    Path(&'a str),
    /// `runtime.`, `runtime->`
    Member(&'a str),
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// Whether a text is one identifier.
pub(super) fn is_identifier(text: &str) -> bool {
    text.len() <= MAX_NAME && text.chars().all(is_part) && text.chars().next().is_some_and(|c| !c.is_numeric())
}

/// What an expression such as `a.b::<T>()?.Runtime::spawn::<F>` names, read from its end.
pub(super) fn spelled(text: &str) -> Option<Spelled<'_>> {
    let start = (text.len().saturating_sub(REACH)..=text.len()).find(|&at| text.is_char_boundary(at))?;
    let (name, before) = last_identifier(without_arguments(text.get(start..)?))?;
    let before = before.trim_end();
    let of = if let Some(path) = before.strip_suffix("::") {
        last_identifier(without_arguments(path)).map(|(of, _)| Of::Path(of))
    } else if let Some(object) = before.strip_suffix("->").or_else(|| before.strip_suffix('.')) {
        let object = object.strip_suffix(['?', '!']).unwrap_or(object);
        last_identifier(without_arguments(object)).map(|(of, _)| Of::Member(of))
    } else {
        None
    };
    Some(Spelled { name, of })
}

/// The identifier at the end, and what stands before it.
fn last_identifier(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_end();
    let before = text.trim_end_matches(is_part);
    let name = text.get(before.len()..).filter(|name| is_identifier(name))?;
    Some((name, before))
}

/// Without generic arguments at the end: `<T>`, `::<T>`, `[T]`.
fn without_arguments(text: &str) -> &str {
    let text = text.trim_end();
    let (open, close) = match text.chars().next_back() {
        Some('>') if !text.ends_with("->") => ('<', '>'),
        Some(']') => ('[', ']'),
        _ => return text,
    };
    let mut depth = 0_u32;
    for (at, c) in text.char_indices().rev() {
        if c == close {
            depth += 1;
        } else if c == open {
            depth -= 1;
            if depth == 0 {
                let before = text.get(..at).unwrap_or_default().trim_end();
                return if open == '<' { before.strip_suffix("::").unwrap_or(before) } else { before };
            }
        }
    }
    text
}

/// The spellings by which what an expression names may be defined, the most specific first. `container` is what `self` is.
pub(super) fn spellings(text: &str, container: Option<&str>, mut found: impl FnMut(SmolStr)) {
    let Some(Spelled { name, of }) = spelled(text) else { return };
    let of = match of {
        Some(Of::Path("Self" | "self") | Of::Member("self" | "this" | "cls" | "super")) => container,
        Some(Of::Path("crate" | "super")) => None,
        Some(Of::Path(path)) => Some(path),
        // Of objects, only types are defined under their name; a variable's type is not written here.
        Some(Of::Member(object)) => Some(object).filter(|object| object.starts_with(char::is_uppercase)),
        None => None,
    };
    if let Some(of) = of {
        found(format_smolstr!("{of}::{name}"));
    }
    found(name.into());
}

/// The last part of everything a statement imports; an alias is no name of what is imported.
pub(super) fn imported(statement: &str, mut found: impl FnMut(SmolStr)) {
    const WORDS: &[&str] = &[
        "as",
        "async",
        "const",
        "crate",
        "export",
        "extern",
        "from",
        "function",
        "import",
        "in",
        "include",
        "mod",
        "module",
        "package",
        "pub",
        "require",
        "self",
        "static",
        "super",
        "type",
        "typename",
        "typeof",
        "use",
        "using",
        "namespace",
        "default",
    ];
    let code = statement.lines().map(|line| line.split_once(" //").map_or(line, |(code, _)| code));
    let tokens = code
        .flat_map(|line| line.split(|c: char| !(is_part(c) || matches!(c, '.' | ':' | '/' | '-' | '@' | '*' | '+'))));
    let mut alias = false;
    for token in tokens.filter(|token| !token.is_empty()).take(MAX_IMPORTED) {
        if std::mem::take(&mut alias) {
            continue;
        }
        if token == "as" {
            alias = true;
            continue;
        }
        let path = token.trim_end_matches(['*', '.', ':']);
        // A path that a list or everything follows is not imported itself.
        if token.ends_with("::") {
            continue;
        }
        let file = path.rsplit('/').next().unwrap_or(path);
        let name = if path.contains('/')
            || kind_of(path) != ChunkKind::Text && file.matches('.').count() == 1 && path.ends_with(".h")
        {
            file
        } else {
            path.rsplit(['.', ':']).next().unwrap_or(path)
        };
        if !name.is_empty() && name.len() <= MAX_NAME && name.starts_with(is_part) && !WORDS.contains(&name) {
            found(name.into());
        }
    }
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

    fn all(run: impl FnOnce(&mut dyn FnMut(SmolStr))) -> Vec<String> {
        let mut names = Vec::new();
        run(&mut |name| names.push(name.to_string()));
        names
    }

    #[test]
    fn an_expression_is_named_by_its_end() {
        let of = |text| all(|found| spellings(text, Some("Pool"), found));
        assert_eq!(of("spawn"), ["spawn"]);
        assert_eq!(of("tokio::Runtime::spawn"), ["Runtime::spawn", "spawn"]);
        assert_eq!(of("HashMap::<K, Vec<V>>::new"), ["HashMap::new", "new"]);
        assert_eq!(of("a.b(c)?.collect::<Vec<_>>"), ["collect"]);
        assert_eq!(of("Größe.ändern"), ["Größe::ändern", "ändern"]);
        assert_eq!(of("self.run"), ["Pool::run", "run"]);
        assert_eq!(of("Self::run"), ["Pool::run", "run"]);
        assert_eq!(of("this->run"), ["Pool::run", "run"]);
        assert_eq!(of("ptr->run"), ["run"]);
        assert_eq!(of("client?.send"), ["send"]);
        assert_eq!(of("Map[string]"), ["Map"]);
        assert_eq!(of("(|| 1)"), Vec::<String>::new());
        assert_eq!(of("a->"), Vec::<String>::new());
        assert_eq!(of(">>>"), Vec::<String>::new());
    }

    #[test]
    fn imports_give_last_parts() {
        let of = |text| all(|found| imported(text, found));
        assert_eq!(of("pub use a::b::{C, d::E as F, self, g::*};"), ["C", "E", "g"]);
        assert_eq!(of("use crate::x::Y; // why"), ["Y"]);
        assert_eq!(of("import os.path as p, sys"), ["path", "sys"]);
        assert_eq!(of("from a.b import c as d, e"), ["b", "c", "e"]);
        assert_eq!(of("import D, {A as B} from './x/y.js'"), ["D", "A", "y.js"]);
        assert_eq!(of("import (\n\t\"fmt\"\n\th \"net/http\"\n)"), ["fmt", "h", "http"]);
        assert_eq!(of("import static a.B.c;"), ["c"]);
        assert_eq!(of("import a.b.*;"), ["b"]);
        assert_eq!(of("#include <sys/types.h>"), ["types.h"]);
        assert_eq!(of("#include \"own.h\""), ["own.h"]);
    }

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
