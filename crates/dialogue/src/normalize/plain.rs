//! Texts, yes and no.

use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use super::reader::Spot;
use super::token::{Tokens, is_blank};
use super::{Locale, Normalized, Read, Unread};

/// A text in Unicode's composed form, without blanks around it and with single ones within. Its case is kept.
pub(super) fn text(text: &str) -> Read {
    let composed: String = text.nfc().collect();
    let words: Vec<&str> = composed.split(is_blank).filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        return Read::None(Unread::Empty);
    }
    Read::One(Normalized { original: text.to_owned(), value: words.join(" ").into(), how: "text".into() })
}

const YES: &[&[&str]] = &[
    &["of", "course"],
    &["why", "not"],
    &["sounds", "good"],
    &["sounds", "great"],
    &["go", "ahead"],
    &["please", "do"],
    &["you", "bet"],
    &["yes"],
    &["yep"],
    &["yeah"],
    &["yup"],
    &["yea"],
    &["ya"],
    &["aye"],
    &["sure"],
    &["ok"],
    &["okay"],
    &["correct"],
    &["affirmative"],
    &["absolutely"],
    &["definitely"],
    &["certainly"],
    &["indeed"],
    &["agree"],
    &["agreed"],
    &["true"],
    &["right"],
    &["fine"],
    &["👍"],
    &["👌"],
    &["✅"],
    &["✔"],
];

const NO: &[&[&str]] = &[
    &["of", "course", "not"],
    &["absolutely", "not"],
    &["definitely", "not"],
    &["certainly", "not"],
    &["not", "really"],
    &["not", "at", "all"],
    &["no", "way"],
    &["no", "thanks"],
    &["no", "thank", "you"],
    &["i", "don", "'", "t", "think", "so"],
    &["i", "do", "not", "think", "so"],
    &["please", "don", "'", "t"],
    &["i", "don", "'", "t"],
    &["i", "won", "'", "t"],
    &["disagree"],
    &["no"],
    &["nope"],
    &["nah"],
    &["nay"],
    &["never"],
    &["negative"],
    &["false"],
    &["wrong"],
    &["incorrect"],
    &["👎"],
    &["❌"],
    &["✋"],
];

/// The words of the other languages.
fn foreign(locale: Locale, word: &str) -> Option<bool> {
    let (yes, no) = match locale {
        Locale::EnUs | Locale::EnGb => return None,
        Locale::DeDe => {
            ("ja jawohl jap genau stimmt klar natürlich richtig einverstanden gern", "nein nee nö niemals falsch nicht")
        }
        Locale::EsEs => ("sí si claro vale correcto exacto supuesto", "no nunca jamás nada"),
        Locale::FrFr => ("oui ouais exact exactement volontiers accord", "non jamais pas"),
    };
    if word.is_empty() {
        None
    } else if yes.split(' ').any(|known| known == word) {
        Some(true)
    } else {
        no.split(' ').any(|known| known == word).then_some(false)
    }
}

/// What denies the word behind it.
fn denies(t: &Tokens<'_>, at: usize) -> Option<usize> {
    if t.any(at, &["not"]) {
        return Some(at + 1);
    }
    t.phrase(at, &["n", "'", "t"])
        .then_some(at + 3)
        .or_else(|| (t.is(at, "'") && t.any(at + 1, &["t"])).then_some(at + 2))
}

/// Yes and no in a text. Where both are said, a longer phrase counts more than a word, and equal ones are ambiguous.
pub(super) fn yes_no(t: &Tokens<'_>, locale: Locale) -> Vec<Spot> {
    let mut found: Vec<(usize, usize, bool)> = Vec::new();
    let mut at = 0;
    while at < t.len() {
        let no = NO.iter().filter(|phrase| t.phrase(at, phrase)).map(|phrase| at + phrase.len()).max();
        let yes = YES.iter().filter(|phrase| t.phrase(at, phrase)).map(|phrase| at + phrase.len()).max();
        let denied = denies(t, at).and_then(|next| {
            let yes = YES.iter().find(|phrase| t.phrase(next, phrase))?;
            // Who is not sure says neither.
            (!t.any(next, &["sure"])).then_some(next + yes.len())
        });
        let unsure = denies(t, at).is_some_and(|next| t.any(next, &["sure"]));
        let hit = match (no, yes, denied, foreign(locale, t.word(at))) {
            (_, _, Some(end), _) => Some((end, false)),
            (Some(no), yes, ..) if yes.is_none_or(|yes| yes <= no) => Some((no, false)),
            (_, Some(yes), ..) => Some((yes, true)),
            (_, _, _, Some(answer)) => Some((at + 1, answer)),
            _ => None,
        };
        match hit {
            Some((end, answer)) => {
                // The colour of a hand belongs to it.
                let end = if t.mark(end).is_some_and(|mark| matches!(mark, '\u{1f3fb}'..='\u{1f3ff}')) {
                    end + 1
                } else {
                    end
                };
                found.push((at, end, answer));
                at = end;
            }
            None => at += if unsure { 3 } else { 1 },
        }
    }
    let longest = found.iter().map(|(from, to, _)| to - from).max().unwrap_or(0);
    let agreed = found.iter().all(|(_, _, answer)| found.first().is_some_and(|first| first.2 == *answer));
    let spot = |(from, to, answer): &(usize, usize, bool)| Spot {
        span: t.span(*from, *to),
        values: vec![Value::Bool(*answer)],
        how: if *answer { "yes" } else { "no" },
    };
    if agreed {
        return found.iter().map(spot).collect();
    }
    found.iter().filter(|(from, to, _)| to - from == longest).map(spot).collect()
}
