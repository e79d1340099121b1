//! The breakdown as a table for the terminal.

use std::fmt;

use crate::apportion::largest_remainder;
use crate::bar;
use crate::breakdown::{Breakdown, By, Row};
use crate::profile::Profile;
use crate::text::{self, Tone, fit, left, paint, right};

/// The narrowest table; a terminal narrower than this wraps it.
const NARROWEST: usize = 60;
const GAP: usize = 2;
const LONGEST_NAME: usize = 28;
const LONGEST_BAR: usize = 40;
/// What notes are cut to before bars are given up.
const BRIEF_NOTES: usize = 18;

/// A profile as a table: print it with `{}`.
///
/// The printed shares add up to exactly 100.0 %. Columns with nothing to say are left out, and so are the less important
/// ones when the width is not enough.
#[derive(Debug, Clone)]
pub struct Table {
    by: By,
    breakdown: Breakdown,
    remarks: Vec<String>,
    unavailable: Option<String>,
    width: usize,
    color: bool,
}

impl Table {
    pub(crate) fn new(profile: &Profile, by: By) -> Self {
        // Said once, below the table that is always there.
        let remarks = if by == By::Phase { profile.remarks() } else { Vec::new() };
        Self {
            by,
            breakdown: profile.breakdown_by(by),
            remarks,
            unavailable: profile.unavailable().map(str::to_owned),
            width: 100,
            color: false,
        }
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

    fn lines(&self) -> Vec<Line> {
        let Breakdown { rows, between, total } = &self.breakdown;
        let rows: Vec<&Row> =
            rows.iter().chain((!between.attributed.is_zero() || rows.is_empty()).then_some(between)).collect();
        let parts: Vec<u64> = rows.iter().map(|row| row.spent.total_nanos()).collect();
        let tenths = largest_remainder(1_000, &parts);
        let whole = parts.iter().fold(0_u64, |sum, part| sum.saturating_add(*part));
        let lines = rows.iter().zip(parts.iter().zip(tenths));
        let mut lines: Vec<Line> = lines.map(|(row, (part, tenths))| Line::new(row, *part, whole, tenths)).collect();
        let has_rest = lines.len() > self.breakdown.rows.len();
        if let Some(rest) = lines.last_mut().filter(|_| has_rest && self.by != By::Phase) {
            // It is what is left of the run's time, and no stretch of it.
            rest.wall = "–".to_owned();
        }
        let mut last = Line::new(total, 0, whole, if whole == 0 { 0 } else { 1_000 });
        last.name = "total".to_owned();
        lines.push(last);
        lines
    }
}

/// The texts of one row.
struct Line {
    name: String,
    wall: String,
    share: String,
    /// The length of the bar: a part of the whole run.
    part: u64,
    whole: u64,
    tone: Tone,
    spent: String,
    spent_short: String,
    usage: String,
    notes: String,
    /// The notes with all details.
    full_notes: String,
    alarm: bool,
}

impl Line {
    fn new(row: &Row, part: u64, whole: u64, tenths: u64) -> Self {
        let name = match row.count {
            0 | 1 => row.name.to_string(),
            n => format!("{} ×{n}", row.name),
        };
        let notes = text::notes(row);
        let details = text::details(row.cache_hits.saturating_sub(row.cached), row.saved, &row.usage);
        let both = [notes.as_str(), details.as_str()].into_iter().filter(|part| !part.is_empty());
        Self {
            name,
            full_notes: both.collect::<Vec<_>>().join(", "),
            wall: text::time(row.wall),
            share: if whole == 0 { "–".to_owned() } else { text::tenths(tenths) },
            part,
            whole,
            tone: text::main_class(&row.spent).map_or(Tone::Plain, Tone::Of),
            spent: text::parts(&row.spent, 2),
            spent_short: text::parts(&row.spent, 1),
            usage: text::usage(&row.usage),
            notes,
            alarm: row.failed > 0 || row.cancelled > 0,
        }
    }
}

/// How wide each column is; 0 for one that is left out.
#[derive(Debug, Clone, Copy)]
struct Layout {
    name: usize,
    wall: usize,
    share: usize,
    bar: usize,
    spent: usize,
    short: bool,
    usage: usize,
    notes: usize,
    details: bool,
}

impl Layout {
    /// The first of ever poorer layouts that leaves room for a bar.
    fn new(lines: &[Line], first: &str, width: usize) -> Self {
        let widest = |cell: fn(&Line) -> &str, header: &str| {
            let widest = lines.iter().map(|line| text::width(cell(line))).max().unwrap_or(0);
            if widest == 0 { 0 } else { widest.max(text::width(header)) }
        };
        let full = Self {
            name: widest(|line| &line.name, first).min(LONGEST_NAME),
            wall: widest(|line| &line.wall, "wall"),
            share: widest(|line| &line.share, "share"),
            bar: 0,
            spent: widest(|line| &line.spent, "where it went"),
            short: false,
            usage: widest(|line| &line.usage, "model"),
            notes: widest(|line| &line.full_notes, ""),
            details: true,
        };
        let detailed = Self { spent: widest(|line| &line.spent_short, "mostly"), short: true, ..full };
        let short = Self { notes: widest(|line| &line.notes, ""), details: false, ..detailed };
        let without_usage = Self { usage: 0, ..short };
        let brief = Self { notes: short.notes.min(BRIEF_NOTES), ..without_usage };
        let room = width.saturating_sub(Self { notes: 0, ..detailed }.taken() + GAP + 6 + GAP);
        // Details that do not fit are cut where others would be pushed out.
        let cut = Self { notes: detailed.notes.min(room.max(short.notes)), ..detailed };
        for (layout, shortest_bar) in [(full, 8), (cut, 6), (short, 6), (without_usage, 6), (brief, 6)] {
            let rest = width.saturating_sub(layout.taken() + GAP);
            if rest >= shortest_bar {
                return Self { bar: rest.min(LONGEST_BAR), ..layout };
            }
        }
        let rest = width.saturating_sub(Self { notes: 0, ..without_usage }.taken() + GAP);
        Self { notes: short.notes.min(rest), ..without_usage }
    }

    fn taken(&self) -> usize {
        let columns = [self.name, self.wall, self.share, self.bar, self.spent, self.usage, self.notes];
        let used = columns.into_iter().filter(|width| *width > 0);
        used.clone().sum::<usize>() + used.count().saturating_sub(1) * GAP
    }

    fn header(&self, first: &str, color: bool) -> String {
        let cells = [
            (self.name, left(first, self.name)),
            (self.wall, right("wall", self.wall)),
            (self.share, right("share", self.share)),
            (self.bar, left("", self.bar)),
            (self.spent, left(if self.short { "mostly" } else { "where it went" }, self.spent)),
            (self.usage, left(if first == "model" { "usage" } else { "model" }, self.usage)),
        ];
        paint(color, Tone::Dim, join(cells).trim_end())
    }

    fn row(&self, line: &Line, color: bool, is_total: bool) -> String {
        let strong = if is_total { Tone::Bold } else { Tone::Plain };
        let bar = bar::share(line.part, line.whole, self.bar);
        let spent = if self.short { &line.spent_short } else { &line.spent };
        let notes = if self.details { &line.full_notes } else { &line.notes };
        let tone = if line.alarm { Tone::Alarm } else { Tone::Dim };
        let cells = [
            (self.name, paint(color, strong, &left(&fit(&line.name, self.name), self.name))),
            (self.wall, paint(color, strong, &right(&line.wall, self.wall))),
            (self.share, paint(color, strong, &right(&line.share, self.share))),
            (self.bar, paint(color, line.tone, &left(&bar, self.bar))),
            (self.spent, left(spent, self.spent)),
            (self.usage, left(&line.usage, self.usage)),
            (self.notes, paint(color, tone, &fit(notes, self.notes))),
        ];
        join(cells).trim_end().to_owned()
    }
}

fn join<const N: usize>(cells: [(usize, String); N]) -> String {
    let shown = cells.into_iter().filter(|(width, _)| *width > 0).map(|(_, text)| text);
    shown.collect::<Vec<_>>().join(&" ".repeat(GAP))
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(reason) = &self.unavailable {
            return writeln!(f, "no profile: {reason}");
        }
        let lines = self.lines();
        let first = match self.by {
            By::Phase => "phase",
            By::Agent => "agent",
            By::Model => "model",
        };
        let layout = Layout::new(&lines, first, self.width);
        writeln!(f, "{}", layout.header(first, self.color))?;
        for (index, line) in lines.iter().enumerate() {
            let is_total = index + 1 == lines.len();
            if is_total {
                writeln!(f, "{}", paint(self.color, Tone::Dim, &"─".repeat(layout.taken().min(self.width))))?;
            }
            writeln!(f, "{}", layout.row(line, self.color, is_total))?;
        }
        for remark in self.remarks.iter().flat_map(|remark| text::wrap(remark, self.width)) {
            writeln!(f, "{}", paint(self.color, Tone::Dim, &remark))?;
        }
        Ok(())
    }
}
