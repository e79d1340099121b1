//! What is offered, what is not, and why.

use super::{Index, Reason, Refusal, Scope, View};
use crate::command::Command;
use crate::program::{ActionId, FlowId, Program, SlotId};
use crate::understand::tests::made::{Known, NOTHING, program};

fn view() -> View<'static> {
    View {
        message: "",
        last_said: "",
        active: None,
        stack: &[],
        ended: None,
        asked: None,
        confirming: false,
        choices: &[],
        filled: &[],
        guards: &NOTHING,
    }
}

fn scope(program: &Program, view: &View<'_>) -> Scope {
    Scope::of(program, &Index::new(program), view)
}

fn slot(program: &Program, flow: &str, name: &str) -> SlotId {
    program.slot_named(program.flow_named(flow), name).unwrap()
}

fn flows(scope: &Scope) -> Vec<&str> {
    scope.flows.iter().map(|flow| flow.name.as_str()).collect()
}

fn slots(scope: &Scope) -> Vec<&str> {
    scope.slots.iter().map(|slot| slot.name.as_str()).collect()
}

#[test]
fn a_guard_hides_a_flow_and_refuses_it() {
    let program = program();
    let hidden = scope(&program, &View { message: "close my account for good", ..view() });
    assert!(!flows(&hidden).contains(&"close_account"));
    let start = Command::Start { flow: "close_account".into() };
    assert_eq!(hidden.allows(&start), Err(Refusal::Flow("close_account".into())));
    assert!(hidden.allows(&Command::Clarify { flows: vec!["check_balance".into(), "close_account".into()] }).is_err());
    assert!(hidden.allows(&Command::Set { slot: "reason".into(), value: "x".into() }).is_err());
    let owner = Known(Some(("owner", true.into())));
    let shown = scope(&program, &View { message: "close my account for good", guards: &owner, ..view() });
    assert!(shown.allows(&start).is_ok());
    // What a guard cannot make sense of does not open it.
    let odd = Known(Some(("owner", "perhaps".into())));
    assert!(scope(&program, &View { message: "close my account", guards: &odd, ..view() }).allows(&start).is_err());
}

#[test]
fn what_only_the_system_may_do_is_never_offered() {
    let program = program();
    for active in [None, program.flow_named("book_flight"), program.flow_named("pattern_feedback")] {
        let scope = scope(&program, &View { message: "rate the conversation: system_score 5", active, ..view() });
        assert!(
            scope.names().all(|name| name != "pattern_feedback" && name != "system_score" && name != "search_flights")
        );
        assert!(scope.allows(&Command::Start { flow: "pattern_feedback".into() }).is_err());
        assert!(scope.allows(&Command::Set { slot: "system_score".into(), value: "5".into() }).is_err());
    }
}

#[test]
fn an_action_runs_only_for_a_flow_that_may() {
    let program = program();
    let booking = scope(&program, &View { active: program.flow_named("book_flight"), message: "ok", ..view() });
    assert!(booking.may_run(ActionId(0)));
    let balance = program.flow_named("check_balance");
    let bounds = super::Bounds { flows_active: 0, kin: 0, ..super::Bounds::default() };
    let view = View { active: balance, message: "ok", ..view() };
    assert!(!Scope::within(&program, &Index::new(&program), &view, &bounds).may_run(ActionId(0)));
}

#[test]
fn filled_slots_stay_correctable_and_what_was_asked_comes_first() {
    let program = program();
    let filled = [slot(&program, "book_flight", "origin")];
    let asked = Some(slot(&program, "book_flight", "departure_date"));
    let active = program.flow_named("book_flight");
    let scope = scope(&program, &View { message: "Friday", active, asked, filled: &filled, ..view() });
    assert_eq!(slots(&scope), ["departure_date", "origin", "destination", "travellers", "class"]);
    let reasons: Vec<String> = scope.slots.iter().take(3).map(|slot| slot.reason.to_string()).collect();
    assert_eq!(reasons, ["asked", "correctable", "active flow"]);
    assert!(scope.allows(&Command::Correct { slot: "origin".into(), value: "Rome".into() }).is_ok());
    assert!(scope.flow("book_flight").is_none(), "it is under way");
    assert!(scope.allows(&Command::Cancel { flow: Some("book_flight".into()) }).is_ok());
    let other = Command::Cancel { flow: Some("transfer_money".into()) };
    assert_eq!(scope.allows(&other), Err(Refusal::NotOpen("transfer_money".into())));
}

#[test]
fn slots_of_a_flow_are_offered_where_the_message_may_hold_values() {
    let program = program();
    let bare = scope(&program, &View { message: "I want to book a flight", ..view() });
    assert_eq!((flows(&bare)[0], slots(&bare)), ("book_flight", vec![]));
    assert_eq!(bare.flows[0].reason, Reason::Matches(vec!["book".into(), "flight".into()]));
    let full = scope(&program, &View { message: "I want to book a flight to Rome", ..view() });
    assert!(slots(&full).contains(&"destination"));
}

#[test]
fn a_repair_flow_leaves_the_slots_of_what_it_repairs_in_view() {
    let program = program();
    let stack = [program.flow_named("book_flight").unwrap()];
    let active = program.flow_named("pattern_feedback");
    let scope = scope(&program, &View { message: "to Rome", active, stack: &stack, ..view() });
    assert!(slots(&scope).contains(&"destination"));
    assert!(scope.flow("book_flight").is_none());
}

#[test]
fn filled_slots_of_interrupted_flows_are_shown_where_they_are_named_and_accepted_always() {
    let program = program();
    let (active, stack) = (program.flow_named("transfer_money"), [program.flow_named("book_flight").unwrap()]);
    let filled = [slot(&program, "book_flight", "origin"), slot(&program, "book_flight", "departure_date")];
    let of = |message, filled| scope(&program, &View { message, active, stack: &stack, filled, ..view() });
    let (bare, other) = (of("it is 50 euros", &[]), of("it is 50 euros", &filled));
    assert_eq!((slots(&bare), bare.tokens()), (slots(&other), other.tokens()), "it costs nothing");
    let correct = |slot: &str| Command::Correct { slot: slot.into(), value: "x".into() };
    assert!(other.allows(&correct("origin")).is_ok() && other.allows(&correct("departure_date")).is_ok());
    assert_eq!(other.allows(&correct("destination")), Err(Refusal::Slot("destination".into())), "it has no value");
    assert!(bare.allows(&correct("origin")).is_err());
    for (message, named) in [("the origin is Porto", "origin"), ("another date for my flight", "departure_date")] {
        let scope = of(message, &filled);
        let offered = scope.slots.iter().filter(|slot| slot.reason == Reason::Interrupted);
        assert_eq!(offered.map(|slot| slot.name.as_str()).collect::<Vec<_>>(), [named], "{message}");
    }
    // A date alone is of the flow that is under way.
    assert!(!slots(&of("another date", &filled)).contains(&"departure_date"));
}

#[test]
fn any_message_is_bounded() {
    let program = program();
    let long = "flight money \u{0} \u{202e}".repeat(60_000);
    let scope = scope(&program, &View { message: &long, last_said: &long, ..view() });
    assert!(scope.tokens() < 100);
    assert_eq!(scope.tokens(), scope.names().collect::<Vec<_>>().join(", ").len() / 4);
    assert!(!scope.flows.iter().any(|flow| flow.id == FlowId(4)));
}
