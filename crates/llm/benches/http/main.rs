//! What the transport costs beside a bare `reqwest` client at the same server on the loopback, a process of its own: a call,
//! a piece of a stream, the first piece, 200 calls at once.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_methods)]

#[path = "../../../../benches/machine/crates.rs"]
mod machine;
mod server;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use futures_util::StreamExt as _;
use machine::{Report, Target, spread};
use ninefold_core::cx::RunState;
use ninefold_core::{
    Budget, BudgetMeter, Clock, Cx, Delta, ErrorKind, Expense, Model, ModelId, ModelRequest, RunId, Scope, StopReason,
    Timestamp,
};
use ninefold_llm::http::Transport;
use ninefold_llm::wire::{Decode, Dialect, Failure, Format, Framing, OpenAiChat, Outgoing};
use ninefold_llm::{Providers, Remote};

struct Zero;

impl Clock for Zero {
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }
}

fn cx() -> Cx {
    Cx::new(RunState {
        id: RunId(1),
        session: None,
        scope: Scope::public(),
        budget: BudgetMeter::new(Budget::default(), Expense::default()),
        deadline: None,
        cancel: None,
        clock: Arc::new(Zero),
        log: None,
        content: false,
    })
}

fn model(address: &str, name: &str) -> Arc<dyn Model> {
    let base = format!("http://{address}/v1");
    let transport = Transport::builder().no_proxy().build().unwrap();
    Providers::new(transport)
        .variables(move |name| (name == "NINEFOLD_VLLM_BASE_URL").then(|| base.clone()))
        .open(&format!("vllm/{name}"))
        .unwrap()
}

/// A question of a usual size: some kilobytes of sources.
fn request() -> ModelRequest {
    ModelRequest::new(
        "Answer from the sources, and cite them.",
        "A phase is the unit of timing, of caching. ".repeat(80),
    )
}

struct Bare {
    client: reqwest::Client,
    address: String,
    body: Vec<u8>,
}

impl Bare {
    fn new(address: &str, name: &str) -> Self {
        let body = OpenAiChat.encode(name, &request(), Dialect::default()).unwrap().body;
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { client, address: format!("http://{address}/v1/chat/completions"), body }
    }

    async fn send(&self) -> reqwest::Response {
        let request = self.client.post(&self.address).header("content-type", "application/json");
        request.body(self.body.clone()).send().await.unwrap()
    }

    async fn call(&self) -> usize {
        let (mut response, mut bytes) = (self.send().await, 0);
        while let Some(chunk) = response.chunk().await.unwrap() {
            bytes += chunk.len();
        }
        bytes
    }
}

async fn ours(model: &dyn Model, cx: &Cx) -> usize {
    model.send(request(), cx).await.unwrap().collect().await.unwrap().text.len()
}

fn micros(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e6
}

/// Bytes that are there, and a reply of which only the end is looked for: what is left is the transport.
#[derive(Debug, Clone)]
struct Raw(Vec<u8>);

impl Format for Raw {
    fn name(&self) -> &'static str {
        "raw"
    }

    fn encode(&self, _: &str, _: &ModelRequest, _: Dialect) -> ninefold_core::Result<Outgoing> {
        Ok(Outgoing { path: "/chat/completions".into(), headers: Vec::new(), body: self.0.clone() })
    }

    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn decoder(&self) -> Box<dyn Decode> {
        Box::new(self.clone())
    }

    fn failure(&self, _: u16, _: &[u8]) -> Failure {
        Failure { kind: ErrorKind::Permanent, message: String::new() }
    }
}

impl Decode for Raw {
    fn event(&mut self, _: &str, data: &str, deltas: &mut Vec<Delta>) -> ninefold_core::Result<()> {
        if data == "[DONE]" {
            deltas.push(Delta::End(StopReason::Refused));
        }
        Ok(())
    }

    fn whole(&mut self, _: &str, _: &mut Vec<Delta>) -> ninefold_core::Result<()> {
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<Delta>) -> ninefold_core::Result<()> {
        Ok(())
    }
}

/// A format alone: a request encoded, and the events of the short reply decoded.
fn formats(report: &mut Report, n: usize) {
    let (mut encoding, mut decoding) = (Vec::new(), Vec::new());
    let request = request();
    for _ in 0..n {
        let start = Instant::now();
        let body = OpenAiChat.encode("short", &request, Dialect::default()).unwrap().body;
        encoding.push(micros(start));
        assert!(body.len() > 3_000);
        let start = Instant::now();
        let (mut decoder, mut deltas) = (OpenAiChat.decoder(), Vec::new());
        for data in server::SHORT.iter().map(|text| server::piece(text)).chain(server::last()) {
            decoder.event("", &data, &mut deltas).unwrap();
        }
        decoding.push(micros(start));
        assert!(matches!(deltas.last(), Some(Delta::End(_))));
    }
    report.samples("a request of 3.5 kB encoded, without the network", "", "µs", &encoding, Target::None);
    report.samples("a reply of eight events decoded, without the network", "", "µs", &decoding, Target::None);
}

async fn calls(report: &mut Report, address: &str, n: usize) {
    let (bare, whole, cx) = (Bare::new(address, "short"), model(address, "short"), cx());
    let transport = Transport::builder().no_proxy().build().unwrap();
    let raw = Arc::new(Raw(bare.body.clone()));
    let raw =
        Remote::builder(ModelId::new("raw", "short"), raw, &format!("http://{address}/v1"), transport).unwrap().build();
    let mut times: [Vec<f64>; 3] = Default::default();
    for round in 0..n + 20 {
        let start = Instant::now();
        bare.call().await;
        let theirs = micros(start);
        let start = Instant::now();
        raw.send(ModelRequest::default(), &cx).await.unwrap().collect().await.unwrap();
        let transport = micros(start);
        let start = Instant::now();
        ours(&whole, &cx).await;
        let all = micros(start);
        if round >= 20 {
            times.iter_mut().zip([theirs, transport, all]).for_each(|(times, time)| times.push(time));
        }
    }
    let [theirs, transport, all] = times;
    report.samples("a call with bare reqwest, its reply thrown away", "", "µs", &theirs, Target::None);
    report.samples("the same bytes through our transport", "", "µs", &transport, Target::None);
    report.samples("a call of ours, encoded, decoded and collected", "", "µs", &all, Target::None);
    let ratio = spread(&transport, 0.5)[1] / spread(&theirs, 0.5)[1];
    report.value("our transport over bare reqwest", "", "×", ratio, Target::Most(1.05));
}

async fn pieces(report: &mut Report, address: &str, n: usize) {
    let (bare, model, cx) = (Bare::new(address, "long"), model(address, "long"), cx());
    let mut each = Vec::new();
    for round in 0..=n {
        let start = Instant::now();
        bare.call().await;
        let theirs = micros(start);
        let start = Instant::now();
        let mut deltas = model.send(request(), &cx).await.unwrap().into_deltas();
        let mut count = 0;
        while let Some(delta) = deltas.next().await {
            delta.unwrap();
            count += 1;
        }
        assert!(count > server::PIECES);
        if round > 0 {
            each.push((micros(start) - theirs) / f64::from(count));
        }
    }
    report.samples("a piece of a stream of 20,000, beside reading its bytes", "", "µs", &each, Target::Most(2.0));
}

fn since(text: &str) -> Option<f64> {
    let sent: u64 = text.split("at ").nth(1)?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as u64;
    Some(now.saturating_sub(sent) as f64 / 1e3)
}

async fn first(report: &mut Report, address: &str, n: usize) {
    let (bare, model, cx) = (Bare::new(address, "first"), model(address, "first"), cx());
    let (mut theirs, mut mine) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let mut response = bare.send().await;
        while let Some(chunk) = response.chunk().await.unwrap() {
            theirs.extend(since(&String::from_utf8_lossy(&chunk)));
        }
        let mut deltas = model.send(request(), &cx).await.unwrap().into_deltas();
        while let Some(delta) = deltas.next().await {
            if let Delta::Text(text) = delta.unwrap() {
                mine.extend(since(&text));
            }
        }
    }
    report.samples("from writing the first piece to its bytes, bare reqwest", "", "µs", &theirs, Target::None);
    report.samples("from writing the first piece to its delta, ours", "", "µs", &mine, Target::Most(50.0));
}

/// 200 calls at once at 50 ms each, in a process of their own: prints the wall time of each round in ms, and the most memory.
async fn crowd(address: &str, rounds: usize) {
    let (model, cx) = (model(address, "slow"), cx());
    for _ in 0..=rounds {
        let start = Instant::now();
        let calls = (0..200).map(|_| ours(&model, &cx));
        let answers = futures_util::future::join_all(calls).await;
        assert!(answers.into_iter().all(|bytes| bytes > 0));
        println!("{}", micros(start) / 1e3);
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    println!("{}", most.and_then(|text| text.split_whitespace().next()).unwrap_or("0"));
}

fn crowds(report: &mut Report, address: &str, rounds: usize) {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program).args(["--crowd", address, &rounds.to_string()]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<f64> = text.lines().map(|line| line.parse().unwrap()).collect();
    let (kilobytes, walls) = numbers.split_last().unwrap();
    // The first round opens the connections.
    let row = "200 calls at once of 50 ms each";
    report.value(row, "connections to be opened", "ms", walls[0], Target::Most(60.0));
    report.samples(row, "connections kept", "ms", &walls[1..], Target::Most(60.0));
    report.value("the most memory that took, the whole process", "", "MB", kilobytes / 1e3, Target::Most(40.0));
}

fn serve() -> (Child, String) {
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program).arg("--serve").stdout(Stdio::piped()).spawn().unwrap();
    let mut address = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
    (child, address.trim().to_owned())
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--serve", ..] => return runtime.block_on(server::run(Duration::from_millis(50))),
        ["--crowd", address, rounds] => return runtime.block_on(crowd(address, rounds.parse().unwrap())),
        _ => {}
    }
    let quick = arguments.iter().any(|argument| argument == "--test");
    let (many, few) = if quick { (5, 2) } else { (3_000, 20) };
    machine::describe();
    let (mut child, address) = serve();
    let mut report = Report::new("http", "cargo bench -p ninefold-llm --features http --bench http");
    runtime.block_on(async {
        formats(&mut report, many);
        calls(&mut report, &address, many).await;
        pieces(&mut report, &address, few).await;
        first(&mut report, &address, many.min(500)).await;
    });
    crowds(&mut report, &address, few);
    child.kill().unwrap();
    child.wait().unwrap();
    report.write();
}
