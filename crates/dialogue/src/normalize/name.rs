//! Names: in the case that names have, and places without what they lie in.

use super::plain::text;
use super::{Normalized, Read};

/// Words that stay small within a name, in the languages of the locales.
const SMALL: [&str; 22] = [
    "of", "the", "and", "in", "on", "for", "to", "a", "an", "de", "del", "la", "las", "los", "el", "le", "les", "du",
    "von", "der", "und", "y",
];

/// A name: words in small letters begin with a capital, but those that join others. What has a capital is as it was said.
pub(super) fn name(said: &str) -> Read {
    map(text(said), "name", words)
}

/// A place: a name without the region behind a comma, or behind it in two capitals. An address, which has figures, is kept whole.
pub(super) fn place(said: &str) -> Read {
    map(text(said), "place", |value| {
        if value.chars().any(|c| c.is_ascii_digit()) {
            return words(value);
        }
        let city = value.split(',').next().map_or(value, str::trim);
        let city = if city.is_empty() { value } else { city };
        let region = |word: &str| word.len() == 2 && word.chars().all(|c| c.is_ascii_uppercase());
        let city = match city.rsplit_once(' ') {
            Some((before, last)) if region(last) && !before.is_empty() => before.trim(),
            _ => city,
        };
        words(city)
    })
}

fn map(read: Read, how: &'static str, change: impl Fn(&str) -> String) -> Read {
    match read {
        Read::One(Normalized { original, value, .. }) => {
            let changed = change(value.as_str().unwrap_or_default());
            Read::One(Normalized { original, value: changed.into(), how: how.into() })
        }
        other => other,
    }
}

fn words(value: &str) -> String {
    let cased: Vec<String> = value
        .split(' ')
        .enumerate()
        .map(|(n, word)| {
            let small = n > 0 && SMALL.contains(&word);
            if small || word.chars().any(char::is_uppercase) {
                return word.to_owned();
            }
            // Each part of "rom-com" by itself.
            word.split('-').map(capital).collect::<Vec<_>>().join("-")
        })
        .collect();
    cased.join(" ")
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(read: &Read) -> &str {
        match read {
            Read::One(value) => value.value.as_str().unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_name_has_capitals_and_keeps_those_it_has() {
        assert_eq!(value(&name("  maria  del carmen ")), "Maria del Carmen");
        assert_eq!(value(&name("the lord of the rings")), "The Lord of the Rings");
        assert_eq!(value(&name("McDonald iPhone")), "McDonald iPhone");
    }

    #[test]
    fn a_place_is_without_its_region_and_an_address_is_whole() {
        assert_eq!(value(&place("lyon, france")), "Lyon");
        assert_eq!(value(&place("san josé CA")), "San José");
        assert_eq!(value(&place("12 high street, Bath")), "12 High Street, Bath");
        assert_eq!(value(&place(",")), ",");
    }
}
