//! The program `ninefold`: asks questions of folders of files and shows where the time went.
//!
//! In reading order: [`args`] is what it is told; [`ask`], [`resume`], [`index`] with `watch`, [`mod@search`], [`stats`], [`forget`],
//! [`doctor`], [`mod@profile`], and `chat`, `check` and `conversations` for dialogues are what it does; [`open`], [`live`], [`question`], [`paths`], [`runs`] and [`progress`] help them; [`print`], [`snippet`],
//! [`format`](mod@format) and [`wrap`] are what it shows,
//! [`destination`] is where; [`exit`] is how it ends.

mod args;
mod ask;
#[cfg(feature = "dialogue")]
mod chat;
#[cfg(feature = "dialogue")]
mod check;
#[cfg(feature = "dialogue")]
mod conversations;
mod destination;
mod doctor;
mod exit;
mod forget;
mod format;
mod index;
#[cfg(feature = "dialogue")]
mod lines;
mod live;
mod open;
mod paths;
mod print;
mod profile;
mod progress;
mod question;
mod resume;
mod runs;
mod search;
mod snippet;
mod stats;
#[cfg(feature = "watch")]
mod watch;
mod wrap;

use std::process::ExitCode;

use clap::Parser;
use ninefold::{Error, ErrorKind};
use tokio::runtime::Builder;

use args::{Args, Command};
use exit::{Exit, Stop};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(refusal) => return exit::refused(&refusal),
    };
    let outcome = run(&args);
    exit::report(outcome, &args).into()
}

fn run(args: &Args) -> Result<Exit, Stop> {
    // One thread is enough for one question, and there sooner than a pool.
    let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| {
        Error::new(ErrorKind::Unavailable, format!("the asynchronous runtime cannot be started: {error}"))
            .hint("check the limits on threads and open files")
    })?;
    let outcome = runtime.block_on(async {
        match &args.command {
            Command::Ask(ask) => ask::ask(ask, &args.everywhere).await,
            Command::Resume(resume) => resume::resume(resume, &args.everywhere).await,
            Command::Index(index) => index::index(index, &args.everywhere).await,
            Command::Search(search) => search::search(search, &args.everywhere).await,
            Command::Stats(stats) => stats::stats(stats, &args.everywhere).await,
            Command::Forget(forget) => forget::forget(forget, &args.everywhere).await,
            Command::Doctor(doctor) => doctor::doctor(doctor, &args.everywhere).await,
            Command::Profile(command) => profile::profile(command, &args.everywhere),
            #[cfg(feature = "dialogue")]
            Command::Check(check) => check::check(check, &args.everywhere),
            #[cfg(feature = "dialogue")]
            Command::Test(test) => conversations::test(test, &args.everywhere).await,
            #[cfg(feature = "dialogue")]
            Command::Chat(chat) => chat::chat(chat, &args.everywhere).await,
        }
    });
    // Files still being read for a run that is over are not waited for.
    runtime.shutdown_background();
    outcome
}
