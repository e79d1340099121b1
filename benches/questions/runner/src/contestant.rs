//! Who answers: a program, what it is started with, and how long it is.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::{Options, lines};

/// A contestant.
#[derive(Debug)]
pub struct Contestant {
    /// Its name.
    pub name: String,
    /// The program and its arguments.
    pub command: Vec<PathBuf>,
    /// Whether it is told what a question needs; otherwise it has to find out.
    pub told: bool,
    /// The lines of its program.
    pub lines: usize,
}

impl Contestant {
    /// The contestant of this name.
    ///
    /// # Errors
    /// For a name that is nobody's, and for a program that is not there.
    pub fn named(name: &str, options: &Options) -> Result<Self> {
        let folder = &options.folder;
        let program = |name: &str| options.programs.join(name);
        let graph = folder.join("langgraph/program.py");
        let (command, source, told) = match name {
            "ninefold" => (vec![program("questions-ninefold")], folder.join("ninefold/src/main.rs"), false),
            "rig" | "rig-routed" => (vec![program("questions-rig")], folder.join("rig/src/main.rs"), name == "rig"),
            "langgraph" | "langgraph-routed" => {
                (vec![options.python.clone(), graph.clone()], graph, name == "langgraph")
            }
            _ => bail!("nobody is called {name:?}"),
        };
        for file in &command {
            if !file.exists() {
                bail!("{} is not there; `./run` makes it", file.display());
            }
        }
        let text = fs::read_to_string(&source).with_context(|| source.display().to_string())?;
        let lines = lines::count(&text, source.extension().is_some_and(|extension| extension == "py"));
        Ok(Self { name: name.to_owned(), command, told, lines })
    }
}
