//! How many chunks hold a term. Counting goes through all of them, so what was counted is remembered until the index of
//! terms changes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use ninefold_core::Result;
use rusqlite::Connection;
use smol_str::SmolStr;

use super::failure::Fault;
use super::filter::Visible;

/// The most that is remembered, in bytes of terms and of sets of label sets, with as much again for each as its number takes.
const REMEMBERED: usize = 1 << 20;
/// What a count takes beside its term, about.
const COUNT: usize = 48;

/// The counts of one state of the index.
#[derive(Debug, Default)]
struct Counts {
    /// FTS5's record of the segments that the index consists of: a write adds a segment with a new number or counts in an
    /// old one what was taken out of it, whichever process writes, and making the index anew raises the record's own
    /// number (see [`super::chunks::rebuild_terms`]). So no two states have the same record.
    index: Vec<u8>,
    /// Per set of label sets, as JSON; empty for all.
    counts: HashMap<SmolStr, HashMap<SmolStr, u64>>,
    held: usize,
}

/// The counts that the readers of a file share.
#[derive(Debug, Default)]
pub(super) struct Vocabulary(Mutex<Counts>);

impl Vocabulary {
    /// How many visible chunks hold each of the terms, as of the connection's snapshot.
    pub(super) fn frequencies(
        &self,
        connection: &Connection,
        visible: &Visible,
        terms: &[SmolStr],
    ) -> Result<Vec<u64>, Fault> {
        const STRUCTURE: i64 = 10;
        let mut select = connection.prepare_cached("SELECT block FROM terms_data WHERE id = ?1")?;
        let index: Vec<u8> = select.query_row([STRUCTURE], |row| row.get(0))?;
        let seen = visible.label_sets().unwrap_or_default();
        let known: Vec<Option<u64>> = {
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if counts.index != index || counts.held > REMEMBERED {
                *counts = Counts { index: index.clone(), ..Counts::default() };
            }
            let counted = counts.counts.get(seen);
            terms.iter().map(|term| counted?.get(term).copied()).collect()
        };
        let mut new = Vec::new();
        let mut frequencies = Vec::with_capacity(terms.len());
        for (term, known) in terms.iter().zip(known) {
            let count = match known {
                Some(count) => count,
                None => {
                    let count = visible.frequency(connection, term)?;
                    new.push((term.clone(), count));
                    count
                }
            };
            frequencies.push(count);
        }
        if !new.is_empty() {
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Another search may have seen another state meanwhile.
            if counts.index == index {
                let terms: usize = new.iter().map(|(term, _)| term.len() + COUNT).sum();
                let set = if counts.counts.contains_key(seen) { 0 } else { seen.len() + COUNT };
                counts.held += terms + set;
                counts.counts.entry(seen.into()).or_default().extend(new);
            }
        }
        Ok(frequencies)
    }
}
