//! The files of the log: names, appending, rotation, bounds.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use ninefold_core::{Key, SessionId};

/// The most of a conversation's own name in that of its file.
const NAMED: usize = 40;

pub(super) struct Limits {
    pub(super) max_bytes: u64,
    pub(super) max_conversations: usize,
}

/// The folder of the log, which one thread writes to.
pub(super) struct Folder {
    directory: PathBuf,
    limits: Limits,
}

impl Folder {
    pub(super) fn open(directory: &Path, limits: Limits) -> io::Result<Self> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(directory)?;
        let folder = Self { directory: directory.to_owned(), limits };
        // Whether it can be written to is to be known now and not at the first entry.
        let probe = directory.join(format!(".probe-{}", std::process::id()));
        owners_file(&probe)?;
        fs::remove_file(probe)?;
        Ok(folder)
    }

    /// Appends one line to a conversation's file.
    pub(super) fn append(&mut self, conversation: Option<&SessionId>, mut line: Vec<u8>) -> io::Result<()> {
        let path = self.directory.join(name(conversation));
        line.push(b'\n');
        let is_new = !path.exists();
        if is_new {
            self.make_room()?;
        }
        let mut file = owners_file(&path)?;
        let mut length = file.metadata()?.len();
        if length > 0 && length.saturating_add(line.len() as u64) > self.limits.max_bytes {
            drop(file);
            fs::rename(&path, path.with_extension("1.jsonl"))?;
            file = owners_file(&path)?;
            length = 0;
        }
        if length > 0 && !ends_with_a_line(&mut file)? {
            line.insert(0, b'\n');
        }
        // In one write, so that two processes' lines do not mix.
        file.write_all(&line)
    }

    /// Removes the conversations longest untouched, so that there is room for one more.
    fn make_room(&self) -> io::Result<()> {
        let mut known: Vec<(std::time::SystemTime, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            let named = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if named.ends_with(".jsonl") && !named.ends_with(".1.jsonl") {
                known.push((fs::metadata(&path)?.modified()?, path));
            }
        }
        let beyond = (known.len() + 1).saturating_sub(self.limits.max_conversations.max(1));
        known.sort();
        for (_, path) in known.into_iter().take(beyond) {
            fs::remove_file(&path)?;
            match fs::remove_file(path.with_extension("1.jsonl")) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The file for appending and for a look at its end; readable by its owner alone, whoever made it.
fn owners_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
    }
    Ok(file)
}

fn ends_with_a_line(file: &mut File) -> io::Result<bool> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// The name of a conversation's file: what can be read of the conversation's name, and what tells it from all others.
pub(super) fn name(conversation: Option<&SessionId>) -> String {
    let Some(SessionId(id)) = conversation else { return "no-conversation.jsonl".into() };
    let readable = id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' });
    let hash = Key::of_bytes(id.as_bytes()).to_string();
    format!("{}-{}.jsonl", readable.take(NAMED).collect::<String>(), hash.get(..16).unwrap_or(&hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_tell_conversations_apart() {
        let named = |id: &str| name(Some(&SessionId::from(id)));
        assert!(named("../../etc/passwd").starts_with("______etc_passwd-"));
        assert_ne!(named("a/b"), named("a_b"));
        assert_ne!(named(&"x".repeat(100)), named(&"x".repeat(101)));
        assert!(named(&"ü".repeat(10_000)).len() < 80);
        assert_eq!(name(None), "no-conversation.jsonl");
    }
}
