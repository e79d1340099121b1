//! Turns of a session: what the next one takes after so many, in memory and with SQLite, and what the first one takes of a process that
//! opens the database anew and has the session to read.

use std::path::Path;
use std::time::Instant;

use tokio::runtime::Runtime;

use crate::Extent;
use crate::machine;
use crate::machine::flights::{BOOKING, flights};
use crate::subject::Subject;

/// Sessions that grow beside each other.
const SESSIONS: usize = 8;
/// Turns that are timed at each point, of each session: bookings, whole.
const COUNTED: usize = 4 * BOOKING.len();

pub fn measure(extent: Extent) -> Subject {
    let mut subject = Subject::new("sessions", "A turn of a session, after so many others", "turns before it", "µs");
    let counts: &[usize] = extent.pick(&[4, 40], &[12, 100, 1_000], &[12, 40, 100, 300, 1_000, 3_000, 10_000]);
    let runtime = machine::runtime();
    grow(&mut subject, &runtime, counts, None, "memory");
    let folder = tempfile::tempdir().unwrap();
    grow(&mut subject, &runtime, counts, Some(&folder.path().join("sessions.db")), "SQLite");
    subject
}

fn grow(subject: &mut Subject, runtime: &Runtime, counts: &[usize], database: Option<&Path>, name: &'static str) {
    let mut dialogue = runtime.block_on(flights(database));
    let mut done = 0;
    let turn = |dialogue: &ninefold::Dialogue, session: usize, n: usize| {
        let start = Instant::now();
        runtime.block_on(dialogue.turn(format!("user {session}"), BOOKING[n % BOOKING.len()])).unwrap();
        start.elapsed().as_secs_f64() * 1e6
    };
    for &count in counts {
        while done < count {
            for session in 0..SESSIONS {
                turn(&dialogue, session, done);
            }
            done += 1;
        }
        if database.is_some() {
            runtime.block_on(dialogue.close());
            dialogue = runtime.block_on(flights(database));
            // The first turn of the process is of a session of its own.
            turn(&dialogue, SESSIONS, 0);
            let samples: Vec<f64> = (0..SESSIONS).map(|session| turn(&dialogue, session, done)).collect();
            done += 1;
            subject.add("SQLite, the first of a process", count, &samples);
        }
        let mut samples = Vec::new();
        for _ in 0..COUNTED {
            samples.extend((0..SESSIONS).map(|session| turn(&dialogue, session, done)));
            done += 1;
        }
        subject.add(name, count, &samples);
    }
    runtime.block_on(dialogue.close());
}
