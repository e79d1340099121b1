//! Counting tokens.

use ninefold_core::{Message, ModelId, ModelRequest, OutputFormat, Part};

/// A number of tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// It.
    pub tokens: u64,
    /// Whether it is what the model itself counts; otherwise an estimate, rather too high than too low.
    pub exact: bool,
}

/// Counts tokens as a model does, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counter(Encoding);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// One token for every three bytes, rounded up: more than the byte-pair encodings of today make of prose (about four
    /// bytes of English, three of code), and one for a character of Chinese or Japanese.
    Estimate,
    #[cfg(feature = "tokenizer")]
    Cl100k,
    #[cfg(feature = "tokenizer")]
    O200k,
}

/// What a message costs beside its parts, and what begins the reply: for OpenAI's chat models by
/// <https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken>.
const PER_MESSAGE: u64 = 3;
/// What an image or a file counts for: of the order of what providers charge for one.
const PER_MEDIA: u64 = 1_000;

impl Counter {
    /// The counter for a model: exact for OpenAI's models with the feature `tokenizer`, an estimate for all others.
    #[must_use]
    pub fn of(model: &ModelId) -> Self {
        Self(encoding(model))
    }

    /// The estimate that fits no model in particular.
    #[must_use]
    pub fn estimate() -> Self {
        Self(Encoding::Estimate)
    }

    /// Whether counts of text are exact.
    #[must_use]
    pub fn is_exact(self) -> bool {
        self.0 != Encoding::Estimate
    }

    /// How many tokens a text is.
    #[must_use]
    pub fn text(self, text: &str) -> Count {
        Count { tokens: self.tokens(text), exact: self.is_exact() }
    }

    fn tokens(self, text: &str) -> u64 {
        match self.0 {
            Encoding::Estimate => text.len().div_ceil(3) as u64,
            #[cfg(feature = "tokenizer")]
            Encoding::Cl100k => bpe_openai::cl100k_base().count(text) as u64,
            #[cfg(feature = "tokenizer")]
            Encoding::O200k => bpe_openai::o200k_base().count(text) as u64,
        }
    }

    /// Whether a text is at most so many tokens. Reads no further than it must.
    #[must_use]
    pub fn fits(self, text: &str, tokens: u64) -> bool {
        match self.0 {
            Encoding::Estimate => self.tokens(text) <= tokens,
            #[cfg(feature = "tokenizer")]
            Encoding::Cl100k => within(bpe_openai::cl100k_base(), text, tokens),
            #[cfg(feature = "tokenizer")]
            Encoding::O200k => within(bpe_openai::o200k_base(), text, tokens),
        }
    }

    /// The longest beginning of a text that is at most so many tokens, never ending inside a character. (With a tokenizer
    /// a little longer one may exist now and then: tokens join across its end.)
    #[must_use]
    pub fn beginning(self, text: &str, tokens: u64) -> &str {
        if self.fits(text, tokens) {
            return text;
        }
        let until = |bytes: usize| text.get(..text.floor_char_boundary(bytes)).unwrap_or_default();
        // No byte is more than one token, so that many bytes fit.
        let mut fitting = usize::try_from(tokens).unwrap_or(usize::MAX).min(text.len());
        let mut beyond = text.len();
        while fitting + 1 < beyond {
            // Nearby first: a text may be far longer than what fits.
            let middle = (fitting + (beyond - fitting) / 2).min(fitting.saturating_mul(2).max(fitting + 1));
            if self.fits(until(middle), tokens) { fitting = middle } else { beyond = middle }
        }
        until(fitting)
    }

    /// About how many tokens a message is: its text by this counter, what stands around it, and 1,000 for an image or a
    /// file. Never exact: how a provider puts messages together is not published.
    #[must_use]
    pub fn message(self, message: &Message) -> Count {
        let part = |part: &Part| match part {
            Part::Text { text } | Part::Reasoning { text, .. } => self.tokens(text),
            Part::ToolCall(call) => PER_MESSAGE + self.tokens(&call.name) + self.tokens(&call.arguments),
            Part::ToolResult(result) => PER_MESSAGE + self.tokens(&result.content),
            _ => PER_MEDIA,
        };
        Count { tokens: PER_MESSAGE + message.parts.iter().map(part).sum::<u64>(), exact: false }
    }

    /// About how many tokens the model reads: messages, tools and schema. Never exact, as [`Counter::message`].
    #[must_use]
    pub fn request(self, request: &ModelRequest) -> Count {
        let messages: u64 = request.messages.iter().map(|message| self.message(message).tokens).sum();
        let tools = request.tools.iter().map(|tool| {
            let texts = [tool.name.as_str(), &tool.description, &tool.schema.to_string()];
            PER_MESSAGE + texts.iter().map(|text| self.tokens(text)).sum::<u64>()
        });
        let schema = match &request.output {
            OutputFormat::Schema { schema, .. } => self.tokens(&schema.to_string()),
            OutputFormat::Text | OutputFormat::Json => 0,
        };
        Count { tokens: PER_MESSAGE + messages + tools.sum::<u64>() + schema, exact: false }
    }
}

#[cfg(feature = "tokenizer")]
fn within(tokenizer: &bpe_openai::Tokenizer, text: &str, tokens: u64) -> bool {
    let limit = usize::try_from(tokens).unwrap_or(usize::MAX);
    tokenizer.count_till_limit(&tokenizer.normalize(text), limit).is_some()
}

/// Which encoding a model uses, by `encoding_for_model` of <https://github.com/openai/tiktoken>.
#[cfg(feature = "tokenizer")]
fn encoding(model: &ModelId) -> Encoding {
    // Gateways name the maker before the model; fine-tuned models their base.
    let name = model.name.as_str();
    let by_openai = matches!(model.provider.as_str(), "openai" | "azure") || name.starts_with("openai/");
    let name = name.strip_prefix("openai/").unwrap_or(name);
    let name = name.strip_prefix("ft:").unwrap_or(name);
    let begins = |names: &[&str]| names.iter().any(|begin| name.starts_with(begin));
    if !by_openai {
        Encoding::Estimate
    } else if begins(&["gpt-4o", "gpt-4.1", "gpt-4.5", "gpt-5", "gpt-oss", "chatgpt-4o", "o1", "o3", "o4"]) {
        Encoding::O200k
    } else if begins(&["gpt-4", "gpt-3.5", "gpt-35"]) {
        Encoding::Cl100k
    } else {
        Encoding::Estimate
    }
}

#[cfg(not(feature = "tokenizer"))]
fn encoding(_: &ModelId) -> Encoding {
    Encoding::Estimate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_says_that_it_is_one() {
        let counter = Counter::of(&ModelId::new("anthropic", "claude-sonnet-4-5"));
        assert_eq!(counter.text("seven b"), Count { tokens: 3, exact: false });
        assert_eq!(counter.text(""), Count { tokens: 0, exact: false });
        assert_eq!(counter.beginning("日本語", 2), "日本");
        assert_eq!(counter.beginning("aé", 1), "aé");
        assert_eq!(counter.beginning("é日本", 1), "é");
        assert_eq!(counter.beginning("日", 0), "");
    }

    #[cfg(feature = "tokenizer")]
    #[test]
    fn published_encodings_are_exact() {
        let count = |model: &str, text: &str| Counter::of(&model.parse().unwrap()).text(text);
        // The counts of tiktoken for this text.
        assert_eq!(count("openai/gpt-5-mini", "tiktoken is great!"), Count { tokens: 6, exact: true });
        assert_eq!(count("openai/gpt-4-turbo", "tiktoken is great!"), Count { tokens: 6, exact: true });
        assert_eq!(count("openrouter/openai/gpt-4o", "お誕生日おめでとう"), Count { tokens: 8, exact: true });
        assert_eq!(count("azure/gpt-35-turbo", "お誕生日おめでとう"), Count { tokens: 9, exact: true });
        assert!(!count("mistral/gpt-5", "x").exact && !count("openai/davinci", "x").exact);
        let counter = Counter::of(&ModelId::new("openai", "gpt-5"));
        let long = "word ".repeat(10_000);
        let cut = counter.beginning(&long, 100);
        assert!(counter.fits(cut, 100) && counter.text(cut).tokens >= 99, "{}", counter.text(cut).tokens);
    }
}
