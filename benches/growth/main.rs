//! What things cost as there are more of them: runs, turns of a session, chunks, agents, flows, runs at once, spans of a run. Prints
//! each point and the exponents of growth, and draws plots into `docs/growth`.
//!
//! ```text
//! cargo bench --features dialogue --bench growth [-- PART...] [-- --quick]
//! ```
//!
//! Parts: `runs`, `sessions`, `chunks`, `agents`, `flows`, `concurrent`, `spans`. `--quick` leaves out the largest numbers, for which
//! `chunks` takes minutes and some gigabytes of disk, in `BENCH_DIR` or the system's folder for temporary files. Without the feature
//! `dialogue` there are no sessions and flows.

// A benchmark reads the clock itself, makes spans of its own, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod agents;
mod chunks;
mod concurrent;
mod fit;
#[cfg(feature = "dialogue")]
mod flows;
#[path = "../../crates/store/benches/generated/mod.rs"]
mod generated;
#[path = "../machine/mod.rs"]
mod machine;
mod plot;
mod runs;
#[cfg(feature = "dialogue")]
mod sessions;
mod spans;
mod subject;

use machine::{Report, workspace};
use subject::Subject;

const COMMAND: &str = "cargo bench --features dialogue --bench growth";

/// How far it goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// Only to see that it runs.
    Test,
    Quick,
    Full,
}

impl Extent {
    /// One of three numbers.
    pub fn pick<T>(self, test: T, quick: T, full: T) -> T {
        match self {
            Self::Test => test,
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}

/// A part's name, and what measures it.
type Part = (&'static str, fn(Extent) -> Subject);

fn main() {
    machine::describe();
    let extent = match () {
        () if machine::is_test() => Extent::Test,
        () if std::env::args().any(|argument| argument == "--quick") => Extent::Quick,
        () => Extent::Full,
    };
    let parts: &[Part] = &[
        ("runs", runs::measure),
        #[cfg(feature = "dialogue")]
        ("sessions", sessions::measure),
        ("chunks", chunks::measure),
        ("agents", agents::measure),
        #[cfg(feature = "dialogue")]
        ("flows", flows::measure),
        ("concurrent", concurrent::measure),
        ("spans", spans::measure),
    ];
    let mut all = Report::new("growth", COMMAND);
    for (name, measure) in parts.iter().filter(|(name, _)| machine::named(name)) {
        println!("{name}");
        let mut report = Report::new(&format!("growth-{name}"), &format!("{COMMAND} -- {name}"));
        let subject = measure(extent);
        subject.tell(&mut report);
        subject.tell_exponents(&mut all);
        report.write();
        let folder = workspace().join(if extent == Extent::Full { "docs/growth" } else { "target/growth" });
        std::fs::create_dir_all(&folder).unwrap();
        plot::draw(&subject, &folder.join(format!("{name}.svg"))).unwrap();
    }
    // Of some parts only, it would take the place of all.
    if parts.iter().all(|(name, _)| machine::named(name)) {
        all.write();
    }
}
