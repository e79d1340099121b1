//! Our canonical forms in theirs.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;
use ninefold_dialogue::normalize::{Normalized, Normalizer, Read, Reading};
use serde_json::Value;

use super::{Hit, kinds};

/// All that is found of a file's kinds, none within another.
pub fn hits(normalizer: &Normalizer, name: &str, input: &str, reading: &Reading) -> Vec<Hit> {
    let mut all: Vec<Hit> = Vec::new();
    for (label, kind) in kinds(name) {
        for found in normalizer.find(&kind, input, reading) {
            let values: Vec<Normalized> = match found.read {
                Read::One(value) => vec![value],
                Read::Several(values) => values,
                Read::None(_) => vec![],
            };
            let mut values: BTreeSet<String> = values.iter().map(|value| form(label, value)).collect();
            if values.is_empty() {
                values.insert("not resolved".into());
            }
            let (from, to) = (found.span.start, found.span.end);
            // What was found of a kind before is as long and tells more, or is longer.
            if all.iter().any(|hit| hit.from <= from && to <= hit.to) {
                continue;
            }
            all.retain(|hit| !(from <= hit.from && hit.to <= to));
            all.push(Hit { from, to, kind: label, values });
        }
    }
    all.sort_by_key(|hit| hit.from);
    all
}

fn seconds(text: &str) -> String {
    // "15:30" → "15:30:00", "2024-03-15T15:30" → "2024-03-15 15:30:00".
    let text = text.replace('T', " ");
    if text.matches(':').count() == 1 { format!("{text}:00") } else { text }
}

fn form(label: &str, value: &Normalized) -> String {
    let json = &value.value;
    let text = |key: &str| json[key].as_str();
    match label {
        "date" => json.as_str().unwrap().to_owned(),
        "time" | "datetime" => seconds(json.as_str().unwrap()),
        "timerange" | "datetimerange" => {
            format!(
                "{}..{}",
                text("from").map(seconds).unwrap_or_default(),
                text("to").map(seconds).unwrap_or_default()
            )
        }
        "daterange" => days(text("from"), text("to"), &value.how),
        "duration" => span_seconds(json.as_str().unwrap()),
        "set" => timex(json),
        "number" => number(json.as_f64().unwrap()),
        "percent" => format!("{}%", number(json.as_f64().unwrap())),
        "ordinal" => json.to_string(),
        "currency" => format!("{} {}", text("amount").unwrap(), text("currency").unwrap()),
        "age" | "dimension" | "temperature" => {
            format!("{} {}", number(json["number"].as_f64().unwrap()), text("unit").unwrap())
        }
        _ => json.as_str().map_or_else(|| json.to_string(), str::to_owned),
    }
}

/// Their ranges end before their last day; those from a day to a day are given as they were said, and those to a month or a year
/// end where that begins.
fn days(from: Option<&str>, to: Option<&str>, how: &str) -> String {
    let day = |text: Option<&str>| text.and_then(|text| text.parse::<Date>().ok());
    let from = day(from).map(|day| if how == "after a day" { day.checked_sub(1.day()).unwrap() } else { day });
    let to = day(to).map(|day| match how {
        "from day to day" | "until a day" => day,
        "from … to a month" => day.first_of_month(),
        "from … to a quarter" => jiff::civil::date(day.year(), (day.month() - 1) / 3 * 3 + 1, 1),
        "from … to a year" => day.first_of_year(),
        _ => day.checked_add(1.day()).unwrap(),
    });
    let show = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    format!("{}..{}", show(from), show(to))
}

/// Seconds with 365 days in a year and 30 in a month, as they count.
fn span_seconds(iso: &str) -> String {
    let mut total = 0.0;
    let mut digits = String::new();
    let mut time = false;
    for c in iso.chars().skip(1) {
        match c {
            'T' => time = true,
            '0'..='9' | '.' => digits.push(c),
            unit => {
                let count: f64 = digits.parse().unwrap();
                digits.clear();
                total += count
                    * match (unit, time) {
                        ('Y', _) => 31_536_000.0,
                        ('M', false) => 2_592_000.0,
                        ('D', _) => 86_400.0,
                        ('H', _) => 3_600.0,
                        ('M', true) => 60.0,
                        _ => 1.0,
                    };
            }
        }
    }
    number(total)
}

/// Fifteen digits, as theirs.
fn number(value: f64) -> String {
    format!("{value:.14e}").parse::<f64>().unwrap().to_string()
}

fn timex(json: &Value) -> String {
    let text = |key: &str| json[key].as_str();
    let every = text("every").unwrap_or_default();
    let part = text("part").map(|part| match part {
        "morning" => "TMO",
        "afternoon" => "TAF",
        "evening" => "TEV",
        _ => "TNI",
    });
    let at = text("at").map(|at| format!("T{}", at.strip_suffix(":00").unwrap_or(at)));
    let time = at.or_else(|| part.map(str::to_owned)).unwrap_or_default();
    let weeks = every.trim_start_matches('P').trim_end_matches('D').parse::<i64>().unwrap_or(7) / 7;
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    match text("on") {
        Some("weekend") => format!("P{weeks}WE"),
        Some("weekday") => format!("P{weeks}WD"),
        // Of whatever year and week.
        Some(day) => format!("{}-WXX-{}{time}", "X".repeat(4), DAYS.iter().position(|name| *name == day).unwrap() + 1),
        None if !time.is_empty() => time,
        None => every.to_owned(),
    }
}

/// Weeks are days with us.
fn plain_timex(timex: &str) -> String {
    match timex.strip_prefix('P').and_then(|rest| rest.strip_suffix('W')).and_then(|weeks| weeks.parse::<i64>().ok()) {
        Some(weeks) => format!("P{}D", weeks * 7),
        None => timex.to_owned(),
    }
}

/// Whether a hit resolves as a case says.
pub fn same(name: &str, hit: &Hit, resolution: &Value, input: &str) -> bool {
    let value = resolution["value"].as_str();
    let number_of = |text: &str| text.parse::<f64>().ok();
    let ours = hit.values.iter().next().cloned().unwrap_or_default();
    let only = hit.values.len() == 1;
    let (first, unit) = ours.split_once(' ').unwrap_or((&ours, ""));
    let close = |a: &str, b: Option<&str>| {
        let (a, b) = (number_of(a), b.and_then(number_of));
        matches!((a, b), (Some(a), Some(b)) if (a - b).abs() <= 1e-9 * b.abs().max(1e-300))
    };
    match name {
        "datetime" => {
            let theirs: BTreeSet<String> = resolution["values"].as_array().into_iter().flatten().map(theirs).collect();
            let kind = resolution["values"][0]["type"].as_str().unwrap_or_default();
            kind == hit.kind && theirs == hit.values
        }
        "number" => only && close(&ours, value),
        "percent" => only && close(ours.trim_end_matches('%'), value.map(|value| value.trim_end_matches('%'))),
        "ordinal" => {
            // "end-1" is the last but one: −2.
            let theirs = value.unwrap_or_default();
            let theirs = match theirs.strip_prefix("end") {
                Some(offset) => offset.parse::<i64>().map(|offset| offset - 1).ok(),
                None => theirs.parse().ok(),
            };
            only && theirs.map(|theirs| theirs.to_string()) == Some(ours.clone())
        }
        "currency" => only && money(first, unit, value, resolution),
        "age" => {
            only && close(first, value)
                && resolution["unit"].as_str().is_some_and(|theirs| theirs.eq_ignore_ascii_case(unit))
        }
        "dimension" | "temperature" => {
            only && close(first, value)
                && resolution["unit"].as_str().is_some_and(|theirs| theirs.eq_ignore_ascii_case(unit))
        }
        "email" => only && value.is_some_and(|value| value.eq_ignore_ascii_case(&ours)),
        "boolean" => only && resolution["value"] == Value::Bool(ours == "true"),
        "phonenumber" => {
            let main = value.unwrap_or_default().split(['x', 'X']).next().unwrap_or_default();
            let main = if main.contains('+') { main.replacen("(0)", "", 1) } else { main.to_owned() };
            let plus = if main.contains('+') { "+" } else { "" };
            let digits: String = main.chars().filter(char::is_ascii_digit).collect();
            only && format!("{plus}{digits}") == ours && input.get(hit.from..hit.to).is_some()
        }
        _ => only && value == Some(ours.as_str()),
    }
}

fn theirs(value: &Value) -> String {
    let text = |key: &str| value[key].as_str();
    match text("type").unwrap_or_default() {
        "set" => plain_timex(text("timex").unwrap_or_default()),
        "duration" => text("value").and_then(|value| value.parse::<f64>().ok()).map_or("not resolved".into(), number),
        _ => match (text("start"), text("end")) {
            (None, None) => text("value").unwrap_or_default().to_owned(),
            (from, to) => format!("{}..{}", from.unwrap_or_default(), to.unwrap_or_default()),
        },
    }
}

/// Amounts of cents are hundredths with us, and a currency without a state is the code that its name has here.
fn money(amount: &str, currency: &str, value: Option<&str>, resolution: &Value) -> bool {
    let unit = resolution["unit"].as_str().unwrap_or_default();
    let (parts, code) = match unit {
        "Cent" => (100.0, "USD"),
        "Pence" | "Penny" => (100.0, "GBP"),
        "Satoshi" => (1e8, "BTC"),
        "Dollar" => (1.0, "USD"),
        "Pound" => (1.0, "GBP"),
        "Rupee" => (1.0, "INR"),
        "Bitcoin" => (1.0, "BTC"),
        "Franc" => (1.0, "franc"),
        _ => (1.0, resolution["isoCurrency"].as_str().unwrap_or(unit)),
    };
    let (Some(ours), Some(theirs)) = (amount.parse::<f64>().ok(), value.and_then(|value| value.parse::<f64>().ok()))
    else {
        return false;
    };
    (ours * parts - theirs).abs() <= 1e-6 * theirs.abs().max(1.0) && code.eq_ignore_ascii_case(currency)
}
