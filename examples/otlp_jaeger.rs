//! Questions whose runs can be looked at in Jaeger, Phoenix, or whatever else takes OTLP; the table beside them tells the
//! same story.
//!
//! ```sh
//! docker run -p 16686:16686 -p 4317:4317 -p 4318:4318 jaegertracing/jaeger
//! cargo run --features otlp --example otlp_jaeger      # then open http://localhost:16686
//! ```
//!
//! `OTEL_EXPORTER_OTLP_ENDPOINT=http://host:port` sends them elsewhere.

use std::time::Duration;

use ninefold::{AgentCard, Cx, Error, ErrorKind, Soar, Task, otlp, profile};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (exporting, guard) = otlp::from_env()?.service_name("ninefold-example").build()?;
    tracing_subscriber::registry().with(profile::layer()).with(exporting).init();

    let weather = |_: Task, _: Cx| async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        Ok("Dry and 21 degrees.")
    };
    let trains = |_: Task, _: Cx| async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Err::<String, _>(Error::new(ErrorKind::Permanent, "the timetable server answered 410 Gone"))
    };
    let soar = Soar::builder()
        .agent(AgentCard::new("weather", "Tells the weather").capability("weather"), weather)
        .agent(AgentCard::new("trains", "Finds trains").capability("train"), trains)
        .build()
        .await?;
    let answer = soar.answer("What will the weather be in Basel tomorrow? Which train goes there before nine?").await?;
    println!("{}", answer.profile.table());

    let delivery = guard.shutdown_async(Duration::from_secs(5)).await;
    println!("{delivery}");
    if !delivery.is_complete() {
        println!("\nIs there a receiver? This one takes them, and shows them at http://localhost:16686:");
        println!("  docker run -p 16686:16686 -p 4317:4317 -p 4318:4318 jaegertracing/jaeger");
    }
    Ok(())
}
