//! What a plan's structure tells, in microseconds: is the question covered, is there an agent for every subgoal, does anything
//! critical wait for what nobody takes, is memory of any use, is there enough of the budget left? Cycles, doubles and dangling
//! dependencies cannot occur in a [`Plan`](ninefold_core::Plan).

use std::time::Duration;

use ninefold_core::{
    AgentCard, Complexity, DecidedBy, Decision, Issue, Resource, Scores, Shortage, Subgoal, Verdict,
    terms::{self, hash},
};

use super::Verification;
use crate::phases::citations::MAX_SOURCE_BYTES;
use crate::phases::meaning;

/// What structure tells of a plan.
pub(crate) fn by_structure(input: &Verification) -> Verdict {
    let subgoals = input.plan.subgoals();
    let mut issues = Vec::new();
    let routable = routable(input, &mut issues);
    let (completeness, grounded) = coverage(input);
    let shortage = shortage(input);
    if let Some(shortage) = shortage {
        issues.push(Issue { critical: true, message: shortage.to_string() });
    }
    let share = |n: usize| n as f32 / subgoals.len().max(1) as f32;
    let scores = Scores { completeness, consistency: 1.0, groundedness: share(grounded), routability: share(routable) };
    Verdict::new(scores, issues, DecidedBy::Rules).under(input.policy).short_of(shortage)
}

/// Whether a model could not see more: the plan fails, or it only says the question again, whole (in other words for what holds it
/// together, and without a word of its own), or in parts of which none waits for another. Then no call is spent on it. Where a
/// wrong answer harms, a model looks all the same.
pub(super) fn is_decisive(input: &Verification, verdict: &Verdict) -> bool {
    if verdict.decision() != Decision::Pass {
        return true;
    }
    if input.complexity == Complexity::Critical {
        return false;
    }
    let covers = verdict.scores().completeness >= 1.0 - f32::EPSILON;
    let said = |subgoal: &Subgoal| subgoal.depends_on.is_empty() && input.question.contains(&subgoal.description);
    covers
        && match input.plan.subgoals() {
            [whole] => says_no_more(&whole.description, &input.question),
            parts => parts.iter().all(said),
        }
}

/// Whether a text has no word that tells something but those of the question.
fn says_no_more(text: &str, question: &str) -> bool {
    let asked = terms::query_terms(question);
    let mut no_more = true;
    terms::for_each_term(text, |term| {
        no_more &= terms::is_function_word(term) || asked.iter().any(|asked| asked == term);
    });
    no_more
}

/// How many subgoals somebody takes. One that nobody takes fails by itself and is no reason against the plan, unless it is
/// critical or something critical waits for it; a name that is nobody's is the planner's mistake.
fn routable(input: &Verification, issues: &mut Vec<Issue>) -> usize {
    let subgoals = input.plan.subgoals();
    let anything = input.skills.takes_anything(&input.agents);
    let mut untaken: Vec<&Subgoal> = Vec::new();
    for subgoal in subgoals {
        if let Some(agent) = &subgoal.agent
            && !input.agents.iter().any(|card| card.name == *agent)
        {
            let message = format!("subgoal {} names agent {agent}, which is not available", subgoal.id);
            issues.push(Issue { critical: true, message });
            untaken.push(subgoal);
        } else if !anything && !input.by_meaning && taker(subgoal, input).is_none() {
            let message = format!("no agent can take subgoal {}", subgoal.id);
            issues.push(Issue { critical: subgoal.critical, message });
            untaken.push(subgoal);
        }
    }
    let routable = subgoals.len() - untaken.len();
    if !untaken.is_empty() {
        unreachable_ones(subgoals, untaken, issues);
    }
    routable
}

/// Critical subgoals that wait for one that nobody takes. The subgoals stand in an order in which each comes after what it waits for.
fn unreachable_ones<'a>(subgoals: &'a [Subgoal], mut blocked: Vec<&'a Subgoal>, issues: &mut Vec<Issue>) {
    for subgoal in subgoals {
        let waits_for = subgoal.depends_on.iter().find_map(|id| blocked.iter().find(|other| other.id == *id).copied());
        if let Some(other) = waits_for {
            if subgoal.critical {
                let message =
                    format!("critical subgoal {} waits for {}, which nobody can finish", subgoal.id, other.id);
                issues.push(Issue { critical: true, message });
            }
            blocked.push(subgoal);
        }
    }
}

fn taker<'a>(subgoal: &'a Subgoal, input: &'a Verification) -> Option<&'a AgentCard> {
    input.skills.able(subgoal, &input.agents).any()
}

/// A term of the question, or that memory weighs for it.
struct Term {
    hash: u64,
    weight: f32,
    asked: bool,
    /// Whether memory holds it.
    held: bool,
    covered: bool,
}

/// The share of what is asked that the subgoals say, by weight; and how many subgoals share a term with what memory holds:
/// one of the question's that some chunk has, or any word of the passages. When meaning alone found what is near to the question,
/// words cannot tell; without evidence the agents bring their own, and there is nothing to compare with.
fn coverage(input: &Verification) -> (f32, usize) {
    let subgoals = input.plan.subgoals();
    let mut asked = Table::new(table(input));
    let grounded_anyway = input.evidence.passages.is_empty() || meaning::is_near(&input.evidence);
    let mut apart: Vec<&Subgoal> = Vec::new();
    for (subgoal, words) in input.plan.words() {
        let mut grounded = grounded_anyway;
        for word in words {
            if let Some(term) = asked.find(*word) {
                term.covered = true;
                grounded |= term.held;
            }
        }
        if !grounded {
            apart.push(subgoal);
        }
    }
    let weight = |terms: &mut dyn Iterator<Item = &Term>| terms.map(|term| term.weight).sum::<f32>();
    let all = weight(&mut asked.terms.iter().filter(|term| term.asked));
    let covered = weight(&mut asked.terms.iter().filter(|term| term.asked && term.covered));
    let completeness = if all > 0.0 { covered / all } else { 1.0 };
    let ungrounded = if apart.is_empty() { 0 } else { apart.len() - in_passages(&apart, input) };
    (completeness, subgoals.len() - ungrounded)
}

/// Terms by their hash, found in one step mostly: most words of a plan are none of the question's, and have an empty place.
struct Table {
    terms: Vec<Term>,
    /// The number of a term, from 1, at the place that its hash gives it or the next free one.
    places: Vec<u32>,
}

impl Table {
    fn new(terms: Vec<Term>) -> Self {
        let size = (terms.len() * 4).next_power_of_two();
        let mut table = Self { terms, places: vec![0; size] };
        for number in 0..table.terms.len() {
            let Some(mut at) = table.terms.get(number).map(|term| table.place(term.hash)) else { continue };
            while table.places.get(at).is_some_and(|taken| *taken != 0) {
                at = (at + 1) & (size - 1);
            }
            if let Some(place) = table.places.get_mut(at) {
                *place = u32::try_from(number + 1).unwrap_or(0);
            }
        }
        table
    }

    fn place(&self, hash: u64) -> usize {
        // Folded: the low bits of FNV alone are weak for short words.
        (hash ^ (hash >> 32)) as usize & (self.places.len() - 1)
    }

    fn find(&mut self, hash: u64) -> Option<&mut Term> {
        let mut at = self.place(hash);
        loop {
            let number = (*self.places.get(at)? as usize).checked_sub(1)?;
            if self.terms.get(number).is_some_and(|term| term.hash == hash) {
                return self.terms.get_mut(number);
            }
            at = (at + 1) & (self.places.len() - 1);
        }
    }
}

/// What is asked, and what memory weighs for it, by hash. A question that holds nothing else is asked by its function words.
fn table(input: &Verification) -> Vec<Term> {
    let known = input.evidence.terms.iter().map(|term| Term {
        hash: hash(&term.term),
        // A term that memory does not hold at all still was asked for.
        weight: term.weight.max(0.1),
        asked: false,
        held: term.weight > 0.0,
        covered: false,
    });
    let mut terms: Vec<Term> = Vec::with_capacity(64);
    terms.extend(known);
    let known = terms.len();
    let mut ask = |only_content: bool| {
        terms::for_each_term(&input.question, |term| {
            if !(only_content && terms::is_function_word(term)) {
                terms.push(Term { hash: hash(term), weight: 1.0, asked: true, held: false, covered: false });
            }
        });
        terms.len() > known
    };
    let _ = ask(true) || ask(false);
    // Stable: of those with one hash, the weighed one comes first.
    terms.sort_by_key(|term| term.hash);
    terms.dedup_by(|later, kept| {
        let same = later.hash == kept.hash;
        kept.asked |= same && later.asked;
        same
    });
    terms
}

/// How many of these subgoals share a word with the passages. Each passage is split once, and no more of them than it takes.
fn in_passages(subgoals: &[&Subgoal], input: &Verification) -> usize {
    let mut wanted: Vec<(u64, usize)> = Vec::new();
    for (n, subgoal) in subgoals.iter().enumerate() {
        wanted.extend(terms::query_terms(&subgoal.description).iter().map(|term| (hash(term), n)));
    }
    wanted.sort_unstable();
    let mut found = vec![false; subgoals.len()];
    for passage in &input.evidence.passages {
        terms::for_each_hash(&passage.chunk.text, |hash| {
            let start = wanted.partition_point(|(wanted, _)| *wanted < hash);
            for (_, n) in wanted.iter().skip(start).take_while(|(wanted, _)| *wanted == hash) {
                if let Some(found) = found.get_mut(*n) {
                    *found = true;
                }
            }
        });
        if found.iter().all(|found| *found) {
            break;
        }
    }
    found.into_iter().filter(|found| *found).count()
}

/// The tokens that a model's call is taken to write, as where budget is reserved.
const OUTPUT_TOKENS: u64 = 1024;

/// What the run has too little of for this plan: calls, tokens or time. Nothing is counted where there is no limit.
fn shortage(input: &Verification) -> Option<Shortage> {
    let (left, time) = (input.left, input.time);
    if left.calls.is_none() && left.tokens.is_none() && time.is_none() {
        return None;
    }
    let subgoals = input.plan.subgoals();
    let calls_of: Vec<u64> =
        subgoals.iter().map(|subgoal| taker(subgoal, input).map_or(0, |card| u64::from(card.calls))).collect();
    let calls: u64 = calls_of.iter().sum();
    if calls == 0 {
        return None;
    }
    let most = calls_of.iter().copied().max().unwrap_or(1).max(1);
    // The answer takes a call of its own.
    let wanted = calls + 1;
    let fits = |calls: u64| usize::try_from(calls.saturating_sub(1) / most).unwrap_or(usize::MAX);
    if let Some(left) = left.calls.filter(|left| *left < wanted) {
        return Some(Shortage { of: Resource::Calls, wanted, left, fits: fits(left) });
    }
    // Every call reads the evidence; only one is sure to need room for its reply at a time.
    let sources: usize = input.evidence.passages.iter().map(|passage| passage.chunk.text.len()).sum();
    let each = (sources.min(MAX_SOURCE_BYTES) as u64).div_ceil(3);
    if let Some(left) = left.tokens.filter(|left| *left < wanted * each + OUTPUT_TOKENS) {
        let affordable = left.saturating_sub(OUTPUT_TOKENS) / each.max(1);
        return Some(Shortage {
            of: Resource::Tokens,
            wanted: wanted * each + OUTPUT_TOKENS,
            left,
            fits: fits(affordable),
        });
    }
    let chain = longest_chain(subgoals, &calls_of) + 1;
    let needed = input.policy.least_call.saturating_mul(u32::try_from(chain).unwrap_or(u32::MAX));
    let time = time.filter(|time| *time < needed)?;
    // Subgoals that do not wait for each other take the time of one.
    let fits = if time >= input.policy.least_call.saturating_mul(2) { subgoals.len() } else { 0 };
    Some(Shortage { of: Resource::Milliseconds, wanted: millis(needed), left: millis(time), fits })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The most calls of a model that wait for each other.
fn longest_chain(subgoals: &[Subgoal], calls: &[u64]) -> u64 {
    let mut ends: Vec<u64> = Vec::with_capacity(subgoals.len());
    for (subgoal, calls) in subgoals.iter().zip(calls) {
        let after = subgoals.iter().zip(&ends).filter(|(other, _)| subgoal.depends_on.contains(&other.id));
        let start = after.map(|(_, end)| *end).max().unwrap_or(0);
        ends.push(start + calls);
    }
    ends.into_iter().max().unwrap_or(0)
}
