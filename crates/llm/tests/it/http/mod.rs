//! Models behind a server, against servers that behave and that do not.

mod connections;
mod fault;
mod faults;
mod files;
mod litellm;
mod secrets;
mod tiny;
mod tools;

use std::sync::Arc;
use std::time::Duration;

use ninefold_core::cx::RunState;
use ninefold_core::secret::Secret;
use ninefold_core::{
    Budget, BudgetMeter, Completion, Cx, Expense, Model, ModelId, ModelRequest, Result, RunId, Scope, Timestamp,
};
use ninefold_llm::http::{Auth, Limits, Transport, TransportBuilder};
use ninefold_llm::wire::Framing;
use ninefold_llm::{Remote, RemoteBuilder};
use ninefold_testkit::ManualClock;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use fault::Fault;
use tiny::Tiny;

/// A key without the marks of any provider.
const KEY: &str = "quite.ordinary-words-of-a-key";

/// Limits that tests can wait for.
fn limits() -> Limits {
    Limits {
        connect: Duration::from_millis(500),
        first_byte: Duration::from_millis(300),
        idle: Duration::from_millis(200),
        total: Duration::from_secs(2),
        event_bytes: 64 << 10,
        reply_bytes: 1 << 20,
    }
}

fn transport() -> TransportBuilder {
    Transport::builder().no_proxy().limits(limits())
}

fn builder(server: &Fault, framing: Framing, transport: Transport) -> RemoteBuilder {
    Remote::builder(ModelId::new("tiny", "one"), Arc::new(Tiny(framing)), &server.address(), transport)
        .unwrap()
        .key(Secret::new(KEY), Auth::Bearer)
        .unwrap()
        .key_variable("TINY_API_KEY")
}

fn remote(server: &Fault) -> Remote {
    builder(server, Framing::Events, transport().build().unwrap()).build()
}

fn cx() -> Cx {
    cx_until(None, None)
}

fn cx_until(deadline: Option<Instant>, cancel: Option<CancellationToken>) -> Cx {
    Cx::new(RunState {
        id: RunId(1),
        session: None,
        scope: Scope::public(),
        budget: BudgetMeter::new(Budget::default(), Expense::default()),
        deadline,
        cancel,
        clock: Arc::new(ManualClock::at(Timestamp(0))),
        log: None,
        content: false,
    })
}

/// A call from beginning to end, which is over in time whatever happens.
async fn call(model: &impl Model, cx: &Cx) -> Result<Completion> {
    let call = async { model.send(ModelRequest::new("be brief", "what is a phase?"), cx).await?.collect().await };
    tokio::time::timeout(Duration::from_secs(20), call).await.expect("nothing hangs")
}
