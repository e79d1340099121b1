//! What every format demands of a request. What only one of them cannot say, it refuses itself.

use std::borrow::Cow;

use ninefold_core::{Error, ErrorKind, Message, ModelRequest, OutputFormat, Part, Result, Role, ToolChoice};

/// An `InvalidInput`.
pub(super) fn invalid(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, what)
}

/// The `InvalidInput` for what `format` has no word for.
pub(super) fn cannot_say(format: &str, what: &str) -> Error {
    invalid(format!("the format {format} cannot say {what}")).hint("leave it out or take another provider")
}

/// Whether the request is sound in itself: who may say what, tools that are chosen exist, numbers are numbers.
pub(super) fn check(request: &ModelRequest) -> Result<()> {
    if request.messages.is_empty() {
        return Err(invalid("the request has no messages"));
    }
    for (n, message) in request.messages.iter().enumerate() {
        check_message(n, message)?;
    }
    for (n, tool) in request.tools.iter().enumerate() {
        if !tool.schema.is_object() {
            return Err(invalid(format!("the schema of the tool {:?} is not a JSON object", tool.name)));
        }
        if request.tools.iter().skip(n + 1).any(|other| other.name == tool.name) {
            return Err(invalid(format!("two tools are called {:?}", tool.name)));
        }
    }
    match &request.tool_choice {
        ToolChoice::Required if request.tools.is_empty() => {
            return Err(invalid("a tool call is required but there are no tools"));
        }
        ToolChoice::Named(name) if request.tools.iter().all(|tool| tool.name != *name) => {
            return Err(invalid(format!("the tool {name:?} is to be called but is not among the tools")));
        }
        _ => {}
    }
    for (name, value) in [("temperature", request.temperature), ("top_p", request.top_p)] {
        if value.is_some_and(|value| !value.is_finite() || value < 0.0) {
            return Err(invalid(format!("{name} is not a number from 0 up")));
        }
    }
    Ok(())
}

fn check_message(n: usize, message: &Message) -> Result<()> {
    // What the model said may be nothing: a refusal comes without a word.
    if message.parts.is_empty() && message.role != Role::Assistant {
        return Err(invalid(format!("message {n} is empty")));
    }
    for part in &message.parts {
        let allowed = match part {
            Part::Text { .. } => message.role != Role::Tool,
            Part::Image { .. } | Part::File { .. } => message.role == Role::User,
            Part::Reasoning { .. } | Part::ToolCall(_) => message.role == Role::Assistant,
            Part::ToolResult(_) => message.role == Role::Tool,
            _ => false,
        };
        if !allowed {
            let role = message.role;
            return Err(invalid(format!("message {n} has a part that a message of the role {role:?} cannot have")));
        }
    }
    Ok(())
}

/// All text of a message in one, without a copy when it is in one already.
pub(super) fn joined(message: &Message) -> Cow<'_, str> {
    let mut texts = message.texts();
    match (texts.next(), texts.next()) {
        (None, _) => Cow::Borrowed(""),
        (Some(text), None) => Cow::Borrowed(text),
        _ => Cow::Owned(message.text()),
    }
}

/// What the model is told where the format itself cannot ask for JSON, or for JSON of this schema.
pub(super) fn instruction(output: &OutputFormat) -> Option<String> {
    match output {
        OutputFormat::Text => None,
        OutputFormat::Json => Some("Reply with one JSON value and nothing else.".to_owned()),
        OutputFormat::Schema { schema, .. } => {
            Some(format!("Reply with one JSON value and nothing else. It must be valid by this JSON Schema:\n{schema}"))
        }
    }
}

/// Whether any message speaks of JSON. Some providers refuse to make JSON unless one does.
pub(super) fn mentions_json(request: &ModelRequest) -> bool {
    let mentions = |text: &str| text.as_bytes().windows(4).any(|word| word.eq_ignore_ascii_case(b"json"));
    request.messages.iter().flat_map(Message::texts).any(mentions)
}

/// A tool's result as text, for formats that do not say by themselves whether it went wrong.
pub(super) fn result_text(content: &str, is_error: bool) -> Cow<'_, str> {
    if is_error { Cow::Owned(format!("Error: {content}")) } else { Cow::Borrowed(content) }
}
