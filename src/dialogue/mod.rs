//! Conversations by flows, together with the account of each turn; and what the crate of dialogues has: definitions, commands,
//! normalization, scope, understanding.

mod build;
mod flows;
mod soar;

/// What the page shows compiles.
#[cfg(all(doctest, feature = "llm-http"))]
#[doc = include_str!("../../docs/dialogue.md")]
struct Page;

use std::future::Future;
use std::sync::Arc;

use ninefold_core::{Event, Result, SessionId, Teller};
use ninefold_profile::{Profile, Recorded, Statistics};
use ninefold_store::Sqlite;
use serde::Serialize;
use smol_str::SmolStr;

pub use ninefold_dialogue::*;

pub use self::build::DialogueBuilder;
pub use self::flows::Flows;
use crate::Failure;

/// A turn as the stream of its events; see [`Dialogue::stream`].
pub type TurnEvents = ninefold_core::Events<'static, Reply<Profile>, Failure>;

/// One of them.
pub type TurnEvent = Event<Reply<Profile>>;

/// Talks to users by flows, and accounts for the time of each turn. Made by [`Dialogue::builder`]; cheap to clone, and to be shared:
/// all state hangs on sessions.
///
/// ```
/// use ninefold::Dialogue;
/// use ninefold::dialogue::Definition;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let flows = Definition::from_yaml(
///     "greeting.yml",
///     r#"
/// flows:
///   greet:
///     description: Greet the user by name
///     triggers: [hello, say hello]
///     slots:
///       name: {type: text, description: the user's name, prompt: What is your name?}
///     steps:
///       - collect: name
///       - say: "Hello {{ name }}."
/// "#,
/// );
/// let dialogue = Dialogue::builder(flows).build().await?;
/// assert_eq!(dialogue.turn("anna", "say hello").await?.text(), "What is your name?");
/// let reply = dialogue.turn("anna", "Anna").await?;
/// assert!(reply.text().starts_with("Hello Anna."));
/// println!("{}", reply.profile.table());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Dialogue {
    inner: ninefold_dialogue::Dialogue,
    statistics: Option<Arc<Statistics>>,
    /// The database, when it was given by its path.
    sqlite: Option<Sqlite>,
}

impl Dialogue {
    /// Starts to put a dialogue together: from a file or a folder of flows by its path, or from a [`Definition`].
    #[must_use]
    pub fn builder(flows: impl Into<Flows>) -> DialogueBuilder {
        DialogueBuilder::new(flows.into())
    }

    /// Takes a message of a session. Messages of one session are taken one after the other, in the order in which they came. When
    /// this returns, the turn is written down; when it fails or is dropped, the session stands where it stood, unless the turn was
    /// being written just then: [`Dialogue::inspect`] tells.
    ///
    /// # Errors
    /// As [`ninefold_dialogue::Dialogue::turn`], with the account of the turn up to the failure.
    pub async fn turn(&self, session: impl Into<SessionId>, message: &str) -> Result<Reply<Profile>, Failure> {
        self.take(session, message).await
    }

    /// Takes a turn on terms of its own, or one that the host takes in the place of the user: scope, budget, deadline and offset
    /// stand in the [`Input`], as those of a question in a [`Query`](crate::Query). Of it all holds that [`Dialogue::turn`] says.
    ///
    /// # Errors
    /// As [`ninefold_dialogue::Dialogue::take`], with the account of the turn up to the failure.
    pub async fn take(
        &self,
        session: impl Into<SessionId>,
        input: impl Into<Input>,
    ) -> Result<Reply<Profile>, Failure> {
        self.turn_to(session.into(), input.into(), None).await
    }

    /// Starts a flow for the user, as by a button, with the values that slots have: the fields of a type of serde, `()` for none.
    /// See [`Input::start`].
    ///
    /// ```
    /// # use ninefold::{Dialogue, dialogue::Definition};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let flows = "
    /// # slots: {user: {type: text, internal: true}}
    /// # flows: {greet: {description: Greet the user, steps: [{say: 'Hello {{ user }}.'}]}}";
    /// # let dialogue = Dialogue::builder(Definition::from_yaml("greeting.yml", flows)).build().await?;
    /// dialogue.set("anna", serde_json::json!({ "user": "Anna" })).await?;
    /// let reply = dialogue.start("anna", "greet", ()).await?;
    /// assert!(reply.text().starts_with("Hello Anna."));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Dialogue::take`].
    pub async fn start(
        &self,
        session: impl Into<SessionId>,
        flow: impl Into<SmolStr>,
        slots: impl Serialize,
    ) -> Result<Reply<Profile>, Failure> {
        self.host(session.into(), Input::start(flow, slots)).await
    }

    /// Gives slots values, as the name of who is logged in. See [`Input::set`].
    ///
    /// # Errors
    /// As [`Dialogue::take`].
    pub async fn set(&self, session: impl Into<SessionId>, slots: impl Serialize) -> Result<Reply<Profile>, Failure> {
        self.host(session.into(), Input::set(slots)).await
    }

    async fn host(&self, session: SessionId, input: Result<Input>) -> Result<Reply<Profile>, Failure> {
        match input {
            Ok(input) => self.turn_to(session, input, None).await,
            Err(error) => self.accounted(async { Err(error) }).await,
        }
    }

    /// The same, or what [`Dialogue::take`] does, as a stream of what happens on the way: phases, and each text when it is said.
    /// The last event is what
    /// [`Dialogue::turn`] returns. Whoever reads the stream drives the turn; dropping it stops the turn, and the session stands where it
    /// stood.
    ///
    /// ```
    /// # use ninefold::{Dialogue, Event, dialogue::Definition};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let flows = "flows: {greet: {description: Greet the user, triggers: [hello], steps: [{say: Hello.}]}}";
    /// # let dialogue = Dialogue::builder(Definition::from_yaml("greeting.yml", flows)).build().await?;
    /// let mut events = dialogue.stream("anna", "hello");
    /// while let Some(event) = events.next().await {
    ///     match event? {
    ///         Event::Text(text) => println!("{text}"),
    ///         Event::Answered(reply) => println!("{}", reply.profile.table()),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream(&self, session: impl Into<SessionId>, input: impl Into<Input>) -> TurnEvents {
        let (dialogue, session, input) = (self.clone(), session.into(), input.into());
        TurnEvents::of(|teller| async move { dialogue.turn_to(session, input, Some(teller)).await })
    }

    /// Says that the user of a session has been silent; [`Reply::silence_after`] says when that is due.
    ///
    /// # Errors
    /// As [`Dialogue::turn`].
    pub async fn silence(&self, session: impl Into<SessionId>) -> Result<Reply<Profile>, Failure> {
        self.take(session, Input::silence()).await
    }

    /// Gives a session back that was handed to somebody, as a person who is done: what was open goes on. It is a turn of its own.
    ///
    /// # Errors
    /// As [`ninefold_dialogue::Dialogue::hand_back`], with the account of the turn up to the failure.
    pub async fn hand_back(&self, session: impl Into<SessionId>) -> Result<Reply<Profile>, Failure> {
        self.accounted(self.inner.hand_back(session)).await
    }

    /// What happened in one turn of a session, counted from 1, and why: also of earlier processes. None when there is no such turn.
    ///
    /// # Errors
    /// As [`ninefold_dialogue::Dialogue::inspect`].
    pub async fn inspect(&self, session: impl Into<SessionId>, turn: u64) -> Result<Option<Inspection>> {
        self.inner.inspect(session, turn).await
    }

    /// Forgets a session. Says whether it was there.
    ///
    /// # Errors
    /// As [`ninefold_dialogue::Dialogue::forget`].
    pub async fn forget(&self, session: impl Into<SessionId>) -> Result<bool> {
        self.inner.forget(session).await
    }

    /// The definition that is talked by.
    #[must_use]
    pub fn program(&self) -> &program::Program {
        self.inner.program()
    }

    /// Closes the database that [`DialogueBuilder::database`] opened; returns when it is one file again, unless another process has
    /// it open. Whatever still uses it fails as `Unavailable`.
    pub async fn close(&self) {
        if let Some(sqlite) = &self.sqlite {
            sqlite.close().await;
        }
    }

    async fn turn_to(
        &self,
        session: SessionId,
        input: Input,
        teller: Option<Teller>,
    ) -> Result<Reply<Profile>, Failure> {
        self.accounted(self.inner.turn_to(session, input, teller)).await
    }

    /// Records a turn and puts its account beside its outcome.
    async fn accounted(&self, turn: impl Future<Output = Result<Reply>>) -> Result<Reply<Profile>, Failure> {
        let recording = ninefold_profile::record(turn);
        let Recorded { output, profile } = match &self.statistics {
            Some(statistics) => recording.with_statistics(Arc::clone(statistics)).await,
            None => recording.await,
        };
        match output {
            Ok(reply) => Ok(reply.with_profile(profile)),
            Err(error) => Err(Failure { error, profile: Box::new(profile) }),
        }
    }
}
