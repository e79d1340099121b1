//! Spans of one run: what recording them takes, and what is computed from them afterwards. Of the first 10,000 of a run each is kept by
//! itself, of those after them their sum by name.

use std::hint::black_box;
use std::time::Instant;

use ninefold::core::id::RunId;
use ninefold::core::span;
use ninefold::profile::{Profile, record};
use tracing::Instrument as _;

use crate::Extent;
use crate::machine;
use crate::subject::Subject;

/// Spans below one phase.
const TOGETHER: usize = 10;

pub fn measure(extent: Extent) -> Subject {
    let mut subject = Subject::new("spans", "A run of so many spans", "spans", "µs");
    let counts: &[usize] =
        extent.pick(&[10, 100], &[10, 100, 1_000, 10_000], &[10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000]);
    let runtime = machine::runtime();
    for &count in counts {
        let times = extent.pick(2, 15, (300_000 / count).clamp(15, 300));
        let (mut recording, mut tree, mut path) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..times {
            let (took, profile) = timed(|| runtime.block_on(spans(count)));
            recording.push(took);
            tree.push(timed(|| black_box(profile.tree())).0);
            path.push(timed(|| black_box(profile.critical_path())).0);
        }
        subject.add("recording them", count, &recording);
        subject.add("the tree", count, &tree);
        subject.add("the critical path, tree included", count, &path);
    }
    subject
}

fn timed<T>(run: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let made = run();
    (start.elapsed().as_secs_f64() * 1e6, made)
}

/// A run of so many spans: phases, each with what it does below it.
async fn spans(count: usize) -> Profile {
    let work = async {
        let mut left = count;
        while left > 0 {
            let below = (left - 1).min(TOGETHER - 1);
            span::phase("collect").in_scope(|| {
                for _ in 0..below {
                    span::phase("assess").in_scope(|| black_box(()));
                }
            });
            left -= below + 1;
        }
    };
    record(work.instrument(span::run("soar", RunId(7), None))).await.profile
}
