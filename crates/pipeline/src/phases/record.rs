//! What was of use is noted in memory: the chunks that the answer cites. Nothing is noted for a run without an answer.

use std::sync::Arc;

use ninefold_core::{ChunkId, Cx, Degradation, Phase, Result, Store, span};
use serde::Serialize;

use super::Noted;
use crate::layers::trace::traced;

/// What the phase `record` works on.
#[derive(Debug, Clone, Serialize)]
pub struct Recording {
    /// The chunks that the answer cites, without repetition.
    pub cited: Vec<ChunkId>,
}

/// The phase `record`.
pub struct Record {
    /// Where it is noted.
    pub store: Option<Arc<dyn Store>>,
}

impl Phase<Recording> for Record {
    type Out = Noted<()>;

    async fn run(&self, input: Recording, cx: &Cx) -> Result<Noted<()>> {
        let Some(store) = self.store.as_ref().filter(|_| !input.cited.is_empty()) else { return Ok(Noted::new(())) };
        // The answer stands whether or not it can be noted; the answer says which.
        match traced(span::store(), store.touch(&input.cited, cx.now())).await {
            Ok(()) => Ok(Noted::new(())),
            Err(error) => Ok(Noted::new(()).with(Degradation::NotRecorded { message: error.to_string() })),
        }
    }
}
