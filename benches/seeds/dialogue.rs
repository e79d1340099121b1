//! Conversations by flows without a model: scoping, normalization, whole conversations, latency as sessions grow, rate, first text, memory.

use std::sync::Arc;
use std::time::Instant;

use futures_util::future::join_all;
use ninefold::dialogue::normalize::{Normalizer, Prefer, Read, Reading, Unread};
use ninefold::dialogue::{Kind, normalize::Locale};
use ninefold::{Dialogue, Event};

use super::five;
use super::machine;
use super::machine::flights::{BOOKING, flights};
use super::made;
use super::measure::{alone as in_a_process, processor_seconds, quantile, resident, since};
use super::row::Row;
use super::seeds::Seeds;

const THEIRS: &str = "its code without a model, measured on a 2-core machine";
const REPRODUCED: &str = "its code, reproduced";
const TARGET: &str = "its report: a target";

const TOKENS: Row = Row::less("scoping, tokens a turn", "tokens")
    .report(22.4, "its report: 37 before, 22.4 with its scope")
    .really(22.4, REPRODUCED)
    .goal(18.0)
    .work("five cases of booking a flight; characters by four of the names offered, with cancel, help, restart; filled slots stay correctable");
const FEWER: Row = Row::more("scoping, fewer tokens than unscoped", "%")
    .report(30.0, TARGET)
    .really(39.5, REPRODUCED)
    .work("against the 37 tokens of all nine actions");
const ACTIONS: Row = Row::less("scoping, actions offered", "actions")
    .report(6.0, "its report: 9 before, 6 with its scope")
    .really(6.0, REPRODUCED)
    .work("what only the system may do is never offered");
const RECALL: Row = Row::more("scoping, intended command offered", "%")
    .goal(100.0)
    .work("in the five cases; its report counts tokens only");
const NORMALIZED: Row = Row::more("normalization, nine cases judged right", "%")
    .report(88.89, "its report, which counts the blank string as valid")
    .really(55.6, "its code with its real validators (66.7 before)")
    .goal(100.0)
    .work("seven values read as the same value, two blanks refused");
const FINISHED: Row = Row::more("conversations finished, of 4", "")
    .really(0.0, "its code with perfect understanding")
    .goal(4.0)
    .work("four flights booked with the right places and day, by rules alone");
const RAISED: Row = Row::less("messages of these 16 that raised", "").really(16.0, REPRODUCED).goal(0.0);
const MESSAGE_MEMORY: Row = Row::less("message, in memory, p50", "ms")
    .really(2.65, THEIRS)
    .work("bookings of four messages, each in a new session");
const MESSAGE_SQLITE: Row = Row::less("message, SQLite, p50", "ms").really(30.0, THEIRS).work("likewise");
const MESSAGE_P95: Row =
    Row::less("message, SQLite, p95", "ms").report(1_500.0, TARGET).work("likewise; each run gives one p95");
const EARLY_MEMORY: Row = Row::less("message, in memory, early in a session, p50", "ms")
    .really(3.6, THEIRS)
    .work("the first 20 turns of a session");
const LATE_MEMORY: Row =
    Row::less("message, in memory, 300–400 turns later, p50", "ms").really(30.0, THEIRS).work("turns 321 to 420 of it");
const EARLY_SQLITE: Row = Row::less("message, SQLite, early in a session, p50", "ms").really(12.0, THEIRS);
const LATE_SQLITE: Row = Row::less("message, SQLite, 300–400 turns later, p50", "ms").really(251.0, THEIRS);
const DISK: Row = Row::less("disk, 1,000 messages", "MB")
    .between(198.0, 366.0, "its code, about 1,000 messages")
    .work("the file of ten sessions of 100 messages, closed");
const CONVERSATIONS: Row = Row::more("conversations a second", "/s")
    .report(10.0, TARGET)
    .between(4.0, 6.0, THEIRS)
    .work("bookings of four messages, SQLite, one after the other");
const AT_ONCE: Row = CONVERSATIONS.variant("64 at once").work("likewise, 64 users at once");
const FIRST: Row = Row::less("first text of a streamed reply", "ms")
    .report(500.0, "its report: a target, counted for turns that then failed")
    .work("SQLite, every turn of a booking, each checked to end well");
const BASE: Row = Row::less("resident, before the first message", "MB")
    .work("a process of its own; its report has no figure that holds");
const GROWN: Row = Row::less("resident, more after 100 conversations", "MB").work("SQLite; sessions stay in memory");
const PROCESSOR: Row = Row::less("processor time a message", "ms").work("SQLite, 1,000 conversations, all threads");

pub fn measure(seeds: &mut Seeds) {
    scoping(seeds);
    normalization(seeds);
    let runtime = machine::runtime();
    runtime.block_on(conversations(seeds));
    runtime.block_on(messages(seeds));
    runtime.block_on(growth(seeds));
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(rate(seeds, &CONVERSATIONS, 1));
    threads.block_on(rate(seeds, &AT_ONCE, 64));
    runtime.block_on(first(seeds));
    let (mut base, mut grown, mut processor) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..if seeds.quick() { 1 } else { 5 } {
        let said = in_a_process("dialogue", seeds.many(1_000));
        base.push(said[0] / 1e6);
        grown.push(said[1] / 1e6);
        processor.push(said[2] * 1e3);
    }
    seeds.tell(&BASE, &base);
    seeds.tell(&GROWN, &grown);
    seeds.tell(&PROCESSOR, &processor);
}

fn scoping(seeds: &mut Seeds) {
    /// The predecessor's, of all nine names.
    const UNSCOPED: f64 = 37.0;
    let cases = five::cases(&made::flights());
    let of = |count: fn(&five::Case) -> usize| cases.iter().map(count).sum::<usize>() as f64 / cases.len() as f64;
    let tokens = of(|case| case.tokens);
    seeds.count(&TOKENS, tokens);
    seeds.count(&FEWER, 100.0 * (1.0 - tokens / UNSCOPED));
    seeds.count(&ACTIONS, of(|case| case.commands));
    seeds.count(&RECALL, 100.0 * of(|case| usize::from(case.present)));
}

fn normalization(seeds: &mut Seeds) {
    let cases = [
        (Kind::Text, "  Madrid  ", Some("Madrid")),
        (Kind::Text, "  madrid  ", Some("madrid")),
        (Kind::Text, "MADRID", Some("MADRID")),
        (Kind::Text, "  Barcelona  ", Some("Barcelona")),
        (Kind::Text, "barcelona", Some("barcelona")),
        (Kind::Date, "  2024-01-15  ", Some("2024-01-15")),
        (Kind::Date, "2024-01-15", Some("2024-01-15")),
        (Kind::Text, "", None),
        (Kind::Text, "   ", None),
    ];
    let normalizer = Normalizer::default();
    let now = "2024-01-01T09:00:00".parse().unwrap();
    let reading = Reading { locale: Locale::EnUs, now, prefer: Prefer::Future };
    let right =
        |(kind, text, value): &&(Kind, &str, Option<&str>)| match (&*normalizer.read(kind, text, &reading), value) {
            (Read::One(read), Some(value)) => read.value == *value,
            (Read::None(Unread::Empty), None) => true,
            _ => false,
        };
    seeds.count(&NORMALIZED, 100.0 * cases.iter().filter(right).count() as f64 / cases.len() as f64);
}

/// What is said, and how the booking has to be told.
const FOUR: [([&str; 4], &str); 4] = [
    (
        [
            "I want to book a flight from Madrid to Barcelona on March 15th, 2024",
            "The origin city is Madrid",
            "The destination is Barcelona",
            "The departure date is March 15th, 2024",
        ],
        "from Madrid to Barcelona on 15 March 2024",
    ),
    (
        [
            "I need to book a flight from Paris to London on April 20th, 2024",
            "Origin: Paris",
            "Destination: London",
            "Date: April 20th, 2024",
        ],
        "from Paris to London on 20 April 2024",
    ),
    (
        [
            "Book a flight from New York to Los Angeles on May 10th, 2024",
            "My origin is New York",
            "My destination is Los Angeles",
            "I want to depart on May 10th, 2024",
        ],
        "from New York to Los Angeles on 10 May 2024",
    ),
    (
        [
            "I want to book a flight",
            "I am departing from Madrid",
            "I want to go to Barcelona",
            "I want to travel on March 15th, 2024",
        ],
        "from Madrid to Barcelona on 15 March 2024",
    ),
];

async fn conversations(seeds: &mut Seeds) {
    let dialogue = flights(None).await;
    let (mut finished, mut raised) = (0, 0);
    for (n, (messages, booked)) in FOUR.iter().enumerate() {
        let (mut told, mut held) = (false, None);
        for message in messages {
            match dialogue.turn(format!("user {n}"), message).await {
                Ok(reply) if reply.failures.is_empty() => {
                    told |= reply.text().contains(booked);
                    held = reply.slots.get("held").cloned();
                }
                _ => raised += 1,
            }
        }
        finished += u32::from(told && held == Some(1.into()));
    }
    seeds.count(&FINISHED, f64::from(finished));
    seeds.count(&RAISED, f64::from(raised));
}

async fn booked(dialogue: &Dialogue, session: &str, taken: &mut Vec<f64>) {
    for (at, message) in BOOKING.iter().enumerate() {
        let start = Instant::now();
        let reply = dialogue.turn(session, message).await.unwrap();
        taken.push(since(start));
        assert!(reply.failures.is_empty() && (at < 3 || reply.slots["held"].as_u64() > Some(0)), "{reply}");
    }
}

async fn messages(seeds: &mut Seeds) {
    let (runs, bookings) = (if seeds.quick() { 1 } else { 5 }, seeds.many(500));
    for (row, kept) in [(&MESSAGE_MEMORY, false), (&MESSAGE_SQLITE, true)] {
        let (mut all, mut slow) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("sessions.db");
            let dialogue = flights(kept.then_some(path.as_path())).await;
            let mut taken = Vec::new();
            for n in 0..bookings {
                booked(&dialogue, &format!("user {n}"), &mut taken).await;
            }
            slow.push(quantile(&taken, 0.95));
            all.append(&mut taken);
            dialogue.close().await;
        }
        seeds.tell(row, &all);
        if kept {
            seeds.tell(&MESSAGE_P95, &slow);
        }
    }
}

async fn growth(seeds: &mut Seeds) {
    let (sessions, turns) = if seeds.quick() { (1, 40) } else { (20, 420) };
    for (early, late, kept) in [(&EARLY_MEMORY, &LATE_MEMORY, false), (&EARLY_SQLITE, &LATE_SQLITE, true)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sessions.db");
        let dialogue = flights(kept.then_some(path.as_path())).await;
        let (mut young, mut old) = (Vec::new(), Vec::new());
        for session in 0..sessions {
            let mut taken = Vec::new();
            while taken.len() < turns {
                booked(&dialogue, &format!("user {session}"), &mut taken).await;
            }
            old.extend_from_slice(&taken[turns - turns / 4..]);
            taken.truncate(20);
            young.append(&mut taken);
        }
        dialogue.close().await;
        seeds.tell(early, &young);
        seeds.tell(late, &old);
    }
    let mut sizes = Vec::new();
    for _ in 0..if seeds.quick() { 1 } else { 5 } {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sessions.db");
        let dialogue = flights(Some(&path)).await;
        let mut taken = Vec::new();
        for session in 0..10 {
            for _ in 0..seeds.many(25) {
                booked(&dialogue, &format!("user {session}"), &mut taken).await;
            }
        }
        dialogue.close().await;
        sizes.push(std::fs::metadata(&path).unwrap().len() as f64 / taken.len() as f64 / 1e3);
    }
    seeds.tell(&DISK, &sizes);
}

async fn rate(seeds: &mut Seeds, row: &Row, users: usize) {
    let each = seeds.many(1_600).div_ceil(users);
    let mut rates = Vec::new();
    for _ in 0..if seeds.quick() { 1 } else { 7 } {
        let folder = tempfile::tempdir().unwrap();
        let dialogue = Arc::new(flights(Some(&folder.path().join("sessions.db"))).await);
        let start = Instant::now();
        let talk = (0..users).map(|user| {
            let dialogue = Arc::clone(&dialogue);
            tokio::spawn(async move {
                for n in 0..each {
                    booked(&dialogue, &format!("user {user}, {n}"), &mut Vec::new()).await;
                }
            })
        });
        for ended in join_all(talk).await {
            ended.unwrap();
        }
        rates.push((users * each) as f64 / since(start) * 1e3);
        dialogue.close().await;
    }
    seeds.tell(row, &rates);
}

async fn first(seeds: &mut Seeds) {
    let folder = tempfile::tempdir().unwrap();
    let dialogue = flights(Some(&folder.path().join("sessions.db"))).await;
    let mut taken = Vec::new();
    for n in 0..seeds.many(500) {
        for message in BOOKING {
            let start = Instant::now();
            let mut events = dialogue.stream(format!("user {n}"), message);
            let mut told = None;
            while let Some(event) = events.next().await {
                match event.unwrap() {
                    Event::Text(_) if told.is_none() => told = Some(since(start)),
                    Event::Answered(reply) => assert!(reply.failures.is_empty(), "{reply}"),
                    _ => {}
                }
            }
            taken.push(told.unwrap());
        }
    }
    dialogue.close().await;
    seeds.tell(&FIRST, &taken);
}

/// What conversations take in memory and of the processor: before, more after a tenth of them, seconds a message.
pub fn alone(conversations: usize) -> Vec<f64> {
    machine::runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let dialogue = flights(Some(&folder.path().join("sessions.db"))).await;
        let (base, mut grown, before) = (resident(), 0.0, processor_seconds());
        for n in 0..conversations {
            booked(&dialogue, &format!("user {n}"), &mut Vec::new()).await;
            if n + 1 == conversations.div_ceil(10) {
                grown = resident() - base;
            }
        }
        let used = processor_seconds() - before;
        dialogue.close().await;
        vec![base, grown, used / (4 * conversations) as f64]
    })
}
