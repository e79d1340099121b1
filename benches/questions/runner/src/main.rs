//! Runs the questions with each contestant, and reports.
//!
//! A round is a workload with every contestant, each with a process and a model of its own, of the round's seed; the order of
//! contestants turns from round to round.

mod contestant;
mod judge;
mod lines;
mod model;
mod process;
mod report;
mod workload;

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use serde_json::json;

use crate::contestant::Contestant;
use crate::workload::Setup;

#[derive(Debug, Parser)]
#[command(about)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Runs rounds and writes JSON lines.
    Run(Options),
    /// Prints a table of JSON lines in Markdown.
    Report {
        /// What was run.
        file: PathBuf,
    },
}

/// What is run.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The folder of this benchmark.
    #[arg(long, default_value = ".")]
    pub folder: PathBuf,
    /// Where the programs are.
    #[arg(long, default_value = "target/release")]
    pub programs: PathBuf,
    /// The Python of LangGraph's environment.
    #[arg(long, default_value = ".venv/bin/python")]
    pub python: PathBuf,
    /// Where to write; the accounts go beside it.
    #[arg(long, default_value = "results/run.jsonl")]
    pub out: PathBuf,
    /// How often each contestant has the workload.
    #[arg(long, default_value_t = 20)]
    pub rounds: u64,
    /// Less of it: one round at full latency, and two that are five times faster.
    #[arg(long)]
    pub quick: bool,
    /// How many times faster the model is.
    #[arg(long, default_value_t = 1.0)]
    pub scale: f64,
    /// The part of requests that fail.
    #[arg(long, default_value_t = 0.02)]
    pub faults: f64,
    /// The seed of the first round; the next ones have the next.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Does without the workload before the first round in which each contestant tells where its time went.
    #[arg(long)]
    pub no_accounts: bool,
    /// The contestants, of those that there are.
    #[arg(long, value_delimiter = ',', default_value = "ninefold,langgraph,rig,langgraph-routed,rig-routed")]
    pub contestants: Vec<String>,
}

fn main() -> Result<()> {
    match Arguments::parse().what {
        What::Report { file } => print!("{}", report::report(&fs::read_to_string(&file)?)?),
        What::Run(options) => {
            if options.quick {
                let part = |rounds, scale, no_accounts, name: &str| Options {
                    rounds,
                    scale,
                    no_accounts,
                    out: options.out.with_file_name(name),
                    ..options.clone()
                };
                run(&part(1, 1.0, true, "quick.jsonl"))?;
                run(&part(2, 5.0, false, "quick-fast.jsonl"))?;
            } else {
                run(&options)?;
            }
        }
    }
    Ok(())
}

fn run(options: &Options) -> Result<()> {
    let setup = Setup::new(options)?;
    let contestants: Vec<Contestant> =
        options.contestants.iter().map(|name| Contestant::named(name, options)).collect::<Result<_>>()?;
    let folder = options.out.parent().context("no folder to write to")?;
    fs::create_dir_all(folder)?;
    let mut out = fs::File::create(&options.out)?;
    let names: Vec<_> = contestants.iter().map(|contestant| (contestant.name.clone(), contestant.lines)).collect();
    let head = json!({
        "kind": "head", "machine": process::machine(), "rounds": options.rounds, "scale": options.scale,
        "faults": options.faults, "seed": options.seed, "model": workload::MODEL, "lines": names,
    });
    writeln!(out, "{head}")?;
    for contestant in contestants.iter().filter(|_| !options.no_accounts) {
        let file = folder.join(format!("account-{}.txt", contestant.name));
        workload::once(&setup, contestant, 0, Some(&file))?;
        eprintln!("{} has told where its time went: {}", contestant.name, file.display());
    }
    for round in 0..options.rounds {
        for n in 0..contestants.len() {
            let contestant = &contestants[(n + round as usize) % contestants.len()];
            let lines = workload::once(&setup, contestant, round, None)?;
            for line in &lines {
                writeln!(out, "{line}")?;
            }
            let wall = lines.last().and_then(|line| line["wall_ms"].as_f64()).unwrap_or_default();
            eprintln!("round {} of {}: {:<18} {:>7.0} ms", round + 1, options.rounds, contestant.name, wall);
        }
    }
    println!("\n{}", report::report(&fs::read_to_string(&options.out)?)?);
    Ok(())
}
