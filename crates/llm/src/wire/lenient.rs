//! Fields of no consequence: what is of another type than the reference says is not known, and the reply is read all the same.

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::Value;

/// What the field holds, or none where it holds anything else.
pub(super) fn known<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => None,
        value => T::deserialize(value).ok(),
    })
}
