//! Where a dialogue's flows come from.

use std::path::{Path, PathBuf};

use ninefold_dialogue::Definition;

/// The flows of a dialogue: a [`Definition`], or the path of a file or of a folder of files. What is wrong with them is said when the
/// dialogue is built.
#[derive(Debug, Clone)]
pub struct Flows(pub(crate) Definition);

impl From<Definition> for Flows {
    fn from(definition: Definition) -> Self {
        Self(definition)
    }
}

impl From<&Path> for Flows {
    fn from(path: &Path) -> Self {
        Self(Definition::from_files([path]))
    }
}

impl From<PathBuf> for Flows {
    fn from(path: PathBuf) -> Self {
        Self::from(path.as_path())
    }
}

impl From<&str> for Flows {
    fn from(path: &str) -> Self {
        Self::from(Path::new(path))
    }
}

impl From<String> for Flows {
    fn from(path: String) -> Self {
        Self::from(Path::new(&path))
    }
}
