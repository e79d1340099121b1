//! The terms of one chunk in a few bytes, kept beside its text: re-ranking a candidate reads these instead of cutting
//! its text into terms again.
//!
//! Per distinct term six bytes: 32 bits of FNV-1a over the term, little end first, then its frequency in the title and
//! in the body; ascending by hash. Two terms of one chunk with one hash (one pair in four thousand million) count as
//! one term.

use std::collections::HashMap;

use crate::rank::{Frequency, Stream};

const ENTRY: usize = 6;

/// Counts the terms of a chunk.
#[derive(Default)]
pub(crate) struct Counter(HashMap<u32, Frequency>);

impl Counter {
    /// Counts one term.
    pub(crate) fn count(&mut self, stream: Stream, term: &str) {
        self.0.entry(hash(term)).or_default().count(stream);
    }

    /// The vector of what was counted.
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut entries: Vec<(u32, Frequency)> = self.0.into_iter().collect();
        entries.sort_unstable_by_key(|&(hash, _)| hash);
        let mut vector = Vec::with_capacity(entries.len() * ENTRY);
        for (hash, frequency) in entries {
            vector.extend_from_slice(&hash.to_le_bytes());
            vector.extend_from_slice(&[frequency.title, frequency.body]);
        }
        vector
    }
}

/// What a vector says about the term with this hash.
pub(crate) fn frequency(vector: &[u8], hash: u32) -> Option<Frequency> {
    let (entries, _) = vector.as_chunks::<ENTRY>();
    let place = entries.binary_search_by_key(&hash, |&[a, b, c, d, _, _]| u32::from_le_bytes([a, b, c, d])).ok()?;
    entries.get(place).map(|&[_, _, _, _, title, body]| Frequency { title, body })
}

/// The hash by which a vector knows a term: FNV-1a, 32 bits.
pub(crate) fn hash(term: &str) -> u32 {
    term.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_is_fnv_1a() {
        // Test vectors of the draft by Fowler, Noll and Vo.
        assert_eq!(hash(""), 0x811c_9dc5);
        assert_eq!(hash("a"), 0xe40c_292c);
        assert_eq!(hash("foobar"), 0xbf9c_f968);
    }

    #[test]
    fn what_was_counted_is_found() {
        let mut counter = Counter::default();
        for n in 0..500 {
            counter.count(Stream::Body, &format!("t{}", n % 50));
        }
        counter.count(Stream::Title, "t7");
        (0..300).for_each(|_| counter.count(Stream::Body, "often"));
        let vector = counter.finish();
        assert_eq!(vector.len(), 51 * ENTRY);
        assert_eq!(frequency(&vector, hash("t7")), Some(Frequency { title: 1, body: 10 }));
        assert_eq!(frequency(&vector, hash("often")), Some(Frequency { title: 0, body: 255 }));
        assert_eq!(frequency(&vector, hash("absent")), None);
        assert_eq!(frequency(&[], hash("t7")), None);
        assert_eq!(frequency(&[1, 2, 3], hash("t7")), None);
    }
}
