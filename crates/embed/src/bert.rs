//! BERT models as sentence-transformers keeps them in a directory, computed on the processor.

mod config;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use candle_core::{D, DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert;
use futures_util::{StreamExt, TryStreamExt};
use ninefold_core::{Embedded, Embedder, Error, ErrorKind, ModelId, Purpose, Result, Usage};

use crate::compute::{compute, normalize};
use crate::directory::Directory;
use crate::tokens::Tokens;
use config::{Pooling, Prompts, Settings};

const ORIGIN: &str = "a directory with config.json, tokenizer.json and model.safetensors is what \
     `SentenceTransformer(name).save(directory)` writes in Python, and what its page on huggingface.co holds";
const WEIGHTS: &str = "model.safetensors";
/// A batch is at most so many texts and so many tokens, counted with what fills up the shorter texts: some tens of
/// milliseconds for a small model. A text in it is at least half as long as the longest.
const BATCH: usize = 32;
const BATCH_TOKENS: usize = 2_048;

/// A BERT model with mean or first-token pooling. Texts of about the same length are computed together.
pub struct BertModel {
    model: ModelId,
    parts: Arc<Parts>,
}

struct Parts {
    tokens: Tokens,
    bert: bert::BertModel,
    pooling: Pooling,
    prompts: Prompts,
}

impl BertModel {
    /// Reads the model in a directory. It takes as long as reading its files, and belongs on a thread that may wait.
    ///
    /// # Errors
    /// `NotFound` for a missing file, `Corrupt` for one that is not as expected, `Unavailable` for one that cannot be
    /// read, `InvalidInput` for a model of another architecture.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self> {
        let mut directory = Directory::new(directory.as_ref(), ORIGIN);
        let Settings { bert: config, limit, pooling, prompts } = Settings::read(&mut directory)?;
        let tokens = Tokens::read(&mut directory, limit, true)?;
        let bytes = directory.bytes(WEIGHTS)?;
        let bert = VarBuilder::from_buffered_safetensors(bytes, DType::F32, &Device::Cpu)
            .and_then(|weights| bert::BertModel::load(weights, &config))
            .map_err(|error| directory.damaged(WEIGHTS, &error))?;
        let model = directory.model("candle")?;
        Ok(Self { model, parts: Arc::new(Parts { tokens, bert, pooling, prompts }) })
    }
}

impl Parts {
    fn tokens(&self, texts: &[String], purpose: Purpose) -> Result<Vec<Vec<u32>>> {
        let prompt = self.prompts.of(purpose);
        let tokens = |text: &String| {
            if prompt.is_empty() { self.tokens.of(text) } else { self.tokens.of(&format!("{prompt}{text}")) }
        };
        texts.iter().map(tokens).collect()
    }

    /// The vectors of a batch.
    fn embed(&self, batch: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        let mut vectors = self.forward(batch).map_err(|error| {
            Error::new(ErrorKind::Permanent, format!("the model cannot be computed: {error}"))
                .hint("its files may not belong together")
        })?;
        vectors.iter_mut().for_each(|vector| normalize(vector));
        Ok(vectors)
    }

    fn forward(&self, batch: &[Vec<u32>]) -> candle_core::Result<Vec<Vec<f32>>> {
        let longest = batch.iter().map(Vec::len).max().unwrap_or_default();
        let filled = |value: &dyn Fn(&[u32], usize) -> u32| -> candle_core::Result<Tensor> {
            let values = batch.iter().flat_map(|tokens| (0..longest).map(move |place| value(tokens, place)));
            Tensor::from_vec(values.collect::<Vec<u32>>(), (batch.len(), longest), &Device::Cpu)
        };
        let tokens = filled(&|tokens, place| tokens.get(place).copied().unwrap_or_default())?;
        let mask = filled(&|tokens, place| u32::from(place < tokens.len()))?;
        let states = self.bert.forward(&tokens, &tokens.zeros_like()?, Some(&mask))?;
        let pooled = match self.pooling {
            Pooling::First => states.narrow(1, 0, 1)?.squeeze(1)?,
            // The length of the sum goes when it is normalized.
            Pooling::Mean => states.broadcast_mul(&mask.to_dtype(DType::F32)?.unsqueeze(D::Minus1)?)?.sum(1)?,
        };
        pooled.to_vec2()
    }
}

/// Cuts texts, by their tokens, into batches of about equal length; gives their places.
fn batches(texts: &[Vec<u32>]) -> Vec<Vec<usize>> {
    let mut order: Vec<(usize, usize)> = texts
        .iter()
        .enumerate()
        .map(|(place, tokens)| (tokens.len(), place))
        .filter(|(length, _)| *length > 0)
        .collect();
    order.sort_unstable_by(|a, b| b.cmp(a));
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut longest = 0;
    for (length, place) in order {
        match batches.last_mut() {
            Some(batch)
                if batch.len() < BATCH && (batch.len() + 1) * longest <= BATCH_TOKENS && length * 2 >= longest =>
            {
                batch.push(place);
            }
            _ => {
                longest = length;
                batches.push(vec![place]);
            }
        }
    }
    batches
}

#[async_trait]
impl Embedder for BertModel {
    fn model(&self) -> &ModelId {
        &self.model
    }

    async fn embed(&self, texts: &[String], purpose: Purpose) -> Result<Embedded> {
        let (parts, owned) = (Arc::clone(&self.parts), texts.to_vec());
        let tokens = Arc::new(compute(move || parts.tokens(&owned, purpose)).await?);
        let used = Usage::tokens(tokens.iter().map(|tokens| tokens.len() as u64).sum(), 0);
        let mut vectors = vec![Vec::new(); texts.len()];
        let computed = futures_util::stream::iter(batches(&tokens)).map(|places| {
            let (parts, tokens) = (Arc::clone(&self.parts), Arc::clone(&tokens));
            compute(move || {
                let batch: Vec<Vec<u32>> = places.iter().filter_map(|place| tokens.get(*place).cloned()).collect();
                Ok(places.into_iter().zip(parts.embed(&batch)?).collect::<Vec<_>>())
            })
        });
        let at_once = std::thread::available_parallelism().map_or(1, usize::from);
        let mut computed = computed.buffer_unordered(at_once);
        while let Some(batch) = computed.try_next().await? {
            for (place, vector) in batch {
                if let Some(there) = vectors.get_mut(place) {
                    *there = vector;
                }
            }
        }
        // A text without tokens, which a tokenizer without special ones makes of an empty text, has no direction.
        let dimensions = vectors.iter().map(Vec::len).max().unwrap_or_default();
        vectors.iter_mut().for_each(|vector| vector.resize(dimensions, 0.0));
        Ok(Embedded { vectors, usage: used })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_hold_every_text_once_beside_others_of_its_length() {
        let lengths = [3, 256, 0, 1, 256, 200, 90, 4, 3, 3];
        let texts: Vec<Vec<u32>> = lengths.iter().chain([&7; 100]).map(|length| vec![1; *length]).collect();
        let batches = batches(&texts);
        let mut places: Vec<usize> = batches.iter().flatten().copied().collect();
        places.sort_unstable();
        assert_eq!(places, (0..texts.len()).filter(|place| *place != 2).collect::<Vec<_>>());
        for batch in batches {
            let lengths: Vec<usize> = batch.iter().map(|place| texts[*place].len()).collect();
            let longest = *lengths.iter().max().unwrap();
            assert!(batch.len() <= BATCH && longest * batch.len() <= BATCH_TOKENS, "{lengths:?}");
            assert!(lengths.iter().all(|length| length * 2 >= longest), "{lengths:?}");
        }
    }
}
