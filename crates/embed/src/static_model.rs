//! Models that are one vector a token, in the format of model2vec: a text is the direction of the sum of its tokens.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use half::f16;
use ninefold_core::{Embedded, Embedder, ModelId, Purpose, Result, Usage};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;

use crate::compute::{compute, normalize};
use crate::directory::Directory;
use crate::tokens::Tokens;

const ORIGIN: &str = "a directory with model.safetensors, tokenizer.json and config.json comes from huggingface.co/minishlab, \
     or from `model2vec.distill.distill(...).save_pretrained(...)` in Python";
const WEIGHTS: &str = "model.safetensors";
/// Tokens of a text that count when the model does not say, as in model2vec.
const LIMIT: usize = 512;
/// Texts a batch: some milliseconds of work.
const BATCH: usize = 256;

/// A model that is one vector a token. It knows words and what words are like, not what their order says; it takes
/// microseconds for a text.
pub struct StaticModel {
    model: ModelId,
    parts: Arc<Parts>,
}

struct Parts {
    tokens: Tokens,
    dimensions: usize,
    vectors: Vec<f32>,
    /// How much each token counts; empty when all count the same.
    weights: Vec<f32>,
    /// Which vector each token has; empty when the n-th has the n-th.
    mapping: Vec<usize>,
}

#[derive(Default, Deserialize)]
struct Config {
    max_length: Option<usize>,
}

impl StaticModel {
    /// Reads the model in a directory. It takes as long as reading its files, and belongs on a thread that may wait.
    ///
    /// # Errors
    /// `NotFound` for a missing file, `Corrupt` for one that is not as expected, `Unavailable` for one that cannot be read.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self> {
        let mut directory = Directory::new(directory.as_ref(), ORIGIN);
        let config: Config = directory.json_or_default("config.json")?;
        let tokens = Tokens::read(&mut directory, config.max_length.unwrap_or(LIMIT), false)?;
        let bytes = directory.bytes(WEIGHTS)?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|error| directory.damaged(WEIGHTS, &error))?;
        let tensor = |name: &str| tensors.tensor(name).ok();
        let embeddings =
            tensor("embeddings").ok_or_else(|| directory.damaged(WEIGHTS, &"it has no tensor `embeddings`"))?;
        let &[rows, dimensions] = embeddings.shape() else {
            return Err(directory.damaged(WEIGHTS, &"its tensor `embeddings` is no matrix"));
        };
        let floats = |tensor: &TensorView<'_>| {
            floats(tensor).ok_or_else(|| directory.damaged(WEIGHTS, &"it holds numbers of a kind that is not known"))
        };
        let vectors = floats(&embeddings)?;
        let weights = tensor("weights").map(|tensor| floats(&tensor)).transpose()?.unwrap_or_default();
        let mapping = tensor("mapping").map(|tensor| floats(&tensor)).transpose()?.unwrap_or_default();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let mapping: Vec<usize> = mapping.into_iter().map(|row| row as usize).collect();
        let out_of_bounds = mapping.iter().any(|row| *row >= rows);
        if dimensions == 0 || out_of_bounds || vectors.iter().chain(&weights).any(|number| !number.is_finite()) {
            return Err(directory.damaged(WEIGHTS, &"its numbers do not fit together"));
        }
        let model = directory.model("static")?;
        Ok(Self { model, parts: Arc::new(Parts { tokens, dimensions, vectors, weights, mapping }) })
    }
}

/// The numbers of a tensor; none when they are of no known kind.
#[allow(clippy::cast_precision_loss)]
fn floats(tensor: &TensorView<'_>) -> Option<Vec<f32>> {
    let bytes = tensor.data();
    Some(match tensor.dtype() {
        Dtype::F32 => bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
        Dtype::F64 => bytes.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes) as f32).collect(),
        Dtype::F16 => bytes.as_chunks::<2>().0.iter().map(|bytes| f16::from_le_bytes(*bytes).to_f32()).collect(),
        Dtype::I8 => bytes.iter().map(|byte| f32::from(byte.cast_signed())).collect(),
        Dtype::I32 => bytes.as_chunks::<4>().0.iter().map(|bytes| i32::from_le_bytes(*bytes) as f32).collect(),
        Dtype::I64 => bytes.as_chunks::<8>().0.iter().map(|bytes| i64::from_le_bytes(*bytes) as f32).collect(),
        _ => return None,
    })
}

impl Parts {
    /// A text's vector and the number of its tokens.
    fn embed(&self, text: &str) -> Result<(Vec<f32>, u64)> {
        let mut tokens = self.tokens.of(text)?;
        let unknown = self.tokens.unknown();
        tokens.retain(|token| Some(*token) != unknown);
        let mut sum = vec![0.0; self.dimensions];
        for token in &tokens {
            let token = *token as usize;
            let row = self.mapping.get(token).copied().unwrap_or(token);
            let weight = self.weights.get(token).copied().unwrap_or(1.0);
            let vector = self.vectors.get(row * self.dimensions..(row + 1) * self.dimensions).unwrap_or_default();
            for (sum, number) in sum.iter_mut().zip(vector) {
                *sum += weight * number;
            }
        }
        normalize(&mut sum);
        Ok((sum, tokens.len() as u64))
    }
}

#[async_trait]
impl Embedder for StaticModel {
    fn model(&self) -> &ModelId {
        &self.model
    }

    async fn embed(&self, texts: &[String], _: Purpose) -> Result<Embedded> {
        let mut made = Embedded { vectors: Vec::with_capacity(texts.len()), usage: Usage::default() };
        for batch in texts.chunks(BATCH) {
            let (parts, batch) = (Arc::clone(&self.parts), batch.to_vec());
            let embedded =
                compute(move || batch.iter().map(|text| parts.embed(text)).collect::<Result<Vec<_>>>()).await?;
            for (vector, tokens) in embedded {
                made.vectors.push(vector);
                made.usage += Usage::tokens(tokens, 0);
            }
        }
        Ok(made)
    }
}
