//! Conversation tests in files and folders.

use std::path::{Path, PathBuf};

use super::{Answers, Conversation, read};
use crate::definition::Diagnostics;
use crate::definition::yaml::LONGEST;
use crate::program::Place;

/// The names of files with answers that hold for all conversations beside them.
const ANSWERS: [&str; 2] = ["answers.yml", "answers.yaml"];

/// Folders within folders are read so deep.
const DEEPEST: usize = 8;

/// Conversations, in the order of their files and lines.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tests {
    /// All of them.
    pub conversations: Vec<Conversation>,
}

impl Tests {
    /// Reads one file of conversations from its text; `name` is what diagnostics call it.
    ///
    /// # Errors
    /// All that is wrong with it, by line.
    pub fn from_yaml(name: &str, text: &str) -> Result<Self, Diagnostics> {
        Self::over(name, text, &Answers::default())
    }

    fn over(name: &str, text: &str, answers: &Answers) -> Result<Self, Diagnostics> {
        let (conversations, diagnostics) = read::conversations(name, text, answers);
        if diagnostics.has_errors() { Err(diagnostics) } else { Ok(Self { conversations }) }
    }

    /// Reads files, and the `.yml` and `.yaml` files of folders and of the folders within. `answers.yml` holds for the files
    /// beside it. It blocks while it reads.
    ///
    /// # Errors
    /// All that is wrong with them, by file and line.
    pub fn from_paths<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Result<Self, Diagnostics> {
        let mut all = Self::default();
        let mut diagnostics = Diagnostics::default();
        for path in paths {
            let mut files = Vec::new();
            gather(path.as_ref(), DEEPEST, &mut files, &mut diagnostics);
            for file in files {
                let answers = beside(&file, &mut diagnostics);
                let Some(text) = text(&file, &mut diagnostics) else { continue };
                match Self::over(&file.display().to_string(), &text, &answers) {
                    Ok(tests) => all.conversations.extend(tests.conversations),
                    Err(wrong) => diagnostics.extend(&wrong),
                }
            }
        }
        diagnostics.sort();
        if diagnostics.has_errors() { Err(diagnostics) } else { Ok(all) }
    }
}

impl Answers {
    /// Reads answers from text; `name` is what diagnostics call it.
    ///
    /// # Errors
    /// All that is wrong with it, by line.
    pub fn from_yaml(name: &str, text: &str) -> Result<Self, Diagnostics> {
        let (answers, diagnostics) = read::answers(name, text);
        if diagnostics.has_errors() { Err(diagnostics) } else { Ok(answers) }
    }

    /// Reads answers from a file. It blocks while it reads.
    ///
    /// # Errors
    /// All that is wrong with it, by line.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, Diagnostics> {
        let mut diagnostics = Diagnostics::default();
        let Some(text) = text(path.as_ref(), &mut diagnostics) else { return Err(diagnostics) };
        Self::from_yaml(&path.as_ref().display().to_string(), &text)
    }
}

fn failed(diagnostics: &mut Diagnostics, path: &Path, message: impl std::fmt::Display, hint: &str) {
    let place = Place { file: path.display().to_string().into(), line: 0 };
    diagnostics.error(&place, format!("it cannot be read: {message}"), hint);
}

fn is_answers(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| ANSWERS.contains(&name))
}

fn gather(path: &Path, deep: usize, files: &mut Vec<PathBuf>, diagnostics: &mut Diagnostics) {
    if !path.is_dir() {
        files.push(path.to_owned());
        return;
    }
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => return failed(diagnostics, path, error, "see that the folder is there and may be read"),
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    let before = files.len();
    for path in paths {
        if path.is_dir() && deep > 0 {
            gather(&path, deep - 1, files, diagnostics);
        } else if path.extension().is_some_and(|ending| ending == "yml" || ending == "yaml") && !is_answers(&path) {
            files.push(path);
        }
    }
    if files.len() == before && deep == DEEPEST {
        failed(diagnostics, path, "the folder has no tests", "tests are files that end in .yml or .yaml");
    }
}

fn beside(file: &Path, diagnostics: &mut Diagnostics) -> Answers {
    let found = ANSWERS.iter().map(|name| file.with_file_name(name)).find(|path| path.is_file());
    match found.map(Answers::from_path) {
        None => Answers::default(),
        Some(Ok(answers)) => answers,
        Some(Err(wrong)) => {
            diagnostics.extend(&wrong);
            Answers::default()
        }
    }
}

fn text(path: &Path, diagnostics: &mut Diagnostics) -> Option<String> {
    match std::fs::metadata(path) {
        Ok(file) if file.len() > LONGEST as u64 => {
            failed(diagnostics, path, format!("it has {} bytes", file.len()), "make several files of it");
            return None;
        }
        _ => {}
    }
    match std::fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) => {
            failed(diagnostics, path, error, "see that the file is there, may be read and is text in UTF-8");
            None
        }
    }
}
