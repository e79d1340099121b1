//! What a question says, apart from how it is put: what two questions must have in common for one plan to serve both.
//!
//! Upper and lower case, punctuation, endings, the order of the words and words that only hold a sentence together do not
//! count. Numbers count as they are written and in their order, and so do negations, comparisons, and the question words that
//! ask for something else (`why` is not `where`). A word that gives a direction (`from`, `into`, `instead`) counts with what it
//! points at: from here to there is not from there to here. What is left out on purpose otherwise: who does what to whom.
//! `Does A call B?` and `Does B call A?` have the same features; a plan says what to look up, and the answer is written from
//! the question itself.

use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

use crate::terms::{for_each_term, is_function_word};

/// The most terms and figures of a question that has features: what says more is a text and no question that comes again.
pub const MAX_FEATURES: usize = 64;

/// What a question says. Equal for two questions that differ only in how they are put.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Features {
    /// The terms that tell something, as [`crate::terms`] makes them, and directions with the term they point at, as in `from stag`:
    /// sorted, without repetition.
    terms: Vec<SmolStr>,
    /// Numbers and comparisons as they are written, in their order.
    figures: Vec<SmolStr>,
    /// How often it negates.
    negations: u32,
}

impl Features {
    /// The features of a question; none when it says nothing, or more than [`MAX_FEATURES`] things.
    #[must_use]
    pub fn of(question: &str) -> Option<Self> {
        let mut terms: Vec<SmolStr> = Vec::with_capacity(16);
        let (mut too_much, mut direction) = (false, None);
        let mut add = |term: SmolStr| {
            if terms.contains(&term) {
                return;
            }
            if terms.len() == MAX_FEATURES {
                too_much = true;
            } else {
                terms.push(term);
            }
        };
        for_each_term(question, |term| {
            let marked = MARKED.binary_search(&term).is_ok();
            if DIRECTIONS.binary_search(&term).is_ok() {
                direction = Some(SmolStr::new(term));
            } else if marked || !is_function_word(term) {
                if let Some(direction) = direction.take_if(|_| !marked) {
                    add(format_smolstr!("{direction} {term}"));
                }
                add(SmolStr::new(term));
            }
        });
        terms.sort_unstable();
        let figures = figures(question)?;
        // Question words alone ask for nothing.
        let says = !figures.is_empty() || terms.iter().any(|term| MARKED.binary_search(&term.as_str()).is_err());
        (says && !too_much).then(|| Self { negations: negations(question), terms, figures })
    }

    /// The terms that tell something, and directions with what they point at, sorted.
    #[must_use]
    pub fn terms(&self) -> &[SmolStr] {
        &self.terms
    }
}

/// Words that give a direction, in the same languages, as terms, in order.
const DIRECTIONS: &[&str] = &[
    "depui", "desd", "from", "hacia", "instead", "into", "nach", "onto", "rather", "statt", "toward", "ver", "verso",
    "von",
];

/// Function words that change what is asked for: English, German, French, Spanish, Italian, Portuguese; stemmed, in order.
const MARKED: &[&str] = &[
    "befor", "chi", "comment", "como", "cual", "cuando", "donde", "how", "if", "mai", "more", "most", "ne", "nem",
    "nicht", "no", "non", "nur", "o", "oder", "onli", "or", "ou", "pas", "perch", "porqu", "pourquoi", "quand",
    "quando", "qui", "quien", "sin", "than", "wann", "warum", "wer", "when", "where", "who", "whom", "whose", "why",
    "wie", "wo",
];

/// Words that negate, in the same languages, in order.
const NEGATIONS: &[&str] = &[
    "aucun", "aucune", "cannot", "except", "jamais", "kein", "keine", "keinem", "keinen", "keiner", "mai", "nao",
    "neither", "nem", "never", "nicht", "nichts", "nie", "niemals", "no", "non", "none", "nor", "not", "nothing",
    "nunca", "não", "ohne", "pas", "sans", "sem", "senza", "sin", "without",
];

/// How often a text negates.
fn negations(text: &str) -> u32 {
    let mut count = 0;
    for word in text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '\u{2019}')) {
        // The longest of the words has eight letters.
        if word.is_empty() || word.len() > 24 {
            continue;
        }
        let word = word.to_lowercase();
        let word = word.trim_matches(['\'', '\u{2019}']);
        let shortened = word.ends_with("n't") || word.ends_with("n\u{2019}t");
        count += u32::from(shortened || NEGATIONS.binary_search(&word).is_ok());
    }
    count
}

/// The numbers and comparisons in a text as they are written; none when there are too many.
fn figures(text: &str) -> Option<Vec<SmolStr>> {
    let mut figures = Vec::new();
    let mut characters = text.char_indices().peekable();
    let mut before = ' ';
    while let Some((start, c)) = characters.next() {
        let compares = |c: char| matches!(c, '<' | '>' | '=' | '!' | '≠' | '≤' | '≥');
        let signed = matches!(c, '-' | '+' | '\u{2212}')
            && !before.is_alphanumeric()
            && characters.peek().is_some_and(|(_, next)| next.is_numeric());
        let mut end = start + c.len_utf8();
        before = c;
        let kept = if c.is_numeric() || signed {
            // A point or a comma belongs to a number when a digit follows.
            while let Some(&(at, next)) = characters.peek() {
                let joins = matches!(next, '.' | ',' | ':')
                    && text.get(at + next.len_utf8()..).is_some_and(|rest| rest.starts_with(char::is_numeric));
                if !next.is_numeric() && !joins && !matches!(next, '%' | '‰') {
                    break;
                }
                (end, before) = (at + next.len_utf8(), next);
                characters.next();
            }
            true
        } else if compares(c) {
            while let Some(&(at, next)) = characters.peek().filter(|(_, next)| compares(*next)) {
                (end, before) = (at + next.len_utf8(), next);
                characters.next();
            }
            // Exclamation marks alone compare nothing.
            text.get(start..end).is_some_and(|run| run.chars().any(|c| c != '!'))
        } else {
            false
        };
        if kept {
            if figures.len() == MAX_FEATURES {
                return None;
            }
            figures.push(SmolStr::new(text.get(start..end).unwrap_or_default()));
        }
    }
    Some(figures)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(one: &str, other: &str) -> bool {
        Features::of(one).unwrap() == Features::of(other).unwrap()
    }

    #[test]
    fn a_direction_counts_with_what_it_points_at() {
        let of = |question: &str| Features::of(question).unwrap();
        let there = of("Move the records from staging to production and tell the team");
        assert_ne!(there, of("Move the records from production to staging and tell the team"));
        assert_eq!(there, of("move the RECORDS from staging to production, and tell the team!"));
        assert_ne!(of("Copy the draft into the archive"), of("Copy the archive into the draft"));
        assert_ne!(of("Nimm den Bus statt der Bahn"), of("Nimm die Bahn statt dem Bus"));
        assert_eq!(
            of("Compare salt with pepper, and say what moves from staging to production"),
            of("What moves from staging to production? And compare pepper with salt: say!")
        );
        assert_eq!(of("compare salt and pepper"), of("pepper and salt: compare"));
        assert!(DIRECTIONS.is_sorted());
        assert_eq!(Features::of("from where"), None, "asks for nothing");
    }

    #[test]
    fn how_it_is_put_does_not_count() {
        let asked = "Compare the journal with the cache, and recommend one of them.";
        for other in [
            "compare the journal with the cache and recommend one of them",
            "COMPARE THE CACHE WITH THE JOURNAL; RECOMMEND ONE!",
            "Please, could you compare a cache with a journal, and then recommend one of those?",
            "Recommend one: comparing journals with caches",
        ] {
            assert!(same(asked, other), "{other}: {:?}", Features::of(other));
        }
    }

    #[test]
    fn what_is_asked_for_counts() {
        let asked = "How does the journal treat 2 runs that are resumed at once?";
        for other in [
            "How does the journal treat 3 runs that are resumed at once?",
            "How does the journal not treat 2 runs that are resumed at once?",
            "Why does the journal treat 2 runs that are resumed at once?",
            "How does the journal treat 2 runs that are resumed at once, and the cache?",
            "How does the journal treat runs that are resumed at once?",
            "How does the journal treat 2.5 runs that are resumed at once?",
        ] {
            assert!(!same(asked, other), "{other}");
        }
    }

    #[test]
    fn negations_numbers_and_comparisons_are_seen_however_they_are_written() {
        for (one, other) in [
            ("Can a phase fail?", "Can't a phase fail?"),
            ("Can a phase fail?", "Can\u{2019}t a phase fail?"),
            ("Kann eine Phase scheitern?", "Kann keine Phase scheitern?"),
            ("Une phase peut échouer ?", "Une phase ne peut pas échouer ?"),
            ("is a < b here", "is a > b here"),
            ("is a == b here", "is a != b here"),
            ("version 1.5 of it", "version 5.1 of it"),
            ("from 5 to 10 runs", "from 10 to 5 runs"),
            ("set it to -1", "set it to 1"),
            ("set it to 5%", "set it to 5"),
            ("阶段缓存吗", "阶段不缓存吗"),
            ("it has ٣ parts", "it has ٤ parts"),
        ] {
            assert!(!same(one, other), "{one} / {other}");
        }
        assert!(same("Go!", "go"));
    }

    #[test]
    fn nothing_and_too_much_have_no_features() {
        for text in ["", "?!", "why", "how and who", "\"'()*"] {
            assert_eq!(Features::of(text), None, "{text:?}");
        }
        let many = |n: usize| (0..n).map(|n| format!("word{n} ")).collect::<String>();
        assert!(Features::of(&many(20)).is_some());
        assert_eq!(Features::of(&many(70)), None);
        assert_eq!(Features::of(&"1 ".repeat(65)), None);
    }

    #[test]
    fn the_lists_are_in_order_and_marked_words_are_function_words() {
        assert!(MARKED.is_sorted() && NEGATIONS.is_sorted());
        let strangers: Vec<_> = MARKED.iter().filter(|word| !is_function_word(word)).collect();
        assert_eq!(strangers, [&"why"], "a term of its own: it is no stem");
    }

    proptest! {
        #[test]
        fn any_text_has_features_or_none(text in any::<String>()) {
            if let Some(features) = Features::of(&text) {
                prop_assert_eq!(Features::of(&text), Some(features.clone()));
                prop_assert!(features.terms().is_sorted() && features.terms().len() <= MAX_FEATURES);
            }
        }
    }
}
