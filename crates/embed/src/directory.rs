//! The files of a model, in a directory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ninefold_core::{Error, ErrorKind, Key, ModelId, Result};
use serde::de::DeserializeOwned;

/// A directory with the files of a model. Remembers the content of all that was read, for the model's identity.
pub(crate) struct Directory {
    path: PathBuf,
    /// What kind of model is expected, for errors: where such files come from.
    origin: &'static str,
    read: Vec<Key>,
}

impl Directory {
    pub(crate) fn new(path: &Path, origin: &'static str) -> Self {
        Self { path: path.to_owned(), origin, read: Vec::new() }
    }

    /// The bytes of a file that has to be there.
    pub(crate) fn bytes(&mut self, name: &str) -> Result<Vec<u8>> {
        self.bytes_if_there(name)?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("the model in {} has no file {name}", self.path.display()))
                .hint(format!("{}; nothing is downloaded unasked", self.origin))
        })
    }

    /// The bytes of a file that may be missing.
    pub(crate) fn bytes_if_there(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        match fs::read(self.path.join(name)) {
            Ok(bytes) => {
                self.read.push(Key::of_bytes(&bytes));
                Ok(Some(bytes))
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
            Err(error) => {
                let what = format!("{} cannot be read: {error}", self.path.join(name).display());
                Err(Error::new(ErrorKind::Unavailable, what).hint("check the rights of the file").caused_by(error))
            }
        }
    }

    /// What a JSON file that has to be there says.
    pub(crate) fn json<T: DeserializeOwned>(&mut self, name: &str) -> Result<T> {
        let bytes = self.bytes(name)?;
        serde_json::from_slice(&bytes).map_err(|error| self.damaged(name, &error))
    }

    /// What a JSON file says, or what is so without it.
    pub(crate) fn json_or_default<T: DeserializeOwned + Default>(&mut self, name: &str) -> Result<T> {
        match self.bytes_if_there(name)? {
            None => Ok(T::default()),
            Some(bytes) => serde_json::from_slice(&bytes).map_err(|error| self.damaged(name, &error)),
        }
    }

    /// The error for a file that is not what it should be.
    pub(crate) fn damaged(&self, name: &str, why: &dyn std::fmt::Display) -> Error {
        Error::new(ErrorKind::Corrupt, format!("{} is not as expected: {why}", self.path.join(name).display()))
            .hint(format!("fetch the file again; {}", self.origin))
    }

    /// The model's identity: the directory's name and a hash of all that was read.
    pub(crate) fn model(&self, provider: &str) -> Result<ModelId> {
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let name = path.file_name().map_or_else(|| "model".into(), |name| name.to_string_lossy());
        let hash = Key::of(&self.read)?.to_string();
        Ok(ModelId::new(provider, format!("{name}@{}", hash.get(..12).unwrap_or(&hash))))
    }
}
