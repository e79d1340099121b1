//! Rows of a report out of what Criterion has written: the median with its 95 % interval, by bootstrap, and how many samples.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;

use super::report::{Report, Target, workspace};

/// Puts what Criterion measured of that group since `start` into the report, in the order in which it was measured: the group is the
/// row, the function the variant; for one element where a function has several. `unit` is ns, µs or ms; targets are by function. Gives
/// the functions with their medians.
pub fn gather(
    report: &mut Report,
    start: SystemTime,
    group: &str,
    unit: &str,
    targets: &[(&str, Target)],
) -> Vec<(String, f64)> {
    let scale = match unit {
        "ns" => 1.0,
        "µs" => 1e3,
        "ms" => 1e6,
        #[allow(clippy::panic)]
        other => panic!("{other} is no unit of time that is known here"),
    };
    let mut found = Vec::new();
    measured(&folder(), start, &mut found);
    found.sort();
    let mut medians = Vec::new();
    for (_, path) in found {
        let benchmark = read(&path.join("benchmark.json"));
        if benchmark["group_id"] != group {
            continue;
        }
        let variant = benchmark["function_id"].as_str().unwrap_or_default();
        let median = &read(&path.join("estimates.json"))["median"];
        let n = read(&path.join("sample.json"))["times"].as_array().map_or(1, Vec::len);
        let each = scale * benchmark["throughput"]["Elements"].as_f64().unwrap_or(1.0);
        let at = |value: &Value| value.as_f64().unwrap() / each;
        let interval = &median["confidence_interval"];
        let three = [at(&interval["lower_bound"]), at(&median["point_estimate"]), at(&interval["upper_bound"])];
        let target = targets.iter().find(|(name, _)| *name == variant).map_or(Target::None, |(_, target)| *target);
        report.interval(group, variant, unit, n, three, target);
        medians.push((variant.to_owned(), three[1]));
    }
    medians
}

/// Where Criterion writes.
fn folder() -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let target = || variable("CARGO_TARGET_DIR").unwrap_or_else(|| workspace().join("target"));
    variable("CRITERION_HOME").unwrap_or_else(|| target().join("criterion"))
}

/// The folders `new` below, which were written since then, with their times.
fn measured(folder: &Path, start: SystemTime, found: &mut Vec<(SystemTime, PathBuf)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.file_name().is_some_and(|name| name == "new") {
            let written = std::fs::metadata(path.join("sample.json")).and_then(|file| file.modified());
            found.extend(written.ok().filter(|written| *written >= start).map(|written| (written, path)));
        } else if path.is_dir() {
            measured(&path, start, found);
        }
    }
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap()
}
