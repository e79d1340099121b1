//! What must not leave the process: content, unless the host wants it to, and credentials, whatever the host wants.

use opentelemetry::{KeyValue, Value};

use super::names::CONTENT;

/// Words that make a key one of a credential, wherever they stand in it; separators do not count.
const CREDENTIALS: [&str; 12] = [
    "apikey",
    "accesskey",
    "privatekey",
    "authorization",
    "bearer",
    "cookie",
    "credential",
    "passphrase",
    "passwd",
    "password",
    "secret",
    "token",
];

/// Whether an attribute may be exported.
pub(super) fn may_pass(attribute: &KeyValue, content: bool) -> bool {
    (content || !is_content(attribute.key.as_str())) && !is_credential(attribute)
}

fn is_content(key: &str) -> bool {
    CONTENT.iter().any(|name| if name.ends_with('.') { key.starts_with(name) } else { key == *name })
}

/// Whether an attribute looks like a credential by its key. Counts of tokens do not.
pub(super) fn is_credential(attribute: &KeyValue) -> bool {
    let key = attribute.key.as_str();
    let plain: String = key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let is_named = CREDENTIALS.iter().any(|word| plain.contains(word))
        || key.split(['.', '_', '-']).any(|w| w.eq_ignore_ascii_case("auth"));
    is_named && !(counts_tokens(&plain) && is_number(&attribute.value))
}

fn counts_tokens(key: &str) -> bool {
    let without = key.replace("tokens", "").replace("tokencount", "");
    without.len() < key.len() && !CREDENTIALS.iter().any(|word| without.contains(word))
}

fn is_number(value: &Value) -> bool {
    match value {
        Value::I64(_) | Value::F64(_) => true,
        // What becomes of unsigned integers.
        Value::String(text) => !text.as_str().is_empty() && text.as_str().bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_never_pass() {
        let keys = [
            "http.request.header.authorization",
            "x-api-key",
            "openai.api_key",
            "apiKey",
            "aws.secretAccessKey",
            "db.password",
            "session_token",
            "token",
            "set-cookie",
            "client_secret",
            "Proxy-Authorization",
            "auth.value",
            "gen_ai.usage.access_token_secret_tokens",
        ];
        for key in keys {
            assert!(!may_pass(&KeyValue::new(key, "hush"), true), "{key}");
        }
        assert!(!may_pass(&KeyValue::new("token", 123_456), true));
        assert!(!may_pass(&KeyValue::new("access.tokens", "ya29.a0"), true));
    }

    #[test]
    fn counts_of_tokens_and_harmless_words_pass() {
        for key in [
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.cache_read.input_tokens",
            "gen_ai.request.max_tokens",
            "token_count",
        ] {
            assert!(may_pass(&KeyValue::new(key, 7), false), "{key}");
            assert!(may_pass(&KeyValue::new(key, "7"), false), "{key}");
        }
        for key in ["phase.name", "author", "authority.name", "monkey", "gen_ai.tool.name"] {
            assert!(may_pass(&KeyValue::new(key, "x"), false), "{key}");
        }
    }

    #[test]
    fn content_passes_on_request_only() {
        for key in [
            "gen_ai.input.messages",
            "gen_ai.tool.call.arguments",
            "gen_ai.prompt.0.content",
            "gen_ai.retrieval.query.text",
        ] {
            let attribute = KeyValue::new(key, "what was said");
            assert!(!may_pass(&attribute, false), "{key}");
            assert!(may_pass(&attribute, true), "{key}");
        }
        assert!(may_pass(&KeyValue::new("gen_ai.prompt_name", "greeting"), false));
    }
}
