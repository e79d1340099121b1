//! What looks like a secret, taken out of texts that are written down.

use serde_json::Value;

/// What stands where a secret stood.
const GONE: &str = "[redacted]";

/// Beginnings of keys by which providers' keys are known.
const PREFIXES: &[&str] = &[
    "sk-",
    "sk_",
    "pk-",
    "pk_",
    "rk_",
    "gsk_",
    "xai-",
    "AIza",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "hf_",
    "xoxb-",
    "xoxp-",
    "AKIA",
    "ASIA",
    "eyJ",
    "pplx-",
    "nvapi-",
    "r8_",
    "key-",
];
/// Words after which a secret follows.
const WORDS: &[&str] =
    &["bearer", "basic", "api-key", "api_key", "apikey", "x-api-key", "authorization", "password", "secret"];
/// Shorter ones are words.
const SHORTEST: usize = 12;

/// The text without what looks like a secret.
pub(crate) fn redact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut after_word = false;
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/' | '~');
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        if end == 0 {
            let next = rest.chars().next().map_or(rest.len(), char::len_utf8);
            let (separator, more) = rest.split_at(next);
            out.push_str(separator);
            after_word &= matches!(separator, " " | ":" | "=" | "\"" | "'");
            rest = more;
            continue;
        }
        let (token, more) = rest.split_at(end);
        let known = PREFIXES.iter().any(|prefix| token.starts_with(prefix));
        let secret = token.len() >= SHORTEST && (known || (after_word && token.bytes().any(|b| b.is_ascii_digit())));
        out.push_str(if secret { GONE } else { token });
        after_word = WORDS.iter().any(|word| token.eq_ignore_ascii_case(word));
        rest = more;
    }
    out
}

/// The value with every text in it redacted.
pub(crate) fn redact_value(value: &mut Value) {
    match value {
        Value::String(text) => *text = redact(text),
        Value::Array(values) => values.iter_mut().for_each(redact_value),
        Value::Object(fields) => fields.values_mut().for_each(redact_value),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_and_words_stay() {
        for (text, expected) in [
            ("my key is sk-abcdef1234567890, keep it", "my key is [redacted], keep it"),
            ("Authorization: Bearer abc123def456ghi7", "Authorization: Bearer [redacted]"),
            ("?api_key=1234567890abcdef&x=1", "?api_key=[redacted]&x=1"),
            ("\"password\": \"hunter2hunter2\"", "\"password\": \"[redacted]\""),
            ("a bearer of bad news", "a bearer of bad news"),
            ("sk-ill", "sk-ill"),
            ("the secret is out", "the secret is out"),
            ("ünï→ AIzaSyA1234567890 …", "ünï→ [redacted] …"),
            ("", ""),
        ] {
            assert_eq!(redact(text), expected);
        }
    }
}
