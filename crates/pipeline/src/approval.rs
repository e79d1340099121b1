//! A person's word on a plan, before it is carried out.

use std::fmt::Write as _;

use ninefold_core::{Cx, Inquiry, Plan, Result, Supplied};

/// What is said of a plan that a person did not want.
pub(crate) const DECLINED: &str = "the person who was asked declined it";

/// Whether a person wants this plan carried out; suspends the run until he has said so.
pub(crate) async fn approved(plan: &Plan, cx: &Cx) -> Result<bool> {
    // Boxed, so that a run that asks nobody does not carry its size.
    let supplied = Box::pin(cx.ask(Inquiry::approval(question(plan)))).await?;
    Ok(supplied == Supplied::Approval(true))
}

fn question(plan: &Plan) -> String {
    let mut text = "Is this plan to be carried out?".to_owned();
    for subgoal in plan.subgoals() {
        let critical = if subgoal.critical { " (critical)" } else { "" };
        let _ = write!(text, "\n- {}{critical}: {}", subgoal.id, subgoal.description);
        match (&subgoal.agent, &subgoal.capability) {
            (Some(agent), _) => drop(write!(text, ", by {agent}")),
            (None, Some(capability)) => drop(write!(text, ", by who can do {capability}")),
            (None, None) => {}
        }
        let after: Vec<&str> = subgoal.depends_on.iter().map(|id| id.0.as_str()).collect();
        if !after.is_empty() {
            let _ = write!(text, " (after {})", after.join(", "));
        }
    }
    text
}
