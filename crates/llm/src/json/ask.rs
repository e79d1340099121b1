//! A question to a model whose answer is data.

use ninefold_core::{
    Completion, Cx, Error, ErrorKind, Message, Model, ModelRequest, OutputFormat, Result, StopReason, Usage,
};
use serde::de::DeserializeOwned;

use super::Shape;

/// What a model wrote, as data.
#[derive(Debug, Clone)]
pub struct Structured<T> {
    /// The data.
    pub value: T,
    /// The reply that it was read from.
    pub completion: Completion,
    /// What all calls for it used.
    pub usage: Usage,
    /// Whether the first reply was not as asked, and a second was.
    pub retried: bool,
}

/// Asks for data of the form `shape`. The provider is held to the form as strictly as it can be; a reply that is not of it
/// is told to the model with what is wrong, once.
///
/// # Errors
/// Those of the model. `Refused` when it declines. `MalformedReply` when the second reply is not of the form either, when
/// the reply reached the output limit (asking again would not make it shorter), and when tools are to be called instead.
pub async fn structured<T: DeserializeOwned>(
    model: &dyn Model,
    mut request: ModelRequest,
    shape: &Shape,
    cx: &Cx,
) -> Result<Structured<T>> {
    request.output = OutputFormat::Schema { name: shape.name().clone(), schema: shape.schema().clone() };
    let mut usage = Usage::default();
    let mut retried = false;
    loop {
        let completion = match model.send(request.clone(), cx).await?.collect().await {
            // Nothing, or nothing that can be read.
            Err(error) if error.kind() == ErrorKind::MalformedReply && !retried => {
                retried = true;
                continue;
            }
            collected => collected?,
        };
        usage += completion.usage;
        if completion.stop == StopReason::Refused {
            return Err(Error::new(ErrorKind::Refused, "the model or its provider declined to answer"));
        }
        if !completion.tool_calls.is_empty() {
            return Err(Error::new(ErrorKind::MalformedReply, "the model wants tools called instead of answering")
                .hint("have tools called by an agent, and ask for data without them"));
        }
        // What was cut off may be closed to something that looks whole and is not.
        if completion.stop == StopReason::Length {
            return Err(Error::new(ErrorKind::MalformedReply, "the model's reply reached the output limit")
                .hint("raise max_output_tokens"));
        }
        match shape.read(&completion.text) {
            Ok(value) => return Ok(Structured { value, completion, usage, retried }),
            Err(error) if retried => return Err(error),
            Err(error) => {
                let told = format!(
                    "That cannot be used: {}. Reply again, with the whole JSON value and nothing else.",
                    error.message()
                );
                request.messages.extend([completion.message(), Message::user(told)]);
                retried = true;
            }
        }
    }
}

/// Asks for a `T`, by its schema. See [`structured`].
///
/// # Errors
/// As [`structured`] and [`Shape::of`].
#[cfg(feature = "schema")]
pub async fn answer<T: DeserializeOwned + schemars::JsonSchema>(
    model: &dyn Model,
    request: ModelRequest,
    cx: &Cx,
) -> Result<Structured<T>> {
    structured(model, request, &Shape::of::<T>()?, cx).await
}
