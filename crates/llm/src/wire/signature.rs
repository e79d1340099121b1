//! Whose thoughts are whose. A provider takes back only thoughts that it signed, so every signature carries the name of the
//! format that made it, and the others leave such thoughts out: to them they mean nothing.

/// The signature as it is kept.
pub(super) fn signed(owner: &str, signature: &str) -> String {
    format!("{owner}:{signature}")
}

/// The signature as the provider made it, if `owner` did.
pub(super) fn own<'a>(owner: &str, signature: Option<&'a str>) -> Option<&'a str> {
    signature?.strip_prefix(owner)?.strip_prefix(':')
}
