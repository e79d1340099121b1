//! An embedder for tests: it knows no meaning but the one it is told.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ninefold_core::{Embedded, Embedder, Error, ErrorKind, Key, ModelId, Purpose, Result, Usage};

/// How many numbers its vectors have.
const DIMENSIONS: usize = 64;

/// An embedder that gives every word a direction by its hash, and a text the sum of its words. Words are alike when the
/// script says so. It counts what it was asked, and fails while it is told to.
pub struct ScriptedEmbedder {
    model: ModelId,
    alike: HashMap<String, String>,
    failure: Mutex<Option<Error>>,
    refused: Mutex<Option<String>>,
    delay: Mutex<Duration>,
    mute: bool,
    requests: Mutex<Vec<Vec<String>>>,
}

impl ScriptedEmbedder {
    /// An embedder to which every word is unlike every other.
    #[must_use]
    pub fn new() -> Self {
        Self {
            model: ModelId::new("scripted", "embedder"),
            alike: HashMap::new(),
            failure: Mutex::default(),
            refused: Mutex::default(),
            delay: Mutex::default(),
            mute: false,
            requests: Mutex::default(),
        }
    }

    /// Has another name: its vectors compare with those of no other.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.model.name = name.into();
        self
    }

    /// Makes nothing of any text: its vectors have no direction.
    #[must_use]
    pub fn mute(mut self) -> Self {
        self.mute = true;
        self
    }

    /// Takes `word` for `other`; both in lower case.
    #[must_use]
    pub fn alike(mut self, word: &str, other: &str) -> Self {
        self.alike.insert(word.to_owned(), other.to_owned());
        self
    }

    /// Fails from now on with this error, or no longer.
    pub fn fail(&self, error: Option<Error>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }

    /// Refuses texts that contain `needle` from now on, with an `InvalidInput`.
    pub fn refuse(&self, needle: &str) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(needle.to_owned());
    }

    /// Takes so long for each call from now on.
    pub fn delay(&self, delay: Duration) {
        *self.delay.lock().unwrap_or_else(PoisonError::into_inner) = delay;
    }

    /// What it was asked so far: the texts of each call.
    #[must_use]
    pub fn requests(&self) -> Vec<Vec<String>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn vector(&self, text: &str) -> Vec<f32> {
        let mut vector = vec![0.0_f32; DIMENSIONS];
        for word in text.split(|char: char| !char.is_alphanumeric()).filter(|word| !self.mute && !word.is_empty()) {
            let word = word.to_lowercase();
            let word = self.alike.get(&word).unwrap_or(&word);
            let bytes = Key::of_bytes(word.as_bytes()).0;
            for (place, number) in vector.iter_mut().enumerate() {
                *number += if bytes[place / 8] >> (place % 8) & 1 == 1 { 1.0 } else { -1.0 };
            }
        }
        let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
        if length > 0.0 {
            vector.iter_mut().for_each(|number| *number /= length);
        }
        vector
    }
}

impl Default for ScriptedEmbedder {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Embedder for ScriptedEmbedder {
    fn model(&self) -> &ModelId {
        &self.model
    }

    async fn embed(&self, texts: &[String], _: Purpose) -> Result<Embedded> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(texts.to_vec());
        if let Some(error) = self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            return Err(error);
        }
        let delay = *self.delay.lock().unwrap_or_else(PoisonError::into_inner);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(needle) = refused.filter(|needle| texts.iter().any(|text| text.contains(needle.as_str()))) {
            return Err(Error::new(ErrorKind::InvalidInput, format!("{needle:?} is refused")));
        }
        let tokens = texts.iter().map(|text| text.split_whitespace().count() as u64).sum();
        Ok(Embedded { vectors: texts.iter().map(|text| self.vector(text)).collect(), usage: Usage::tokens(tokens, 0) })
    }
}
