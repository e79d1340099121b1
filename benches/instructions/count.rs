//! Runs this program under valgrind and reads how many instructions it took.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use crate::Operation;

/// The first argument of a process that only does an operation so many times.
pub const RUN: &str = "--run";
/// What is counted: this program under a name of its own. The length of its path and of the environment move the stack, and copies
/// take another way by how they are aligned: that alone can make 1.4 %.
const PROGRAM: &str = "./program";
/// The C library takes the variants of its functions that every processor has: otherwise AVX2 alone would make up to 7 %.
const ENVIRONMENT: [(&str, &str); 3] =
    [("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-AVX2,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM"), ("LC_ALL", "C"), ("TZ", "UTC")];
/// Folders up to so long make an environment of the same size.
const LONGEST_FOLDER: usize = 512;

/// Instructions of one round of an operation.
pub type Count = (&'static str, u64);

/// Counts all of these, as many at once as there are cores: instructions do not depend on what else runs.
pub fn all(operations: &[&Operation]) -> Result<Vec<Count>, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("instructions");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let this = std::env::current_exe().map_err(|error| format!("where this program is, is unknown: {error}"))?;
    std::fs::copy(&this, folder.join(PROGRAM)).map_err(|error| format!("{}: {error}", folder.display()))?;
    let (left, done) = (Mutex::new(operations.iter().enumerate()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some((at, operation)) = left.lock().unwrap().next() else { return };
                    let count = count(operation, &folder);
                    done.lock().unwrap().push((at, count));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, count)| count).collect()
}

fn count(operation: &Operation, folder: &Path) -> Result<Count, String> {
    let Operation { name, rounds, .. } = operation;
    let file = folder.join(format!("{}.callgrind", name.replace(|c: char| !c.is_alphanumeric(), "-")));
    let once = total(name, *rounds, &file)?;
    let twice = total(name, 2 * rounds, &file)?;
    let rounds = u64::from(*rounds);
    let of_one = twice.checked_sub(once).map(|all| (all + rounds / 2) / rounds).filter(|one| *one > 0);
    of_one.map(|one| (*name, one)).ok_or_else(|| {
        format!("{name}: {rounds} rounds took {once} instructions and twice as many {twice}: its rounds do nothing")
    })
}

/// Instructions of a whole process that does an operation so many times.
fn total(name: &str, rounds: u32, file: &Path) -> Result<u64, String> {
    let folder = file.parent().unwrap_or(file);
    let mut out = OsString::from("--callgrind-out-file=");
    out.push(file);
    let output = Command::new(valgrind()?)
        .arg("--tool=callgrind")
        .arg(out)
        .args([PROGRAM, RUN, name, &rounds.to_string()])
        .current_dir(folder)
        .env_clear()
        .envs(ENVIRONMENT)
        // Debian's valgrind starts by a shell, which says where it is.
        .env("PAD", "-".repeat(LONGEST_FOLDER.saturating_sub(folder.as_os_str().len())))
        .output()
        .map_err(|error| format!("valgrind cannot be started: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let collected =
        said.lines().find_map(|line| line.split_once("Collected : ")).and_then(|(_, n)| n.trim().parse().ok());
    collected
        .filter(|_| output.status.success())
        .ok_or_else(|| format!("{name} could not be counted: valgrind ended with {}:\n{said}", output.status))
}

/// Looked for here, since the environment of the process that is counted says nothing of the machine.
fn valgrind() -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join("valgrind")).find(|file| file.is_file());
    found.ok_or_else(|| "valgrind is not in PATH; it counts the instructions, and is Debian's package valgrind".into())
}
