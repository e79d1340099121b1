//! A pipeline that answers the open questions of a dialogue.

use async_trait::async_trait;
use ninefold_core::{Cx, Query, Result};
use ninefold_dialogue::Knowledge;

use crate::Soar;

/// Its runs are part of the turn: their phases stand in the turn's account, and the turn's deadline and cancellation hold for them.
#[async_trait]
impl Knowledge for Soar {
    async fn answer(&self, question: &str, cx: &Cx) -> Result<Option<String>> {
        let mut query = Query::new(question).scope(cx.scope().clone());
        query.session = cx.session().cloned();
        let answer = self.pipeline.answer_to(query, None).await?;
        // What rests on nothing is no knowledge.
        let rests = !answer.citations.is_empty() || !answer.findings.is_empty();
        Ok(rests.then_some(answer.text))
    }
}
