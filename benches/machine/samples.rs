//! Samples as programs without Criterion take them, and what their command line says.

use std::time::Instant;

/// Whether Cargo only wants to know that the benchmark runs.
pub fn is_test() -> bool {
    std::env::args().any(|argument| argument == "--test")
}

/// So many samples, or few where Cargo only wants to know that the benchmark runs.
pub fn samples(count: usize) -> usize {
    if is_test() { count.min(5) } else { count }
}

/// Whether that part of the benchmark is wanted: it is named on the command line, or none is.
pub fn named(part: &str) -> bool {
    let mut names = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).peekable();
    names.peek().is_none() || names.any(|name| name == part)
}

/// So many samples of what `run` takes, in microseconds: each the mean of a batch. A tenth as many before are not counted.
pub fn times(count: usize, batch: usize, mut run: impl FnMut()) -> Vec<f64> {
    let count = samples(count);
    let mut sample = || {
        let start = Instant::now();
        (0..batch).for_each(|_| run());
        start.elapsed().as_secs_f64() * 1e6 / batch as f64
    };
    (0..count / 10).for_each(|_| {
        sample();
    });
    (0..count).map(|_| sample()).collect()
}

/// What of this process is in memory, as Linux says; 0 elsewhere.
pub fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|text| text.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
