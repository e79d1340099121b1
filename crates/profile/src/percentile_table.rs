//! Statistics as a table for the terminal.

use std::fmt;

use smol_str::{SmolStr, format_smolstr};

use crate::apportion::largest_remainder;
use crate::columns::{self, Column};
use crate::counts::Counts;
use crate::distribution::Distribution;
use crate::snapshot::{PhaseStatistics, Snapshot};
use crate::spent::Class;
use crate::text::{self, Tone, fit, paint};

/// The narrowest table; a terminal narrower than this wraps it.
const NARROWEST: usize = 60;
const LONGEST_NAME: usize = 28;
/// A class is shown below its phase if at least this part of the phase's time went to it, in per cent, and not all.
const LEAST_SHARE: u64 = 10;

/// The percentiles of a [`Snapshot`] as a table: print it with `{}`.
///
/// Times are wall times. Below the whole run stands what its time went to, class by class; below every phase too, if
/// asked for. Columns with nothing to say are left out, and so are the less important ones when the width is not enough.
#[derive(Debug, Clone)]
pub struct PercentileTable {
    snapshot: Snapshot,
    width: usize,
    color: bool,
    classes: bool,
}

/// What one line is about.
struct Line<'a> {
    name: SmolStr,
    times: &'a Distribution,
    /// Only on the lines of phases.
    phase: Option<&'a PhaseStatistics>,
    tone: Tone,
}

impl PercentileTable {
    pub(crate) fn new(snapshot: &Snapshot) -> Self {
        Self { snapshot: snapshot.clone(), width: 100, color: false, classes: false }
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

    /// Whether the classes are shown below every phase: not unless set.
    #[must_use]
    pub fn classes(mut self, classes: bool) -> Self {
        self.classes = classes;
        self
    }

    fn lines(&self) -> (Vec<Line<'_>>, usize) {
        let Snapshot { further, between, total, .. } = &self.snapshot;
        let phases = self.snapshot.phases().into_iter().map(|(name, phase)| (SmolStr::new(name), phase));
        let further = (further.counts.runs > 0).then(|| (SmolStr::new_static("further phases"), further));
        let between = (between.wall.sum > 0).then(|| (SmolStr::new_static("between phases"), between));
        let mut lines = Vec::new();
        for (name, phase) in phases.chain(further).chain(between) {
            lines.push(Line { name, times: &phase.wall, phase: Some(phase), tone: Tone::Plain });
            if self.classes {
                lines.extend(class_lines(phase));
            }
        }
        let ruled = lines.len();
        let name = SmolStr::new_static("whole run");
        lines.push(Line { name, times: &total.wall, phase: Some(total), tone: Tone::Bold });
        lines.extend(class_lines(total));
        (lines, ruled)
    }
}

/// The classes that a phase's time was spent on, if there are several.
fn class_lines(phase: &PhaseStatistics) -> impl Iterator<Item = Line<'_>> {
    let shares = shares(phase);
    let shown: Vec<_> = shares.into_iter().filter(|(_, share)| *share >= LEAST_SHARE && *share < 100).collect();
    shown.into_iter().filter_map(|(class, _)| {
        let times = phase.on(class)?;
        Some(Line { name: format_smolstr!("  {}", text::class_text(class)), times, phase: None, tone: Tone::Of(class) })
    })
}

/// What a phase's time was spent on, in per cent of all of it, the largest first.
pub(crate) fn shares(phase: &PhaseStatistics) -> Vec<(Class, u64)> {
    let sums: Vec<u64> = phase.spent.values().map(|times| times.sum).collect();
    let mut shares: Vec<_> = phase.spent.keys().copied().zip(largest_remainder(100, &sums)).collect();
    shares.sort_by_key(|(_, share)| std::cmp::Reverse(*share));
    shares
}

fn mostly(phase: &PhaseStatistics) -> String {
    match shares(phase).first() {
        Some((class, 100)) => text::class_text(*class).to_owned(),
        Some((class, share)) => format!("{} {share} %", text::class_text(*class)),
        None => String::new(),
    }
}

/// What happened beside the time: `3 failed, 5 cached, 2 retries`.
fn notes(counts: &Counts, times: &Distribution) -> String {
    let Counts { failed, cancelled, suspended, replayed, cached, retries, .. } = *counts;
    let retried = if retries == 1 { "retry" } else { "retries" };
    let long = times.saturated();
    let all = [
        (failed, "failed"),
        (cancelled, "cancelled"),
        (suspended, "suspended"),
        (replayed, "replayed"),
        (cached, "cached"),
    ];
    let all = all.into_iter().chain([(retries, retried), (long, "above 1 h")]);
    all.filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", text::count(n))).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for PercentileTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lines, ruled) = self.lines();
        let words = |cell: &dyn Fn(&Line<'_>) -> (String, Tone)| lines.iter().map(cell).collect();
        let figures = |cell: &dyn Fn(&Line<'_>) -> String| lines.iter().map(cell).collect();
        let of_phase =
            |cell: fn(&PhaseStatistics) -> String| move |line: &Line<'_>| line.phase.map_or_else(String::new, cell);
        let at = |part: f64| move |line: &Line<'_>| time(line.times, line.times.quantile(part));
        let columns = vec![
            Column::words("phase", words(&|line| (fit(&line.name, LONGEST_NAME), line.tone))).at_least(14),
            Column::figures("runs", figures(&of_phase(|phase| text::count(phase.counts.runs)))),
            Column::figures("p50", figures(&at(0.50))),
            Column::figures("p90", figures(&at(0.90))).goes(2),
            Column::figures("p95", figures(&at(0.95))).goes(4),
            Column::figures("p99", figures(&at(0.99))),
            Column::figures("max", figures(&|line| time(line.times, line.times.max()))).goes(1),
            Column::figures("mean", figures(&|line| time(line.times, line.times.mean()))).goes(5),
            Column::words("mostly", words(&|line| (of_phase(mostly)(line), Tone::Plain))).goes(3),
            Column::words("model", words(&|line| (of_phase(usage)(line), Tone::Plain))).goes(6),
            Column::words(
                "",
                words(&|line| {
                    let alarm = line.phase.is_some_and(|phase| phase.counts.failed > 0 || phase.counts.cancelled > 0);
                    let notes = line.phase.map_or_else(String::new, |phase| notes(&phase.counts, line.times));
                    (notes, if alarm { Tone::Alarm } else { Tone::Dim })
                }),
            )
            .at_least(10),
        ];
        columns::write(f, columns, self.width, self.color, Some(ruled))?;
        match self.snapshot.unavailable {
            0 => Ok(()),
            n => {
                let remark = format!("{} of no known profile are not in the table", text::runs(n));
                writeln!(f, "{}", paint(self.color, Tone::Dim, &remark))
            }
        }
    }
}

fn usage(phase: &PhaseStatistics) -> String {
    text::usage(&phase.counts.usage)
}

/// A time, or a dash where there are none.
fn time(times: &Distribution, time: std::time::Duration) -> String {
    if times.bins.is_empty() { "–".to_owned() } else { text::time(time) }
}
