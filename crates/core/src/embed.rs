//! Text as vectors: what is near in meaning is near in direction.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::budget::Usage;
use crate::error::{Error, ErrorKind, Result};
use crate::model::ModelId;

/// What a text is embedded for. Some models put questions and the texts that answer them in front of different
/// prefixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To be found.
    Passage,
    /// To find.
    Query,
}

/// The embedding of one text. The vector has length 1, or 0 for a text of which the model makes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Embedding {
    /// What made it; embeddings compare within one model only. [`ModelId`] as text.
    pub model: SmolStr,
    /// The numbers.
    pub vector: Vec<f32>,
}

/// The embeddings of several texts by one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Embeddings {
    /// What made them.
    pub model: SmolStr,
    /// One vector for each text, all of one length.
    pub vectors: Vec<Vec<f32>>,
}

impl Embeddings {
    /// The most numbers of a vector.
    pub const MAX_DIMENSIONS: usize = 16_384;

    /// The length of the vectors, once it is certain that they are `texts` many, all of one length and finite.
    ///
    /// # Errors
    /// `InvalidInput` when they are not.
    pub fn check(&self, texts: usize) -> Result<usize> {
        let refused = |what: String| {
            Err(Error::new(ErrorKind::InvalidInput, format!("the embeddings by {} {what}", self.model))
                .hint("give one vector of finite numbers for each text, all of one length"))
        };
        if self.vectors.len() != texts {
            return refused(format!("are {} for {texts} texts", self.vectors.len()));
        }
        let dimensions = self.vectors.first().map_or(0, Vec::len);
        if texts > 0 && !(1..=Self::MAX_DIMENSIONS).contains(&dimensions) {
            return refused(format!("have {dimensions} dimensions; 1 to {} can be kept", Self::MAX_DIMENSIONS));
        }
        if let Some(other) = self.vectors.iter().find(|vector| vector.len() != dimensions) {
            return refused(format!("have {dimensions} and {} dimensions", other.len()));
        }
        if self.vectors.iter().flatten().any(|number| !number.is_finite()) {
            return refused("hold a number that is not finite".to_owned());
        }
        Ok(dimensions)
    }
}

/// What an embedder made of its texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedded {
    /// One vector for each text, in order, all of one length and each normalized to length 1.
    pub vectors: Vec<Vec<f32>>,
    /// What it took; local models count tokens and cost nothing.
    pub usage: Usage,
}

/// A model that embeds texts. Every implementation passes `ninefold_testkit::embedder_suite`.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// Which model, with its revision where it has one: vectors by models that differ in this are never compared.
    fn model(&self) -> &ModelId;

    /// Embeds texts, in as many batches as it needs. The same text gives the same vector whatever stands beside it.
    ///
    /// # Errors
    /// `InvalidInput` for what the model cannot take, `Unavailable` or `Transient` from its medium,
    /// `MalformedReply` for a reply that is not one vector for each text.
    async fn embed(&self, texts: &[String], purpose: Purpose) -> Result<Embedded>;
}

#[async_trait]
impl<E: Embedder + ?Sized> Embedder for Arc<E> {
    fn model(&self) -> &ModelId {
        (**self).model()
    }

    async fn embed(&self, texts: &[String], purpose: Purpose) -> Result<Embedded> {
        (**self).embed(texts, purpose).await
    }
}
