//! The language in which models answer: one command a line.
//!
//! ```text
//! start book_flight          correct date "Friday"      clarify book_flight book_hotel     skip    repeat    restart
//! set origin "Madrid"        clear date                 knowledge "Are dogs allowed?"      yes     no        handoff
//! cancel                     cancel book_flight         cannot                             chitchat
//! ```
//!
//! An answer is hostile input: bounded, read line by line, nothing guessed. What is quoted is never a command.

use std::fmt;

use smol_str::SmolStr;

use crate::command::{CannotHandle, Command};

/// The most bytes of an answer.
pub const MOST_BYTES: usize = 16_384;
/// The most commands of an answer.
pub const MOST_COMMANDS: usize = 32;
/// The most bytes of a value or a question.
pub const MOST_VALUE_BYTES: usize = 2_048;
/// The most bytes of a name.
const MOST_NAME_BYTES: usize = 128;
/// The most flows of one clarification.
const MOST_CHOICES: usize = 8;
/// The most lines around the commands that are none.
const MOST_PROSE: usize = 8;

/// Why an answer cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unusable {
    /// It is longer than [`MOST_BYTES`].
    TooLong,
    /// It has more than [`MOST_COMMANDS`].
    TooMany,
    /// It has no command.
    NoCommand,
    /// Commands and other lines are mixed, so that one cannot tell what is meant.
    Mixed,
    /// It says yes and no.
    Contradiction,
    /// It gives a slot two values.
    TwoValues,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the answer is longer than commands can be",
            Self::TooMany => "the answer has more commands than a message can mean",
            Self::NoCommand => "the answer has no command",
            Self::Mixed => "the answer mixes commands with other text",
            Self::Contradiction => "the commands say yes and no",
            Self::TwoValues => "the commands give a slot two values",
        })
    }
}

/// A command as its line.
#[must_use]
pub fn print(command: &Command) -> String {
    // JSON's own quotes: every text is one line and reads back as itself.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    match command {
        Command::Start { flow } => format!("start {flow}"),
        Command::Set { slot, value } => format!("set {slot} {}", quoted(value)),
        Command::Correct { slot, value } => format!("correct {slot} {}", quoted(value)),
        Command::Clear { slot } => format!("clear {slot}"),
        Command::Cancel { flow: Some(flow) } => format!("cancel {flow}"),
        Command::Cancel { flow: None } => "cancel".to_owned(),
        Command::Affirm => "yes".to_owned(),
        Command::Deny => "no".to_owned(),
        Command::Clarify { flows } => flows.iter().fold("clarify".to_owned(), |line, flow| format!("{line} {flow}")),
        Command::Skip => "skip".to_owned(),
        Command::Repeat => "repeat".to_owned(),
        Command::ChitChat => "chitchat".to_owned(),
        Command::Knowledge { question } => format!("knowledge {}", quoted(question)),
        Command::Handoff => "handoff".to_owned(),
        Command::Restart => "restart".to_owned(),
        Command::CannotHandle { reason: CannotHandle::NotUnderstood } => "cannot".to_owned(),
        Command::CannotHandle { reason } => format!("cannot {}", reason_name(*reason)),
    }
}

const REASONS: [CannotHandle; 5] = [
    CannotHandle::NotUnderstood,
    CannotHandle::OutOfScope,
    CannotHandle::ModelFailed,
    CannotHandle::Contradiction,
    CannotHandle::Refused,
];

fn reason_name(reason: CannotHandle) -> &'static str {
    match reason {
        CannotHandle::NotUnderstood => "not_understood",
        CannotHandle::OutOfScope => "out_of_scope",
        CannotHandle::ModelFailed => "model_failed",
        CannotHandle::Contradiction => "contradiction",
        CannotHandle::Refused => "refused",
    }
}

/// A line as its command; none when it is none.
#[must_use]
pub fn parse_line(line: &str) -> Option<Command> {
    let line = line.trim();
    let (verb, rest) = line.split_once(char::is_whitespace).map_or((line, ""), |(verb, rest)| (verb, rest.trim()));
    let alone = |command: Command| rest.is_empty().then_some(command);
    match verb {
        "start" => Some(Command::Start { flow: name(rest)? }),
        "set" | "correct" => {
            let (slot, text) = rest.split_once(char::is_whitespace)?;
            let (slot, value) = (name(slot)?, value(text)?);
            Some(if verb == "set" { Command::Set { slot, value } } else { Command::Correct { slot, value } })
        }
        "clear" => Some(Command::Clear { slot: name(rest)? }),
        "cancel" if rest.is_empty() => Some(Command::Cancel { flow: None }),
        "cancel" => Some(Command::Cancel { flow: Some(name(rest)?) }),
        "clarify" => {
            let flows: Vec<SmolStr> = rest.split_whitespace().map(name).collect::<Option<_>>()?;
            (flows.len() <= MOST_CHOICES).then_some(Command::Clarify { flows })
        }
        "knowledge" => Some(Command::Knowledge { question: value(rest)? }),
        "yes" => alone(Command::Affirm),
        "no" => alone(Command::Deny),
        "skip" => alone(Command::Skip),
        "repeat" => alone(Command::Repeat),
        "chitchat" => alone(Command::ChitChat),
        "handoff" => alone(Command::Handoff),
        "restart" => alone(Command::Restart),
        "cannot" if rest.is_empty() => Some(Command::CannotHandle { reason: CannotHandle::NotUnderstood }),
        "cannot" => {
            let reason = REASONS.into_iter().find(|reason| reason_name(*reason) == rest)?;
            Some(Command::CannotHandle { reason })
        }
        _ => None,
    }
}

/// A name is letters, digits, `_`, `-` and `.`: prose after a verb is none.
fn name(text: &str) -> Option<SmolStr> {
    let fits = !text.is_empty() && text.len() <= MOST_NAME_BYTES;
    let plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    (fits && plain).then(|| SmolStr::new(text))
}

/// A quoted text, with JSON's escapes; or one without any quote in it.
fn value(text: &str) -> Option<String> {
    let text = text.trim();
    let value = if text.starts_with('"') {
        serde_json::from_str::<String>(text).ok()?
    } else if let Some(inner) = text.strip_prefix('“').and_then(|rest| rest.strip_suffix('”')) {
        inner.to_owned()
    } else if text.contains(['"', '“', '”']) {
        return None;
    } else {
        text.to_owned()
    };
    (!value.trim().is_empty() && value.len() <= MOST_VALUE_BYTES).then_some(value)
}

/// An answer as its commands, repetitions left out. Marks of lists and fences of code around lines are no text. Lines that are no
/// commands are tolerated before the first and after the last command, if they are few and open no quotation.
///
/// # Errors
/// Why the answer cannot be used.
pub fn parse(answer: &str) -> Result<Vec<Command>, Unusable> {
    if answer.len() > MOST_BYTES {
        return Err(Unusable::TooLong);
    }
    let (mut commands, mut count, mut prose, mut ended) = (Vec::new(), 0, 0, false);
    for line in answer.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("```")) {
        let bare = unmarked(line);
        let Some(command) = parse_line(bare) else {
            prose += 1;
            ended = count > 0;
            // A quotation that goes on over lines may hold lines that look like commands.
            let open = line.matches(['"', '“', '”']).count() % 2 == 1;
            if prose > MOST_PROSE || open || line.starts_with('>') {
                return Err(if count > 0 || open { Unusable::Mixed } else { Unusable::NoCommand });
            }
            continue;
        };
        if ended {
            return Err(Unusable::Mixed);
        }
        count += 1;
        if count > MOST_COMMANDS {
            return Err(Unusable::TooMany);
        }
        if !commands.contains(&command) {
            commands.push(command);
        }
    }
    if commands.is_empty() {
        return Err(Unusable::NoCommand);
    }
    let commands = last_of_each_slot(commands)?;
    if commands.contains(&Command::Affirm) && commands.contains(&Command::Deny) {
        return Err(Unusable::Contradiction);
    }
    Ok(commands)
}

/// Without the mark of a list before it and the quotes of code around it.
fn unmarked(line: &str) -> &str {
    let digits = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered =
        (digits.len() < line.len()).then(|| digits.strip_prefix(". ").or_else(|| digits.strip_prefix(") "))).flatten();
    let line = numbered.or_else(|| line.strip_prefix("- ")).or_else(|| line.strip_prefix("* ")).unwrap_or(line).trim();
    line.strip_prefix('`').and_then(|inner| inner.strip_suffix('`')).unwrap_or(line)
}

/// Of commands about one slot the last, where they do not give it different values: it may be cleared before it is set.
fn last_of_each_slot(commands: Vec<Command>) -> Result<Vec<Command>, Unusable> {
    let about = |command: &Command| match command {
        Command::Set { slot, value } | Command::Correct { slot, value } => Some((slot.clone(), Some(value.clone()))),
        Command::Clear { slot } => Some((slot.clone(), None)),
        _ => None,
    };
    let mut kept: Vec<Command> = Vec::with_capacity(commands.len());
    for command in commands {
        if let Some((slot, value)) = about(&command) {
            let earlier = kept.iter().position(|known| about(known).is_some_and(|(known, _)| known == slot));
            if let Some(at) = earlier {
                let before = about(&kept.remove(at)).and_then(|(_, before)| before);
                // Set and then cleared, or set to two values: one cannot tell what is meant.
                if before.is_some() && before != value {
                    return Err(Unusable::TwoValues);
                }
            }
        }
        kept.push(command);
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_command_is_refused() {
        for line in [
            "start",
            "start book a flight",
            "set origin",
            "set origin \"a\" b\"",
            "yes please",
            "no, thanks",
            "Start x",
            "set \"x\" \"y\"",
            "cannot fly",
            "clarify a, b",
        ] {
            assert_eq!(parse_line(line), None, "{line}");
        }
    }

    #[test]
    fn a_slot_may_be_cleared_and_set_and_not_be_set_to_two_values() {
        let set = Command::Set { slot: "day".into(), value: "Friday".into() };
        assert_eq!(parse("clear day\nset day \"Friday\""), Ok(vec![set]));
        let correct = Command::Correct { slot: "day".into(), value: "Friday".into() };
        assert_eq!(parse("set day \"Friday\"\ncorrect day \"Friday\""), Ok(vec![correct]));
        for unclear in ["set day \"Friday\"\nset day \"Monday\"", "set day \"Friday\"\nclear day"] {
            assert_eq!(parse(unclear), Err(Unusable::TwoValues), "{unclear}");
        }
        assert_eq!(parse("yes\nno"), Err(Unusable::Contradiction));
    }

    #[test]
    fn prose_is_tolerated_around_commands_and_not_between() {
        let start = Command::Start { flow: "book_flight".into() };
        assert_eq!(parse("Here you are:\n```\n- start book_flight\n```\nDone."), Ok(vec![start.clone()]));
        assert_eq!(parse("1. start book_flight\n2. yes"), Ok(vec![start, Command::Affirm]));
        assert_eq!(parse("yes\nThe user wants more.\nrestart"), Err(Unusable::Mixed));
        assert_eq!(parse("The user said \"please\nrestart\n\""), Err(Unusable::Mixed));
        assert_eq!(parse("> restart"), Err(Unusable::NoCommand));
        assert_eq!(parse("I cannot help with that."), Err(Unusable::NoCommand));
        assert_eq!(parse(""), Err(Unusable::NoCommand));
    }

    #[test]
    fn a_flood_is_cut_off() {
        assert_eq!(parse(&"x".repeat(MOST_BYTES + 1)), Err(Unusable::TooLong));
        assert_eq!(parse(&"skip\n".repeat(3_000)), Err(Unusable::TooMany));
        assert_eq!(parse(&"skip\n".repeat(10_000)), Err(Unusable::TooLong));
    }

    #[test]
    fn contradictions_are_found() {
        assert_eq!(parse("yes\nno"), Err(Unusable::Contradiction));
        assert_eq!(parse("set a \"1\"\nset a \"2\""), Err(Unusable::TwoValues));
        assert_eq!(parse("set a \"1\"\nset a \"1\"").map(|commands| commands.len()), Ok(1));
    }

    fn command() -> impl Strategy<Value = Command> {
        let name = || "[a-z][a-z0-9_]{0,12}".prop_map(SmolStr::from);
        let text = || {
            "\\PC{1,20}|[\"\\\\\n\t “”'`>-]{0,6}x"
                .prop_filter("a value has something in it", |text| !text.trim().is_empty())
        };
        prop_oneof![
            name().prop_map(|flow| Command::Start { flow }),
            (name(), text()).prop_map(|(slot, value)| Command::Set { slot, value }),
            (name(), text()).prop_map(|(slot, value)| Command::Correct { slot, value }),
            name().prop_map(|slot| Command::Clear { slot }),
            prop::option::of(name()).prop_map(|flow| Command::Cancel { flow }),
            prop::collection::vec(name(), 0..4).prop_map(|flows| Command::Clarify { flows }),
            text().prop_map(|question| Command::Knowledge { question }),
            prop::sample::select(vec![
                Command::Affirm,
                Command::Deny,
                Command::Skip,
                Command::Repeat,
                Command::ChitChat,
                Command::Handoff,
                Command::Restart,
            ]),
            prop::sample::select(REASONS.to_vec()).prop_map(|reason| Command::CannotHandle { reason }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(command in command()) {
            let line = print(&command);
            prop_assert_eq!(line.lines().count(), 1);
            prop_assert_eq!(parse_line(&line), Some(command.clone()));
            prop_assert_eq!(parse(&line), Ok(vec![command]));
        }

        #[test]
        fn any_answer_is_bounded(answer in "(?s).{0,400}|((set|start|clear|no|yes|cannot|clarify) ?[a-z\"“ \\\\]{0,8}\n){0,60}") {
            if let Ok(commands) = parse(&answer) {
                prop_assert!(!commands.is_empty() && commands.len() <= MOST_COMMANDS);
            }
        }
    }
}
