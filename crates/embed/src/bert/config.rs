//! What the files beside a BERT model say of how it is to be used.

use std::collections::HashMap;

use candle_transformers::models::bert;
use ninefold_core::{Error, ErrorKind, Purpose, Result};
use serde::Deserialize;

use crate::directory::Directory;

/// How the states of a text's tokens become one vector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Pooling {
    Mean,
    First,
}

/// All of it.
pub(super) struct Settings {
    pub(super) bert: bert::Config,
    /// The most tokens of a text.
    pub(super) limit: usize,
    pub(super) pooling: Pooling,
    pub(super) prompts: Prompts,
}

/// What the model wants in front of a text.
#[derive(Default, Deserialize)]
pub(super) struct Prompts {
    #[serde(default)]
    prompts: HashMap<String, String>,
    default_prompt_name: Option<String>,
}

impl Prompts {
    pub(super) fn of(&self, purpose: Purpose) -> &str {
        let names: &[&str] = match purpose {
            Purpose::Query => &["query"],
            Purpose::Passage => &["document", "passage", "corpus"],
        };
        let named = names.iter().copied().chain(self.default_prompt_name.as_deref());
        named.filter_map(|name| self.prompts.get(name)).map(String::as_str).next().unwrap_or_default()
    }
}

#[derive(Default, Deserialize)]
struct Lengths {
    max_seq_length: Option<usize>,
}

#[derive(Deserialize)]
struct Module {
    #[serde(rename = "type")]
    kind: String,
    path: String,
}

#[derive(Default, Deserialize)]
struct PoolingFile {
    pooling_mode: Option<String>,
    #[serde(flatten)]
    modes: HashMap<String, serde_json::Value>,
}

impl PoolingFile {
    /// The one mode that is asked for, if it is one that is known here.
    fn mode(&self) -> Option<Pooling> {
        let prefix = "pooling_mode_";
        let flagged = self.modes.iter().filter(|(_, value)| value.as_bool() == Some(true));
        let flagged = flagged.filter_map(|(name, _)| name.strip_prefix(prefix));
        let asked: Vec<&str> = match &self.pooling_mode {
            Some(mode) => vec![mode.as_str()],
            None => flagged.collect(),
        };
        match asked.as_slice() {
            [] | ["mean" | "mean_tokens"] => Some(Pooling::Mean),
            ["cls" | "cls_token"] => Some(Pooling::First),
            _ => None,
        }
    }
}

impl Settings {
    pub(super) fn read(directory: &mut Directory) -> Result<Self> {
        let refuse = |what: String| {
            Error::new(ErrorKind::InvalidInput, what)
                .hint("take a BERT model with mean or first-token pooling, such as all-MiniLM-L6-v2 or bge-small, or serve the model behind an endpoint")
        };
        let described: serde_json::Value = directory.json("config.json")?;
        let architecture = described.get("model_type").and_then(serde_json::Value::as_str).unwrap_or("bert");
        if architecture != "bert" {
            return Err(refuse(format!("the model is of type {architecture:?}; only bert can be computed here")));
        }
        let bert: bert::Config =
            serde_json::from_value(described).map_err(|error| directory.damaged("config.json", &error))?;
        let mut pooling = PoolingFile::default();
        for Module { kind, path } in directory.json_or_default::<Vec<Module>>("modules.json")? {
            match kind.rsplit('.').next() {
                Some("Transformer" | "Normalize") => {}
                Some("Pooling") => pooling = directory.json_or_default(&format!("{path}/config.json"))?,
                _ => return Err(refuse(format!("the model has a part of type {kind:?}, which is not known here"))),
            }
        }
        let pooling =
            pooling.mode().ok_or_else(|| refuse("the model's way of pooling is not known here".to_owned()))?;
        let lengths: Lengths = directory.json_or_default("sentence_bert_config.json")?;
        let prompts = directory.json_or_default("config_sentence_transformers.json")?;
        let limit = lengths.max_seq_length.unwrap_or(usize::MAX).min(bert.max_position_embeddings);
        Ok(Self { bert, limit, pooling, prompts })
    }
}
