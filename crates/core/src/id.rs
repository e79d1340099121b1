//! Identities of runs and sessions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;

use crate::error::{Error, ErrorKind};

/// The identity of one run: 128 random bits, written as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u128);

impl RunId {
    /// A new identity from the process's random source. Tests give their own: `RunId(7)`.
    #[must_use]
    pub fn random() -> Self {
        Self(fastrand::u128(..))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for RunId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        u128::from_str_radix(text, 16).map(Self).map_err(|_| {
            Error::new(ErrorKind::InvalidInput, format!("{text:?} is not a run id"))
                .hint("a run id is up to 32 hexadecimal digits")
        })
    }
}

impl Serialize for RunId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RunId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = SmolStr::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The identity of a session (a user's conversation), chosen by the host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub SmolStr);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<T: AsRef<str>> From<T> for SessionId {
    fn from(text: T) -> Self {
        Self(SmolStr::new(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_ids_read_back_what_they_print() {
        let id = RunId(0xdead_beef);
        assert_eq!(id.to_string(), "000000000000000000000000deadbeef");
        assert_eq!(id.to_string().parse::<RunId>().unwrap(), id);
        assert_eq!("zz".parse::<RunId>().unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_ne!(RunId::random(), RunId::random());
    }
}
