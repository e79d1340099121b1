//! English stems, remembered per thread. The Snowball stemmer takes about half a microsecond a word, and words repeat.

use std::cell::RefCell;

use rust_stemmers::{Algorithm, Stemmer};
use smol_str::SmolStr;

/// Words remembered by each thread; a power of two. A word's place is given by its hash, and the latest word keeps it.
const PLACES: usize = 1024;

struct Stems {
    stemmer: Stemmer,
    places: Vec<(SmolStr, SmolStr)>,
}

thread_local! {
    static STEMS: RefCell<Stems> = RefCell::new(Stems {
        stemmer: Stemmer::create(Algorithm::English),
        places: vec![(SmolStr::default(), SmolStr::default()); PLACES],
    });
}

/// The stem of a word of lower-case ASCII letters.
pub(crate) fn stem(word: &str) -> SmolStr {
    // FNV-1a, folded, because its low bits alone are weak for short words.
    let hash = word
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let place = (hash ^ (hash >> 32)) as usize % PLACES;
    STEMS.with_borrow_mut(|stems| {
        let Stems { stemmer, places } = stems;
        let Some((known, stem)) = places.get_mut(place) else { return SmolStr::new(stemmer.stem(word)) };
        if known != word {
            *stem = SmolStr::new(stemmer.stem(word));
            *known = SmolStr::new(word);
        }
        stem.clone()
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
