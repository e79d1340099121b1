//! What statistics say at one moment: data that can be merged, stored, printed and compared.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;

use crate::counts::Counts;
use crate::distribution::Distribution;
use crate::percentile_table::PercentileTable;
use crate::spent::Class;

/// How many phases are told apart; those after them are counted together.
pub(crate) const MAX_PHASES: usize = 256;
/// Where longer names of phases are cut, in bytes.
const LONGEST_NAME: usize = 200;
/// The version of the document. It changes when a field changes its meaning or goes; new fields may come without.
const VERSION: u64 = 1;

/// Statistics of the runs recorded until some moment. Made by [`Statistics::snapshot`](crate::Statistics::snapshot).
///
/// Serialized, it is a document of version 1:
///
/// | field | meaning |
/// |---|---|
/// | `version` | 1 |
/// | `unavailable` | profiles that were not available, and are in no other figure |
/// | `total`, `between` | the whole run, and the time between its phases |
/// | `phases` | list of phases by name: `name` and the fields below |
/// | `further` | the phases after the first 256, counted together |
///
/// A phase has `counts` (see [`Counts`]), `place` (how many phases stood before it in a run, at most), `wall`,
/// `attributed` and `spent` by class, each a [`Distribution`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    pub(crate) phases: BTreeMap<SmolStr, PhaseStatistics>,
    pub(crate) further: PhaseStatistics,
    pub(crate) between: PhaseStatistics,
    pub(crate) total: PhaseStatistics,
    pub(crate) unavailable: u64,
}

/// Statistics of one phase, of the time between phases, or of the whole run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseStatistics {
    pub(crate) counts: Counts,
    /// How many phases stood before it in a run, at most.
    pub(crate) place: u64,
    pub(crate) wall: Distribution,
    pub(crate) attributed: Distribution,
    pub(crate) spent: BTreeMap<Class, Distribution>,
}

impl Snapshot {
    /// How many runs were recorded.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.total.counts.runs
    }

    /// How many profiles were not available. They are in no other figure.
    #[must_use]
    pub fn unavailable(&self) -> u64 {
        self.unavailable
    }

    /// The whole run.
    #[must_use]
    pub fn total(&self) -> &PhaseStatistics {
        &self.total
    }

    /// What belongs to the run itself and to none of its phases.
    #[must_use]
    pub fn between(&self) -> &PhaseStatistics {
        &self.between
    }

    /// The phases after the first 256, counted together: a run is counted once for each of them that it had.
    #[must_use]
    pub fn further(&self) -> &PhaseStatistics {
        &self.further
    }

    /// A phase.
    #[must_use]
    pub fn phase(&self, name: &str) -> Option<&PhaseStatistics> {
        self.phases.get(&bounded_name(name))
    }

    /// The phases in the order of the runs: by how many stood before it in the run in which most did.
    #[must_use]
    pub fn phases(&self) -> Vec<(&str, &PhaseStatistics)> {
        let mut phases: Vec<_> = self.phases.iter().map(|(name, phase)| (name.as_str(), phase)).collect();
        phases.sort_by_key(|(_, phase)| phase.place);
        phases
    }

    /// Adds the runs of `other`. The order in which snapshots are merged makes no difference. If they have more than 256
    /// phases together, the names that come first in the order of their letters are kept.
    pub fn merge(&mut self, other: &Self) {
        for (name, phase) in &other.phases {
            match self.phases.get_mut(name) {
                Some(known) => known.merge(phase),
                None => {
                    self.phases.insert(name.clone(), phase.clone());
                }
            }
        }
        self.further.merge(&other.further);
        while self.phases.len() > MAX_PHASES {
            let Some((_, last)) = self.phases.pop_last() else { break };
            self.further.merge(&last);
        }
        self.between.merge(&other.between);
        self.total.merge(&other.total);
        self.unavailable = self.unavailable.saturating_add(other.unavailable);
    }

    /// The percentiles of every phase, printed.
    #[must_use]
    pub fn table(&self) -> PercentileTable {
        PercentileTable::new(self)
    }
}

impl PhaseStatistics {
    /// What was counted.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How long it was open, in the runs in which it took its time.
    #[must_use]
    pub fn wall(&self) -> &Distribution {
        &self.wall
    }

    /// The part of the run's time that was its own, in the same runs.
    #[must_use]
    pub fn attributed(&self) -> &Distribution {
        &self.attributed
    }

    /// The part of that which went to `class`, in the same runs: 0 for those without. `None` if none had any.
    #[must_use]
    pub fn on(&self, class: Class) -> Option<&Distribution> {
        self.spent.get(&class)
    }

    fn merge(&mut self, other: &Self) {
        let (here, there) = (self.wall.count(), other.wall.count());
        for class in Class::ALL {
            match (self.spent.get_mut(&class), other.spent.get(&class)) {
                (Some(known), Some(more)) => known.merge(more),
                (Some(known), None) => known.add_zeros(there),
                (None, Some(more)) => {
                    let mut more = more.clone();
                    more.add_zeros(here);
                    self.spent.insert(class, more);
                }
                (None, None) => {}
            }
        }
        self.counts.add(&other.counts);
        self.place = self.place.max(other.place);
        self.wall.merge(&other.wall);
        self.attributed.merge(&other.attributed);
    }

    fn check(&self, name: &str) -> Result<(), String> {
        let timed = self.wall.count();
        if timed > self.counts.runs {
            return Err(format!("{name:?} has {timed} durations in {} runs", self.counts.runs));
        }
        let others = self.spent.values().chain([&self.attributed]);
        for count in others.map(Distribution::count) {
            if count != timed {
                return Err(format!("{name:?} has {timed} wall times and {count} parts of them"));
            }
        }
        Ok(())
    }
}

/// A phase's name, cut where it is absurdly long.
pub(crate) fn bounded_name(name: &str) -> SmolStr {
    SmolStr::new(name.get(..name.floor_char_boundary(LONGEST_NAME)).unwrap_or_default())
}

/// The document as it is written and read.
#[derive(Serialize, Deserialize)]
struct Document<P, N> {
    version: u64,
    unavailable: u64,
    total: P,
    between: P,
    phases: Vec<N>,
    further: P,
}

#[derive(Serialize, Deserialize)]
struct Named<S, P> {
    name: S,
    #[serde(flatten)]
    phase: P,
}

impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let phases = self.phases.iter().map(|(name, phase)| Named { name, phase });
        Document {
            version: VERSION,
            unavailable: self.unavailable,
            total: &self.total,
            between: &self.between,
            phases: phases.collect(),
            further: &self.further,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Snapshot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Document::<PhaseStatistics, Named<SmolStr, PhaseStatistics>>::deserialize(deserializer)?;
        if read.version != VERSION {
            return Err(D::Error::custom(format_args!(
                "this is version {} of the statistics document; only version {VERSION} can be read",
                read.version
            )));
        }
        if read.phases.len() > MAX_PHASES {
            return Err(D::Error::custom(format_args!(
                "there are {} phases; at most {MAX_PHASES} have names of their own",
                read.phases.len()
            )));
        }
        for (name, phase) in [("total", &read.total), ("between", &read.between), ("further", &read.further)] {
            phase.check(name).map_err(D::Error::custom)?;
        }
        let mut phases = BTreeMap::new();
        for Named { name, phase } in read.phases {
            phase.check(&name).map_err(D::Error::custom)?;
            if name != bounded_name(&name) {
                return Err(D::Error::custom(format_args!(
                    "a phase's name is {} bytes long; at most {LONGEST_NAME} are kept",
                    name.len()
                )));
            }
            if phases.contains_key(&name) {
                return Err(D::Error::custom(format_args!("the phase {name:?} is there twice")));
            }
            phases.insert(name, phase);
        }
        Ok(Self {
            phases,
            further: read.further,
            between: read.between,
            total: read.total,
            unavailable: read.unavailable,
        })
    }
}
