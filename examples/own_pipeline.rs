//! A pipeline of your own: five phases with a branch, a loop, a parallel join and a cached phase; and its timing table.

use std::time::Duration;

use ninefold::{Cx, PhaseCache, Result, Run, phase, profile};
use tokio::time::sleep;

/// Answers a support ticket. Straight-line Rust; what it waits for stands for real work.
pub async fn triage(ticket: &str, cache: &PhaseCache) -> Result<String> {
    let read = phase("read", |ticket: String, _: Cx| async move {
        sleep(Duration::from_millis(2)).await;
        Ok(ticket.trim().to_lowercase())
    });
    let search = phase("search", |topic: String, _: Cx| async move {
        sleep(Duration::from_millis(40)).await;
        Ok(format!("an article on {topic}"))
    })
    .cached(cache);
    let history = phase("history", |topic: String, _: Cx| async move {
        sleep(Duration::from_millis(30)).await;
        Ok(format!("two tickets on {topic}"))
    });
    let draft = phase("draft", |(notes, words): (String, usize), _: Cx| async move {
        sleep(Duration::from_millis(10)).await;
        Ok(notes.split_whitespace().take(words).collect::<Vec<_>>().join(" "))
    });
    let review = phase("review", |text: String, _: Cx| async move {
        sleep(Duration::from_millis(4)).await;
        Ok(text.len() <= 24)
    });

    let run = Run::new("triage");
    run.execute(ticket, async |cx| {
        let topic = read.run(ticket.to_owned(), &cx).await?;
        if topic.is_empty() {
            return Ok("Please say what the trouble is.".to_owned());
        }
        let (articles, tickets) = (cx.branch("articles"), cx.branch("tickets"));
        let (article, past) = tokio::try_join!(search.run(topic.clone(), &articles), history.run(topic, &tickets))?;
        for words in (1..=7).rev() {
            let text = draft.run((format!("{article} {past}"), words), &cx).await?;
            if review.run(text.clone(), &cx).await? {
                return Ok(text);
            }
        }
        Ok(article)
    })
    .await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let cache = PhaseCache::new(100, Duration::from_secs(60));
    for ticket in ["  Login LOOPS ", "login loops", " "] {
        let recorded = profile::record(triage(ticket, &cache)).await;
        println!("{ticket:?} -> {:?}\n{}", recorded.output?, recorded.profile.table());
    }
    Ok(())
}
