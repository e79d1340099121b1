//! Sources of a split, or crates as found in Cargo's registry, with their documentation and without.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::machine::Data;
use crate::measure::Query;

/// The sources of a split: the folders below `docstrings/SPLIT`, or crates in Cargo's registry, the newest of each.
pub fn find(data: &Data) -> Vec<PathBuf> {
    let own = fs::read_dir(data.folder().join("docstrings").join(&data.split));
    let mut own: Vec<PathBuf> =
        own.into_iter().flatten().flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    own.sort();
    if !own.is_empty() {
        return own;
    }
    let names: &[&str] = match data.split.as_str() {
        "dev" => &["tokio", "serde_core"],
        "test" => &["regex-automata"],
        _ => return Vec::new(),
    };
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let Some(registries) = home.and_then(|home| fs::read_dir(home.join("registry/src")).ok()) else {
        return Vec::new();
    };
    let mut folders: Vec<PathBuf> = registries
        .flatten()
        .filter_map(|registry| fs::read_dir(registry.path()).ok())
        .flat_map(|folders| folders.flatten().map(|folder| folder.path()))
        .collect();
    folders.sort();
    let newest = |name: &&str| {
        folders.iter().rev().find(|folder| {
            let folder = folder.file_name().and_then(|folder| folder.to_str()).unwrap_or_default();
            let version = folder.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
            version.is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
        })
    };
    names.iter().filter_map(newest).cloned().collect()
}

/// The name of a folder of sources.
pub fn name(folder: &Path) -> String {
    folder.file_name().map_or_else(|| folder.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// The Rust files of a crate.
pub struct Corpus {
    pub name: String,
    files: Vec<(PathBuf, String)>,
}

/// A function with its documentation.
struct Documented {
    file: PathBuf,
    /// The line of its name when the documentation is taken out, counted from 1.
    line: u32,
    /// The first paragraph.
    about: String,
}

impl Corpus {
    pub fn read(root: &Path) -> Self {
        let mut files = Vec::new();
        let sources = root.join("src");
        let mut folders = vec![if sources.is_dir() { sources } else { root.to_owned() }];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "rs")
                    && let Ok(text) = fs::read_to_string(&path)
                {
                    files.push((path.strip_prefix(root).unwrap().to_owned(), text));
                }
            }
        }
        files.sort();
        Self { name: name(root), files }
    }

    /// Writes the files below `folder`; without documentation if so asked.
    pub fn write(&self, folder: &Path, without_documentation: bool) {
        for (path, text) in &self.files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let bare = || text.lines().filter(|line| !is_documentation(line)).flat_map(|line| [line, "\n"]).collect();
            fs::write(path, if without_documentation { bare() } else { text.clone() }).unwrap();
        }
    }

    /// The first paragraphs of functions' documentation as queries for these functions; those that stand at several
    /// functions are left out. Evenly spread over the crate.
    pub fn documented(&self, folder: &Path, most: usize) -> Vec<Query> {
        let found: Vec<Documented> = self.files.iter().flat_map(|(path, text)| documented(path, text)).collect();
        let mut times: HashMap<&str, usize> = HashMap::new();
        for function in &found {
            *times.entry(&function.about).or_default() += 1;
        }
        let unique: Vec<&Documented> = found.iter().filter(|function| times[function.about.as_str()] == 1).collect();
        let step = unique.len().div_ceil(most).max(1);
        let folder = fs::canonicalize(folder).unwrap();
        let query = |function: &&Documented| Query {
            text: function.about.clone(),
            path: folder.join(&function.file).to_str().unwrap().to_owned(),
            line: function.line,
        };
        unique.iter().step_by(step).map(query).collect()
    }
}

fn is_documentation(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("///") || line.starts_with("//!") || line.starts_with("#[doc") || line.starts_with("#![doc")
}

fn documented(path: &Path, text: &str) -> Vec<Documented> {
    let mut found = Vec::new();
    let mut about: Vec<&str> = Vec::new();
    let mut bare = 0;
    for line in text.lines() {
        let trimmed = line.trim_start();
        if let Some(words) = trimmed.strip_prefix("///") {
            about.push(words.trim());
            continue;
        }
        if is_documentation(line) {
            continue;
        }
        bare += 1;
        if trimmed.starts_with("#[") || trimmed.starts_with("//") {
            continue;
        }
        let is_function =
            trimmed.split(['(', '<']).next().is_some_and(|head| head.split_whitespace().rev().nth(1) == Some("fn"));
        if is_function && !about.is_empty() {
            let paragraph: Vec<&str> = about.iter().copied().take_while(|line| !line.is_empty()).collect();
            let paragraph = paragraph.join(" ").replace(['`', '[', ']'], "");
            if paragraph.split_whitespace().count() >= 5 && !paragraph.starts_with('#') {
                found.push(Documented { file: path.to_owned(), line: bare, about: paragraph });
            }
        }
        about.clear();
    }
    found
}
