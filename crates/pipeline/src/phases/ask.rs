//! A question to the model inside a phase, and its reply read as data.

use std::sync::Arc;

use futures_util::StreamExt as _;
use ninefold_core::{Completion, Cx, Delta, Error, ErrorKind, Model, ModelRequest, Reply, Result, StopReason};
use serde::de::DeserializeOwned;

/// Hears a text while it is written.
pub type Listener = Arc<dyn Fn(&str) + Send + Sync>;

/// Sends a request and reads the reply to its end.
pub(crate) async fn ask(model: &dyn Model, request: ModelRequest, cx: &Cx) -> Result<Completion> {
    read(model.send(request, cx).await?).await
}

/// The same; what is written is heard as it comes.
pub(crate) async fn ask_aloud(
    model: &dyn Model,
    request: ModelRequest,
    cx: &Cx,
    listener: &Listener,
) -> Result<Completion> {
    let listener = Arc::clone(listener);
    let deltas = model.send(request, cx).await?.into_deltas().inspect(move |delta| {
        if let Ok(Delta::Text(text)) = delta {
            listener(text);
        }
    });
    read(Reply::stream(deltas)).await
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

/// Sends a request for one JSON value and reads the reply as `T`. The reply may wrap the value in a code fence or in words;
/// serde bounds its depth, the reply's own limit its size.
pub(crate) async fn ask_json<T: DeserializeOwned>(model: &dyn Model, request: ModelRequest, cx: &Cx) -> Result<T> {
    let completion = ask(model, request.json(), cx).await?;
    let text = completion.text.as_str();
    let json = text.find('{').zip(text.rfind('}')).and_then(|(start, end)| text.get(start..=end));
    let Some(json) = json else {
        return Err(Error::new(ErrorKind::MalformedReply, "the model's reply holds no JSON object"));
    };
    serde_json::from_str(json).map_err(|error| {
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

    #[test]
    fn reasoning_is_taken_out() {
        assert_eq!(without_reasoning(" <think>{\"a\":1}</think>\n{\"b\":2} "), "{\"b\":2}");
        assert_eq!(without_reasoning("<think>never ends"), "");
        assert_eq!(without_reasoning("a <think> b"), "a <think> b");
    }
}
