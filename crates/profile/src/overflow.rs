//! The spans of a run past the first [`MAX_SPANS`]. Each has a record of its own while it is open; when it is closed, that
//! is added to the record of all spans of its name and label below the same parent. So memory is bounded however many
//! spans a run makes, and times, tokens and failures still add up.

use std::collections::HashMap;

use smol_str::SmolStr;

use crate::run_tree::{MAX_SPANS, Position};
use crate::span_record::{Outcome, SpanRecord};

/// The most kinds of spans that are told apart past the limit.
pub(crate) const MAX_GROUPS: usize = 1_000;

/// The most spans past the limit that may be open at once.
pub(crate) const MAX_OPEN: usize = 4_096;

/// The first position of a span that is open.
const FIRST_SLOT: usize = MAX_SPANS + MAX_GROUPS;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Overflow {
    /// The index of each group's record.
    groups: HashMap<Kind, u32>,
    /// Until when the spans of each group cover the time without a gap that is not counted.
    covered_until: HashMap<u32, u64>,
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Kind {
    parent: Option<u32>,
    name: SmolStr,
    label: SmolStr,
}

#[derive(Debug)]
struct Slot {
    record: SpanRecord,
    group: u32,
}

/// A position among the open spans.
fn slot_of(index: u32) -> Option<usize> {
    (index as usize).checked_sub(FIRST_SLOT)
}

impl Overflow {
    /// Takes an open span; `records` gets a record for its group if it has none. `None` when there is no room.
    pub(crate) fn open(
        &mut self,
        records: &mut Vec<SpanRecord>,
        parent: Option<u32>,
        record: &mut SpanRecord,
    ) -> Option<Position> {
        let group = self.group(records, parent, record)?;
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None if self.slots.len() < MAX_OPEN => {
                self.slots.push(None);
                u32::try_from(self.slots.len() - 1).ok()?
            }
            None => return None,
        };
        *self.slots.get_mut(slot as usize)? = Some(Slot { record: std::mem::take(record), group });
        Some(Position::At(u32::try_from(FIRST_SLOT).ok()?.checked_add(slot)?))
    }

    /// The record of an open span; `None` for the position of any other.
    pub(crate) fn record(&mut self, index: u32) -> Option<&mut SpanRecord> {
        Some(&mut self.slots.get_mut(slot_of(index)?)?.as_mut()?.record)
    }

    /// Adds an open span to its group; says whether it was one.
    pub(crate) fn close(&mut self, records: &mut [SpanRecord], index: u32) -> bool {
        let Some(slot) = slot_of(index) else { return false };
        let Some(Slot { record, group }) = self.slots.get_mut(slot).and_then(Option::take) else { return false };
        self.free.extend(u32::try_from(slot));
        self.add(records, group, &record);
        true
    }

    /// Adds a span that was closed elsewhere; gives the index of its group's record.
    pub(crate) fn add_closed(
        &mut self,
        records: &mut Vec<SpanRecord>,
        parent: Option<u32>,
        record: &SpanRecord,
    ) -> Option<u32> {
        let group = self.group(records, parent, record)?;
        self.add(records, group, record);
        Some(group)
    }

    /// Ends what is still open at `now`: a span that others are open below has ended when it was last left. Gives how
    /// many ended only now, and the positions of spans that have an open one below.
    pub(crate) fn finish(&mut self, records: &mut [SpanRecord], now: u64) -> (u64, Vec<u32>) {
        let open: Vec<Slot> = self.slots.drain(..).flatten().collect();
        let parent = |slot: &Slot| records.get(slot.group as usize).and_then(|group| group.parent);
        let around: Vec<u32> = open.iter().filter_map(parent).collect();
        let mut detached = 0;
        for Slot { mut record, group } in open {
            if !around.contains(&group) || record.entered.is_none() {
                record.end = now;
                detached += u64::from(!around.contains(&group));
                if let Some(group) = records.get_mut(group as usize) {
                    group.open = true;
                }
            }
            self.add(records, group, &record);
        }
        (detached, around)
    }

    /// The index of the record for spans like this one.
    fn group(&mut self, records: &mut Vec<SpanRecord>, parent: Option<u32>, like: &SpanRecord) -> Option<u32> {
        let parent = match parent.and_then(slot_of) {
            Some(slot) => Some(self.slots.get(slot)?.as_ref()?.group),
            // An id that another subscriber gave out may look like that of a span that is yet to come.
            None => parent.filter(|parent| (*parent as usize) < records.len()),
        };
        let kind = Kind { parent, name: like.name.clone(), label: like.label.clone() };
        if let Some(group) = self.groups.get(&kind) {
            return Some(*group);
        }
        if self.groups.len() == MAX_GROUPS {
            return None;
        }
        let index = u32::try_from(records.len()).ok()?;
        records.push(SpanRecord::group_of(kind.name.clone(), kind.label.clone(), parent, like.start));
        self.groups.insert(kind, index);
        Some(index)
    }

    fn add(&mut self, records: &mut [SpanRecord], index: u32, one: &SpanRecord) {
        let Some(all) = records.get_mut(index as usize) else { return };
        all.start = all.start.min(one.start);
        all.entered = match (all.entered, one.entered) {
            (Some(first), Some(entered)) => Some(first.min(entered)),
            (first, entered) => first.or(entered),
        };
        all.end = all.end.max(one.end);
        all.busy = all.busy.saturating_add(one.busy);
        let until = self.covered_until.entry(index).or_insert(0);
        let more = all.more();
        // Tries beyond the first, and the one that all have.
        more.attempts = more.attempts.max(1).saturating_add(one.attempts().saturating_sub(1));
        more.hits = one.hits().map(|hits| more.hits.unwrap_or(0).saturating_add(hits)).or(more.hits);
        if more.error_type.is_empty() {
            more.error_type = one.error_type();
        }
        more.usage.add(&one.usage());
        more.saved_ns = more.saved_ns.saturating_add(one.more.as_ref().map_or(0, |more| more.saved_ns));
        let group = more.group.get_or_insert_default();
        let inner = one.group();
        group.count = group.count.saturating_add(inner.map_or(1, |inner| inner.count));
        let covered = one.end.saturating_sub(one.start.max(*until));
        group.covered_ns =
            group.covered_ns.saturating_add(inner.map_or(covered, |inner| inner.covered_ns.min(covered)));
        *until = one.end.max(*until);
        match inner {
            Some(inner) => group.add_outcomes(&inner),
            None => group.count_outcome(one.outcome()),
        }
        all.outcome = [(Outcome::Failed, group.failed), (Outcome::Cancelled, group.cancelled)]
            .into_iter()
            .find_map(|(outcome, n)| (n > 0).then_some(outcome));
    }
}
