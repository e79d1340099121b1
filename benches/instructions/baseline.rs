//! The baseline: what each operation took when it was written, and under which conditions. Within the bound, a count passes. Above
//! it, the comparison fails. Below it, it passes and asks for a new baseline: until then the gain could be lost unseen.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::process::{Command, ExitCode};

use serde::{Deserialize, Serialize};

use crate::count::Count;

/// How far a count may lie from its baseline. Counting again moves it by up to one percent: maps are hashed under seeds of
/// chance.
const BOUND: f64 = 0.03;
/// Where the baseline is, from the workspace's root.
const PLACE: &str = "benches/instructions/baseline.json";
const COMMAND: &str = "cargo bench --bench instructions --features dialogue -- --write";

/// What counts depend on besides the code.
#[derive(PartialEq, Serialize, Deserialize)]
pub struct Conditions {
    compiler: String,
    /// Its functions are counted as well, and differ from version to version.
    library: String,
    processor: String,
}

impl Conditions {
    /// Those of this process.
    pub fn here() -> Result<Self, String> {
        Ok(Self {
            compiler: first_line("rustc", "--version")?,
            // With the distribution's own version: it mends such functions without a new one of the library.
            library: first_line("ldd", "--version")?,
            processor: format!("{} {}{}", std::env::consts::ARCH, std::env::consts::OS, vectors()),
        })
    }
}

impl fmt::Display for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {} on {}", self.compiler, self.library, self.processor)
    }
}

/// What a program says of versions.
fn first_line(program: &str, argument: &str) -> Result<String, String> {
    let unknown =
        |why: String| format!("`{program} {argument}` {why}, so it is unknown whether counts can be compared");
    let output = Command::new(program).arg(argument).env("LC_ALL", "C").output();
    let output = output.map_err(|error| unknown(format!("cannot be started: {error}")))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said.lines().next().map(str::trim).filter(|line| output.status.success() && !line.is_empty());
    line.map(str::to_owned).ok_or_else(|| unknown(format!("names no version and ends with {}", output.status)))
}

/// The hash and the search for bytes have a variant for AVX2, and valgrind shows what the machine has of it.
fn vectors() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        return " with AVX2";
    }
    ""
}

/// What is in the file.
#[derive(Serialize, Deserialize)]
pub struct Baseline {
    conditions: Conditions,
    /// Instructions of one round.
    operations: BTreeMap<String, u64>,
}

fn place() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(PLACE)
}

/// Writes the counts as the baseline; those of some operations into the one that there is.
pub fn write(conditions: Conditions, counts: Vec<Count>, all: bool) -> ExitCode {
    let known = if all { None } else { Baseline::read().ok().filter(|baseline| baseline.conditions == conditions) };
    let mut operations = known.map(|baseline| baseline.operations).unwrap_or_default();
    for (name, count) in counts {
        let before = operations.insert(name.to_owned(), count);
        println!("{name:<52} {count:>10}{}", before.map_or(String::new(), |before| format!("  before {before}")));
    }
    let text = serde_json::to_string_pretty(&Baseline { conditions, operations }).unwrap() + "\n";
    if let Err(error) = std::fs::write(place(), text) {
        eprintln!("error: {PLACE} cannot be written: {error}");
        return ExitCode::FAILURE;
    }
    println!("written to {PLACE}");
    ExitCode::SUCCESS
}

impl Baseline {
    /// The one that is committed.
    pub fn read() -> Result<Self, String> {
        let text = std::fs::read_to_string(place()).map_err(|error| format!("{PLACE} cannot be read: {error}"))?;
        serde_json::from_str(&text).map_err(|error| format!("{PLACE} is not what `{COMMAND}` writes: {error}"))
    }

    /// Holds counts against it, and says how. If they are `all`, it may have no others.
    pub fn compare(&self, here: &Conditions, counts: &[Count], all: bool) -> ExitCode {
        let (mut above, mut below, mut unknown) = (0, 0, 0);
        println!("{:<52} {:>10} {:>10} {:>9}", "instructions of one round", "baseline", "now", "change");
        for (name, now) in counts {
            let Some(before) = self.operations.get(*name) else {
                unknown += 1;
                println!("{name:<52} {:>10} {now:>10} {:>9}  NOT IN THE BASELINE", "-", "-");
                continue;
            };
            let change = *now as f64 / *before as f64 - 1.0;
            let verdict = if change > BOUND {
                above += 1;
                "  MORE"
            } else if change < -BOUND {
                below += 1;
                "  less"
            } else {
                ""
            };
            println!("{name:<52} {before:>10} {now:>10} {:>+7.2} %{verdict}", 100.0 * change);
        }
        let is_counted = |name: &str| counts.iter().any(|(counted, _)| *counted == name);
        let mut gone = 0;
        for (name, before) in self.operations.iter().filter(|(name, _)| all && !is_counted(name)) {
            gone += 1;
            println!("{name:<52} {before:>10} {:>10} {:>9}  NOT COUNTED", "-", "-");
        }
        let bound = 100.0 * BOUND;
        if *here != self.conditions {
            println!(
                "NOT CHECKED: the baseline is of {}, and this is {here}; another compiler, C library or processor counts \
                 otherwise. `{COMMAND}` writes one for this, from code that is known to be good",
                self.conditions
            );
            return ExitCode::SUCCESS;
        }
        if above + unknown + gone > 0 {
            println!(
                "FAILED: {above} operations take over {bound} % more instructions than {PLACE} says, {unknown} are not in it, \
                 {gone} are in it and no longer counted. Find out which functions they are by callgrind_annotate on the \
                 files in target/tmp/instructions; if the work is worth it, accept it by `{COMMAND}` and commit the file"
            );
            return ExitCode::FAILURE;
        }
        if below > 0 {
            println!(
                "{below} operations take over {bound} % less than {PLACE} says: write it anew by `{COMMAND}` and commit it, \
                 or the gain can be lost unseen"
            );
        } else {
            println!("all within {bound} % of {PLACE}");
        }
        ExitCode::SUCCESS
    }
}
