//! What a run leaves behind: the chunks that the answer cites are noted as used; the plan that led to it is learned, or judged
//! when it was learned before; the agents that worked are rewarded. Nothing is noted for a run without an answer.
//!
//! Learned is only from what went well: the plan was made and verified without trouble, no critical subgoal failed, and the
//! answer rests on something and is trusted.

use std::sync::Arc;

use futures_util::future::join;
use ninefold_core::{
    AgentKey, ChunkId, Complexity, Cx, Degradation, ErrorKind, FailedSubgoal, Fault, Features, Finding, Findings,
    Impasse, Key, Pattern, Phase, Plan, Result, Situation, Store, SubgoalId, span,
};
use serde::Serialize;

use super::Noted;
use super::recall::Learning;
use crate::layers::trace::traced;

/// The least confidence of an answer from which is learned.
pub const TRUSTED: f32 = 0.7;

/// What an agent gets for a finding of whose sources the answer cites none; for one that it cites, and for one that has none,
/// it gets 1, for a failure 0.
const UNUSED: f32 = 0.5;

/// What the phase `record` works on.
#[derive(Debug, Clone, Serialize)]
pub struct Recording {
    /// The chunks that the answer cites, without repetition.
    pub cited: Vec<ChunkId>,
    /// What there is to learn; nothing from a run without a plan.
    pub lesson: Option<Lesson>,
}

/// A plan that was executed, and what came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Lesson {
    /// The question, normalized.
    pub question: Arc<str>,
    /// How hard it is.
    pub complexity: Complexity,
    /// The paths the run's searches were limited to; empty for none.
    pub within: Arc<[String]>,
    /// The plan.
    pub plan: Arc<Plan>,
    /// The pattern that the plan is from, if it was not made for this question.
    pub pattern: Option<Key>,
    /// What came of it, and who worked.
    pub findings: Arc<Findings>,
    /// How far the answer is trusted.
    pub confidence: f32,
    /// Whether a model could not be used where it was asked.
    pub troubled: bool,
}

/// What a run says of the plan it followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Good,
    Bad,
    /// The plan is not to blame, and not to be praised.
    Unclear,
}

impl Lesson {
    fn outcome(&self, cited: &[ChunkId]) -> Outcome {
        // Whatever collected: what is critical has a finding, or the plan was not carried out.
        let missing = self.plan.subgoals().iter().any(|subgoal| subgoal.critical && !self.is_found(&subgoal.id));
        let worthless = missing || cited.is_empty() && self.findings.done.is_empty();
        if !worthless && self.troubled {
            Outcome::Unclear
        } else if !worthless && self.confidence >= TRUSTED {
            Outcome::Good
        } else if self.is_stopped(missing) {
            Outcome::Unclear
        } else {
            Outcome::Bad
        }
    }

    /// What each agent gets. One that was not started, or that the run's own bounds stopped, gets nothing, good or bad.
    fn rewards<'a>(&'a self, cited: &'a [ChunkId]) -> impl Iterator<Item = (&'a str, f32)> {
        let is_cited = |finding: &Finding| {
            let mut sources = finding.statements.iter().flat_map(|statement| &statement.citations).peekable();
            sources.peek().is_none() || sources.any(|source| cited.contains(&source.chunk))
        };
        let found = self
            .findings
            .done
            .iter()
            .map(move |finding| (finding.agent.as_str(), if is_cited(finding) { 1.0 } else { UNUSED }));
        // Of the agents that failed at a subgoal, each has its impasse; one that was stopped or may not be used has none.
        let failures = self.findings.impasses.iter().filter_map(|impasse| match impasse {
            Impasse::AgentFailed { subgoal, agent, kind, fault, .. } => Some((subgoal, agent, *kind, *fault)),
            _ => None,
        });
        let others = failures.clone();
        let told = move |failed: &FailedSubgoal| {
            others.clone().any(|(subgoal, agent, ..)| (subgoal, agent) == (&failed.subgoal, &failed.agent))
        };
        let failed = self.findings.failed.iter().filter(move |failed| !told(failed));
        let failed = failed.map(|failed| (&failed.subgoal, &failed.agent, failed.kind, failed.fault));
        let blamed = failures.chain(failed).filter(|(.., kind, fault)| is_its_own(*kind, *fault));
        found.chain(blamed.map(|(_, agent, ..)| (agent.as_str(), 0.0)))
    }

    /// Whether what has no finding (of all subgoals, or of the critical ones) has none because of the run's own bounds, or
    /// because an agent was left alone: no agent that worked on it, or on what it depends on, failed by itself.
    fn is_stopped(&self, critical: bool) -> bool {
        let failure = |id: &SubgoalId| self.findings.failed.iter().find(|failed| failed.subgoal == *id);
        let counts = self.plan.subgoals().iter().filter(|subgoal| subgoal.critical || !critical);
        let mut open: Vec<_> = counts.filter(|subgoal| !self.is_found(&subgoal.id)).collect();
        if open.is_empty() {
            return false;
        }
        // A plan is acyclic, so every way back ends; one that is met on two of them is looked at once.
        let mut seen = Vec::with_capacity(open.len());
        while let Some(subgoal) = open.pop() {
            if seen.contains(&&subgoal.id) {
                continue;
            }
            seen.push(&subgoal.id);
            match failure(&subgoal.id) {
                None => return false,
                Some(failed) if failed.fault == Fault::Own => return false,
                Some(_) => {
                    let before = subgoal.depends_on.iter().filter(|id| failure(id).is_some());
                    open.extend(before.filter_map(|id| self.plan.get(id)));
                }
            }
        }
        true
    }

    fn is_found(&self, id: &SubgoalId) -> bool {
        self.findings.done.iter().any(|finding| finding.subgoal == *id)
    }

    /// The pattern of this plan; none for a question that is no question to come again, or for agents nobody knows.
    fn pattern(&self, learning: &Learning, cited: &[ChunkId], cx: &Cx) -> Option<Pattern> {
        let agents = learning.agents(self.findings.done.iter().map(|finding| finding.agent.as_str()))?;
        let situation = Situation {
            features: Features::of(&self.question)?,
            scope: cx.scope().clone(),
            within: self.within.to_vec(),
            complexity: self.complexity,
            agents: Vec::new(),
        };
        Some(Pattern::new(situation, self.plan.as_ref().clone(), agents, cited.to_vec(), cx.now()))
    }
}

/// Whether a failure of this kind is that of the agent.
fn is_its_own(kind: ErrorKind, fault: Fault) -> bool {
    fault.is_own() && !matches!(kind, ErrorKind::OutOfScope | ErrorKind::Cancelled)
}

/// The phase `record`.
pub struct Record {
    /// Where use is noted.
    pub store: Option<Arc<dyn Store>>,
    /// What is learned with.
    pub learning: Option<Learning>,
}

impl Phase<Recording> for Record {
    type Out = Noted<()>;

    async fn run(&self, input: Recording, cx: &Cx) -> Result<Noted<()>> {
        let lesson = self.learning.as_ref().zip(input.lesson.as_ref());
        // At once, so that a database writes both in one go.
        let (touched, learned) = match (self.store.as_ref().filter(|_| !input.cited.is_empty()), lesson) {
            (None, None) => return Ok(Noted::new(())),
            (Some(store), None) => (touch(store.as_ref(), &input.cited, cx).await, Ok(())),
            (None, Some((learning, lesson))) => (Ok(()), traced(span::store(), learn(learning, lesson, &[], cx)).await),
            (Some(store), Some((learning, lesson))) => {
                let learned = traced(span::store(), learn(learning, lesson, &input.cited, cx));
                Box::pin(join(touch(store.as_ref(), &input.cited, cx), learned)).await
            }
        };
        // The answer stands whether or not it can be noted; the answer says which.
        let failed = [touched.err(), learned.err()].into_iter().flatten();
        let degradations = failed.map(|error| Degradation::NotRecorded { message: error.to_string() }).collect();
        Ok(Noted { degradations, ..Noted::new(()) })
    }
}

async fn touch(store: &dyn Store, cited: &[ChunkId], cx: &Cx) -> Result<()> {
    traced(span::store(), store.touch(cited, cx.now())).await
}

async fn learn(learning: &Learning, lesson: &Lesson, cited: &[ChunkId], cx: &Cx) -> Result<()> {
    let experience = learning.experience.as_ref();
    let rewards: Vec<(AgentKey, f32)> = lesson
        .rewards(cited)
        .filter_map(|(name, reward)| Some((learning.agents.iter().find(|agent| agent.name == name)?.clone(), reward)))
        .collect();
    let rewarded = async {
        // One agent alone is nobody's rival.
        if learning.agents.len() > 1 { experience.reward(&rewards, cx.now()).await } else { Ok(()) }
    };
    let planned = async {
        match (lesson.pattern, lesson.outcome(cited)) {
            (_, Outcome::Unclear) | (None, Outcome::Bad) => Ok(()),
            (Some(pattern), outcome) => {
                experience.judge(pattern, f32::from(u8::from(outcome == Outcome::Good)), cx.now()).await
            }
            (None, Outcome::Good) => match lesson.pattern(learning, cited, cx).filter(|_| learning.plans) {
                // What is too large to be kept is planned each time.
                Some(pattern) if pattern.body().is_ok() => experience.learn(pattern).await,
                _ => Ok(()),
            },
        }
    };
    let (rewarded, planned) = join(rewarded, planned).await;
    rewarded.and(planned)
}
