//! The questions, answered with rig: agents with preambles, static context, typed prompts for what is data, a join of futures
//! for what is parallel, and a transport that retries, each as in rig's examples (`agent_with_context`, `agent_orchestrator`,
//! `agent_parallelization`, `agent_evaluator_optimizer`, `reqwest_middleware`).

use std::io::{Write, stdin, stdout};
use std::{env, fs};

use anyhow::{Result, bail};
use futures::future::try_join_all;
use reqwest_middleware::ClientBuilder;
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use rig::prelude::*;
use rig::providers::openai::OpenAI;
use rig::rig_reqwest::ReqwestMiddlewareClient;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tracing_subscriber::fmt::format::FmtSpan;

const ROUTE: &str = "You choose how a question is answered: `direct` for one fact, `plan` for what needs several parts, \
    `plan and review` for where a wrong answer harms.";
const PLAN: &str = "You break a question into subgoals that are worked on in parallel. Use as few as the question needs. \
    A subgoal's description must be complete: who works on it sees nothing else.";
const REVIEW: &str = "You check a plan against the question it is to answer: does it cover the whole question, is it sound? \
    An issue is critical only when executing the plan would give a wrong or harmful answer.";
const PART: &str = "You work on one part of a larger question. Answer that part alone, briefly, from the numbered documents, \
    and put their numbers behind what you say, like [2].";
const ANSWER: &str = "You answer a question from numbered documents and from what was found on its parts. Put the numbers of \
    the documents behind what you say, like [2]. Say what they leave open.";

#[derive(Deserialize, JsonSchema)]
struct Choice {
    route: String,
}

#[derive(Deserialize, JsonSchema)]
struct Plan {
    subgoals: Vec<Subgoal>,
}

#[derive(Deserialize, JsonSchema)]
struct Subgoal {
    id: String,
    description: String,
}

#[derive(Deserialize, JsonSchema)]
struct Review {
    issues: Vec<Issue>,
}

#[derive(Deserialize, JsonSchema)]
struct Issue {
    critical: bool,
    message: String,
}

struct Program {
    router: Agent,
    planner: Agent,
    reviewer: Agent,
    worker: Agent,
    writer: Agent,
}

impl Program {
    fn new() -> Result<Self> {
        let policy = ExponentialBackoff::builder().build_with_max_retries(5);
        let retry = RetryTransientMiddleware::new_with_policy(policy);
        let http: ReqwestMiddlewareClient = ClientBuilder::new(Default::default()).with(retry).build().into();
        let client = OpenAI::from_env()?.with_http(http);
        let name = env::var("MODEL")?;
        let agent = |preamble| AgentBuilder::new(client.chat(&name)).preamble(preamble);
        let mut paths =
            fs::read_dir(env::var("DOCUMENTS")?)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        paths.sort();
        let (mut worker, mut writer) = (agent(PART), agent(ANSWER));
        for (n, path) in paths.iter().enumerate() {
            let title = path.file_name().unwrap_or_default().to_string_lossy();
            let document = format!("[{}] {title}\n{}", n + 1, fs::read_to_string(path)?);
            (worker, writer) = (worker.context(&document), writer.context(&document));
        }
        Ok(Self {
            router: agent(ROUTE).build(),
            planner: agent(PLAN).build(),
            reviewer: agent(REVIEW).build(),
            worker: worker.build(),
            writer: writer.build(),
        })
    }

    async fn answer(&self, question: &str, route: Option<&str>) -> Result<String> {
        let route = match route {
            Some(route) => route.to_owned(),
            None => self.router.prompt_typed::<Choice>(question).retries(2).await?.output.route,
        };
        if route == "direct" {
            return Ok(self.writer.prompt(question).await?.output());
        }
        let plan = self.plan(question, route == "plan and review").await?;
        let parts = plan.subgoals.iter().map(|subgoal| async move {
            let found = self.worker.prompt(format!("The part to answer:\n{}", subgoal.description)).await?;
            anyhow::Ok(format!("- {}: {}", subgoal.id, found.output()))
        });
        let findings = try_join_all(parts).await?.join("\n");
        Ok(self.writer.prompt(format!("Question:\n{question}\n\nFindings:\n{findings}")).await?.output())
    }

    async fn plan(&self, question: &str, review: bool) -> Result<Plan> {
        let mut wanted = question.to_owned();
        for _ in 0..2 {
            let plan = self.planner.prompt_typed::<Plan>(wanted.as_str()).retries(2).await?.output;
            if !review {
                return Ok(plan);
            }
            let parts: String =
                plan.subgoals.iter().map(|part| format!("- {}: {}\n", part.id, part.description)).collect();
            let request = format!("Question:\n{question}\n\nPlan:\n{parts}");
            let review = self.reviewer.prompt_typed::<Review>(request).retries(2).await?.output;
            let critical: Vec<String> =
                review.issues.into_iter().filter(|issue| issue.critical).map(|issue| issue.message).collect();
            if critical.is_empty() {
                return Ok(plan);
            }
            wanted = format!("{question}\n\nWhat was wrong with the plan before:\n{}", critical.join("\n"));
        }
        bail!("no plan passed the review")
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    if env::args().any(|argument| argument == "--accounts") {
        let closed = tracing_subscriber::fmt().with_span_events(FmtSpan::CLOSE).with_writer(std::io::stderr);
        closed.with_ansi(false).init();
    }
    let program = Program::new()?;
    println!("{}", json!({ "ready": true }));
    for line in stdin().lines() {
        let question: Value = serde_json::from_str(&line?)?;
        let route = question["route"].as_str();
        let reply = match program.answer(question["text"].as_str().unwrap_or_default(), route).await {
            Ok(answer) => json!({ "answer": answer }),
            Err(error) => json!({ "error": format!("{error:#}") }),
        };
        println!("{reply}");
        stdout().flush()?;
    }
    Ok(())
}
