//! The dialogue: takes messages, answers them, and keeps where each session stands.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use ninefold_core::{
    Clock, Cx, Error, ErrorKind, Key, Result, Resumption, Scope, SessionEvent, SessionId, Sessions, Teller, Turn,
};
use ninefold_pipeline::Run;
use ninefold_pipeline::layers::{inline, normalize};
use tokio::sync::Mutex;

use crate::builder::DialogueBuilder;
use crate::engine::pattern::Pattern;
use crate::engine::saved::{Saved, TurnRecord, read};
use crate::engine::state::{State, Waiting};
use crate::engine::turn::{Input, Turned, turn};
use crate::engine::{Engine, apply};
use crate::inspect::Inspection;
use crate::program::Program;
use crate::reply::Reply;

/// After so many turns the whole state is written with a turn.
const SNAPSHOT_EVERY: u64 = 32;

/// A session that is in use: where it stands after how many events.
struct Live {
    state: State,
    events: u64,
}

/// Talks to users. Cheap to clone, and to be shared: all state hangs on sessions.
#[derive(Clone)]
pub struct Dialogue {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) engine: Engine,
    pub(crate) sessions: Arc<dyn Sessions>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) deadline: Duration,
    live: Cache<SessionId, Arc<Mutex<Option<Live>>>>,
}

impl Inner {
    pub(crate) fn new(
        engine: Engine,
        sessions: Arc<dyn Sessions>,
        clock: Arc<dyn Clock>,
        deadline: Duration,
        live: u64,
    ) -> Self {
        Self { engine, sessions, clock, deadline, live: Cache::new(live) }
    }
}

impl Dialogue {
    /// Starts to put a dialogue together from a checked definition.
    #[must_use]
    pub fn builder(program: Program, sessions: Arc<dyn Sessions>) -> DialogueBuilder {
        DialogueBuilder::new(program, sessions)
    }

    /// Takes a message of a session. Messages of one session are taken one after the other. When this returns, the turn is
    /// written down; when it fails or is dropped, the session stands where it stood.
    ///
    /// # Errors
    /// `DeadlineExceeded`, `Cancelled`; `Conflict` when another process took a turn of this session at the same time; what the
    /// sessions' store says; what ends a run of whoever understands.
    pub async fn turn(&self, session: impl Into<SessionId>, message: &str) -> Result<Reply> {
        self.turn_to(session.into(), Some(message), None).await
    }

    /// Says that the user has been silent.
    ///
    /// # Errors
    /// As [`Dialogue::turn`].
    pub async fn silence(&self, session: impl Into<SessionId>) -> Result<Reply> {
        self.turn_to(session.into(), None, None).await
    }

    /// The same with somebody who is told what happens on the way: phases, and each text when it is said. No message is silence.
    ///
    /// # Errors
    /// As [`Dialogue::turn`].
    pub async fn turn_to(&self, session: SessionId, message: Option<&str>, teller: Option<Teller>) -> Result<Reply> {
        let inner = &self.inner;
        let run = Run::new("dialogue")
            .session(Some(session.clone()))
            .scope(Scope::public())
            .deadline(Some(inner.deadline))
            .clock(Arc::clone(&inner.clock))
            .teller(teller);
        run.execute("", |cx| async move { self.take(&session, message, &cx).await }).await
    }

    async fn take(&self, session: &SessionId, message: Option<&str>, cx: &Cx) -> Result<Reply> {
        let inner = &self.inner;
        let longest = inner.engine.program.settings.longest_message.saturating_mul(4);
        let message = inline("normalize", cx, async {
            // What is too long or empty is left as it is, and a flow of repair says so.
            Ok(message.map(|message| normalize::normalize(message, longest).unwrap_or_else(|_| message.to_owned())))
        })
        .await?;
        let slot = inner.live.get_with_by_ref(session, || Arc::new(Mutex::new(None)));
        let mut live = cx.within_bounds(async { Ok(slot.lock().await) }).await?;
        let now = cx.within_bounds(inner.brought_up(session, live.take())).await?;
        let input = message.as_deref().map_or(Input::Silence, Input::Message);
        let turned = match turn(&inner.engine, session, now.state.clone(), input, cx).await {
            Ok(turned) => turned,
            Err(error) => {
                *live = Some(now);
                return Err(error);
            }
        };
        // What a session begins with is part of what its first turn writes.
        let nothing = State::default();
        let before = if now.events == 0 { &nothing } else { &now.state };
        let record = record(&inner.engine, before, message, &turned);
        let events = inline("record", cx, inner.write(session, &now, &record, &turned.state, cx)).await?;
        *live = Some(Live { state: turned.state.clone(), events });
        drop(live);
        inline("respond", cx, async { Ok(Reply::of(&inner.engine, session, record, turned)) }).await
    }

    /// What happened in one turn of a session, and why; none when there is no such turn.
    ///
    /// # Errors
    /// What the sessions' store says.
    pub async fn inspect(&self, session: impl Into<SessionId>, turn: u64) -> Result<Option<Inspection>> {
        let session = session.into();
        let Some(number) = turn.checked_sub(1) else { return Ok(None) };
        // A turn is an event, but for what another version wrote.
        let events = self.inner.sessions.events(&session, number, 1).await?;
        let Some(event) = events.first() else { return Ok(None) };
        let record: TurnRecord = read(&event.event, "a turn")?;
        Inspection::of(&self.inner, &session, record).await.map(Some)
    }

    /// Forgets a session. Says whether it was there.
    ///
    /// # Errors
    /// What the sessions' store says.
    pub async fn forget(&self, session: impl Into<SessionId>) -> Result<bool> {
        let session = session.into();
        let slot = self.inner.live.get_with_by_ref(&session, || Arc::new(Mutex::new(None)));
        let mut live = slot.lock().await;
        *live = None;
        self.inner.sessions.remove(&session).await
    }

    /// The definition that is talked by.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.inner.engine.program
    }
}

impl Inner {
    /// Where a session stands: as it is kept here with what others have written since, or as it is written.
    async fn brought_up(&self, session: &SessionId, live: Option<Live>) -> Result<Live> {
        let Some(mut live) = live else { return self.resumed(session).await };
        loop {
            let new = self.sessions.events(session, live.events, 64).await?;
            if new.is_empty() {
                return Ok(live);
            }
            for event in new {
                live = self.after(live, &event)?;
            }
        }
    }

    async fn resumed(&self, session: &SessionId) -> Result<Live> {
        let Some(Resumption { snapshot, events }) = self.sessions.resume(session).await? else {
            let mut live = Live { state: State::default(), events: 0 };
            apply::set_globals(&self.engine, &mut live.state, self.engine.local(self.clock.now()));
            return Ok(live);
        };
        let mut live = Live { state: State::default(), events: 0 };
        let mut under = None;
        if let Some(snapshot) = snapshot {
            let saved: Saved = read(&snapshot.state, "the state")?;
            under = saved.program();
            live = Live { state: saved.onto(&self.engine, &State::default()), events: snapshot.covers };
        }
        for event in events {
            let record: TurnRecord = read(&event.event, "a turn")?;
            under = record.change.program().or(under);
            live = Live { state: record.onto(&self.engine, &live.state), events: event.number + 1 };
        }
        if under.is_some_and(|under| under != self.engine.program.key) {
            self.changed(&mut live.state);
        }
        Ok(live)
    }

    fn after(&self, live: Live, event: &SessionEvent) -> Result<Live> {
        let record: TurnRecord = read(&event.event, "a turn")?;
        Ok(Live { state: record.onto(&self.engine, &live.state), events: event.number + 1 })
    }

    /// Closes what was open under another definition: its steps are not those of this one. Values stay as far as their slots do.
    fn changed(&self, state: &mut State) {
        let open = state.frames.first().map(|frame| frame.flow);
        let Some(flow) = open else { return };
        state.frames.clear();
        let context = serde_json::json!({
            "flow": self.engine.program.flow(flow).map(|flow| &flow.name),
        });
        apply::push(state, vec![apply::interlude(&self.engine, Pattern::ChangedDefinition, context)]);
        state.waiting = None::<Waiting>;
    }

    async fn write(
        &self,
        session: &SessionId,
        before: &Live,
        record: &TurnRecord,
        after: &State,
        cx: &Cx,
    ) -> Result<u64> {
        let written = |error: serde_json::Error| {
            Error::new(ErrorKind::InvalidInput, "a turn cannot be written as JSON").caused_by(error)
        };
        let event = serde_json::to_string(record).map_err(written)?;
        let snapshot = if (before.events + 1).is_multiple_of(SNAPSHOT_EVERY) {
            Some(serde_json::to_string(&Saved::whole(&self.engine.program, after)).map_err(written)?)
        } else {
            None
        };
        let turn = Turn { after: before.events, at: cx.now(), events: vec![event], snapshot };
        self.sessions.append(session, turn).await
    }
}

fn record(engine: &Engine, before: &State, heard: Option<String>, turned: &Turned) -> TurnRecord {
    TurnRecord {
        turn: turned.state.turns,
        heard,
        by: turned.understood.by,
        commands: turned.understood.commands.clone(),
        why: turned.understood.why.clone(),
        refused: turned.understood.refused.clone(),
        said: turned.said.0.clone(),
        trail: turned.trail.clone(),
        failures: turned.failures.clone(),
        change: Saved::change(&engine.program, before, &turned.state),
    }
}

/// The key of a program, as sessions note it.
#[must_use]
pub fn key_of(program: &Program) -> Key {
    program.key
}
