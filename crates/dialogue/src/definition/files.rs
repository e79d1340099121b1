//! Definitions in files and folders.

use std::path::{Path, PathBuf};

use super::{Definition, yaml};
use crate::program::Place;

pub(super) fn read<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Definition {
    let mut definition = Definition::new();
    for path in paths {
        let path = path.as_ref();
        let files = if path.is_dir() { folder(path, &mut definition) } else { vec![path.to_owned()] };
        for file in files {
            definition = definition.with(one(&file));
        }
    }
    definition
}

fn failed(definition: &mut Definition, path: &Path, message: impl std::fmt::Display, hint: &str) {
    let place = Place { file: path.display().to_string().into(), line: 0 };
    definition.diagnostics.error(&place, format!("it cannot be read: {message}"), hint);
}

/// The definitions of a folder, by name; folders within it are left alone.
fn folder(path: &Path, definition: &mut Definition) -> Vec<PathBuf> {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => {
            failed(definition, path, error, "see that the folder is there and may be read");
            return Vec::new();
        }
    };
    let is_yaml =
        |path: &PathBuf| path.extension().is_some_and(|ending| ending == "yml" || ending == "yaml") && path.is_file();
    let mut files: Vec<PathBuf> =
        entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).filter(is_yaml).collect();
    files.sort();
    if files.is_empty() {
        failed(definition, path, "the folder has no definition", "definitions are files that end in .yml or .yaml");
    }
    files
}

fn one(path: &Path) -> Definition {
    let name = path.display().to_string();
    let mut nothing = Definition::new();
    match std::fs::metadata(path) {
        Ok(file) if file.len() > yaml::LONGEST as u64 => {
            failed(
                &mut nothing,
                path,
                format!("it has {} bytes", file.len()),
                "at most 4 MiB are read; cut it into several files",
            );
            return nothing;
        }
        _ => {}
    }
    match std::fs::read_to_string(path) {
        Ok(text) => Definition::from_yaml(name, &text),
        Err(error) => {
            failed(&mut nothing, path, error, "see that the file is there, may be read and is text in UTF-8");
            nothing
        }
    }
}
