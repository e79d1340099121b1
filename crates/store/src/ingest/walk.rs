//! Which files there are: what `git` would look at, in a repository or not. Hidden files and what ignore files name are
//! left out; symbolic links are not followed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use ninefold_core::{Error, ErrorKind, Result};

use super::read::Reason;

/// Files that tools write to pin versions: long, alike, and nothing one would ask about.
const LOCK_FILES: &[&str] = &[
    "Cargo.lock",
    "Gemfile.lock",
    "Pipfile.lock",
    "bun.lock",
    "composer.lock",
    "flake.lock",
    "go.sum",
    "mix.lock",
    "package-lock.json",
    "pnpm-lock.yaml",
    "poetry.lock",
    "uv.lock",
    "yarn.lock",
];

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// The files, each once, by path.
    pub(super) files: BTreeSet<PathBuf>,
    /// What was passed over, and why.
    pub(super) skipped: Vec<(PathBuf, Reason)>,
    /// Directories whose content could not be listed: what is below them is not known.
    pub(super) unlisted: Vec<PathBuf>,
}

/// The canonical path of a root.
pub(super) fn canonical(root: &Path) -> Result<PathBuf> {
    let shown = root.display();
    let canonical = std::fs::canonicalize(root).map_err(|error| {
        let (kind, what) = match error.kind() {
            std::io::ErrorKind::NotFound => (ErrorKind::NotFound, "does not exist"),
            _ => (ErrorKind::Unavailable, "cannot be read"),
        };
        Error::new(kind, format!("{shown} {what}: {error}"))
            .hint("name a file or directory that exists and may be read")
    })?;
    if canonical.to_str().is_none() {
        return Err(Error::new(ErrorKind::InvalidInput, format!("the path {shown} is not UTF-8")).hint("rename it"));
    }
    Ok(canonical)
}

/// The files below these canonical roots. A root is taken as it is, whatever ignore files say of it.
pub(super) fn walk(roots: &[PathBuf]) -> Walked {
    let mut walked = Walked::default();
    for root in roots {
        // As git does, but without asking for a repository, so that an unpacked archive is walked the same.
        for entry in WalkBuilder::new(root).require_git(false).build() {
            match entry {
                Ok(entry) if !entry.file_type().is_some_and(|kind| kind.is_file()) => {}
                Ok(entry) if entry.depth() > 0 && is_lock_file(entry.path()) => {
                    walked.skipped.push((entry.into_path(), Reason::LockFile));
                }
                Ok(entry) => {
                    walked.files.insert(entry.into_path());
                }
                Err(error) => {
                    // An error without a place leaves the whole root unknown.
                    let path = place_of(&error).unwrap_or(root).to_owned();
                    walked.unlisted.push(path.clone());
                    walked.skipped.push((path, Reason::Unreadable(error.to_string())));
                }
            }
        }
    }
    walked
}

/// The folders below these canonical roots that a walk comes to, and those that hold the roots that are files.
#[cfg(feature = "watch")]
pub(super) fn folders(roots: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::new();
    for root in roots {
        for entry in WalkBuilder::new(root).require_git(false).build().flatten() {
            if entry.file_type().is_some_and(|kind| kind.is_dir()) {
                folders.insert(entry.into_path());
            } else if entry.depth() == 0 {
                folders.extend(entry.path().parent().map(Path::to_path_buf));
            }
        }
        // What is not there now may come again.
        if !root.exists() {
            folders.extend(root.parent().filter(|parent| parent.exists()).map(Path::to_path_buf));
        }
    }
    folders
}

fn is_lock_file(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| LOCK_FILES.contains(&name))
}

fn place_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::Loop { child, .. } => Some(child),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => place_of(err),
        ignore::Error::Partial(errors) => errors.iter().find_map(place_of),
        _ => None,
    }
}
