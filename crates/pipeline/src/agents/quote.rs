//! The agent that quotes what memory says on a subgoal. It needs no model.

use std::sync::Arc;

use async_trait::async_trait;
use ninefold_core::{Agent, AgentCard, Complexity, Cx, Error, ErrorKind, Report, Result, Search, Store, Task};

use crate::phases::extract::extract;
use crate::phases::retrieve::search_in_scope;
use crate::phases::route::ANYTHING;

/// Quotes memory.
pub struct Quote {
    /// The memory.
    pub store: Arc<dyn Store>,
    /// The most passages looked at.
    pub limit: usize,
}

impl Quote {
    /// Its card: it takes whatever no other agent takes.
    #[must_use]
    pub fn card() -> AgentCard {
        AgentCard::new("quote", "Quotes what memory holds on the subgoal").capability(ANYTHING)
    }
}

#[async_trait]
impl Agent for Quote {
    async fn run(&self, task: Task, cx: &Cx) -> Result<Report> {
        let whole = task.subgoal.description == *task.question;
        let statements = if whole {
            extract(&task.evidence, Complexity::Medium)
        } else {
            // What earlier subgoals found leads to what belongs to it.
            let found = task.dependencies.iter().flat_map(|finding| &finding.statements);
            let context = found.flat_map(|statement| &statement.citations).map(|citation| citation.chunk).collect();
            let search = Search {
                context,
                scope: cx.scope().clone(),
                within: task.within.to_vec(),
                limit: self.limit,
                now: Some(cx.now()),
                ..Search::new(task.subgoal.description.as_str())
            };
            let evidence = search_in_scope(self.store.as_ref(), &search, cx).await?;
            extract(&evidence, Complexity::Medium)
        };
        if statements.is_empty() {
            return Err(Error::new(ErrorKind::NotFound, "memory holds nothing on it that this run may see"));
        }
        Ok(Report { statements })
    }
}
