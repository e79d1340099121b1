//! How the program ends: its exit codes, and what it says when something fails.

use std::error::Error as _;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use ninefold::{Error, ErrorKind, Failure, Profile};

use crate::args::{Args, Command, Everywhere};
use crate::print::{Detail, Page, plain};

/// How the program ends; the help text says when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done = 0,
    NothingFound = 1,
    BadInput = 2,
    Environment = 3,
    /// A run waits for a person.
    Waits = 4,
}

impl Exit {
    /// Nothing failed, but something is worth doing.
    #[allow(non_upper_case_globals, reason = "it reads as the other ways to end do, of which one has its code")]
    pub(crate) const Advice: Self = Self::NothingFound;
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::TooLong | ErrorKind::InvalidInput | ErrorKind::NotFound => Self::BadInput,
            _ => Self::Environment,
        }
    }
}

/// Why a command did not come to its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Something failed; a run that had begun has its account.
    Failed(Error, Option<Box<Profile>>),
    /// Whoever read standard output has had enough.
    Closed,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error, None)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.error, Some(failure.profile))
    }
}

/// Writes to standard output and flushes.
pub(crate) fn write(text: &str) -> Result<(), Stop> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Stop::Closed,
        _ => Error::new(ErrorKind::Unavailable, format!("standard output cannot be written: {error}"))
            .hint("free some space, or send the output elsewhere")
            .into(),
    })
}

/// Writes to standard error. When that is closed, there is nobody left to tell.
pub(crate) fn tell(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Ends for a command line that cannot be followed, or that asked for help.
pub(crate) fn refused(refusal: &clap::Error) -> ExitCode {
    let _ = refusal.print();
    if refusal.use_stderr() { Exit::BadInput.into() } else { Exit::Done.into() }
}

/// Says what failed and what to do about it, and shows where the time of a failed run went.
pub(crate) fn report(outcome: Result<Exit, Stop>, args: &Args) -> Exit {
    let (error, profile) = match outcome {
        Ok(exit) => return exit,
        Err(Stop::Closed) => return Exit::Done,
        Err(Stop::Failed(error, profile)) => (error, profile),
    };
    tell(&failed(&error, profile.as_deref(), &args.everywhere));
    let json = match &args.command {
        Command::Ask(ask) => ask.json,
        Command::Resume(resume) => resume.json,
        _ => false,
    };
    if json {
        // The exit code tells already; a reader that is gone changes nothing.
        let _ = write(&crate::print::failure_json(&error, profile.as_deref()));
    }
    error.kind().into()
}

/// What failed, what to do about it, and where the time went.
pub(crate) fn failed(error: &Error, profile: Option<&Profile>, everywhere: &Everywhere) -> String {
    let page = Page::of_stderr();
    let mut text = format!("{} {}", page.alarm("error:"), plain(error.message()));
    if let Some(phase) = error.phase() {
        let _ = write!(text, " (in phase {})", plain(phase));
    }
    text.push('\n');
    if let Some(hint) = error.hint_text() {
        let _ = writeln!(text, "{} {}", page.strong("hint:"), plain(hint));
    }
    if everywhere.verbose {
        let causes = std::iter::successors(error.source(), |cause| (*cause).source());
        causes.for_each(|cause| text.push_str(&format!("cause: {}\n", plain(&cause.to_string()))));
    }
    if let Some(profile) = profile
        && !everywhere.quiet
    {
        let _ = write!(text, "\n{}", page.account(profile, Detail::of(everywhere)));
    }
    text
}
