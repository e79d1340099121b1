//! Rules that run: which crate may depend on which, how long files are, where spans are made, what files are called.
//! Every rule is a function from text to findings, and every one is tried on a bad sample.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

const LONGEST_FILE: usize = 600;
const SPANS: &str = "crates/core/src/span.rs";

/// Which workspace crates a crate may depend on, apart from its tests. The facade is the root package.
const EDGES: &[(&str, &[&str])] = &[
    ("ninefold-core", &[]),
    ("ninefold-profile", &["ninefold-core"]),
    ("ninefold-store", &["ninefold-core"]),
    ("ninefold-embed", &["ninefold-core"]),
    ("ninefold-llm", &["ninefold-core"]),
    ("ninefold-testkit", &["ninefold-core"]),
    ("ninefold-pipeline", &["ninefold-core"]),
    ("ninefold-dialogue", &["ninefold-core", "ninefold-pipeline"]),
    (
        "ninefold",
        &[
            "ninefold-core",
            "ninefold-dialogue",
            "ninefold-embed",
            "ninefold-llm",
            "ninefold-pipeline",
            "ninefold-profile",
            "ninefold-store",
        ],
    ),
    ("ninefold-cli", &["ninefold"]),
    ("ninefold-jaeger-receiver", &[]),
];

/// A broken rule: where, what, and the cure.
#[derive(Debug, PartialEq)]
struct Finding {
    path: String,
    line: usize,
    message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

fn finding(path: &str, line: usize, message: impl Into<String>) -> Finding {
    Finding { path: path.to_owned(), line, message: message.into() }
}

fn crate_edges(path: &str, manifest: &str) -> Vec<Finding> {
    // A workspace without a package of its own depends on nothing.
    let has = |header: &str| manifest.lines().any(|line| line.trim() == header);
    if has("[workspace]") && !has("[package]") {
        return Vec::new();
    }
    let mut section = "";
    let mut package = "";
    let mut dependencies = Vec::new();
    for (n, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_matches(['[', ']']);
        }
        let table = section.strip_prefix("target.").and_then(|rest| rest.rsplit_once('.')).map_or(section, |(_, t)| t);
        let named = if let Some((_, name)) = section.rsplit_once("dependencies.") {
            (!section.contains("dev-dependencies.") && line.starts_with('[')).then_some(name)
        } else if table == "dependencies" || table == "build-dependencies" {
            line.split(['=', '.', ' ']).next()
        } else {
            None
        };
        match named {
            Some(name)
                if !section.starts_with("workspace.") && (name == "ninefold" || name.starts_with("ninefold-")) =>
            {
                dependencies.push((n + 1, name));
            }
            _ => {}
        }
        if section == "package"
            && let Some(name) = line.strip_prefix("name = ")
        {
            package = name.trim_matches('"');
        }
    }
    let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == package) else {
        let what = format!("no rule says what crate {package:?} may depend on; add a row to EDGES in tests/it/tidy.rs");
        return vec![finding(path, 1, what)];
    };
    let forbidden = dependencies.into_iter().filter(|(_, name)| !allowed.contains(name));
    forbidden
        .map(|(line, name)| {
            let may = if allowed.is_empty() { "no crate of the workspace".to_owned() } else { allowed.join(", ") };
            let cure = "move the shared type to ninefold-core, or let the two meet in the facade";
            finding(path, line, format!("{package} depends on {name}; it may depend on {may}: {cure}"))
        })
        .collect()
}

fn length(path: &str, text: &str) -> Vec<Finding> {
    let lines = text.lines().count();
    let what = format!("{lines} lines; the limit is {LONGEST_FILE}: split the file by noun or verb");
    if lines > LONGEST_FILE { vec![finding(path, LONGEST_FILE + 1, what)] } else { Vec::new() }
}

fn opening(path: &str, text: &str) -> Vec<Finding> {
    let what = "the file does not begin with `//!`: say in a sentence or two what it is for";
    if text.starts_with("//!") { Vec::new() } else { vec![finding(path, 1, what)] }
}

/// Looks at what the program runs: files below a `src`, without comments and without the tests at their end.
fn spans_in_one_place(path: &str, text: &str) -> Vec<Finding> {
    if path == SPANS || !path.split('/').any(|part| part == "src") || path.ends_with("/tests.rs") {
        return Vec::new();
    }
    let code = text.lines().enumerate().take_while(|(_, line)| line.trim() != "#[cfg(test)]");
    let makes_span =
        |line: &str| line.contains("span!") || line.contains("#[instrument") || line.contains("::instrument]");
    let makes_span = |line: &str| makes_span(line) || line.contains("#[tracing::instrument");
    code.filter(|(_, line)| !line.trim_start().starts_with("//") && makes_span(line))
        .map(|(n, _)| finding(path, n + 1, format!("a span is made here; make it in {SPANS} and call that")))
        .collect()
}

fn file_name(path: &str) -> Vec<Finding> {
    let vague = ["util", "utils", "helper", "helpers", "common", "misc"];
    let mut parts = path.split('/').map(|part| part.strip_suffix(".rs").unwrap_or(part));
    let named = parts.find(|part| vague.contains(part));
    named
        .map(|name| finding(path, 1, format!("{name:?} says nothing; name the file by the noun or verb it is about")))
        .into_iter()
        .collect()
}

fn unfinished(path: &str, text: &str) -> Vec<Finding> {
    // In two pieces each, so that this file does not find itself.
    let marks = [
        concat!("to", "do!"),
        concat!("unimple", "mented!"),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
    ];
    let lines = text.lines().enumerate();
    lines
        .filter_map(|(n, line)| {
            let mark = marks.iter().find(|mark| line.contains(**mark))?;
            Some(finding(path, n + 1, format!("{mark} marks unfinished work: finish it, or leave it out")))
        })
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below the source folders, with its path from the root, in order.
fn files(keep: impl Fn(&Path) -> bool) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> =
        ["src", "crates", "tests", "examples", "benches"].iter().map(|name| root().join(name)).collect();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if path.is_file() && keep(&path) {
                let relative = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
                found.push((relative, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn check_rust_files(rule: impl Fn(&str, &str) -> Vec<Finding>) {
    let sources = files(|path| path.extension().is_some_and(|extension| extension == "rs"));
    assert!(sources.len() > 50, "the walk finds only {} files; it no longer looks where the code is", sources.len());
    report(sources.iter().flat_map(|(path, text)| rule(path, text)));
}

#[track_caller]
fn report(findings: impl IntoIterator<Item = Finding>) {
    let all: Vec<String> = findings.into_iter().map(|finding| finding.to_string()).collect();
    assert!(all.is_empty(), "\n{}\n", all.join("\n"));
}

#[test]
fn crates_depend_one_way() {
    let mut manifests = files(|path| path.ends_with("Cargo.toml"));
    // Below `benches` are workspaces of their own, which compare the product with others and are no part of it.
    manifests.retain(|(path, _)| !path.starts_with("benches/"));
    manifests.push(("Cargo.toml".to_owned(), fs::read_to_string(root().join("Cargo.toml")).unwrap()));
    assert!(manifests.len() > 5);
    report(manifests.iter().flat_map(|(path, text)| crate_edges(path, text)));

    let bad = "[package]\nname = \"ninefold-pipeline\"\n[dependencies]\nninefold-core.workspace = true\n\
               ninefold-llm = { workspace = true }\n[dev-dependencies]\nninefold-testkit.workspace = true\n\
               [target.'cfg(unix)'.dependencies]\nninefold-store.workspace = true\n[dependencies.ninefold-profile]\n\
               workspace = true\n[dev-dependencies.ninefold]\nworkspace = true\n";
    let lines: Vec<usize> = crate_edges("x", bad).iter().map(|finding| finding.line).collect();
    assert_eq!(lines, [5, 9, 10]);
    let stranger = crate_edges("x", "[package]\nname = \"ninefold-new\"\n");
    assert!(stranger[0].message.contains("add a row to EDGES"));
    assert_eq!(crate_edges("x", "[workspace]\nmembers = [\"a\"]\n"), []);
    assert_eq!(crate_edges("x", "[workspace]\n[package]\nname = \"ninefold-new\"\n").len(), 1);
}

#[test]
fn files_are_short() {
    check_rust_files(length);
    assert_eq!(length("x", &"\n".repeat(LONGEST_FILE)), []);
    assert_eq!(length("x", &"\n".repeat(LONGEST_FILE + 1))[0].line, LONGEST_FILE + 1);
}

#[test]
fn files_say_what_they_are_for() {
    check_rust_files(opening);
    assert_eq!(opening("x", "use std::fmt;\n").len(), 1);
}

#[test]
fn spans_are_made_in_one_place() {
    check_rust_files(spans_in_one_place);
    let bad = "fn f() {\n    // info_span!(\"no\")\n    tracing::info_span!(\"yes\");\n}\n#[instrument(skip_all)]\nfn g() {}\n\
               #[tracing::instrument]\nfn h() {}\n#[cfg(test)]\nmod tests { fn t() { info_span!(\"no\"); } }\n";
    let lines = |path| spans_in_one_place(path, bad).iter().map(|finding| finding.line).collect::<Vec<_>>();
    assert_eq!(lines("crates/llm/src/http.rs"), [3, 5, 7]);
    assert_eq!(lines("crates/llm/tests/it/http.rs"), [0; 0]);
    assert_eq!(lines(SPANS), [0; 0]);
}

#[test]
fn files_have_names_that_say_something() {
    check_rust_files(|path, _| file_name(path));
    assert_eq!(file_name("crates/llm/src/utils.rs").len(), 1);
    assert_eq!(file_name("crates/llm/src/common/mod.rs").len(), 1);
    assert_eq!(file_name("crates/llm/src/retry.rs"), []);
}

#[test]
fn nothing_is_left_unfinished() {
    check_rust_files(unfinished);
    let bad = format!("fn f() {{\n    {}()\n}}\n// {}: later\n", concat!("to", "do!"), concat!("FIX", "ME"));
    let lines: Vec<usize> = unfinished("x", &bad).iter().map(|finding| finding.line).collect();
    assert_eq!(lines, [2, 4]);
}

#[test]
fn a_finding_names_file_line_and_cure() {
    let found = opening("crates/llm/src/http.rs", "");
    let message = found[0].to_string();
    assert!(message.starts_with("crates/llm/src/http.rs:1: ") && message.contains("say in a sentence"), "{message}");
}
