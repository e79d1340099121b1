//! The profile of one run: the raw records, and the views of them.

use std::borrow::Cow;
use std::time::Duration;

use crate::breakdown::{Breakdown, By};
use crate::critical_path::CriticalPath;
use crate::folded::Folded;
use crate::html::Html;
use crate::outline::Outline;
use crate::overhead::{self, Work};
use crate::perfetto::Perfetto;
use crate::run_tree::Finished;
use crate::span_record::SpanRecord;
use crate::table::Table;
use crate::text;
use crate::tree::{Tree, share};

/// Where the time of one run went.
///
/// It holds what was recorded and nothing more; [`tree`](Self::tree), [`breakdown`](Self::breakdown) and the printed
/// forms are computed by each call. Serialized, it is the document that [`to_json`](Self::to_json) describes.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    pub(crate) records: Vec<SpanRecord>,
    pub(crate) wall: u64,
    pub(crate) busy: u64,
    pub(crate) detached: u64,
    pub(crate) dropped_spans: u64,
    pub(crate) unavailable: Option<Cow<'static, str>>,
    /// What the recorder did, if this process recorded it.
    pub(crate) work: Option<Work>,
}

impl Profile {
    pub(crate) fn new(finished: Finished, unavailable: Option<Cow<'static, str>>) -> Self {
        let Finished { records, wall, busy, detached, dropped_spans, .. } = finished;
        Self { records, wall, busy, detached, dropped_spans, unavailable, work: None }
    }

    /// Whether the run's spans could be recorded.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.unavailable.is_none()
    }

    /// Why the run's spans could not be recorded, and what to do about it.
    #[must_use]
    pub fn unavailable(&self) -> Option<&str> {
        self.unavailable.as_deref()
    }

    /// How long the run took, from the first poll of the recording to its end. Known even when nothing else is.
    #[must_use]
    pub fn wall(&self) -> Duration {
        Duration::from_nanos(self.wall)
    }

    /// How many spans were recorded.
    #[must_use]
    pub fn spans(&self) -> u64 {
        let count = |record: &SpanRecord| record.group().map_or(1, |group| group.count);
        self.records.iter().fold(0, |sum, record| sum.saturating_add(count(record)))
    }

    /// How many of them came after the first [`MAX_SPANS`](crate::MAX_SPANS) and are kept together with others of their
    /// name and label below the same parent.
    #[must_use]
    pub fn grouped_spans(&self) -> u64 {
        let groups = self.records.iter().filter_map(SpanRecord::group);
        groups.fold(0, |sum, group| sum.saturating_add(group.count))
    }

    /// How many spans were still open when the run ended: work that it left behind. They count as ending with it.
    #[must_use]
    pub fn detached(&self) -> u64 {
        self.detached
    }

    /// How many spans were not kept, because of those past [`MAX_SPANS`](crate::MAX_SPANS) more than 4,096 were open at once
    /// or more than 1,000 different ones were made, or because they were made by work that the run left behind.
    #[must_use]
    pub fn dropped_spans(&self) -> u64 {
        self.dropped_spans
    }

    /// What recording the run cost: an estimate, from how many spans were made and entered and from what that costs on this
    /// machine, which is measured once in a process, in a few milliseconds. `None` for a profile that was read from a document
    /// or recorded on a test's clock, and where the system gives no thread to measure on.
    #[must_use]
    pub fn overhead(&self) -> Option<Duration> {
        self.work.and_then(|work| overhead::estimate(work, self.spans() + self.dropped_spans))
    }

    /// The spans as a tree.
    #[must_use]
    pub fn tree(&self) -> Tree {
        Tree::new(self)
    }

    /// The run by phases.
    #[must_use]
    pub fn breakdown(&self) -> Breakdown {
        self.breakdown_by(By::Phase)
    }

    /// The run by phases, by agents or by models.
    #[must_use]
    pub fn breakdown_by(&self, by: By) -> Breakdown {
        Breakdown::new(&self.tree(), by)
    }

    /// What decided how long the run took.
    #[must_use]
    pub fn critical_path(&self) -> CriticalPath {
        CriticalPath::new(&self.tree())
    }

    /// The breakdown, printed.
    #[must_use]
    pub fn table(&self) -> Table {
        self.table_by(By::Phase)
    }

    /// The breakdown by phases, by agents or by models, printed.
    #[must_use]
    pub fn table_by(&self, by: By) -> Table {
        Table::new(self, by)
    }

    /// The timeline, the breakdowns and the critical path as one HTML page.
    #[must_use]
    pub fn html(&self) -> Html {
        Html::new(self)
    }

    /// The tree, printed.
    #[must_use]
    pub fn outline(&self) -> Outline {
        Outline::new(self)
    }

    /// The run as trace events, for timeline viewers.
    #[must_use]
    pub fn perfetto(&self) -> Perfetto {
        Perfetto::new(self)
    }

    /// The run as folded stacks, for flame graphs.
    #[must_use]
    pub fn folded(&self) -> Folded {
        Folded::new(self)
    }

    /// What a reader should know about the completeness of what is shown; empty when all is there.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let spans = |n: u64| if n == 1 { "1 span".to_owned() } else { format!("{n} spans") };
        let mut remarks = Vec::new();
        if self.detached > 0 {
            let were = if self.detached == 1 { "was" } else { "were" };
            remarks.push(format!("{} {were} still open when the run ended", spans(self.detached)));
        }
        if self.grouped_spans() > 0 {
            let (past, kept) = (spans(self.grouped_spans()), crate::MAX_SPANS);
            remarks
                .push(format!("{past} after the first {kept} kept in groups of the same name below the same parent"));
        }
        if self.dropped_spans > 0 {
            remarks.push(format!(
                "{} not kept: too many different ones, or too many open at once",
                spans(self.dropped_spans)
            ));
        }
        if let Some(overhead) = self.overhead().filter(|_| self.is_available()) {
            let share = text::tenths((1_000.0 * share(overhead, self.wall)).round() as u64);
            remarks.push(format!("recording it took about {} ({share})", text::time(overhead)));
        }
        remarks
    }
}

impl Default for Profile {
    /// The profile of no run; it is not available.
    fn default() -> Self {
        Self {
            records: Vec::new(),
            wall: 0,
            busy: 0,
            detached: 0,
            dropped_spans: 0,
            unavailable: Some(Cow::Borrowed("no run was recorded")),
            work: None,
        }
    }
}
