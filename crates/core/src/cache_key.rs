//! Keys that cover every typed field. A [`Key`] is the BLAKE3 hash of a value's serde form: field names, types' shapes
//! and lengths included. A field added to a type changes its keys; a field that must not count has to be skipped in
//! the type's serde form, in sight of the reader. Maps hash the same in any order; a set of random order (`HashSet`) is a
//! sequence to serde and has another key in each process, so values with keys use a `BTreeSet`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::cache_key_ser::{Gatherer, KeySerializer};
use crate::error::{Error, ErrorKind, Result};

/// A 256-bit key, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub [u8; 32]);

impl Key {
    /// The key of a value.
    ///
    /// # Errors
    /// `InvalidInput` when the value's own `Serialize` fails.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        let mut hasher = Gatherer::new();
        value.serialize(KeySerializer::new(&mut hasher)).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, format!("the value cannot be made into a key: {error}"))
                .hint("its Serialize implementation must succeed")
        })?;
        Ok(Self(hasher.finish()))
    }

    /// The key of plain bytes, as of a file's content.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

impl FromStr for Key {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        blake3::Hash::from_hex(text)
            .map(|hash| Self(*hash.as_bytes()))
            .map_err(|_| Error::new(ErrorKind::InvalidInput, format!("{text:?} is not a key of 64 hexadecimal digits")))
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Serialize)]
    struct Before {
        text: &'static str,
    }

    #[derive(Serialize)]
    #[serde(rename = "Before")]
    struct After {
        text: &'static str,
        limit: Option<u32>,
    }

    fn key<T: Serialize>(value: T) -> Key {
        Key::of(&value).unwrap()
    }

    #[test]
    fn an_added_field_changes_the_key_even_when_empty() {
        assert_ne!(key(Before { text: "a" }), key(After { text: "a", limit: None }));
        assert_ne!(key(After { text: "a", limit: None }), key(After { text: "a", limit: Some(0) }));
    }

    #[test]
    fn neighbours_do_not_run_together() {
        assert_ne!(key(("ab", "c")), key(("a", "bc")));
        assert_ne!(key(vec![vec![1, 2], vec![3]]), key(vec![vec![1], vec![2, 3]]));
        assert_ne!(key(1u8), key(1u16));
        assert_ne!(key(""), key(()));
        assert_ne!(key(Some(())), key(()));
        assert_ne!(key(0.0f32), key(-0.0f32));
    }

    #[test]
    fn maps_hash_the_same_in_any_order() {
        let forward: HashMap<_, _> = (0..100).map(|n| (n, n.to_string())).collect();
        let backward: HashMap<_, _> = (0..100).rev().map(|n| (n, n.to_string())).collect();
        assert_eq!(key(&forward), key(&backward));
        assert_ne!(key(HashMap::from([(1, 2), (3, 4)])), key(HashMap::from([(1, 4), (3, 2)])));
    }

    #[test]
    fn keys_stay_what_they_are() {
        // What is kept under a key outlives this version of the program.
        let kept = "714ce6e8308edc67cb3267214df657dba61aaec0e3a2c38d9e8c857f28d3ba98";
        assert_eq!(key(("a".repeat(1_000), 1u8, "b".repeat(3_000), vec![Some(2u64), None])).to_string(), kept);
        let map: HashMap<_, _> = (0..50u32).map(|n| (n.to_string(), "c".repeat(n as usize * 20))).collect();
        let long = ["d".repeat(10_000), "e".repeat(10_000), "f".repeat(40_000), "g".into()];
        let kept = "65ad6d718e499259729bcf1427928bad68a84492a15ffbe1f4d0f686cf483039";
        assert_eq!(key((map, long, HashMap::from([("h", "i".repeat(20_000))]))).to_string(), kept);
    }

    #[test]
    fn keys_read_back_what_they_print() {
        let first = key("x");
        assert_eq!(first.to_string().parse::<Key>().unwrap(), first);
        assert!("x".parse::<Key>().is_err());
    }

    proptest! {
        #[test]
        fn different_queries_have_different_keys(a in ".*", b in ".*", within_a in proptest::collection::vec(".*", 0..3),
            within_b in proptest::collection::vec(".*", 0..3)) {
            let query = |text: &String, within: &Vec<String>| crate::Query { within: within.clone(), ..crate::Query::new(text) };
            let same = a == b && within_a == within_b;
            prop_assert_eq!(same, key(query(&a, &within_a)) == key(query(&b, &within_b)));
        }
    }
}
