//! Which chunks hold what, by the hash of what they hold: terms, names that they define, names that they refer to.
//!
//! Keys are 64-bit hashes under a random seed, so that nobody can make two terms meet, and by chance two of a million
//! do once in tens of millions of stores. Most terms of a store stand in one or two chunks: such an entry takes 24 bytes.
//! In a longer list each chunk takes 6.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

use crate::rank::Frequency;

/// A slot, big end first, and two numbers about it: ordered by slot.
type Posting = [u8; 6];

fn posting(slot: u32, Frequency { title, body }: Frequency) -> Posting {
    let [a, b, c, d] = slot.to_be_bytes();
    [a, b, c, d, title, body]
}

fn read(&[a, b, c, d, title, body]: &Posting) -> (u32, Frequency) {
    (u32::from_be_bytes([a, b, c, d]), Frequency { title, body })
}

/// The chunks under one key, ascending by slot.
#[derive(Debug)]
enum List {
    One([Posting; 1]),
    Two([Posting; 2]),
    // Behind two pointers, for the few keys with several chunks, so that the many with one or two take less.
    #[expect(clippy::box_collection, reason = "an entry of the map must be small")]
    Many(Box<Vec<Posting>>),
}

impl List {
    fn as_slice(&self) -> &[Posting] {
        match self {
            Self::One(one) => one,
            Self::Two(two) => two,
            Self::Many(many) => many,
        }
    }

    fn as_mut_slice(&mut self) -> &mut [Posting] {
        match self {
            Self::One(one) => one,
            Self::Two(two) => two,
            Self::Many(many) => many,
        }
    }

    fn place(&self, slot: u32) -> Result<usize, usize> {
        let list = self.as_slice();
        // Slots are given in order, so that a new one mostly comes last.
        match list.last().map(|last| read(last).0) {
            Some(last) if last < slot => Err(list.len()),
            _ => list.binary_search_by_key(&slot, |posting| read(posting).0),
        }
    }

    fn insert(&mut self, place: usize, new: Posting) {
        match self {
            Self::One([old]) => *self = Self::Two(if place == 0 { [new, *old] } else { [*old, new] }),
            Self::Two(two) => {
                let mut many = Vec::with_capacity(4);
                many.extend_from_slice(two);
                many.insert(place, new);
                *self = Self::Many(Box::new(many));
            }
            Self::Many(many) => {
                if many.len() == many.capacity() {
                    // An eighth more instead of twice as much: there are many lists, and most are short.
                    many.reserve_exact(many.len() / 8 + 2);
                }
                many.insert(place, new);
            }
        }
    }
}

/// Takes keys as the hashes they are.
#[derive(Debug, Default)]
pub(super) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A map whose keys are hashes already.
pub(super) type ByHash<T> = HashMap<u64, T, BuildHasherDefault<Hashed>>;

/// How terms and names become keys: the same way throughout one store.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys(RandomState);

impl Keys {
    /// The key of a term or a name.
    pub(super) fn of(&self, text: &str) -> u64 {
        self.0.hash_one(text)
    }
}

/// Chunks by key.
#[derive(Debug, Default)]
pub(super) struct Postings(ByHash<List>);

impl Postings {
    /// The chunks under a key, ascending by slot.
    pub(super) fn get(&self, key: u64) -> impl ExactSizeIterator<Item = (u32, Frequency)> {
        self.0.get(&key).map_or(&[] as &[_], List::as_slice).iter().map(read)
    }

    /// What is held of one chunk under a key.
    pub(super) fn find(&self, key: u64, slot: u32) -> Option<Frequency> {
        let list = self.0.get(&key)?;
        let place = list.place(slot).ok()?;
        list.as_slice().get(place).map(|posting| read(posting).1)
    }

    /// Puts a chunk under a key; what it had there is replaced.
    pub(super) fn insert(&mut self, key: u64, slot: u32, frequency: Frequency) {
        let new = posting(slot, frequency);
        let list = match self.0.entry(key) {
            Entry::Vacant(vacant) => {
                vacant.insert(List::One([new]));
                return;
            }
            Entry::Occupied(occupied) => occupied.into_mut(),
        };
        match list.place(slot) {
            Ok(place) => {
                if let Some(old) = list.as_mut_slice().get_mut(place) {
                    *old = new;
                }
            }
            Err(place) => list.insert(place, new),
        }
    }

    /// Takes a chunk away from a key.
    pub(super) fn remove(&mut self, key: u64, slot: u32) {
        let Some(list) = self.0.get_mut(&key) else { return };
        let Ok(place) = list.place(slot) else { return };
        match list {
            List::One(_) => {
                self.0.remove(&key);
            }
            List::Two([first, second]) => *list = List::One([if place == 0 { *second } else { *first }]),
            List::Many(many) => {
                many.remove(place);
                if let [first, second] = many.as_slice() {
                    *list = List::Two([*first, *second]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_a_map_of_maps(
            steps in prop::collection::vec((any::<bool>(), 0u64..4, 0u32..300, 0u8..9), 0..200)
        ) {
            let mut postings = Postings::default();
            let mut model: BTreeMap<u64, BTreeMap<u32, u8>> = BTreeMap::new();
            for (insert, key, slot, body) in steps {
                if insert {
                    postings.insert(key, slot, Frequency { title: 0, body });
                    model.entry(key).or_default().insert(slot, body);
                } else {
                    postings.remove(key, slot);
                    model.entry(key).or_default().remove(&slot);
                }
                let held: Vec<(u32, u8)> = postings.get(key).map(|(slot, f)| (slot, f.body)).collect();
                prop_assert_eq!(held, model[&key].iter().map(|(&slot, &body)| (slot, body)).collect::<Vec<_>>());
            }
        }
    }
}
