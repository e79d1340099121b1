//! Keys, and texts without them. A key is shown nowhere; a text of a stranger is shown without what is or looks like one.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// A key or password. `Debug` hides it, and nothing else shows it but [`Secret::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Hides this text; white space around it is not part of it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.trim().into())
    }

    /// The text itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What gives it away: servers like to repeat a key in part.
    #[must_use]
    pub fn beginning(&self) -> &str {
        self.0.get(..BEGINNING).unwrap_or(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// What stands in a secret's place.
pub const HIDDEN: &str = "[hidden]";

/// How keys begin at the providers that mark theirs.
const PREFIXES: [&str; 22] = [
    "sk-",
    "sk_",
    "pk-",
    "pk_",
    "rk_",
    "gsk_",
    "xai-",
    "AIza",
    "ya29.",
    "pplx-",
    "fw_",
    "csk-",
    "nvapi-",
    "hf_",
    "ghp_",
    "gho_",
    "github_pat_",
    "xoxb-",
    "AKIA",
    "tgp_",
    "r8_",
    "eyJ",
];
/// Words after which a key follows.
const NAMES: [&str; 10] =
    ["api-key", "api_key", "apikey", "authorization", "bearer", "key", "password", "secret", "token", "access_token"];
/// So many letters and digits in a row, of both kinds, are no word of any language.
const LONG: usize = 24;
/// How much of a known key's beginning gives it away.
const BEGINNING: usize = 8;

/// The text without `known` secrets and without what looks like one: what begins as keys of well-known providers do,
/// what follows a name such as `api_key=` or `Bearer`, and long runs of letters mixed with digits. Rather too much than
/// too little goes; words, model names, dates and UUIDs stay.
#[must_use]
pub fn redact<'t>(text: &'t str, known: &[&Secret]) -> Cow<'t, str> {
    let mut text = Cow::Borrowed(text);
    for secret in known.iter().map(|secret| secret.expose()).filter(|secret| !secret.is_empty()) {
        if text.contains(secret) {
            text = Cow::Owned(text.replace(secret, HIDDEN));
        }
    }
    let mut out = String::new();
    let mut copied = 0;
    let mut named = false;
    for (at, word) in words(&text) {
        let secret = (named && word.len() >= 6 && !is_name(word)) || looks_secret(word) || gives_away(word, known);
        if secret {
            out.push_str(text.get(copied..at).unwrap_or_default());
            out.push_str(HIDDEN);
            copied = at + word.len();
        }
        let after = text.get(at + word.len()..).unwrap_or_default();
        named = is_name(word) && leads_on(word, after);
    }
    if copied == 0 {
        return text;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// The runs of characters that keys are made of, with where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let of_key = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.' | '+' | '*' | '~');
    let mut rest = 0;
    std::iter::from_fn(move || {
        let ahead = text.get(rest..)?;
        let start = rest + ahead.find(of_key)?;
        let word = text.get(start..)?;
        let end = word.find(|char| !of_key(char)).unwrap_or(word.len());
        rest = start + end;
        Some((start, word.get(..end)?))
    })
}

fn is_name(word: &str) -> bool {
    NAMES.iter().any(|name| {
        let start = word.len().saturating_sub(name.len());
        word.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(name))
    })
}

/// Whether a value follows: `key=`, `"key": `, `Bearer `.
fn leads_on(word: &str, after: &str) -> bool {
    let after = after.trim_start_matches(['"', '\'', '\\']);
    after.trim_start().starts_with([':', '=']) || word.eq_ignore_ascii_case("bearer") && after.starts_with(' ')
}

fn looks_secret(word: &str) -> bool {
    let marked = |prefix: &&str| word.strip_prefix(*prefix).is_some_and(|rest| rest.len() >= 6);
    if PREFIXES.iter().any(marked) {
        return true;
    }
    word.split(['-', '_', '.', '~']).any(|run| {
        run.len() >= LONG
            && run.bytes().any(|byte| byte.is_ascii_digit() || byte == b'*')
            && run.bytes().any(|byte| byte.is_ascii_alphabetic())
    })
}

fn gives_away(word: &str, known: &[&Secret]) -> bool {
    known
        .iter()
        .map(|secret| secret.beginning())
        .any(|beginning| beginning.len() == BEGINNING && word.contains(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        let secret = Secret::new(" hunter2-hunter2\n");
        assert_eq!(format!("{secret:?} {:#?}", Some(&secret)), "Secret(hidden) Some(\n    Secret(hidden),\n)");
        assert_eq!(secret.expose(), "hunter2-hunter2");
    }

    #[test]
    fn known_secrets_go_wherever_they_stand_and_in_part() {
        let secret = Secret::new("plainwords-but-secret");
        let shown = |text: &str| redact(text, &[&secret]).into_owned();
        assert_eq!(shown("got \"plainwords-but-secret\"!"), "got \"[hidden]\"!");
        assert_eq!(shown("xplainwords-but-secretx"), "x[hidden]x");
        assert_eq!(shown("incorrect key plainwo-rd and plainwor***cret"), "incorrect key plainwo-rd and [hidden]");
    }

    #[test]
    fn what_looks_like_a_secret_goes() {
        for text in [
            "Incorrect API key provided: sk-proj-abc***********xyz.",
            "Authorization: Bearer abcdefgh",
            "https://host/v1?key=AbCdEf&x=1",
            r#"{"api_key":"opensesame"}"#,
            r#"{\"x-api-key\": \"opensesame\"}"#,
            "AIzaSyA1234567890 is not valid",
            "session 0123456789abcdef0123456789abcdef",
            "gsk_abcdefghijk",
        ] {
            let shown = redact(text, &[]);
            assert!(shown.contains(HIDDEN), "{text}");
            for secret in ["proj", "abcdefgh", "AbCdEf", "opensesame", "1234567890", "0123456789abcdef"] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
    }

    #[test]
    fn what_people_need_stays() {
        for text in [
            "The model claude-sonnet-4-5-20250929 does not exist",
            "maximum context length is 128000 tokens, you sent 130000 tokens",
            "request 123e4567-e89b-12d3-a456-426614174000 failed",
            "set the key in your settings; a token is four characters",
            "meta-llama/Llama-3.3-70B-Instruct-Turbo: überlastet, bitte später",
            "",
        ] {
            assert_eq!(redact(text, &[]), text);
        }
    }
}
