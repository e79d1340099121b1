//! What a turn of a dialogue costs without a model: in memory and with SQLite, by who hears of its spans, early and late in a
//! session, streamed, and many at once. Parts can be named: `turn`, `growth`, `conversations`, `first`, `apart`. But in `turn`, the
//! profile is on.
//!
//! `cargo bench --features dialogue,otlp --bench dialogue`

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod machine;

use std::time::Instant;

use futures_util::future::join_all;
use machine::flights::{BOOKING, flights};
use machine::{Accounted, Report, Target};
use ninefold::Event;

struct Figures {
    report: Report,
    quick: bool,
}

impl Figures {
    /// One value for each run of the same.
    fn add(&mut self, name: &str, unit: &str, values: &[f64], target: Target) {
        self.report.samples(name, "", unit, values, target);
    }

    fn runs(&self) -> usize {
        if self.quick { 1 } else { 7 }
    }

    fn many(&self, many: usize) -> usize {
        if self.quick { many.div_ceil(100) } else { many }
    }
}

fn main() {
    machine::describe();
    let report = Report::new("dialogue", "cargo bench --features dialogue,otlp --bench dialogue");
    let mut figures = Figures { report, quick: machine::is_test() };
    let runtime = machine::runtime();
    if machine::named("turn") {
        for accounted in Accounted::ALL {
            let host = accounted.host();
            runtime.block_on(turn(&mut figures, accounted));
            host.end(&mut figures.report);
        }
    }
    if machine::named("growth") {
        runtime.block_on(growth(&mut figures));
    }
    if machine::named("conversations") {
        let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        threads.block_on(conversations(&mut figures));
    }
    if machine::named("first") {
        runtime.block_on(first(&mut figures));
    }
    if machine::named("apart") {
        let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        threads.block_on(apart(&mut figures));
    }
    figures.report.write();
}

fn quantile(nanos: &mut [u64], of: f64) -> f64 {
    nanos.sort_unstable();
    nanos[((nanos.len() - 1) as f64 * of) as usize] as f64 / 1_000.0
}

/// Bookings in sessions of their own: the time of each turn.
async fn turn(figures: &mut Figures, accounted: Accounted) {
    let bookings = figures.many(1_000);
    let heard = accounted == Accounted::On;
    for (place, target) in [("memory", 60.0), ("SQLite", 200.0)] {
        let (mut halves, mut most) = (Vec::new(), Vec::new());
        let mut each = vec![Vec::new(); BOOKING.len()];
        for _ in 0..figures.runs() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("sessions.db");
            let dialogue = flights((place == "SQLite").then_some(path.as_path())).await;
            let mut nanos = Vec::new();
            let mut by_message = vec![Vec::new(); BOOKING.len()];
            for n in 0..bookings {
                let session = format!("user {n}");
                for (at, message) in BOOKING.iter().enumerate() {
                    let start = Instant::now();
                    let reply = dialogue.turn(session.as_str(), message).await.unwrap();
                    let took = u64::try_from(start.elapsed().as_nanos()).unwrap();
                    nanos.push(took);
                    by_message[at].push(took);
                    assert!(reply.failures.is_empty());
                    assert_eq!(reply.profile.is_available(), accounted != Accounted::Off, "{accounted:?}");
                    assert_eq!(at == 3, reply.slots["held"] == 1, "{reply}");
                }
            }
            halves.push(quantile(&mut nanos, 0.5));
            most.push(quantile(&mut nanos, 0.95));
            for (each, nanos) in each.iter_mut().zip(&mut by_message) {
                each.push(quantile(nanos, 0.5));
            }
        }
        let goal = |most: f64| if heard { Target::Most(most) } else { Target::None };
        let name = accounted.name();
        figures.report.samples(&format!("turn, no model, {place}, p50"), name, "µs", &halves, goal(target));
        figures.report.samples(&format!("turn, no model, {place}, p95"), name, "µs", &most, Target::None);
        if heard {
            for (message, each) in BOOKING.iter().zip(each) {
                let row = format!("turn, no model, {place}, p50 of {message:?}");
                figures.report.samples(&row, name, "µs", &each, Target::None);
            }
        }
    }
}

/// Turn 1,000 against turn 10, turn by turn alternately: two whole bookings around each, none of them with a snapshot. And what
/// sessions of a thousand turns leave on disk.
async fn growth(figures: &mut Figures) {
    const COUNTED: usize = 8;
    let (old, sessions) = (if figures.quick { 40 } else { 984 }, figures.many(40));
    let mut bytes = Vec::new();
    for place in ["memory", "SQLite"] {
        let mut ratios = Vec::new();
        for _ in 0..figures.runs() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("sessions.db");
            let dialogue = flights((place == "SQLite").then_some(path.as_path())).await;
            let timed = async |user: &str, turn: usize| {
                let start = Instant::now();
                dialogue.turn(user, BOOKING[turn % BOOKING.len()]).await.unwrap();
                u64::try_from(start.elapsed().as_nanos()).unwrap()
            };
            for session in 0..sessions {
                for turn in 0..old {
                    timed(&format!("old {session}"), turn).await;
                }
            }
            let (mut early, mut late) = (Vec::new(), Vec::new());
            for session in 0..sessions {
                let (ours, theirs) = (format!("new {session}"), format!("old {session}"));
                // The first ones are not counted: both sessions are as fresh in the processor's memory.
                for turn in 0..2 * COUNTED {
                    // Each goes first as often as the other.
                    let (young, aged) = if (session + turn).is_multiple_of(2) {
                        (timed(&ours, turn).await, timed(&theirs, old + turn).await)
                    } else {
                        let aged = timed(&theirs, old + turn).await;
                        (timed(&ours, turn).await, aged)
                    };
                    if turn >= COUNTED {
                        early.push(young);
                        late.push(aged);
                    }
                }
            }
            ratios.push(quantile(&mut late, 0.5) / quantile(&mut early, 0.5));
            dialogue.close().await;
            if place == "SQLite" {
                let size = std::fs::metadata(&path).unwrap().len() as f64;
                bytes.push(size / ((old + 4 * COUNTED) * sessions) as f64);
            }
        }
        figures.add(&format!("turn 1,000 over turn 10, {place}, p50, alternately"), "×", &ratios, Target::Most(1.0));
    }
    figures.add("disk a turn, over sessions of 1,000 turns", "bytes", &bytes, Target::Most(1_024.0));
}

/// Bookings at once, as many as there are users.
async fn conversations(figures: &mut Figures) {
    const AT_ONCE: usize = 64;
    let each = figures.many(3_200) / AT_ONCE;
    let mut rates = Vec::new();
    for _ in 0..figures.runs() {
        let folder = tempfile::tempdir().unwrap();
        let dialogue = flights(Some(&folder.path().join("sessions.db"))).await;
        let each = each.max(1);
        let start = Instant::now();
        let users = (0..AT_ONCE).map(|user| {
            let dialogue = dialogue.clone();
            tokio::spawn(async move {
                for n in 0..each {
                    for message in BOOKING {
                        dialogue.turn(format!("user {user}, {n}"), message).await.unwrap();
                    }
                }
            })
        });
        for user in join_all(users).await {
            user.unwrap();
        }
        rates.push((AT_ONCE * each) as f64 / start.elapsed().as_secs_f64());
    }
    figures.add("conversations of 4 turns a second, SQLite, 64 at once", "/s", &rates, Target::Least(1_000.0));
}

/// From the message to the first text that is said.
async fn first(figures: &mut Figures) {
    let mut halves = Vec::new();
    for _ in 0..figures.runs() {
        let folder = tempfile::tempdir().unwrap();
        let dialogue = flights(Some(&folder.path().join("sessions.db"))).await;
        let mut nanos = Vec::new();
        for n in 0..figures.many(500) {
            for message in BOOKING {
                let start = Instant::now();
                let mut events = dialogue.stream(format!("user {n}"), message);
                let mut told = false;
                while let Some(event) = events.next().await {
                    match event.unwrap() {
                        Event::Text(_) if !told => {
                            told = true;
                            nanos.push(u64::try_from(start.elapsed().as_nanos()).unwrap());
                        }
                        Event::Answered(reply) => assert!(told && reply.failures.is_empty()),
                        _ => {}
                    }
                }
            }
        }
        halves.push(quantile(&mut nanos, 0.5));
    }
    figures.add("first text of a streamed reply, SQLite, p50", "µs", &halves, Target::Most(1_000.0));
}

/// A thousand users at once, each from a city of his own: how many are told of it.
async fn apart(figures: &mut Figures) {
    const USERS: usize = 1_000;
    let folder = tempfile::tempdir().unwrap();
    let dialogue = flights(Some(&folder.path().join("sessions.db"))).await;
    let name = |user: usize| -> String {
        let letters = [user / 676 % 26, user / 26 % 26, user % 26].map(|letter| char::from(b'a' + letter as u8));
        format!("Port{}", letters.iter().collect::<String>())
    };
    let users = (0..USERS).map(|user| {
        let dialogue = dialogue.clone();
        tokio::spawn(async move {
            let city = name(user);
            let mut last = String::new();
            for message in ["I want to book a flight", &city, "Rome", "15 March 2024"] {
                last = dialogue.turn(format!("user {user}"), message).await.unwrap().text();
            }
            last.contains(&format!("flight {city} Rome from {city} to Rome on 15 March 2024"))
        })
    });
    let right = join_all(users).await.into_iter().filter(|right| matches!(right, Ok(true))).count();
    figures.add(
        "answers belonging to the right user, 1,000 sessions at once",
        "",
        &[right as f64],
        Target::Least(1_000.0),
    );
}
