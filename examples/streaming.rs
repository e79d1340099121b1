//! A run as it happens: phases, findings and the answer's text, each when it comes. The reader drives the run; a slow reader slows
//! it down, and dropping the stream stops it. The model follows a script, so that the example runs offline.

use std::time::Duration;

use ninefold::{AgentCard, Cx, Event, Soar, Task};
use ninefold_testkit::ScriptedModel;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ninefold::Result<()> {
    let plan = r#"{"subgoals": [
        {"id": "trains", "description": "which trains go from Zurich to Basel", "agent": "guide", "depends_on": []},
        {"id": "weather", "description": "what the weather will be in Basel", "agent": "guide", "depends_on": []}]}"#;
    let review = r#"{"completeness": 1, "consistency": 1, "groundedness": 1, "issues": []}"#;
    let model = ScriptedModel::new()
        .delay(Duration::from_millis(20))
        .answer("break a question", plan)
        .answer("a plan", review)
        .answer("", "Take the train at 08:03, and an umbrella.");
    let guide = |task: Task, _: Cx| async move {
        let trains = task.subgoal.id.0 == "trains";
        tokio::time::sleep(Duration::from_millis(if trains { 80 } else { 40 })).await;
        Ok(if trains { "the next one leaves at 08:03" } else { "it will rain" })
    };
    let card = AgentCard::new("guide", "Knows trains and the weather").capability("trains weather");
    let soar = Soar::builder().model(model).agent(card, guide).build().await?;

    let mut events =
        soar.stream("Compare the trains from Zurich to Basel, look at the weather, and recommend when to go");
    while let Some(event) = events.next().await {
        match event? {
            Event::PhaseStarted { phase } => println!("{phase} ..."),
            Event::Planned(plan) => println!("  a plan of {} subgoals", plan.subgoals().len()),
            Event::Found(finding) => println!("  {} found: {}", finding.agent, finding.text()),
            Event::Text(text) => println!("  it writes: {text}"),
            Event::Answered(answer) => println!("\n{answer}\n{}", answer.profile.table()),
            _ => {}
        }
    }
    Ok(())
}
