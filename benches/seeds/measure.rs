//! Samples of what takes time, and what a process takes in memory.

use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

/// Milliseconds of one call each: the mean of a batch, for so many batches, after a tenth as many that are not counted.
pub async fn millis<T>(samples: usize, batch: usize, mut call: impl AsyncFnMut(usize) -> T) -> Vec<f64> {
    let mut taken = Vec::with_capacity(samples);
    for sample in 0..samples + samples / 10 {
        let start = Instant::now();
        for n in 0..batch {
            black_box(call(sample * batch + n).await);
        }
        taken.push(since(start) / batch as f64);
    }
    taken.split_off(samples / 10)
}

/// Milliseconds since then.
pub fn since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

pub fn mean(samples: &[f64]) -> f64 {
    samples.iter().sum::<f64>() / samples.len().max(1) as f64
}

/// The sample that so many of them do not exceed.
pub fn quantile(samples: &[f64], of: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted[((sorted.len() as f64 * of).ceil() as usize).clamp(1, sorted.len()) - 1]
}

/// The middle of them.
pub fn median(samples: &[f64]) -> f64 {
    quantile(samples, 0.5)
}

/// What this process has in memory, in bytes, as Linux counts it.
pub fn resident() -> f64 {
    status("VmRSS:")
}

/// The most that it ever had.
pub fn peak() -> f64 {
    status("VmHWM:")
}

fn status(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).map_or(0.0, |kib| kib * 1_024.0)
}

/// Tells a process of this benchmark to do one thing and to say what it takes.
pub const ALONE: &str = "--alone";

/// Runs part of this benchmark in a process of its own, and gives the figures that it prints on its last line.
pub fn alone(what: &str, many: usize) -> Vec<f64> {
    let this = std::env::current_exe().unwrap();
    let output = Command::new(this).args([ALONE, what, &many.to_string()]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{what}: {said}\n{}", String::from_utf8_lossy(&output.stderr));
    said.lines().last().unwrap_or_default().split_whitespace().map(|word| word.parse().unwrap()).collect()
}

/// Says what [`alone`] reads.
pub fn say(figures: &[f64]) {
    let words: Vec<String> = figures.iter().map(ToString::to_string).collect();
    println!("{}", words.join(" "));
}

/// What this process has used of the processors, in seconds, as Linux counts it.
pub fn processor_seconds() -> f64 {
    // What stands behind the program's name, which may hold blanks: `utime stime` are fields 14 and 15, in hundredths.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
