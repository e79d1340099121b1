//! Values in a message, and which slot each belongs to: by labels ("the origin is Madrid"), by kind (`kinds`: a date for the slot that
//! holds one), by prepositions ("from Madrid"), and what is left for the slot that was asked.

use std::ops::Range;

use super::phrases::{CARRIERS, COPULA, DETERMINERS, MODALS, TRAILERS, VERBS};
use super::role::{Language, Role};
use super::said::Said;
use crate::kind::Kind;
use crate::normalize::{Locale, Message};
use crate::program::{FlowId, Slot, SlotId};
use crate::scope::{Reason, SlotWords, has};
use crate::understand::Heard;

/// The most words of a label.
const LONGEST_LABEL: usize = 4;
/// The most words of a name behind a preposition.
const LONGEST_NAME: usize = 6;

/// A slot that values may belong to.
pub(super) struct Target<'a> {
    pub(super) id: SlotId,
    pub(super) slot: &'a Slot,
    pub(super) role: Role,
    pub(super) filled: bool,
    pub(super) asked: bool,
    /// Whether it belongs to an interrupted flow: only what names it is its.
    pub(super) interrupted: bool,
    pub(super) words: &'a SlotWords,
    pub(super) assigned: bool,
}

impl Target<'_> {
    pub(super) fn is_text(&self) -> bool {
        matches!(self.slot.kind, Kind::Text | Kind::Custom { .. })
    }
}

/// A value and its slot.
#[derive(Debug, Clone)]
pub(super) struct Assigned {
    pub(super) slot: SlotId,
    pub(super) value: String,
    pub(super) why: String,
}

pub(super) struct Values<'a> {
    pub(super) heard: &'a Heard<'a>,
    pub(super) said: &'a Said<'a>,
    pub(super) message: Message<'a>,
    pub(super) targets: Vec<Target<'a>>,
    taken: Vec<bool>,
    capitals: bool,
    /// For each word, the role of what stands behind it.
    roles: Vec<Option<Role>>,
    pub(super) assigned: Vec<Assigned>,
}

impl<'a> Values<'a> {
    /// The slots that a flow may be given; without one, those that are global. What was asked belongs to the flow that is
    /// under way, and not to one that is `started`.
    pub(super) fn new(heard: &'a Heard<'a>, said: &'a Said<'a>, focus: Option<FlowId>, started: bool) -> Self {
        let reaches = focus.and_then(|flow| heard.program.flow(flow)).map_or(&[][..], |flow| &flow.reaches);
        let asked = heard.scope.asked.filter(|_| !started);
        let mut targets = Vec::new();
        for offered in &heard.scope.slots {
            let of_focus = |id: &&SlotId| {
                reaches.contains(id)
                    || asked == Some(**id)
                    || heard.program.slot(**id).is_some_and(|slot| slot.flow.is_none())
            };
            let known = |id: &SlotId| Some((*id, heard.program.slot(*id)?, heard.index.slot_words(*id)?));
            let interrupted = offered.reason == Reason::Interrupted;
            let meant = offered.ids.iter().find(of_focus).or(offered.ids.first().filter(|_| interrupted));
            let Some((id, slot, words)) = meant.and_then(known) else { continue };
            targets.push(Target {
                id,
                slot,
                role: words.role,
                filled: heard.view.filled.contains(&id),
                asked: asked == Some(id),
                interrupted,
                words,
                assigned: false,
            });
        }
        // Capitals at the beginning and in `I` tell nothing.
        let is_name = |at: usize| said.is_upper(at) && !matches!(said.word(at), "i" | "im" | "id" | "ill" | "ive");
        let capitals = (1..said.len()).any(is_name) || said.len() <= 3 && said.has_capitals();
        let language = match heard.reading.locale {
            Locale::DeDe => Language::German,
            Locale::EsEs => Language::Spanish,
            Locale::FrFr => Language::French,
            _ => Language::English,
        };
        let roles = said.words.iter().map(|word| Role::behind(&word.folded, language)).collect();
        let message = heard.normalizer.message(said.text, heard.reading);
        Self { heard, said, message, targets, taken: vec![false; said.len()], capitals, roles, assigned: Vec::new() }
    }

    /// Leaves words out of account.
    pub(super) fn take(&mut self, words: Range<usize>) {
        if let Some(taken) = self.taken.get_mut(words.start..words.end.min(self.said.len())) {
            taken.fill(true);
        }
    }

    /// Finds what there is, in the order of how plainly it is said.
    pub(super) fn find(&mut self) {
        self.labels();
        self.by_kind();
        self.by_preposition();
    }

    pub(super) fn is_taken(&self, at: usize) -> bool {
        self.taken.get(at).copied().unwrap_or(true)
    }

    pub(super) fn role_behind(&self, at: usize) -> Option<Role> {
        self.roles.get(at).copied().flatten()
    }

    pub(super) fn assign(&mut self, target: usize, words: Range<usize>, why: String) {
        let value = self.said.text_of(words.clone()).to_owned();
        if let Some(target) = self.targets.get_mut(target)
            && !value.is_empty()
        {
            target.assigned = true;
            self.assigned.push(Assigned { slot: target.id, value, why });
            self.take(words);
        }
    }

    /// The slot that some words name, with how well they do; none when two are named as well.
    pub(super) fn named(&self, label: Range<usize>) -> Option<(usize, f32)> {
        let words: Vec<(&str, Option<Role>)> = label
            .map(|at| (self.said.word(at), self.role_behind(at)))
            .filter(|(word, _)| !DETERMINERS.contains(word))
            .collect();
        if words.is_empty() || words.len() > LONGEST_LABEL {
            return None;
        }
        let score = |target: &Target<'_>| {
            let by_name = words.iter().filter(|(word, _)| has(&target.words.name, word)).count();
            let by_description = words
                .iter()
                .filter(|(word, _)| !has(&target.words.name, word) && has(&target.words.description, word))
                .count();
            let unexplained = words.len() - by_name - by_description;
            // "The from city": words of the role stand for the name.
            let by_role =
                words.iter().filter(|(_, role)| target.role != Role::None && *role == Some(target.role)).count();
            let covered = by_name as f32 / target.words.name.len().max(1) as f32;
            if by_name + by_description + by_role == 0 {
                return 0.0;
            }
            2.0 * by_name as f32 + 0.75 * by_description as f32 + by_role as f32 + covered - unexplained as f32
        };
        // Between an open slot and one of an interrupted flow, the open one is meant.
        let rank = |target: &Target<'_>| 1 + i8::from(target.asked) - i8::from(target.interrupted);
        let mut scores: Vec<(usize, f32, i8)> = self
            .targets
            .iter()
            .enumerate()
            .map(|(at, target)| (at, score(target), rank(target)))
            .filter(|(_, score, _)| *score > 0.0)
            .collect();
        scores.sort_by(|a, b| b.1.total_cmp(&a.1).then(b.2.cmp(&a.2)));
        let best = scores.first()?;
        let rival = scores.get(1).is_some_and(|rival| rival.1 >= best.1 && best.2 < 2 && rival.2 >= best.2);
        (!rival).then_some((best.0, best.1))
    }

    /// The best label that ends before a word.
    fn label_before(&self, end: usize) -> Option<(usize, usize)> {
        let mut best: Option<(usize, usize, f32)> = None;
        for length in 1..=LONGEST_LABEL.min(end) {
            let start = end - length;
            let crosses =
                self.said.words.get(start..end - 1).is_some_and(|words| words.iter().any(|word| word.ends_clause));
            if crosses || self.is_taken(start) {
                break;
            }
            if let Some((target, score)) = self.named(start..end)
                && best.is_none_or(|(_, _, known)| score > known)
            {
                best = Some((target, start, score));
            }
        }
        best.map(|(target, start, _)| (target, start))
    }

    fn labels(&mut self) {
        let mut at = 1;
        while at < self.said.len() {
            let colon = self.said.words.get(at - 1).is_some_and(|word| word.labels);
            let copula = if colon { 0 } else { self.said.any_of(at, COPULA) };
            let named = if colon || copula > 0 { self.label_before(at) } else { None };
            if let Some((target, start)) = named
                && (colon || !self.is_asked(at))
                && let Some(value) = self.value_from(at + copula, target)
            {
                let label = self.said.text_of(start..at).to_owned();
                let articles = (0..start).rev().take_while(|at| DETERMINERS.contains(&self.said.word(*at))).count();
                let start = start - articles;
                let end = value.end;
                self.take(start..at + copula);
                self.assign(target, value, format!("named: {label}"));
                at = end;
            }
            at += 1;
        }
    }

    /// Whether the sentence that a word is in is a question, which says nothing of what a slot holds.
    fn is_asked(&self, at: usize) -> bool {
        let rest = self.said.words.get(at).and_then(|word| self.said.text.get(word.span.end..)).unwrap_or_default();
        rest.find(['?', '.', '!', '\n']).is_some_and(|end| rest.get(end..).is_some_and(|rest| rest.starts_with('?')))
    }

    /// The words of a value of a slot's kind that begins at a word or soon after it.
    pub(super) fn value_from(&self, start: usize, target: usize) -> Option<Range<usize>> {
        let target = self.targets.get(target)?;
        let end = self.said.clause_end(start);
        if start >= self.said.len() {
            return None;
        }
        if !target.is_text() {
            let from = self.said.words.get(start)?.span.start;
            let text = self.said.text.get(from..)?;
            let found = self.heard.normalizer.find(&target.slot.kind, text, self.heard.reading);
            let spans = found.iter().map(|found| self.said.words_of(&(found.span.start + from..found.span.end + from)));
            if let Some(words) = spans.into_iter().find(|words| words.start < end && !words.is_empty()) {
                return Some(words);
            }
        }
        let next = (start + 1..end).find(|at| {
            let joins = matches!(self.said.word(*at), "and" | "und" | "y" | "et" | "but");
            joins && (DETERMINERS.contains(&self.said.word(at + 1)) || self.named(at + 1..at + 2).is_some())
        });
        let words = self.trimmed(start..next.unwrap_or(end));
        (!words.is_empty()).then_some(words)
    }

    fn by_preposition(&mut self) {
        let mut at = 0;
        while at < self.said.len() {
            let role = if self.is_taken(at) { None } else { self.role_behind(at) };
            let next = match role.filter(|role| *role != Role::None) {
                Some(role) => self.name_behind(at).and_then(|words| Some((self.target_of(role, &words)?, words))),
                None => None,
            };
            if let Some((target, words)) = next {
                let why = format!("behind “{}”", self.said.word(at));
                let end = words.end;
                self.take(at..at + 1);
                self.assign(target, words, why);
                at = end;
            } else {
                at += 1;
            }
        }
    }

    /// The name behind a preposition, if it is one.
    fn name_behind(&self, preposition: usize) -> Option<Range<usize>> {
        let mut start = preposition + 1;
        while DETERMINERS.contains(&self.said.word(start)) && !self.said.is_upper(start) {
            start += 1;
        }
        let word = self.said.word(start);
        let ends = self.said.words.get(preposition).is_none_or(|word| word.ends_clause);
        if ends
            || word.is_empty()
            || self.is_taken(start)
            || self.role_behind(start).is_some() && !self.said.is_upper(start)
        {
            return None;
        }
        let is_name = self.said.is_upper(start) || word.starts_with(|c: char| c.is_ascii_digit());
        if !is_name && (self.capitals || VERBS.contains(&word)) {
            return None;
        }
        let clause = self.said.clause_end(start).min(start + LONGEST_NAME);
        let goes_on = |at: &usize| {
            let word = self.said.word(*at);
            let small = matches!(
                word,
                "of" | "de"
                    | "del"
                    | "la"
                    | "las"
                    | "los"
                    | "le"
                    | "les"
                    | "am"
                    | "an"
                    | "der"
                    | "upon"
                    | "du"
                    | "da"
                    | "do"
            );
            let name = self.said.is_upper(*at)
                || small && self.said.is_upper(at + 1)
                || word.starts_with(|c: char| c.is_ascii_digit());
            !self.is_taken(*at)
                && if self.capitals && is_name {
                    name
                } else {
                    self.role_behind(*at).is_none() && !TRAILERS.contains(&word) && !VERBS.contains(&word)
                }
        };
        let end = (start + 1..clause).find(|at| !goes_on(at)).unwrap_or(clause);
        // "At a restaurant" names what a slot is for, and no value of it.
        let names_slot = !is_name
            && (start..end).all(|at| self.targets.iter().any(|target| has(&target.words.name, self.said.word(at))));
        let wanting = matches!(self.said.word(preposition), "to")
            && preposition > 0
            && MODALS.contains(&self.said.word(preposition - 1));
        (!names_slot && (is_name || !wanting)).then_some(start..end)
    }

    /// The slot that a value of a role belongs to.
    fn target_of(&self, role: Role, words: &Range<usize>) -> Option<usize> {
        // Where names have capitals, "at the moment" is no place, unless a place was asked for.
        let plain = self.said.is_upper(words.start) || !self.said.has_capitals();
        let free = |target: &Target<'_>| target.is_text() && !target.assigned && !target.interrupted;
        let open = move || self.targets.iter().enumerate().filter(move |(_, target)| free(target));
        let of_role =
            || open().filter(|(_, target)| target.role == role && (plain || target.asked || role != Role::At));
        let best = of_role()
            .find(|(_, target)| target.asked)
            .or_else(|| of_role().find(|(_, target)| !target.filled))
            .or_else(|| of_role().next());
        // Where no slot has the role, a place is meant by it, or what was asked.
        let place = || {
            open()
                .find(|(_, target)| target.role == Role::At && (role == Role::To || role == Role::At) && !target.filled)
        };
        let asked = || open().find(|(_, target)| target.asked && matches!(target.role, Role::At | Role::None));
        best.or_else(asked).or_else(|| place().filter(|_| plain)).map(|(at, _)| at)
    }

    /// What is left of the message for one slot: all of it, without the words that carry an answer. `whole`: whether nothing else may
    /// have been said.
    pub(super) fn rest_for(&mut self, slot: SlotId, words: Range<usize>, why: &str) -> bool {
        let Some(target) = self.targets.iter().position(|target| target.id == slot && !target.assigned) else {
            return false;
        };
        let first = words.clone().find(|at| self.is_taken(*at)).unwrap_or(words.end);
        let whole = first == words.end;
        let mut rest = self.trimmed(words.start..first);
        while !whole && rest.end > rest.start && self.role_behind(rest.end - 1).is_some() {
            rest.end -= 1;
        }
        let short = whole || rest.len() <= 4 && (!self.capitals || self.said.is_upper(rest.start));
        let says_nothing = |at: usize| DETERMINERS.contains(&self.said.word(at)) || self.said.any(at, CARRIERS) > 0;
        if rest.is_empty() || !short || !whole && rest.clone().all(says_nothing) {
            return false;
        }
        self.assign(target, rest, why.to_owned());
        true
    }

    /// Without the words that carry an answer, at both ends; never without any word.
    pub(super) fn trimmed(&self, mut words: Range<usize>) -> Range<usize> {
        loop {
            let length = self.said.any(words.start, CARRIERS);
            let article = DETERMINERS.contains(&self.said.word(words.start))
                && self.said.is_upper(words.start)
                && self.said.is_upper(words.start + 1);
            if length == 0 || words.start + length >= words.end || article {
                break;
            }
            words.start += length;
        }
        loop {
            let ends = (1..=3.min(words.len().saturating_sub(1))).rev();
            let Some(length) = ends.into_iter().find(|length| self.said.any(words.end - length, TRAILERS) == *length)
            else {
                break;
            };
            words.end -= length;
        }
        words
    }
}
