//! The command `check`: says what is wrong with the flows of a dialogue.

use std::fmt::Write as _;

use ninefold::dialogue::definition::{Definition, Diagnostics, Severity};
use ninefold::dialogue::repair;
use serde_json::json;

use crate::args::{Check, Everywhere};
use crate::exit::{Exit, Stop, write};
use crate::index::counted;
use crate::print::{Page, line, plain};

/// Runs the command.
pub(crate) fn check(args: &Check, everywhere: &Everywhere) -> Result<Exit, Stop> {
    if args.schema {
        write(&line(&Definition::json_schema()))?;
        return Ok(Exit::Done);
    }
    let definition = Definition::from_files(&args.flows).over(repair::patterns());
    let diagnostics = definition.check();
    let errors = diagnostics.errors().count();
    let warnings = diagnostics.list().len() - errors;
    if args.json {
        write(&line(&json!({ "errors": errors, "warnings": warnings, "diagnostics": diagnostics })))?;
    } else {
        let mut text = shown(&diagnostics, &Page::of_stdout());
        if !everywhere.quiet {
            let flows = definition.flow_names().filter(|name| !name.starts_with("pattern_")).count();
            let [flows, errors, warnings] =
                [(flows, "flow"), (errors, "error"), (warnings, "warning")].map(|(n, what)| counted(n as u64, what));
            let _ = writeln!(text, "{flows}, {errors}, {warnings}");
        }
        write(&text)?;
    }
    Ok(match (errors, warnings) {
        (0, 0) => Exit::Done,
        (0, _) => Exit::Advice,
        _ => Exit::BadInput,
    })
}

/// What is wrong, each with its place and cure.
pub(crate) fn shown(diagnostics: &Diagnostics, page: &Page) -> String {
    let mut text = String::new();
    for found in diagnostics.list() {
        let severity = match found.severity {
            Severity::Error => page.alarm("error:"),
            Severity::Warning => page.strong("warning:"),
        };
        let (place, message) = (page.path(&found.place.to_string()), plain(&found.message));
        let _ = writeln!(text, "{place}: {severity} {message}\n  {} {}", page.strong("hint:"), plain(&found.hint));
    }
    text
}
