//! Ask a folder a question: `cargo run --example quickstart -- docs "How is a killed run resumed?"`.

use ninefold::Soar;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ninefold::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| "crates".into());
    let question = arguments.next().unwrap_or_else(|| "How is a killed run resumed?".into());

    let soar = Soar::builder().index(folder).build().await?;
    let answer = soar.answer(question).await?;
    println!("{answer}\n{}", answer.profile.table());
    Ok(())
}
