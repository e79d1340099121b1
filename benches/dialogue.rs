//! What a turn of a dialogue costs without a model: in memory and with SQLite, early and late in a session, streamed, and many at
//! once. The profile is on. Parts can be named: `turn`, `growth`, `conversations`, `first`, `apart`. Prints figures, and writes them
//! as JSON to `target/dialogue.json`.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

#[path = "machine/flights.rs"]
mod flights;
mod machine;

use std::time::Instant;

use futures_util::future::join_all;
use ninefold::Event;
use serde_json::{Value, json};

use flights::{BOOKING, flights};

struct Figures {
    rows: Vec<Value>,
    quick: bool,
}

impl Figures {
    /// One value for each run of the same: the median and the spread are shown, and the median is held against the target.
    fn add(&mut self, name: &str, unit: &str, mut values: Vec<f64>, target: (&str, f64)) {
        values.sort_by(f64::total_cmp);
        let median = values[values.len() / 2];
        let (least, most) = (values[0], values[values.len() - 1]);
        let met = if target.0 == "≤" { median <= target.1 } else { median >= target.1 };
        let held = if met { target.0.to_owned() } else { format!("NOT {}", target.0) };
        println!(
            "{name:<64} {median:>10.2} {unit:<6} ({least:.2} to {most:.2}, n {})  {held} {}",
            values.len(),
            target.1
        );
        self.rows.push(json!({
            "name": name, "unit": unit, "median": median, "least": least, "most": most, "n": values.len(),
            "target": target.1, "met": met,
        }));
    }

    fn runs(&self) -> usize {
        if self.quick { 1 } else { 7 }
    }

    fn many(&self, many: usize) -> usize {
        if self.quick { many.div_ceil(100) } else { many }
    }
}

fn main() {
    let quick = std::env::args().any(|argument| argument == "--test");
    let named: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    machine::describe();
    let mut figures = Figures { rows: Vec::new(), quick };
    let runtime = machine::runtime();
    if wanted("turn") {
        runtime.block_on(turn(&mut figures));
    }
    if wanted("growth") {
        runtime.block_on(growth(&mut figures));
    }
    if wanted("conversations") {
        let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        threads.block_on(conversations(&mut figures));
    }
    if wanted("first") {
        runtime.block_on(first(&mut figures));
    }
    if wanted("apart") {
        let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        threads.block_on(apart(&mut figures));
    }
    let report = json!({ "version": env!("CARGO_PKG_VERSION"), "figures": figures.rows });
    std::fs::write("target/dialogue.json", serde_json::to_vec_pretty(&report).unwrap()).unwrap();
}

fn quantile(nanos: &mut [u64], of: f64) -> f64 {
    nanos.sort_unstable();
    nanos[((nanos.len() - 1) as f64 * of) as usize] as f64 / 1_000.0
}

/// Bookings in sessions of their own: the time of each turn.
async fn turn(figures: &mut Figures) {
    let bookings = figures.many(1_000);
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
                    assert!(reply.failures.is_empty() && reply.profile.is_available());
                    assert_eq!(at == 3, reply.slots["held"] == 1, "{reply}");
                }
            }
            halves.push(quantile(&mut nanos, 0.5));
            most.push(quantile(&mut nanos, 0.95));
            for (each, nanos) in each.iter_mut().zip(&mut by_message) {
                each.push(quantile(nanos, 0.5));
            }
        }
        figures.add(&format!("turn, no model, {place}, p50"), "µs", halves, ("≤", target));
        figures.add(&format!("turn, no model, {place}, p95"), "µs", most, ("≤", 2.0 * target));
        for (message, each) in BOOKING.iter().zip(each) {
            figures.add(&format!("  of them {message:?}, p50"), "µs", each, ("≤", target));
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
        figures.add(&format!("turn 1,000 over turn 10, {place}, p50, alternately"), "×", ratios, ("≤", 1.0));
    }
    figures.add("disk a turn, over sessions of 1,000 turns", "bytes", bytes, ("≤", 1_024.0));
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
    figures.add("conversations of 4 turns a second, SQLite, 64 at once", "/s", rates, ("≥", 1_000.0));
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
    figures.add("first text of a streamed reply, SQLite, p50", "µs", halves, ("≤", 1_000.0));
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
    figures.add("answers belonging to the right user, 1,000 sessions at once", "", vec![right as f64], ("≥", 1_000.0));
}
