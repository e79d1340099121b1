//! What is kept of one span: a flat record, written while the run goes on and read when the profile is.

use serde::{Deserialize, Deserializer, Serialize};
use smol_str::SmolStr;

use crate::usage::Usage;

use ninefold_core::span::outcome;

/// How a span ended when it did not simply end well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// With an error.
    Failed,
    /// It was dropped before its end.
    Cancelled,
    /// It waits for a person.
    Suspended,
    /// Its output came from the journal.
    Replayed,
    /// Its output came from the cache.
    Cached,
}

impl Outcome {
    /// The outcome named by the value of a span's field `outcome`.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        match value {
            outcome::FAILED => Some(Self::Failed),
            outcome::CANCELLED => Some(Self::Cancelled),
            outcome::SUSPENDED => Some(Self::Suspended),
            outcome::REPLAYED => Some(Self::Replayed),
            outcome::CACHED => Some(Self::Cached),
            _ => None,
        }
    }

    /// The name as it stands in spans and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => outcome::FAILED,
            Self::Cancelled => outcome::CANCELLED,
            Self::Suspended => outcome::SUSPENDED,
            Self::Replayed => outcome::REPLAYED,
            Self::Cached => outcome::CACHED,
        }
    }
}

/// One span. All times are nanoseconds since the start of the recording.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SpanRecord {
    pub(crate) name: SmolStr,
    /// The phase, tool, model or agent it is about; empty when it names none.
    #[serde(default, skip_serializing_if = "SmolStr::is_empty")]
    pub(crate) label: SmolStr,
    /// The index of the parent's record, which is always smaller than this record's own; `None` at the top.
    pub(crate) parent: Option<u32>,
    #[serde(rename = "start_ns")]
    pub(crate) start: u64,
    /// When it was first entered; `None` when it never was.
    #[serde(rename = "entered_ns", default, skip_serializing_if = "Option::is_none")]
    pub(crate) entered: Option<u64>,
    /// The last exit, or the start when it was never entered; the end of the recording for detached spans.
    #[serde(rename = "end_ns")]
    pub(crate) end: u64,
    /// Time spent inside it and in none of the spans entered within it on the same thread.
    #[serde(rename = "busy_ns")]
    pub(crate) busy: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<Outcome>,
    /// Whether it has not ended: while recording, every span that is not closed; afterwards, the detached ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) open: bool,
    /// What seldom is there.
    #[serde(flatten, deserialize_with = "seldom")]
    pub(crate) more: Option<Box<More>>,
}

/// Serde's own flattening of an option takes what it cannot read for what is not there.
fn seldom<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<More>>, D::Error> {
    let more = More::deserialize(deserializer)?;
    Ok((more != More::default()).then(|| Box::new(more)))
}

/// What only few spans say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct More {
    /// 0 when it does not say.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) attempts: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hits: Option<u64>,
    #[serde(skip_serializing_if = "SmolStr::is_empty")]
    pub(crate) error_type: SmolStr,
    #[serde(skip_serializing_if = "Usage::is_none")]
    pub(crate) usage: Usage,
    /// How long the work took which a cached output spared.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) saved_ns: u64,
    /// Of a record for many spans.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<Group>,
}

/// Many spans of one name and label below one parent, in one record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Group {
    /// How many.
    pub(crate) count: u64,
    /// How long at least one of them was open.
    pub(crate) covered_ns: u64,
    /// How many ended in each way.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) failed: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) cancelled: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) suspended: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) replayed: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) cached: u64,
}

impl Group {
    pub(crate) fn count_outcome(&mut self, outcome: Option<Outcome>) {
        let ended = match outcome {
            Some(Outcome::Failed) => &mut self.failed,
            Some(Outcome::Cancelled) => &mut self.cancelled,
            Some(Outcome::Suspended) => &mut self.suspended,
            Some(Outcome::Replayed) => &mut self.replayed,
            Some(Outcome::Cached) => &mut self.cached,
            None => return,
        };
        *ended = ended.saturating_add(1);
    }

    pub(crate) fn add_outcomes(&mut self, other: &Self) {
        self.failed = self.failed.saturating_add(other.failed);
        self.cancelled = self.cancelled.saturating_add(other.cancelled);
        self.suspended = self.suspended.saturating_add(other.suspended);
        self.replayed = self.replayed.saturating_add(other.replayed);
        self.cached = self.cached.saturating_add(other.cached);
    }
}

impl SpanRecord {
    /// Of a span that is open and of which nothing else is known yet.
    pub(crate) fn open(name: &'static str) -> Self {
        Self {
            name: SmolStr::new_static(name),
            label: SmolStr::new_static(""),
            parent: None,
            start: 0,
            entered: None,
            end: 0,
            busy: 0,
            outcome: None,
            open: true,
            more: None,
        }
    }

    /// For many spans, of which there are none yet; the first will start at `start`.
    pub(crate) fn group_of(name: SmolStr, label: SmolStr, parent: Option<u32>, start: u64) -> Self {
        let more = Box::new(More { group: Some(Group::default()), ..More::default() });
        Self { name, label, parent, start, end: start, more: Some(more), ..Self::default() }
    }

    /// Adds what was said about the span later.
    pub(crate) fn learn(&mut self, said: Self) {
        fn keep<T: Default + PartialEq>(known: &mut T, said: T) {
            if said != T::default() {
                *known = said;
            }
        }
        if self.label.is_empty() {
            self.label = said.label;
        }
        keep(&mut self.outcome, said.outcome);
        let Some(said) = said.more else { return };
        if let Some(more) = &mut self.more {
            keep(&mut more.attempts, said.attempts);
            keep(&mut more.hits, said.hits);
            keep(&mut more.error_type, said.error_type);
            // Of what is said twice, the last counts, which is never less.
            more.usage.cover(&said.usage);
            keep(&mut more.saved_ns, said.saved_ns);
        } else {
            self.more = Some(said);
        }
    }

    pub(crate) fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    pub(crate) fn attempts(&self) -> u64 {
        self.more.as_ref().map_or(0, |more| more.attempts)
    }

    pub(crate) fn hits(&self) -> Option<u64> {
        self.more.as_ref().and_then(|more| more.hits)
    }

    /// The class of its error; empty when it had none.
    pub(crate) fn error_type(&self) -> SmolStr {
        self.more.as_ref().map(|more| more.error_type.clone()).unwrap_or_default()
    }

    /// What it says it used itself.
    pub(crate) fn usage(&self) -> Usage {
        self.more.as_ref().map(|more| more.usage).unwrap_or_default()
    }

    pub(crate) fn group(&self) -> Option<Group> {
        self.more.as_ref().and_then(|more| more.group)
    }

    /// How it ended. A span that names an error has failed, whether or not it says so.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        let says_why = || self.more.as_ref().is_some_and(|more| !more.error_type.is_empty());
        self.outcome.or_else(|| says_why().then_some(Outcome::Failed))
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}
