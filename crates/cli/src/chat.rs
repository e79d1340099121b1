//! The command `chat`: talks to a dialogue, a line for each message.

use std::io::{self, BufRead, IsTerminal};

use ninefold::dialogue::definition::Definition;
use ninefold::dialogue::script::{Answers, Host};
use ninefold::{Dialogue, Error, ErrorKind, Event};
use serde_json::Value;

use crate::args::{Chat, Everywhere};
use crate::check::shown;
use crate::exit::{Exit, Stop, tell, write};
use crate::open;
use crate::print::{Page, plain};

/// The most bytes of a line that are read.
const LONGEST: usize = 1 << 20;

/// Runs the command.
pub(crate) async fn chat(args: &Chat, everywhere: &Everywhere) -> Result<Exit, Stop> {
    let answers = match args.answers.as_ref().map(Answers::from_path) {
        None => Answers::default(),
        Some(Ok(answers)) => answers,
        Some(Err(diagnostics)) => {
            tell(&shown(&diagnostics, &Page::of_stderr()));
            return Ok(Exit::BadInput);
        }
    };
    let definition = Definition::from_files(&args.flows);
    let diagnostics = definition.clone().over(ninefold::dialogue::repair::patterns()).check();
    if diagnostics.has_errors() {
        tell(&shown(&diagnostics, &Page::of_stderr()));
        return Ok(Exit::BadInput);
    }
    let mut builder = Dialogue::builder(definition).host(Host::new(answers).asking(asked));
    if let Some(database) = &everywhere.db {
        builder = builder.database(database);
    }
    let (model, missing) = open::model(args.model.as_deref()).await?;
    if let Some(why) = missing {
        tell(&format!("note: rules alone understand: {}\n", plain(why.message())));
    }
    if let Some(model) = model {
        builder = builder.model(model);
    }
    let dialogue = builder.build().await?;
    let talked = talk(&dialogue, args).await;
    dialogue.close().await;
    talked
}

async fn talk(dialogue: &Dialogue, args: &Chat) -> Result<Exit, Stop> {
    let page = Page::of_stdout();
    loop {
        if io::stdin().is_terminal() {
            write("> ")?;
        }
        let Some(message) = next_line()? else { return Ok(Exit::Done) };
        let mut events = dialogue.stream(args.session.as_str(), message);
        while let Some(event) = events.next().await {
            match event? {
                Event::Text(text) => write(&format!("{}\n", plain(&text)))?,
                Event::Answered(reply) => {
                    if let Some(to) = &reply.handed_to {
                        write(&page.faint(&format!("(handed over to {})\n", plain(to))))?;
                    }
                    if args.inspect {
                        let turn = dialogue.inspect(args.session.as_str(), reply.turn).await?;
                        let turn = turn.map(|turn| turn.to_string()).unwrap_or_default();
                        let table = page.account(&reply.profile, crate::print::Detail::Normal);
                        write(&page.faint(&format!("{}\n{table}", plain(&turn))))?;
                    }
                }
                _ => {}
            }
        }
    }
}

/// The next line of standard input, without its end; none at the end of it. What is no UTF-8 in it is replaced.
fn next_line() -> Result<Option<String>, Error> {
    let mut bytes = Vec::new();
    let unreadable = |error: io::Error| {
        Error::new(ErrorKind::Unavailable, format!("standard input cannot be read: {error}"))
            .hint("send the messages to it, a line each")
    };
    let mut stdin = io::stdin().lock();
    loop {
        let part = stdin.fill_buf().map_err(unreadable)?;
        if part.is_empty() {
            break;
        }
        let end = part.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(part.len(), |end| end + 1);
        // What is too long is cut, and the dialogue says so.
        let room = LONGEST.saturating_sub(bytes.len());
        bytes.extend(part.iter().take(end.unwrap_or(length).min(room)));
        stdin.consume(length);
        if end.is_some() {
            return Ok(Some(String::from_utf8_lossy(&bytes).trim_end_matches('\r').to_owned()));
        }
    }
    Ok((!bytes.is_empty()).then(|| String::from_utf8_lossy(&bytes).into_owned()))
}

/// Asks at the terminal what an action returns: its outputs as JSON, or nothing when it fails.
fn asked(action: &str, inputs: &Value) -> Option<Value> {
    loop {
        tell(&format!("{}({inputs}) returns, as JSON, or nothing when it fails: ", plain(action)));
        let line = next_line().ok().flatten()?;
        if line.trim().is_empty() {
            return None;
        }
        match serde_json::from_str::<Value>(&line) {
            Ok(value) if value.is_object() => return Some(value),
            Ok(_) => tell("an object is wanted, as {\"price\": 12}\n"),
            Err(error) => tell(&format!("that is no JSON: {error}\n")),
        }
    }
}
