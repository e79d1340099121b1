//! Paths: which files are meant, where the database is, and how a path is shown.

use std::io;
use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy, choose_base_strategy};
use ninefold::{Error, ErrorKind, Result};

/// The canonical paths of what is to be indexed, as the database knows them.
pub(crate) fn roots(given: &[PathBuf]) -> Result<Vec<PathBuf>> {
    given.iter().map(|path| root(path)).collect()
}

fn root(given: &Path) -> Result<PathBuf> {
    let shown = given.display();
    if given.to_str().is_none() {
        let what = format!("the path {shown} is not UTF-8");
        return Err(Error::new(ErrorKind::InvalidInput, what).hint("rename the file or folder"));
    }
    std::fs::canonicalize(given).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            Error::new(ErrorKind::NotFound, format!("the path {shown} does not exist"))
                .hint("name a file or folder that is there")
        }
        _ => Error::new(ErrorKind::Unavailable, format!("the path {shown} cannot be read: {error}"))
            .hint("check its permissions"),
    })
}

/// The database: the one given, otherwise the one in the user's data directory.
pub(crate) fn database(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = given {
        return Ok(path.to_owned());
    }
    let strategy = choose_base_strategy().map_err(|error| {
        Error::new(ErrorKind::Unavailable, format!("the user's data directory is not known: {error}"))
            .hint("name the database with --db or NINEFOLD_DB")
    })?;
    Ok(strategy.data_dir().join("ninefold").join("ninefold.db"))
}

/// The directory the program was started in, as canonical paths have it.
pub(crate) fn here() -> Option<PathBuf> {
    std::env::current_dir().and_then(std::fs::canonicalize).ok()
}

/// The path from `here` when it lies below it, otherwise all of it.
pub(crate) fn relative<'a>(path: &'a str, here: Option<&Path>) -> &'a str {
    let below = here.and_then(|here| Path::new(path).strip_prefix(here).ok()).and_then(Path::to_str);
    below.filter(|below| !below.is_empty()).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_below_the_current_directory_are_shown_from_there() {
        let here = Some(Path::new("/srv/notes"));
        assert_eq!(relative("/srv/notes/a/b.md", here), "a/b.md");
        assert_eq!(relative("/srv/notes-2/b.md", here), "/srv/notes-2/b.md");
        assert_eq!(relative("/srv/notes", here), "/srv/notes");
        assert_eq!(relative("mail:17", here), "mail:17");
        assert_eq!(relative("/a", None), "/a");
    }

    #[test]
    fn a_path_that_is_not_there() {
        let refused = roots(&[PathBuf::from("Cargo.toml"), PathBuf::from("Cargo.toml/below")]).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotFound);
        assert_eq!(refused.message(), "the path Cargo.toml/below does not exist");
    }
}
