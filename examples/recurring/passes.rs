//! Fifty questions on the project's own documents, asked twice: as they stand, and otherwise put. The model is a script that
//! does the work of one and counts its calls: it plans, reviews plans, and writes answers from the numbered sources.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ninefold::core::{Citation, Completion, Lines, PlanOrigin, Statement, terms};
use ninefold::{
    AgentCard, Answer, Cx, Error, ErrorKind, Model, ModelId, ModelRequest, Reply, Report, Result, Soar, Task,
};
use serde_json::json;

/// The questions, one a line.
pub(crate) const QUESTIONS: &str = include_str!("questions.txt");

/// What the model was asked for, and how often.
#[derive(Default)]
pub(crate) struct Calls(Mutex<BTreeMap<&'static str, usize>>);

impl Calls {
    fn add(&self, what: &'static str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(what).or_default() += 1;
    }

    /// What was counted since the last time.
    pub(crate) fn take(&self) -> BTreeMap<&'static str, usize> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The script.
struct Script {
    id: ModelId,
    calls: Arc<Calls>,
}

/// What the reviewer says of a plan that is none.
const OBJECTION: &str = "one subgoal hides the parts of the question";

#[async_trait]
impl Model for Script {
    fn id(&self) -> &ModelId {
        &self.id
    }

    async fn send(&self, request: ModelRequest, _: &Cx) -> Result<Reply> {
        let texts: Vec<String> = request.messages.iter().map(ninefold::core::Message::text).collect();
        let [system, user] = texts.as_slice() else {
            return Err(Error::new(ErrorKind::Permanent, "the script has no answer for such a request"));
        };
        let (what, text) = if system.contains("\"subgoals\"") {
            ("plan", plan(user))
        } else if system.contains("\"completeness\"") {
            ("review", review(user))
        } else if system.contains("\"complexity\"") {
            ("assess", json!({"complexity": "complex", "confidence": 0.9, "reason": "several topics"}).to_string())
        } else {
            ("write", write(user))
        };
        self.calls.add(what);
        Ok(Reply::whole(Completion::text(text)))
    }
}

/// The line after `Question:`.
fn question_in(prompt: &str) -> &str {
    prompt.split_once("Question:\n").map_or(prompt, |(_, rest)| rest.lines().next().unwrap_or_default())
}

/// The parts of a question, and the whole after them. Every fourth question is planned carelessly at first.
fn plan(prompt: &str) -> String {
    let question = question_in(prompt);
    let whole = |after: &[String]| json!({"id": "whole", "description": question, "agent": "librarian", "critical": true, "depends_on": after});
    let objected = prompt.contains(OBJECTION) || prompt.contains("scored too low");
    if question.len().is_multiple_of(4) && !objected {
        let all = json!({"id": "all", "description": "Find out what is asked for", "agent": "librarian"});
        return json!({ "subgoals": [all] }).to_string();
    }
    let cut = question.replace(" and ", ", ").replace(": ", ", ").replace("; ", ", ");
    let parts: Vec<&str> = cut.split(", ").filter(|part| terms::query_terms(part).len() > 1).collect();
    let ids: Vec<String> = (1..=parts.len()).map(|n| format!("part-{n}")).collect();
    let part = |(id, part): (&String, &&str)| json!({"id": id, "description": format!("Find out: {part}"), "agent": "librarian"});
    let mut subgoals: Vec<_> = ids.iter().zip(&parts).map(part).collect();
    subgoals.push(whole(&ids));
    json!({ "subgoals": subgoals }).to_string()
}

fn review(prompt: &str) -> String {
    let parts = prompt.lines().filter(|line| line.starts_with("- ")).count();
    let issues = if parts == 1 { vec![json!({"critical": true, "message": OBJECTION})] } else { Vec::new() };
    json!({"completeness": 0.9, "consistency": 0.9, "groundedness": 0.9, "issues": issues}).to_string()
}

/// Quotes, of the sources that together hold most of what is asked, the lines that hold most of it.
fn write(prompt: &str) -> String {
    let mut open: HashSet<_> = terms::query_terms(question_in(prompt)).into_iter().collect();
    let asked = open.clone();
    let sources = sources(prompt);
    let mut text = String::new();
    for _ in 0..6 {
        let gain = |source: &str| terms::distinct_terms([source]).intersection(&open).count();
        let best = sources.iter().enumerate().max_by_key(|(n, source)| (gain(source), std::cmp::Reverse(*n)));
        let Some((n, source)) = best.filter(|(_, source)| gain(source) > 0) else { break };
        open.retain(|term| !terms::distinct_terms([source.as_str()]).contains(term));
        let said = source.lines().max_by_key(|line| terms::distinct_terms([*line]).intersection(&asked).count());
        let plain = said.unwrap_or_default().replace(['[', ']', '`', '|', '#'], " ");
        text.push_str(&format!("{} [{}]\n\n", plain.trim(), n + 1));
    }
    if text.is_empty() { "The sources leave it open.".to_owned() } else { text }
}

/// The numbered sources in a prompt, in order.
fn sources(prompt: &str) -> Vec<String> {
    let (_, rest) = prompt.split_once("Sources:\n").unwrap_or_default();
    let listed = rest.split_once("\nFindings:").map_or(rest, |(listed, _)| listed);
    let mut sources: Vec<String> = Vec::new();
    for line in listed.lines() {
        if line.starts_with(&format!("[{}] ", sources.len() + 1)) {
            sources.push(String::new());
        } else if let Some(source) = sources.last_mut() {
            source.push_str(line);
            source.push('\n');
        }
    }
    sources
}

/// An agent that needs no model: it quotes the passage that shares most with its subgoal.
async fn librarian(task: Task, _: Cx) -> Result<Report> {
    let wanted: HashSet<_> = terms::query_terms(&task.subgoal.description).into_iter().collect();
    let shared = |text: &str| terms::distinct_terms([text]).intersection(&wanted).count();
    let best = task.evidence.passages.iter().max_by_key(|passage| shared(&passage.chunk.text));
    let chunk = &best.ok_or_else(|| Error::new(ErrorKind::NotFound, "memory holds nothing on it"))?.chunk;
    let said = chunk.text.lines().enumerate().max_by_key(|(_, line)| shared(line));
    let (n, line) = said.unwrap_or_default();
    let at = chunk.lines.first + n as u32;
    let citation = Citation { chunk: chunk.id, path: chunk.path.clone(), lines: Lines::new(at, at) };
    let text = line.replace(['[', ']'], " ");
    Ok(Report { statements: vec![Statement { text, citations: vec![citation] }] })
}

/// A pipeline over the project's documents with the script for a model.
pub(crate) async fn pipeline(calls: &Arc<Calls>) -> Result<Soar> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let model = Script { id: ModelId::new("scripted", "planner"), calls: Arc::clone(calls) };
    Soar::builder()
        .index(root.join("ARCHITECTURE.md"))
        .index(root.join("README.md"))
        .index(root.join("docs"))
        .model(model)
        .agent(AgentCard::new("librarian", "Looks up what the documents say"), librarian)
        .build()
        .await
}

/// What a pass over the questions cost and gave.
#[derive(Debug, Default)]
pub(crate) struct Pass {
    /// Calls of the model by what they were for.
    pub(crate) calls: BTreeMap<&'static str, usize>,
    /// The confidence of every answer.
    pub(crate) confidence: Vec<f32>,
    /// How many places every answer cites.
    pub(crate) citations: Vec<usize>,
    /// Questions whose plan was known.
    pub(crate) by_pattern: usize,
    /// Questions without a plan.
    pub(crate) unplanned: usize,
    /// Notes on answers: what was done with less than asked.
    pub(crate) degraded: usize,
}

impl Pass {
    /// All calls of the model.
    pub(crate) fn all_calls(&self) -> usize {
        self.calls.values().sum()
    }

    /// The mean confidence.
    pub(crate) fn mean_confidence(&self) -> f32 {
        self.confidence.iter().sum::<f32>() / self.confidence.len().max(1) as f32
    }

    fn add(&mut self, answer: &Answer) {
        self.confidence.push(answer.confidence);
        self.citations.push(answer.citations.len());
        self.by_pattern += usize::from(matches!(answer.plan_origin, Some(PlanOrigin::Pattern { .. })));
        self.unplanned += usize::from(answer.plan_origin.is_none());
        self.degraded += answer.degradations.len();
    }
}

/// Asks every question once, one after another.
pub(crate) async fn pass(soar: &Soar, calls: &Calls, questions: impl IntoIterator<Item = String>) -> Result<Pass> {
    calls.take();
    let mut pass = Pass::default();
    for question in questions {
        pass.add(&soar.answer(question).await?);
    }
    pass.calls = calls.take();
    Ok(pass)
}

/// The same question otherwise put: another case, other punctuation, fillers, the parts in another order.
pub(crate) fn otherwise_put(n: usize, question: &str) -> String {
    let bare = question.trim_end_matches(['?', '.']);
    let lower = |text: &str| {
        let mut characters = text.chars();
        characters.next().map(|first| first.to_lowercase().chain(characters).collect::<String>()).unwrap_or_default()
    };
    match n % 5 {
        0 => bare.to_uppercase(),
        1 => format!("Please, could you tell me this: {}", lower(question)),
        2 => match bare.split_once(", ").or_else(|| bare.split_once(": ")) {
            Some((first, rest)) => format!("{rest}? And so: {}", lower(first)),
            None => format!("{bare}!!"),
        },
        3 => format!("  {}…  ", bare.replace(", ", " - ").replace(": ", " - ")),
        _ => format!("And {}, please?", lower(bare).replace(" the ", " this ")),
    }
}

/// Questions that differ in what they ask: by a number, a negation, a further topic. None has the plan of the question.
pub(crate) fn others(question: &str) -> [String; 3] {
    let bare = question.trim_end_matches(['?', '.']);
    let (first, rest) = bare.split_once(' ').unwrap_or((bare, ""));
    [format!("{first} 2 of {rest}?"), format!("{first} not {rest}?"), format!("{bare}, and what is the weather like?")]
}
