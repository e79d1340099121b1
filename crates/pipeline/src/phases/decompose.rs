//! What has to be found out? A plan of subgoals, by model where one is given and may be asked, otherwise by the question's own
//! clauses.

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use ninefold_core::{
    AgentCard, Completion, Complexity, Cx, Error, ErrorKind, Evidence, Message, Model, ModelRequest, Phase, Plan,
    Result, Subgoal, SubgoalId, terms,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Noted, ask, fill, model_unusable, read_json};

/// What the phase `decompose` works on.
#[derive(Debug, Clone, Serialize)]
pub struct Decomposition {
    /// The question, normalized.
    pub question: Arc<str>,
    /// How hard it is.
    pub complexity: Complexity,
    /// What memory holds on it.
    pub evidence: Arc<Evidence>,
    /// The agents in scope.
    pub agents: Arc<[AgentCard]>,
    /// What was wrong with the plan before this one.
    pub feedback: Option<String>,
    /// The most subgoals that there is enough of the budget for; none for as many as it takes.
    pub most: Option<usize>,
    /// How many calls of the model it may take.
    pub calls: u32,
}

/// The phase `decompose`.
pub struct Decompose {
    /// Who plans; without a model the question's clauses are the plan.
    pub model: Option<Arc<dyn Model>>,
}

impl Phase<Decomposition> for Decompose {
    type Out = Noted<Plan>;

    async fn run(&self, input: Decomposition, cx: &Cx) -> Result<Noted<Plan>> {
        // Where calls are short, none is spent on a smaller plan.
        let Some(model) = self.model.as_ref().filter(|_| input.calls > 0 && input.most.is_none()) else {
            return Ok(Noted::new(by_rules(&input)?));
        };
        let mut calls = 0;
        match by_model(model.as_ref(), &input, &mut calls, cx).await {
            Ok(plan) => Ok(Noted::new(plan).after(calls)),
            Err(error) if error.ends_run() => Err(error),
            Err(error) => {
                let plan = Noted::new(by_rules(&input)?);
                Ok(plan.with(model_unusable("decompose", &error)).after(calls))
            }
        }
    }
}

/// The most subgoals that rules make of a question.
const MAX_CLAUSES: usize = 6;

/// A plan without dependencies: one subgoal for each clause that says something of its own.
fn by_rules(input: &Decomposition) -> Result<Plan> {
    let mut clauses = clauses(&input.question);
    if clauses.len() > input.most.unwrap_or(usize::MAX) {
        clauses = vec![&input.question];
    }
    let single = clauses.len() == 1;
    let subgoals: Vec<_> = clauses
        .into_iter()
        .enumerate()
        .map(|(n, clause)| {
            let mut subgoal = Subgoal::new(format!("part-{}", n + 1), clause);
            subgoal.critical = single || input.complexity == Complexity::Critical;
            subgoal
        })
        .collect();
    Ok(Plan::try_from(subgoals)?)
}

/// Cuts a question at sentence ends, line ends and semicolons, and at conjunctions between parts that both say enough.
fn clauses(question: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for sentence in question
        .split_inclusive(['?', '!', ';', '\n', '？', '！', '；', '。', '؟'])
        .flat_map(|s| s.split_inclusive(". "))
    {
        split_at_conjunction(sentence, &mut parts);
    }
    let mut clauses: Vec<&str> = Vec::new();
    for part in parts {
        let part = part.trim_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '.' | '-' | '*'));
        if !terms::query_terms(part).is_empty() && !clauses.contains(&part) {
            clauses.push(part);
        }
    }
    if clauses.is_empty() || clauses.len() > MAX_CLAUSES {
        return vec![question];
    }
    clauses
}

/// Conjunctions that join main clauses: English, German, French, Spanish, Italian.
const CONJUNCTIONS: &[&str] = &[" and ", " und ", " et ", " y ", " e "];

/// What a part must say to stand alone.
const ENOUGH_TERMS: usize = 3;

fn split_at_conjunction<'a>(sentence: &'a str, parts: &mut Vec<&'a str>) {
    for conjunction in CONJUNCTIONS {
        for (at, _) in sentence.match_indices(conjunction) {
            let (Some(before), Some(after)) = (sentence.get(..at), sentence.get(at + conjunction.len()..)) else {
                continue;
            };
            let enough = |part| terms::query_terms(part).len() >= ENOUGH_TERMS;
            if enough(before) && enough(after) {
                parts.push(before);
                return split_at_conjunction(after, parts);
            }
        }
    }
    parts.push(sentence);
}

/// The form of the reply.
static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../prompts/decompose.schema.json")).unwrap_or_default());

/// How a plan is asked for: with no examples, two, four or six, by how hard the question is.
pub(crate) const fn instructions(complexity: Complexity) -> &'static str {
    macro_rules! with_examples {
        ($($n:literal)*) => {
            concat!(include_str!("../prompts/decompose.md"), $(include_str!(concat!("../prompts/examples/", $n, ".md"))),*)
        };
    }
    match complexity {
        Complexity::Simple => with_examples!(),
        Complexity::Medium => with_examples!(1 2),
        Complexity::Complex => with_examples!(1 2 3 4),
        Complexity::Critical => with_examples!(1 2 3 4 5 6),
    }
}

/// What the model is asked.
fn request(input: &Decomposition) -> ModelRequest {
    let mut agents = String::new();
    for card in input.agents.iter() {
        let _ = writeln!(agents, "- {}: {} [{}]", card.name, card.description, card.capabilities.join(", "));
    }
    let mut titles = String::new();
    for passage in &input.evidence.passages {
        let _ = writeln!(titles, "- {} ({}:{})", passage.chunk.title, passage.chunk.path, passage.chunk.lines);
    }
    let user = fill(
        include_str!("../prompts/decompose_user.md"),
        &[
            ("question", &input.question),
            ("agents", &agents),
            ("evidence", &titles),
            ("feedback", input.feedback.as_deref().unwrap_or("none")),
        ],
    );
    ModelRequest::new(instructions(input.complexity), user).schema("plan", SCHEMA.clone())
}

/// The most characters of a reply that is given back.
const MAX_GIVEN_BACK: usize = 4_000;

/// Asks for a plan. A reply that is none is given back once, with what is wrong, where that call may be made.
async fn by_model(model: &dyn Model, input: &Decomposition, calls: &mut u32, cx: &Cx) -> Result<Plan> {
    *calls += 1;
    // When nothing comes, there is nothing to give back.
    let reply = ask(model, request(input), cx).await?;
    let error = match plan(&reply) {
        Ok(plan) => return Ok(plan),
        Err(error) if *calls >= input.calls => return Err(error),
        Err(error) => error,
    };
    let given_back: String = reply.text.chars().take(MAX_GIVEN_BACK).collect();
    let why = fill(include_str!("../prompts/decompose_again.md"), &[("why", error.message())]);
    let mut request = request(input);
    request.messages.extend([Message::assistant(given_back), Message::user(why)]);
    *calls += 1;
    plan(&ask(model, request, cx).await?)
}

/// What a model proposes: near to a plan, and of any size.
#[derive(Deserialize)]
struct Proposal {
    subgoals: Vec<Subgoal>,
}

/// The most subgoals taken from a model, the most bytes of a description, and the most dependencies of one subgoal.
const MAX_PROPOSED: usize = 16;
const MAX_DESCRIPTION: usize = 2_000;

/// Whether it can be a name: short, and on one line.
fn is_name(name: &str) -> bool {
    name.len() <= 4 * ninefold_core::plan::MAX_ID_BYTES && !name.chars().any(char::is_control)
}

/// The beginning of what is no name.
fn shown(name: &str) -> String {
    name.chars().take(ninefold_core::plan::MAX_ID_BYTES).collect()
}

/// The plan in a reply.
fn plan(reply: &Completion) -> Result<Plan> {
    let Proposal { mut subgoals } = read_json(reply)?;
    let refused = |what: String| Err(Error::new(ErrorKind::InvalidInput, what));
    if subgoals.len() > MAX_PROPOSED {
        return refused(format!("the plan has {} subgoals, the limit is {MAX_PROPOSED}", subgoals.len()));
    }
    for subgoal in &mut subgoals {
        // A description is one line of a prompt: a line break in it could pass for another subgoal.
        subgoal.description = subgoal.description.split_whitespace().collect::<Vec<_>>().join(" ");
        let bytes = subgoal.description.len();
        if bytes > MAX_DESCRIPTION {
            let id: String = subgoal.id.0.chars().take(ninefold_core::plan::MAX_ID_BYTES).collect();
            return refused(format!(
                "the description of subgoal {id:?} has {bytes} bytes, the limit is {MAX_DESCRIPTION}"
            ));
        }
        let mut seen: Vec<SubgoalId> = Vec::new();
        subgoal.depends_on.retain(|id| {
            let new = seen.len() <= MAX_PROPOSED && !seen.contains(id);
            if new {
                seen.push(id.clone());
            }
            new
        });
        if let Some(id) = subgoal.depends_on.iter().find(|id| !is_name(&id.0)) {
            return refused(format!(
                "subgoal {:?} depends on {:?}, which is no name",
                shown(&subgoal.id.0),
                shown(&id.0)
            ));
        }
        if let Some(agent) = subgoal.agent.as_ref().filter(|agent| !agent.trim().is_empty() && !is_name(agent)) {
            return refused(format!(
                "subgoal {:?} names agent {:?}, which is no name",
                shown(&subgoal.id.0),
                shown(agent)
            ));
        }
        // Models write an empty name for none.
        subgoal.agent.take_if(|name| name.trim().is_empty());
        subgoal.capability.take_if(|capability| capability.trim().is_empty() || capability.len() > MAX_DESCRIPTION);
    }
    Plan::try_from(subgoals).map_err(Error::from)
}

#[cfg(test)]
mod tests;
