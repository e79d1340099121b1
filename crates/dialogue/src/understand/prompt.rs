//! What a model is shown: the scope, what was asked, and the message marked as data.

use std::fmt::Write as _;

use ninefold_core::ModelRequest;

use super::Heard;
use crate::kind::Kind;
use crate::scope::beginning;

/// How many options of a category are shown.
const MOST_OPTIONS: usize = 12;
/// The most characters of a description.
const LONGEST_DESCRIPTION: usize = 80;
/// The most characters of the last utterance.
const LONGEST_LAST: usize = 400;
/// The most tokens of an answer: thirty-two short commands.
const LONGEST_ANSWER: u32 = 400;

pub(super) fn request(heard: &Heard<'_>) -> ModelRequest {
    let user = fill(
        include_str!("prompt_user.md"),
        &[
            ("flows", &flows(heard)),
            ("slots", &slots(heard)),
            ("open", &or_nothing(heard.scope.open.last().map_or("", |flow| flow.as_str()))),
            ("asked", &asked(heard)),
            ("last", &or_nothing(&one_line(&heard.secrets.hide(heard.view.last_said), LONGEST_LAST))),
            ("message", &message(&heard.secrets.hide(heard.view.message))),
        ],
    );
    ModelRequest {
        max_output_tokens: Some(LONGEST_ANSWER),
        temperature: Some(0.0),
        ..ModelRequest::new(include_str!("prompt.md"), user)
    }
}

fn flows(heard: &Heard<'_>) -> String {
    let mut lines = String::new();
    for offered in &heard.scope.flows {
        let about = heard.program.flow(offered.id).map_or("", |flow| flow.description.as_str());
        let _ = writeln!(lines, "{}: {}", offered.name, one_line(about, LONGEST_DESCRIPTION));
    }
    or_nothing(lines.trim_end())
}

fn slots(heard: &Heard<'_>) -> String {
    let mut lines = String::new();
    for offered in &heard.scope.slots {
        let Some((id, slot)) = offered.ids.first().and_then(|id| Some((*id, heard.program.slot(*id)?))) else {
            continue;
        };
        let _ = write!(lines, "{} ({}): {}", offered.name, slot.kind, one_line(&slot.description, LONGEST_DESCRIPTION));
        if let Kind::Category { options } = &slot.kind {
            let names: Vec<&str> = options.iter().take(MOST_OPTIONS).map(|option| option.value.as_str()).collect();
            let more = if options.len() > MOST_OPTIONS { ", ..." } else { "" };
            let _ = write!(lines, " [{}{more}]", names.join(", "));
        }
        match heard.values.iter().find(|(known, _)| *known == id) {
            Some((_, value)) if !slot.sensitive => {
                let _ = write!(
                    lines,
                    " = {}",
                    serde_json::Value::from(one_line(&heard.secrets.hide(value), LONGEST_DESCRIPTION))
                );
            }
            _ if offered.filled => lines.push_str(" = (has a value)"),
            _ => {}
        }
        lines.push('\n');
    }
    or_nothing(lines.trim_end())
}

fn asked(heard: &Heard<'_>) -> String {
    match heard.scope.asked.and_then(|slot| heard.program.slot(slot)) {
        _ if heard.scope.confirming => "yes or no".to_owned(),
        _ if !heard.view.choices.is_empty() => {
            let flows = heard.view.choices.iter().filter_map(|flow| heard.program.flow(*flow));
            format!(
                "which flow, in this order: {}",
                flows.map(|flow| flow.name.as_str()).collect::<Vec<_>>().join(", ")
            )
        }
        Some(slot) => slot.name.to_string(),
        None => or_nothing(""),
    }
}

fn or_nothing(text: &str) -> String {
    if text.is_empty() { "(nothing)".to_owned() } else { text.to_owned() }
}

fn one_line(text: &str, longest: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(longest).collect();
    unmarked(&line)
}

/// The message without control characters, and without a mark by which it would end.
fn message(text: &str) -> String {
    let plain: String = beginning(text).chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    unmarked(plain.trim())
}

fn unmarked(text: &str) -> String {
    text.replace("<message>", "(message)").replace("</message>", "(message)")
}

/// A template with its places filled; what is filled in is not looked through again.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let (mut filled, mut rest) = (String::with_capacity(template.len() + 512), template);
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((name, tail)) = after.split_once("}}") else {
            rest = after;
            continue;
        };
        filled.push_str(values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| *value));
        rest = tail;
    }
    filled.push_str(rest);
    filled
}
