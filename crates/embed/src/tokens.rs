//! Texts as the numbers of their tokens.

use ninefold_core::{Error, ErrorKind, Result};
use tokenizers::{Tokenizer, TruncationParams};

use crate::directory::Directory;

/// A token stands for at most about so many bytes of text: what lies behind is cut off unread, so that a huge text costs
/// what a long one does.
const BYTES_PER_TOKEN: usize = 64;

/// A tokenizer without padding that stops at a number of tokens.
pub(crate) struct Tokens {
    tokenizer: Tokenizer,
    limit: usize,
    special: bool,
    unknown: Option<u32>,
}

impl Tokens {
    /// Reads `tokenizer.json`. `special` says whether the model wants its own tokens around a text.
    pub(crate) fn read(directory: &mut Directory, limit: usize, special: bool) -> Result<Self> {
        const NAME: &str = "tokenizer.json";
        let bytes = directory.bytes(NAME)?;
        let mut tokenizer = Tokenizer::from_bytes(&bytes).map_err(|error| directory.damaged(NAME, &error))?;
        tokenizer.with_padding(None);
        let truncation = TruncationParams { max_length: limit, ..TruncationParams::default() };
        tokenizer.with_truncation(Some(truncation)).map_err(|error| directory.damaged(NAME, &error))?;
        let described: serde_json::Value =
            serde_json::from_slice(&bytes).map_err(|error| directory.damaged(NAME, &error))?;
        let by_number = described.pointer("/model/unk_id").and_then(serde_json::Value::as_u64);
        let by_name = described.pointer("/model/unk_token").and_then(serde_json::Value::as_str);
        let unknown = by_number
            .and_then(|id| u32::try_from(id).ok())
            .or_else(|| by_name.and_then(|token| tokenizer.token_to_id(token)));
        Ok(Self { tokenizer, limit, special, unknown })
    }

    /// The number of the token for what no other token stands for.
    pub(crate) fn unknown(&self) -> Option<u32> {
        self.unknown
    }

    /// The tokens of a text, at most the limit.
    pub(crate) fn of(&self, text: &str) -> Result<Vec<u32>> {
        let end = text.floor_char_boundary(self.limit.saturating_mul(BYTES_PER_TOKEN));
        let text = text.get(..end).unwrap_or(text);
        let encoding = self.tokenizer.encode_fast(text, self.special).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, format!("the tokenizer cannot take the text: {error}"))
        })?;
        Ok(encoding.get_ids().to_vec())
    }
}
