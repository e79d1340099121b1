//! Values in a message, and which slot each belongs to: by labels ("the origin is Madrid"), by kind (a date for the slot that
//! holds one), by prepositions ("from Madrid"), and what is left for the slot that was asked.

use std::ops::Range;

use smol_str::SmolStr;

use super::phrases::{CARRIERS, COPULA, DETERMINERS, MODALS, TRAILERS, VERBS};
use super::role::{Language, Role};
use super::said::Said;
use crate::kind::Kind;
use crate::normalize::{Locale, Message};
use crate::program::{FlowId, Slot, SlotId};
use crate::scope::{Reason, SlotWords};
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
    interrupted: bool,
    words: &'a SlotWords,
    assigned: bool,
}

impl Target<'_> {
    fn is_text(&self) -> bool {
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
    heard: &'a Heard<'a>,
    said: &'a Said<'a>,
    message: Message<'a>,
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

    fn is_taken(&self, at: usize) -> bool {
        self.taken.get(at).copied().unwrap_or(true)
    }

    fn role_behind(&self, at: usize) -> Option<Role> {
        self.roles.get(at).copied().flatten()
    }

    fn assign(&mut self, target: usize, words: Range<usize>, why: String) {
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

    /// Values that show by themselves what they are.
    fn by_kind(&mut self) {
        let mut kinds: Vec<&'a Kind> = Vec::new();
        for target in self.targets.iter().filter(|target| !target.is_text() && !target.assigned) {
            let kind = &target.slot.kind;
            if !kinds.contains(&kind) && !matches!(kind, Kind::Any | Kind::Boolean) {
                kinds.push(kind);
            }
        }
        kinds.sort_by_key(|kind| order(kind));
        let digits =
            self.said.words.iter().filter(|word| word.folded.starts_with(|c: char| c.is_ascii_digit())).count();
        let mut claimed: Vec<Range<usize>> = Vec::new();
        if digits > 0 && kinds.iter().any(|kind| is_number(kind)) {
            // The digits of dates and times are no numbers of their own.
            for kind in [Kind::Date, Kind::Time].iter().filter(|kind| !kinds.contains(kind)) {
                claimed.extend(self.spans(kind).into_iter().filter(|words| words.len() > 1));
            }
        }
        // "Tomorrow at 8 pm" is a day and a time.
        let mut days: Vec<Range<usize>> = Vec::new();
        for kind in kinds {
            let mut spans = self.spans(kind);
            spans = spans.into_iter().map(|words| self.without_count(kind, words)).collect();
            spans.retain(|words| !words.is_empty());
            let free = |words: &Range<usize>| {
                !words.clone().any(|at| self.is_taken(at)) && !claimed.iter().any(|claim| overlap(claim, words))
            };
            spans.retain(|words| free(words) || *kind == Kind::Time && days.contains(words));
            if *kind == Kind::Date {
                days.clone_from(&spans);
            }
            let asked = self.targets.iter().any(|target| target.asked && target.slot.kind == *kind);
            spans.retain(|words| asked || self.is_plain(kind, words));
            self.share_out(kind, spans);
        }
    }

    /// Whether words are a value though nothing asked for one: not `now` as a day, not `one` as a number that counts nothing named, and
    /// not the number of what another slot counts.
    fn is_plain(&self, kind: &Kind, words: &Range<usize>) -> bool {
        let text = self.said.text_of(words.clone());
        if matches!(kind, Kind::Date | Kind::Time | Kind::DateTime) {
            return !matches!(self.said.word(words.end - 1), "now" | "jetzt" | "ahora" | "maintenant");
        }
        if !is_number(kind)
            || !matches!(kind, Kind::Category { .. }) && !matches!(kind, Kind::Integer | Kind::Number | Kind::Ordinal)
        {
            return true;
        }
        let figure = text.chars().any(|c| c.is_ascii_digit());
        let category = matches!(kind, Kind::Category { options } if options.iter().any(|option| !option.value.starts_with(|c: char| c.is_ascii_digit())));
        let counted = self.named(words.end..words.end + 1).map(|(at, _)| at);
        match counted.and_then(|at| self.targets.get(at)) {
            Some(target) => target.slot.kind == *kind,
            None => {
                category
                    || figure
                    || self.counts_nothing(words)
                    || self
                        .targets
                        .iter()
                        .any(|target| target.slot.kind == *kind && self.affinity(words, target) >= 1.0)
            }
        }
    }

    /// Whether a number in words stands for itself, as in "a table for four tomorrow": nothing behind it could be what it counts. `One` may
    /// be no number.
    fn counts_nothing(&self, words: &Range<usize>) -> bool {
        let single =
            ["one", "ein", "eine", "einen", "eins", "un", "una", "une", "uno"].contains(&self.said.word(words.start));
        let behind = words.end;
        let ends =
            behind >= self.said.clause_end(words.start) || self.is_taken(behind) || self.role_behind(behind).is_some();
        !single && ends && self.stands_behind_for(words.start)
    }

    fn stands_behind_for(&self, at: usize) -> bool {
        at.checked_sub(1).is_some_and(|before| matches!(self.said.word(before), "for" | "fur" | "para" | "pour"))
    }

    /// "For two tonight" is no hour where something is counted.
    fn without_count(&self, kind: &Kind, words: Range<usize>) -> Range<usize> {
        let counted = |target: &Target<'_>| target.slot.kind == Kind::Integer && !target.assigned;
        let number = words.start..words.start + 1;
        if !matches!(kind, Kind::Date | Kind::Time | Kind::DateTime)
            || !self.stands_behind_for(words.start)
            || !self.targets.iter().any(counted)
            || !self.spans(&Kind::Integer).contains(&number)
        {
            return words;
        }
        let rest = number.end..words.end;
        let found = self.heard.normalizer.find(kind, self.said.text_of(rest.clone()), self.heard.reading);
        if found.is_empty() { rest.end..rest.end } else { rest }
    }

    fn spans(&self, kind: &Kind) -> Vec<Range<usize>> {
        let found = self.message.find(kind);
        found.iter().map(|found| self.said.words_of(&found.span)).filter(|words| !words.is_empty()).collect()
    }

    /// Gives values of one kind to the slots of that kind, the plainest first.
    fn share_out(&mut self, kind: &Kind, mut spans: Vec<Range<usize>>) {
        loop {
            let open: Vec<usize> = (0..self.targets.len())
                .filter(|at| {
                    let free = |target: &Target<'_>| !target.assigned && !target.interrupted;
                    self.targets.get(*at).is_some_and(|target| free(target) && target.slot.kind == *kind)
                })
                .collect();
            let only = open.len() == 1;
            let mut best: Option<(usize, usize, f32, f32)> = None;
            for (span, words) in spans.iter().enumerate() {
                for &target in &open {
                    let Some((affinity, state)) = self.targets.get(target).map(|known| {
                        (
                            self.affinity(words, known),
                            f32::from(u8::from(known.asked)) * 2.0 + f32::from(u8::from(!known.filled)),
                        )
                    }) else {
                        continue;
                    };
                    if affinity == 0.0 && state == 0.0 && !only {
                        continue;
                    }
                    let score = affinity * 4.0 + state;
                    if best.is_none_or(|(_, _, known, _)| score > known) {
                        best = Some((span, target, score, affinity));
                    }
                }
            }
            let Some((span, target, _, affinity)) = best else { break };
            let words = spans.remove(span);
            let how = if affinity > 0.0 { "named beside it" } else { "of its kind" };
            self.assign(target, words, format!("a {}, {how}", kind.name()));
            if spans.is_empty() {
                break;
            }
        }
    }

    /// How plainly the words around a value name a slot.
    fn affinity(&self, words: &Range<usize>, target: &Target<'_>) -> f32 {
        let near = |at: usize, distance: usize| {
            let word = self.said.word(at);
            let weight = if self.is_taken(at) || word.len() < 3 {
                0.0
            } else if has(&target.words.name, word) {
                2.0
            } else if has(&target.words.description, word) {
                1.0
            } else {
                0.0
            };
            weight / distance as f32
        };
        let before: f32 = (1..=4).filter_map(|distance| Some(near(words.start.checked_sub(distance)?, distance))).sum();
        let after: f32 = (1..=2).map(|distance| near(words.end + distance - 1, distance)).sum();
        let behind = words.start.checked_sub(1).and_then(|at| self.role_behind(at));
        let role = f32::from(u8::from(behind.is_some_and(|role| role == target.role && role != Role::None)));
        before + after + role
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

/// Whether a word is among others, in this form or with another ending.
fn has(words: &[SmolStr], word: &str) -> bool {
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

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

fn is_number(kind: &Kind) -> bool {
    matches!(kind, Kind::Integer | Kind::Number | Kind::Ordinal | Kind::Percent | Kind::Category { .. } | Kind::Money)
}

/// Kinds that say more come first, so that the digits of a date are no number.
fn order(kind: &Kind) -> usize {
    match kind {
        Kind::Email | Kind::Url => 0,
        Kind::DateTime
        | Kind::DateTimeRange
        | Kind::Recurrence
        | Kind::DateRange
        | Kind::TimeRange
        | Kind::NumberRange => 1,
        Kind::Date => 2,
        Kind::Time | Kind::Duration => 3,
        Kind::Money | Kind::Percent | Kind::Age | Kind::Dimension | Kind::Temperature => 4,
        Kind::Phone => 5,
        Kind::Category { .. } => 6,
        Kind::Ordinal => 7,
        _ => 8,
    }
}
