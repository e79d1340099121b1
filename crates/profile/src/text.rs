//! Text in columns: what fits, how wide it is on a terminal, and how it is coloured.

use std::time::Duration;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::apportion::largest_remainder;
use crate::breakdown::Row;
use crate::spent::{Class, Spent};
use crate::usage::Usage;

/// How many columns `text` takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// `text` on one line and without control characters, cut with `…` to at most `limit` columns. Names come from hosts
/// and models; on a terminal they must not do more than be read.
pub(crate) fn fit(text: &str, limit: usize) -> String {
    let clean: String = text.chars().map(|c| if c.width().is_some() { c } else { '\u{fffd}' }).collect();
    if clean.width() <= limit {
        return clean;
    }
    let mut cut = String::new();
    let mut used = 1;
    for c in clean.chars() {
        used += c.width().unwrap_or(0);
        if used > limit {
            break;
        }
        cut.push(c);
    }
    cut.push('…');
    cut
}

/// The words of `text` on lines of at most `columns`, as far as words allow.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut().filter(|line| line.width() + 1 + word.width() <= columns) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// `text` and spaces behind it.
pub(crate) fn left(text: &str, columns: usize) -> String {
    format!("{text}{:1$}", "", columns.saturating_sub(text.width()))
}

/// `text` and spaces before it.
pub(crate) fn right(text: &str, columns: usize) -> String {
    format!("{:1$}{text}", "", columns.saturating_sub(text.width()))
}

/// Colours and weights of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Dim,
    Bold,
    Alarm,
    Gain,
    Of(Class),
}

impl Tone {
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Dim => Some("2"),
            Self::Bold => Some("1"),
            Self::Alarm => Some("31"),
            Self::Gain => Some("32"),
            Self::Of(Class::Cpu) => Some("32"),
            Self::Of(Class::Model) => Some("35"),
            Self::Of(Class::Tool) => Some("33"),
            Self::Of(Class::Store) => Some("34"),
            Self::Of(Class::Queue | Class::BackOff) => Some("31"),
            Self::Of(Class::Other) => Some("90"),
        }
    }
}

/// `text` in a tone, if `color`.
pub(crate) fn paint(color: bool, tone: Tone, text: &str) -> String {
    match tone.code() {
        Some(code) if color && !text.trim().is_empty() => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        _ => text.to_owned(),
    }
}

/// The class that most of it went to.
pub(crate) fn main_class(spent: &Spent) -> Option<Class> {
    spent.largest_first().first().map(|(class, _)| *class)
}

/// The largest `limit` parts in per cent: `store 60 %, cpu 40 %`.
pub(crate) fn parts(spent: &Spent, limit: usize) -> String {
    let parts = spent.largest_first();
    let nanos: Vec<u64> = parts.iter().map(|(class, _)| spent.nanos_on(*class)).collect();
    let shown = parts.iter().zip(largest_remainder(100, &nanos)).filter(|(_, percent)| *percent > 0);
    let shown = shown.take(limit).map(|((class, _), percent)| match percent {
        100 => class_text(*class).to_owned(),
        _ => format!("{} {percent} %", class_text(*class)),
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// A class as it is printed.
pub(crate) fn class_text(class: Class) -> &'static str {
    if class == Class::BackOff { "back-off" } else { class.as_str() }
}

/// Tenths of a per cent: `12.3 %`.
pub(crate) fn tenths(n: u64) -> String {
    format!("{}.{} %", n / 10, n % 10)
}

/// A count of tokens: `812`, `1.2k`, `34k`, `1.2M`.
pub(crate) fn count(n: u64) -> String {
    match n {
        0..1_000 => n.to_string(),
        1_000..9_950 => one_decimal(n, 1_000, "k"),
        9_950..999_500 => format!("{}k", (n + 500) / 1_000),
        _ => one_decimal(n, 1_000_000, "M"),
    }
}

fn one_decimal(n: u64, unit: u64, name: &str) -> String {
    let tenths = n.saturating_add(unit / 20) / (unit / 10);
    format!("{}.{}{name}", tenths / 10, tenths % 10)
}

/// Model calls, tokens read and written, and money: `2 calls, 1.2k→300, $0.0081`.
pub(crate) fn usage(usage: &Usage) -> String {
    let calls = match usage.calls {
        0 => None,
        1 => Some("1 call".to_owned()),
        n => Some(format!("{n} calls")),
    };
    let (input, output) = (usage.input_tokens, usage.output_tokens);
    let tokens = (input > 0 || output > 0).then(|| format!("{}→{}", count(input), count(output)));
    let cost = (usage.cost_nanousd > 0).then(|| money(usage.cost_nanousd));
    [calls, tokens, cost].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Billionths of a dollar with two significant digits below a dollar: `$0.0081`, `$12.34`.
pub(crate) fn money(nanousd: u64) -> String {
    let dollars = nanousd as f64 / 1e9;
    let digits = if dollars >= 0.1 { 2 } else { (1.0 - dollars.log10().floor()).clamp(2.0, 9.0) as usize };
    format!("${dollars:.digits$}")
}

/// How the runs of a phase ended: `failed: transient`, `cached 1/3`, `2 retries`.
pub(crate) fn notes(row: &Row) -> String {
    let mut notes = Vec::new();
    let mut note = |n: u64, what: &str, why: &str| {
        if n > 0 {
            let share = if n < row.count { format!(" {n}/{}", row.count) } else { String::new() };
            notes.push(format!("{what}{share}{why}"));
        }
    };
    let types = row.error_types.iter().map(|kind| fit(kind, 40)).collect::<Vec<_>>().join(", ");
    let why = if types.is_empty() { String::new() } else { format!(": {types}") };
    note(row.failed, "failed", &why);
    note(row.cancelled, "cancelled", "");
    note(row.suspended, "suspended", "");
    note(row.replayed, "replayed", "");
    note(row.cached, "cached", "");
    match row.retries {
        0 => {}
        1 => notes.push("1 retry".to_owned()),
        n => notes.push(format!("{n} retries")),
    }
    notes.join(", ")
}

/// What else is worth knowing, where it is there: `1 cache hit, saved 1.20 s, 900 tokens cached, first token 250 ms`.
pub(crate) fn details(cache_hits: u64, saved: Duration, usage: &Usage) -> String {
    let hits = match cache_hits {
        0 => None,
        1 => Some("1 cache hit".to_owned()),
        n => Some(format!("{n} cache hits")),
    };
    let saved = (!saved.is_zero()).then(|| format!("saved {}", time(saved)));
    let cached = usage.cached_input_tokens;
    let cached = (cached > 0).then(|| format!("{} tokens cached", count(cached)));
    let first = usage.time_to_first_token().map(|first| format!("first token {}", time(first)));
    [hits, saved, cached, first].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// `1 run`, `30 runs`.
pub(crate) fn runs(n: u64) -> String {
    if n == 1 { "1 run".to_owned() } else { format!("{n} runs") }
}

/// A duration in a column of its own.
pub(crate) fn time(duration: Duration) -> String {
    crate::duration::short(duration).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_columns_and_cannot_steer_a_terminal() {
        assert_eq!(fit("retrieve", 8), "retrieve");
        assert_eq!(fit("retrieve", 5), "retr…");
        assert_eq!(fit("検索フェーズ", 7), "検索フ…");
        assert_eq!(fit("a\u{1b}[31m\nb", 20), "a\u{fffd}[31m\u{fffd}b");
        assert_eq!(left("検索", 6), "検索  ");
        assert_eq!(right("é", 3), "  é");
    }

    #[test]
    fn remarks_are_broken_between_words() {
        assert_eq!(wrap("one two three", 20), ["one two three"]);
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("検索 検索", 5), ["検索", "検索"]);
    }

    #[test]
    fn counts_are_short() {
        let counts: Vec<_> = [0, 999, 1_000, 1_249, 1_250, 9_949, 9_950, 34_499, 999_499, 999_500, 1_250_000]
            .into_iter()
            .map(count)
            .collect();
        assert_eq!(counts, ["0", "999", "1.0k", "1.2k", "1.3k", "9.9k", "10k", "34k", "999k", "1.0M", "1.3M"]);
    }

    #[test]
    fn usage_says_only_what_there_was() {
        let used = |calls, input_tokens, output_tokens, cost_nanousd| {
            usage(&Usage { calls, input_tokens, output_tokens, cost_nanousd, ..Usage::default() })
        };
        assert_eq!(used(0, 0, 0, 0), "");
        assert_eq!(used(1, 0, 0, 0), "1 call");
        assert_eq!(used(2, 1_234, 300, 8_120_000), "2 calls, 1.2k→300, $0.0081");
        assert_eq!(used(0, 12, 0, 0), "12→0");
    }

    #[test]
    fn details_are_said_where_they_are_there() {
        assert_eq!(details(0, Duration::ZERO, &Usage::default()), "");
        let usage =
            Usage { cached_input_tokens: 1_900, first_token_ns: 500_000_000, first_tokens: 2, ..Usage::default() };
        let all = "1 cache hit, saved 1.20 s, 1.9k tokens cached, first token 250 ms";
        assert_eq!(details(1, Duration::from_millis(1_200), &usage), all);
        assert_eq!(details(2, Duration::ZERO, &Usage::default()), "2 cache hits");
    }

    #[test]
    fn money_keeps_two_digits() {
        let texts = [1, 15_000, 8_120_000, 99_000_000, 250_000_000, 12_340_000_000].map(money);
        assert_eq!(texts, ["$0.000000001", "$0.000015", "$0.0081", "$0.099", "$0.25", "$12.34"]);
    }

    #[test]
    fn parts_of_a_time_add_up_or_are_left_out() {
        let mut spent = Spent::default();
        assert_eq!(parts(&spent, 2), "");
        spent.add(Class::Model, 980);
        spent.add(Class::Cpu, 19);
        spent.add(Class::BackOff, 1);
        assert_eq!(parts(&spent, 2), "model 98 %, cpu 2 %");
        assert_eq!(parts(&spent, 1), "model 98 %");
        let mut spent = Spent::default();
        spent.add(Class::BackOff, 5);
        assert_eq!(parts(&spent, 2), "back-off");
    }
}
