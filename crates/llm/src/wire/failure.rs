//! What a refusal of a provider means, by its status and by what its body says. Providers, and the gateways in front of
//! them, use one status for very different things, so the words decide first.

use ninefold_core::{Error, ErrorKind};
use serde_json::Value;

use super::Failure;

/// The most characters of a provider's words that are kept.
const MAX_MESSAGE: usize = 500;

/// What a provider says, in whichever of the usual forms.
#[derive(Debug, Default)]
struct Said {
    code: String,
    kind: String,
    message: String,
}

/// What a status other than success with this body means.
pub(super) fn failure(status: u16, body: &[u8]) -> Failure {
    let said = match serde_json::from_slice::<Value>(body) {
        Ok(value) => said(&value),
        Err(_) => Said { message: plain(body), ..Said::default() },
    };
    Failure { kind: class(status, &said), message: said.message }
}

/// The error that a provider reports within a stream.
pub(super) fn stream_error(format: &str, value: &Value) -> Error {
    let said = said(value);
    let status = said.code.parse().ok().filter(|code| (400..600).contains(code)).unwrap_or(0);
    let message = if said.message.is_empty() { "without a word" } else { &said.message };
    Error::new(class(status, &said), format!("{format} broke the reply off: {message}"))
}

/// The error for an event that is not of the format. It does not quote the event.
pub(super) fn malformed(format: &str, error: &serde_json::Error) -> Error {
    let (line, column) = (error.line(), error.column());
    let message =
        format!("what came as a piece of a reply is not of the format {format} (line {line}, column {column})");
    Error::new(ErrorKind::MalformedReply, message)
}

/// The error for a reply that ended before its end.
pub(super) fn broken_off() -> Error {
    Error::new(ErrorKind::Transient, "the model's reply broke off before its end")
}

fn said(value: &Value) -> Said {
    // Gemini wraps errors in a list when it is not asked for events.
    let value = value.get(0).unwrap_or(value);
    let error = value.get("error").filter(|error| !error.is_null()).unwrap_or(value);
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let first = |names: &[&str], of: &Value| names.iter().find_map(|name| text(of.get(*name)));
    let mut message = match error {
        Value::String(message) => message.clone(),
        _ => first(&["message", "msg", "detail", "error_message"], error)
            .or_else(|| text(error.pointer("/detail/0/msg")))
            .or_else(|| first(&["message", "detail"], value))
            .unwrap_or_default(),
    };
    // What the provider behind a gateway said.
    if let Some(raw) = text(error.pointer("/metadata/raw")) {
        message = format!("{message}: {raw}");
    }
    let inner = text(error.pointer("/innererror/code"));
    Said {
        code: inner.or_else(|| first(&["code"], error)).unwrap_or_default(),
        kind: first(&["type", "status"], error).unwrap_or_default(),
        message: tidy(&message),
    }
}

/// The words of a body that is not JSON, unless they are a page.
fn plain(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..4096).unwrap_or(body));
    if text.trim_start().starts_with('<') { String::new() } else { tidy(&text) }
}

/// In one line, without control characters, of bounded length.
fn tidy(text: &str) -> String {
    let mut out = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
        if out.len() > 4 * MAX_MESSAGE {
            break;
        }
    }
    match out.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => out.get(..end).unwrap_or_default().to_owned() + "…",
        None => out,
    }
}

/// Words of accounts that have nothing left: waiting does not help.
const PAID_UP: &[&str] = &[
    "insufficient_quota",
    "billing_hard_limit",
    "billing_not_active",
    "billing_error",
    "credit balance is too low",
    "insufficient balance",
    "insufficient credits",
];

/// Words of requests that are longer than the model takes.
const TOO_LONG: &[&str] = &[
    "context_length_exceeded",
    "contextwindowexceeded",
    "exceed_context_size",
    "exceeds the context",
    "exceed context limit",
    "context length",
    "context window",
    "context size",
    "maximum context",
    "prompt is too long",
    "prompt too long",
    "input is too long",
    "input too long",
    "too many input tokens",
    "exceeds the maximum number of tokens",
    "request_too_large",
    "request too large",
    "string_above_max_length",
    "reduce the length",
];

/// Words of requests and replies that a policy forbids.
const FORBIDDEN: &[&str] = &[
    "content_filter",
    "content_policy",
    "contentpolicy",
    "content policy",
    "content management policy",
    "content filtering policy",
    "responsibleaipolicy",
    "moderation",
    "flagged",
    "invalid_prompt",
    "usage policy",
    "usage policies",
    "prohibited_content",
    "safety system",
    "data_inspection_failed",
];

/// Words of replies that the provider itself found not to be of the form asked for.
const NOT_AS_ASKED: &[&str] = &["tool_use_failed", "json_validate_failed"];

/// Kinds of errors that providers name, for errors that come without a status.
const NAMED: &[(&str, ErrorKind)] = &[
    ("rate_limit", ErrorKind::RateLimited),
    ("resource_exhausted", ErrorKind::RateLimited),
    ("too_many_requests", ErrorKind::RateLimited),
    ("authentication", ErrorKind::Permanent),
    ("permission", ErrorKind::Permanent),
    ("invalid_api_key", ErrorKind::Permanent),
    ("unauthenticated", ErrorKind::Permanent),
    ("not_found", ErrorKind::Permanent),
    ("invalid_request", ErrorKind::Permanent),
    ("invalid_argument", ErrorKind::Permanent),
    ("invalid_image", ErrorKind::Permanent),
    ("billing", ErrorKind::Permanent),
];

fn class(status: u16, said: &Said) -> ErrorKind {
    let named = format!("{} {}", said.code, said.kind).to_lowercase();
    let all = format!("{named} {}", said.message.to_lowercase());
    let any = |words: &[&str]| words.iter().any(|word| all.contains(word));
    if status == 402 || any(PAID_UP) {
        return ErrorKind::Permanent;
    }
    if status == 429 {
        // More than a minute's allowance in one request never passes.
        let never = any(&["request too large", "tokens must be reduced"]);
        return if never { ErrorKind::TooLong } else { ErrorKind::RateLimited };
    }
    if !matches!(status, 401 | 403 | 404) && (status == 413 || any(TOO_LONG) || counts_too_many(&all)) {
        return ErrorKind::TooLong;
    }
    if !matches!(status, 401 | 404 | 500..) && any(FORBIDDEN) {
        return ErrorKind::Refused;
    }
    if any(NOT_AS_ASKED) {
        return ErrorKind::MalformedReply;
    }
    if named.contains("overloaded") {
        return ErrorKind::Transient;
    }
    match status {
        // The request had been taken: what broke it is not in it, unless it says so.
        0 => NAMED.iter().find(|(name, _)| named.contains(name)).map_or(ErrorKind::Transient, |(_, kind)| *kind),
        501 | 505 => ErrorKind::Permanent,
        408 | 409 | 425 | 500.. => ErrorKind::Transient,
        _ => ErrorKind::Permanent,
    }
}

/// As Gemini says it: "the input token count (1200000) exceeds the maximum number of tokens allowed".
fn counts_too_many(all: &str) -> bool {
    all.contains("token count") && all.contains("exceed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, body: &str) -> ErrorKind {
        failure(status, body.as_bytes()).kind
    }

    #[test]
    fn words_decide_before_the_status() {
        use ErrorKind::{MalformedReply, Permanent, RateLimited, Refused, TooLong, Transient};
        // The forms are those of the providers' error references.
        let cases: &[(u16, &str, ErrorKind)] = &[
            (
                400,
                r#"{"error":{"message":"This model's maximum context length is 128000 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
                TooLong,
            ),
            (
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#,
                TooLong,
            ),
            (
                400,
                r#"{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}"#,
                TooLong,
            ),
            (
                413,
                r#"{"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}"#,
                TooLong,
            ),
            (
                400,
                r#"{"error":{"code":400,"message":"the request exceeds the available context size, try increasing it","type":"exceed_context_size_error"}}"#,
                TooLong,
            ),
            (
                429,
                r#"{"error":{"message":"Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 60000.","type":"tokens","code":"rate_limit_exceeded"}}"#,
                TooLong,
            ),
            (
                429,
                r#"{"error":{"message":"Rate limit reached","type":"tokens","code":"rate_limit_exceeded"}}"#,
                RateLimited,
            ),
            (
                429,
                r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"#,
                Permanent,
            ),
            (
                429,
                r#"{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED"}}"#,
                RateLimited,
            ),
            (
                402,
                r#"{"error":{"message":"Insufficient Balance","type":"unknown_error","code":"invalid_request_error"}}"#,
                Permanent,
            ),
            (
                400,
                r#"{"error":{"message":"The response was filtered","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#,
                Refused,
            ),
            (
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"Output blocked by content filtering policy"}}"#,
                Refused,
            ),
            (
                403,
                r#"{"error":{"code":403,"message":"Your input was flagged","metadata":{"reasons":["violence"]}}}"#,
                Refused,
            ),
            (
                401,
                r#"{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","code":"invalid_api_key"}}"#,
                Permanent,
            ),
            (403, r#"{"type":"error","error":{"type":"permission_error","message":"not allowed"}}"#, Permanent),
            (404, r#"{"error":"model 'llama9' not found"}"#, Permanent),
            (529, r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, Transient),
            (503, r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#, Transient),
            (500, "", Transient),
            (502, "<html><body>Bad Gateway</body></html>", Transient),
            (408, "timeout", Transient),
            (
                422,
                r#"{"detail":[{"loc":["body","stop"],"msg":"Input should be a valid list","type":"list_type"}]}"#,
                Permanent,
            ),
            (302, "", Permanent),
            (
                400,
                r#"{"error":{"message":"Failed to generate JSON.","type":"invalid_request_error","code":"json_validate_failed"}}"#,
                MalformedReply,
            ),
        ];
        for (status, body, expected) in cases {
            assert_eq!(kind(*status, body), *expected, "{status} {body}");
        }
    }

    #[test]
    fn the_providers_words_are_kept_in_one_line_of_bounded_length() {
        assert_eq!(failure(404, br#"{"error":"model 'a' not found"}"#).message, "model 'a' not found");
        assert_eq!(failure(400, br#"{"detail":[{"msg":"bad"}]}"#).message, "bad");
        assert_eq!(failure(500, b"upstream\n\x1b[31m failed\x00").message, "upstream [31m failed");
        assert_eq!(failure(502, b"<html>no</html>").message, "");
        assert_eq!(failure(500, &[0xff, 0xfe]).message.chars().count(), 2);
        let long = failure(500, "é".repeat(9_999).as_bytes()).message;
        assert_eq!(long.chars().count(), MAX_MESSAGE + 1);
        let nested = failure(500, "[".repeat(100_000).as_bytes());
        assert_eq!(nested.kind, ErrorKind::Transient);
    }

    #[test]
    fn errors_within_a_stream_have_their_class() {
        let kind = |text: &str| stream_error("x", &serde_json::from_str(text).unwrap()).kind();
        assert_eq!(
            kind(r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#),
            ErrorKind::Transient
        );
        assert_eq!(kind(r#"{"error":{"code":429,"message":"slow down"}}"#), ErrorKind::RateLimited);
        assert_eq!(kind(r#"{"error":{"type":"rate_limit_error","message":"slow down"}}"#), ErrorKind::RateLimited);
        assert_eq!(kind(r#"{"error":{"code":"context_length_exceeded","message":"long"}}"#), ErrorKind::TooLong);
        assert_eq!(kind(r#"{"error":{"type":"invalid_request_error","message":"no"}}"#), ErrorKind::Permanent);
        assert_eq!(kind(r#"{"error":"an error was encountered while running the model"}"#), ErrorKind::Transient);
        assert_eq!(kind("[[[]]]"), ErrorKind::Transient);
    }
}
