//! Opens a run, carries a body through it, and closes it: the context, the root span, the journal.

use std::future::Future;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ninefold_core::cx::RunState;
use ninefold_core::journal::{Entry, Header, RunLog};
use ninefold_core::{
    Budget, BudgetMeter, Clock, Cx, Durability, Error, ErrorKind, Expense, Journal, Key, OverBudget, Result, RunId,
    Scope, SessionId, Teller, Timestamp, span,
};
use serde::Serialize;
use smol_str::SmolStr;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::layers::journal::{exchange, spent};
use crate::layers::trace::traced;

/// The system's wall clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the Clock")]
    fn now(&self) -> Timestamp {
        let micros = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros),
        };
        Timestamp(micros)
    }
}

/// One clock for all runs that are not given another.
static SYSTEM: LazyLock<Arc<dyn Clock>> = LazyLock::new(|| Arc::new(SystemClock));

/// The terms of one run of a pipeline. [`Run::execute`] opens it, runs the pipeline's body and closes it.
///
/// ```
/// use ninefold_core::Cx;
/// use ninefold_pipeline::{Run, phase};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> ninefold_core::Result<()> {
/// let count = phase("count", |text: String, _: Cx| async move { Ok(text.len()) });
/// let letters = Run::new("lengths").execute(&"four", |cx| async move { count.run("four".into(), &cx).await }).await?;
/// assert_eq!(letters, 4);
/// # Ok(()) }
/// ```
pub struct Run {
    pipeline: SmolStr,
    definition: Option<Key>,
    id: Option<RunId>,
    session: Option<SessionId>,
    scope: Scope,
    budget: Budget,
    deadline: Option<Duration>,
    cancel: Option<CancellationToken>,
    clock: Option<Arc<dyn Clock>>,
    journal: Option<(Arc<dyn Journal>, Durability)>,
    content: bool,
    teller: Option<Teller>,
    over_budget: OverBudget,
}

impl Run {
    /// A run of the pipeline with this name, with public scope, without limits, not durable.
    pub fn new(pipeline: impl AsRef<str>) -> Self {
        Self {
            pipeline: SmolStr::new(pipeline),
            definition: None,
            id: None,
            session: None,
            scope: Scope::public(),
            budget: Budget::default(),
            deadline: None,
            cancel: None,
            clock: None,
            journal: None,
            content: false,
            teller: None,
            over_budget: OverBudget::default(),
        }
    }

    /// Sets the key of what decides how the pipeline works. A journaled run is continued only under the definition it
    /// started with.
    #[must_use]
    pub fn definition(mut self, definition: Key) -> Self {
        self.definition = Some(definition);
        self
    }

    /// Sets the identity; with a journal that knows it, the run is continued.
    #[must_use]
    pub fn id(mut self, id: RunId) -> Self {
        self.id = Some(id);
        self
    }

    /// Sets the session.
    #[must_use]
    pub fn session(mut self, session: Option<SessionId>) -> Self {
        self.session = session;
        self
    }

    /// Sets the scope.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Sets what it may spend.
    #[must_use]
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// Sets what happens when the budget does not hold what a phase wants to spend: rules do its work, unless set.
    #[must_use]
    pub fn over_budget(mut self, over: OverBudget) -> Self {
        self.over_budget = over;
        self
    }

    /// Sets how long it may take.
    #[must_use]
    pub fn deadline(mut self, deadline: Option<Duration>) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets the token by which the host stops it. Dropping the future stops it as well.
    #[must_use]
    pub fn cancellation(mut self, cancel: CancellationToken) -> Self {
        self.cancel = Some(cancel);
        self
    }

    /// Sets where wall time comes from.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Makes it durable. [`Durability::Off`] takes the journal away again.
    #[must_use]
    pub fn journal(mut self, journal: Arc<dyn Journal>, durability: Durability) -> Self {
        self.journal = (durability != Durability::Off).then_some((journal, durability));
        self
    }

    /// Lets content into the run's spans, and so into logs and exports: what models and agents are asked and answer, what
    /// is searched for. Not unless set.
    #[must_use]
    pub fn content_in_spans(mut self, content: bool) -> Self {
        self.content = content;
        self
    }

    /// Tells its events there: [`Events::of`](ninefold_core::Events::of) gives one.
    #[must_use]
    pub fn teller(mut self, teller: impl Into<Option<Teller>>) -> Self {
        self.teller = teller.into();
        self
    }

    /// Runs `body` on `input`. The input is written to the journal of a durable run, and compared when the run is
    /// continued; `body` captures or receives it as it likes.
    ///
    /// # Errors
    /// What the body returns; `DeadlineExceeded` for a deadline of zero; `ReplayRefused` when the journal knows the
    /// run under another pipeline, definition or input; what the journal says.
    pub async fn execute<I, T, F, Fut>(self, input: &I, body: F) -> Result<T>
    where
        I: Serialize + ?Sized,
        F: FnOnce(Cx) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let Self {
            pipeline,
            definition,
            id,
            session,
            scope,
            budget,
            deadline,
            cancel,
            clock,
            journal,
            content,
            teller,
            ..
        } = self;
        let over = self.over_budget;
        let is_new = id.is_none();
        let id = id.unwrap_or_else(RunId::random);
        traced(span::run(&pipeline, id, session.as_ref()), async move {
            let mut state = RunState {
                id,
                session,
                scope,
                budget: BudgetMeter::new(budget, Expense::default()).over(over),
                // Counted from here, so that opening the journal counts.
                deadline: deadline.and_then(|limit| Instant::now().checked_add(limit)),
                cancel,
                clock: clock.unwrap_or_else(|| Arc::clone(&SYSTEM)),
                log: None,
                content,
            };
            let Some((journal, durability)) = journal else {
                let cx = Cx::new(state).telling(teller);
                cx.check()?;
                return body(cx).await;
            };
            // Boxed, so that a run without a journal does not carry its size.
            Box::pin(async move {
                let opening = Opening { id, is_new, pipeline: &pipeline, definition, started: state.clock.now() };
                let entries = exchange(&bounds(&state), opening.open(input, journal.as_ref())).await?;
                state.budget = BudgetMeter::new(budget, spent(&entries)).over(over);
                state.log = Some(RunLog::new(journal, id, durability, entries));
                let cx = Cx::new(state).telling(teller);
                let output = body(cx.clone()).await;
                if output.as_ref().is_err_and(Error::is_suspension)
                    && let Some(log) = cx.log()
                {
                    exchange(&cx, log.park()).await?;
                }
                // What is wrong with the input would be wrong again, and what the run has spent stays spent: there is nothing
                // to resume.
                let hopeless = |error: &Error| match error.kind() {
                    ErrorKind::InvalidInput | ErrorKind::TooLong => true,
                    ErrorKind::OverBudget => error.ends_run() && cx.budget().stopped(),
                    _ => false,
                };
                if let Some(log) = cx.log().filter(|_| output.as_ref().err().is_none_or(hopeless)) {
                    exchange(&cx, log.finish(cx.now())).await?;
                }
                output
            })
            .await
        })
        .await
        .map_err(Error::outside_run)
    }
}

/// A context with nothing but the bounds of a run that has no log yet.
fn bounds(state: &RunState) -> Cx {
    Cx::new(RunState {
        id: state.id,
        session: None,
        scope: Scope::public(),
        budget: BudgetMeter::default(),
        deadline: state.deadline,
        cancel: state.cancel.clone(),
        clock: Arc::clone(&state.clock),
        log: None,
        content: false,
    })
}

/// A run about to be begun or continued.
struct Opening<'a> {
    id: RunId,
    /// Whether the id was made just now: then no journal knows it, and none is asked.
    is_new: bool,
    pipeline: &'a SmolStr,
    definition: Option<Key>,
    started: Timestamp,
}

impl Opening<'_> {
    /// What the journal holds of the run: nothing when it begins now.
    async fn open<I: Serialize + ?Sized>(&self, input: &I, journal: &dyn Journal) -> Result<Vec<Entry>> {
        let as_json = |error: serde_json::Error| {
            Error::new(ErrorKind::InvalidInput, format!("the run's input cannot be written as JSON: {error}"))
        };
        let input = serde_json::to_value(input).map_err(as_json)?;
        let id = self.id;
        let definition = match self.definition {
            Some(definition) => definition,
            None => Key::of(self.pipeline)?,
        };
        let recorded = if self.is_new { None } else { journal.load(id).await? };
        match recorded {
            None => {
                let input = input.to_string();
                let header = Header { pipeline: self.pipeline.clone(), definition, input, started: self.started };
                journal.begin(id, header).await?;
                Ok(Vec::new())
            }
            Some(recorded) => {
                let header = recorded.header;
                if header.pipeline != *self.pipeline {
                    let what =
                        format!("run {id} belongs to pipeline {:?}, not to {:?}", header.pipeline, self.pipeline);
                    return Err(Error::new(ErrorKind::ReplayRefused, what).hint("resume it with its own pipeline"));
                }
                if header.definition != definition {
                    let what = format!("pipeline {:?} has changed since run {id} started", self.pipeline);
                    return Err(Error::new(ErrorKind::ReplayRefused, what)
                        .hint("finish the run with the configuration that started it, or start a new run"));
                }
                if serde_json::from_str::<serde_json::Value>(&header.input).ok() != Some(input) {
                    return Err(Error::new(
                        ErrorKind::ReplayRefused,
                        format!("run {id} was started with another input"),
                    )
                    .hint("give the same input, or leave the run id out to start a new run"));
                }
                Ok(recorded.entries)
            }
        }
    }
}
