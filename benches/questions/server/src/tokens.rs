//! Tokens as OpenAI's newer models count them.

use bpe_openai::o200k_base;
use serde_json::Value;

use crate::request::Request;

/// What a message costs beside its content, and what the reply's beginning costs (OpenAI Cookbook, "How to count tokens with
/// tiktoken").
const EACH_MESSAGE: usize = 3;
const REPLY: usize = 3;

/// Reads the tokenizer's tables, so that no request waits for them.
pub fn prepare() {
    let _ = o200k_base();
}

/// The tokens of a request: its messages, and the schema of the reply, which the model reads too.
pub fn prompt(request: &Request) -> u64 {
    let count = |text: &str| o200k_base().count(text);
    let messages: usize = request.messages.iter().map(|message| EACH_MESSAGE + count(&message.text())).sum();
    let schema = request.schema().map(Value::to_string).unwrap_or_default();
    (messages + count(&schema) + REPLY) as u64
}

/// A reply in the pieces in which a model writes it, one token each, or several where one alone is not whole characters.
pub fn pieces(text: &str) -> Vec<String> {
    let tokenizer = o200k_base();
    let mut pieces = Vec::new();
    let mut held = Vec::new();
    for token in tokenizer.encode(text) {
        held.push(token);
        if let Some(piece) = tokenizer.decode(&held) {
            pieces.push(piece);
            held.clear();
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_the_text() {
        for text in ["Deleted files are kept for 45 days [1].", "naïve 👩‍🚀 日本語", ""] {
            assert_eq!(pieces(text).concat(), text);
        }
        assert!(pieces("Deleted files are kept for 45 days [1].").len() > 8);
    }

    #[test]
    fn messages_and_schema_are_counted() {
        let request = |json: &str| serde_json::from_str::<Request>(json).unwrap();
        let plain = request(r#"{"messages": [{"role": "user", "content": "hello"}]}"#);
        assert_eq!(prompt(&plain), 3 + 1 + 3);
        let parts = request(r#"{"messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}]}]}"#);
        assert_eq!(prompt(&parts), prompt(&plain));
        let schema = request(
            r#"{"messages": [{"role": "user", "content": "hello"}],
                "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}}"#,
        );
        assert!(prompt(&schema) > prompt(&plain));
    }
}
