//! Numbers and what they count: percentages, places in a row, ages, temperatures, dimensions, ranges.

use serde_json::{Value, json};

use super::number::{Number, cardinal, is_pronoun, number, ordinal_word};
use super::reader::Spot;
use super::token::{Class, Tokens};
use super::{Locale, contact, money, unit};
use crate::Kind;

type Hit = (Vec<Value>, &'static str, usize);

/// The values of a kind of number in a text, from left to right.
pub(super) fn find(kind: &Kind, t: &Tokens<'_>, locale: Locale) -> Vec<Spot> {
    let mut spots = Vec::new();
    // In the address of a page, `%20` is no percentage.
    let pages = if *kind == Kind::Percent { contact::url(t.source) } else { vec![] };
    let mut pages = pages.iter().map(|page| page.span.clone()).peekable();
    let mut at = 0;
    while at < t.len() {
        let start = t.get(at).map_or(0, |token| token.start);
        while pages.next_if(|page| page.end <= start).is_some() {}
        if pages.peek().is_some_and(|page| page.contains(&start)) {
            at += 1;
            continue;
        }
        let hit = match kind {
            Kind::Integer => bare(t, at, locale, true),
            Kind::Number => bare(t, at, locale, false),
            Kind::Ordinal => ordinal(t, at),
            Kind::Percent => percent(t, at, locale),
            Kind::Money => money::money(t, at, locale).map(|(value, end)| (vec![value], "amount", end)),
            Kind::NumberRange => range(t, at, locale),
            Kind::Age => age(t, at, locale),
            Kind::Temperature => temperature(t, at, locale),
            Kind::Dimension => dimension(t, at, locale),
            _ => None,
        };
        match hit {
            Some((values, how, end)) => {
                spots.push(Spot { span: t.span(at, end), values, how });
                at = end.max(at + 1);
            }
            // Behind the digits that are no number, their groups are none either.
            None => at += 1,
        }
    }
    spots
}

/// A number that stands for itself.
fn bare(t: &Tokens<'_>, at: usize, locale: Locale, whole: bool) -> Option<Hit> {
    let (found, end) = number(t, at, locale)?;
    // "4th", "180.25ml" are something else.
    let letters = t.glued(end)
        && t.get(end).is_some_and(|token| token.class == Class::Word)
        && t.get(end - 1)?.class == Class::Digits;
    if letters || is_pronoun(t, at, end) {
        return None;
    }
    if whole && found.exact.is_none() {
        return None;
    }
    Some((found.json().into_iter().collect(), found.how, end))
}

/// A number, or nothing where it is too large to be told without loss.
fn json_of(number: Number) -> Option<Value> {
    number.json()
}

/// `3rd`, `twenty-first`, `two hundredth`, `last`, `next to last`.
fn ordinal(t: &Tokens<'_>, at: usize) -> Option<Hit> {
    let one = |value: i128, end: usize| Some((vec![Value::from(i64::try_from(value).ok()?)], "ordinal", end));
    for (words, value) in [
        (&["the", "one", "before", "the", "last", "one"][..], -2),
        (&["the", "one", "before", "the", "last"], -2),
        (&["next", "to", "last"], -2),
        (&["second", "to", "last"], -2),
        (&["second", "last"], -2),
        (&["third", "to", "last"], -3),
        (&["one", "before", "last"], -2),
        (&["penultimate"], -2),
        (&["last"], -1),
        (&["final"], -1),
    ] {
        if t.phrase(at, words) {
            return one(value, at + words.len());
        }
    }
    if let Some(digits) = t.digits(at) {
        let value = digits.parse::<i128>().ok()?;
        return if t.any(at + 1, &["st", "nd", "rd", "th"]) && t.glued(at + 1) { one(value, at + 2) } else { None };
    }
    if let Some(value) = ordinal_word(t.word(at)) {
        // "a trillionth" is a part.
        if at > 0 && t.any(at - 1, &["a"]) && value > 100 {
            return None;
        }
        return one(value, at + 1);
    }
    // Words before the last one: "one hundred twenty-fifth", "two hundredth", "a hundred trillionth".
    let (mut value, mut end) = cardinal(t, at).and_then(|(found, end)| Some((found.exact?, end)))?;
    for _ in 0..2 {
        let next = if t.is(end, "-") || t.any(end, &["and"]) { end + 1 } else { end };
        let Some(last) = ordinal_word(t.word(next)) else {
            // "twenty-" ends before the hyphen; "two thousand and" likewise.
            return None;
        };
        (value, end) = if last >= 100 { (value.checked_mul(last)?, next + 1) } else { (value + last, next + 1) };
        if ordinal_word(t.word(end)).is_none() {
            break;
        }
    }
    one(value, end)
}

fn percent_sign(t: &Tokens<'_>, at: usize) -> Option<usize> {
    if t.is(at, "%") || t.any(at, &["percent", "percents", "pct", "percentage"]) {
        return Some(at + 1);
    }
    t.phrases(at, &[&["per", "cent"], &["pro", "cent"], &["por", "hundred"], &["pour", "hundred"], &["per", "cents"]])
}

fn percent(t: &Tokens<'_>, at: usize, locale: Locale) -> Option<Hit> {
    // "percents of twenty"
    if let Some(next) = percent_sign(t, at).filter(|next| t.any(*next, &["of"]) && !t.is(at, "%"))
        && (at == 0 || t.digits(at - 1).is_none())
    {
        let (found, end) = number(t, next + 1, locale)?;
        return Some((vec![json_of(found)?], "percent", end));
    }
    let (found, end) = number(t, at, locale)?;
    let end = percent_sign(t, end)?;
    Some((vec![json_of(found)?], "percent", end))
}

fn amount(t: &Tokens<'_>, at: usize, locale: Locale) -> Option<(Number, usize)> {
    if let Some(found) = number(t, at, locale) {
        return Some(found);
    }
    (t.any(at, &["a", "an"])).then(|| (Number::whole(1, "article"), at + 1))
}

fn age(t: &Tokens<'_>, at: usize, locale: Locale) -> Option<Hit> {
    let (found, end) = amount(t, at, locale)?;
    let dash = if t.is(end, "-") { end + 1 } else { end };
    let unit = match t.word(dash) {
        "year" | "years" | "yr" | "yrs" | "y" => "year",
        "month" | "months" | "mo" => "month",
        "week" | "weeks" => "week",
        "day" | "days" => "day",
        _ => return None,
    };
    let next = dash + 1;
    let old = if t.is(next, "-") { next + 1 } else { next };
    let end =
        t.phrases(old, &[&["old"], &["of", "age"]]).or_else(|| (t.phrase(next, &["/", "o"])).then_some(next + 2))?;
    Some((vec![json!({ "number": json_of(found)?, "unit": unit })], "age", end))
}

fn temperature(t: &Tokens<'_>, at: usize, locale: Locale) -> Option<Hit> {
    let (found, end) = number(t, at, locale)?;
    let scale = |at: usize| match t.word(at) {
        "c" | "celsius" | "celcius" | "centigrade" => Some("C"),
        "f" | "fahrenheit" | "farenheit" | "fahrenheits" => Some("F"),
        "k" | "kelvin" | "kelvins" => Some("K"),
        _ => None,
    };
    let degree = t.is(end, "°") || t.any(end, &["degree", "degrees", "deg", "degs"]);
    let next = if degree { end + 1 } else { end };
    let next =
        if degree && t.is(next, ".") && t.any(end, &["deg"]) && scale(next + 1).is_some() { next + 1 } else { next };
    // A single letter counts behind a degree only: 777F is an aeroplane.
    let letter = t.word(next).len() == 1;
    let (unit, end) = match scale(next) {
        Some(unit) if degree || !letter => (unit, next + 1),
        None | Some(_) if degree => ("degree", next),
        _ if t.is(end, "℃") => ("C", end + 1),
        _ if t.is(end, "℉") => ("F", end + 1),
        _ => return None,
    };
    Some((vec![json!({ "number": json_of(found)?, "unit": unit })], "temperature", end))
}

/// A unit behind a number: its name, where it ends.
fn unit_at(t: &Tokens<'_>, at: usize) -> Option<(String, usize)> {
    let mut next = at;
    if t.is(next, "-") {
        next += 1;
    }
    // "[kg]", "<kg>"
    if t.is(next, "[{<") && t.is(next + 2, "]}>") {
        let measure = unit::measure(t.word(next + 1))?;
        return Some((measure.name.to_owned(), next + 3));
    }
    let power = if t.any(next, &["square", "sq", "cubic", "cu"]) {
        let cubic = t.any(next, &["cubic", "cu"]);
        next += 1;
        if t.is(next, ".") {
            next += 1;
        }
        if cubic { "cubic " } else { "square " }
    } else {
        ""
    };
    if t.any(next, &["metric"]) && t.any(next + 1, &["ton", "tons", "tonne", "tonnes"]) {
        return Some(("metric ton".into(), next + 2));
    }
    let word = t.word(next);
    let glued = t.glued(next);
    // What is a word or a sign of something else, too.
    let loose = !(glued || t.is(at, "-"));
    if word == "pm"
        || (loose && matches!(word, "in" | "t" | "g" | "l" | "deg" | "ha" | "kn" | "gal"))
        || matches!(word, "degree" | "degrees" | "deg")
    {
        return None;
    }
    let measure = unit::measure(word)?;
    let mut name = format!("{power}{}", measure.name);
    let mut end = next + 1;
    // "m2", "m²"
    if t.glued(end) && (t.digits(end) == Some("2") || t.is(end, "²")) {
        (name, end) = (format!("square {name}"), end + 1);
    } else if t.glued(end) && (t.digits(end) == Some("3") || t.is(end, "³")) {
        (name, end) = (format!("cubic {name}"), end + 1);
    }
    // "per hour", "an hour", "/hr"; only of lengths.
    let per = match () {
        () if t.any(end, &["per", "an", "a"]) => Some(end + 1),
        () if t.is(end, "/") && t.glued(end) => Some(end + 1),
        () => None,
    };
    if let Some(time) = per.and_then(|per| unit::time(t.word(per)))
        && (name.ends_with("meter") || matches!(name.as_str(), "mile" | "foot" | "inch" | "yard"))
    {
        return Some((format!("{name} per {time}"), end + 2));
    }
    // "3 feet tall" says no more.
    Some((name, end))
}

fn dimension(t: &Tokens<'_>, at: usize, locale: Locale) -> Option<Hit> {
    let (found, end) = number(t, at, locale)?;
    let (name, mut end) = unit_at(t, end)?;
    let mut value = found.value;
    // "5 ft 2 in"
    if name == "foot"
        && let Some((inches, next)) = number(t, end, locale)
        && t.any(next, &["in", "inch", "inches"])
        && inches.value < 12.0
    {
        value += inches.value / 12.0;
        end = next + 1;
    }
    let shown = if value == found.value { json_of(found)? } else { json!(super::number::round(value)) };
    Some((vec![json!({ "number": shown, "unit": name })], "measure", end))
}

/// `between 5 and 10`, `5-10`, `at least 3`, `up to 4`.
fn range(t: &Tokens<'_>, at: usize, locale: Locale) -> Option<Hit> {
    let show = |from: Option<Number>, to: Option<Number>| {
        let side = |number: Option<Number>| number.map_or(Some(Value::Null), Number::json);
        Some(vec![json!({ "from": side(from)?, "to": side(to)? })])
    };
    for (words, least) in [
        (&["at", "least"][..], true),
        (&["no", "less", "than"], true),
        (&["not", "less", "than"], true),
        (&["minimum", "of"], true),
        (&["at", "most"], false),
        (&["no", "more", "than"], false),
        (&["not", "more", "than"], false),
        (&["up", "to"], false),
        (&["maximum", "of"], false),
    ] {
        if t.phrase(at, words) {
            let (found, end) = number(t, at + words.len(), locale)?;
            let value = if least { show(Some(found), None)? } else { show(None, Some(found))? };
            return Some((value, if least { "at least" } else { "at most" }, end));
        }
    }
    let between = t.any(at, &["between"]);
    let start = if between || t.any(at, &["from"]) { at + 1 } else { at };
    let (from, next) = number(t, start, locale)?;
    if t.phrases(next, &[&["or", "more"], &["and", "more"], &["and", "up"], &["plus"]]).is_some() || t.is(next, "+") {
        return Some((
            show(Some(from), None)?,
            "at least",
            if t.is(next, "+") || t.any(next, &["plus"]) { next + 1 } else { next + 2 },
        ));
    }
    let joint = match () {
        () if between && t.any(next, &["and"]) => next + 1,
        () if t.any(next, &["to", "through"]) || t.is(next, "-~") => next + 1,
        () => return None,
    };
    let (to, end) = number(t, joint, locale).filter(|(to, _)| to.value >= from.value).or_else(|| {
        // The hyphen of "5-10" is no sign.
        let (to, end) = cardinal(t, joint)?;
        Some((to, end)).filter(|(to, _)| to.value >= from.value)
    })?;
    Some((show(Some(from), Some(to))?, "range of numbers", end))
}
