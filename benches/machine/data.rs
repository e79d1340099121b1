//! Where a quality benchmark finds its questions: `--data DIR --split NAME`, by default `../shared/data` beside the workspace, and `dev`.
//! Benchmarks of other crates use this file by its path, beside `report.rs`.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folder of data sets, and which split of them is asked for.
pub struct Data {
    folder: PathBuf,
    /// The split as it was named.
    pub split: String,
    /// Whether Cargo only wants to know that the benchmark runs.
    pub test: bool,
}

impl Data {
    /// As the command line names them.
    pub fn from_arguments() -> Self {
        let folder = value("--data").map_or_else(|| super::report::workspace().join("../shared/data"), PathBuf::from);
        let split = value("--split").unwrap_or_else(|| "dev".to_owned());
        Self { folder, split, test: std::env::args().any(|argument| argument == "--test") }
    }

    /// The objects of a file of JSON lines below the folder; where it is absent, says so and gives none.
    pub fn lines(&self, file: &str) -> Option<Vec<Value>> {
        let path = self.folder.join(file);
        let Ok(text) = std::fs::read_to_string(&path) else {
            println!(
                "no data: {} is not there; --data DIR names the folder of data sets, --split NAME the split",
                path.display()
            );
            return None;
        };
        let line = |(n, line): (usize, &str)| match serde_json::from_str(line) {
            Ok(value) => value,
            #[allow(clippy::panic)]
            Err(error) => panic!("{}:{}: not JSON: {error}", path.display(), n + 1),
        };
        Some(text.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()).map(line).collect())
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// What stands behind that name on the command line.
pub fn value(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name).skip(1);
    arguments.next()
}
