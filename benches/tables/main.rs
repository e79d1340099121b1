//! What benchmarks have found, as tables: of each report in `target/bench`, and of those that lie in `benches/*/results/report.json`.
//!
//! ```text
//! cargo bench --bench tables                 prints them
//! cargo bench --bench tables -- --write      writes them into the pages, between <!-- table: NAME --> and <!-- end -->
//! ```
//!
//! The pages are `docs/performance.md` and `docs/growth/README.md`. A section without a report is left as it is, and named.

// It may panic, and prints.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

mod sections;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use table::Table;

const PAGES: [&str; 2] = ["docs/performance.md", "docs/growth/README.md"];

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    match run(root, std::env::args().any(|argument| argument == "--write")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("{what}");
            ExitCode::FAILURE
        }
    }
}

fn run(root: &Path, write: bool) -> Result<(), String> {
    let tables = tables(root)?;
    if !write {
        tables.values().for_each(|table| println!("{}", table.plain()));
    }
    let mut homeless: BTreeSet<&String> = tables.keys().collect();
    for page in PAGES {
        let path = root.join(page);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{page}: {error}"))?;
        let made = sections::write(&text, |name| tables.get(name).map(Table::markdown));
        let made = made.map_err(|malformed| format!("{page}, {malformed}"))?;
        if write {
            std::fs::write(&path, &made.text).map_err(|error| format!("{page}: {error}"))?;
            println!("{page}: written are {}", listed(&made.written));
        }
        println!("{page}: without a report are {}", listed(&made.left));
        homeless.retain(|name| !made.written.contains(name));
    }
    let homeless: Vec<String> = homeless.into_iter().cloned().collect();
    println!("reports without a section: {}", listed(&homeless));
    Ok(())
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// All reports there are, by name.
fn tables(root: &Path) -> Result<BTreeMap<String, Table>, String> {
    let mut paths = entries(&root.join("target/bench"));
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    let results = entries(&root.join("benches")).into_iter().map(|folder| folder.join("results/report.json"));
    paths.extend(results.filter(|path| path.is_file()));
    let mut tables = BTreeMap::new();
    for path in paths {
        let wrong = |what: String| format!("{}: {what}", path.display());
        let text = std::fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
        let report = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let table = Table::of(&report).map_err(wrong)?;
        tables.insert(table.name.clone(), table);
    }
    Ok(tables)
}

/// What is in a folder, by name; nothing where there is none.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
