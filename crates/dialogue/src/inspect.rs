//! Why a turn went as it went: any turn of any session, also later and elsewhere.

use std::fmt;

use ninefold_core::{Result, SessionId};
use serde::Serialize;

use crate::dialogue::Inner;
use crate::engine::saved::TurnRecord;

/// What happened in a turn, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// What is kept of it.
    #[serde(flatten)]
    pub record: TurnRecord,
}

impl Inspection {
    #[allow(clippy::unused_async)]
    pub(crate) async fn of(_: &Inner, _: &SessionId, record: TurnRecord) -> Result<Self> {
        Ok(Self { record })
    }
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = &self.record;
        writeln!(f, "turn {}: {}", record.turn, record.heard.as_deref().unwrap_or("(silence)"))?;
        for (command, why) in record.commands.iter().zip(&record.why) {
            writeln!(f, "  {command:?}: {why}")?;
        }
        for refused in &record.refused {
            writeln!(f, "  refused: {refused}")?;
        }
        for trail in &record.trail {
            writeln!(f, "  {} {}: {}", trail.flow, trail.step, trail.what)?;
        }
        for said in &record.said {
            writeln!(f, "  says: {}", said.text)?;
        }
        Ok(())
    }
}
