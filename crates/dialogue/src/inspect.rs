//! Why a turn went as it went: any turn of any session, also later and elsewhere. What was understood, read and done is kept with the
//! turn; what it could see follows from the state before it, which is replayed.

use std::fmt::{self, Write as _};

use ninefold_core::printable::one_line;
use ninefold_core::{Degradation, SessionId, Timestamp};
use serde::Serialize;
use serde_json::Value;
use smol_str::SmolStr;

use crate::command::Command;
use crate::dialogue::Inner;
use crate::engine::Engine;
use crate::engine::said::Utterance;
use crate::engine::saved::TurnRecord;
use crate::engine::sight::Sight;
use crate::engine::state::State;
use crate::engine::steps::{Failure, Trail};
use crate::knowledge::Sources;
use crate::live::Live;
use crate::program::Program;
use crate::reply::Asked;
use crate::scope::{Reason, Scope};
use crate::secret::{HIDDEN, Secrets};
use crate::understand::By;

/// What happened in a turn, and why. Values of sensitive slots are hidden in all of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// The session.
    pub session: SessionId,
    /// Which turn of it, from 1.
    pub turn: u64,
    /// When it was written.
    pub at: Timestamp,
    /// The message; none where the user was silent, and where the host acted. Of one that was too long, its beginning.
    pub heard: Option<String>,
    /// Where the conversation stood before.
    pub before: Standing,
    /// What the turn could see, and why; none when the message was not read, as one that is too long. By the present definition.
    pub scope: Option<Scope>,
    /// The actions in scope, by name.
    pub actions: Vec<SmolStr>,
    /// Who understood the message.
    pub by: By,
    /// As what.
    pub commands: Vec<Command>,
    /// Why, as long as `commands`: which rule, or that a model said so.
    pub why: Vec<String>,
    /// What was refused, and why.
    pub refused: Vec<String>,
    /// What was given and how it was read, and what slots hold since then; a slot of a flow that has ended is in it twice: given, and
    /// emptied.
    pub values: Vec<Change>,
    /// The steps that were gone through, in their order.
    pub trail: Vec<Trail>,
    /// What failed inside.
    pub failures: Vec<Failure>,
    /// What was said.
    pub said: Vec<Utterance>,
    /// What the answers to questions rest on, question by question.
    pub sources: Vec<Sources>,
    /// What was done with less than asked.
    pub degradations: Vec<Degradation>,
    /// Where the conversation stood after it.
    pub after: Standing,
}

/// Where a conversation stands between two turns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The open flows, the active one last.
    pub open: Vec<SmolStr>,
    /// What is waited for.
    pub asked: Option<Asked>,
    /// Who has taken over.
    pub handed_to: Option<SmolStr>,
}

/// A slot whose value changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The flow it belongs to; none for a global one.
    pub flow: Option<SmolStr>,
    /// Its name.
    pub slot: SmolStr,
    /// The user's words; none for what did not come from him.
    pub original: Option<String>,
    /// What it holds now; none when it was emptied.
    pub value: Option<Value>,
    /// How the words were read; empty where nothing was read.
    pub how: String,
}

impl Standing {
    fn of(engine: &Engine, state: &State) -> Self {
        let open = state.frames.iter().filter_map(|frame| engine.program.flow(frame.flow));
        Self {
            open: open.map(|flow| flow.name.clone()).collect(),
            asked: Asked::of(engine, state),
            handed_to: state.handed_to.clone(),
        }
    }
}

impl Inspection {
    /// `known` is what is known now that is not to be seen.
    pub(crate) fn of(
        inner: &Inner,
        session: SessionId,
        at: Timestamp,
        before: &Live,
        known: &Secrets,
        record: TurnRecord,
    ) -> Self {
        let engine = &inner.engine;
        let start = inner.start(before, record.offset);
        let message = record.heard.as_deref().filter(|_| !record.unread);
        let scope =
            message.map(|message| Sight::of(&start).scope(engine, &start, engine.local(at, record.offset), message));
        let actions = scope.iter().flat_map(|scope| &scope.actions).filter_map(|id| engine.program.action(*id));
        let unseen = Unseen::of(&engine.program, known, &record);
        let said = |said: &Utterance| Utterance { text: said.shown().to_owned(), by: said.by.clone(), shown: None };
        let values = record.values().map(|(flow, slot, value)| Change {
            flow: flow.map(SmolStr::new),
            slot: slot.into(),
            original: value.map(|(_, original, _)| original).filter(|original| !original.is_empty()).map(str::to_owned),
            value: value.map(|(value, _, _)| value.clone()),
            how: value.map(|(_, _, how)| how.to_owned()).unwrap_or_default(),
        });
        let inspection = Self {
            session,
            turn: record.turn,
            at,
            heard: record.heard.clone(),
            before: Standing::of(engine, &start),
            actions: actions.map(|action| action.name.clone()).collect(),
            scope,
            by: record.by,
            commands: record.commands.clone(),
            why: record.why.clone(),
            refused: record.refused.clone(),
            values: values.collect(),
            trail: record.trail.clone(),
            failures: record.failures.clone(),
            said: record.said.iter().map(said).collect(),
            sources: record.sources.clone(),
            degradations: record.degradations.clone(),
            after: Standing::of(engine, &record.onto(engine, &before.state)),
        };
        unseen.hidden(inspection)
    }
}

/// The words that are not to be seen in a turn: those that are known of the session now, and those of the turn, whatever they are.
struct Unseen<'a> {
    program: &'a Program,
    secrets: Secrets,
}

impl<'a> Unseen<'a> {
    fn of(program: &'a Program, known: &Secrets, record: &TurnRecord) -> Self {
        let mut unseen = Self { program, secrets: known.clone() };
        for command in &record.commands {
            if let Command::Set { slot, value } | Command::Correct { slot, value } = command
                && program.slots.iter().any(|of| of.sensitive && of.name == *slot)
            {
                unseen.secrets.keep(value);
            }
        }
        for (flow, slot, value) in record.values() {
            if let Some((value, original, _)) = value.filter(|_| unseen.is_sensitive(flow, slot)) {
                unseen.secrets.keep(original);
                unseen.secrets.keep_value(value, original);
            }
        }
        unseen
    }

    fn is_sensitive(&self, flow: Option<&str>, slot: &str) -> bool {
        let of = |id| self.program.flow(id).map(|flow| flow.name.as_str());
        self.program.slots.iter().any(|known| known.sensitive && known.name == slot && known.flow.and_then(of) == flow)
    }

    fn hidden(&self, mut of: Inspection) -> Inspection {
        for change in &mut of.values {
            if self.is_sensitive(change.flow.as_deref(), &change.slot) {
                change.original = change.original.take().map(|_| HIDDEN.to_owned());
                change.value = change.value.take().map(|_| Value::from(HIDDEN));
            }
        }
        if self.secrets.is_empty() {
            return of;
        }
        for change in &mut of.values {
            change.original.iter_mut().for_each(|original| self.secrets.hide_in(original));
            change.value.iter_mut().for_each(|value| self.secrets.hide_value(value));
        }
        for command in &mut of.commands {
            match command {
                Command::Set { value: text, .. }
                | Command::Correct { value: text, .. }
                | Command::Knowledge { question: text } => self.secrets.hide_in(text),
                _ => {}
            }
        }
        let scope = of.scope.iter_mut();
        let reasons = scope.flat_map(|scope| {
            let flows = scope.flows.iter_mut().map(|flow| &mut flow.reason);
            flows.chain(scope.slots.iter_mut().map(|slot| &mut slot.reason))
        });
        for reason in reasons {
            if let Reason::Matches(words) = reason {
                words.iter_mut().for_each(|word| *word = self.secrets.hide(word).into());
            }
        }
        let texts = of.heard.iter_mut().chain(&mut of.why).chain(&mut of.refused);
        let texts = texts.chain(of.trail.iter_mut().map(|step| &mut step.what));
        let texts = texts.chain(of.failures.iter_mut().map(|failure| &mut failure.message));
        let texts = texts.chain(of.values.iter_mut().map(|change| &mut change.how));
        let findings = of.sources.iter_mut().flat_map(|sources| &mut sources.findings);
        let texts = texts.chain(findings.map(|finding| &mut finding.text));
        for text in texts.chain(of.said.iter_mut().map(|said| &mut said.text)) {
            self.secrets.hide_in(text);
        }
        of
    }
}

/// A command as it reads.
fn shown(command: &Command) -> String {
    match command {
        Command::Start { flow } => format!("start {flow}"),
        Command::Set { slot, value } => format!("set {slot} {value:?}"),
        Command::Correct { slot, value } => format!("correct {slot} {value:?}"),
        Command::Clear { slot } => format!("clear {slot}"),
        Command::Cancel { flow: Some(flow) } => format!("cancel {flow}"),
        Command::Cancel { flow: None } => "cancel".to_owned(),
        Command::Affirm => "affirm".to_owned(),
        Command::Deny => "deny".to_owned(),
        Command::Clarify { flows } => format!("clarify {}", flows.join(", ")),
        Command::Skip => "skip".to_owned(),
        Command::Repeat => "repeat".to_owned(),
        Command::ChitChat => "chitchat".to_owned(),
        Command::Knowledge { question } => format!("knowledge {question:?}"),
        Command::Handoff => "handoff".to_owned(),
        Command::Restart => "restart".to_owned(),
        Command::CannotHandle { reason } => format!("cannot handle: {reason:?}"),
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.open.is_empty() {
            f.write_str("no flow is open")?;
        } else {
            f.write_str(&self.open.join(" > "))?;
        }
        match &self.asked {
            Some(Asked::Slot(slot)) => write!(f, ", waits for {slot}")?,
            Some(Asked::Confirmation) => f.write_str(", waits for yes or no")?,
            Some(Asked::Flow(flows)) => write!(f, ", waits for one of {}", flows.join(", "))?,
            None => {}
        }
        self.handed_to.iter().try_for_each(|to| write!(f, ", handed to {to}"))
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.flow.iter().try_for_each(|flow| write!(f, "{flow}."))?;
        f.write_str(&self.slot)?;
        match (&self.original, &self.value) {
            (Some(original), Some(value)) => write!(f, ": {original:?} → {value}")?,
            (None, Some(value)) => write!(f, " = {value}")?,
            (_, None) => f.write_str(" emptied")?,
        }
        if self.how.is_empty() { Ok(()) } else { write!(f, " ({})", self.how) }
    }
}

/// Lines below a heading, the heading once.
fn lines<T>(f: &mut fmt::Formatter<'_>, heading: &str, of: &[T], line: impl Fn(&T) -> String) -> fmt::Result {
    for (n, item) in of.iter().enumerate() {
        let heading = if n == 0 { heading } else { "" };
        // What a user or a model wrote is one line here.
        let line = line(item).replace(['\n', '\r'], " ");
        writeln!(f, "  {heading:<10} {line}")?;
    }
    Ok(())
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.heard {
            Some(heard) => writeln!(f, "turn {}: {heard:?}", self.turn)?,
            None if self.by == By::Host => writeln!(f, "turn {}: (by the host)", self.turn)?,
            None => writeln!(f, "turn {}: (silence)", self.turn)?,
        }
        writeln!(f, "  {:<10} {}", "before", self.before)?;
        if let Some(scope) = &self.scope {
            lines(f, "flows", &scope.flows, |flow| format!("{} ({})", flow.name, flow.reason))?;
            lines(f, "slots", &scope.slots, |slot| {
                let filled = if slot.filled { ", filled" } else { "" };
                format!("{} ({}{filled})", slot.name, slot.reason)
            })?;
            if !self.actions.is_empty() {
                writeln!(f, "  {:<10} {}", "actions", self.actions.join(", "))?;
            }
        }
        let by = match self.by {
            By::Rules => "by rules",
            By::Model => "by model",
            By::Script => "by script",
            By::Host => "by the host",
        };
        let both: Vec<_> = self.commands.iter().zip(&self.why).collect();
        lines(f, by, &both, |(command, why)| format!("{}: {why}", shown(command)))?;
        lines(f, "refused", &self.refused, Clone::clone)?;
        lines(f, "values", &self.values, ToString::to_string)?;
        lines(f, "steps", &self.trail, |step| format!("{} {}: {}", step.flow, step.step, step.what))?;
        lines(f, "failed", &self.failures, |failure| {
            format!("{} {}: {}", failure.flow, failure.step, failure.message)
        })?;
        lines(f, "says", &self.said, |said| {
            let mut line = said.text.clone();
            let _ = said.by.iter().try_for_each(|by| write!(line, " ({by})"));
            line
        })?;
        for sources in &self.sources {
            let marks: Vec<_> = sources.marks().enumerate().collect();
            lines(f, "rests on", &marks, |(n, mark)| format!("[{}] {mark}", n + 1))?;
        }
        lines(f, "notes", &self.degradations, |note| one_line(&note.to_string()))?;
        writeln!(f, "  {:<10} {}", "after", self.after)
    }
}
