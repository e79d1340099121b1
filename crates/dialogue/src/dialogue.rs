//! The dialogue: takes messages, answers them, and keeps where each session stands.

use std::sync::Arc;

use ninefold_core::{
    Clock, Cx, Error, ErrorKind, Event, PhaseEnd, Result, Resumption, SessionEvent, SessionId, Sessions, Teller, Turn,
    span,
};
use ninefold_pipeline::Run;
use ninefold_pipeline::layers::{inline, normalize};
use serde::Serialize;
use smol_str::SmolStr;

use crate::builder::{DialogueBuilder, Terms};
use crate::engine::pattern::Pattern;
use crate::engine::saved::{Saved, TurnRecord, read};
use crate::engine::state::State;
use crate::engine::turn::{Turned, turn};
use crate::engine::{Engine, apply};
use crate::input::{self, Input, What};
use crate::inspect::Inspection;
use crate::live::{Last, Live, Seats, hash, within};
use crate::program::Program;
use crate::reply::Reply;
use crate::scope::Scope;

/// After so many turns the whole state is written with a turn.
const SNAPSHOT_EVERY: u64 = 32;

/// How often a turn is taken again because another process was faster.
const MOST_CONFLICTS: u32 = 8;

/// Talks to users. Cheap to clone, and to be shared: all state hangs on sessions.
#[derive(Clone)]
pub struct Dialogue {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) engine: Engine,
    pub(crate) sessions: Arc<dyn Sessions>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) terms: Terms,
    seats: Seats,
}

impl Inner {
    pub(crate) fn new(
        engine: Engine,
        sessions: Arc<dyn Sessions>,
        clock: Arc<dyn Clock>,
        terms: Terms,
        live: u64,
    ) -> Self {
        Self { engine, sessions, clock, terms, seats: Seats::new(live) }
    }
}

impl Dialogue {
    /// Starts to put a dialogue together from a checked definition.
    #[must_use]
    pub fn builder(program: Program, sessions: Arc<dyn Sessions>) -> DialogueBuilder {
        DialogueBuilder::new(program, sessions)
    }

    /// Takes a message of a session. Messages of one session are taken one after the other. When this returns, the turn is
    /// written down; when it fails, the session stands where it stood. When it is dropped, it stands where it stood, too, unless the turn
    /// was being written just then, or took longer than a turn may to be written.
    ///
    /// # Errors
    /// `DeadlineExceeded`, `Cancelled`; `RateLimited` when 64 turns of the session wait already; `Conflict` when another process
    /// took a turn of this session at the same time; what the sessions' store says; what ends a run of whoever understands.
    pub async fn turn(&self, session: impl Into<SessionId>, message: &str) -> Result<Reply> {
        self.take(session, message).await
    }

    /// Takes a turn: a message on terms of its own, or what the host does. Of it all holds that [`Dialogue::turn`] says.
    ///
    /// # Errors
    /// As [`Dialogue::turn`]; `InvalidInput` for a flow or a slot that is not there, for a value that is none of its slot's kind,
    /// and for an offset that no clock has.
    pub async fn take(&self, session: impl Into<SessionId>, input: impl Into<Input>) -> Result<Reply> {
        self.turn_to(session.into(), input.into(), None).await
    }

    /// Starts a flow for the user, as by a button; see [`Input::start`]. Where its guard does not hold, the user is told that it
    /// cannot be done now; values that a slot does not accept are refused as the user's are. The turn goes on until the user
    /// has to speak.
    ///
    /// # Errors
    /// As [`Dialogue::take`].
    pub async fn start(
        &self,
        session: impl Into<SessionId>,
        flow: impl Into<SmolStr>,
        slots: impl Serialize,
    ) -> Result<Reply> {
        self.take(session, Input::start(flow, slots)?).await
    }

    /// Gives slots values, as the name of who is logged in; see [`Input::set`]. A question that is open is put again, unless it
    /// has its answer now.
    ///
    /// # Errors
    /// As [`Dialogue::take`].
    pub async fn set(&self, session: impl Into<SessionId>, slots: impl Serialize) -> Result<Reply> {
        self.take(session, Input::set(slots)?).await
    }

    /// Says that the user has been silent; [`Reply::silence_after`] says when that is due.
    ///
    /// # Errors
    /// As [`Dialogue::turn`].
    pub async fn silence(&self, session: impl Into<SessionId>) -> Result<Reply> {
        self.take(session, Input::silence()).await
    }

    /// Gives a session back that was handed to somebody, as a person who is done: `pattern_external_agent` speaks, and what was
    /// open goes on. It is a turn of its own.
    ///
    /// # Errors
    /// `InvalidInput` when nobody has taken over; otherwise as [`Dialogue::take`].
    pub async fn hand_back(&self, session: impl Into<SessionId>) -> Result<Reply> {
        self.take(session, Input::hand_back()).await
    }

    /// The same with somebody who is told what happens on the way: phases, and each text when it is said.
    ///
    /// # Errors
    /// As [`Dialogue::take`].
    pub async fn turn_to(&self, session: SessionId, input: Input, teller: Option<Teller>) -> Result<Reply> {
        let inner = &self.inner;
        input.offset.map(input::offset).transpose()?;
        let run = Run::new("dialogue")
            .session(Some(session.clone()))
            .scope(input.scope.clone())
            .budget(input.budget)
            .over_budget(inner.terms.over_budget)
            .deadline(Some(input.deadline.unwrap_or(inner.terms.deadline)))
            .clock(Arc::clone(&inner.clock))
            .teller(teller);
        run.execute("", |cx| async move { self.taken(&session, input, &cx).await }).await
    }

    async fn taken(&self, session: &SessionId, mut input: Input, cx: &Cx) -> Result<Reply> {
        let inner = &self.inner;
        let longest = inner.engine.program.settings.longest_message.saturating_mul(4);
        inline("normalize", cx, async {
            // What is too long or empty is left as it is, and a flow of repair says so.
            if let What::Message(message) = &mut input.what
                && let Ok(normal) = normalize::normalize(message, longest)
            {
                *message = normal;
            }
            Ok(())
        })
        .await?;
        let seat = inner.seats.of(session);
        let mut seat = match seat.free() {
            Some(seat) => seat,
            None => span::inside(span::queue(), cx.within_bounds(seat.taken(session))).await?,
        };
        let mut conflicts = 0;
        loop {
            let now = cx.within_bounds(inner.brought_up(session, seat.take())).await?;
            let turned = match turn(&inner.engine, session, inner.start(&now, input.offset), &input, cx).await {
                Ok(turned) => turned,
                Err(error) => {
                    *seat = Some(now);
                    return Err(error);
                }
            };
            let (record, state, scope) = inner.record(&now, &input, turned);
            let write = inner.write(session, &now, &record, &state, cx);
            // It has its own time: what was done is written, also when the turn's time is over.
            let write = within(inner.terms.deadline, "written", session, write);
            let (events, written) = match to_the_end("record", cx, write).await {
                Ok(written) => written,
                // Another process took a turn meanwhile. What has had no effect may be done again after it.
                Err(error) if error.kind() == ErrorKind::Conflict && conflicts < MOST_CONFLICTS => {
                    if cx.is_heard() || had_effect(&now, &record) {
                        return Err(error);
                    }
                    conflicts += 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let silent = input.what == What::Silence;
            let reply = async { Ok(Reply::of(&inner.engine, session, record, &state, scope, silent)) };
            let reply = to_the_end("respond", cx, reply).await;
            let (under, last) = (Some(inner.engine.program.key), Some(Last::of(now, written)));
            *seat = Some(Live { state, events, under, open: None, last });
            return reply;
        }
    }

    /// What happened in one turn of a session, and why; none when there is no such turn. Of the latest turn, what is kept here is
    /// told, of those since the latest snapshot, what follows from that; for older ones the session is gone through from its
    /// beginning.
    ///
    /// # Errors
    /// `DeadlineExceeded` when it takes longer than a turn may; what the sessions' store says.
    pub async fn inspect(&self, session: impl Into<SessionId>, turn: u64) -> Result<Option<Inspection>> {
        let session = session.into();
        within(self.inner.terms.deadline, "inspected", &session, self.inner.inspected(&session, turn)).await
    }

    /// Forgets a session, when its turns that came before are over. Says whether it was there.
    ///
    /// # Errors
    /// `DeadlineExceeded` when that takes longer than a turn may; `RateLimited` when 64 turns of it wait; what the sessions' store
    /// says.
    pub async fn forget(&self, session: impl Into<SessionId>) -> Result<bool> {
        let session = session.into();
        let seat = self.inner.seats.of(&session);
        let forgotten = async {
            let mut seat = seat.taken(&session).await?;
            *seat = None;
            self.inner.sessions.remove(&session).await
        };
        within(self.inner.terms.deadline, "forgotten", &session, forgotten).await
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
                live = self.after(&live, &event)?;
            }
        }
    }

    async fn resumed(&self, session: &SessionId) -> Result<Live> {
        Ok(self.resumed_before(session, None).await?.1)
    }

    /// Where a session stood before its event of this number, if that is not before its latest snapshot, and where it stands.
    async fn resumed_before(&self, session: &SessionId, number: Option<u64>) -> Result<(Option<Live>, Live)> {
        let mut live = Live::default();
        let Some(Resumption { snapshot, events }) = self.sessions.resume(session).await? else {
            return Ok((None, live));
        };
        if let Some(snapshot) = snapshot {
            let saved: Saved = read(&snapshot.state, "the state")?;
            let (under, open) = (saved.program(), saved.open());
            let state = saved.onto(&self.engine, &State::default());
            live = Live { state, events: snapshot.covers, under, open, last: None };
        }
        let mut before = None;
        for event in events {
            let after = self.after(&live, &event)?;
            let earlier = std::mem::replace(&mut live, after);
            if number == Some(event.number) {
                before = Some(earlier);
            }
        }
        Ok((before, live))
    }

    async fn inspected(&self, session: &SessionId, turn: u64) -> Result<Option<Inspection>> {
        let Some(number) = turn.checked_sub(1) else { return Ok(None) };
        // A turn is an event, but for what another version wrote.
        let events = self.sessions.events(session, number, 1).await?;
        let Some(event) = events.first() else { return Ok(None) };
        let record: TurnRecord = read(&event.event, "a turn")?;
        let inspection = |before: &Live, stands: &Live, record: TurnRecord| {
            Inspection::of(self, session.clone(), event.at, before, &stands.state.secrets, record)
        };
        let seat = self.seats.of(session);
        if let Some(seat) = seat.free()
            && let Some(live) = seat.as_ref()
            && let Some(last) = live.last.as_ref().filter(|last| last.before.events == number)
            && last.wrote(&event.event)
        {
            return Ok(Some(inspection(&last.before, live, record)));
        }
        let (before, stands) = self.resumed_before(session, Some(number)).await?;
        let before = match before {
            Some(before) => before,
            None => self.before(session, number).await?,
        };
        Ok(Some(inspection(&before, &stands, record)))
    }

    /// Where a session stood before its event of this number.
    async fn before(&self, session: &SessionId, number: u64) -> Result<Live> {
        let mut live = Live::default();
        while live.events < number {
            let left = usize::try_from(number - live.events).unwrap_or(usize::MAX);
            let events = self.sessions.events(session, live.events, left.min(256)).await?;
            if events.is_empty() {
                break;
            }
            for event in events {
                live = self.after(&live, &event)?;
            }
        }
        Ok(live)
    }

    fn after(&self, live: &Live, event: &SessionEvent) -> Result<Live> {
        let record: TurnRecord = read(&event.event, "a turn")?;
        let (under, open) = (record.change.program().or(live.under), record.change.open());
        let state = record.onto(&self.engine, &live.state);
        Ok(Live { state, events: event.number + 1, under, open, last: None })
    }

    /// The state in which a turn begins. At the first turn, and after a change of the definition, global slots get their defaults.
    pub(crate) fn start(&self, live: &Live, offset: Option<i32>) -> State {
        let mut state = live.state.clone();
        if live.under == Some(self.engine.program.key) {
            return state;
        }
        if live.under.is_some() {
            self.changed(&mut state, live.open.as_ref());
        }
        let now = self.engine.local(self.clock.now(), offset);
        apply::set_globals(&self.engine, &mut state, now);
        state
    }

    /// Closes what was open under another definition: its steps are not those of this one. Of the values that outlive flows, those
    /// stay that their slots still hold.
    fn changed(&self, state: &mut State, open: Option<&SmolStr>) {
        state.frames.clear();
        apply::forget_closed(&self.engine, state);
        state.values.retain(|slot, filled| self.engine.holds(*slot, &filled.value));
        state.waiting = None;
        state.misses = 0;
        let Some(flow) = open else { return };
        let context = serde_json::json!({ "flow": flow });
        apply::push(&self.engine, state, vec![apply::interlude(&self.engine, Pattern::ChangedDefinition, context)]);
    }

    /// What was dropped at the beginning of a turn because the definition has changed.
    fn dropped(&self, before: &Live) -> impl Iterator<Item = String> {
        let program = &self.engine.program;
        let changed = before.under.is_some_and(|under| under != program.key);
        let values = before
            .state
            .values
            .iter()
            .filter(move |(slot, filled)| changed && !self.engine.holds(**slot, &filled.value));
        values.filter_map(|(slot, _)| program.slot(*slot)).map(|slot| {
            let (name, kind) = (&slot.name, &slot.kind);
            format!("the value of {name} was dropped: it does not fit the changed definition ({kind})")
        })
    }

    /// What is written of a turn, the state after it, and what it could see.
    fn record(&self, before: &Live, input: &Input, turned: Turned) -> (TurnRecord, State, Option<Scope>) {
        let program = &self.engine.program;
        let Turned { state, said, trail, failures, understood, scope, given, sources, degradations } = turned;
        let mut record = TurnRecord {
            turn: state.turns,
            heard: input.said().map(|heard| kept(heard, program.settings.longest_message)),
            by: understood.by,
            commands: understood.commands,
            why: understood.why,
            refused: self.dropped(before).chain(understood.refused).collect(),
            said: said.0,
            trail,
            failures,
            sources,
            degradations,
            offset: input.offset,
            unread: scope.is_none(),
            given: Vec::new(),
            change: Saved::change(program, before.under, &before.state, &state),
        };
        record.note_given(program, &given);
        (record, state, scope)
    }

    /// Writes a turn. Returns how many events the session has now, and by what the new one is known again.
    async fn write(
        &self,
        session: &SessionId,
        before: &Live,
        record: &TurnRecord,
        after: &State,
        cx: &Cx,
    ) -> Result<(u64, u64)> {
        let unwritten = |error: serde_json::Error| {
            Error::new(ErrorKind::InvalidInput, "a turn cannot be written as JSON").caused_by(error)
        };
        let event = serde_json::to_string(record).map_err(unwritten)?;
        let written = hash(&event);
        let snapshot = if (before.events + 1).is_multiple_of(SNAPSHOT_EVERY) {
            Some(serde_json::to_string(&Saved::whole(&self.engine.program, after)).map_err(unwritten)?)
        } else {
            None
        };
        let turn = Turn { after: before.events, at: cx.now(), events: vec![event], snapshot };
        Ok((self.sessions.append(session, turn).await?, written))
    }
}

/// A phase that is not stopped by the turn's deadline: what was done is written, and what was written is told.
async fn to_the_end<T: Send>(name: &'static str, cx: &Cx, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
    cx.tell(|| Event::PhaseStarted { phase: name.into() }).await;
    let result = inline(name, &cx.without_end(), work).await;
    let end = result.as_ref().err().map_or(PhaseEnd::Done, PhaseEnd::from);
    cx.tell(|| Event::PhaseFinished { phase: name.into(), end }).await;
    result
}

/// Whether a turn has done something outside that is not to be done twice.
fn had_effect(before: &Live, record: &TurnRecord) -> bool {
    before.state.handed_to.is_some() || record.trail.iter().any(|step| step.what.starts_with("action "))
}

/// What is kept of a message: of one that is too long, its beginning.
fn kept(message: &str, longest: usize) -> String {
    match message.char_indices().nth(longest) {
        Some(_) => message.chars().take(longest).chain(['…']).collect(),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod replay;
