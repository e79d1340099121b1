//! A program with a subscriber of its own: a log with its filter, and the profile's layer beside it. Each layer has its
//! own filter: one for the whole subscriber would take the spans away from the profile as well.
//!
//! `RUST_LOG=ninefold=info cargo run --example host_subscriber` shows the run's spans in the log, too.

use ninefold::{Soar, profile};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,host_subscriber=info"));
    let log = fmt::layer().with_span_events(FmtSpan::CLOSE).with_filter(filter);
    tracing_subscriber::registry().with(log).with(profile::layer()).init();

    let soar = Soar::builder().index("docs").build().await?;
    tracing::info!("asking");
    let answer = soar.answer("Which names do spans have?").await?;
    tracing::info!(wall = ?answer.profile.wall(), "answered");
    println!("{}", answer.profile.table());
    Ok(())
}
