//! Values that show by their kind where they belong: a date for the slot that holds one.

use std::ops::Range;

use super::role::Role;
use super::values::{Target, Values};
use crate::kind::Kind;
use crate::scope::has;

impl<'a> Values<'a> {
    /// Values that show by themselves what they are.
    pub(super) fn by_kind(&mut self) {
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
