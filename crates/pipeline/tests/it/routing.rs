//! Who takes which subgoal: by capability, by examples, by meaning, in scope; ties and what nobody is able to do.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ninefold_core::{
    AgentCard, Assignment, Cx, DecidedBy, Degradation, Embedded, Embedder, Error, ErrorKind, Impasse, Labels, Model,
    ModelId, Phase, Plan, Purpose, Result, Routes, Scope, Scores, Subgoal, Task, TieBreak, Usage, Verdict,
    VerifiedPlan,
};
use ninefold_pipeline::layers::scope::visible;
use ninefold_pipeline::phases::Noted;
use ninefold_pipeline::phases::decompose::Decomposition;
use ninefold_pipeline::phases::route::{Meaning, Route, Routing, Skills};
use ninefold_pipeline::phases::verify::Verification;
use ninefold_pipeline::{Run, Soar};
use ninefold_testkit::{ScriptedEmbedder, ScriptedModel};
use proptest::prelude::*;

fn verified(subgoals: Vec<Subgoal>) -> VerifiedPlan {
    passed().accept(Arc::new(Plan::try_from(subgoals).unwrap())).unwrap()
}

fn passed() -> Verdict {
    let scores = Scores { completeness: 1.0, consistency: 1.0, groundedness: 1.0, routability: 1.0 };
    Verdict::new(scores, vec![], DecidedBy::Rules)
}

fn routing(subgoals: Vec<Subgoal>, agents: &[AgentCard]) -> Routing {
    Routing { plan: verified(subgoals), agents: agents.into(), utilities: Vec::new(), calls: 1 }
}

async fn routed(route: &Route, routing: Routing) -> Routes {
    Run::new("route").execute(&(), async |cx: Cx| route.run(routing, &cx).await).await.unwrap()
}

fn twins() -> [AgentCard; 3] {
    let twin = |name| AgentCard::new(name, format!("The {name} draughtsman")).capability("maps");
    [twin("second"), twin("first"), twin("third")]
}

fn tie(routes: &Routes) -> (&str, TieBreak) {
    match &routes.impasses[..] {
        [Impasse::Tie { agents, chosen, by, .. }] => {
            assert_eq!(agents.len(), 3);
            assert_eq!(routes.assignments[0].agent, *chosen);
            (chosen, *by)
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_tie_is_broken_by_utility_then_the_model_then_the_order_of_registration() {
    let cards = twins();
    let wanted = || vec![Subgoal::new("draw", "draw maps of the town")];
    let route = || Route::new(Arc::new(Skills::new(&cards, None)));
    let routes = routed(&route(), routing(wanted(), &cards)).await;
    assert_eq!((tie(&routes), routes.calls), (("second", TieBreak::Order), 0));
    insta::assert_snapshot!(routes.assignments[0].reason, @r#"its capability "maps" fits; second, first, third are equally able to take draw; second was registered first"#);

    let utilities = vec![("first".into(), 0.9), ("third".into(), 0.3), ("second".into(), f32::NAN)];
    let routes = routed(&route(), Routing { utilities, ..routing(wanted(), &cards) }).await;
    assert_eq!(tie(&routes), ("first", TieBreak::Utility));
    let equal = vec![("first".into(), 0.9), ("third".into(), 0.9)];
    let routes = routed(&route(), Routing { utilities: equal, ..routing(wanted(), &cards) }).await;
    assert_eq!(tie(&routes), ("second", TieBreak::Order));

    let choice = r#"{"choices": [{"subgoal": "draw", "agent": "third"}]}"#;
    let model = Arc::new(ScriptedModel::new().answer("You choose who works", choice));
    let asks = route().model(Some(Arc::clone(&model) as Arc<dyn Model>));
    let routes = routed(&asks, routing(wanted(), &cards)).await;
    assert_eq!((tie(&routes), routes.calls), (("third", TieBreak::Model), 1));
    let none_left = routed(&asks, Routing { calls: 0, ..routing(wanted(), &cards) }).await;
    assert_eq!((tie(&none_left), model.requests().len()), (("second", TieBreak::Order), 1));
}

#[tokio::test]
async fn a_model_that_chooses_somebody_else_or_says_nothing_is_not_followed() {
    let cards = twins();
    for reply in
        [r#"{"choices": [{"subgoal": "draw", "agent": "payroll"}]}"#, r#"{"choices": []}"#, "the third, I think"]
    {
        let model = Arc::new(ScriptedModel::new().answer("", reply));
        let route = Route::new(Arc::new(Skills::new(&cards, None))).model(Some(model as Arc<dyn Model>));
        let routes = routed(&route, routing(vec![Subgoal::new("draw", "draw maps")], &cards)).await;
        assert_eq!(tie(&routes), ("second", TieBreak::Order), "{reply}");
    }
}

fn described() -> [AgentCard; 3] {
    [
        AgentCard::new("weather", "Tells the weather").examples([
            "will it rain on Sunday",
            "how warm is it outside",
            "what is the weather like in Basel",
        ]),
        AgentCard::new("trains", "Finds trains").examples([
            "when does the next train to Bern leave",
            "book a seat on the train",
            "which platform does it leave from",
        ]),
        AgentCard::new("reason", "Reasons").capability("*"),
    ]
}

#[tokio::test]
async fn examples_route_and_what_is_like_none_falls_back() {
    let cards = described();
    let route = Route::new(Arc::new(Skills::new(&cards, Some("reason"))));
    let plan = vec![
        Subgoal::new("a", "find a train that leaves for Basel, with a seat"),
        Subgoal::new("b", "is rain likely on Saturday"),
        Subgoal::new("c", "explain monads"),
    ];
    let routes = routed(&route, routing(plan, &cards)).await;
    let agents: Vec<_> = routes.assignments.iter().map(|assignment| assignment.agent.as_str()).collect();
    assert_eq!(agents, ["trains", "weather", "reason"]);
    assert!(routes.assignments[0].reason.starts_with("the subgoal is like its examples (0."));
    assert_eq!(routes.assignments[2].reason, "takes what no other agent is able to");
    assert_eq!(routes.impasses, [Impasse::NoAgent { subgoal: "c".into(), taken_by: Some("reason".into()) }]);
}

#[tokio::test]
async fn meaning_tells_where_words_do_not_and_a_dead_embedder_is_told_of() {
    let says = |what: &'static str| move |_: Task, _: Cx| async move { Ok(what) };
    let soar = |embedder: &Arc<ScriptedEmbedder>| {
        let [weather, trains, _] = described();
        Soar::builder()
            .agent(weather.example("drizzle"), says("wet"))
            .agent(trains, says("late"))
            .agent(AgentCard::new("any", "Anything").capability("*"), says("anything"))
            .embedder(Arc::clone(embedder) as Arc<dyn Embedder>)
            .decompose(|_: Decomposition, _: Cx| async {
                Ok(Noted::new(vec![Subgoal::new("a", "mizzle")].try_into()?))
            })
            .verify(|_: Verification, _: Cx| async { Ok(Noted::new(passed())) })
            .build()
            .unwrap()
    };
    let question = "Compare the left side with the right side and weigh both";
    let embedder = Arc::new(ScriptedEmbedder::new().alike("mizzle", "drizzle"));
    let pipeline = soar(&embedder);
    assert_eq!(pipeline.answer(question).await.unwrap().text, "wet [1]");
    assert_eq!(pipeline.answer(question).await.unwrap().text, "wet [1]");
    let sizes: Vec<_> = embedder.requests().iter().map(Vec::len).collect();
    assert_eq!(sizes, [7, 1, 1], "the examples are embedded once");
    let dead = Arc::new(ScriptedEmbedder::new());
    dead.fail(Some(Error::new(ErrorKind::Unavailable, "the embedder is down")));
    let answer = soar(&dead).answer(question).await.unwrap();
    assert_eq!(answer.text, "anything [1]");
    assert!(told_of_words_alone(&answer.degradations, "the embedder is down"), "{:?}", answer.degradations);
    assert!(!told_of_words_alone(&pipeline.answer(question).await.unwrap().degradations, ""));
}

fn told_of_words_alone(degradations: &[Degradation], why: &str) -> bool {
    let told = |told: &Degradation| matches!(told, Degradation::RoutedByWords { message } if message.contains(why));
    degradations.iter().any(told)
}

fn by_meaning(cards: &[AgentCard], embedder: &Arc<ScriptedEmbedder>) -> Route {
    let meaning = Meaning::of(cards, Arc::clone(embedder) as Arc<dyn Embedder>);
    Route::new(Arc::new(Skills::new(cards, None))).meaning(meaning)
}

#[tokio::test]
async fn meaning_is_asked_only_where_words_leave_it_open_and_then_counts_beside_them() {
    let cards = described();
    // Its words are those of trains, but not by much.
    let asked = || routing(vec![Subgoal::new("a", "a deluge on the platform")], &cards);
    let words = routed(&Route::new(Arc::new(Skills::new(&cards, None))), asked()).await;
    assert!(words.assignments[0].reason.starts_with("the subgoal is like its examples"), "{words:?}");
    assert_eq!(words.assignments[0].agent, "trains");
    let weather = |text: &str| ["rain", "warm", "weather", "deluge"].iter().any(|word| text.contains(word));
    let told = Told::new(move |text| if weather(text) { vec![1.0, 0.0] } else { vec![0.0, 1.0] });
    let meaning = Meaning::of(&cards, Arc::new(told));
    let meant = routed(&Route::new(Arc::new(Skills::new(&cards, None))).meaning(meaning), asked()).await;
    assert_eq!((meant.assignments[0].agent.as_str(), &meant.degradations[..]), ("weather", &[][..]), "{meant:?}");
    assert!(meant.assignments[0].reason.starts_with("the subgoal means what its examples mean (0."), "{meant:?}");
    let mute = Meaning::of(&cards, Arc::new(ScriptedEmbedder::new().mute()));
    let unsaid = routed(&Route::new(Arc::new(Skills::new(&cards, None))).meaning(mute), asked()).await;
    assert_eq!(unsaid, words, "an embedder that makes nothing of a text has no say");
    let clear = vec![
        Subgoal::new("a", "book a seat on the next train"),
        Subgoal { agent: Some("weather".into()), ..Subgoal::new("b", "whatever that is") },
    ];
    let unasked = Arc::new(ScriptedEmbedder::new());
    let routes = routed(&by_meaning(&cards, &unasked), routing(clear, &cards)).await;
    assert_eq!((routes.agent(&"a".into()), routes.agent(&"b".into())), (Some("trains"), Some("weather")));
    assert!(unasked.requests().is_empty(), "{:?}", unasked.requests());
}

#[tokio::test(start_paused = true)]
async fn an_embedder_that_hangs_or_gives_nonsense_leaves_the_choice_to_words_and_is_told_of() {
    let cards = described();
    let asked = || routing(vec![Subgoal::new("a", "a deluge on the platform")], &cards);
    let words = routed(&Route::new(Arc::new(Skills::new(&cards, None))), asked()).await;
    let hangs = Arc::new(ScriptedEmbedder::new());
    hangs.delay(Duration::from_secs(3_600));
    let start = tokio::time::Instant::now();
    let routes = routed(&by_meaning(&cards, &hangs), asked()).await;
    assert!((5_000..5_100).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    assert!(told_of_words_alone(&routes.degradations, "longer than 5s"), "{routes:?}");
    assert_eq!((&routes.assignments, &routes.impasses), (&words.assignments, &words.impasses));
    let meaning = Meaning::of(&cards, Arc::new(Told::new(|_| vec![f32::NAN; 4])));
    let routes = routed(&Route::new(Arc::new(Skills::new(&cards, None))).meaning(meaning), asked()).await;
    assert!(told_of_words_alone(&routes.degradations, "finite numbers"), "{routes:?}");
    assert_eq!((&routes.assignments, &routes.impasses), (&words.assignments, &words.impasses));
}

#[tokio::test]
async fn vectors_without_a_number_leave_the_choice_to_words_and_are_told_of() {
    let cards = described();
    let asked = || routing(vec![Subgoal::new("a", "a deluge on the platform")], &cards);
    let words = routed(&Route::new(Arc::new(Skills::new(&cards, None))), asked()).await;
    let meaning = Meaning::of(&cards, Arc::new(Told::new(|_| Vec::new())));
    let routes = routed(&Route::new(Arc::new(Skills::new(&cards, None))).meaning(meaning), asked()).await;
    assert!(told_of_words_alone(&routes.degradations, "told/so gave vectors without a number"), "{routes:?}");
    assert_eq!((&routes.assignments, &routes.impasses), (&words.assignments, &words.impasses));
}

#[tokio::test]
async fn timers_run_while_examples_are_learned_from() {
    let mut timer = Box::pin(tokio::time::sleep(Duration::from_millis(1)));
    assert!(futures_util::future::poll_immediate(&mut timer).await.is_none());
    // It is due before learning begins, and rings as soon as anybody looks at timers.
    let start = tokio::time::Instant::now();
    while start.elapsed() < Duration::from_millis(10) {
        std::hint::spin_loop();
    }
    let told = Told::new(|text| if text.contains("train") { vec![1.0, 0.0] } else { vec![0.0, 1.0] });
    let meaning = Meaning::of(&described(), Arc::new(told)).unwrap();
    let learning = tokio::spawn(async move { meaning.prepare().await });
    timer.await;
    assert!(!learning.is_finished(), "it learned to the end before any timer could ring");
    learning.await.unwrap().unwrap();
}

/// Gives the vectors that it is told.
struct Told<F>(ModelId, F);

impl<F: Fn(&str) -> Vec<f32>> Told<F> {
    fn new(vector: F) -> Self {
        Self(ModelId::new("told", "so"), vector)
    }
}

#[async_trait]
impl<F: Fn(&str) -> Vec<f32> + Send + Sync> Embedder for Told<F> {
    fn model(&self) -> &ModelId {
        &self.0
    }

    async fn embed(&self, texts: &[String], _: Purpose) -> Result<Embedded> {
        Ok(Embedded { vectors: texts.iter().map(|text| (self.1)(text)).collect(), usage: Usage::default() })
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_embedded_when_time_was_up_is_not_embedded_again() {
    let examples = |of: &str| (0..300).map(|n| format!("{of} {n}")).collect::<Vec<_>>();
    let cards = [
        AgentCard::new("weather", "").examples(examples("rain")),
        AgentCard::new("trains", "").examples(examples("train")),
    ];
    let slow = Arc::new(ScriptedEmbedder::new().alike("mizzle", "rain"));
    slow.delay(Duration::from_secs(2));
    let route = by_meaning(&cards, &slow);
    let asked = || routing(vec![Subgoal::new("a", "mizzle")], &cards);
    let first = routed(&route, asked()).await;
    assert!(told_of_words_alone(&first.degradations, "longer than 5s"), "{first:?}");
    let second = routed(&route, asked()).await;
    assert_eq!((second.agent(&"a".into()), &second.degradations[..]), (Some("weather"), &[][..]));
    let sizes: Vec<_> = slow.requests().iter().map(Vec::len).collect();
    assert_eq!(sizes, [256, 256, 88, 88, 1], "the third batch was under way when time was up");
}

/// An embedder whose first call never returns, as that of a run whose stream nobody reads on.
struct Left {
    first: AtomicBool,
    inner: ScriptedEmbedder,
}

#[async_trait]
impl Embedder for Left {
    fn model(&self) -> &ModelId {
        self.inner.model()
    }

    async fn embed(&self, texts: &[String], purpose: Purpose) -> Result<Embedded> {
        if self.first.swap(false, Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        self.inner.embed(texts, purpose).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_stands_still_while_it_embeds_the_examples_holds_up_no_other() {
    let says = |what: &'static str| move |_: Task, _: Cx| async move { Ok(what) };
    let [weather, trains, _] = described();
    let inner = ScriptedEmbedder::new().alike("mizzle", "drizzle");
    let embedder = Arc::new(Left { first: true.into(), inner });
    let pipeline = Soar::builder()
        .agent(weather.example("drizzle"), says("wet"))
        .agent(trains, says("late"))
        .agent(AgentCard::new("any", "Anything").capability("*"), says("anything"))
        .embedder(Arc::clone(&embedder) as Arc<dyn Embedder>)
        .decompose(|_: Decomposition, _: Cx| async { Ok(Noted::new(vec![Subgoal::new("a", "mizzle")].try_into()?)) })
        .verify(|_: Verification, _: Cx| async { Ok(Noted::new(passed())) })
        .build()
        .unwrap();
    let question = "Compare the left side with the right side and weigh both";
    let mut left = Box::pin(pipeline.answer(question));
    assert!(futures_util::future::poll_immediate(&mut left).await.is_none());
    assert!(!embedder.first.load(Ordering::SeqCst), "it stands where the examples are embedded");
    assert_eq!(pipeline.answer(question).await.unwrap().text, "wet [1]");
}

const WORDS: &[&str] =
    &["rain", "train", "map", "weather", "seat", "platform", "draw", "salary", "Bern", "sing", "warm"];

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(WORDS), 1..5).prop_map(|words| words.join(" "))
}

prop_compose! {
    fn card(n: usize)(capabilities in proptest::collection::vec(text(), 0..2), examples in proptest::collection::vec(text(), 0..4),
        anything in proptest::bool::weighted(0.15), hidden in any::<bool>()) -> AgentCard {
        let mut card = AgentCard::new(format!("agent-{n}"), "Works").examples(examples);
        for capability in capabilities {
            card = card.capability(capability);
        }
        if anything { card = card.capability("*"); }
        if hidden { card.labels(Labels::of(["hr"])) } else { card }
    }
}

fn cards() -> impl Strategy<Value = Vec<AgentCard>> {
    (0usize..6).prop_flat_map(|n| (0..n).map(card).collect::<Vec<_>>())
}

prop_compose! {
    fn plan()(subgoals in proptest::collection::vec((text(), proptest::option::of(0usize..8), proptest::option::of(text())), 1..6)) -> Vec<Subgoal> {
        let subgoal = |(n, (text, agent, capability)): (usize, (String, Option<usize>, Option<String>))| Subgoal {
            agent: agent.map(|n| format!("agent-{n}").into()),
            capability: capability.map(Into::into),
            ..Subgoal::new(format!("s{n}"), text)
        };
        subgoals.into_iter().enumerate().map(subgoal).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn routing_keeps_to_the_scope_decides_alike_and_leaves_nothing_out(cards in cards(), subgoals in plan()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // What is known is known of all agents; a run sees some of them.
        let route = Route::new(Arc::new(Skills::new(&cards, None)));
        let in_scope = visible(&cards, &Scope::public());
        let routes = runtime.block_on(routed(&route, routing(subgoals.clone(), &in_scope)));
        let again = runtime.block_on(routed(&Route::new(Arc::new(Skills::new(&cards, None))), routing(subgoals.clone(), &in_scope)));
        prop_assert_eq!(&routes, &again);
        for Assignment { agent, reason, .. } in &routes.assignments {
            prop_assert!(in_scope.iter().any(|card| card.name == *agent), "{} is not in scope", agent);
            prop_assert!(!reason.is_empty());
        }
        let assigned = routes.assignments.iter().map(|assignment| assignment.subgoal.clone());
        let left = routes.impasses.iter().filter_map(|impasse| match impasse {
            Impasse::NoAgent { subgoal, taken_by: None } => Some(subgoal.clone()),
            _ => None,
        });
        let told: Vec<_> = assigned.chain(left).collect();
        prop_assert_eq!(told.len(), subgoals.len());
        let all: BTreeSet<_> = subgoals.iter().map(|subgoal| subgoal.id.clone()).collect();
        prop_assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), all);
    }
}
