//! What source code calls and imports, read from the text of an expression or statement, for all languages alike.

use ninefold_core::ChunkKind;
use smol_str::{SmolStr, format_smolstr};

use super::names::{MAX_NAME, is_identifier, is_part};
use super::split::kind_of;

/// How far before the end of an expression its name is looked for, in bytes.
const REACH: usize = 512;
/// The most parts of one import that are looked at.
const MAX_IMPORTED: usize = 256;

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
}
