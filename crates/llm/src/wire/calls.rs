//! Tool calls on their way: which one an event of a stream speaks of, and arguments that are an object whatever the model
//! wrote.

use std::borrow::Cow;

use ninefold_core::reply::MAX_TOOL_CALLS;
use ninefold_core::{Delta, Error, ErrorKind, Result, StopReason};
use serde_json::value::RawValue;
use smol_str::SmolStr;

use crate::json::repair;

/// The calls of a reply so far. Providers number them by their own rules; ours count from 0 without gaps.
#[derive(Debug, Default)]
pub(super) struct Calls {
    seen: Vec<Seen>,
}

#[derive(Debug)]
struct Seen {
    /// The provider's number.
    key: u64,
    /// The provider's id; empty when not known.
    id: SmolStr,
    /// Whether any arguments have come.
    arguments: bool,
}

impl Calls {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }

    /// Begins a call.
    ///
    /// # Errors
    /// `TooLong` past what a reply may have.
    pub(super) fn begin(&mut self, key: u64, id: &str) -> Result<usize> {
        let index = self.seen.len();
        if index >= MAX_TOOL_CALLS {
            let message = format!("the model's reply has more than {MAX_TOOL_CALLS} tool calls");
            return Err(Error::new(ErrorKind::TooLong, message));
        }
        self.seen.push(Seen { key, id: id.into(), arguments: false });
        Ok(index)
    }

    /// Our number of the latest call that the provider numbers so.
    pub(super) fn find(&self, key: u64) -> Option<usize> {
        self.seen.iter().rposition(|seen| seen.key == key)
    }

    /// Whether `id` is another call than the one of this number: some servers number all calls alike.
    pub(super) fn is_other(&self, index: usize, id: &str) -> bool {
        self.seen.get(index).is_some_and(|seen| !seen.id.is_empty() && seen.id != id)
    }

    /// Notes that arguments of the call have come.
    pub(super) fn has_arguments(&mut self, index: usize) {
        if let Some(seen) = self.seen.get_mut(index) {
            seen.arguments = true;
        }
    }

    /// Whether the call is still without arguments.
    pub(super) fn lacks_arguments(&self, index: usize) -> bool {
        self.seen.get(index).is_some_and(|seen| !seen.arguments)
    }

    /// The end: calls without a word have an empty object for arguments, as tools without parameters are called; unless the
    /// reply was cut off, which such a call does not show by itself.
    pub(super) fn finish(&mut self, stop: StopReason, deltas: &mut Vec<Delta>) {
        for (index, seen) in self.seen.iter_mut().enumerate().filter(|_| stop != StopReason::Length) {
            if !std::mem::replace(&mut seen.arguments, true) {
                deltas.push(Delta::ToolCall { index, id: None, name: None, arguments: "{}".to_owned() });
            }
        }
    }
}

/// What our ids of calls begin with where the provider gives none; they are not shown to it.
const OURS: &str = "ninefold-";

/// An id for a call that the provider gave none, unlike those of other replies as far as `reply` is: letters, digits, `_`
/// and `-`, at most 64.
pub(super) fn made_id(reply: &str, name: &str, index: usize) -> SmolStr {
    let from = if reply.is_empty() { name } else { reply };
    let kept = from.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let kept: String = kept.take(40).collect();
    SmolStr::from(format!("{OURS}{kept}-{index}"))
}

/// The id as the provider gave it.
pub(super) fn given_id(id: &str) -> Option<&str> {
    (!id.is_empty() && !id.starts_with(OURS)).then_some(id)
}

/// Arguments as a JSON object, for providers that take nothing else: as they are when they are one; repaired; or, when
/// nothing helps, what the model wrote as the only member of an object, so that the conversation can go on.
pub(super) fn object(arguments: &str) -> Cow<'_, str> {
    let is_object = |text: &str| text.starts_with('{') && serde_json::from_str::<&RawValue>(text).is_ok();
    let trimmed = arguments.trim();
    if is_object(trimmed) {
        return Cow::Borrowed(trimmed);
    }
    if trimmed.is_empty() {
        return Cow::Borrowed("{}");
    }
    match repair(trimmed) {
        Ok(repaired) if repaired.starts_with('{') => Cow::Owned(repaired.into_owned()),
        _ => Cow::Owned(serde_json::json!({ "malformed": trimmed }).to_string()),
    }
}

/// The same, to stand in a body as it is.
pub(super) fn raw_object(arguments: &str) -> Box<RawValue> {
    RawValue::from_string(object(arguments).into_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_always_an_object() {
        assert_eq!(object("{\"a\": 1}"), "{\"a\": 1}");
        assert_eq!(object("  "), "{}");
        assert_eq!(object("{'a': 1,"), "{\"a\":1}");
        assert_eq!(object("[1]"), "{\"malformed\":\"[1]\"}");
        assert_eq!(object("no idea"), "{\"malformed\":\"no idea\"}");
    }

    #[test]
    fn made_ids_are_ours_and_plain() {
        let id = made_id("a/b c\n<d>", "tool", 3);
        assert_eq!(id, "ninefold-abcd-3");
        assert_eq!(given_id(&id), None);
        assert_eq!(given_id("call_1"), Some("call_1"));
        assert!(made_id(&"x".repeat(500), "", 127).len() <= 64);
    }
}
