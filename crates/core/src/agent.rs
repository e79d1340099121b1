//! Who works on subgoals. A closure is an agent; so is a model with tools, or another pipeline.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::cx::Cx;
use crate::error::Result;
use crate::evidence::Evidence;
use crate::finding::{Finding, Statement};
use crate::plan::Subgoal;
use crate::scope::Labels;

/// What the pipeline knows of an agent before calling it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentCard {
    /// Its name, unique in the pipeline.
    pub name: SmolStr,
    /// What it does, in one sentence; shown to the model that plans.
    pub description: String,
    /// What it can be asked for, in words; matched against a subgoal's capability and description.
    pub capabilities: Vec<SmolStr>,
    /// What it is asked for in the words of those who ask: whole utterances, matched against a subgoal's description.
    #[serde(default)]
    pub examples: Vec<String>,
    /// About how many calls of a model one subgoal costs; what is left of a run's budget is compared with it. 0 for an agent
    /// without a model.
    #[serde(default)]
    pub calls: u32,
    /// The labels a run's scope must grant before the agent is called.
    pub labels: Labels,
}

impl AgentCard {
    /// An agent with this name and description, open to every run.
    pub fn new(name: impl AsRef<str>, description: impl Into<String>) -> Self {
        Self {
            name: SmolStr::new(name),
            description: description.into(),
            capabilities: Vec::new(),
            examples: Vec::new(),
            calls: 0,
            labels: Labels::none(),
        }
    }

    /// Adds a capability.
    #[must_use]
    pub fn capability(mut self, capability: impl AsRef<str>) -> Self {
        self.capabilities.push(SmolStr::new(capability));
        self
    }

    /// Adds an utterance that it is the agent for. Where cards have some, a subgoal goes to the agent whose examples its
    /// description is most like; ten or more an agent, in the words that people use, tell agents apart well.
    #[must_use]
    pub fn example(mut self, utterance: impl Into<String>) -> Self {
        self.examples.push(utterance.into());
        self
    }

    /// Adds utterances that it is the agent for.
    #[must_use]
    pub fn examples<T: Into<String>>(mut self, utterances: impl IntoIterator<Item = T>) -> Self {
        self.examples.extend(utterances.into_iter().map(Into::into));
        self
    }

    /// Says how many calls of a model one subgoal costs.
    #[must_use]
    pub fn calls(mut self, calls: u32) -> Self {
        self.calls = calls;
        self
    }

    /// Sets the labels a run must be granted.
    #[must_use]
    pub fn labels(mut self, labels: Labels) -> Self {
        self.labels = labels;
        self
    }
}

/// What an agent is given.
#[derive(Debug, Clone, Serialize)]
pub struct Task {
    /// The question of the whole run, normalized.
    pub question: Arc<str>,
    /// The part to work on.
    pub subgoal: Subgoal,
    /// The findings of the subgoals it depends on, in the order it names them.
    pub dependencies: Vec<Finding>,
    /// What the run retrieved for the whole question.
    pub evidence: Arc<Evidence>,
    /// The paths the run's searches are limited to; empty for none.
    pub within: Arc<[String]>,
}

/// What an agent answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The result. A report that says nothing counts as a failure of the agent.
    pub statements: Vec<Statement>,
}

impl<T: Into<String>> From<T> for Report {
    fn from(text: T) -> Self {
        Self { statements: vec![Statement::from(text)] }
    }
}

/// Works on one subgoal.
#[async_trait]
pub trait Agent: Send + Sync {
    /// Runs the task. Dropping the future stops the work.
    ///
    /// # Errors
    /// Whatever stopped it; the class of the error decides whether it is tried again.
    async fn run(&self, task: Task, cx: &Cx) -> Result<Report>;
}

#[async_trait]
impl<F, Fut, R> Agent for F
where
    F: Fn(Task, Cx) -> Fut + Send + Sync,
    Fut: Future<Output = Result<R>> + Send,
    R: Into<Report>,
{
    async fn run(&self, task: Task, cx: &Cx) -> Result<Report> {
        self(task, cx.clone()).await.map(Into::into)
    }
}
