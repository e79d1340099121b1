//! Rules first; a model only where they are unsure.

use async_trait::async_trait;
use ninefold_core::{Cx, Result};

use super::{Heard, Rules, Understand, Understood};
use crate::command::{CannotHandle, Command};

/// Rules, and something else for what they are unsure of. Who it was stands on what was understood.
#[derive(Debug, Clone)]
pub struct Hybrid<U> {
    rules: Rules,
    otherwise: U,
}

impl<U> Hybrid<U> {
    /// Rules, and `otherwise` where they are unsure.
    pub fn new(rules: Rules, otherwise: U) -> Self {
        Self { rules, otherwise }
    }
}

#[async_trait]
impl<U: Understand> Understand for Hybrid<U> {
    async fn understand(&self, heard: &Heard<'_>, cx: &Cx) -> Result<Understood> {
        let by_rules = self.rules.read(heard);
        if by_rules.sure {
            return Ok(by_rules);
        }
        let failed = Command::CannotHandle { reason: CannotHandle::ModelFailed };
        let otherwise = self.otherwise.understand(heard, cx).await?;
        // What rules made of it, unsure as they are, is better than nothing.
        let nothing = by_rules.commands.iter().all(|command| matches!(command, Command::CannotHandle { .. }));
        if otherwise.commands.contains(&failed) && !nothing {
            let refused = otherwise.why.into_iter().chain(otherwise.refused).collect();
            return Ok(Understood { refused, ..by_rules });
        }
        Ok(otherwise)
    }
}
