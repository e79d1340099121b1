//! A run that ends half-way and is continued: what had finished is replayed from the journal, not done again. The deadline
//! stands for a crash here; the same holds after `kill -9`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ninefold::store::Sqlite;
use ninefold::{Cx, Durability, Result, Run, RunId, phase, profile};
use tokio::time::sleep;

async fn monthly_report(database: &Path, deadline: Option<Duration>) -> Result<String> {
    let fetch = phase("fetch", |month: String, _: Cx| async move {
        sleep(Duration::from_millis(60)).await;
        Ok(format!("the figures of {month}"))
    });
    let summarize = phase("summarize", |figures: String, _: Cx| async move {
        sleep(Duration::from_millis(40)).await;
        Ok(format!("a summary of {figures}"))
    });
    let publish = phase("publish", |summary: String, _: Cx| async move {
        sleep(Duration::from_millis(80)).await;
        Ok(format!("published {summary}"))
    });
    let journal = Arc::new(Sqlite::open(database).await?);
    let run = Run::new("monthly-report").id(RunId(1)).deadline(deadline).journal(journal, Durability::Phase);
    run.execute("October", async |cx| {
        let figures = fetch.run("October".into(), &cx).await?;
        let summary = summarize.run(figures, &cx).await?;
        publish.run(summary, &cx).await
    })
    .await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("journal.db");
    for deadline in [Some(Duration::from_millis(150)), None] {
        let recorded = profile::record(monthly_report(&database, deadline)).await;
        match recorded.output {
            Ok(report) => println!("{report}"),
            Err(error) => println!("stopped: {error}"),
        }
        println!("{}", recorded.profile.table());
    }
    Ok(())
}
