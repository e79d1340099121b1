//! Replies read up to where they begin: to the first piece of content, which is the first that a caller can notice. What
//! breaks before it may be asked for again.

use futures_util::{StreamExt, stream};
use ninefold_core::model::Deltas;
use ninefold_core::{Delta, Error, ErrorKind, Reply, Result};

/// The most pieces without content in front of the first with content; more are no reply.
const MAX_PREFACE: usize = 1_000;

/// A reply that has begun.
pub(crate) struct Begun {
    /// All up to the first content or the end.
    pub(crate) first: Vec<Delta>,
    rest: Deltas,
}

impl Begun {
    /// The reply from its beginning.
    pub(crate) fn into_reply(self) -> Reply {
        Reply::stream(stream::iter(self.first.into_iter().map(Ok)).chain(self.rest))
    }
}

/// Reads a reply up to its first content, or to its end when it has none.
///
/// # Errors
/// What breaks the reply before that; `Transient` when it stops without an end.
pub(crate) async fn begin(reply: Reply) -> Result<Begun> {
    let mut rest = reply.into_deltas();
    let mut first = Vec::with_capacity(4);
    while let Some(delta) = rest.next().await {
        let delta = delta?;
        let begun = delta.is_content() || matches!(delta, Delta::End(_));
        first.push(delta);
        if begun {
            return Ok(Begun { first, rest });
        }
        if first.len() > MAX_PREFACE {
            return Err(Error::new(ErrorKind::MalformedReply, "the model's reply does not come to its first word"));
        }
    }
    Err(Error::new(ErrorKind::Transient, "the model's reply broke off before its first word"))
}
