//! Macros whose bodies are items, such as `cfg_rt! { … }`: to the grammar a heap of tokens, to a reader a part of the
//! file.

use tree_sitter::{Node, Point, Range, Tree};

use super::grammar::{Grammar, Role};
use super::tree::Budget;

/// How deep items are looked for in tokens within tokens.
const MAX_DEPTH: u32 = 8;
/// A body of which more than one byte in so many is in errors holds no items.
const ERRORS: usize = 4;

/// The trees of the items that the tokens of a macro hold, in the text's order: of all of them, or of the parts in braces
/// that a macro such as `cfg_if!` chooses from.
pub(super) fn items(grammar: &Grammar, source: &str, invocation: &Node<'_>, budget: &mut Budget) -> Vec<Tree> {
    let mut trees = Vec::new();
    let mut cursor = invocation.walk();
    let last = cursor.goto_last_child().then(|| cursor.node());
    if let Some(tokens) = last.filter(|tokens| in_braces(grammar, source, tokens)) {
        collect(grammar, source, &tokens, budget, 0, &mut trees);
    }
    trees
}

fn in_braces(grammar: &Grammar, source: &str, node: &Node<'_>) -> bool {
    grammar.is_tokens(node.kind_id()) && source.as_bytes().get(node.start_byte()) == Some(&b'{')
}

fn collect(grammar: &Grammar, source: &str, tokens: &Node<'_>, budget: &mut Budget, depth: u32, trees: &mut Vec<Tree>) {
    let body = inside(tokens);
    if body.start_byte >= body.end_byte {
        return;
    }
    let tree = budget.parse(grammar, source, Some(body)).filter(|tree| holds_items(grammar, tree));
    if let Some(tree) = tree {
        trees.push(tree);
        return;
    }
    let mut cursor = tokens.walk();
    let mut there = depth < MAX_DEPTH && cursor.goto_first_child();
    while there {
        let part = cursor.node();
        if in_braces(grammar, source, &part) {
            collect(grammar, source, &part, budget, depth + 1, trees);
        }
        there = cursor.goto_next_sibling();
    }
}

/// What stands between the braces.
fn inside(tokens: &Node<'_>) -> Range {
    let (start, end) = (tokens.start_position(), tokens.end_position());
    Range {
        start_byte: tokens.start_byte() + 1,
        end_byte: tokens.end_byte().saturating_sub(1),
        start_point: Point { column: start.column + 1, ..start },
        end_point: Point { column: end.column.saturating_sub(1), ..end },
    }
}

/// Whether a tree's outermost nodes are items, but for a few errors.
fn holds_items(grammar: &Grammar, tree: &Tree) -> bool {
    let root = tree.root_node();
    let mut cursor = root.walk();
    if root.is_error() || !cursor.goto_first_child() {
        return false;
    }
    let (mut items, mut others, mut errors) = (0_usize, 0_usize, 0);
    loop {
        let node = cursor.node();
        match grammar.role(node.kind_id()) {
            _ if node.is_error() => errors += node.byte_range().len(),
            Role::Function | Role::Container { .. } | Role::Value { .. } | Role::Wrapper | Role::Import => items += 1,
            Role::Call(_) if grammar.is_macro(node.kind_id()) => {}
            Role::Lead => {}
            _ => others += usize::from(node.is_named()),
        }
        if !cursor.goto_next_sibling() {
            return items > others && errors <= root.byte_range().len() / ERRORS;
        }
    }
}

#[cfg(test)]
mod tests {
    use ninefold_core::{Chunk, Labels, RelationKind};

    use super::super::split;

    /// The chunks of a source in Rust, each byte for byte where it says it is.
    fn cut(text: &str) -> Vec<Chunk> {
        let chunks = split("a.rs", text, &Labels::none());
        let mut end = 0;
        for chunk in &chunks {
            let start = usize::try_from(chunk.offset).unwrap();
            assert_eq!(text.get(start..start + chunk.text.len()), Some(chunk.text.as_str()));
            assert!(text[end..start].trim().is_empty(), "lost {:?}", &text[end..start]);
            assert_eq!(text[..start].matches('\n').count() as u32 + 1, chunk.lines.first);
            end = start + chunk.text.len();
        }
        assert!(text[end..].trim().is_empty(), "lost {:?}", &text[end..]);
        chunks
    }

    fn defined(chunks: &[Chunk]) -> Vec<&str> {
        chunks
            .iter()
            .flat_map(|chunk| &chunk.defines)
            .map(smol_str::SmolStr::as_str)
            .filter(|name| *name != "a.rs")
            .collect()
    }

    fn titles(chunks: &[Chunk]) -> Vec<&str> {
        chunks.iter().map(|chunk| chunk.title.as_str()).collect()
    }

    #[test]
    fn items_in_a_macro_have_titles_names_and_relations() {
        let source = "//! Größe 🚀.\n\ncfg_rt! {\n    use std::sync::Arc;\n\n    /// Läuft wie `Handle`.\n    #[inline]\n    pub fn spawn<F>(f: F) { context::current(f) }\n\n    impl Pool { fn run(&self) { self.wait() } }\n    mod inner;\n}\n\nfn after() {}\n";
        let chunks = cut(source);
        assert_eq!(titles(&chunks), ["pub fn spawn<F>(f: F)"]);
        assert_eq!(defined(&chunks), ["spawn", "run", "Pool::run", "after"]);
        let of = |kind| {
            let relations = chunks[0].relations.iter().filter(move |relation| relation.kind == kind);
            relations.map(|relation| relation.target.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(of(RelationKind::Imports), ["Arc"]);
        assert_eq!(of(RelationKind::Calls), ["cfg_rt", "context::current", "current", "Pool::wait", "wait"]);
        assert_eq!(of(RelationKind::Mentions), ["Handle"]);
    }

    #[test]
    fn large_items_in_a_macro_are_chunks_of_their_own() {
        let body = "        let value = compute(1, 2, 3);\n".repeat(30);
        let item = |name: &str| format!("    /// Does it.\n    pub fn {name}() {{\n{body}    }}\n\n");
        let source = format!("fn before() {{}}\n\ncfg_io! {{\n{}{}}}\n\nfn after() {{}}\n", item("one"), item("two"));
        for source in [source.clone(), source.replace('\n', "\r\n")] {
            let chunks = cut(&source);
            assert_eq!(titles(&chunks), ["fn before()", "pub fn one()", "pub fn two()", "fn after()"]);
            assert!(chunks[2].text.starts_with("    /// Does it."), "{:?}", chunks[2].text);
        }
    }

    #[test]
    fn each_branch_of_a_choice_holds_items_and_so_do_macros_in_macros() {
        let source = "cfg_if::cfg_if! {\n    if #[cfg(unix)] {\n        fn posix() {}\n    } else if #[cfg(windows)] {\n        struct Handle(u8);\n    } else {\n        cfg_not! { pub const NONE: u8 = 0; }\n    }\n}\n";
        assert_eq!(defined(&cut(source)), ["posix", "Handle", "NONE"]);
        let member = "impl Pool {\n    cfg_rt! {\n        fn spawn(&self) {}\n    }\n}\n";
        assert_eq!(defined(&cut(member)), ["spawn", "Pool::spawn"]);
    }

    #[test]
    fn tokens_that_are_no_items_stay_tokens() {
        let source = "fn f() {\n    select! { a = b => { fn hidden() {} } }\n}\nlanguage! { when it, rains; then { stay in } }\nempty! {}\nopen! {";
        assert_eq!(defined(&cut(source)), ["f"]);
        cut("a!{");
        cut("a!{é}");
        cut("a! { fn f( }");
    }

    #[test]
    fn macros_within_macros_end() {
        for deep in [10, 1_000] {
            cut(&format!("{}fn f() {{}}{}", "a! { ".repeat(deep), " }".repeat(deep)));
            cut(&format!("a! {}{}", "{ x ".repeat(deep), "}".repeat(deep)));
        }
        cut(&"a! { fn f() {} }\n".repeat(3_000));
    }
}
