//! A question to the model inside a phase, and its reply read as data.

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use ninefold_core::json::repair;
use ninefold_core::{
    Completion, Cx, Delta, Error, ErrorKind, Event, Model, ModelRequest, OutputFormat, Reply, Result, StopReason,
};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::aloud::Visible;
use crate::layers::policy::Retry;

/// Hears a text while it is written.
pub type Listener = Arc<dyn Fn(&str) + Send + Sync>;

/// Sends a request and reads the reply to its end. Nobody has heard anything of a reply that breaks off, so it is asked for again,
/// as often as a phase is tried; whatever is around the model cannot do that, because it has handed the beginning on.
pub(crate) async fn ask(model: &dyn Model, request: ModelRequest, cx: &Cx) -> Result<Completion> {
    ask_by(Retry::default(), model, request, cx).await
}

/// The same, as often as this policy says.
pub(crate) async fn ask_by(retry: Retry, model: &dyn Model, request: ModelRequest, cx: &Cx) -> Result<Completion> {
    // A budget beyond the run's own may end it as well.
    let judged = |error: Error| cx.budget().judge(error);
    let mut attempt = 1;
    loop {
        let start = Instant::now();
        let (began, error) = match model.send(request.clone(), cx).await {
            Ok(reply) => match read(reply).await {
                Ok(completion) => return Ok(completion),
                Err(error) => (true, judged(error)),
            },
            Err(error) => (false, judged(error)),
        };
        if !error.is_transient() || error.attempts().is_some() || error.ends_run() {
            return Err(error);
        }
        if !began && attempt == 1 {
            // A call that fails at once is tried again by whatever is around the phase or the model.
            return Err(error);
        }
        if !began || attempt >= retry.attempts {
            return Err(error.given_up(attempt));
        }
        // A whole reply takes no less time than one that breaks off.
        retry.pause(attempt, error, start.elapsed(), cx).await?;
        attempt += 1;
    }
}

/// The same; what is written is heard as it comes, by the listener and by the reader of the run's events.
pub(crate) async fn ask_aloud(
    model: &dyn Model,
    request: ModelRequest,
    cx: &Cx,
    listener: Option<&Listener>,
) -> Result<Completion> {
    if listener.is_none() && !cx.is_heard() {
        return ask(model, request, cx).await;
    }
    let judged = |error: Error| cx.budget().judge(error);
    let deltas = model.send(request, cx).await.map_err(judged)?.into_deltas();
    cx.tell(|| Event::TextStarted).await;
    let hearing = (deltas, Visible::default(), listener.cloned(), cx.clone());
    let heard = stream::unfold(hearing, |(mut deltas, mut visible, listener, cx)| async move {
        let delta = deltas.next().await?;
        if let Ok(Delta::Text(text)) = &delta {
            let heard = visible.hear(text);
            if !heard.is_empty() {
                if let Some(listener) = &listener {
                    listener(&heard);
                }
                cx.tell(|| Event::Text(heard.into_owned())).await;
            }
        }
        Some((delta, (deltas, visible, listener, cx)))
    });
    read(Reply::stream(heard)).await.map_err(judged)
}

async fn read(reply: Reply) -> Result<Completion> {
    let mut completion = reply.collect().await?;
    if completion.stop == StopReason::Refused {
        return Err(Error::new(ErrorKind::Refused, "the model or its provider declined to answer"));
    }
    let visible = without_reasoning(&completion.text);
    if visible.len() != completion.text.len() {
        completion.text = visible.to_owned();
    }
    if completion.text.is_empty() {
        return Err(Error::new(ErrorKind::MalformedReply, "the model's reply holds nothing but its reasoning"));
    }
    Ok(completion)
}

/// Sends a request for one JSON value, of any form when the request has no schema, and reads the reply as `T`.
pub(crate) async fn ask_json<T: DeserializeOwned>(model: &dyn Model, request: ModelRequest, cx: &Cx) -> Result<T> {
    let request = if request.output == OutputFormat::Text { request.json() } else { request };
    read_json(&ask(model, request, cx).await?)
}

/// Reads a reply as `T`. It may wrap the value in a code fence or in words, and what is nearly JSON is repaired; serde
/// bounds its depth, the reply's own limit its size.
pub(crate) fn read_json<T: DeserializeOwned>(completion: &Completion) -> Result<T> {
    let text = completion.text.as_str();
    let object = text.find('{').zip(text.rfind('}')).and_then(|(start, end)| text.get(start..=end));
    if let Some(value) = object.and_then(|object| serde_json::from_str(object).ok()) {
        return Ok(value);
    }
    // What the limit cut off would be closed to something that looks whole and is not.
    if completion.stop == StopReason::Length {
        return Err(Error::new(ErrorKind::MalformedReply, "the model's reply reached the output limit"));
    }
    serde_json::from_str(&repair(text)?).map_err(|error| {
        Error::new(ErrorKind::MalformedReply, format!("the model's reply is not of the form asked for: {error}"))
    })
}

/// The reply without a leading `<think>…</think>` block, trimmed.
fn without_reasoning(text: &str) -> &str {
    let text = text.trim();
    match text.strip_prefix("<think>") {
        Some(reasoning) => reasoning.split_once("</think>").map_or("", |(_, answer)| answer.trim()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn near_json_is_read_but_not_what_was_cut_off() {
        use futures_util::stream;
        use ninefold_core::cx::RunState;
        use ninefold_core::{Budget, BudgetMeter, Delta, Expense, ModelId, Reply, RunId, Scope, Timestamp};
        use ninefold_testkit::ManualClock;

        struct Says(&'static str, StopReason);

        #[async_trait::async_trait]
        impl Model for Says {
            fn id(&self) -> &ModelId {
                static ID: std::sync::LazyLock<ModelId> = std::sync::LazyLock::new(|| ModelId::new("test", "says"));
                &ID
            }
            async fn send(&self, _: ModelRequest, _: &Cx) -> Result<Reply> {
                Ok(Reply::stream(stream::iter([Ok(Delta::Text(self.0.to_owned())), Ok(Delta::End(self.1))])))
            }
        }

        type Data = std::collections::BTreeMap<String, u8>;
        let cx = Cx::new(RunState {
            id: RunId(1),
            session: None,
            scope: Scope::public(),
            budget: BudgetMeter::new(Budget::default(), Expense::default()),
            deadline: None,
            cancel: None,
            clock: Arc::new(ManualClock::at(Timestamp(0))),
            log: None,
            content: false,
        });
        let read = async |text, stop| ask_json::<Data>(&Says(text, stop), ModelRequest::new("s", "u"), &cx).await;
        let one = Data::from([("a".to_owned(), 1)]);
        assert_eq!(read("Sure: {\"a\": 1}!", StopReason::End).await.unwrap(), one);
        assert_eq!(read("```json\n{'a': 1, // one\n}\n```", StopReason::End).await.unwrap(), one);
        assert_eq!(read("{\"a\": 1", StopReason::End).await.unwrap(), one);
        let cut = read("{\"a\": 1", StopReason::Length).await.unwrap_err();
        assert_eq!(
            (cut.kind(), read("none", StopReason::End).await.unwrap_err().kind()),
            (ErrorKind::MalformedReply, cut.kind())
        );
    }

    #[test]
    fn reasoning_is_taken_out() {
        assert_eq!(without_reasoning(" <think>{\"a\":1}</think>\n{\"b\":2} "), "{\"b\":2}");
        assert_eq!(without_reasoning("<think>never ends"), "");
        assert_eq!(without_reasoning("a <think> b"), "a <think> b");
    }
}
