//! The command `chat`: talks to a dialogue, a line for each message.

use std::time::Duration;

use ninefold::dialogue::definition::Definition;
use ninefold::dialogue::script::{Answers, Host};
use ninefold::dialogue::{Input, Reply, repair};
use ninefold::{Dialogue, Error, ErrorKind, Event, Profile, Scope};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::args::{Chat, Everywhere};
use crate::check::shown;
use crate::exit::{Exit, Stop, failed, tell, write};
use crate::lines::Lines;
use crate::open::{self, Terms};
use crate::print::{Detail, Page, one_line, plain};

/// So long a turn may take in which a person is asked.
const PATIENCE: Duration = Duration::from_secs(86_400);

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
    let program = match definition.clone().over(repair::patterns()).compile(true) {
        Ok(program) => program,
        Err(diagnostics) => {
            tell(&shown(&diagnostics, &Page::of_stderr()));
            return Ok(Exit::BadInput);
        }
    };
    let lines = Lines::of_stdin();
    let mut host = Host::new(answers);
    let unanswered = host.unanswered(&program);
    let mut builder = Dialogue::builder(definition);
    if lines.are_typed() {
        let lines = lines.clone();
        host = host.asking(move |text| {
            let lines = lines.clone();
            async move {
                tell(&plain(&text));
                lines.next().await.ok().flatten()
            }
        });
        builder = builder.deadline(PATIENCE);
    } else if !unanswered.is_empty() && !everywhere.quiet {
        let names = plain(&unanswered.join(", ")).into_owned();
        let page = Page::of_stderr();
        tell(&format!("note: actions without an answer fail: {names}\n{} ", page.strong("hint:")));
        tell("answer for them in a file with --answers, or talk at a terminal, where they are asked for\n");
    }
    builder = builder.host(host).over_budget(args.budget.over_budget.into());
    if let Some(database) = &everywhere.db {
        builder = builder.database(database);
    }
    let (model, missing) = open::model(args.model.as_deref()).await?;
    if let Some(why) = missing {
        tell(&format!("note: rules alone understand: {}\n", plain(why.message())));
    }
    if args.knowledge {
        builder = builder.knowledge(open::answering(everywhere, model.clone(), Terms::default()).await?);
    }
    if let Some(model) = model {
        builder = builder.model(model);
    }
    let dialogue = builder.build().await?;
    let talked = talk(&dialogue, args, everywhere, &lines).await;
    dialogue.close().await;
    talked
}

async fn talk(dialogue: &Dialogue, args: &Chat, everywhere: &Everywhere, lines: &Lines) -> Result<Exit, Stop> {
    let (mut exit, mut silence_after) = (Exit::Done, None);
    loop {
        if lines.are_typed() {
            write("> ")?;
        }
        let Some(input) = heard(lines, silence_after).await? else {
            if lines.are_typed() {
                write("\n")?;
            }
            return Ok(exit);
        };
        let turn = async {
            let input = input?.scope(Scope::of(&args.scope)).budget(args.budget.limits());
            turn(dialogue, args, input).await
        };
        silence_after = match turn.await {
            Ok(after) => after,
            Err(Stop::Closed) => return Err(Stop::Closed),
            Err(Stop::Failed(error, profile)) => {
                tell(&failed(&error, profile.as_deref().filter(|_| args.inspect), everywhere));
                exit = error.kind().into();
                None
            }
        };
    }
}

/// What comes next; none at the end. Who writes nothing for this long is silent.
async fn heard(lines: &Lines, silence_after: Option<Duration>) -> Result<Option<Result<Input, Error>>, Stop> {
    let line = match silence_after {
        None => lines.next().await?,
        Some(after) => match timeout(after, lines.next()).await {
            Ok(line) => line?,
            Err(_) => {
                let gap = if lines.are_typed() { "\n" } else { "" };
                write(&format!("{gap}{}\n", Page::of_stdout().faint("(silence)")))?;
                return Ok(Some(Ok(Input::silence())));
            }
        },
    };
    Ok(line.map(|line| input(&line)))
}

/// What a line says: a message, or what a host does.
fn input(line: &str) -> Result<Input, Error> {
    let (word, rest) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
    let slots = |text: &str| -> Result<Value, Error> {
        if text.trim().is_empty() {
            return Ok(json!({}));
        }
        serde_json::from_str(text).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, format!("the slots are no JSON: {error}"))
                .hint("write them as {\"origin\": \"Madrid\"}")
        })
    };
    match word {
        "/silence" => Ok(Input::silence()),
        "/set" => Input::set(slots(rest)?),
        "/start" => {
            let (flow, given) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
            Input::start(flow, slots(given)?)
        }
        _ => Ok(Input::message(line)),
    }
}

/// Takes a turn, and shows what comes of it. Returns after what time the user is silent.
async fn turn(dialogue: &Dialogue, args: &Chat, input: Input) -> Result<Option<Duration>, Stop> {
    let page = Page::of_stdout();
    let mut events = dialogue.stream(args.session.as_str(), input);
    while let Some(event) = events.next().await {
        match event? {
            Event::Text(text) => write(&format!("{}\n", plain(&text)))?,
            Event::Answered(reply) => {
                write(&beside(&reply, &page))?;
                if args.inspect {
                    let turn = dialogue.inspect(args.session.as_str(), reply.turn).await?;
                    let turn = turn.map(|turn| turn.to_string()).unwrap_or_default();
                    let table = page.account(&reply.profile, Detail::Normal);
                    write(&page.faint(&format!("{}\n{table}", plain(&turn))))?;
                }
                return Ok(reply.silence_after);
            }
            _ => {}
        }
    }
    Err(Error::new(ErrorKind::Permanent, "the turn ended without a reply").into())
}

/// What there is to know beside the words of a reply.
fn beside(reply: &Reply<Profile>, page: &Page) -> String {
    let mut text: String = reply.sources.iter().map(|sources| page.marks(sources.marks())).collect();
    let mut note = |note: &str| text.push_str(&format!("{}\n", page.faint(&format!("({})", one_line(note)))));
    reply.degradations.iter().for_each(|what| note(&format!("note: {what}")));
    let failed = reply.trail.iter().filter(|step| step.failed);
    failed.for_each(|step| note(&step.what));
    let inside = reply.failures.iter().filter(|failure| !failure.message.starts_with("action "));
    inside.for_each(|failure| note(&format!("failed in {}, step {}: {}", failure.flow, failure.step, failure.message)));
    if let Some(to) = &reply.handed_to {
        note(&format!("handed over to {to}"));
    }
    text
}
