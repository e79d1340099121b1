//! What the system says of this process and its files.

use std::path::Path;

/// Resident memory, KiB.
pub fn resident_kib() -> u64 {
    status("VmRSS")
}

/// The most it was, KiB. Not `ru_maxrss`, which survives `exec` and shows the parent's.
pub(crate) fn peak_kib() -> u64 {
    status("VmHWM")
}

fn status(field: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Processor time of all threads so far, seconds.
pub(crate) fn cpu_seconds() -> f64 {
    cpu_time::ProcessTime::now().as_duration().as_secs_f64()
}

/// The size of all files in a folder: a database with its log.
pub fn folder_bytes(folder: &Path) -> u64 {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}
