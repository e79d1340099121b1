//! Understanding by a script: this message, these commands. For tests and for measuring everything else.

use std::collections::HashMap;

use async_trait::async_trait;
use ninefold_core::{Cx, Result};

use super::{By, Heard, Understand, Understood};
use crate::command::{CannotHandle, Command};

/// Knows what each message means, and nothing else.
#[derive(Debug, Clone, Default)]
pub struct Scripted {
    commands: HashMap<String, Vec<Command>>,
}

impl Scripted {
    /// A script without lines.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With what a message means; blanks around it do not count.
    #[must_use]
    pub fn on(mut self, message: impl AsRef<str>, commands: impl IntoIterator<Item = Command>) -> Self {
        self.commands.insert(message.as_ref().trim().to_owned(), commands.into_iter().collect());
        self
    }
}

#[async_trait]
impl Understand for Scripted {
    async fn understand(&self, heard: &Heard<'_>, _: &Cx) -> Result<Understood> {
        let Some(commands) = self.commands.get(heard.view.message.trim()) else {
            return Ok(Understood::cannot(By::Script, CannotHandle::NotUnderstood, "not in the script"));
        };
        let all = commands.iter().cloned();
        let understood = all.fold(Understood::nothing(By::Script), |found, command| found.with(command, "by script"));
        Ok(understood.within(heard.scope, heard.program))
    }
}
