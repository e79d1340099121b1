//! Sources into trees, within bounds: a parser for each thread, and so many steps for each file.

use std::cell::RefCell;
use std::ops::ControlFlow;

use tree_sitter::{ParseOptions, ParseState, Parser, Range, Tree};

use super::grammar::Grammar;
use super::lines::Lines;

/// What is longer is cut by its shape, in bytes.
const MAX_SOURCE: usize = 1024 * 1024;
/// What has more bytes than this to a line was not written by hand, and is cut by its shape where it is not small either.
const DENSE: usize = 400;
const MAX_DENSE: usize = 64 * 1024;
/// How often the parser may ask for one source: half a megabyte of code, a second of work on what is broken.
const MAX_ASKED: usize = 4_000;
/// How often it may ask anyway.
const LEAST_ASKED: usize = 256;

thread_local! {
    static PARSER: RefCell<Parser> = RefCell::new(Parser::new());
}

/// What parsing one source may still cost.
pub(super) struct Budget {
    left: usize,
}

impl Budget {
    /// For a source with these lines; none when it is nothing that a person wrote.
    pub(super) fn of(source: &str, lines: &Lines<'_>) -> Option<Self> {
        let dense = source.len() > MAX_DENSE && source.len() / lines.count().max(1) > DENSE;
        // The parser asks every hundred steps. Code takes .7 steps for a byte in the median, 2.2 in the worst file of tokio;
        // repairing what is broken may take any number.
        let left = (LEAST_ASKED + source.len() / 40).min(MAX_ASKED);
        (source.len() <= MAX_SOURCE && !dense).then_some(Self { left })
    }

    /// The tree of a source, or of a part of it with the places of the whole; none when that would take unreasonably long.
    pub(super) fn parse(&mut self, grammar: &Grammar, source: &str, part: Option<Range>) -> Option<Tree> {
        PARSER.with_borrow_mut(|parser| {
            parser.set_language(&grammar.language).ok()?;
            parser.set_included_ranges(part.as_slice()).ok()?;
            // A tree costs something, however small.
            self.left = self.left.checked_sub(1)?;
            let left = &mut self.left;
            let mut progress = |_: &ParseState| {
                *left = left.saturating_sub(1);
                if *left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            let options = ParseOptions::new().progress_callback(&mut progress);
            let text = &mut |at, _| source.as_bytes().get(at..).unwrap_or_default();
            let tree = parser.parse_with_options(text, None, Some(options));
            // What was broken off must not be gone on with for another source.
            parser.reset();
            tree
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::grammar::of_path;
    use super::*;

    fn parse(left: usize, path: &str, source: &str) -> Option<Tree> {
        Budget { left }.parse(of_path(path).unwrap(), source, None)
    }

    #[test]
    fn what_was_broken_off_leaves_nothing_behind() {
        let (code, broken) = ("fn f() { g(1); }\n".repeat(500), "x y ".repeat(2_000));
        let whole = parse(1_000, "a.rs", &code).unwrap().root_node().to_sexp();
        for _ in 0..3 {
            assert!(parse(20, "a.rs", &code).is_none() && parse(20, "a.py", &broken).is_none());
            assert!(parse(0, "a.rs", "").is_none(), "nothing is left");
            assert_eq!(parse(1_000, "a.rs", &code).unwrap().root_node().to_sexp(), whole);
            assert!(!parse(1_000, "a.py", "def f(): pass\n").unwrap().root_node().has_error());
        }
    }

    #[test]
    fn what_no_person_wrote_is_not_parsed() {
        let budget = |source: &str| Budget::of(source, &Lines::of(source)).map(|budget| budget.left);
        assert_eq!(budget(""), Some(LEAST_ASKED));
        assert_eq!(budget(&"let a = 1;\n".repeat(50_000)), Some(MAX_ASKED));
        assert_eq!(budget(&"let a = 1; ".repeat(50_000)), None, "one line");
        assert_eq!(budget(&"let a = 1;\n".repeat(100_000)), None, "more than a megabyte");
    }
}
