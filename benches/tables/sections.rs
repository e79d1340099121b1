//! The sections of a page that this program writes: what stands between `<!-- table: NAME -->` and `<!-- end -->`, each marker on a
//! line of its own.

use std::collections::HashSet;
use std::fmt;

/// A page with its sections written anew.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    pub text: String,
    /// The sections that were written.
    pub written: Vec<String>,
    /// Those that were left as they are, as there is no table of that name.
    pub left: Vec<String>,
}

/// A marker that is not as it should be.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed {
    /// From 1.
    pub line: usize,
    pub what: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// What a line is.
enum Marker<'a> {
    Begin(&'a str),
    End,
}

fn marker(line: &str) -> Result<Option<Marker<'_>>, String> {
    let line = line.trim();
    let Some(inside) = line.strip_prefix("<!--").and_then(|rest| rest.strip_suffix("-->")).map(str::trim) else {
        let is_broken = line.contains("<!-- table") || line.contains("<!-- end");
        return if is_broken { Err(format!("a marker stands alone on its line: {line}")) } else { Ok(None) };
    };
    if inside == "end" {
        return Ok(Some(Marker::End));
    }
    let Some(name) = inside.strip_prefix("table") else { return Ok(None) };
    match name.strip_prefix(':').map(str::trim) {
        Some(name) if !name.is_empty() && !name.contains(char::is_whitespace) => Ok(Some(Marker::Begin(name))),
        _ => Err(format!("write it like <!-- table: NAME -->: {line}")),
    }
}

/// Puts each table where its section is; `table` gives a name's text without an end of line. Written twice, a page stays the same.
///
/// # Errors
/// A marker that is misspelt, that opens what is open, closes what is not, is never closed, or names a section for the second time.
pub fn write(page: &str, table: impl Fn(&str) -> Option<String>) -> Result<Page, Malformed> {
    let (mut text, mut written, mut left) = (String::with_capacity(page.len()), Vec::new(), Vec::new());
    let mut names = HashSet::new();
    // The section that is open: its name, its line, and whether its old lines are passed over.
    let mut open: Option<(&str, usize, bool)> = None;
    for (line, said) in (1..).zip(page.split_inclusive('\n')) {
        let malformed = |what: String| Malformed { line, what };
        match (marker(said).map_err(malformed)?, open) {
            (Some(Marker::Begin(name)), Some((other, at, _))) => {
                return Err(malformed(format!("section {name} begins before {other} of line {at} has ended")));
            }
            (Some(Marker::Begin(name)), None) => {
                if !names.insert(name) {
                    return Err(malformed(format!("section {name} is there twice")));
                }
                text.push_str(said);
                let made = table(name);
                if let Some(made) = &made {
                    text.push_str(&format!("{}\n", made.trim_end()));
                    written.push(name.to_owned());
                } else {
                    left.push(name.to_owned());
                }
                open = Some((name, line, made.is_some()));
            }
            (Some(Marker::End), None) => return Err(malformed("no section has begun that could end".to_owned())),
            (Some(Marker::End), Some(_)) => {
                text.push_str(said);
                open = None;
            }
            (None, Some((_, _, true))) => {}
            (None, _) => text.push_str(said),
        }
    }
    if let Some((name, line, _)) = open {
        return Err(Malformed { line, what: format!("section {name} never ends: <!-- end --> is missing") });
    }
    Ok(Page { text, written, left })
}
