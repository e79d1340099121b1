//! Runs for the tests of this crate.

use std::sync::Arc;
use std::time::Duration;

use ninefold_core::cx::RunState;
use ninefold_core::{
    Budget, BudgetMeter, Clock, Completion, Cx, Error, Expense, Model, ModelRequest, RunId, Scope, SessionId, Timestamp,
};
use ninefold_testkit::ManualClock;
use tokio::time::Instant;

/// What a run is to be like.
pub(crate) struct Run {
    pub(crate) session: Option<&'static str>,
    pub(crate) scope: Scope,
    pub(crate) budget: Budget,
    pub(crate) deadline: Option<Duration>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            session: None,
            scope: Scope::public(),
            budget: Budget::default(),
            deadline: None,
            clock: Arc::new(ManualClock::at(Timestamp(0))),
        }
    }
}

impl Run {
    pub(crate) fn cx(self) -> Cx {
        Cx::new(RunState {
            id: RunId(1),
            session: self.session.map(SessionId::from),
            scope: self.scope,
            budget: BudgetMeter::new(self.budget, Expense::default()),
            deadline: self.deadline.map(|after| Instant::now() + after),
            cancel: None,
            clock: self.clock,
            log: None,
            content: false,
        })
    }
}

/// An ordinary run.
pub(crate) fn cx() -> Cx {
    Run::default().cx()
}

/// A run of a session.
pub(crate) fn session(name: &'static str) -> Cx {
    Run { session: Some(name), ..Run::default() }.cx()
}

/// A request with this question.
pub(crate) fn ask(what: &str) -> ModelRequest {
    ModelRequest::new("be brief", what)
}

/// The whole reply.
pub(crate) async fn whole(model: &impl Model, request: ModelRequest, cx: &Cx) -> Result<Completion, Error> {
    model.send(request, cx).await?.collect().await
}

/// The text of the reply to a question.
pub(crate) async fn text(model: &impl Model, what: &str, cx: &Cx) -> Result<String, Error> {
    whole(model, ask(what), cx).await.map(|whole| whole.text)
}
