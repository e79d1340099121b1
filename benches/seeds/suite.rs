//! A benchmark suite of a server: its operations as often as it does them, ten suites after three that are not counted. The figures of its
//! report are literals in its tests; its target is what ours are held against.

use std::sync::Arc;
use std::time::Instant;

use futures_util::future::join_all;
use ninefold::core::{Resumption, SessionId, Sessions, Turn, VerifiedPlan};
use ninefold::models::Stack;
use ninefold::pipeline::phases::route::{Route, Routing, Skills};
use ninefold::store::Sqlite;
use ninefold::store::sqlite::{Check, inspect};
use ninefold::{
    AgentCard, Cx, DecidedBy, Model, ModelRequest, Phase, Plan, Run, Search, Store, Subgoal, Timestamp, Verdict,
};
use ninefold_testkit::ScriptedModel;

use super::generated;
use super::machine;
use super::measure::since;
use super::row::Row;
use super::seeds::Seeds;

const fn target(row: &'static str, target: f64, work: &'static str) -> Row {
    Row::less(row, "ms").report(target, "its target; its figures are literals in its tests").work(work)
}

const RESPONSE: Row = target(
    "model response",
    300.0,
    "5 prompts × 10, scripted model with retries, budget, prices, observation; no cache",
);
const CACHED: Row = target("cached response", 50.0, "the same prompt × 10, from the cache");
const ROUTING: Row = target("agent routing", 300.0, "5 messages × 10, five agents with four examples each");
const CONTEXT: Row = target("context load", 300.0, "× 10, a session of 100 turns from SQLite");
const MESSAGE: Row = target("message store", 300.0, "× 10, a turn into SQLite, awaited");
const CONCURRENT: Row = target("concurrent", 300.0, "3 × 5 model responses at once; the time of all five");
const SEARCH: Row = target("search", 300.0, "× 10, of 10,000 chunks in SQLite, by words");
const HEALTH: Row = target("health", 100.0, "× 10, the database is opened to read and every page is checked");
const MONITOR: Row = Row::less("continuous monitoring, started and stopped", "");
const HISTORY: Row = Row::less("history of results with retention", "");
const BASELINES: Row = Row::less("baselines by operation, build, machine and configuration", "");
const SERVED: Row = Row::less("run, results, metrics and status over HTTP", "");

const PROMPTS: [&str; 5] = [
    "What does the main function do?",
    "Summarize the notes of last week.",
    "How is a session opened?",
    "Which documents speak of budgets?",
    "Plan the next three steps.",
];

/// Milliseconds of each operation.
#[derive(Default)]
struct Taken {
    response: Vec<f64>,
    cached: Vec<f64>,
    routing: Vec<f64>,
    context: Vec<f64>,
    message: Vec<f64>,
    concurrent: Vec<f64>,
    search: Vec<f64>,
    health: Vec<f64>,
}

pub fn measure(seeds: &mut Seeds) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("suite.db");
    let (suites, chunks) = (if seeds.quick() { 1 } else { 10 }, seeds.many(10_000));
    let taken = machine::runtime().block_on(Run::new("suite").execute(&(), async |cx: Cx| {
        let suite = Suite::new(Sqlite::open(&path).await?, chunks).await;
        for _ in 0..if suites > 1 { 3 } else { 0 } {
            suite.run(&mut Taken::default(), &cx).await;
        }
        let mut taken = Taken::default();
        for _ in 0..suites {
            suite.run(&mut taken, &cx).await;
        }
        suite.database.close().await;
        Ok(taken)
    }));
    let taken = taken.unwrap();
    for (row, taken) in [
        (&RESPONSE, &taken.response),
        (&CACHED, &taken.cached),
        (&ROUTING, &taken.routing),
        (&CONTEXT, &taken.context),
        (&MESSAGE, &taken.message),
        (&CONCURRENT, &taken.concurrent),
        (&SEARCH, &taken.search),
        (&HEALTH, &taken.health),
    ] {
        seeds.tell(row, taken);
    }
    seeds.missing(&MONITOR, "no suite of operations that the library runs every few minutes, and stops");
    seeds.missing(&HISTORY, "what a suite found is kept nowhere; statistics of runs are kept in the process only");
    seeds.missing(
        &BASELINES,
        "statistics of runs are compared with each other, not with baselines that are kept by name",
    );
    seeds.missing(&SERVED, "there is no HTTP server");
}

struct Suite {
    database: Sqlite,
    uncached: Arc<dyn Model>,
    cached: Arc<dyn Model>,
    route: Route,
    agents: Arc<[AgentCard]>,
    session: SessionId,
}

/// A message as a plan of one subgoal.
fn plan(message: &str) -> VerifiedPlan {
    let scores = ninefold::core::Scores { completeness: 1.0, consistency: 1.0, groundedness: 1.0, routability: 1.0 };
    let plan = Plan::try_from(vec![Subgoal::new("asked", message)]).unwrap();
    Verdict::new(scores, vec![], DecidedBy::Rules).accept(Arc::new(plan)).unwrap()
}

/// What each agent is for, and the message that is for it.
const AGENTS: [(&str, [&str; 4], &str); 5] = [
    (
        "family",
        ["invite my sister", "who is in our family", "add a family member", "family budget"],
        "invite my family member",
    ),
    (
        "personal",
        ["remind me tomorrow", "my calendar today", "note this for me", "what are my plans"],
        "what is in my calendar today",
    ),
    (
        "workspace",
        ["assign the ticket", "open a project", "who works on it", "close the sprint"],
        "open a new project for the sprint",
    ),
    (
        "commerce",
        ["buy the theme", "what does it cost", "refund my order", "show the shop"],
        "refund the order from the shop",
    ),
    (
        "security",
        ["change my password", "lock my account", "who logged in", "revoke the token"],
        "lock the account and change the password",
    ),
];

impl Suite {
    async fn new(database: Sqlite, chunks: usize) -> Self {
        for document in generated::documents(chunks) {
            database.put(vec![document]).await.unwrap();
        }
        let model = || ScriptedModel::new().forgetful().answer("", "It parses its arguments and starts a session.");
        let cards = AGENTS.map(|(name, examples, _)| AgentCard::new(name, "").examples(examples));
        let suite = Self {
            uncached: Stack::new(model()).cache(None).build().unwrap(),
            cached: Stack::new(model()).build().unwrap(),
            route: Route::new(Arc::new(Skills::new(&cards, None))),
            agents: Arc::new(cards),
            session: "suite".into(),
            database,
        };
        for _ in 0..100 {
            suite.store().await;
        }
        suite
    }

    /// A turn as a dialogue writes it: an event, and now and then what follows from all of them.
    async fn store(&self) {
        let after = self.database.resume(&self.session).await.unwrap().as_ref().map_or(0, Resumption::count);
        self.append(after).await;
    }

    async fn append(&self, after: u64) {
        let said = "I want to book a flight from Madrid to Barcelona on the fifteenth of March".repeat(4);
        let snapshot = after.is_multiple_of(32).then(|| "{\"slots\":{}}".repeat(40));
        let turn =
            Turn { after, at: Timestamp(after as i64), events: vec![format!("{{\"said\":\"{said}\"}}")], snapshot };
        self.database.append(&self.session, turn).await.unwrap();
    }

    async fn ask(&self, model: &Arc<dyn Model>, prompt: &str, cx: &Cx) {
        let reply = model.send(ModelRequest::new("Answer in a sentence.", prompt), cx).await.unwrap();
        // A model that fails must not look fast.
        assert!(reply.collect().await.unwrap().text.contains("parses"));
    }

    async fn run(&self, taken: &mut Taken, cx: &Cx) {
        for _ in 0..10 {
            for (prompt, (name, _, message)) in PROMPTS.into_iter().zip(AGENTS) {
                let start = Instant::now();
                self.ask(&self.uncached, prompt, cx).await;
                taken.response.push(since(start));
                let routing =
                    Routing { plan: plan(message), agents: Arc::clone(&self.agents), utilities: Vec::new(), calls: 0 };
                let start = Instant::now();
                let routes = self.route.run(routing, cx).await.unwrap();
                taken.routing.push(since(start));
                assert_eq!(routes.assignments.first().map(|to| to.agent.as_str()), Some(name), "{message}");
            }
        }
        self.ask(&self.cached, PROMPTS[0], cx).await;
        for n in 0..10 {
            let start = Instant::now();
            self.ask(&self.cached, PROMPTS[0], cx).await;
            taken.cached.push(since(start));
            let start = Instant::now();
            let context = self.database.resume(&self.session).await.unwrap().unwrap();
            taken.context.push(since(start));
            let start = Instant::now();
            self.append(context.count()).await;
            taken.message.push(since(start));
            let search = Search::new(["parse the session", "merge the config", "retry the request"][n % 3]);
            let start = Instant::now();
            let evidence = self.database.search(&search).await.unwrap();
            taken.search.push(since(start));
            assert!(!evidence.passages.is_empty());
            let start = Instant::now();
            let inspection = inspect(self.database.path(), Check::Quick).unwrap();
            taken.health.push(since(start));
            assert!(inspection.complaints.is_empty(), "{:?}", inspection.complaints);
        }
        for _ in 0..3 {
            let start = Instant::now();
            join_all(PROMPTS.map(|prompt| self.ask(&self.uncached, prompt, cx))).await;
            taken.concurrent.push(since(start));
        }
    }
}
