//! The three questions, asked of one contestant.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::contestant::Contestant;
use crate::judge::{missing, plain};
use crate::model::{Model, replies, waited};
use crate::{Options, process};

/// The model's name, which decides nothing but the price.
pub const MODEL: &str = "gpt-4.1-mini";

#[derive(Debug, Deserialize)]
struct Question {
    id: String,
    text: String,
    route: String,
    must: Vec<String>,
}

/// What every run needs.
#[derive(Debug)]
pub struct Setup {
    options: Options,
    questions: Vec<Question>,
    script: Value,
}

impl Setup {
    /// Reads the workload.
    ///
    /// # Errors
    /// When it is not there, or of another form.
    pub fn new(options: &Options) -> Result<Self> {
        let read = |name: &str| {
            let path = options.folder.join("workload").join(name);
            fs::read_to_string(&path).with_context(|| path.display().to_string())
        };
        let questions = serde_json::from_str(&read("questions.json")?)?;
        Ok(Self { options: options.clone(), questions, script: serde_json::from_str(&read("script.json")?)? })
    }

    /// The answer that the script has for a question: given where a contestant has none, so that what builds on it is asked.
    fn reference(&self, question: &str) -> Result<String> {
        let name = format!("{question}/answer");
        let replies = self.script["replies"].as_array().context("no replies in the script")?;
        let reply = replies.iter().find(|reply| reply["name"] == name.as_str()).context(name)?;
        let text = reply["text"].as_str().context("a reply without a text")?;
        let marks = text.split('{').map(|part| part.split_once(".md}").map_or(part, |(_, rest)| rest));
        Ok(plain(&marks.map(|part| part.trim_end_matches(' ')).collect::<String>()))
    }
}

/// Asks the questions once, and returns a line for each and one for all.
///
/// # Errors
/// When a program does not do its part; a question that fails is no error.
pub fn once(setup: &Setup, contestant: &Contestant, round: u64, accounts: Option<&Path>) -> Result<Vec<Value>> {
    let mut model = Model::start(&setup.options, setup.options.seed + round)?;
    let mut running = Running::start(setup, contestant, &model, accounts)?;
    let (ready_ms, ready_cpu_ms) = (running.ready_ms, process::cpu_ms(running.child.id())?);
    let mut lines = Vec::new();
    let mut answers: Vec<(String, String)> = Vec::new();
    for question in &setup.questions {
        let mut text = question.text.clone();
        for (id, answer) in &answers {
            text = text.replace(&format!("{{{id}}}"), answer);
        }
        let route = contestant.told.then_some(&question.route);
        let (reply, wall_ms) = running.ask(&json!({ "id": question.id, "text": text, "route": route }))?;
        let calls = model.calls()?;
        let answer = reply["answer"].as_str();
        let wrong = answer.map(|answer| missing(answer, &question.must)).unwrap_or_default();
        answers.push(match answer {
            Some(answer) => (question.id.clone(), plain(answer)),
            None => (question.id.clone(), setup.reference(&question.id)?),
        });
        lines.push(json!({
            "kind": "question", "contestant": contestant.name, "round": round, "question": question.id,
            "wall_ms": wall_ms, "model_ms": waited(&calls), "failed": reply["error"], "missing": wrong,
            "degraded": reply["degraded"].as_array().filter(|notes| !notes.is_empty()), "calls": calls.len(),
            "faults": calls.iter().filter_map(|call| call.fault.as_deref()).collect::<Vec<_>>(),
            "prompt_tokens": calls.iter().map(|call| call.prompt_tokens).sum::<u64>(),
            "completion_tokens": calls.iter().map(|call| call.completion_tokens).sum::<u64>(),
            "replies": replies(&calls), "answer": answer,
        }));
    }
    let pid = running.child.id();
    let (cpu_ms, most_mb) = (process::cpu_ms(pid)?, process::most_mb(pid)?);
    running.end()?;
    let wall_ms: f64 = lines.iter().filter_map(|line| line["wall_ms"].as_f64()).sum();
    lines.push(json!({
        "kind": "workload", "contestant": contestant.name, "round": round, "wall_ms": wall_ms, "ready_ms": ready_ms,
        "ready_cpu_ms": ready_cpu_ms, "cpu_ms": cpu_ms - ready_cpu_ms, "most_mb": most_mb,
    }));
    Ok(lines)
}

/// A contestant's program.
struct Running {
    child: Child,
    replies: BufReader<std::process::ChildStdout>,
    ready_ms: f64,
}

impl Running {
    fn start(setup: &Setup, contestant: &Contestant, model: &Model, accounts: Option<&Path>) -> Result<Self> {
        let began = Instant::now();
        let (program, arguments) = contestant.command.split_first().context("no program")?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env("OPENAI_BASE_URL", model.base())
            .env("OPENAI_API_KEY", &contestant.name)
            .env("MODEL", MODEL)
            .env("DOCUMENTS", setup.options.folder.join("workload/documents"))
            .env("NO_PROXY", "127.0.0.1")
            .env("LANGSMITH_TRACING", "false")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if let Some(file) = accounts {
            command.arg("--accounts").stderr(fs::File::create(file)?);
        }
        let mut child = command.spawn().with_context(|| program.display().to_string())?;
        let replies = BufReader::new(child.stdout.take().context("no output")?);
        let mut running = Self { child, replies, ready_ms: 0.0 };
        if running.line()?["ready"] != true {
            bail!("{} does not say that it is ready", contestant.name);
        }
        running.ready_ms = began.elapsed().as_secs_f64() * 1_000.0;
        Ok(running)
    }

    fn ask(&mut self, question: &Value) -> Result<(Value, f64)> {
        let began = Instant::now();
        let input = self.child.stdin.as_mut().context("no input")?;
        writeln!(input, "{question}")?;
        input.flush()?;
        let reply = self.line()?;
        Ok((reply, began.elapsed().as_secs_f64() * 1_000.0))
    }

    fn line(&mut self) -> Result<Value> {
        let mut line = String::new();
        if self.replies.read_line(&mut line)? == 0 {
            bail!("the contestant's program has ended");
        }
        serde_json::from_str(&line).with_context(|| line.clone())
    }

    fn end(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // After `end` there is nothing left to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
