//! What is asked and answered stays out of spans, unless the host lets it in.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use ninefold::llm::{Metered, Price};
use ninefold::profile::{self, By, Class};
use ninefold::{AgentCard, Cx, PhaseCache, Result, Run, Soar, Task, phase};
use ninefold_testkit::ScriptedModel;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

/// Everything that spans say: the values of each field.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<BTreeMap<String, Vec<String>>>>);

impl<S: tracing::Subscriber> Layer<S> for Said {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        attributes.record(&mut &*self);
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        values.record(&mut &*self);
    }
}

impl Visit for &Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.lock().unwrap().entry(field.name().to_owned()).or_default().push(format!("{value:?}"));
    }
}

const QUESTION: &str = "Compare the zebra with the okapi and recommend one of them";

/// What the spans of one run say in which a model, an agent and a search take part.
async fn said(content: bool) -> BTreeMap<String, Vec<String>> {
    let said = Said::default();
    let host = tracing::subscriber::set_default(tracing_subscriber::registry().with(said.clone()));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("animals.md"), "The zebra has stripes, and so has the okapi.").unwrap();
    let agent = |task: Task, _: Cx| async move { Ok(format!("zebra report on {}", task.subgoal.description)) };
    let soar = Soar::builder()
        .index(folder.path())
        .model(ScriptedModel::new().answer("", "The okapi answer [1]."))
        .agent(AgentCard::new("worker", "Works").capability("*"), agent)
        .content_in_spans(content)
        .build()
        .await
        .unwrap();
    soar.answer(QUESTION).await.unwrap();
    drop(host);
    said.0.lock().unwrap().clone()
}

#[tokio::test]
async fn content_stays_out_of_spans() {
    for (field, values) in said(false).await {
        for value in values {
            let value = value.to_lowercase();
            assert!(!value.contains("zebra") && !value.contains("okapi"), "field {field} says {value}");
        }
    }
}

#[tokio::test]
async fn content_is_there_when_the_host_lets_it_in() {
    let said = said(true).await;
    let content = [
        ("gen_ai.input.messages", "zebra"),
        ("gen_ai.output.messages", "okapi answer"),
        ("gen_ai.tool.call.arguments", "zebra"),
        ("gen_ai.tool.call.result", "zebra report"),
        ("gen_ai.retrieval.query.text", "zebra"),
    ];
    for (field, text) in content {
        let values = said.get(field).unwrap_or_else(|| panic!("no span has {field}"));
        assert!(values.iter().any(|value| value.contains(text)), "{field}: {values:?}");
    }
}

#[tokio::test]
async fn a_models_cost_is_attributed_to_the_phase_that_caused_it() {
    let model = Metered::new(ScriptedModel::new().answer("", "The answer [1]."), Price::new(3.0, 15.0));
    let soar = Soar::builder().model(model).index("docs").build().await.unwrap();
    let answer = soar.answer("What is a span?").await.unwrap();
    let breakdown = answer.profile.breakdown();
    // Ten tokens read and five written, by the script, in billionths of a dollar.
    let each = 10 * 3_000 + 5 * 15_000;
    let usage = breakdown.row("synthesize").unwrap().usage;
    assert_eq!((usage.calls, usage.cost_nanousd), (1, each));
    assert!(usage.time_to_first_token().is_some());
    assert_eq!(breakdown.total.usage.cost_nanousd, each * breakdown.total.usage.calls);
    let models = answer.profile.breakdown_by(By::Model);
    assert_eq!((models.rows[0].name.as_str(), models.rows[0].usage), ("model", breakdown.total.usage));
}

#[tokio::test(start_paused = true)]
async fn what_a_cached_phase_saved_is_told() {
    let cache = PhaseCache::new(10, std::time::Duration::from_secs(60));
    let slow = phase("slow", |n: u32, _: Cx| async move {
        tokio::time::sleep(std::time::Duration::from_millis(40)).await;
        Ok(n + 1)
    })
    .cached(&cache);
    let twice = async || -> Result<u32> {
        Run::new("twice").execute(&(), async |cx| slow.run(slow.run(1, &cx).await? - 1, &cx).await).await
    };
    let profile = profile::record(twice()).await.profile;
    let row = profile.breakdown().row("slow").unwrap().clone();
    assert_eq!((row.count, row.cached, row.cache_hits), (2, 1, 1));
    assert_eq!(row.saved, std::time::Duration::from_millis(40));
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_same_computation_waits_in_a_queue_and_saved_the_rest() {
    let cache = PhaseCache::new(10, std::time::Duration::from_secs(60));
    let slow = phase("slow", |n: u32, _: Cx| async move {
        tokio::time::sleep(std::time::Duration::from_millis(40)).await;
        Ok(n + 1)
    })
    .cached(&cache);
    let paused = || tokio::time::Instant::now().into_std();
    let ask = || Run::new("ask").execute(&(), async |cx| slow.run(1, &cx).await);
    let later = async {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        profile::record(ask()).with_clock(paused).await
    };
    let (first, second) = tokio::join!(ask(), later);
    assert_eq!((first.unwrap(), second.output.unwrap()), (2, 2));
    let row = second.profile.breakdown().row("slow").unwrap().clone();
    let ms = std::time::Duration::from_millis;
    assert_eq!((row.cached, row.wall, row.saved, row.spent.on(Class::Queue)), (1, ms(30), ms(10), ms(30)));
}
