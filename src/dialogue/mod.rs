//! Conversations by flows, together with the account of each turn; and what the crate of dialogues has: definitions, commands,
//! normalization, scope, understanding.

mod build;
mod flows;
mod soar;

use std::future::Future;
use std::sync::Arc;

use ninefold_core::{Event, Result, SessionId, Teller};
use ninefold_profile::{Profile, Recorded, Statistics};
use ninefold_store::Sqlite;

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
    /// this returns, the turn is written down; when it fails or is dropped, the session stands where it stood.
    ///
    /// # Errors
    /// As [`ninefold_dialogue::Dialogue::turn`], with the account of the turn up to the failure.
    pub async fn turn(&self, session: impl Into<SessionId>, message: &str) -> Result<Reply<Profile>, Failure> {
        self.turn_to(session.into(), Some(message), None).await
    }

    /// The same as a stream of what happens on the way: phases, and each text when it is said. The last event is what
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
    pub fn stream(&self, session: impl Into<SessionId>, message: impl Into<String>) -> TurnEvents {
        let (dialogue, session, message) = (self.clone(), session.into(), message.into());
        TurnEvents::of(|teller| async move { dialogue.turn_to(session, Some(&message), Some(teller)).await })
    }

    /// Says that the user of a session has been silent; what for how long that is, is for the host to decide.
    ///
    /// # Errors
    /// As [`Dialogue::turn`].
    pub async fn silence(&self, session: impl Into<SessionId>) -> Result<Reply<Profile>, Failure> {
        self.turn_to(session.into(), None, None).await
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
        message: Option<&str>,
        teller: Option<Teller>,
    ) -> Result<Reply<Profile>, Failure> {
        self.accounted(self.inner.turn_to(session, message, teller)).await
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
