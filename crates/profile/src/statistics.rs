//! Statistics across runs: every run's profile is recorded into one, and read as a [`Snapshot`].

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use smol_str::SmolStr;

use crate::breakdown::{Breakdown, Row};
use crate::counts::Counts;
use crate::histogram::Histogram;
use crate::profile::Profile;
use crate::snapshot::{MAX_PHASES, PhaseStatistics, Snapshot, bounded_name};
use crate::spent::Class;

/// Where the time of many runs went. Shared by `Arc`, recorded into from any thread.
///
/// ```
/// # async fn work() {}
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let statistics = ninefold_profile::Statistics::new();
/// for _ in 0..100 {
///     statistics.record(&ninefold_profile::record(work()).await.profile);
/// }
/// println!("{}", statistics.snapshot().table());
/// # });
/// ```
///
/// - A phase has as many durations as there are runs in which it took its time; a run without it is not a 0.
/// - **Failed and cancelled** phases count with the time they took: whoever waited, waited for them too.
/// - A phase of which anything was **replayed or cached** in a run did not take its time in it. That run counts for the
///   phase, but is not among its durations. A run in which a phase was replayed is the rest of a run, so it is not among
///   the durations of the whole run and of the time between phases. A run with a cached phase is: it was that fast.
/// - A profile that is not available is counted, and nothing else.
///
/// Memory is bounded. A phase takes 36 KiB for its wall time, for its attributed time and for every class of waits that
/// ever occurred in it. After 256 different names further phases are counted together.
#[derive(Debug, Default)]
pub struct Statistics {
    recorders: Mutex<Recorders>,
}

impl Statistics {
    /// Statistics of no run yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a run.
    pub fn record(&self, profile: &Profile) {
        // Computed before the lock is taken.
        let breakdown = profile.is_available().then(|| profile.breakdown());
        let mut recorders = self.lock();
        match breakdown {
            Some(breakdown) => recorders.record(&breakdown),
            None => recorders.unavailable = recorders.unavailable.saturating_add(1),
        }
    }

    /// What was recorded until now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        // Copied under the lock, read outside of it.
        let copy = self.lock().clone();
        copy.read()
    }

    /// Takes out what was recorded until now: every run is in exactly one of the snapshots that are taken so.
    #[must_use]
    pub fn reset(&self) -> Snapshot {
        let taken = mem::take(&mut *self.lock());
        taken.read()
    }

    fn lock(&self) -> MutexGuard<'_, Recorders> {
        self.recorders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Clone, Default)]
struct Recorders {
    phases: HashMap<SmolStr, Recorder>,
    further: Recorder,
    between: Recorder,
    total: Recorder,
    unavailable: u64,
}

impl Recorders {
    fn record(&mut self, breakdown: &Breakdown) {
        let Breakdown { rows, between, total } = breakdown;
        let is_rest = total.replays > 0;
        for (place, row) in rows.iter().enumerate() {
            let is_served = row.replays > 0 || row.cache_hits > 0;
            let recorder = self.recorder(&row.name);
            recorder.place = recorder.place.max(place as u64);
            recorder.record(row, Counts::of(row), !is_served);
        }
        self.between.record(between, Counts { executions: 0, ..Counts::of(between) }, !is_rest);
        let served = |part: fn(&Row) -> u64| rows.iter().fold(part(total), |sum, row| sum.saturating_add(part(row)));
        let (replayed, cached) = (served(|row| row.replayed), served(|row| row.cached));
        self.total.record(total, Counts { replayed, cached, ..Counts::of(total) }, !is_rest);
    }

    fn recorder(&mut self, name: &SmolStr) -> &mut Recorder {
        let name = bounded_name(name);
        if !self.phases.contains_key(&name) && self.phases.len() >= MAX_PHASES {
            return &mut self.further;
        }
        self.phases.entry(name).or_default()
    }

    fn read(&self) -> Snapshot {
        Snapshot {
            phases: self.phases.iter().map(|(name, recorder)| (name.clone(), recorder.read())).collect(),
            further: self.further.read(),
            between: self.between.read(),
            total: self.total.read(),
            unavailable: self.unavailable,
        }
    }
}

#[derive(Debug, Clone, Default)]
struct Recorder {
    counts: Counts,
    place: u64,
    wall: Histogram,
    attributed: Histogram,
    /// By class; empty for a class that never occurred.
    spent: [Histogram; Class::ALL.len()],
}

impl Recorder {
    fn record(&mut self, row: &Row, counts: Counts, took_its_time: bool) {
        let nanos = |time: std::time::Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.counts.add(&counts);
        if !took_its_time {
            return;
        }
        let before = self.wall.count();
        self.wall.record(nanos(row.wall));
        self.attributed.record(nanos(row.attributed));
        for (class, histogram) in Class::ALL.into_iter().zip(&mut self.spent) {
            let spent = row.spent.nanos_on(class);
            let has_occurred = histogram.count() > 0;
            if spent > 0 && !has_occurred {
                histogram.record_many(0, before);
            }
            if spent > 0 || has_occurred {
                histogram.record(spent);
            }
        }
    }

    fn read(&self) -> PhaseStatistics {
        let classes = Class::ALL.into_iter().zip(&self.spent).filter(|(_, histogram)| histogram.count() > 0);
        PhaseStatistics {
            counts: self.counts,
            place: self.place,
            wall: self.wall.distribution(),
            attributed: self.attributed.distribution(),
            spent: classes.map(|(class, histogram)| (class, histogram.distribution())).collect(),
        }
    }
}
