//! How many requests and tokens a key gets in a minute: buckets that are full at first and are filled evenly.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::Settings;

/// The limits, and what is left of them for each key.
#[derive(Debug)]
pub struct Limits {
    requests: f64,
    tokens: f64,
    keys: Mutex<HashMap<String, Left>>,
}

#[derive(Debug)]
struct Left {
    requests: f64,
    tokens: f64,
    at: Instant,
}

impl Limits {
    /// By these settings; a model that is faster gets more done in a minute.
    pub fn new(settings: &Settings) -> Self {
        let (requests, tokens) = (settings.requests_per_minute, settings.tokens_per_minute);
        Self { requests: requests * settings.scale, tokens: tokens * settings.scale, keys: Mutex::default() }
    }

    /// Takes a request of so many tokens.
    ///
    /// # Errors
    /// How long to wait when there is not enough left.
    pub fn take(&self, key: &str, tokens: u64, now: Instant) -> Result<(), Duration> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let full = Left { requests: self.requests, tokens: self.tokens, at: now };
        let left = keys.entry(key.to_owned()).or_insert(full);
        let minutes = now.saturating_duration_since(left.at).as_secs_f64() / 60.0;
        left.requests = (left.requests + minutes * self.requests).min(self.requests);
        left.tokens = (left.tokens + minutes * self.tokens).min(self.tokens);
        left.at = now;
        // What is larger than the bucket goes when it is full.
        let tokens = (tokens as f64).min(self.tokens);
        let missing = ((1.0 - left.requests) / self.requests).max((tokens - left.tokens) / self.tokens);
        if missing > 0.0 {
            return Err(Duration::from_secs_f64(missing * 60.0));
        }
        left.requests -= 1.0;
        left.tokens -= tokens;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn limits(more: &[&str]) -> Limits {
        Limits::new(&Settings::parse_from(["server", "--script", "x"].iter().chain(more)))
    }

    #[test]
    fn each_key_has_its_minute() {
        let limits = limits(&["--requests-per-minute", "2"]);
        let now = Instant::now();
        assert_eq!([limits.take("a", 1, now), limits.take("a", 1, now)], [Ok(()), Ok(())]);
        assert_eq!(limits.take("a", 1, now), Err(Duration::from_secs(30)));
        assert_eq!(limits.take("b", 1, now), Ok(()));
        assert_eq!(limits.take("a", 1, now + Duration::from_secs(30)), Ok(()));
        assert!(limits.take("a", 1, now + Duration::from_secs(31)).is_err());
    }

    #[test]
    fn tokens_are_limited_and_grow_with_the_scale() {
        let limits = limits(&["--tokens-per-minute", "100", "--scale", "2"]);
        let now = Instant::now();
        assert_eq!(limits.take("a", 150, now), Ok(()));
        assert_eq!(limits.take("a", 150, now), Err(Duration::from_secs(30)));
        assert_eq!(limits.take("a", 10_000, now + Duration::from_secs(120)), Ok(()), "when the bucket is full");
    }
}
