//! What flows are about, by words: made once for a program, read by every turn. An inverted index of the terms of flows' names,
//! descriptions, triggers, slots and options, with weights; and which flows are of one kin.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use ninefold_core::terms::{for_each_term, hash, is_function_word};
use smol_str::{SmolStr, StrExt};
use unicode_normalization::UnicodeNormalization;

use crate::kind::Kind;
use crate::program::{ActionId, Flow, FlowId, Op, Program, Slot, SlotId};
use crate::understand::{Role, folded};

/// How much a term of a name, a description or a trigger says.
const OF_FLOW: f32 = 3.0;
/// How much a term of an option says.
const OF_OPTION: f32 = 1.5;
/// How much a term of a slot's name says.
const OF_SLOT: f32 = 1.2;
/// How much a term of a slot's description says.
const OF_SLOT_DESCRIPTION: f32 = 1.0;
/// What is left of the weight of a word by which anything at all is asked for.
const OF_REQUEST: f32 = 0.4;
/// A program of fewer flows weighs its terms as if it had so many: with three flows, no term is rare.
const FEWEST_FLOWS: f32 = 30.0;
/// The most bytes of a text that are looked at.
pub(crate) const MOST_BYTES: usize = 4_096;
/// The most distinct terms of a text.
const MOST_TERMS: usize = 128;
/// The flows of one kin that are kept for each.
const MOST_KIN: usize = 4;

/// Words by which anything at all is asked for, as [`for_each_term`] gives them, in order: they say little about what is wanted.
#[rustfmt::skip]
const REQUEST_WORDS: &[&str] = &[
    "ani", "anyth", "besoin", "brauch", "braucht", "buscar", "busco", "check", "cherch", "chercher", "find", "finden",
    "get", "gib", "give", "go", "good", "gracia", "gracias", "hallo", "hello", "help", "hey", "hi", "hilf", "hola",
    "know", "let", "like", "look", "make", "merci", "mocht", "mochte", "necesito", "need", "nice", "ok", "okay",
    "puedo", "quiero", "quisiera", "request", "search", "see", "someth", "somewher", "suche", "suchen", "sure",
    "thank", "thing", "tri", "try", "veux", "voudrai", "voudrais", "want", "will", "wish", "wurd", "wurde", "ye", "yes",
];

/// Whether a term only says that something is asked for.
pub(crate) fn is_request_word(term: &str) -> bool {
    REQUEST_WORDS.binary_search(&term).is_ok()
}

/// Keys are hashes already.
#[derive(Debug, Clone, Copy, Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// That a term stands in what is said of a flow.
#[derive(Debug, Clone, Copy)]
struct Posting {
    flow: u16,
    /// Whether it stands in its name, description or triggers, and not with its slots only.
    names: bool,
    weight: f32,
}

/// The words by which a slot is called, as [`fold`] gives them.
#[derive(Debug, Clone)]
pub(crate) struct SlotWords {
    pub(crate) name: Vec<SmolStr>,
    pub(crate) description: Vec<SmolStr>,
    /// Behind which words its value stands.
    pub(crate) role: Role,
}

/// Words of names and descriptions that tell no slot from another.
const OF_ANY_SLOT: &[&str] = &[
    "of", "for", "number", "name", "the", "a", "an", "is", "der", "die", "das", "el", "la", "le", "les", "de", "du",
    "des",
];

impl SlotWords {
    fn of(slot: &Slot) -> Self {
        let words = |text: &str| {
            let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
            let all: Vec<SmolStr> = words.map(fold).collect();
            let telling: Vec<SmolStr> =
                all.iter().filter(|word| !OF_ANY_SLOT.contains(&word.as_str())).cloned().collect();
            if telling.is_empty() { all } else { telling }
        };
        let (name, description) = (words(&slot.name), words(&slot.description));
        let role = Role::of(&name, &description);
        Self { name, description, role }
    }
}

/// A word in small letters, without accents and apostrophes.
pub(crate) fn fold(word: &str) -> SmolStr {
    if word.is_ascii() {
        if !word.contains('\'') {
            return word.to_ascii_lowercase_smolstr();
        }
        return word.chars().filter(|c| *c != '\'').map(|c| c.to_ascii_lowercase()).collect();
    }
    let letters = word.nfkd().filter(|c| !matches!(c, '\'' | '’' | '\u{300}'..='\u{36f}'));
    letters.flat_map(char::to_lowercase).nfc().collect()
}

/// The index of a program. Cheap to read, and without reference to the program: keep both together.
#[derive(Debug, Clone)]
pub struct Index {
    terms: HashMap<u64, Range<usize>, BuildHasherDefault<AsIs>>,
    postings: Vec<Posting>,
    kin: Vec<Vec<(FlowId, f32)>>,
    actions: Vec<Vec<ActionId>>,
    /// Those of flows of repair.
    repair: Vec<ActionId>,
    /// For each slot that conditions of others read, these.
    judged: HashMap<SlotId, Vec<SlotId>>,
    collected: Vec<bool>,
    slots: Vec<SlotWords>,
    /// For each flow, the terms of its name, its description and each trigger.
    sayings: Vec<Vec<Vec<u64>>>,
    /// For each flow, its triggers as rules compare them.
    triggers: Vec<Vec<String>>,
}

/// Whether a word is among others, in this form or with another ending.
pub(crate) fn has(words: &[SmolStr], word: &str) -> bool {
    let alike = |known: &SmolStr| {
        if known.as_bytes().first() != word.as_bytes().first() {
            return false;
        }
        let shared = known.bytes().zip(word.bytes()).take_while(|(a, b)| a == b).count();
        let longer = known.len().max(word.len());
        *known == word || shared >= 4 && longer - shared <= 3 && known.is_char_boundary(shared)
    };
    words.iter().any(alike)
}

/// The distinct terms of a text, function words left out, in order.
#[derive(Debug, Clone, Default)]
pub struct Words {
    terms: Vec<(SmolStr, u64)>,
}

impl Words {
    /// Those of a text; of a very long one, of its beginning.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut terms: Vec<(SmolStr, u64)> = Vec::with_capacity(16);
        for_each_term(beginning(text), |term| {
            if terms.len() < MOST_TERMS && !is_function_word(term) {
                let hashed = hash(term);
                if !terms.iter().any(|(_, known)| *known == hashed) {
                    terms.push((SmolStr::new(term), hashed));
                }
            }
        });
        Self { terms }
    }
}

/// Of a very long text, so much as is looked at.
pub(crate) fn beginning(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MOST_BYTES)).unwrap_or(text)
}

/// How much a text is about each flow.
#[derive(Debug, Clone)]
pub struct Scores {
    scores: Vec<f32>,
}

impl Scores {
    /// Of one flow; 0 where nothing in the text is about it.
    #[must_use]
    pub fn of(&self, flow: FlowId) -> f32 {
        self.scores.get(usize::from(flow.0)).copied().unwrap_or(0.0)
    }
}

impl Index {
    /// The index of a program.
    #[must_use]
    pub fn new(program: &Program) -> Self {
        let described: Vec<HashMap<u64, (f32, bool)>> = program
            .flows
            .iter()
            .map(|flow| if flow.internal { HashMap::new() } else { describe(program, flow) })
            .collect();
        let mut frequencies: HashMap<u64, u32> = HashMap::new();
        for term in described.iter().flat_map(HashMap::keys) {
            *frequencies.entry(*term).or_default() += 1;
        }
        let flows = (described.len() as f32).max(FEWEST_FLOWS);
        let rarity = |term: &u64| {
            let frequency = frequencies.get(term).copied().unwrap_or(1) as f32;
            // The inverse document frequency of BM25 (Robertson and Spärck Jones), kept above zero.
            (1.0 + (flows - frequency + 0.5).max(0.0) / (frequency + 0.5)).ln()
        };
        let mut all: Vec<(u64, Posting)> = Vec::new();
        for (flow, terms) in (0..=u16::MAX).zip(&described) {
            all.extend(terms.iter().map(|(term, &(weight, names))| {
                let weight = weight * rarity(term);
                (*term, Posting { flow, names, weight })
            }));
        }
        all.sort_by_key(|(term, posting)| (*term, posting.flow));
        let mut terms: HashMap<u64, Range<usize>, BuildHasherDefault<AsIs>> = HashMap::default();
        for (at, (term, _)) in all.iter().enumerate() {
            terms.entry(*term).or_insert(at..at).end = at + 1;
        }
        let mut collected = vec![false; program.slots.len()];
        for slot in program.flows.iter().flat_map(|flow| &flow.reaches) {
            if let Some(seen) = collected.get_mut(usize::from(slot.0)) {
                *seen = true;
            }
        }
        let is_repair = |at: &usize| program.flows.get(*at).is_some_and(|flow| flow.name.starts_with("pattern_"));
        Self {
            repair: distinct((0..program.flows.len()).filter(is_repair).flat_map(|at| actions(program, at))),
            judged: judged(program),
            terms,
            postings: all.into_iter().map(|(_, posting)| posting).collect(),
            kin: kin(&described, rarity),
            actions: (0..program.flows.len()).map(|at| actions(program, at)).collect(),
            collected,
            slots: program.slots.iter().map(SlotWords::of).collect(),
            sayings: program.flows.iter().map(sayings).collect(),
            triggers: program
                .flows
                .iter()
                .map(|flow| flow.triggers.iter().map(|text| folded(text)).collect())
                .collect(),
        }
    }

    /// How much a text is about each flow.
    #[must_use]
    pub fn score(&self, words: &Words) -> Scores {
        let mut scores = Scores { scores: vec![0.0; self.kin.len()] };
        self.add(words, 1.0, &mut scores);
        scores
    }

    /// Adds what another text says, at so much of its weight.
    pub fn add(&self, words: &Words, weight: f32, scores: &mut Scores) {
        for (term, hashed) in &words.terms {
            let weight = if is_request_word(term) { weight * OF_REQUEST } else { weight };
            for posting in self.postings(*hashed) {
                if let Some(score) = scores.scores.get_mut(usize::from(posting.flow)) {
                    *score += weight * posting.weight;
                }
            }
        }
    }

    /// The terms of a text that are about a flow, at most so many; request words only where there are no others.
    #[must_use]
    pub fn matching(&self, words: &Words, flow: FlowId, most: usize) -> Vec<SmolStr> {
        let about = |(_, hashed): &&(SmolStr, u64)| self.postings(*hashed).iter().any(|posting| posting.flow == flow.0);
        let mut found: Vec<&SmolStr> = words.terms.iter().filter(about).map(|(term, _)| term).collect();
        if found.iter().any(|term| !is_request_word(term)) {
            found.retain(|term| !is_request_word(term));
        }
        found.into_iter().take(most).cloned().collect()
    }

    /// Whether a text has words beside those that a flow's name, description and triggers have: only then it may hold values.
    #[must_use]
    pub fn leaves_over(&self, words: &Words, flow: FlowId) -> bool {
        let explained = |hashed| self.postings(hashed).iter().any(|posting| posting.flow == flow.0 && posting.names);
        words.terms.iter().any(|(term, hashed)| !is_request_word(term) && !explained(*hashed))
    }

    /// How many of a text's words are about what a flow is for, and how many there are; request words are not counted.
    #[must_use]
    pub fn share(&self, words: &Words, flow: FlowId) -> (usize, usize) {
        let names = |hashed| self.postings(hashed).iter().any(|posting| posting.flow == flow.0 && posting.names);
        let said = words.terms.iter().filter(|(term, _)| !is_request_word(term));
        said.fold((0, 0), |(about, all), (_, hashed)| (about + usize::from(names(*hashed)), all + 1))
    }

    /// Whether all that a flow's name, its description or one of its triggers says is said in a text, function words and request
    /// words aside.
    #[must_use]
    pub fn covers(&self, words: &Words, flow: FlowId) -> bool {
        let said = |term: &u64| words.terms.iter().any(|(_, known)| known == term);
        let sayings = self.sayings.get(usize::from(flow.0)).map_or(&[][..], Vec::as_slice);
        sayings.iter().any(|terms| !terms.is_empty() && terms.iter().all(said))
    }

    /// The triggers of a flow, folded.
    pub(crate) fn triggers(&self, flow: FlowId) -> &[String] {
        self.triggers.get(usize::from(flow.0)).map_or(&[], Vec::as_slice)
    }

    /// The flows that are described in like words, with how like they are (a cosine), the likest first: one follows the other.
    #[must_use]
    pub fn kin(&self, flow: FlowId) -> &[(FlowId, f32)] {
        self.kin.get(usize::from(flow.0)).map_or(&[], Vec::as_slice)
    }

    /// The actions that a flow runs, with what it calls and links to.
    #[must_use]
    pub fn actions(&self, flow: FlowId) -> &[ActionId] {
        self.actions.get(usize::from(flow.0)).map_or(&[], Vec::as_slice)
    }

    /// The actions that may run in a turn in which these flows are open or may be opened, with those of flows of repair, which may
    /// come between at any time; in order.
    pub(crate) fn running(&self, flows: impl Iterator<Item = FlowId>) -> Vec<ActionId> {
        distinct(flows.flat_map(|flow| self.actions(flow)).chain(&self.repair).copied())
    }

    /// The slots that have conditions which read this one.
    pub(crate) fn judged_by(&self, slot: SlotId) -> &[SlotId] {
        self.judged.get(&slot).map_or(&[], Vec::as_slice)
    }

    /// Whether some flow asks for a slot: only then a user may say what it holds.
    #[must_use]
    pub fn is_collected(&self, slot: SlotId) -> bool {
        self.collected.get(usize::from(slot.0)).copied().unwrap_or(false)
    }

    /// By what a slot is called.
    pub(crate) fn slot_words(&self, slot: SlotId) -> Option<&SlotWords> {
        self.slots.get(usize::from(slot.0))
    }

    fn postings(&self, term: u64) -> &[Posting] {
        self.terms.get(&term).and_then(|at| self.postings.get(at.clone())).unwrap_or(&[])
    }
}

fn sayings(flow: &Flow) -> Vec<Vec<u64>> {
    let terms = |text: &str| {
        let words = Words::of(text).terms.into_iter();
        words.filter(|(term, _)| !is_request_word(term)).map(|(_, hashed)| hashed).collect()
    };
    [flow.name.as_str(), &flow.description]
        .into_iter()
        .chain(flow.triggers.iter().map(String::as_str))
        .map(terms)
        .collect()
}

/// The terms of what is said of a flow, with the greatest weight of each, and whether it is about the flow itself.
fn describe(program: &Program, flow: &Flow) -> HashMap<u64, (f32, bool)> {
    let mut terms: HashMap<u64, (f32, bool)> = HashMap::new();
    let mut add = |text: &str, weight: f32, names: bool| {
        for_each_term(text, |term| {
            if !is_function_word(term) {
                let known = terms.entry(hash(term)).or_insert((0.0, false));
                *known = (known.0.max(weight), known.1 || names);
            }
        });
    };
    add(&flow.name, OF_FLOW, true);
    add(&flow.description, OF_FLOW, true);
    for trigger in &flow.triggers {
        add(trigger, OF_FLOW, true);
    }
    for slot in flow.reaches.iter().filter_map(|slot| program.slot(*slot)).filter(|slot| !slot.internal) {
        add(&slot.name, OF_SLOT, false);
        add(&slot.description, OF_SLOT_DESCRIPTION, false);
        let Kind::Category { options } = &slot.kind else { continue };
        for option in options {
            for text in option.synonyms.iter().map(String::as_str).chain([option.value.as_str()]) {
                // A bare number, yes and no stand in every other message.
                if text.chars().any(char::is_alphabetic) && !matches!(&*text.to_lowercase(), "true" | "false" | "none")
                {
                    add(text, OF_OPTION, false);
                }
            }
        }
    }
    terms
}

fn kin(described: &[HashMap<u64, (f32, bool)>], rarity: impl Fn(&u64) -> f32) -> Vec<Vec<(FlowId, f32)>> {
    let weighed: Vec<HashMap<u64, f32>> = described
        .iter()
        .map(|terms| terms.iter().map(|(term, (weight, _))| (*term, weight * rarity(term))).collect())
        .collect();
    let length = |terms: &HashMap<u64, f32>| terms.values().map(|weight| weight * weight).sum::<f32>().sqrt();
    let lengths: Vec<f32> = weighed.iter().map(length).collect();
    let like = |(a, b): (usize, usize)| -> f32 {
        let (Some(one), Some(other)) = (weighed.get(a), weighed.get(b)) else { return 0.0 };
        let dot: f32 = one.iter().filter_map(|(term, weight)| Some(weight * other.get(term)?)).sum();
        let (Some(x), Some(y)) = (lengths.get(a), lengths.get(b)) else { return 0.0 };
        if dot > 0.0 { dot / (x * y) } else { 0.0 }
    };
    (0..described.len())
        .map(|a| {
            let others = (0..described.len()).filter(|b| *b != a);
            let mut others: Vec<(FlowId, f32)> =
                others.filter_map(|b| Some((FlowId(u16::try_from(b).ok()?), like((a, b))))).collect();
            others.retain(|(_, like)| *like > 0.0);
            others.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            others.truncate(MOST_KIN);
            others
        })
        .collect()
}

fn distinct(actions: impl Iterator<Item = ActionId>) -> Vec<ActionId> {
    let mut actions: Vec<ActionId> = actions.collect();
    actions.sort();
    actions.dedup();
    actions
}

/// For each slot, those whose conditions read it.
fn judged(program: &Program) -> HashMap<SlotId, Vec<SlotId>> {
    let mut judged: HashMap<SlotId, Vec<SlotId>> = HashMap::new();
    for (id, slot) in (0..=u16::MAX).map(SlotId).zip(&program.slots) {
        for name in slot.validators.iter().flat_map(|validator| validator.condition.reads()) {
            let Some(read) = program.slot_named(slot.flow, name).filter(|read| *read != id && name != "value") else {
                continue;
            };
            let by = judged.entry(read).or_default();
            if !by.contains(&id) {
                by.push(id);
            }
        }
    }
    judged
}

fn actions(program: &Program, flow: usize) -> Vec<ActionId> {
    let (mut seen, mut open, mut actions) = (vec![false; program.flows.len()], vec![flow], Vec::new());
    while let Some(at) = open.pop() {
        let Some(first) = seen.get_mut(at).filter(|seen| !**seen) else { continue };
        *first = true;
        for op in program.flows.get(at).into_iter().flat_map(|flow| &flow.ops) {
            match op {
                Op::Action { action, .. } if !actions.contains(action) => actions.push(*action),
                Op::Call { flow, .. } | Op::Link(flow) => open.push(usize::from(flow.0)),
                _ => {}
            }
        }
    }
    actions.sort();
    actions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_words_are_in_order() {
        assert!(REQUEST_WORDS.is_sorted());
        assert!(is_request_word("find") && !is_request_word("flight"));
    }

    #[test]
    fn words_are_distinct_and_few() {
        let words = Words::of(&"a flight to fly a Flight ".repeat(100_000));
        assert!(words.terms.len() <= 4);
        let words = Words::of(&(0..10_000).map(|n| format!("w{n} ")).collect::<String>());
        assert_eq!(words.terms.len(), MOST_TERMS);
    }
}
