//! A model with tools as an agent: two typed functions, one of which needs a right, and where the time went. The model
//! follows a script, so that the example runs offline; any other takes its place.

use std::time::Duration;

use ninefold::llm::tools::{ToolAgent, tool};
use ninefold::llm::{Budgeted, Observed, Retried};
use ninefold::{AgentCard, Error, ErrorKind, Labels, Query, Scope, Soar};
use ninefold_testkit::ScriptedModel;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Journey {
    /// Where it begins.
    from: String,
    /// Where it ends.
    to: String,
}

#[derive(Deserialize, JsonSchema)]
struct Day {
    /// As in 2026-11-21.
    date: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ninefold::Result<()> {
    let trains = tool("trains", "Finds the next trains between two cities", |journey: Journey, _| async move {
        tokio::time::sleep(Duration::from_millis(40)).await;
        if journey.from == journey.to {
            return Err(Error::new(ErrorKind::InvalidInput, "the journey ends where it begins"));
        }
        Ok(format!("{} 08:03, {} 08:57 (IC 3); then every hour", journey.from, journey.to))
    });
    let calendar = tool("calendar", "Reads the user's appointments", |day: Day, _| async move {
        tokio::time::sleep(Duration::from_millis(60)).await;
        Ok(format!("{}: 10:00 dentist", day.date))
    });
    // The rule for what comes later stands first.
    let model = ScriptedModel::new()
        .delay(Duration::from_millis(20))
        .answer("dentist", "Take the train at 08:03: the dentist expects you at ten.")
        .answer("out of the run's scope", "Take the train at 08:03. I may not see your appointments.")
        .calls("", [("trains", r#"{"from":"Zurich","to":"Basel"}"#), ("calendar", r#"{"date":"2026-11-22"}"#)]);
    let agent = ToolAgent::builder(Retried::new(Budgeted::new(Observed::new(model))))
        .tool(trains)
        .tool(calendar.labels(Labels::of(["private"])))
        .build()?;
    let card = AgentCard::new("travel", "Plans journeys").capability("train");
    let soar = Soar::builder().agent(card, agent).build().await?;
    for scope in [Scope::public(), Scope::of(["private"])] {
        let question = "Which train should I take from Zurich to Basel tomorrow? What is the weather there?";
        let answer = soar.answer(Query::new(question).scope(scope)).await?;
        println!("{answer}\n{}", answer.profile.outline());
    }
    Ok(())
}
