//! The profile as a JSON document, and back.
//!
//! The spans are a flat list in which parents stand before their children, so that readers need no recursion however
//! deep a run goes. Summaries (`phases`, `between`, `total`) are written for readers and ignored when read back.

use std::borrow::Cow;

use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::breakdown::{Breakdown, Row};
use crate::profile::Profile;
use crate::span_record::SpanRecord;
use crate::spent::{Class, Spent};
use crate::text::fit;

/// The version of the document. It changes when a field changes its meaning or goes; new fields may come without.
const VERSION: u64 = 2;

/// The most columns of a reason that are read.
const LONGEST_REASON: usize = 400;

impl Profile {
    /// The profile as a JSON document of version 2. Times are integers in nanoseconds from the start of the run, shares
    /// fractions from 0 to 1. The whole of it is described by a JSON Schema, `docs/profile.schema.json`.
    ///
    /// | field | meaning |
    /// |---|---|
    /// | `version` | 2 |
    /// | `unavailable` | why nothing could be recorded, or null |
    /// | `wall_ns` | from the first poll of the run to its end |
    /// | `busy_ns` | time spent polling the run outside all of its spans |
    /// | `detached`, `dropped_spans` | see [`detached`](Self::detached), [`dropped_spans`](Self::dropped_spans) |
    /// | `phases` | list of rows: `name`, `count`, `start_ns`, `wall_ns`, `attributed_ns`, `share`, `busy_ns`, `spent_ns` (by class), `usage` (see [`Usage`](crate::Usage)), `failed`, `cancelled`, `suspended`, `replayed`, `cached`, `retries`, `cache_hits`, `saved_ns`, `error_types`; see [`Row`] |
    /// | `between`, `total` | rows for the time between phases and for the run |
    /// | `spans` | list of `name`, `label`, `parent` (index in this list or null), `start_ns`, `entered_ns`, `end_ns`, `busy_ns` (without spans inside), `attempts`, `hits`, `outcome`, `error_type`, `open`, `usage`, `saved_ns`, `group` (`count`, `covered_ns`: one record for many spans); what does not apply is left out |
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl Serialize for Profile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Breakdown { rows, between, total } = self.breakdown();
        let mut document = serializer.serialize_struct("Profile", 10)?;
        document.serialize_field("version", &VERSION)?;
        document.serialize_field("unavailable", &self.unavailable)?;
        document.serialize_field("wall_ns", &self.wall)?;
        document.serialize_field("busy_ns", &self.busy)?;
        document.serialize_field("detached", &self.detached)?;
        document.serialize_field("dropped_spans", &self.dropped_spans)?;
        document.serialize_field("phases", &rows)?;
        document.serialize_field("between", &between)?;
        document.serialize_field("total", &total)?;
        document.serialize_field("spans", &self.records)?;
        document.end()
    }
}

/// The fields of the document that hold what was recorded.
#[derive(Deserialize)]
struct Document {
    version: u64,
    unavailable: Option<String>,
    wall_ns: u64,
    busy_ns: u64,
    detached: u64,
    dropped_spans: u64,
    spans: Vec<SpanRecord>,
}

impl<'de> Deserialize<'de> for Profile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Document::deserialize(deserializer)?;
        if read.version != VERSION {
            return Err(serde::de::Error::custom(format_args!(
                "this is version {} of the profile document; only version {VERSION} can be read",
                read.version
            )));
        }
        for (index, span) in read.spans.iter().enumerate() {
            if span.parent.is_some_and(|parent| parent as usize >= index) {
                return Err(serde::de::Error::custom(format_args!(
                    "the parent of span {index} does not stand before it"
                )));
            }
        }
        Ok(Self {
            records: read.spans,
            wall: read.wall_ns,
            busy: read.busy_ns,
            detached: read.detached,
            dropped_spans: read.dropped_spans,
            // Readers print it, and the document may come from anybody.
            unavailable: read.unavailable.map(|reason| Cow::Owned(fit(&reason, LONGEST_REASON))),
            work: None,
        })
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let nanos = |time: std::time::Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let mut row = serializer.serialize_struct("Row", 18)?;
        row.serialize_field("name", &self.name)?;
        row.serialize_field("count", &self.count)?;
        row.serialize_field("start_ns", &nanos(self.start))?;
        row.serialize_field("wall_ns", &nanos(self.wall))?;
        row.serialize_field("attributed_ns", &nanos(self.attributed))?;
        row.serialize_field("share", &self.share)?;
        row.serialize_field("busy_ns", &nanos(self.busy))?;
        row.serialize_field("spent_ns", &self.spent)?;
        row.serialize_field("usage", &self.usage)?;
        row.serialize_field("failed", &self.failed)?;
        row.serialize_field("cancelled", &self.cancelled)?;
        row.serialize_field("suspended", &self.suspended)?;
        row.serialize_field("replayed", &self.replayed)?;
        row.serialize_field("cached", &self.cached)?;
        row.serialize_field("retries", &self.retries)?;
        row.serialize_field("cache_hits", &self.cache_hits)?;
        row.serialize_field("saved_ns", &nanos(self.saved))?;
        row.serialize_field("error_types", &self.error_types)?;
        row.end()
    }
}

impl Serialize for Spent {
    /// Nanoseconds by class, every class present.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(Class::ALL.len()))?;
        for class in Class::ALL {
            map.serialize_entry(class.as_str(), &self.nanos_on(class))?;
        }
        map.end()
    }
}
