//! A model with tools inside of a pipeline: its account, its content, and what a run that was broken off repeats.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ninefold::core::{Message, Reply, Role};
use ninefold::llm::tools::{ToolAgent, json_tool};
use ninefold::llm::{Budgeted, Observed};
use ninefold::store::MemoryJournal;
use ninefold::{
    AgentCard, Cx, Durability, Error, ErrorKind, Journal, Model, ModelId, ModelRequest, Run, RunId, Soar, phase,
};
use ninefold_testkit::ScriptedModel;
use serde_json::{Value, json};
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

fn any() -> Value {
    json!({ "type": "object" })
}

const QUESTION: &str = "Which train should I take to Basel? Which ship should I take to Mannheim?";

/// A traveller whose train tool answers and whose ship tool fails.
async fn traveller(content: bool) -> Soar {
    let trains = json_tool("trains", "Finds trains", any(), |_, _| async { Ok("the okapi express") });
    let ships = json_tool("ships", "Finds ships", any(), |_, _| async {
        Err::<String, _>(Error::new(ErrorKind::NotFound, "no zebra sails"))
    });
    let model = ScriptedModel::new()
        .answer("okapi", "Take the train.")
        .calls("", [("trains", r#"{"animal":"giraffe"}"#), ("ships", "{}")]);
    let model = Budgeted::new(Observed::new(model));
    let agent = ToolAgent::builder(model).tool(trains).tool(ships).build().unwrap();
    let card = AgentCard::new("travel", "Plans journeys").capability("*");
    Soar::builder().agent(card, agent).content_in_spans(content).build().await.unwrap()
}

#[tokio::test]
async fn tools_and_models_stand_inside_the_agents_span() {
    let soar = traveller(false).await;
    let answer = soar.answer(QUESTION).await.unwrap();
    assert!(answer.to_string().contains("Take the train."), "{answer}");
    let tree = answer.profile.tree();
    let agent = tree.nodes().iter().find(|node| node.title() == "execute_tool travel").expect("the agent's span");
    let mut titles: Vec<String> = tree.children(agent).map(|node| node.title().to_string()).collect();
    titles.sort();
    assert_eq!(titles, ["chat model", "chat model", "execute_tool ships", "execute_tool trains"]);
    let outline = answer.profile.outline().to_string();
    let ships = outline.lines().find(|line| line.contains("ships")).unwrap();
    assert!(ships.contains("failed: not_found"), "{outline}");
}

#[tokio::test]
async fn arguments_and_results_are_in_spans_only_where_the_host_lets_them_in() {
    for content in [false, true] {
        let said = Said::default();
        let host = tracing::subscriber::set_default(tracing_subscriber::registry().with(said.clone()));
        let soar = traveller(content).await;
        soar.answer(QUESTION).await.unwrap();
        drop(host);
        let said = said.0.lock().unwrap().clone();
        let says = |text: &str| said.values().flatten().any(|value| value.contains(text));
        for text in ["giraffe", "okapi"] {
            assert_eq!(says(text), content, "{text}: {said:?}");
        }
        assert!(content || !says("zebra"), "{said:?}");
    }
}

/// A loop with a tool of two phases, of which the second fails until it is told not to.
async fn journey(journal: &Arc<dyn Journal>, fails: bool, ran: &Arc<[AtomicU32; 2]>) -> ninefold::Result<String> {
    let steps = Arc::clone(ran);
    let book = json_tool("book", "Books a seat", any(), move |arguments: Value, cx: Cx| {
        let steps = Arc::clone(&steps);
        async move {
            let step = |n: usize| {
                let steps = Arc::clone(&steps);
                move |seat: String, _: Cx| {
                    steps[n].fetch_add(1, Ordering::SeqCst);
                    async move {
                        if n == 1 && fails {
                            // Whoever started the run is gone before this returns.
                            tokio::time::sleep(Duration::from_secs(3_600)).await;
                        }
                        Ok(format!("{seat}{n}"))
                    }
                }
            };
            let seat = phase("reserve", step(0)).run(arguments["seat"].to_string(), &cx).await?;
            phase("pay", step(1)).run(seat, &cx).await
        }
    });
    let model = ScriptedModel::new()
        .answer("701", "Both seats are booked.")
        .calls("", [("book", r#"{"seat":7}"#), ("book", r#"{"seat":8}"#)]);
    let agent = ToolAgent::builder(model).tool(book).build()?;
    let run = Run::new("journey").id(RunId(5)).journal(Arc::clone(journal), Durability::Phase);
    run.execute(&(), async |cx| Ok(agent.run_loop(vec![Message::user("book two seats")], &cx).await?.text)).await
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_was_broken_off_begins_again_and_its_tools_phases_do_not() {
    let (journal, ran): (Arc<dyn Journal>, _) = (Arc::new(MemoryJournal::new()), Arc::default());
    let broken_off = tokio::time::timeout(Duration::from_secs(1), journey(&journal, true, &ran)).await;
    assert!(broken_off.is_err());
    let counts = || [0, 1].map(|n: usize| ran[n].load(Ordering::SeqCst));
    assert_eq!(counts(), [2, 2]);
    assert_eq!(journey(&journal, false, &ran).await.unwrap(), "Both seats are booked.");
    assert_eq!(counts(), [2, 4], "what was reserved is replayed, what was not paid is paid");
}

#[tokio::test(start_paused = true)]
async fn what_was_said_and_called_is_not_said_and_called_again() {
    let (journal, model): (Arc<dyn Journal>, _) = (
        Arc::new(MemoryJournal::new()),
        Arc::new(
            ScriptedModel::new()
                .answer("third done", "All done.")
                .calls("second failed", [("third", "{}")])
                .calls("", [("first", "{}"), ("second", "{}")]),
        ),
    );
    let counts = Arc::new([const { AtomicU32::new(0) }; 3]);
    let tool = |n: usize, name: &str, waits: bool| {
        let (counts, said) = (Arc::clone(&counts), format!("{name} {}", if n == 1 { "failed" } else { "done" }));
        json_tool(name, "Does something", any(), move |_, _| {
            counts[n].fetch_add(1, Ordering::SeqCst);
            let said = said.clone();
            async move {
                if waits {
                    tokio::time::sleep(Duration::from_secs(3_600)).await;
                }
                if n == 1 { Err(Error::new(ErrorKind::Permanent, said)) } else { Ok(said) }
            }
        })
    };
    let go = async |waits: bool| {
        let agent = ToolAgent::builder(Arc::clone(&model))
            .tool(tool(0, "first", false))
            .tool(tool(1, "second", false))
            .tool(tool(2, "third", waits))
            .build()
            .unwrap();
        let run = Run::new("three").id(RunId(6)).journal(Arc::clone(&journal), Durability::Phase);
        let ask = || vec![Message::user("go")];
        let body = async |cx: Cx| Ok((agent.run_loop(ask(), &cx).await?, agent.run_loop(ask(), &cx).await?));
        tokio::time::timeout(Duration::from_secs(1), run.execute(&(), body)).await
    };
    assert!(go(true).await.is_err(), "broken off in the third call");
    let done = || (model.requests().len(), [0, 1, 2].map(|n: usize| counts[n].load(Ordering::SeqCst)));
    assert_eq!(done(), (2, [1, 1, 1]));
    let (first, second) = go(false).await.unwrap().unwrap();
    assert_eq!((first.text.as_str(), first.account.steps, first.account.calls.len()), ("All done.", 3, 3));
    assert_eq!(first.account, second.account, "replayed steps are told like the others");
    // Of the first loop, the last reply and the third call; the second loop, of the same conversation, is one of its own.
    assert_eq!(done(), (2 + 1 + 3, [2, 2, 3]));
    go(false).await.unwrap().unwrap();
    assert_eq!(done(), (6, [2, 2, 3]), "a finished run is replayed whole");
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_is_tried_again_does_not_call_its_tools_again() {
    let calls = Arc::new(AtomicU32::new(0));
    for (durability, answered) in [(Durability::Phase, true), (Durability::Off, false)] {
        calls.store(0, Ordering::SeqCst);
        let counted = Arc::clone(&calls);
        let send = json_tool("send", "Sends a letter", any(), move |_, _| {
            counted.fetch_add(1, Ordering::SeqCst);
            async { Ok("posted") }
        });
        let script = ScriptedModel::new().answer("posted", "It is posted.").calls("", [("send", "{}")]);
        let model = Flaky { inner: script, failed: Mutex::default() };
        let agent = ToolAgent::builder(model).tool(send).build().unwrap();
        let card = AgentCard::new("post", "Sends letters").capability("*");
        let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
        let soar = Soar::builder().agent(card, agent).journal(journal).durability(durability).build().await.unwrap();
        let answer = soar.answer("Which letter was sent to Basel? Which ship went to Mannheim?").await;
        // Without a journal it is not known what was called, so the loop is given up.
        let said = answer.map_or_else(|error| error.to_string(), |answer| answer.to_string());
        assert_eq!(said.contains("It is posted."), answered, "{durability:?}: {said}");
        assert_eq!(calls.load(Ordering::SeqCst), 2, "{durability:?}: two subgoals");
    }
}

/// Fails once for each question, when it is told what a tool gave back.
struct Flaky {
    inner: ScriptedModel,
    failed: Mutex<BTreeSet<String>>,
}

#[async_trait::async_trait]
impl Model for Flaky {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> ninefold::Result<Reply> {
        let told = request.messages.iter().any(|message| message.role == Role::Tool);
        if told && self.failed.lock().unwrap().insert(request.messages[1].text()) {
            return Err(Error::new(ErrorKind::Transient, "reset"));
        }
        self.inner.send(request, cx).await
    }
}
