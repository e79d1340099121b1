//! A pipeline that answers the open questions of a dialogue.

use async_trait::async_trait;
use ninefold_core::{Cx, Query, Result};
use ninefold_dialogue::{Knowledge, Known, Sources};

use crate::Soar;

/// Its runs are part of the turn: their phases stand in the turn's account, they see what the turn may see, its deadline and
/// cancellation hold for them, and what is left of its budget is what each of them may spend.
#[async_trait]
impl Knowledge for Soar {
    async fn answer(&self, question: &str, cx: &Cx) -> Result<Known> {
        let mut query = Query::new(question).scope(cx.scope().clone()).budget(cx.budget().left());
        query.session = cx.session().cloned();
        let answer = self.pipeline.answer_to(query, None).await?;
        let sources = Sources { citations: answer.citations, findings: answer.findings };
        // What rests on nothing is no knowledge.
        let text = (!sources.is_empty()).then_some(answer.text);
        Ok(Known { text, sources, degradations: answer.degradations })
    }
}
