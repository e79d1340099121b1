//! What is out of scope is neither retrieved nor called, whatever store and model do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ninefold_core::{AgentCard, Cx, Labels, Query, Routes, Scope, Task};
use ninefold_pipeline::phases::route::{ANYTHING, Routing};
use ninefold_pipeline::{Soar, SoarBuilder};
use ninefold_testkit::ScriptedModel;

use crate::fixture::shelf;

const QUESTION: &str = "Compare the salary of the left with the salary of the right and weigh both";

#[tokio::test]
async fn a_careless_store_does_not_open_the_scope() {
    // The fixture's store returns everything; the layer takes out what the run may not see.
    let store = Arc::new(shelf(&[
        ("secret.txt", "The salary of the chief is 7 million a year.", &["hr"]),
        ("open.txt", "Every salary is paid on the last day of a month.", &[]),
    ]));
    let soar = Soar::builder().store(store).build().unwrap();
    let public = soar.answer("What is the salary of the chief?").await.unwrap();
    assert_eq!(public.citations.iter().map(|c| c.path.as_str()).collect::<Vec<_>>(), ["open.txt"]);
    assert!(!public.text.contains('7'));
    let granted = soar.answer(Query::new("What is the salary of the chief?").scope(Scope::of(["hr"]))).await.unwrap();
    assert!(granted.text.contains("The salary of the chief is 7 million a year."));
    let complex = soar.answer(QUESTION).await.unwrap();
    assert!(complex.citations.iter().all(|citation| citation.path == "open.txt"), "agents search in scope as well");
}

fn with_payroll(called: &Arc<AtomicBool>, builder: SoarBuilder) -> Soar {
    let called = Arc::clone(called);
    let payroll = move |_: Task, _: Cx| {
        called.store(true, Ordering::SeqCst);
        async { Ok("paid") }
    };
    let card = AgentCard::new("payroll", "Pays salaries").capability("salary").labels(Labels::of(["hr"]));
    let open = AgentCard::new("open", "Anything").capability(ANYTHING);
    builder.agent(card, payroll).agent(open, |_: Task, _: Cx| async { Ok("open work") }).build().unwrap()
}

#[tokio::test]
async fn an_agent_out_of_scope_is_not_routed_to() {
    let called = Arc::new(AtomicBool::new(false));
    let soar = with_payroll(&called, Soar::builder());
    soar.answer(QUESTION).await.unwrap();
    assert!(!called.load(Ordering::SeqCst));
    soar.answer(Query::new(QUESTION).scope(Scope::of(["hr"]))).await.unwrap();
    assert!(called.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_model_that_names_a_hidden_agent_reaches_nothing() {
    let called = Arc::new(AtomicBool::new(false));
    let plan = format!(r#"{{"subgoals": [{{"id": "pay", "description": "{QUESTION}", "agent": "payroll"}}]}}"#);
    let model = Arc::new(ScriptedModel::new().answer("break a question", plan).answer("", "fine"));
    let soar = with_payroll(&called, Soar::builder().model(model.clone()));
    let answer = soar.answer(QUESTION).await.unwrap();
    assert!(!called.load(Ordering::SeqCst));
    let notes = answer.degradations.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(notes.contains("names agent payroll, which is not available"), "{notes}");
    assert!(!model.requests()[0].messages[1].text().contains("payroll"), "the planner is not told of it");
}

#[tokio::test]
async fn even_a_route_to_a_hidden_agent_is_stopped_at_the_call() {
    let called = Arc::new(AtomicBool::new(false));
    let route = |routing: Routing, _: Cx| async move {
        let assign = |subgoal: &ninefold_core::Subgoal| ninefold_core::Assignment {
            subgoal: subgoal.id.clone(),
            agent: "payroll".into(),
            reason: "a careless router".into(),
        };
        Ok(Routes { assignments: routing.plan.subgoals().iter().map(assign).collect() })
    };
    let answer = with_payroll(&called, Soar::builder().route(route)).answer(QUESTION).await.unwrap();
    assert!(!called.load(Ordering::SeqCst));
    let notes = answer.degradations.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(notes.contains("agent payroll is out of the run's scope; grant hr in the query's scope"), "{notes}");
}
