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
//! `low` and `high` bound the median at 95 %; of a share, counted in `n` cases, they are Wilson's interval. A report on a split of data
//! also has `split`, the `files` it read and, where there is more to tell than figures, `details`; it is printed as one line of JSON,
//! the last one, and that of another split than `dev` is written to `NAME-SPLIT.json`. `others` is the share of the machine that other
//! processes used meanwhile. A figure that was counted, not sampled, has `n` 1 and no interval. `commit` ends in `+` where the tree had
//! changes that were not committed. With `--test` and without rows nothing is written.
//!
//! A row may say more: what others' reports say of the same (`report`, `really`: `{"low", "high", "source"}`), how many times better ours
//! is (`ratio`), what it belongs to (`area`), what exactly was done (`work`), the command that measures it alone (`command`). A row
//! of something that is not there has `missing`, which says what is not, and neither `n` nor `median`.

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
    split: Option<(String, Vec<String>)>,
    details: Map<String, Value>,
    before: Option<Load>,
}

impl Report {
    /// A report of the benchmark of that name, started by that command.
    pub fn new(bench: &str, command: &str) -> Self {
        Self {
            bench: bench.to_owned(),
            command: command.to_owned(),
            rows: Vec::new(),
            split: None,
            details: Map::new(),
            before: Load::now(),
        }
    }

    /// Says which split of the data the figures are of, and from which files it was read.
    pub fn read_from(&mut self, split: &str, files: Vec<String>) {
        self.split = Some((split.to_owned(), files));
    }

    /// Adds what is no figure of its own, such as a table of what was taken for what.
    pub fn detail(&mut self, name: &str, value: Value) {
        self.details.insert(name.to_owned(), value);
    }

    /// A figure with samples: its median, and the interval that holds the true median in 95 of 100 such runs (order statistics of the
    /// binomial distribution, normal approximation).
    pub fn samples(&mut self, row: &str, variant: &str, unit: &str, samples: &[f64], target: Target) {
        let [low, median, high] = spread(samples, 0.5);
        self.interval(row, variant, unit, samples.len(), [low, median, high], target);
    }

    /// The same for what so large a share of the samples does not exceed; it stands where the median does, so the row says which.
    pub fn quantile(&mut self, row: &str, variant: &str, unit: &str, samples: &[f64], share: f64, target: Target) {
        self.interval(row, variant, unit, samples.len(), spread(samples, share), target);
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

    /// How many of so many cases are as they should be, in percent, with Wilson's interval (Wilson 1927) at 95 %. No cases, no row.
    pub fn share(&mut self, row: &str, variant: &str, part: usize, of: usize, target: Target) {
        if of == 0 {
            return;
        }
        let (n, z) = (of as f64, 1.959_964);
        let share = part as f64 / n;
        let middle = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
        let half = z / (1.0 + z * z / n) * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
        let bounds = [middle - half, share, middle + half].map(|share| share.clamp(0.0, 1.0) * 100.0);
        self.interval(row, variant, "%", of, bounds, target);
    }

    /// What decisions took, each in microseconds: the median with its interval, and what 99 of 100 stay below.
    pub fn times(&mut self, row: &str, variant: &str, micros: &[f64], target: Target) {
        if micros.is_empty() {
            return;
        }
        self.samples(row, variant, "µs", micros, target);
        let mut sorted = micros.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let p99 = sorted[((sorted.len() as f64 * 0.99) as usize).min(sorted.len() - 1)];
        self.value(&format!("{row}, 99 of 100 within"), variant, "µs", p99, Target::None);
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
        if self.rows.is_empty() {
            println!("{:<72} {:>11} {:>23}  {:<8} {:>10}", self.bench, "median", "95 %", "unit", "target");
        }
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
        if self.rows.is_empty() || std::env::args().any(|argument| argument == "--test") {
            println!("{}: nothing is written", self.bench);
            return;
        }
        self.written();
    }

    /// Writes the report, and prints it as the last line.
    pub fn print(self) {
        println!("{}", self.written());
    }

    fn written(self) -> Value {
        let others = self.before.as_ref().and_then(Load::others_since);
        let mut report = json!({
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
        let mut name = self.bench;
        if let Some((split, files)) = self.split {
            if split != "dev" {
                name = format!("{name}-{split}");
            }
            report["split"] = json!(split);
            report["files"] = json!(files);
        }
        if !self.details.is_empty() {
            report["details"] = Value::Object(self.details);
        }
        let folder = workspace().join("target/bench");
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{name}.json"));
        std::fs::write(&path, serde_json::to_string_pretty(&report).unwrap() + "\n").unwrap();
        let others =
            others.map_or_else(String::new, |share| format!("; others used {:.0} % of the machine", share * 100.0));
        println!("written to target/bench/{name}.json{others}");
        report
    }
}

/// What that share of the samples does not exceed, between the bounds that hold the true value in 95 of 100 such runs.
pub fn spread(samples: &[f64], share: f64) -> [f64; 3] {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len();
    assert!(n > 0, "no samples");
    let half = 1.96 * (n as f64 * share * (1.0 - share)).sqrt();
    let at = |rank: f64| sorted[(rank.max(0.0) as usize).min(n - 1)];
    let middle = (n - 1) as f64 * share;
    let value = f64::midpoint(at(middle.floor()), at(middle.ceil()));
    [at((n as f64 * share - half).floor()).min(value), value, at((n as f64 * share + half).ceil()).max(value)]
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
