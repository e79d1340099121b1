//! The agent that answers a subgoal through the model, from the run's evidence and the findings it depends on.

use std::fmt::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use ninefold_core::{Agent, AgentCard, Cx, Model, ModelRequest, Report, Result, Task};

use crate::layers::policy::Retry;
use crate::phases::citations::{numbered_sources, statements};
use crate::phases::route::ANYTHING;
use crate::phases::{ask_by, fill};

/// Asks the model.
pub struct Reason {
    /// The model.
    pub model: Arc<dyn Model>,
    /// How often a reply that breaks off is asked for.
    pub retry: Retry,
}

impl Reason {
    /// Its card: it takes whatever no other agent takes.
    #[must_use]
    pub fn card() -> AgentCard {
        AgentCard::new("reason", "Answers the subgoal from the evidence by reasoning").capability(ANYTHING).calls(1)
    }
}

#[async_trait]
impl Agent for Reason {
    async fn run(&self, task: Task, cx: &Cx) -> Result<Report> {
        let (sources, citations) = numbered_sources(&task.evidence);
        let mut findings = String::new();
        for finding in &task.dependencies {
            let _ = writeln!(findings, "- {}: {}", finding.subgoal, finding.text());
        }
        let user = fill(
            include_str!("../prompts/reason_user.md"),
            &[("subgoal", &task.subgoal.description), ("findings", &findings), ("sources", &sources)],
        );
        let request = ModelRequest::new(include_str!("../prompts/reason.md"), user);
        let completion = ask_by(self.retry, self.model.as_ref(), request, cx).await?;
        Ok(Report { statements: statements(&completion.text, &citations) })
    }
}
