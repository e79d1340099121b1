//! What a process took of the machine, as the kernel has it, and what the machine is.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};

/// The kernel's ticks in a second, as seen by programs on Linux (`USER_HZ`).
const TICKS: f64 = 100.0;

/// The processor time of a process until now, in milliseconds, to 10.
///
/// # Errors
/// When the process is not there.
pub fn cpu_ms(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name may hold blanks; it ends with the last bracket. User and system time are the 14th and 15th fields.
    let rest = stat.rsplit_once(") ").context("no name in stat")?.1;
    let ticks: f64 = rest.split(' ').skip(11).take(2).map(|field| field.parse::<f64>().unwrap_or_default()).sum();
    Ok(ticks * 1_000.0 / TICKS)
}

/// The most memory that a process had, in megabytes.
///
/// # Errors
/// When the process is not there.
pub fn most_mb(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes / 1_024.0)
}

/// Processor, cores, compiler.
pub fn machine() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split(": ").nth(1));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let compiler = Command::new("rustc")
        .arg("--version")
        .output()
        .map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned());
    format!(
        "{}, {cores} cores; {}",
        model.unwrap_or("unknown"),
        compiler.unwrap_or_else(|_| "rustc unknown".to_owned())
    )
}
