//! Whether a value that a model gives was said. A text is a part of the message; a value of another kind is among those that the
//! normalizer finds in it, or is read from the user's own words. What a model makes up is neither.

use std::ops::Range;

use serde_json::Value;
use smol_str::SmolStr;

use super::Heard;
use crate::kind::Kind;
use crate::normalize::{Found, Read};
use crate::program::{Slot, SlotId};
use crate::scope::fold;

/// Whether the user said this value for a slot, or said nothing but yes to the question for it, which has it.
pub(super) fn was_said(heard: &Heard<'_>, id: SlotId, slot: &Slot, value: &str) -> bool {
    let in_text = |text: &str| match &slot.kind {
        Kind::Text | Kind::Name | Kind::Place | Kind::Any => is_part(text, value),
        Kind::Custom { .. } => is_part(text, value) || is_read(heard, text, &slot.kind, value),
        kind => is_read(heard, text, kind, value),
    };
    let affirms = || {
        let read = heard.normalizer.read(&Kind::Boolean, heard.view.message, heard.reading);
        matches!(&*read, Read::One(answer) if answer.value == Value::Bool(true))
    };
    in_text(heard.view.message) || heard.view.asked == Some(id) && affirms() && in_text(heard.view.last_said)
}

/// Whether a value stands in a text, whatever the case, the blanks and the accents, and not within a word.
pub(crate) fn is_part(text: &str, value: &str) -> bool {
    let plain = |text: &str| {
        let words: Vec<&str> = text.split_whitespace().collect();
        // An apostrophe ends a word here: a form of a name is the name.
        fold(&words.join(" ").replace(['\'', '’', '‘'], "`")).replace(['‐', '‑', '–', '—'], "-")
    };
    let (text, value) = (plain(text), plain(value));
    // In scripts of the East, and where words are joined to others, words end nowhere.
    let is_letter = |c: char| c.is_alphanumeric() && c < '\u{530}';
    let joins = |before: Option<char>, after: Option<char>| {
        before.zip(after).is_some_and(|(before, after)| is_letter(before) && is_letter(after))
    };
    !value.is_empty()
        && text.match_indices(&value).any(|(at, _)| {
            let (before, after) =
                (text.get(..at).unwrap_or_default(), text.get(at + value.len()..).unwrap_or_default());
            !joins(before.chars().next_back(), value.chars().next())
                && !joins(value.chars().next_back(), after.chars().next())
        })
}

/// Whether the values that words are read as are among those that a text has.
fn is_read(heard: &Heard<'_>, text: &str, kind: &Kind, words: &str) -> bool {
    let read = |text: &str| all(&heard.normalizer.read(kind, text, heard.reading));
    let message = heard.normalizer.message(text, heard.reading);
    let given = read(words);
    let found = message.find(kind);
    let mut known: Vec<Value> = found.iter().flat_map(|found| all(&found.read)).chain(read(text)).collect();
    for wider in wider(kind) {
        let within = message.find(wider).into_iter().flat_map(|found| all(&found.read));
        known.extend(within.flat_map(|value| parts(kind, &value)));
    }
    if given.iter().any(|value| known.iter().any(|known| is_same(value, known))) {
        return true;
    }
    if let Some(end) = end_of(kind)
        && let Some(value) = given.first()
    {
        let ends: Vec<Value> = message.find(&end).iter().flat_map(|found| all(&found.read)).collect();
        let mut said = ["from", "to"].iter().filter_map(|end| value.get(end)).filter(|end| !end.is_null()).peekable();
        if said.peek().is_some() && said.all(|end| ends.contains(end)) {
            return true;
        }
    }
    // The user's own words, where what is around them makes nothing else of them: `50` for an amount, an option with a slip in it.
    let free = |span: &Range<usize>| {
        let overlaps = |found: &Found| found.span.start < span.end && span.start < found.span.end;
        !found.iter().any(overlaps)
    };
    places(text, words).iter().any(free)
}

/// The values that something was read as.
fn all(read: &Read) -> Vec<Value> {
    match read {
        Read::One(value) => vec![value.value.clone()],
        Read::Several(values) => values.iter().map(|value| value.value.clone()).collect(),
        Read::None(_) => vec![],
    }
}

/// The kinds in whose values one of this kind may stand.
fn wider(kind: &Kind) -> &'static [Kind] {
    match kind {
        Kind::Date => &[Kind::DateTime, Kind::DateRange, Kind::DateTimeRange],
        Kind::Time => &[Kind::DateTime, Kind::TimeRange, Kind::DateTimeRange],
        Kind::DateTime => &[Kind::DateTimeRange],
        Kind::Integer | Kind::Number => &[Kind::NumberRange],
        _ => &[],
    }
}

/// The kind of the ends of a range.
fn end_of(kind: &Kind) -> Option<Kind> {
    match kind {
        Kind::DateRange => Some(Kind::Date),
        Kind::TimeRange => Some(Kind::Time),
        Kind::DateTimeRange => Some(Kind::DateTime),
        Kind::NumberRange => Some(Kind::Number),
        _ => None,
    }
}

/// What of a wider value is of this kind: the ends of a range, the day or the time of a moment.
fn parts(kind: &Kind, value: &Value) -> Vec<Value> {
    let ends = [value.get("from"), value.get("to"), Some(value)];
    let part = |value: &Value| match (kind, value.as_str().and_then(|moment| moment.split_once('T'))) {
        (Kind::Date, Some((day, _))) => Value::from(day),
        (Kind::Time, Some((_, time))) => Value::from(time),
        _ => value.clone(),
    };
    ends.into_iter().flatten().filter(|value| !value.is_null()).map(part).collect()
}

/// Money of which no currency is given is the same as that of one.
fn is_same(value: &Value, known: &Value) -> bool {
    let amounts = value.get("amount").zip(known.get("amount"));
    value == known || amounts.is_some_and(|(a, b)| a == b) && value.get("currency").is_none_or(Value::is_null)
}

/// Where words stand in a text, word for word, without the marks around them.
fn places(text: &str, words: &str) -> Vec<Range<usize>> {
    let (text, words) = (apart(text), apart(words));
    if words.is_empty() {
        return Vec::new();
    }
    let same =
        |window: &&[(Range<usize>, SmolStr)]| window.iter().map(|word| &word.1).eq(words.iter().map(|word| &word.1));
    let whole = |window: &[(Range<usize>, SmolStr)]| Some(window.first()?.0.start..window.last()?.0.end);
    text.windows(words.len()).filter(same).filter_map(whole).collect()
}

/// The words of a text between blanks, folded.
fn apart(text: &str) -> Vec<(Range<usize>, SmolStr)> {
    let (mut words, mut at) = (Vec::new(), 0);
    for piece in text.split_inclusive(char::is_whitespace) {
        let behind = piece.trim_start_matches(|c: char| !c.is_alphanumeric());
        let word = behind.trim_end_matches(|c: char| !c.is_alphanumeric());
        if !word.is_empty() {
            let start = at + piece.len() - behind.len();
            words.push((start..start + word.len(), fold(word)));
        }
        at += piece.len();
    }
    words
}
