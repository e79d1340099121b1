//! Reading profiles back: from a file with one document, with several one after another (JSON lines), or from a folder of
//! such files.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ninefold::profile::Snapshot;
use ninefold::{Error, ErrorKind, Profile, Result};
use serde_json::Value;

/// The most that is read of one file, in bytes.
const LARGEST: u64 = 1 << 30;
/// What files of profiles are called.
const EXTENSIONS: [&str; 3] = ["json", "jsonl", "ndjson"];

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    pub(crate) profiles: Vec<Profile>,
    /// What snapshots of statistics held, together.
    pub(crate) snapshot: Snapshot,
    /// How many outputs of `ask --json` held no profile, because the run had not begun.
    pub(crate) without: u64,
}

/// Reads the profiles of a file, of the files in a folder (by name, those in folders below it left aside), or for `-` of
/// standard input. A profile may also be the field `profile` of a document, as `ninefold ask --json` prints it.
pub(crate) fn read(name: &Path) -> Result<Runs> {
    let mut runs = Runs::default();
    if name == Path::new("-") {
        runs.add(name, &bytes(name, io::stdin().lock())?)?;
    } else {
        let there = fs::metadata(name).map_err(|error| unreadable(name, &error))?;
        let files = if there.is_dir() { files(name)? } else { vec![name.to_owned()] };
        for file in files {
            let open = File::open(&file).map_err(|error| unreadable(&file, &error))?;
            runs.add(&file, &bytes(&file, open)?)?;
        }
    }
    if runs.profiles.is_empty() && runs.snapshot == Snapshot::default() {
        let what = format!("there is no profile in {}", shown(name));
        return Err(Error::new(ErrorKind::InvalidInput, what).hint("write one with ninefold ask --profile json"));
    }
    Ok(runs)
}

impl Runs {
    fn add(&mut self, place: &Path, bytes: &[u8]) -> Result<()> {
        let documents = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
        for (n, document) in documents.enumerate() {
            let refused = |why: &serde_json::Error| {
                let what = format!("document {} in {} is no profile: {why}", n + 1, shown(place));
                Error::new(ErrorKind::InvalidInput, what)
                    .hint("give what ninefold ask --profile json or ninefold ask --json wrote")
            };
            let mut document = document.map_err(|error| refused(&error))?;
            // Only snapshots of statistics have this field.
            if document.get("further").is_some() {
                let snapshot: Snapshot = serde_json::from_value(document).map_err(|error| refused(&error))?;
                self.snapshot.merge(&snapshot);
                continue;
            }
            match document.get_mut("profile").map(Value::take) {
                Some(Value::Null) => {
                    self.without += 1;
                    continue;
                }
                Some(profile) => document = profile,
                None => {}
            }
            self.profiles.push(serde_json::from_value(document).map_err(|error| refused(&error))?);
        }
        Ok(())
    }
}

/// The files of profiles in a folder, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if EXTENSIONS.contains(&extension) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn bytes(place: &Path, from: impl Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(place, &error))?;
    if bytes.len() as u64 > LARGEST {
        let what = format!("{} has more than {LARGEST} bytes, the limit", shown(place));
        return Err(Error::new(ErrorKind::TooLong, what).hint("divide it into several files in one folder"));
    }
    Ok(bytes)
}

fn shown(place: &Path) -> String {
    if place == Path::new("-") { "standard input".to_owned() } else { place.display().to_string() }
}

fn unreadable(place: &Path, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            Error::new(ErrorKind::NotFound, format!("the path {} does not exist", shown(place)))
                .hint("name a file with profiles that is there")
        }
        _ => Error::new(ErrorKind::Unavailable, format!("{} cannot be read: {error}", shown(place)))
            .hint("check its permissions"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> String {
        Profile::default().to_json().to_string()
    }

    fn read_text(text: &str) -> Result<Runs> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.json");
        fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn one_or_several_documents() {
        let one = profile();
        for (text, count) in [
            (one.clone(), 1),
            (format!("{one}\n{one}\n"), 2),
            (format!(" {one}{one}\n\n{{\"answer\":{{}},\"profile\":{one}}}"), 3),
        ] {
            let runs = read_text(&text).unwrap();
            assert_eq!((runs.profiles, runs.without), (vec![Profile::default(); count], 0), "{text}");
        }
    }

    #[test]
    fn runs_that_had_not_begun_are_counted() {
        let runs = read_text(&format!("{}\n{{\"error\":{{}},\"profile\":null}}\n", profile())).unwrap();
        assert_eq!((runs.profiles.len(), runs.without), (1, 1));
    }

    #[test]
    fn a_folder_is_read_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let with = |name: &str, wall: u64| {
            let mut document = Profile::default().to_json();
            document["wall_ns"] = wall.into();
            fs::write(folder.path().join(name), document.to_string()).unwrap();
        };
        with("b.json", 2);
        with("a.jsonl", 1);
        with("notes.txt", 3);
        fs::create_dir(folder.path().join("c.json")).unwrap();
        let walls: Vec<_> = read(folder.path()).unwrap().profiles.iter().map(|p| p.wall().as_nanos()).collect();
        assert_eq!(walls, [1, 2]);
    }

    #[test]
    fn what_is_no_profile_is_named() {
        let one = profile();
        let deep = "[".repeat(100_000);
        for (text, why) in [
            (String::new(), "there is no profile in "),
            ("{}".to_owned(), "document 1 in "),
            (format!("{one}\n{{\"version\":1}}"), "document 2 in "),
            (one.replace("\"version\":2", "\"version\":7"), "version 7"),
            (one[..one.len() / 2].to_owned(), "EOF while parsing"),
            ("\u{0}\u{1b}".to_owned(), "expected value"),
            (deep, "recursion limit exceeded"),
            ("{\"profile\":null}".to_owned(), "there is no profile in "),
        ] {
            let refused = read_text(&text).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{refused}");
            assert!(refused.message().contains(why) && refused.hint_text().is_some(), "{refused}");
        }
        assert_eq!(read(Path::new("no/such.json")).unwrap_err().kind(), ErrorKind::NotFound);
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(read(empty.path()).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
