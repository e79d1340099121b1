//! What is known of a pipeline's agents, computed once, and who of them is able to take a subgoal.

use std::collections::HashMap;
use std::fmt;

use ninefold_core::{AgentCard, Subgoal, terms};
use smol_str::SmolStr;

use super::likeness::Likeness;
use super::meaning::Meant;

/// A capability that stands for any work.
pub const ANYTHING: &str = "*";

/// The least likeness to an agent's examples that counts; `benches/routing.rs` prints how many utterances that belong to no
/// agent stay below it.
const LIKE: f32 = 0.2;
/// Agents whose likeness differs by less are equally able.
const AHEAD: f32 = 0.02;

/// Words tell clearly where the agent that comes first is so far ahead; meaning is not asked then. This and the two below were chosen on
/// CLINC150's training part with all-MiniLM-L6-v2, a part of it asked, 3, 5, 10, 33 and 89 examples an agent: of what is clear 97 to 100 % is right.
const CLEAR: f32 = 0.25;
/// What meaning weighs beside words.
const MEANING: f32 = 1.5;
/// The least likeness in words and meaning that counts, which grows with the examples: so high that more strangers are kept out than by words
/// alone with [`LIKE`], and fewer that belong. The first is for agents of at most [`FEW`] examples on average.
const LIKE_IN_BOTH: [f32; 2] = [0.28, 0.35];
/// So many examples of an agent are few.
const FEW: usize = 20;

/// What is known of agents before anything is asked: the words of their capabilities and what their examples have in common.
/// Made once for a pipeline; a run uses the part that is in its scope.
#[derive(Default)]
pub struct Skills {
    agents: Vec<Skill>,
    by_name: HashMap<SmolStr, usize>,
    likeness: Likeness,
    like_in_both: f32,
    fallback: Option<SmolStr>,
}

struct Skill {
    name: SmolStr,
    /// The hashes of the words of each capability; none for one that holds only function words.
    capabilities: Vec<Vec<u64>>,
}

impl fmt::Debug for Skills {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.agents.iter().map(|skill| skill.name.as_str());
        f.debug_list().entries(names).finish()
    }
}

/// Who is able to take a subgoal, of the agents in scope.
#[derive(Debug)]
pub(crate) enum Able<'a> {
    /// This agent, and why.
    One(&'a AgentCard, Why<'a>),
    /// These, equally. Where examples tell, the one that is most like them first, otherwise in the order of registration.
    Tie(Vec<&'a AgentCard>, Why<'a>),
    /// Nobody; this agent takes what nobody else is able to.
    Fallback(&'a AgentCard),
    /// Nobody.
    Nobody,
}

impl<'a> Able<'a> {
    /// Whether words leave open who is able, so that meaning may tell. What the plan or a capability says stands.
    pub(crate) fn is_open(&self) -> bool {
        match self {
            Self::Tie(_, why) => matches!(why, Why::Like(..) | Why::Anything),
            Self::One(_, Why::Like(own, next)) => own - next < CLEAR,
            Self::One(_, why) => matches!(why, Why::Anything),
            Self::Fallback(_) | Self::Nobody => true,
        }
    }

    /// An agent that may take it, if there is one.
    pub(crate) fn any(&self) -> Option<&'a AgentCard> {
        match self {
            Self::One(card, _) | Self::Fallback(card) => Some(card),
            Self::Tie(cards, _) => cards.first().copied(),
            Self::Nobody => None,
        }
    }
}

/// Why an agent is able to take a subgoal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Why<'a> {
    /// The plan names it.
    Named,
    /// It declares the capability that the plan asks for.
    Declares(&'a str),
    /// The words of this capability are all in the subgoal.
    Fits(&'a str),
    /// The subgoal is so like its examples, and at most so like another agent's.
    Like(f32, f32),
    /// The subgoal is so like its examples in words and meaning together, and at most so like another agent's.
    Means(f32, f32),
    /// It takes anything.
    Anything,
    /// There is no other.
    Only,
}

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named => f.write_str("named by the plan"),
            Self::Declares(capability) => write!(f, "has capability {capability}"),
            Self::Fits(capability) => write!(f, "its capability {capability:?} fits"),
            Self::Like(own, next) => {
                write!(f, "the subgoal is like its examples ({own:.2}, at most {next:.2} like another agent's)")
            }
            Self::Means(own, next) => {
                write!(
                    f,
                    "the subgoal means what its examples mean ({own:.2} with its words, at most {next:.2} for another agent)"
                )
            }
            Self::Anything => f.write_str("takes anything, and no other agent's capabilities fit"),
            Self::Only => f.write_str("there is no other agent"),
        }
    }
}

impl Skills {
    /// What there is to know of these agents. `fallback` is the one that takes what no other is able to; where it does,
    /// that is an impasse.
    #[must_use]
    pub fn new(cards: &[AgentCard], fallback: Option<&str>) -> Self {
        let words = |capability: &SmolStr| {
            let words = terms::query_terms(capability).into_iter().filter(|term| !terms::is_function_word(term));
            words.map(|term| terms::hash(&term)).collect()
        };
        let skill = |card: &AgentCard| Skill {
            name: card.name.clone(),
            capabilities: card.capabilities.iter().map(words).collect(),
        };
        let examples = cards
            .iter()
            .enumerate()
            .flat_map(|(agent, card)| card.examples.iter().map(move |example| (agent, example.as_str())));
        let described = cards.iter().filter(|card| !card.examples.is_empty()).count();
        let is_few = cards.iter().map(|card| card.examples.len()).sum::<usize>() <= FEW * described;
        let [few, many] = LIKE_IN_BOTH;
        Self {
            like_in_both: if is_few { few } else { many },
            agents: cards.iter().map(skill).collect(),
            by_name: cards.iter().enumerate().map(|(n, card)| (card.name.clone(), n)).collect(),
            likeness: Likeness::learn(examples, cards.len()),
            fallback: fallback.map(SmolStr::new),
        }
    }

    /// Whether this is the agent that takes what no other is able to.
    pub(crate) fn is_fallback(&self, card: &AgentCard) -> bool {
        self.fallback.as_ref().is_some_and(|name| *name == card.name)
    }

    /// The number of a card, which mostly stands where it stood when it was made known.
    fn number(&self, at: usize, card: &AgentCard) -> Option<usize> {
        let here = self.agents.get(at).is_some_and(|skill| skill.name == card.name);
        if here { Some(at) } else { self.by_name.get(&card.name).copied() }
    }

    /// Whether somebody takes anything, so that every subgoal has a taker.
    pub(crate) fn takes_anything(&self, agents: &[AgentCard]) -> bool {
        agents.iter().any(takes_anything)
    }

    /// Who of these agents, those in scope, is able to take a subgoal: the one it names; who declares the capability it asks
    /// for; whose capability's words are all asked for; whose examples it is like; who takes anything; the fallback.
    pub(crate) fn able<'a>(&self, subgoal: &'a Subgoal, agents: &'a [AgentCard]) -> Able<'a> {
        self.able_by(subgoal, agents, None)
    }

    /// The same, with what the subgoal means beside what it says.
    pub(super) fn able_by<'a>(
        &self,
        subgoal: &'a Subgoal,
        agents: &'a [AgentCard],
        meant: Option<&Meant<'_>>,
    ) -> Able<'a> {
        if let Some(name) = &subgoal.agent
            && let Some(card) = agents.iter().find(|card| card.name == *name)
        {
            return Able::One(card, Why::Named);
        }
        if let Some(wanted) = &subgoal.capability {
            let declares = |card: &&AgentCard| card.capabilities.iter().any(|has| has.eq_ignore_ascii_case(wanted));
            let declaring: Vec<&AgentCard> = agents.iter().filter(declares).collect();
            if !declaring.is_empty() {
                return self.told_apart(subgoal, declaring, agents, meant, Why::Declares(wanted));
            }
        }
        if let Some((fitting, capability)) = self.fitting(subgoal, agents) {
            return self.told_apart(subgoal, fitting, agents, meant, Why::Fits(capability));
        }
        if let Some(able) = self.like(subgoal, agents, meant, |_| true) {
            return able;
        }
        let anything: Vec<&AgentCard> =
            agents.iter().filter(|card| takes_anything(card) && !self.is_fallback(card)).collect();
        match anything.as_slice() {
            [] => {}
            [one] => return Able::One(one, Why::Anything),
            _ => return Able::Tie(anything, Why::Anything),
        }
        match agents {
            [one] if self.is_fallback(one) => Able::One(one, Why::Only),
            _ => agents.iter().find(|card| self.is_fallback(card)).map_or(Able::Nobody, Able::Fallback),
        }
    }

    /// Agents that are equally able by what they declare: their examples may tell them apart.
    fn told_apart<'a>(
        &self,
        subgoal: &'a Subgoal,
        able: Vec<&'a AgentCard>,
        agents: &'a [AgentCard],
        meant: Option<&Meant<'_>>,
        why: Why<'a>,
    ) -> Able<'a> {
        if let [one] = able.as_slice() {
            return Able::One(one, why);
        }
        let among = |card: &AgentCard| able.iter().any(|one| one.name == card.name);
        self.like(subgoal, agents, meant, among).unwrap_or(Able::Tie(able, why))
    }

    /// The agents with the largest capability of which every word is asked for ("delete files" is not what "list files"
    /// wants), and that capability of the first of them.
    fn fitting<'a>(&self, subgoal: &Subgoal, agents: &'a [AgentCard]) -> Option<(Vec<&'a AgentCard>, &'a str)> {
        let mut wanted: Vec<u64> = Vec::new();
        let mut fitting: Vec<&AgentCard> = Vec::new();
        let (mut most, mut first) = (0, "");
        for (at, card) in agents.iter().enumerate() {
            let Some(skill) = self.number(at, card).and_then(|number| self.agents.get(number)) else { continue };
            for (capability, words) in card.capabilities.iter().zip(&skill.capabilities) {
                if words.is_empty() || words.len() < most {
                    continue;
                }
                if wanted.is_empty() {
                    terms::for_each_hash(&subgoal.description, |hash| wanted.push(hash));
                    terms::for_each_hash(subgoal.capability.as_deref().unwrap_or_default(), |hash| wanted.push(hash));
                }
                if !words.iter().all(|word| wanted.contains(word)) {
                    continue;
                }
                if words.len() > most {
                    (most, first) = (words.len(), capability.as_str());
                    fitting.clear();
                }
                if fitting.last().is_none_or(|last| last.name != card.name) {
                    fitting.push(card);
                }
            }
        }
        (!fitting.is_empty()).then_some((fitting, first))
    }

    /// The agents whose examples the subgoal is like, of those asked for.
    fn like<'a>(
        &self,
        subgoal: &Subgoal,
        agents: &'a [AgentCard],
        meant: Option<&Meant<'_>>,
        among: impl Fn(&AgentCard) -> bool,
    ) -> Option<Able<'a>> {
        let described = |card: &AgentCard| !card.examples.is_empty() && among(card);
        if self.likeness.is_empty() || !agents.iter().any(described) {
            return None;
        }
        let scores = self.likeness.to(&subgoal.description);
        let score = |at: usize, card: &AgentCard| scores.get(self.number(at, card)?).copied();
        let scored = agents.iter().enumerate().filter(|(_, card)| described(card));
        let Some(meant) = meant else {
            let scored = scored.filter_map(|(at, card)| Some((score(at, card)?, card)));
            return ranked(scored.collect(), LIKE, Why::Like);
        };
        let both = |at, card| Some((score(at, card)? + MEANING * meant.of(card)?) / (1.0 + MEANING));
        let scored = scored.filter_map(|(at, card)| Some((both(at, card)?, card)));
        ranked(scored.collect(), self.like_in_both, Why::Means)
    }
}

/// Who comes first by these scores: one that is far enough ahead, or those that the first is not far enough ahead of. Nobody
/// below `least`.
fn ranked<'a>(mut scored: Vec<(f32, &'a AgentCard)>, least: f32, why: fn(f32, f32) -> Why<'a>) -> Option<Able<'a>> {
    // Stable: equals stay in the order of registration.
    scored.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let &(best, first) = scored.first()?;
    if best.is_nan() || best < least {
        return None;
    }
    let next = scored.get(1).map_or(0.0, |(next, _)| next.max(0.0));
    if scored.len() == 1 || best - next >= AHEAD {
        return Some(Able::One(first, why(best, next)));
    }
    scored.retain(|(score, _)| best - score < AHEAD);
    Some(Able::Tie(scored.into_iter().map(|(_, card)| card).collect(), why(best, next)))
}

fn takes_anything(card: &AgentCard) -> bool {
    card.capabilities.iter().any(|capability| capability == ANYTHING)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agents() -> Vec<AgentCard> {
        vec![
            AgentCard::new("files", "Reads files").capability("list files").capability("delete files"),
            AgentCard::new("web", "Searches the web").capability("search"),
            AgentCard::new("any", "Answers").capability(ANYTHING),
        ]
    }

    fn chosen(subgoal: &Subgoal, agents: &[AgentCard]) -> (String, String) {
        match Skills::new(agents, Some("reason")).able(subgoal, agents) {
            Able::One(card, why) => (card.name.to_string(), why.to_string()),
            Able::Tie(cards, why) => {
                (cards.iter().map(|card| card.name.as_str()).collect::<Vec<_>>().join(" = "), why.to_string())
            }
            Able::Fallback(card) => (format!("only {}", card.name), String::new()),
            Able::Nobody => ("nobody".into(), String::new()),
        }
    }

    #[test]
    fn named_then_capable_then_anyone() {
        let agents = agents();
        let chosen = |subgoal: &Subgoal| chosen(subgoal, &agents);
        let mut subgoal = Subgoal::new("a", "search the archive");
        assert_eq!(chosen(&subgoal).0, "web");
        subgoal.agent = Some("files".into());
        assert_eq!(chosen(&subgoal), ("files".into(), "named by the plan".into()));
        subgoal.agent = Some("gone".into());
        subgoal.capability = Some("Delete Files".into());
        assert_eq!(chosen(&subgoal).1, "has capability Delete Files");
        assert_eq!(chosen(&Subgoal::new("b", "list the files")).0, "files");
        assert_eq!(chosen(&Subgoal::new("c", "open the files")).0, "any");
        assert_eq!(Skills::new(&agents, None).able(&Subgoal::new("d", "x"), &agents[..2]).any(), None);
    }

    #[test]
    fn equals_are_a_tie_and_who_takes_the_rest_is_told() {
        let twins = [AgentCard::new("b", "").capability("maps"), AgentCard::new("a", "").capability("maps")];
        assert_eq!(chosen(&Subgoal::new("x", "draw maps"), &twins).0, "b = a");
        let reason = AgentCard::new("reason", "").capability(ANYTHING);
        assert_eq!(chosen(&Subgoal::new("x", "sing"), &[twins[0].clone(), reason.clone()]).0, "only reason");
        assert_eq!(chosen(&Subgoal::new("x", "sing"), &[reason]), ("reason".into(), "there is no other agent".into()));
        assert_eq!(chosen(&Subgoal::new("x", "sing"), &twins).0, "nobody");
    }

    #[test]
    fn examples_describe_an_agent_and_tell_equals_apart() {
        let cards = [
            AgentCard::new("weather", "").capability("maps").examples(["will it rain on Sunday", "how warm is it"]),
            AgentCard::new("trains", "").capability("maps").examples(["when does my train leave", "book a train seat"]),
        ];
        let (agent, why) = chosen(&Subgoal::new("x", "find a seat on a train"), &cards);
        assert!(agent == "trains" && why.starts_with("the subgoal is like its examples (0."), "{agent}: {why}");
        assert_eq!(chosen(&Subgoal::new("x", "draw maps of where my train leaves"), &cards).0, "trains");
        assert_eq!(chosen(&Subgoal::new("x", "draw maps"), &cards).0, "weather = trains");
        assert_eq!(chosen(&Subgoal::new("x", "explain monads"), &cards).0, "nobody");
    }
}
