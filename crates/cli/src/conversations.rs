//! The command `test`: holds the conversations that test a dialogue.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use ninefold::dialogue::definition::Definition;
use ninefold::dialogue::repair;
use ninefold::dialogue::script::Tests;
use ninefold::store::MemorySessions;
use serde_json::json;

use crate::args::{Everywhere, Test};
use crate::check::shown;
use crate::exit::{Exit, Stop, tell, write};
use crate::print::{Page, line, plain};

/// Runs the command.
pub(crate) async fn test(args: &Test, everywhere: &Everywhere) -> Result<Exit, Stop> {
    let program = Definition::from_files([&args.flows]).over(repair::patterns()).compile(true);
    let read = program.and_then(|program| Ok((program, Tests::from_paths(&args.tests)?)));
    let (program, tests) = match read {
        Ok(read) => read,
        Err(diagnostics) => {
            tell(&shown(&diagnostics, &Page::of_stderr()));
            return Ok(Exit::BadInput);
        }
    };
    let page = Page::of_stdout();
    let (mut missed, mut turns) = (Vec::new(), 0);
    let mut categories: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for conversation in &tests.conversations {
        let outcome = conversation.run(&program, Arc::new(MemorySessions::new())).await?;
        turns += outcome.turns;
        let (met, all) = categories.entry(&conversation.category).or_default();
        *met += usize::from(outcome.is_met());
        *all += 1;
        if !args.json && (everywhere.verbose || !outcome.is_met()) {
            write(&format!("{}\n", plain(&outcome.to_string())))?;
        }
        if !outcome.is_met() {
            missed.push(outcome);
        }
    }
    let all = tests.conversations.len();
    let met = all - missed.len();
    if args.json {
        let missed: Vec<_> = missed
            .iter()
            .map(|outcome| {
                let what: Vec<_> = outcome
                    .missed
                    .iter()
                    .map(|missed| json!({ "place": missed.place.to_string(), "what": missed.what }))
                    .collect();
                json!({ "name": outcome.name, "category": outcome.category, "missed": what })
            })
            .collect();
        write(&line(&json!({ "conversations": all, "met": met, "turns": turns, "missed": missed })))?;
    } else if !everywhere.quiet {
        let mut text = String::new();
        if everywhere.verbose {
            for (category, (met, all)) in categories {
                let _ = writeln!(text, "{category}: {met} of {all}");
            }
        }
        let count = format!("{met} of {all}");
        let count = if met == all { page.strong(&count) } else { page.alarm(&count) };
        let _ = writeln!(text, "{count} conversations went as expected, in {turns} turns");
        write(&text)?;
    }
    Ok(if missed.is_empty() { Exit::Done } else { Exit::Advice })
}
