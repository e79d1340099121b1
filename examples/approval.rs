//! A run that waits for a person: an agent may not delete before somebody has said yes. The run is parked in a journal and ends;
//! whoever is asked takes his time; then it goes on, here in the same process, as well in any other.

use ninefold::{AgentCard, Cx, Durability, ErrorKind, Inquiry, Query, RunId, Soar, Supplied, Task};

async fn soar(database: &std::path::Path) -> ninefold::Result<Soar> {
    let keeper = |task: Task, cx: Cx| async move {
        println!("  (working on: {})", task.subgoal.description);
        let inquiry = Inquiry::choice("Which drafts are to be deleted?", ["none", "old", "all"]);
        match cx.ask(inquiry).await? {
            Supplied::Text(which) => Ok(format!("deleted {which} drafts")),
            Supplied::Approval(_) => Ok("deleted nothing".to_owned()),
        }
    };
    let card = AgentCard::new("keeper", "Keeps the folder of drafts").capability("drafts");
    Soar::builder().database(database).durability(Durability::Phase).agent(card, keeper).build().await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("ninefold.db");
    let run = RunId::random();

    let question = "Why are there so many drafts, and which of the drafts should be deleted?";
    match soar(&database).await?.answer(Query::new(question).run(run)).await {
        Err(failure) if failure.error.kind() == ErrorKind::Suspended => println!("{}", failure.error),
        other => println!("{other:?}"),
    }

    // Later, and elsewhere.
    let soar = soar(&database).await?;
    for (run, questions) in soar.suspended().await? {
        for question in questions {
            println!("run {run} asks: {}", question.inquiry.text);
            soar.supply(run, question.id, "old").await?;
        }
    }
    println!("{}", soar.resume(run, None).await?);
    Ok(())
}
