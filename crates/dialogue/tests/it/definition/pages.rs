//! The page about flows: what it shows compiles.

use ninefold_dialogue::definition::Definition;
use ninefold_dialogue::expression::Expression;

use super::{read, root};

fn page() -> String {
    std::fs::read_to_string(root().join("docs/flows.md")).unwrap()
}

/// The blocks of a language, each with the line it begins at.
fn blocks(page: &str, language: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (line, text) in page.lines().enumerate() {
        match &mut open {
            Some(_) if text == "```" => blocks.extend(open.take()),
            Some((_, block)) => *block += &format!("{text}\n"),
            None if text == format!("```{language}") => open = Some((line + 2, String::new())),
            None => {}
        }
    }
    blocks
}

#[test]
fn its_definitions_compile() {
    let page = page();
    let blocks = blocks(&page, "yaml");
    assert!(blocks.len() >= 5);
    for (line, block) in blocks {
        let wrong = read(&block).check();
        assert!(!wrong.has_errors(), "the block at line {line}:\n{wrong}");
    }
}

#[test]
fn its_expressions_are_expressions() {
    let page = page();
    let lines: Vec<String> = blocks(&page, "text")
        .into_iter()
        .flat_map(|(_, block)| block.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let expressions: Vec<&str> = lines.iter().filter_map(|line| line.split(" → ").next()).collect();
    assert!(expressions.len() >= 10);
    for text in expressions {
        Expression::parse(text.trim()).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    }
}

#[test]
fn it_names_every_key_and_type() {
    let page = page();
    let schema = Definition::json_schema();
    let keys =
        ["/properties", "/$defs/slot/anyOf/1/properties", "/$defs/flow/properties", "/$defs/action/anyOf/1/properties"];
    for key in keys.iter().filter_map(|path| schema.pointer(path)?.as_object()).flat_map(|keys| keys.keys()) {
        assert!(
            page.contains(&format!("`{key}`")) || page.contains(&format!("{key}:")),
            "docs/flows.md does not tell of `{key}`"
        );
    }
    for kind in schema.pointer("/$defs/slot/anyOf/0/enum").and_then(|kinds| kinds.as_array()).unwrap() {
        assert!(page.contains(&format!("`{}`", kind.as_str().unwrap())), "docs/flows.md does not tell of {kind}");
    }
}
