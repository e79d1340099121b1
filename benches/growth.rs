//! Does the 10,000th run cost what the 10th did, in time and in memory? Prints the median of windows of runs and the resident
//! size after each, and writes them as JSON to `target/growth.json`.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod machine;

use std::time::Instant;

fn resident_kib() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).map_or(0, |pages| pages * 4)
}

fn main() {
    // `cargo test --benches` and `cargo bench -- --test` only want to know that it runs.
    let (windows, runs) = if std::env::args().any(|argument| argument == "--test") { (3, 10) } else { (21, 1_000) };
    machine::describe();
    let runtime = machine::runtime();
    let soar = runtime.block_on(machine::scripted_soar());
    let mut rows = Vec::new();
    for window in 0..windows {
        let mut nanos: Vec<u64> = (0..runs)
            .map(|_| {
                let start = Instant::now();
                runtime.block_on(soar.answer(machine::COMPLEX)).unwrap();
                u64::try_from(start.elapsed().as_nanos()).unwrap()
            })
            .collect();
        nanos.sort_unstable();
        let median = nanos[nanos.len() / 2] as f64 / 1_000.0;
        println!(
            "runs {:>6} to {:>6}: median {median:.1} µs, resident {} KiB",
            window * runs,
            (window + 1) * runs,
            resident_kib()
        );
        rows.push(
            serde_json::json!({"runs": (window + 1) * runs, "median_us": median, "resident_kib": resident_kib()}),
        );
    }
    let (first, last) = (&rows[1.min(rows.len() - 1)], &rows[rows.len() - 1]);
    let ratio = |field: &str| last[field].as_f64().unwrap() / first[field].as_f64().unwrap();
    println!(
        "last window against the second: time × {:.3}, resident × {:.3}",
        ratio("median_us"),
        ratio("resident_kib")
    );
    std::fs::write("target/growth.json", serde_json::json!({"question": "complex", "windows": rows}).to_string())
        .unwrap();
}
