//! Source code of any language, cut by its shape: items of least indentation that stand apart by blank lines. No grammar
//! is needed; languages without one, and files that do not parse, are cut so.

use std::ops::Range;

use super::lines::Lines;
use super::split::{Piece, title};

/// Bytes that small neighbours are packed to, and the most of one chunk.
pub(super) const TARGET: usize = 1_500;
pub(super) const MAX: usize = 4_000;

/// How deep the cutting of one large item looks into it; below that, lines decide.
const MAX_DEPTH: usize = 32;

/// The items, small neighbours together, large ones in parts that carry the item's title before their own.
pub(super) fn pieces(lines: &Lines<'_>) -> Vec<Piece> {
    let whole = lines.trim(0..lines.count());
    let least = whole.clone().filter(|&n| !lines.is_blank(n)).map(|n| lines.indent(n)).min().unwrap_or_default();
    let begins = whole.clone().filter(|&n| begins_item(lines, n) && lines.indent(n) == least);
    let mut pieces = Vec::new();
    let mut small: Vec<Range<usize>> = Vec::new();
    let flush = |small: &mut Vec<Range<usize>>, pieces: &mut Vec<Piece>| {
        for range in lines.pack(std::mem::take(small), TARGET) {
            pieces.push(Piece { title: title(declaration(lines, &range)), lines: range });
        }
    };
    for item in lines.parts(&whole, begins) {
        if lines.size(&item) <= MAX {
            small.push(item);
        } else {
            flush(&mut small, &mut pieces);
            large(lines, item, &mut pieces);
        }
    }
    flush(&mut small, &mut pieces);
    pieces
}

fn begins_item(lines: &Lines<'_>, n: usize) -> bool {
    let line = lines.trimmed(n);
    lines.opens(n) && !line.starts_with(['}', ')', ']']) && line != "end"
}

fn large(lines: &Lines<'_>, item: Range<usize>, pieces: &mut Vec<Piece>) {
    let of_item = declaration(lines, &item);
    for (n, part) in lines.pack(subdivide(lines, item.clone()), TARGET).into_iter().enumerate() {
        let own = declaration(lines, &part);
        let title = match (n, of_item, own) {
            (0, _, own) => title(own),
            (_, of_item, "") => title(of_item),
            (_, "", own) => title(own),
            (_, of_item, own) => title(&format!("{of_item} > {own}")),
        };
        pieces.push(Piece { title, lines: part });
    }
}

/// The parts of an item: cut at blank lines, at the least indentation that has any, and again inside of what is
/// still too large.
pub(super) fn subdivide(lines: &Lines<'_>, range: Range<usize>) -> Vec<Range<usize>> {
    subdivide_to(lines, range, MAX_DEPTH)
}

fn subdivide_to(lines: &Lines<'_>, range: Range<usize>, depth: usize) -> Vec<Range<usize>> {
    let cuts = || (range.start + 1..range.end).filter(|&n| begins_item(lines, n));
    let Some(least) = cuts().map(|n| lines.indent(n)).min().filter(|_| depth > 0) else { return vec![range] };
    let parts = lines.parts(&range, cuts().filter(|&n| lines.indent(n) == least));
    parts
        .into_iter()
        .flat_map(|part| if lines.size(&part) > MAX { subdivide_to(lines, part, depth - 1) } else { vec![part] })
        .collect()
}

/// The first line that declares something: not a comment, attribute, decorator, import or closing bracket. Empty when
/// there is none.
fn declaration<'a>(lines: &Lines<'a>, range: &Range<usize>) -> &'a str {
    /// Pairs that hold comments or documentation over several lines.
    const BLOCKS: &[(&str, &str)] =
        &[("/*", "*/"), ("<!--", "-->"), ("{-", "-}"), ("\"\"\"", "\"\"\""), ("'''", "'''")];
    const COMMENTS: &[&str] = &["//", "# ", "#!", "#[", "--", ";", "%", "@", "*", "'''"];
    const IMPORTS: &[&str] =
        &["use ", "import ", "from ", "#include", "package ", "require", "using ", "extern crate", "mod ", "\"use "];
    let mut inside: Option<&str> = None;
    for n in range.clone() {
        let line = lines.trimmed(n);
        if let Some(close) = inside {
            if line.contains(close) {
                inside = None;
            }
            continue;
        }
        if let Some((open, close)) = BLOCKS.iter().find(|(open, _)| line.starts_with(open)) {
            let rest = line.get(open.len()..).unwrap_or_default();
            inside = (!rest.contains(close)).then_some(close);
            continue;
        }
        let passed = COMMENTS.iter().chain(IMPORTS).any(|start| line.starts_with(start));
        if !passed && line != "#" && line.chars().any(char::is_alphanumeric) && !line.starts_with(['}', ')', ']']) {
            return line.trim_end_matches(['{', ' ', '\t']);
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use ninefold_core::{Chunk, Labels};

    use crate::ingest::split;

    fn cut(path: &str, text: &str) -> Vec<Chunk> {
        split(path, text, &Labels::none())
    }

    fn body(lines: usize) -> String {
        "    let value = compute(value);\n".repeat(lines)
    }

    #[test]
    fn an_item_keeps_what_stands_before_it_and_small_ones_share_a_chunk() {
        let text = format!(
            "//! About.\n\nuse a::b;\nuse c;\n\n/// Adds.\n#[inline]\npub fn add() {{\n{}\n    tail()\n}}\n\n// note\nfn small() {{}}\n\nfn tiny() {{}}\n",
            body(45)
        );
        let chunks = cut("a.kt", &text);
        let titles: Vec<&str> = chunks.iter().map(|chunk| chunk.title.as_str()).collect();
        assert_eq!(titles, ["", "pub fn add()", "fn small() {}"]);
        assert!(chunks[1].text.starts_with("/// Adds.\n#[inline]\npub fn add()") && chunks[1].text.ends_with('}'));
        assert_eq!(chunks[2].text, "// note\nfn small() {}\n\nfn tiny() {}");
    }

    #[test]
    fn parts_of_a_large_item_carry_its_title() {
        let method = |name: &str| format!("    /// Does it.\n    pub fn {name}(&self) {{\n{}    }}\n", body(40));
        let methods = ["first", "second", "third", "fourth"].map(method).join("\n");
        let chunks = cut("a.kt", &format!("impl Wrapper {{\n{methods}}}\n"));
        let titles: Vec<&str> = chunks.iter().map(|chunk| chunk.title.as_str()).collect();
        assert_eq!(
            titles,
            [
                "impl Wrapper",
                "impl Wrapper > pub fn second(&self)",
                "impl Wrapper > pub fn third(&self)",
                "impl Wrapper > pub fn fourth(&self)"
            ]
        );
        assert!(chunks[1].text.starts_with("    /// Does it."));
    }

    #[test]
    fn other_languages_have_the_same_shape() {
        let python = format!(
            "\"\"\"Module\nfn no\n\"\"\"\nimport os\n\n@decorated\nclass A(Base):\n    \"\"\"Doc.\"\"\"\n\n{}\n\n# why\ndef later():\n    pass\n",
            "    def m(self):\n        pass\n\n".repeat(60)
        );
        let titles: Vec<String> = cut("a.nim", &python).into_iter().map(|chunk| chunk.title).collect();
        assert_eq!(titles[..2], ["", "class A(Base):"]);
        assert!(titles.iter().any(|title| title == "def later():"), "{titles:?}");
        let c = "/* License\n * int no;\n */\n#include <x.h>\n\nstatic int\nf(void)\n{\n\treturn 1;\n\n}\n";
        assert_eq!(cut("a.d", c)[0].title, "static int");
        assert_eq!(cut("a.toml", "# c\n[package]\nname = \"x\"\n")[0].title, "[package]");
        assert_eq!(cut("a.kt", "// only\n// comments\n")[0].title, "");
    }

    #[test]
    fn deep_nesting_and_dense_code_are_cut_too() {
        let deep: String = (0..2_000).map(|n| format!("{}x{n}\n\n", " ".repeat(n))).collect();
        assert!(cut("deep.nim", &deep).len() > 100);
        let dense = "statement();\n".repeat(10_000);
        assert!(cut("dense.kt", &dense).iter().all(|chunk| chunk.text.len() <= super::MAX));
    }
}
