//! Two snapshots compared, without calling noise a change.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use smol_str::SmolStr;

use crate::counts::Counts;
use crate::diff_table::DiffTable;
use crate::distribution::Distribution;
use crate::holm::holm;
use crate::rank_test::{rank_test, smallest_p};
use crate::shift::shift;
use crate::snapshot::{PhaseStatistics, Snapshot};
use crate::spent::Class;

/// The version of the document. It changes when a field changes its meaning or goes; new fields may come without.
const VERSION: u64 = 1;

/// Compares two snapshots by the usual [`Criteria`].
#[must_use]
pub fn diff(before: &Snapshot, after: &Snapshot) -> Diff {
    Criteria::default().diff(before, after)
}

/// When a difference is called a change.
///
/// The defaults keep both kinds of error in view; `cargo run --release -p ninefold-profile --example false_alarms`
/// measures them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Criteria {
    level: f64,
    least_shift: f64,
    fewest_runs: u64,
}

impl Default for Criteria {
    fn default() -> Self {
        Self { level: 0.01, least_shift: 0.05, fewest_runs: 8 }
    }
}

impl Criteria {
    /// The usual ones.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The probability at which a diff of runs that do not differ, and do not depend on each other, may call any change:
    /// 0.01 unless set; taken as at least 1e-12 and at most 0.5.
    #[must_use]
    pub fn level(mut self, level: f64) -> Self {
        self.level = if level.is_nan() { self.level } else { level.clamp(1e-12, 0.5) };
        self
    }

    /// By how much one of the two must be longer than the other, as a part of the shorter one: 0.05 unless set; taken as
    /// at least 0.
    #[must_use]
    pub fn least_shift(mut self, part: f64) -> Self {
        self.least_shift = if part.is_nan() { self.least_shift } else { part.max(0.0) };
        self
    }

    /// How many runs both must have at least: 8 unless set, and never less than 5. The test's approximation is not to be
    /// trusted below about 8.
    #[must_use]
    pub fn fewest_runs(mut self, runs: u64) -> Self {
        self.fewest_runs = runs.max(5);
        self
    }

    /// Compares two snapshots.
    #[must_use]
    pub fn diff(&self, before: &Snapshot, after: &Snapshot) -> Diff {
        let absent = PhaseStatistics::default();
        let pairs = pairs(before, after, &absent);
        let enough = |pair: &Pair<'_>| pair.fewest() >= self.fewest_runs;
        let possible = pairs.iter().filter(|pair| enough(pair)).count();
        // Sizes with which not even samples that are wholly apart would be called are no samples to judge by.
        let reach = |m: u64, n: u64, tests: usize| smallest_p(m, n) * (tests as f64) < self.level;
        let on_both_sides = pairs.iter().filter(|pair| pair.fewest() > 0).count();
        let needed = (self.fewest_runs..10_000).find(|n| reach(*n, *n, on_both_sides)).unwrap_or(10_000);
        let tested: Vec<bool> = pairs
            .iter()
            .map(|pair| enough(pair) && reach(pair.before.times.count(), pair.after.times.count(), possible))
            .collect();
        let mut rows: Vec<DiffRow> = pairs.iter().map(|pair| self.row(pair)).collect();
        let p_values: Vec<f64> =
            rows.iter().zip(&tested).filter(|(_, tested)| **tested).filter_map(|(row, _)| row.p).collect();
        let tests = p_values.len();
        let mut corrected = holm(&p_values).into_iter();
        for (row, tested) in rows.iter_mut().zip(tested) {
            row.p_corrected = if tested && row.p.is_some() { corrected.next() } else { None };
            row.verdict = self.verdict(row);
        }
        Diff { criteria: *self, tests, needed, rows, before: before.runs(), after: after.runs() }
    }

    fn row(&self, Pair { name, class, before, after }: &Pair<'_>) -> DiffRow {
        let test = rank_test(&before.times, &after.times);
        let shift = shift(&before.times, &after.times, self.level);
        DiffRow {
            name: name.clone(),
            class: *class,
            before: before.side(),
            after: after.side(),
            ratio: shift.map(|shift| shift.ratio),
            interval: shift.map(|shift| (shift.low, shift.high)),
            delta: test.map(|test| test.delta),
            p: test.map(|test| test.p),
            p_corrected: None,
            verdict: Verdict::NoChangeShown,
        }
    }

    fn verdict(&self, row: &DiffRow) -> Verdict {
        match (row.before.counts.runs, row.after.counts.runs) {
            (_, 0) => return Verdict::OnlyBefore,
            (0, _) => return Verdict::OnlyAfter,
            _ => {}
        }
        let (Some(p), Some(ratio)) = (row.p_corrected, row.ratio) else { return Verdict::TooFewRuns };
        let is_sure = p < self.level;
        if is_sure && ratio >= 1.0 + self.least_shift && ratio > 1.0 {
            Verdict::Slower
        } else if is_sure && ratio <= 1.0 / (1.0 + self.least_shift) && ratio < 1.0 {
            Verdict::Faster
        } else {
            Verdict::NoChangeShown
        }
    }
}

/// Two snapshots, compared.
///
/// What is compared are wall times: of every phase, of the time between phases, of the whole run. Where the time of a
/// phase went to several classes, each of those with a tenth of it is compared too. Every comparison is a test, and what
/// is called a change meets both of these:
///
/// 1. the two-sided Mann–Whitney U test, computed from the bins with its corrections for ties and continuity, has a p,
///    corrected by Holm's procedure for all tests of this diff, below the [level](Criteria::level);
/// 2. the ratio of the two, the Hodges–Lehmann estimate on the logarithms of the times, is at least as far from 1 as the
///    [least shift](Criteria::least_shift).
///
/// The test takes the runs to be independent of each other. If those of one snapshot were all made before those of the
/// other, it cannot tell a change of the program from one of the machine: alternate between the two where you can.
///
/// What is counted, such as errors and tokens, is reported and not judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Diff {
    criteria: Criteria,
    tests: usize,
    needed: u64,
    rows: Vec<DiffRow>,
    before: u64,
    after: u64,
}

/// One comparison: of a phase, of a class within it, of the time between phases, or of the whole run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DiffRow {
    /// The phase, `further phases`, `between phases` or `whole run`.
    pub name: SmolStr,
    /// The class whose part of the phase this is; `None` for all of it.
    pub class: Option<Class>,
    /// What was before.
    pub before: Side,
    /// What was after.
    pub after: Side,
    /// How many times as long it takes after: the median ratio of all pairs of one run before and one after. 0 or
    /// infinite when it took no time on one side; `None` when there is nothing to compare.
    pub ratio: Option<f64>,
    /// Where the ratio lies with a confidence of 1 − level, for this row alone: from 0 to infinity for few runs.
    pub interval: Option<(f64, f64)>,
    /// Cliff's delta, from −1 to 1: of all such pairs, in how many more it takes longer after than in how many it takes
    /// less. 0 is no difference, ±1 is no overlap.
    pub delta: Option<f64>,
    /// The p of the U test by itself.
    pub p: Option<f64>,
    /// The same, corrected for all tests of the diff; `None` when it was not tested.
    pub p_corrected: Option<f64>,
    /// What is to be made of it.
    pub verdict: Verdict,
}

/// One side of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Side {
    /// The number of durations.
    pub n: u64,
    /// Their median.
    pub median: Duration,
    /// What was counted, in all runs.
    pub counts: Counts,
}

/// What is to be made of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// It takes longer.
    Slower,
    /// It takes less time.
    Faster,
    /// The runs do not show that it changed; the interval says how much it may have.
    NoChangeShown,
    /// No runs like these could show a change; see [`Diff::needed_runs`].
    TooFewRuns,
    /// It is in no run after.
    OnlyBefore,
    /// It was in no run before.
    OnlyAfter,
}

/// A count per run that is not the same on both sides.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct CountChange {
    /// What was counted; see [`Counts`].
    pub name: &'static str,
    /// How often in a run, before.
    pub before: f64,
    /// How often in a run, after.
    pub after: f64,
}

impl Diff {
    /// All comparisons: the phases in the order of the runs, each with its classes behind it, then what is between them,
    /// and last the whole run.
    #[must_use]
    pub fn rows(&self) -> &[DiffRow] {
        &self.rows
    }

    /// The comparison of a phase.
    #[must_use]
    pub fn row(&self, name: &str) -> Option<&DiffRow> {
        self.rows.iter().find(|row| row.name == name && row.class.is_none())
    }

    /// What is called slower or faster.
    pub fn changes(&self) -> impl Iterator<Item = &DiffRow> {
        self.rows.iter().filter(|row| matches!(row.verdict, Verdict::Slower | Verdict::Faster))
    }

    /// What it was judged by.
    #[must_use]
    pub fn criteria(&self) -> Criteria {
        self.criteria
    }

    /// How many tests were made.
    #[must_use]
    pub fn tests(&self) -> usize {
        self.tests
    }

    /// How many runs before and as many after it takes at least to call anything.
    #[must_use]
    pub fn needed_runs(&self) -> u64 {
        self.needed
    }

    /// The numbers of runs before and after.
    #[must_use]
    pub fn runs(&self) -> (u64, u64) {
        (self.before, self.after)
    }

    /// The comparison, printed.
    #[must_use]
    pub fn table(&self) -> DiffTable {
        DiffTable::new(self)
    }
}

impl DiffRow {
    /// The counts per run of the phase that are not the same on both sides. There are none for a class, nor for a phase
    /// that is only on one side.
    #[must_use]
    pub fn count_changes(&self) -> Vec<CountChange> {
        let (before, after) = (self.before.counts, self.after.counts);
        if self.class.is_some() || before.runs == 0 || after.runs == 0 {
            return Vec::new();
        }
        let per_run = |count: u64, runs: u64| count as f64 / runs as f64;
        let both = before.all().into_iter().zip(after.all()).filter(|((name, _), _)| *name != "runs");
        let changes = both.map(|((name, here), (_, there))| CountChange {
            name,
            before: per_run(here, before.runs),
            after: per_run(there, after.runs),
        });
        changes.filter(|change| change.before != change.after).collect()
    }
}

impl Criteria {
    pub(crate) fn settings(self) -> (f64, f64) {
        (self.level, self.least_shift)
    }
}

/// What two snapshots say of one thing.
struct Pair<'a> {
    name: SmolStr,
    class: Option<Class>,
    before: Observed<'a>,
    after: Observed<'a>,
}

struct Observed<'a> {
    counts: Counts,
    times: Cow<'a, Distribution>,
}

impl Pair<'_> {
    fn fewest(&self) -> u64 {
        self.before.times.count().min(self.after.times.count())
    }
}

impl<'a> Observed<'a> {
    fn wall(phase: &'a PhaseStatistics) -> Self {
        Self { counts: phase.counts, times: Cow::Borrowed(&phase.wall) }
    }

    fn class(phase: &'a PhaseStatistics, class: Class) -> Self {
        let times = phase.on(class).map_or_else(
            || {
                let mut zeros = Distribution::default();
                zeros.add_zeros(phase.wall.count());
                Cow::Owned(zeros)
            },
            Cow::Borrowed,
        );
        Self { counts: phase.counts, times }
    }

    fn side(&self) -> Side {
        Side { n: self.times.count(), median: self.times.median(), counts: self.counts }
    }
}

/// Everything that is compared, in the order of the rows.
fn pairs<'a>(before: &'a Snapshot, after: &'a Snapshot, absent: &'a PhaseStatistics) -> Vec<Pair<'a>> {
    let mut places: BTreeMap<&'a SmolStr, u64> = BTreeMap::new();
    for (name, phase) in before.phases.iter().chain(&after.phases) {
        let place = places.entry(name).or_default();
        *place = phase.place.max(*place);
    }
    let mut names: Vec<_> = places.into_iter().collect();
    names.sort_by_key(|(_, place)| *place);
    let phases = names.into_iter().map(|(name, _)| {
        let of = |snapshot: &'a Snapshot| snapshot.phases.get(name).unwrap_or(absent);
        (name.clone(), of(before), of(after))
    });
    let rest = [
        (SmolStr::new_static("further phases"), &before.further, &after.further),
        (SmolStr::new_static("between phases"), &before.between, &after.between),
        (SmolStr::new_static("whole run"), &before.total, &after.total),
    ];
    let named =
        |name, before, after| Pair { name, class: None, before: Observed::wall(before), after: Observed::wall(after) };
    let mut pairs = Vec::new();
    for (name, before, after) in phases {
        pairs.push(named(name.clone(), before, after));
        pairs.extend(classes(before, after).into_iter().map(|class| Pair {
            name: name.clone(),
            class: Some(class),
            before: Observed::class(before, class),
            after: Observed::class(after, class),
        }));
    }
    for (name, before, after) in rest {
        if before.wall.sum > 0 || after.wall.sum > 0 {
            pairs.push(named(name, before, after));
        }
    }
    pairs
}

/// The classes that have a tenth of a phase's time, both sides taken together, if there are several.
fn classes(before: &PhaseStatistics, after: &PhaseStatistics) -> Vec<Class> {
    if before.wall.bins.is_empty() || after.wall.bins.is_empty() {
        return Vec::new();
    }
    let of = |phase: &PhaseStatistics, class| u128::from(phase.on(class).map_or(0, |times| times.sum));
    let sums = Class::ALL.map(|class| (class, of(before, class) + of(after, class)));
    let whole: u128 = sums.iter().map(|(_, sum)| sum).sum();
    let large = sums.into_iter().filter(|(_, sum)| *sum > 0 && sum * 10 >= whole).map(|(class, _)| class);
    let large: Vec<Class> = large.collect();
    if large.len() > 1 { large } else { Vec::new() }
}

impl Serialize for Diff {
    /// A document of version 1: `criteria`, `tests`, `needed_runs`, `runs_before`, `runs_after`, and `rows`, each with the
    /// fields of a [`DiffRow`]; `median_ns` is in nanoseconds, and what is infinite or absent is null.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_struct("Diff", 7)?;
        document.serialize_field("version", &VERSION)?;
        document.serialize_field("criteria", &self.criteria)?;
        document.serialize_field("tests", &self.tests)?;
        document.serialize_field("needed_runs", &self.needed)?;
        document.serialize_field("runs_before", &self.before)?;
        document.serialize_field("runs_after", &self.after)?;
        document.serialize_field("rows", &self.rows)?;
        document.end()
    }
}

impl Serialize for DiffRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_struct("DiffRow", 10)?;
        row.serialize_field("name", &self.name)?;
        row.serialize_field("class", &self.class)?;
        row.serialize_field("verdict", &self.verdict)?;
        row.serialize_field("before", &self.before)?;
        row.serialize_field("after", &self.after)?;
        row.serialize_field("ratio", &self.ratio)?;
        row.serialize_field("interval", &self.interval)?;
        row.serialize_field("delta", &self.delta)?;
        row.serialize_field("p", &self.p)?;
        row.serialize_field("p_corrected", &self.p_corrected)?;
        row.end()
    }
}

impl Serialize for Side {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut side = serializer.serialize_struct("Side", 3)?;
        side.serialize_field("n", &self.n)?;
        side.serialize_field("median_ns", &u64::try_from(self.median.as_nanos()).unwrap_or(u64::MAX))?;
        side.serialize_field("counts", &self.counts)?;
        side.end()
    }
}
