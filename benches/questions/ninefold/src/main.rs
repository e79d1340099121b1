//! The questions, answered with Ninefold: one pipeline for all of them, which finds out by itself what each needs.

use std::env;
use std::error::Error;
use std::io::{Write, stdin, stdout};

use ninefold::profile::By;
use ninefold::{Soar, open_model};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let accounts = env::args().any(|argument| argument == "--accounts");
    let model = open_model(&format!("openai/{}", env::var("MODEL")?))?;
    let soar = Soar::builder().index(env::var("DOCUMENTS")?).model(model).build().await?;
    println!("{}", json!({ "ready": true }));
    for line in stdin().lines() {
        let question: Value = serde_json::from_str(&line?)?;
        let (reply, profile) = match soar.answer(question["text"].as_str().unwrap_or_default()).await {
            Ok(answer) => {
                let without: Vec<String> = answer.degradations.iter().map(ToString::to_string).collect();
                (json!({ "answer": answer.text, "degraded": without }), answer.profile)
            }
            Err(failure) => (json!({ "error": failure.to_string() }), *failure.profile),
        };
        println!("{reply}");
        stdout().flush()?;
        if accounts {
            eprintln!(
                "{}\n\n{}\n{}\n{}",
                question["id"],
                profile.table(),
                profile.table_by(By::Model),
                profile.critical_path()
            );
        }
    }
    Ok(())
}
