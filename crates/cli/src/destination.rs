//! Where a profile is written: judged before the run, written after it, and there whole or not at all.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use ninefold::{Error, ErrorKind, Result};
use tempfile::{Builder, NamedTempFile};

/// Where it goes.
#[derive(Debug)]
pub(crate) enum Destination {
    /// Standard output.
    Stdout,
    /// A file that is there whole or not at all: written beside its place, then moved there.
    File { path: PathBuf, permissions: Option<Permissions> },
    /// A device or a pipe, which is written as it is.
    Stream(PathBuf),
}

impl Destination {
    /// The destination of this name; `-`, and none, is standard output. A run that could not be kept is not begun, so what
    /// is no place for a file is refused here.
    pub(crate) fn new(name: Option<&Path>) -> Result<Self> {
        let Some(name) = name.filter(|name| *name != Path::new("-")) else { return Ok(Self::Stdout) };
        let there = match fs::metadata(name) {
            Ok(there) => Some(there),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(unwritable(name, &error)),
        };
        let file = match there {
            Some(there) if there.is_dir() => {
                let what = format!("the path {} is a folder", name.display());
                return Err(Error::new(ErrorKind::InvalidInput, what).hint("name a file for the profile"));
            }
            Some(there) if !there.is_file() => return Ok(Self::Stream(name.to_owned())),
            // Another name of the file that standard output goes to: replacing it would lose the answer.
            Some(there) if is_stdout(&there) => return Ok(Self::Stdout),
            Some(there) => {
                OpenOptions::new().write(true).open(name).map_err(|error| unwritable(name, &error))?;
                // A link stays a link: what it leads to is replaced.
                let path = fs::canonicalize(name).map_err(|error| unwritable(name, &error))?;
                Self::File { path, permissions: Some(there.permissions()) }
            }
            None => Self::File { path: name.to_owned(), permissions: None },
        };
        if let Self::File { path, .. } = &file {
            beside(path).map_err(|error| unwritable(name, &error))?;
        }
        Ok(file)
    }

    /// Writes `text`; not for standard output.
    pub(crate) fn write(&self, text: &str) -> Result<()> {
        match self {
            Self::Stdout => Ok(()),
            Self::Stream(path) => stream(path, text).map_err(|error| unwritable(path, &error)),
            Self::File { path, permissions } => {
                replace(path, permissions.as_ref(), text).map_err(|error| unwritable(path, &error))
            }
        }
    }
}

#[cfg(unix)]
fn is_stdout(there: &fs::Metadata) -> bool {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::MetadataExt as _;
    let stdout = io::stdout().as_fd().try_clone_to_owned().map(fs::File::from);
    let about = stdout.and_then(|stdout| stdout.metadata());
    about.is_ok_and(|about| (about.dev(), about.ino()) == (there.dev(), there.ino()))
}

#[cfg(not(unix))]
fn is_stdout(_: &fs::Metadata) -> bool {
    false
}

fn stream(path: &Path, text: &str) -> io::Result<()> {
    let mut stream = OpenOptions::new().write(true).open(path)?;
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

fn replace(path: &Path, permissions: Option<&Permissions>, text: &str) -> io::Result<()> {
    let mut beside = beside(path)?;
    let file = beside.as_file_mut();
    file.write_all(text.as_bytes())?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions.clone())?;
    }
    // Some file systems say only now that they are full.
    file.sync_all()?;
    beside.persist(path)?;
    Ok(())
}

/// An empty file in the same folder, which is removed unless it is moved.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = Builder::new();
    builder.prefix(".ninefold-").suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    let shown = path.display();
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            Error::new(ErrorKind::NotFound, format!("the folder of {shown} does not exist"))
                .hint("create it, or name a file in a folder that is there")
        }
        _ => Error::new(ErrorKind::Unavailable, format!("the profile cannot be written to {shown}: {error}"))
            .hint("check the permissions and the free space there, or name another file with --profile-out"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_where_nothing_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let destination = Destination::new(Some(&folder.path().join("run.json"))).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        destination.write("whole").unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("run.json")).unwrap(), "whole");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_and_the_rights_of_a_file_stay() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("old.json"), folder.path().join("latest"));
        fs::write(&file, "old and longer").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        Destination::new(Some(&link)).unwrap().write("new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
