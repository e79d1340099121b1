//! A comparison as a table for the terminal.

use std::fmt;

use crate::columns::{self, Column};
use crate::diff::{CountChange, Diff, DiffRow, Verdict};
use crate::text::{self, Tone, fit, paint};

/// The narrowest table; a terminal narrower than this wraps it.
const NARROWEST: usize = 60;
const LONGEST_NAME: usize = 28;

/// A [`Diff`] as a table: print it with `{}`.
///
/// What is counted and differs stands below it, by run. The less important columns are left out when the width is not
/// enough.
#[derive(Debug, Clone)]
pub struct DiffTable {
    diff: Diff,
    width: usize,
    color: bool,
}

impl DiffTable {
    pub(crate) fn new(diff: &Diff) -> Self {
        Self { diff: diff.clone(), width: 100, color: false }
    }

    /// How many columns it may take: 100 unless set, and never less than 60.
    #[must_use]
    pub fn width(mut self, columns: usize) -> Self {
        self.width = columns.max(NARROWEST);
        self
    }

    /// Whether it is coloured with ANSI escapes: not unless set.
    #[must_use]
    pub fn color(mut self, color: bool) -> Self {
        self.color = color;
        self
    }

    /// How the verdicts were come to, and what they leave open.
    fn remarks(&self) -> Vec<String> {
        let (level, least_shift) = self.diff.criteria().settings();
        let tests = match self.diff.tests() {
            1 => "1 test".to_owned(),
            n => format!("{n} tests"),
        };
        let mut remarks = vec![format!(
            "a change: p < {level} over {tests} (Mann–Whitney U, Holm), and a shift of at least {} %; intervals at {} %",
            rounded(least_shift * 100.0),
            rounded((1.0 - level) * 100.0)
        )];
        if self.diff.rows().iter().any(|row| row.verdict == Verdict::TooFewRuns) {
            remarks.push(format!(
                "too few runs: it takes {} on either side to call a change here",
                self.diff.needed_runs()
            ));
        }
        for row in self.diff.rows() {
            let changes = row.count_changes();
            if !changes.is_empty() {
                let changes: Vec<String> = changes.iter().map(count_change).collect();
                remarks.push(format!("{}, by run: {}", fit(&row.name, LONGEST_NAME), changes.join(", ")));
            }
        }
        remarks
    }
}

impl fmt::Display for DiffTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.diff.rows();
        let words = |cell: &dyn Fn(&DiffRow) -> (String, Tone)| rows.iter().map(cell).collect();
        let figures = |cell: &dyn Fn(&DiffRow) -> String| rows.iter().map(cell).collect();
        let columns = vec![
            Column::words("phase", words(&name)).at_least(14),
            Column::figures(
                "runs",
                figures(&|row| format!("{} | {}", text::count(row.before.n), text::count(row.after.n))),
            )
            .goes(2),
            Column::figures("before", figures(&|row| median(row.before.n, row.before.median))),
            Column::figures("after", figures(&|row| median(row.after.n, row.after.median))),
            Column::figures("shift", figures(&|row| row.ratio.map_or_else(String::new, percent))),
            Column::figures("interval", figures(&interval)).goes(3),
            Column::figures("effect", figures(&|row| row.delta.map_or_else(String::new, |delta| signed(delta, 2))))
                .goes(4),
            Column::figures("p", figures(&|row| row.p_corrected.map_or_else(String::new, p_value))).goes(1),
            Column::words("verdict", words(&|row| verdict(row.verdict))),
        ];
        columns::write(f, columns, self.width, self.color, rows.len().checked_sub(1))?;
        for remark in self.remarks() {
            for line in wrapped(&remark, self.width) {
                writeln!(f, "{}", paint(self.color, Tone::Dim, &line))?;
            }
        }
        Ok(())
    }
}

fn name(row: &DiffRow) -> (String, Tone) {
    match row.class {
        Some(class) => (format!("  {}", text::class_text(class)), Tone::Of(class)),
        None => (fit(&row.name, LONGEST_NAME), Tone::Plain),
    }
}

fn verdict(verdict: Verdict) -> (String, Tone) {
    let (text, tone) = match verdict {
        Verdict::Slower => ("slower", Tone::Alarm),
        Verdict::Faster => ("faster", Tone::Gain),
        Verdict::NoChangeShown => ("no change shown", Tone::Dim),
        Verdict::TooFewRuns => ("too few runs", Tone::Dim),
        Verdict::OnlyBefore => ("only before", Tone::Bold),
        Verdict::OnlyAfter => ("only after", Tone::Bold),
    };
    (text.to_owned(), tone)
}

fn median(n: u64, median: std::time::Duration) -> String {
    if n == 0 { "–".to_owned() } else { text::time(median) }
}

/// A ratio as a shift: `+10.3 %`, `−4.0 %`, `×12.0`.
fn percent(ratio: f64) -> String {
    if ratio.is_infinite() {
        return "∞".to_owned();
    }
    if ratio >= 10.0 {
        return format!("×{ratio:.1}");
    }
    format!("{} %", signed((ratio - 1.0) * 100.0, 1))
}

fn signed(value: f64, decimals: usize) -> String {
    let sign = if value < 0.0 { "−" } else { "+" };
    format!("{sign}{:.decimals$}", value.abs())
}

fn interval(row: &DiffRow) -> String {
    match row.interval {
        Some((low, high)) if low > 0.0 || high.is_finite() => format!("{} … {}", percent(low), percent(high)),
        _ => String::new(),
    }
}

fn p_value(p: f64) -> String {
    if p < 0.001 { "<0.001".to_owned() } else { format!("{p:.3}") }
}

fn count_change(change: &CountChange) -> String {
    format!("{} {} → {}", change.name, rounded(change.before), rounded(change.after))
}

/// Up to three significant digits, and no more of them than are needed.
fn rounded(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    if digits == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

/// `text` in lines of at most `width` columns, broken at spaces; lines after the first are set in.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if text::width(line) + 1 + text::width(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("  {word}")),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}
