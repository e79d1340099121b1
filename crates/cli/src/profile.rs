//! The command `profile`: shows a profile that was kept, and compares two sets of them.

use ninefold::profile::{Snapshot, Statistics};
use ninefold::{Error, ErrorKind};

use crate::args::{Diff, Everywhere, ProfileCommand, Show};
use crate::exit::{Exit, Stop, tell, write};
use crate::print::Page;
use crate::runs::{self, Runs};

/// Runs the command.
pub(crate) fn profile(command: &ProfileCommand, everywhere: &Everywhere) -> Result<Exit, Stop> {
    match command {
        ProfileCommand::Show(args) => show(args),
        ProfileCommand::Diff(args) => diff(args, everywhere),
    }
}

fn show(args: &Show) -> Result<Exit, Stop> {
    let runs = runs::read(&args.file)?;
    let [profile] = runs.profiles.as_slice() else {
        let what = format!("{} holds {} profiles; one can be shown", args.file.display(), runs.profiles.len());
        let error = Error::new(ErrorKind::InvalidInput, what);
        return Err(error.hint("give a file with one, or compare many with ninefold profile diff").into());
    };
    write(&args.format.of(profile, &Page::of_stdout()))?;
    Ok(Exit::Done)
}

fn diff(args: &Diff, everywhere: &Everywhere) -> Result<Exit, Stop> {
    let (before, after) = (runs::read(&args.before)?, runs::read(&args.after)?);
    for (path, runs) in [(&args.before, &before), (&args.after, &after)] {
        if runs.without > 0 && !everywhere.quiet {
            let (path, n) = (path.display(), runs.without);
            tell(&format!("note: {n} in {path} without a profile left aside: their runs had not begun\n"));
        }
    }
    write(&ninefold::profile::diff(&statistics(&before), &statistics(&after)).table().to_string())?;
    Ok(Exit::Done)
}

/// The statistics of what was read.
fn statistics(runs: &Runs) -> Snapshot {
    let statistics = Statistics::new();
    runs.profiles.iter().for_each(|profile| statistics.record(profile));
    let mut snapshot = statistics.snapshot();
    snapshot.merge(&runs.snapshot);
    snapshot
}
