//! English stems, remembered per thread. The Snowball stemmer takes about half a microsecond a word, and words repeat.

use std::cell::RefCell;

use rust_stemmers::{Algorithm, Stemmer};
use smol_str::SmolStr;

use crate::terms;

/// Words remembered by each thread; a power of two. A word's place is given by its hash, and the latest word keeps it.
const PLACES: usize = 1024;

struct Stems {
    stemmer: Stemmer,
    places: Vec<Place>,
}

/// A word, its stem, and the stem's hash.
#[derive(Clone, Default)]
struct Place {
    word: SmolStr,
    stem: SmolStr,
    hash: u64,
}

thread_local! {
    static STEMS: RefCell<Stems> = RefCell::new(Stems {
        stemmer: Stemmer::create(Algorithm::English),
        places: vec![Place::default(); PLACES],
    });
}

/// The stem of a word of lower-case ASCII letters.
pub(crate) fn stem(word: &str) -> SmolStr {
    remembered(word, |place| place.stem.clone())
}

/// The hash of the stem of a word of lower-case ASCII letters.
pub(crate) fn stem_hash(word: &str) -> u64 {
    remembered(word, |place| place.hash)
}

fn remembered<T>(word: &str, take: impl FnOnce(&Place) -> T) -> T {
    // Folded, because the low bits of FNV alone are weak for short words.
    let hash = terms::hash(word);
    let at = (hash ^ (hash >> 32)) as usize % PLACES;
    STEMS.with_borrow_mut(|stems| {
        let Stems { stemmer, places } = stems;
        let new = |stemmer: &Stemmer| {
            let stem = SmolStr::new(stemmer.stem(word));
            let hash = terms::hash(&stem);
            Place { word: SmolStr::new(word), stem, hash }
        };
        let Some(place) = places.get_mut(at) else { return take(&new(stemmer)) };
        if place.word != word {
            *place = new(stemmer);
        }
        take(place)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembered_stems_are_the_stemmers_own() {
        let stemmer = Stemmer::create(Algorithm::English);
        for n in 0..20_000_u32 {
            let word: String =
                n.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).chain("ing".chars()).collect();
            assert_eq!(stem(&word).as_str(), stemmer.stem(&word));
            assert_eq!(stem(&word).as_str(), stemmer.stem(&word));
        }
    }
}
