//! A server of files and routing: uploads to a provider on loopback, the choice of a model, requests without inference, memory. Its report
//! is a plan; few of its figures were ever measured.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use ninefold::core::secret::Secret;
use ninefold::core::{Message, Role, Store};
use ninefold::llm::files::{Files, LocalFile, RemoteFiles};
use ninefold::llm::http::Transport;
use ninefold::llm::tools::{ToolAgent, json_tool};
use ninefold::llm::{Price, Route, Router, Tier};
use ninefold::models::Stack;
use ninefold::pipeline::phases::assess::by_rules;
use ninefold::store::Sqlite;
use ninefold::{Complexity, Cx, ModelRequest, Run, Soar};
use ninefold_testkit::{ScriptedModel, SteppedModel};
use serde_json::{Value, json};

use super::generated;
use super::machine;
use super::measure::{alone as in_a_process, millis, peak, resident, since};
use super::pipeline::kept_apart;
use super::provider::{TAKES, UPLOADS, cx, fresh, provider};
use super::row::{CODE, PLAN, Row};
use super::seeds::Seeds;

const FIRST: Row = Row::less("100 KB, first upload, beside the provider", "ms")
    .report(2_000.0, PLAN)
    .goal(2.0)
    .work("less what a bare socket takes for the same request; the provider takes 10 ms; with its record in SQLite");
const AGAIN: Row = Row::less("the same file again", "ms").report(100.0, PLAN).goal(1.0).work("hashed, found in SQLite");
const FASTER: Row = Row::more("the same file again, over the first time", "×").report(10.0, PLAN);
const PARALLEL: Row = Row::more("5 × 100 KB at once, over in turn", "×")
    .report(3.0, PLAN)
    .really(0.565, "its code: 77 % slower than in turn")
    .work("the provider takes 60 to 100 ms");
const SLOWEST: Row = Row::less("5 × 100 KB at once, over the slowest alone", "×")
    .goal(1.05)
    .work("the same, by turns with the slowest alone");
const HITS: Row = Row::more("hits on the same bytes", "%")
    .report(80.0, PLAN)
    .really(73.0, "its code: 3 workers, 5 files, 3.65 of them kept")
    .goal(100.0)
    .work("5 files, then each again by 3 at once under other names: calls that upload nothing");
const IDENTICAL: Row = Row::less("uploads caused by five identical files at once", "").really(3.0, CODE).goal(1.0);
const SIMPLE: Row = Row::less("routing, simple", "ms")
    .report(10.0, "its plan; its benchmark is a sleep")
    .goal(0.1)
    .work("a choice among six models with prices");
const COMPLEX: Row = Row::less("routing, complex", "ms")
    .report(50.0, "its plan; its benchmark is a sleep")
    .goal(1.0)
    .work("likewise, the question of the SOAR pipeline's complex row and five tools");
const ACCURACY: Row = Row::more("routing accuracy", "%")
    .report(90.0, "its plan: of 20 requests, never measured")
    .goal(95.0)
    .variant("as built")
    .work("300 questions kept apart, labelled simple, medium, complex or critical: small, medium or large model");
const BY_ASSESSMENT: Row = ACCURACY.variant("judged by the pipeline's assessment");
const CHAT: Row = Row::less("chat, without inference", "ms")
    .report(5_000.0, PLAN)
    .goal(10.0)
    .work("a simple question, 10,000 chunks in SQLite, scripted model");
const ANALYZE: Row = Row::less("analyze, without inference", "ms")
    .report(10_000.0, PLAN)
    .goal(20.0)
    .work("a complex question with three agents, likewise");
const WORKFLOW: Row = Row::less("workflow, without inference", "ms")
    .report(15_000.0, PLAN)
    .goal(50.0)
    .work("a model with tools: five calls one after the other, then its answer");
const IDLE: Row = Row::less("resident, idle", "MB")
    .report(200.0, PLAN)
    .goal(20.0)
    .work("a process of its own, pipeline, files and database open");
const BUSY: Row = Row::less("resident, at most, 20 concurrent", "MB")
    .report(500.0, PLAN)
    .goal(50.0)
    .work("20 complex questions at once, model 50 ms");
const GROWTH: Row = Row::less("resident, growth after 100 requests", "%")
    .report(10.0, PLAN)
    .goal(1.0)
    .work("complex questions, over what it has after the first");
const FLAT: Row =
    Row::less("resident, growth from 100 to 10,000 requests", "%").goal(1.0).work("complex questions, likewise");

pub fn measure(seeds: &mut Seeds) {
    let runtime = machine::runtime();
    runtime.block_on(uploads(seeds));
    routing(seeds);
    runtime.block_on(requests(seeds));
    let (mut idle, mut busy, mut grown, mut flat) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..if seeds.quick() { 1 } else { 5 } {
        let said = in_a_process("files", seeds.many(10_000));
        idle.push(said[0] / 1e6);
        grown.push(100.0 * (said[2] / said[1] - 1.0));
        flat.push(100.0 * (said[3] / said[2] - 1.0));
        busy.push(in_a_process("files", 0)[1] / 1e6);
    }
    for (row, samples) in [(&IDLE, idle), (&BUSY, busy), (&GROWTH, grown), (&FLAT, flat)] {
        seeds.tell(row, &samples);
    }
}

/// The same request from a bare socket.
struct Bare(TcpStream);

impl Bare {
    fn upload(&mut self, file: &LocalFile) -> f64 {
        let part = format!("--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{}\"\r\n\r\n", file.name);
        let body = [part.as_bytes(), &file.bytes, b"\r\n--b--\r\n"].concat();
        let head = format!(
            "POST /v1/files HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let start = Instant::now();
        self.0.write_all(head.as_bytes()).unwrap();
        self.0.write_all(&body).unwrap();
        let (mut reply, mut piece) = (Vec::new(), [0; 4_096]);
        while !reply.ends_with(b"}") {
            let n = self.0.read(&mut piece).unwrap();
            assert!(n > 0, "the provider hung up");
            reply.extend_from_slice(&piece[..n]);
        }
        since(start)
    }
}

async fn uploads(seeds: &mut Seeds) {
    let address = provider();
    let host = address.trim_start_matches("http://").trim_end_matches("/v1");
    let folder = tempfile::tempdir().unwrap();
    let (files, cx) = (files(&address, folder.path()).await, cx());
    let upload = async |list: &[LocalFile]| {
        let start = Instant::now();
        for outcome in files.upload(list, "user_data", "seeds", &cx).await {
            outcome.unwrap();
        }
        since(start)
    };
    let mut bare = Bare(TcpStream::connect(host).unwrap());
    bare.0.set_nodelay(true).unwrap();
    bare.upload(&fresh(10));
    upload(&TAKES.map(fresh)).await;
    let rounds = if seeds.quick() { 1 } else { 30 };
    let (mut beside, mut again, mut faster) = (Vec::new(), Vec::new(), Vec::new());
    let (mut over, mut slowest) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let alone = bare.upload(&fresh(10));
        let file = fresh(10);
        let first = upload(std::slice::from_ref(&file)).await;
        let second = upload(&[file]).await;
        beside.push(first - alone);
        again.push(second);
        faster.push(first / second);
        let at_once = upload(&TAKES.map(fresh)).await;
        slowest.push(at_once / upload(&[fresh(TAKES[4])]).await);
        let mut in_turn = 0.0;
        for takes in TAKES {
            in_turn += upload(&[fresh(takes)]).await;
        }
        over.push(in_turn / at_once);
    }
    for (row, samples) in [(&FIRST, beside), (&AGAIN, again), (&FASTER, faster), (&PARALLEL, over), (&SLOWEST, slowest)]
    {
        seeds.tell(row, &samples);
    }
    let five = TAKES.map(fresh);
    upload(&five).await;
    let before = UPLOADS.load(Ordering::Relaxed);
    let workers = (0..3).map(|worker| {
        let renamed = five.iter().map(move |file| {
            let bytes = Arc::clone(&file.bytes);
            LocalFile::new(format!("10.worker-{worker}.bin"), "application/octet-stream", bytes)
        });
        let renamed: Vec<LocalFile> = renamed.collect();
        let upload = &upload;
        async move { upload(&renamed).await }
    });
    join_all(workers).await;
    let missed = UPLOADS.load(Ordering::Relaxed) - before;
    seeds.count(&HITS, 100.0 * (1.0 - missed as f64 / 15.0));
    let before = UPLOADS.load(Ordering::Relaxed);
    upload(&vec![fresh(10); 5]).await;
    seeds.count(&IDENTICAL, (UPLOADS.load(Ordering::Relaxed) - before) as f64);
}

async fn files(address: &str, folder: &std::path::Path) -> Files {
    let transport = Transport::builder().no_proxy().build().unwrap();
    let remote = RemoteFiles::openai(address, Secret::new("a-key-of-a-bench"), transport).unwrap();
    Files::new(remote, Arc::new(Sqlite::open(folder.join("files.db")).await.unwrap()))
}

fn six_models() -> Router {
    let names = ["a", "b", "c", "d", "e", "f"];
    let tiers = [Tier::Small, Tier::Medium, Tier::Large];
    let routes = names.iter().enumerate().map(|(n, name)| {
        Route::new(SteppedModel::new([]).named(name), tiers[n % 3]).price(Some(Price::new(n as f64, 5.0 * n as f64)))
    });
    Router::new(routes).unwrap()
}

fn tier(level: Complexity) -> Tier {
    match level {
        Complexity::Simple => Tier::Small,
        Complexity::Medium => Tier::Medium,
        Complexity::Complex | Complexity::Critical => Tier::Large,
    }
}

fn routing(seeds: &mut Seeds) {
    const SYSTEM: &str = "Answer from what you know.";
    let (router, cx) = (six_models(), cx());
    let tool = |n: usize| ninefold::core::ToolSpec {
        name: format!("tool_{n}").into(),
        description: "Reads a line of a file.".into(),
        schema: json!({"type": "object", "properties": {"line": {"type": "integer"}}}),
    };
    let complex = ModelRequest { tools: (0..5).map(tool).collect(), ..ModelRequest::new(SYSTEM, machine::COMPLEX) };
    for (row, request) in [(&SIMPLE, ModelRequest::new(SYSTEM, machine::SIMPLE)), (&COMPLEX, complex)] {
        let (samples, batch) = (if seeds.quick() { 2 } else { 200 }, seeds.many(100));
        let taken =
            machine::runtime().block_on(millis(samples, batch, async |_| router.choose(&request, &cx).unwrap().model));
        seeds.tell(row, &taken);
    }
    let judged = six_models().judge(|request: &ModelRequest| {
        let asked = request.messages.iter().rev().find(|message| message.role == Role::User);
        let text: String = asked.into_iter().flat_map(Message::texts).collect();
        tier(by_rules(&text).complexity)
    });
    let questions = kept_apart();
    for (row, router) in [(&ACCURACY, &router), (&BY_ASSESSMENT, &judged)] {
        let right = |(question, level): &&(String, Complexity)| {
            let choice = router.choose(&ModelRequest::new(SYSTEM, question.as_str()), &cx).unwrap();
            choice.tier == tier(*level)
        };
        seeds.count(row, 100.0 * questions.iter().filter(right).count() as f64 / questions.len() as f64);
    }
}

async fn requests(seeds: &mut Seeds) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let store = Arc::new(Sqlite::open(&path).await.unwrap());
    store.put(machine::ten_documents()).await.unwrap();
    for document in generated::documents(seeds.many(10_000)) {
        store.put(vec![document]).await.unwrap();
    }
    let soar = machine::asking().store(store).build().await.unwrap();
    let samples = if seeds.quick() { 2 } else { 200 };
    for (row, question) in [(&CHAT, machine::SIMPLE), (&ANALYZE, machine::COMPLEX)] {
        let taken = millis(samples, 1, async |_| {
            let answer = soar.answer(question).await.unwrap();
            assert!(answer.degradations.is_empty(), "{:?}", answer.degradations);
        });
        seeds.tell(row, &taken.await);
    }
    soar.close().await;
    let agent = workflow();
    let taken = Run::new("workflow").execute(&(), async |cx: Cx| {
        let taken = millis(samples, 1, async |_| {
            let outcome = agent.run_loop(vec![Message::user("Do the five steps.")], &cx).await.unwrap();
            assert_eq!(outcome.text, "All five are done.");
        });
        Ok(taken.await)
    });
    seeds.tell(&WORKFLOW, &taken.await.unwrap());
}

/// Calls its tool for each of five steps in turn.
fn workflow() -> ToolAgent {
    let mut model = ScriptedModel::new().forgetful().answer("finished 5", "All five are done.");
    for (done, next) in [
        ("finished 4", r#"{"step": 5}"#),
        ("finished 3", r#"{"step": 4}"#),
        ("finished 2", r#"{"step": 3}"#),
        ("finished 1", r#"{"step": 2}"#),
        ("", r#"{"step": 1}"#),
    ] {
        model = model.calls(done, [("work", next)]);
    }
    let schema = json!({"type": "object", "properties": {"step": {"type": "integer"}}, "required": ["step"]});
    let work = |arguments: Value, _: Cx| async move { Ok(format!("finished {}", arguments["step"])) };
    ToolAgent::builder(model).tool(json_tool("work", "Does a step", schema, work)).build().unwrap()
}

/// What this process has in memory: idle, after the first request, after a hundredth of them, after all. With none of them, idle and at
/// most, with 20 at once.
pub fn alone(requests: usize) -> Vec<f64> {
    machine::runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(Sqlite::open(folder.path().join("memory.db")).await.unwrap());
        let files = files("http://127.0.0.1:9/v1", folder.path()).await;
        let slow = Stack::new(machine::script().delay(Duration::from_millis(50))).cache(None);
        let builder = if requests == 0 { machine::asking().models(slow) } else { machine::asking() };
        let soar = builder.store(store).build().await.unwrap();
        soar.store().put(machine::ten_documents()).await.unwrap();
        let mut sizes = vec![resident()];
        if requests == 0 {
            join_all((0..20).map(|_| ask(&soar))).await;
            sizes.push(peak());
        }
        for n in 0..requests {
            ask(&soar).await;
            if n == 0 || [requests.div_ceil(100), requests].contains(&(n + 1)) {
                sizes.push(resident());
            }
        }
        // So few that some of these are the same.
        sizes.resize(sizes.len().max(4), resident());
        soar.close().await;
        drop(files);
        sizes
    })
}

async fn ask(soar: &Soar) {
    let answer = soar.answer(machine::COMPLEX).await.unwrap();
    assert!(answer.degradations.is_empty(), "{:?}", answer.degradations);
}
