//! Corrections: another value for a slot, or none any more.

use std::ops::Range;

use super::phrases::{CHANGE, CLEAR, CORRECTION, INTO, POLITE};
use super::said::{Said, folded};
use super::values::Values;
use crate::program::SlotId;
use crate::scope::OfferedSlot;
use crate::understand::Heard;

/// How far from the beginning a verb of changing may stand.
const LATEST_VERB: usize = 6;

/// What a message changes.
pub(super) enum Change {
    /// This slot is to have the value in these words.
    To(SlotId, Range<usize>, &'static str),
    /// This slot is to have no value, so that it is asked for again.
    Clear(SlotId, &'static str),
}

/// "Change the date to Friday", "clear the date", "not Madrid but Lisbon". Takes what it has read from what else is looked at.
pub(super) fn change(heard: &Heard<'_>, said: &Said<'_>, values: &mut Values<'_>) -> Option<Change> {
    if let Some(change) = swapped(heard, said) {
        return Some(change);
    }
    for at in 0..said.len().min(LATEST_VERB) {
        let (clears, changes) = (said.any(at, CLEAR), said.any(at, CHANGE));
        let length = clears.max(changes);
        let negated = at > 0 && matches!(said.word(at - 1), "dont" | "not" | "never" | "nicht" | "no" | "ne");
        if length == 0 || negated {
            continue;
        }
        let start = at + length;
        let end = said.clause_end(start.min(said.len().saturating_sub(1))).min(start + 6);
        let into = (start + 1..end).find(|at| changes > 0 && INTO.contains(&said.word(*at)));
        let label = start..into.unwrap_or(end);
        let Some((target, score)) = named(values, &label) else { continue };
        let Some(slot) = values.targets.get(target).map(|target| target.id) else { continue };
        if score < 1.0 {
            continue;
        }
        match into {
            Some(into) => {
                let words = values.value_from(into + 1, target)?;
                values.take(0..words.end);
                return Some(Change::To(slot, words, "change … to"));
            }
            None if clears > 0 => return Some(Change::Clear(slot, "clear it")),
            None if values.targets.get(target).is_some_and(|target| target.filled) && covers(said, start, end) => {
                return Some(Change::Clear(slot, "change it, without a value"));
            }
            None => {}
        }
    }
    None
}

/// A label without the politeness behind it.
fn named(values: &Values<'_>, label: &Range<usize>) -> Option<(usize, f32)> {
    (label.start + 1..=label.end).rev().find_map(|end| values.named(label.start..end))
}

fn covers(said: &Said<'_>, start: usize, end: usize) -> bool {
    end == said.len()
        || said.any(end, POLITE) > 0
        || said.words.get(end - 1).is_some_and(|word| word.ends_clause) && end > start
}

/// "Not Madrid but Lisbon", "Lisbon, not Madrid", "Lisbon instead of Madrid": what was said is replaced.
fn swapped(heard: &Heard<'_>, said: &Said<'_>) -> Option<Change> {
    let cut = |words: &[&str], from: usize| (from..said.len()).find(|at| words.contains(&said.word(*at)));
    let slot_of = |words: &Range<usize>| {
        let old = folded(said.text_of(words.clone()));
        let same = |value: &str| !old.is_empty() && folded(value) == old;
        let held = |slots: &[OfferedSlot]| {
            let visible = |slot: &SlotId| slots.iter().any(|offered| offered.ids.contains(slot));
            heard.values.iter().find(|(slot, value)| visible(slot) && same(value)).map(|(slot, _)| *slot)
        };
        held(&heard.scope.slots).or_else(|| held(&heard.scope.interrupted))
    };
    let negations = ["not", "nicht", "no", "pas"];
    if let Some(but) = cut(&["but", "sondern", "sino", "mais"], 1)
        && let Some(not) = (0..but).rev().find(|at| negations.contains(&said.word(*at)))
        && let Some(slot) = slot_of(&(not + 1..but))
    {
        return Some(Change::To(slot, but + 1..said.clause_end(but + 1), "not … but"));
    }
    let clause_start = |end: usize| {
        (0..end.saturating_sub(1))
            .rev()
            .find(|at| said.words.get(*at).is_some_and(|word| word.ends_clause))
            .map_or(0, |at| at + 1)
    };
    if let Some(instead) = cut(&["instead"], 1)
        && said.word(instead + 1) == "of"
        && let Some(slot) = slot_of(&(instead + 2..said.clause_end(instead + 2)))
    {
        return Some(Change::To(slot, clause_start(instead)..instead, "instead of"));
    }
    let not = cut(&["not", "nicht", "pas"], 1)?;
    let slot = slot_of(&(not + 1..said.clause_end(not + 1)))?;
    Some(Change::To(slot, clause_start(not)..not, "…, not"))
}

/// Where the words begin that stand behind what begins a correction; none where nothing does.
pub(super) fn marker(said: &Said<'_>, from: usize) -> Option<usize> {
    let mut at = from;
    let mut marked = false;
    while at < said.len() {
        let correction = said.any(at, CORRECTION);
        let skipped = correction.max(said.any(at, POLITE));
        if skipped == 0 {
            break;
        }
        marked |= correction > 0;
        at += skipped;
    }
    // "Lisbon, actually" and "Lisbon instead".
    let last = said.len().saturating_sub(1);
    let behind = last > from && matches!(said.word(last), "instead" | "actually" | "rather" | "stattdessen");
    (marked || behind).then_some(at.min(last))
}
