//! Where a quality benchmark finds its questions: `--data DIR --split NAME`, by default `../shared/data` beside the workspace, and `dev`.
//! Benchmarks of other crates use this file by its path, beside `report.rs`.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folder of data sets, and which split of them is asked for.
pub struct Data {
    folder: PathBuf,
    /// The split as it was named.
    pub split: String,
    /// Whether Cargo only wants to know that the benchmark runs.
    pub test: bool,
    read: RefCell<Vec<String>>,
}

impl Data {
    /// As the command line names them.
    pub fn from_arguments() -> Self {
        let named = value("--data").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
        // Cargo starts a benchmark in the folder of its crate.
        let folder = if named.is_dir() { named } else { super::report::workspace().join(named) };
        let split = value("--split").unwrap_or_else(|| "dev".to_owned());
        let test = std::env::args().any(|argument| argument == "--test");
        Self { folder, split, test, read: RefCell::default() }
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
        self.read.borrow_mut().push(file.to_owned());
        Some(text.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()).map(line).collect())
    }

    /// The first of these files that is there; the first of them where none is, so that reading it says so.
    pub fn first<'a>(&self, files: &[&'a str]) -> &'a str {
        files.iter().copied().find(|file| self.has(file)).unwrap_or(files[0])
    }

    /// Whether this file is there.
    pub fn has(&self, file: &str) -> bool {
        self.folder.join(file).is_file()
    }

    /// The files that were read, below the folder.
    pub fn files(&self) -> Vec<String> {
        self.read.borrow().clone()
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
