//! Every impasse has a span with its cause, around what is done about it; a run without one has no such span.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use ninefold::core::Budget;
use ninefold::pipeline::phases::Noted;
use ninefold::{AgentCard, Assessment, Complexity, Cx, DecidedBy, Error, ErrorKind, Query, Soar, SoarBuilder, Task};
use ninefold_testkit::ScriptedModel;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

/// For each impasse, in the order met: its cause, and the spans in it.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Impasses>>);

#[derive(Default)]
struct Impasses {
    causes: Vec<String>,
    within: BTreeMap<u64, (usize, Vec<String>)>,
}

#[derive(Default)]
struct Label(String);

impl Visit for Label {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if ["impasse.cause", "phase.name", "gen_ai.tool.name"].contains(&field.name()) {
            self.0 = format!("{value:?}").trim_matches('"').to_owned();
        }
    }
}

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Seen {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut label = Label::default();
        attributes.record(&mut label);
        let mut seen = self.0.lock().unwrap();
        let name = attributes.metadata().name();
        if name == "impasse" {
            let number = seen.causes.len();
            seen.causes.push(label.0);
            seen.within.insert(id.into_u64(), (number, Vec::new()));
            return;
        }
        let parent = context.span(id).and_then(|span| span.parent()).map(|parent| parent.id().into_u64());
        if let Some((_, within)) = parent.and_then(|parent| seen.within.get_mut(&parent)) {
            within.push(format!("{name} {}", label.0).trim().to_owned());
        }
    }
}

const QUESTION: &str = "Compare the left side with the right side and weigh both";

fn plan(agent: &str) -> String {
    format!(
        r#"{{"subgoals": [{{"id": "a", "description": "Compare the left side", "agent": {agent}, "capability": "maps"}},
            {{"id": "b", "description": "weigh the right", "agent": "other", "depends_on": ["a"]}}]}}"#
    )
}

fn builder(model: ScriptedModel) -> SoarBuilder {
    let done = |_: Task, _: Cx| async { Ok("done") };
    let broken = |_: Task, _: Cx| async { Err::<String, _>(Error::new(ErrorKind::Permanent, "it broke")) };
    let simple = |question: &str| question.ends_with('?');
    let assess = move |question: Arc<str>, _: Cx| {
        let complexity = if simple(&question) { Complexity::Simple } else { Complexity::Complex };
        let assessment = Assessment { complexity, confidence: 1.0, reason: "told".into(), by: DecidedBy::Rules };
        std::future::ready(Ok(Noted::new(assessment)))
    };
    Soar::builder()
        .pipeline(|pipeline| pipeline.assess(assess))
        .model(model)
        .agent(AgentCard::new("one", "").capability("draw maps").capability("maps"), done)
        .agent(AgentCard::new("two", "").capability("maps"), done)
        .agent(AgentCard::new("broken", ""), broken)
        .agent(AgentCard::new("other", ""), done)
}

const FINE: &str = r#"{"completeness": 1, "consistency": 1, "groundedness": 1, "issues": []}"#;

fn script(plan: &str, review: &str) -> ScriptedModel {
    ScriptedModel::new()
        .answer("- no good", self::plan("\"other\""))
        .answer("break a question", plan)
        .answer("break a plan", review)
        .answer("choose who works", r#"{"choices": [{"subgoal": "a", "agent": "two"}]}"#)
        .answer("", "As the sources say.")
}

/// The spans of the impasses of one run, in the order in which they began.
async fn met(soar: SoarBuilder, query: Query) -> Vec<String> {
    let seen = Seen::default();
    let host = tracing::subscriber::set_default(tracing_subscriber::registry().with(seen.clone()));
    let soar = soar.build().await.unwrap();
    let answer = soar.answer(query).await.unwrap();
    drop(host);
    let seen = seen.0.lock().unwrap();
    let mut told: Vec<&str> = answer.impasses.iter().map(ninefold::core::Impasse::cause).collect();
    let mut causes = seen.causes.clone();
    // A take-over begins when the agent has failed, and is listed when it has ended.
    told.sort_unstable();
    causes.sort_unstable();
    assert_eq!(told, causes, "the answer lists what the spans say");
    let mut within: Vec<_> = seen.within.values().collect();
    within.sort();
    within
        .iter()
        .map(|(n, within)| format!("{}: {}", seen.causes[*n], within.join(", ")).trim_end().to_owned())
        .collect()
}

#[tokio::test]
async fn each_is_a_span_around_what_is_done_about_it() {
    let ask = || Query::new(QUESTION);
    let plans = "no_match: phase decompose, phase verify";
    assert_eq!(met(builder(script("", "")), Query::new("What is left?")).await, [""; 0]);
    assert_eq!(met(builder(script(&plan("\"other\""), FINE)), ask()).await, [plans]);
    assert_eq!(met(builder(script(&plan("null"), FINE)), ask()).await, [plans, "tie: chat"]);
    assert_eq!(met(builder(script(&plan("null").replace("maps", "sing"), FINE)), ask()).await, [plans, "no_agent:"]);
    assert_eq!(met(builder(script(&plan("\"broken\""), FINE)), ask()).await, [plans, "agent_failed: execute_tool one"]);
    let objects = FINE.replace("[]", r#"[{"critical": true, "message": "no good"}]"#);
    assert_eq!(
        met(builder(script(&plan("null"), &objects)), ask()).await,
        [plans, "objection: phase decompose, phase verify"]
    );
    let models = plan("\"reason\"").replace("other", "reason");
    let budget = Budget { calls: Some(3), ..Budget::default() };
    assert_eq!(
        met(builder(script(&models, FINE)), ask().budget(budget)).await[..2],
        [plans, "over_budget: phase decompose, phase verify"]
    );
}
