//! Which chunks hold what, by the hash of what they hold: terms, names that they define, names that they refer to.
//!
//! Keys are 64-bit hashes under a random seed, so that nobody can make two terms meet, and by chance two of a million
//! do once in tens of millions of stores. Most terms of a store stand in one chunk: such an entry takes 24 bytes, and
//! each chunk more of a term takes 6.

use std::collections::HashMap;
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
    One(Posting),
    // Behind two pointers, for the few keys with several chunks, so that the many with one take less.
    #[expect(clippy::box_collection, reason = "an entry of the map must be small")]
    Many(Box<Vec<Posting>>),
}

impl List {
    fn as_slice(&self) -> &[Posting] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
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
        let list = self.0.get(&key)?.as_slice();
        let place = list.binary_search_by_key(&slot, |posting| read(posting).0).ok()?;
        list.get(place).map(|posting| read(posting).1)
    }

    /// Puts a chunk under a key; what it had there is replaced.
    pub(super) fn insert(&mut self, key: u64, slot: u32, frequency: Frequency) {
        let new = posting(slot, frequency);
        match self.0.get_mut(&key) {
            None => {
                self.0.insert(key, List::One(new));
            }
            Some(list) => {
                if let List::One(one) = list {
                    if read(one).0 == slot {
                        *one = new;
                        return;
                    }
                    *list = List::Many(Box::new(vec![*one]));
                }
                let List::Many(many) = list else { return };
                match many.binary_search_by_key(&slot, |posting| read(posting).0) {
                    Ok(place) => {
                        if let Some(old) = many.get_mut(place) {
                            *old = new;
                        }
                    }
                    Err(place) => {
                        if many.len() == many.capacity() {
                            // A quarter more instead of twice as much: there are many lists, and most are short.
                            many.reserve_exact(many.len() / 4 + 1);
                        }
                        many.insert(place, new);
                    }
                }
            }
        }
    }

    /// Takes a chunk away from a key.
    pub(super) fn remove(&mut self, key: u64, slot: u32) {
        let Some(list) = self.0.get_mut(&key) else { return };
        let empty = match list {
            List::One(one) => read(one).0 == slot,
            List::Many(many) => {
                if let Ok(place) = many.binary_search_by_key(&slot, |posting| read(posting).0) {
                    many.remove(place);
                }
                many.is_empty()
            }
        };
        if empty {
            self.0.remove(&key);
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
