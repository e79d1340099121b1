//! Amounts of money: `$48.2 million`, `5 bucks`, `3 dollars 50 cents`, `USD 200`, `75 cents`.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::Locale;
use super::number::{Number, cardinal, magnitude, number, round};
use super::token::{Class, Tokens};

/// Signs, codes and words of currencies; the code of ISO 4217 where there is one.
const CURRENCIES: &[(&str, &str)] = &[
    ("USD", "usd $ dollar dollars buck bucks us$"),
    ("EUR", "eur € euro euros"),
    ("GBP", "gbp £ pound pounds quid sterling"),
    ("JPY", "jpy ¥ yen"),
    ("CNY", "cny rmb yuan renminbi kuai"),
    ("INR", "inr ₹ rupee rupees"),
    ("CHF", "chf"),
    ("franc", "franc francs"),
    ("CAD", "cad"),
    ("AUD", "aud"),
    ("NZD", "nzd"),
    ("HKD", "hkd"),
    ("SGD", "sgd"),
    ("MXN", "mxn"),
    ("peso", "peso pesos"),
    ("BRL", "brl reais real"),
    ("SEK", "sek"),
    ("NOK", "nok"),
    ("DKK", "dkk"),
    ("krone", "krone kroner krona kronor"),
    ("PLN", "pln zł zloty zlotys"),
    ("CZK", "czk"),
    ("HUF", "huf forint forints"),
    ("RUB", "rub ₽ ruble rubles rouble roubles"),
    ("TRY", "try ₺"),
    ("lira", "lira liras"),
    ("KRW", "krw ₩ won"),
    ("ILS", "ils ₪ shekel shekels"),
    ("THB", "thb ฿ baht"),
    ("ZAR", "zar rand"),
    ("UAH", "uah ₴ hryvnia"),
    ("GEL", "gel ₾ lari"),
    ("SAR", "sar riyal riyals"),
    ("AED", "aed dirham dirhams"),
    ("BTC", "btc ₿ bitcoin bitcoins"),
    ("ETH", "eth"),
    ("mark", "marks"),
];

/// A word before the name of a currency that several states have.
const STATES: &[(&str, &str, &str)] = &[
    ("us", "USD", "USD"),
    ("american", "USD", "USD"),
    ("canadian", "USD", "CAD"),
    ("australian", "USD", "AUD"),
    ("zealand", "USD", "NZD"),
    ("kong", "USD", "HKD"),
    ("singapore", "USD", "SGD"),
    ("british", "GBP", "GBP"),
    ("swiss", "franc", "CHF"),
    ("mexican", "peso", "MXN"),
    ("turkish", "lira", "TRY"),
    ("chinese", "CNY", "CNY"),
    ("japanese", "JPY", "JPY"),
    ("indian", "INR", "INR"),
    ("swedish", "krone", "SEK"),
    ("danish", "krone", "DKK"),
    ("norwegian", "krone", "NOK"),
];

/// Letters before a `$`.
const DOLLARS: &[(&str, &str)] = &[
    ("us", "USD"),
    ("c", "CAD"),
    ("ca", "CAD"),
    ("cad", "CAD"),
    ("a", "AUD"),
    ("au", "AUD"),
    ("hk", "HKD"),
    ("nz", "NZD"),
    ("mex", "MXN"),
    ("r", "BRL"),
    ("s", "SGD"),
];

/// Names of a hundredth, or of a smaller part.
fn part(word: &str) -> Option<(&'static str, f64)> {
    Some(match word {
        "cent" | "cents" => ("USD", 100.0),
        "penny" | "pence" => ("GBP", 100.0),
        "pennies" => ("USD", 100.0),
        "satoshi" | "satoshis" => ("BTC", 100_000_000.0),
        _ => return None,
    })
}

fn code(word: &str) -> Option<&'static str> {
    static CODES: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
        // Of a word that stands twice, the first counts.
        let words = CURRENCIES.iter().rev().flat_map(|(code, words)| words.split(' ').map(move |word| (word, *code)));
        words.collect()
    });
    CODES.get(word).copied()
}

fn text_at<'t>(t: &'t Tokens<'_>, at: usize) -> &'t str {
    t.get(at).filter(|token| token.class != Class::Digits).map_or("", |token| token.text.as_str())
}

/// A currency behind an amount: its code, a factor that its name holds, where it ends.
fn behind(t: &Tokens<'_>, at: usize) -> Option<(&'static str, i32, usize)> {
    if let Some((_, base, state)) = STATES.iter().find(|(word, ..)| t.any(at, &[word]) && *word != "us") {
        return (code(text_at(t, at + 1)) == Some(base)).then_some((*state, 1, at + 2));
    }
    // "us dollars", but "70 of us" is none.
    if t.any(at, &["us", "u"]) {
        let next = if t.phrase(at, &["u", ".", "s", "."]) { at + 4 } else { at + 1 };
        return (code(text_at(t, next)) == Some("USD")).then_some(("USD", 1, next + 1));
    }
    let word = text_at(t, at);
    if let Some(code) = code(word) {
        // "all", "try", "won", "real" are words.
        let raw = t.get(at).and_then(|token| t.source.get(token.start..token.end)).unwrap_or_default();
        let doubtful = matches!(word, "try" | "won" | "real" | "sar" | "rand" | "rub") && raw != raw.to_uppercase();
        return (!doubtful).then_some((code, 1, at + 1));
    }
    // "30 MUSD"
    let million = word.strip_prefix('m').and_then(code).filter(|code| code.len() == 3 && word.len() == 4);
    million.map(|code| (code, 1_000_000, at + 1))
}

/// A currency before an amount.
fn before(t: &Tokens<'_>, at: usize) -> Option<(&'static str, usize)> {
    let word = text_at(t, at);
    // "c $", "us $", "u.s $", "Mex$".
    if t.phrase(at, &["u", ".", "s"]) {
        let dollar = if t.is(at + 3, ".") { at + 4 } else { at + 3 };
        if t.is(dollar, "$") {
            return Some(("USD", dollar + 1));
        }
    }
    if let Some((_, code)) = DOLLARS.iter().find(|(letters, _)| *letters == word)
        && t.is(at + 1, "$")
        // "a $5 note", "music's $5"
        && (t.glued(at + 1) || !matches!(word, "a" | "s" | "r"))
    {
        return Some((code, at + 2));
    }
    let sign = t.get(at).is_some_and(|token| token.class == Class::Mark);
    let raw = t.get(at).and_then(|token| t.source.get(token.start..token.end)).unwrap_or_default();
    let found = code(word).filter(|code| {
        sign || (code.eq_ignore_ascii_case(word)
            && (raw == raw.to_uppercase() || !matches!(word, "try" | "sar" | "rub" | "all")))
    })?;
    Some((found, at + 1))
}

/// The amount of money at a place.
pub(super) fn money(t: &Tokens<'_>, at: usize, locale: Locale) -> Option<(Value, usize)> {
    if let Some((code, next)) = before(t, at) {
        // The sign may be that of a debt: "$-5".
        let (found, end) = magnitude(t, next, locale).or_else(|| number(t, next, locale))?;
        return Some((show(found, code, 1, 0.0), end));
    }
    let (found, end) = number(t, at, locale)?;
    let dash = if t.is(end, "-") && t.glued(end) { end + 1 } else { end };
    if let Some((code, parts)) = part(t.word(dash)) {
        let value = Number::float(found.value / parts, found.how);
        return Some((show(value, cents(code, locale), 1, 0.0), dash + 1));
    }
    let (code, factor, end) = behind(t, dash)?;
    let (more, end) = change(t, code, end, locale).unwrap_or((0.0, end));
    Some((show(found, code, factor, more), end))
}

/// Cents are those of the locale's currency.
fn cents(code: &'static str, locale: Locale) -> &'static str {
    match locale {
        Locale::DeDe | Locale::EsEs | Locale::FrFr if code == "USD" => "EUR",
        _ => code,
    }
}

/// What follows the whole ones: `50 cents`, `and forty-five cents`, `50`, `and 15`.
fn change(t: &Tokens<'_>, code: &str, at: usize, locale: Locale) -> Option<(f64, usize)> {
    if code == "CNY" {
        return mao(t, at);
    }
    let start = if t.any(at, &["and"]) { at + 1 } else { at };
    let (found, end) = match t.small(start) {
        Some((value, 1 | 2)) => (Number::whole(i128::from(value), "digits"), start + 1),
        Some(_) => return None,
        None => cardinal(t, start)?,
    };
    if found.value >= 100.0 || number(t, start, locale).is_none_or(|(_, to)| to != end) {
        return None;
    }
    if part(t.word(end)).is_some() {
        return Some((found.value / 100.0, end + 1));
    }
    // Without the word, it must end there.
    let free = t.word(end).is_empty() && !t.is(end, "%/:$€£") && !(t.is(end, ".,-") && t.glued(end + 1));
    (free && found.value >= 10.0).then_some((found.value / 100.0, end))
}

/// Tenths and hundredths of a yuan: `and five mao five`.
fn mao(t: &Tokens<'_>, at: usize) -> Option<(f64, usize)> {
    let start = if t.any(at, &["and"]) { at + 1 } else { at };
    let (tenths, end) = cardinal(t, start)?;
    if !t.any(end, &["mao", "jiao"]) {
        return None;
    }
    let rest = cardinal(t, end + 1).filter(|(rest, _)| rest.value < 10.0);
    Some(rest.map_or((tenths.value / 10.0, end + 1), |(rest, end)| (tenths.value / 10.0 + rest.value / 100.0, end)))
}

/// At least two decimals, as many as there are.
fn show(number: Number, currency: &str, factor: i32, more: f64) -> Value {
    let amount = match number.exact.filter(|_| more == 0.0) {
        Some(exact) => format!("{}.00", exact.saturating_mul(i128::from(factor))),
        None => {
            let value = round(number.value * f64::from(factor) + more);
            let text = format!("{value}");
            let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            if decimals < 2 { format!("{value:.2}") } else { text }
        }
    };
    json!({ "amount": amount, "currency": currency })
}
