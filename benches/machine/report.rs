//! The one format in which benchmarks tell what they found. A report is printed row by row as it grows, and is written as JSON to
//! `target/bench/NAME.json`, from where `cargo bench --bench tables` reads it. Benchmarks of other crates use this file by its path,
//! beside `describe.rs`; it needs `serde_json` only.
//!
//! ```json
//! {"bench": "phases", "command": "cargo bench --bench phases", "date": "2026-11-21",
//!  "machine": {"processor": "…", "cores": 2, "system": "Linux 6.18", "others": 0.03},
//!  "versions": {"rustc": "rustc 1.95.0 (…)", "ninefold": "0.1.0"}, "commit": "56e1eec",
//!  "rows": [{"row": "nine no-op phases", "variant": "profile on", "unit": "µs", "n": 60, "median": 3.42,
//!            "low": 3.41, "high": 3.43, "target": {"most": 4.5}, "met": true}]}
//! ```
//!
//! A row may say more: what others' reports say of the same (`report`, `really`: `{"low", "high", "source"}`), how many times better ours
//! is (`ratio`), what it belongs to (`area`), what exactly was done (`work`), the command that measures it alone (`command`). A row
//! of something that is not there has `missing`, which says what is not, and neither `n` nor `median`.
//!
//! `low` and `high` bound the median at 95 %. `others` is the share of the machine that other processes used meanwhile. A figure that
//! was counted, not sampled, has `n` 1 and no interval. `commit` ends in `+` where the tree had changes that were not committed.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};

/// What a figure should be.
#[derive(Clone, Copy, PartialEq)]
pub enum Target {
    None,
    Most(f64),
    Least(f64),
}

/// What one benchmark found.
pub struct Report {
    bench: String,
    command: String,
    rows: Vec<Value>,
    before: Option<Load>,
}

impl Report {
    /// A report of the benchmark of that name, started by that command.
    pub fn new(bench: &str, command: &str) -> Self {
        println!("{:<72} {:>11} {:>23}  {:<8} {:>10}", bench, "median", "95 %", "unit", "target");
        Self { bench: bench.to_owned(), command: command.to_owned(), rows: Vec::new(), before: Load::now() }
    }

    /// A figure with samples: its median, and the interval that holds the true median in 95 of 100 such runs (order statistics of the
    /// binomial distribution, normal approximation).
    pub fn samples(&mut self, row: &str, variant: &str, unit: &str, samples: &[f64], target: Target) {
        let mut sorted = samples.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let n = sorted.len();
        assert!(n > 0, "{row} has no samples");
        let half = 0.98 * (n as f64).sqrt();
        let at = |rank: f64| sorted[(rank.max(0.0) as usize).min(n - 1)];
        let median = f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2]);
        let (low, high) = (at((n as f64 / 2.0 - half).floor()), at((n as f64 / 2.0 + half).ceil()));
        self.interval(row, variant, unit, n, [low, median, high], target);
    }

    /// A figure whose median and interval are known: low, median, high.
    pub fn interval(
        &mut self,
        row: &str,
        variant: &str,
        unit: &str,
        n: usize,
        [low, median, high]: [f64; 3],
        target: Target,
    ) {
        let mut fields = Map::new();
        if n > 1 {
            fields.insert("low".into(), json!(low));
            fields.insert("high".into(), json!(high));
        }
        let spread = if n > 1 { format!("{} – {}", figure(low), figure(high)) } else { String::new() };
        self.push(row, variant, unit, n, median, &spread, target, fields);
    }

    /// A figure that was counted or computed once.
    pub fn value(&mut self, row: &str, variant: &str, unit: &str, value: f64, target: Target) {
        self.push(row, variant, unit, 1, value, "", target, Map::new());
    }

    /// Something that cannot be measured because it is not there: what is not.
    pub fn missing(&mut self, row: &str, variant: &str, what: &str) {
        let name = if variant.is_empty() { row.to_owned() } else { format!("{row}, {variant}") };
        println!("{name:<72} {:>11}  {what}", "missing");
        let mut fields = json!({ "row": row, "missing": what });
        if !variant.is_empty() {
            fields["variant"] = json!(variant);
        }
        self.rows.push(fields);
    }

    /// The row that was told last, to add to it.
    pub fn last(&mut self) -> Option<&mut Map<String, Value>> {
        self.rows.last_mut()?.as_object_mut()
    }

    #[allow(clippy::too_many_arguments)]
    fn push(
        &mut self,
        row: &str,
        variant: &str,
        unit: &str,
        n: usize,
        median: f64,
        spread: &str,
        target: Target,
        mut fields: Map<String, Value>,
    ) {
        let (goal, met) = match target {
            Target::None => (String::new(), None),
            Target::Most(most) => (format!("≤ {}", figure(most)), Some(median <= most)),
            Target::Least(least) => (format!("≥ {}", figure(least)), Some(median >= least)),
        };
        let name = if variant.is_empty() { row.to_owned() } else { format!("{row}, {variant}") };
        let missed = if met == Some(false) { "  MISSED" } else { "" };
        println!("{name:<72} {:>11} {spread:>23}  {unit:<8} {goal:>10}{missed}", figure(median));
        fields.insert("row".into(), json!(row));
        if !variant.is_empty() {
            fields.insert("variant".into(), json!(variant));
        }
        fields.insert("unit".into(), json!(unit));
        fields.insert("n".into(), json!(n));
        fields.insert("median".into(), json!(median));
        match target {
            Target::None => {}
            Target::Most(most) => drop(fields.insert("target".into(), json!({ "most": most }))),
            Target::Least(least) => drop(fields.insert("target".into(), json!({ "least": least }))),
        }
        if let Some(met) = met {
            fields.insert("met".into(), json!(met));
        }
        self.rows.push(Value::Object(fields));
    }

    /// Writes the report where the tables are made from, and says where.
    pub fn write(self) {
        let others = self.before.as_ref().and_then(Load::others_since);
        let report = json!({
            "bench": self.bench,
            "command": self.command,
            "date": said("date", &["-u", "+%Y-%m-%d"]),
            "machine": {
                "processor": super::describe::processor(),
                "cores": std::thread::available_parallelism().map_or(0, usize::from),
                "system": said("uname", &["-sr"]),
                "others": others,
            },
            "versions": {"rustc": said("rustc", &["--version"]), "ninefold": env!("CARGO_PKG_VERSION")},
            "commit": commit(),
            "rows": self.rows,
        });
        let folder = workspace().join("target/bench");
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{}.json", self.bench));
        std::fs::write(&path, serde_json::to_string_pretty(&report).unwrap() + "\n").unwrap();
        let others =
            others.map_or_else(String::new, |share| format!("; others used {:.0} % of the machine", share * 100.0));
        println!("written to target/bench/{}.json{others}", self.bench);
    }
}

/// Three significant digits.
pub fn figure(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 || size == 0.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.digits$}")
}

/// The folder of the workspace: the nearest one above the crate that has a lock file.
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().find(|folder| folder.join("Cargo.lock").exists()).unwrap_or(here).to_path_buf()
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(workspace()).output();
    output.map_or_else(|_| "unknown".into(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn commit() -> String {
    let changed = if said("git", &["status", "--porcelain", "--untracked-files=no"]).is_empty() { "" } else { "+" };
    said("git", &["rev-parse", "--short", "HEAD"]) + changed
}

/// Ticks of the processors: busy in all, in this process and its children that have ended, and there were.
struct Load {
    busy: f64,
    own: f64,
    all: f64,
}

impl Load {
    /// As Linux counts them; elsewhere nothing.
    fn now() -> Option<Self> {
        let ticks = |text: &str| text.split_whitespace().map_while(|word| word.parse::<f64>().ok()).collect::<Vec<_>>();
        let system = std::fs::read_to_string("/proc/stat").ok()?;
        let system = ticks(system.lines().next()?.strip_prefix("cpu")?);
        // What stands behind the program's name, which may hold blanks: `utime stime cutime cstime` are fields 14 to 17.
        let own = std::fs::read_to_string("/proc/self/stat").ok()?;
        let own = ticks(own.rsplit_once(") ")?.1.split_once(' ')?.1);
        let all: f64 = system.iter().take(8).sum();
        Some(Self { busy: all - system.get(3)? - system.get(4)?, own: own.get(10..14)?.iter().sum(), all })
    }

    /// The share of the machine that others have used since.
    fn others_since(&self) -> Option<f64> {
        let now = Self::now()?;
        let all = now.all - self.all;
        (all > 0.0).then(|| ((now.busy - self.busy - (now.own - self.own)) / all).max(0.0))
    }
}
