//! The providers, as rows of data: where they are, what they speak, which variable holds the key. A provider that speaks
//! as another one does is one more row.
//!
//! Addresses and variables are those of the providers' own documentation, looked up in November 2026.

use std::sync::Arc;

use crate::http::Auth;
use crate::wire::{Anthropic, Dialect, Format, Gemini, Ollama, OpenAiChat, OpenAiResponses};

/// What a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    OpenAiChat,
    OpenAiResponses,
    Anthropic,
    Gemini,
    Ollama,
}

impl Speaks {
    pub(crate) fn format(self) -> Arc<dyn Format> {
        match self {
            Self::OpenAiChat => Arc::new(OpenAiChat),
            Self::OpenAiResponses => Arc::new(OpenAiResponses),
            Self::Anthropic => Arc::new(Anthropic),
            Self::Gemini => Arc::new(Gemini),
            Self::Ollama => Arc::new(Ollama),
        }
    }
}

/// Whether a provider wants a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Needed,
    /// One is sent where it is given.
    Taken,
}

/// A provider.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Provider {
    /// As it stands before the slash of a model's name.
    pub(crate) name: &'static str,
    /// Whose files are its own: those with the same are one account at one provider.
    pub(crate) account: &'static str,
    /// Up to where the format's paths begin; empty when everybody has an own one. `{model}` stands for the model.
    pub(crate) address: &'static str,
    /// The variable that names another address, as the provider's own programs read it.
    pub(crate) address_variable: &'static str,
    /// What belongs behind the address that this variable names.
    pub(crate) below: &'static str,
    /// The variables that hold the key, the first that is set.
    pub(crate) key_variables: &'static [&'static str],
    pub(crate) key: Key,
    pub(crate) auth: Auth,
    pub(crate) speaks: Speaks,
    pub(crate) dialect: Dialect,
    /// A parameter of every address: its name, the variable that holds its value, the value where that is not set.
    pub(crate) query: Option<(&'static str, &'static str, &'static str)>,
}

const PLAIN: Dialect =
    Dialect { max_tokens: false, no_schema: false, no_seed: false, no_stream_options: false, no_effort: false };
/// Servers that know the older name of the output limit, as all did at first.
const OLDER: Dialect = Dialect { max_tokens: true, ..PLAIN };

/// One that speaks as `OpenAI`'s chat completions do.
const fn chat(name: &'static str, address: &'static str, key: &'static [&'static str], dialect: Dialect) -> Provider {
    Provider {
        name,
        account: name,
        address,
        address_variable: "",
        below: "",
        key_variables: key,
        key: Key::Needed,
        auth: Auth::Bearer,
        speaks: Speaks::OpenAiChat,
        dialect,
        query: None,
    }
}

/// The same on one's own machine.
const fn local(name: &'static str, address: &'static str, key: &'static [&'static str], dialect: Dialect) -> Provider {
    Provider { key: Key::Taken, ..chat(name, address, key, dialect) }
}

/// All of them, those with their own format first.
pub(crate) const PROVIDERS: &[Provider] = &[
    Provider {
        address_variable: "OPENAI_BASE_URL",
        ..chat("openai", "https://api.openai.com/v1", &["OPENAI_API_KEY"], PLAIN)
    },
    Provider {
        address_variable: "OPENAI_BASE_URL",
        account: "openai",
        speaks: Speaks::OpenAiResponses,
        ..chat("openai-responses", "https://api.openai.com/v1", &["OPENAI_API_KEY"], PLAIN)
    },
    Provider {
        address_variable: "ANTHROPIC_BASE_URL",
        auth: Auth::Header("x-api-key"),
        speaks: Speaks::Anthropic,
        ..chat("anthropic", "https://api.anthropic.com", &["ANTHROPIC_API_KEY"], PLAIN)
    },
    Provider {
        auth: Auth::Header("x-goog-api-key"),
        speaks: Speaks::Gemini,
        ..chat(
            "gemini",
            "https://generativelanguage.googleapis.com/v1beta",
            &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
            PLAIN,
        )
    },
    Provider {
        address_variable: "OLLAMA_HOST",
        speaks: Speaks::Ollama,
        ..local("ollama", "http://localhost:11434", &["OLLAMA_API_KEY"], PLAIN)
    },
    Provider {
        address_variable: "AZURE_OPENAI_ENDPOINT",
        below: "/openai/deployments/{model}",
        auth: Auth::Header("api-key"),
        // The latest version that is generally available.
        query: Some(("api-version", "OPENAI_API_VERSION", "2024-10-21")),
        ..chat("azure", "", &["AZURE_OPENAI_API_KEY"], PLAIN)
    },
    chat("groq", "https://api.groq.com/openai/v1", &["GROQ_API_KEY"], PLAIN),
    chat(
        "mistral",
        "https://api.mistral.ai/v1",
        &["MISTRAL_API_KEY"],
        // Its seed is called otherwise, and it refuses parameters that it does not know.
        Dialect { no_seed: true, no_stream_options: true, no_effort: true, ..OLDER },
    ),
    chat(
        "deepseek",
        "https://api.deepseek.com/v1",
        &["DEEPSEEK_API_KEY"],
        Dialect { no_schema: true, no_seed: true, no_effort: true, ..OLDER },
    ),
    chat("together", "https://api.together.xyz/v1", &["TOGETHER_API_KEY"], OLDER),
    chat("openrouter", "https://openrouter.ai/api/v1", &["OPENROUTER_API_KEY"], OLDER),
    chat("xai", "https://api.x.ai/v1", &["XAI_API_KEY"], PLAIN),
    chat("fireworks", "https://api.fireworks.ai/inference/v1", &["FIREWORKS_API_KEY"], OLDER),
    chat(
        "perplexity",
        "https://api.perplexity.ai",
        &["PERPLEXITY_API_KEY"],
        Dialect { no_seed: true, no_stream_options: true, ..OLDER },
    ),
    chat("cerebras", "https://api.cerebras.ai/v1", &["CEREBRAS_API_KEY"], PLAIN),
    chat("deepinfra", "https://api.deepinfra.com/v1/openai", &["DEEPINFRA_API_KEY", "DEEPINFRA_TOKEN"], OLDER),
    chat("sambanova", "https://api.sambanova.ai/v1", &["SAMBANOVA_API_KEY"], OLDER),
    chat("nvidia", "https://integrate.api.nvidia.com/v1", &["NVIDIA_API_KEY"], OLDER),
    chat("moonshot", "https://api.moonshot.ai/v1", &["MOONSHOT_API_KEY"], OLDER),
    chat("huggingface", "https://router.huggingface.co/v1", &["HF_TOKEN"], OLDER),
    local("vllm", "http://localhost:8000/v1", &["VLLM_API_KEY"], OLDER),
    local("llamacpp", "http://localhost:8080/v1", &["LLAMA_API_KEY"], OLDER),
    local("lmstudio", "http://localhost:1234/v1", &["LM_STUDIO_API_KEY"], OLDER),
    local("litellm", "http://localhost:4000/v1", &["LITELLM_API_KEY", "LITELLM_PROXY_API_KEY"], PLAIN),
];

impl Provider {
    /// The provider of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        PROVIDERS.iter().find(|provider| provider.name.eq_ignore_ascii_case(name))
    }

    /// The account of the provider of this name; who is not known has one of their own.
    pub(crate) fn account(name: &str) -> &str {
        Self::named(name).map_or(name, |provider| provider.account)
    }

    /// The variable of ours that names another address.
    pub(crate) fn own_variable(&self) -> String {
        format!("NINEFOLD_{}_BASE_URL", self.name.to_ascii_uppercase().replace('-', "_"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::http::Server;

    #[test]
    fn rows_are_sound() {
        let names: HashSet<_> = PROVIDERS.iter().map(|provider| provider.name).collect();
        assert_eq!(names.len(), PROVIDERS.len(), "no name twice");
        for provider in PROVIDERS {
            let lower = |char: char| char.is_ascii_lowercase() || char == '-';
            assert!(provider.name.chars().all(lower), "{}", provider.name);
            assert!(!provider.key_variables.is_empty(), "{}", provider.name);
            assert!(provider.address.is_empty() || !provider.address.ends_with('/'));
            match (provider.key, provider.address) {
                (_, "") => assert!(!provider.address_variable.is_empty()),
                (Key::Taken, local) => assert!(Server::new("x", local).is_ok(), "{local}"),
                (Key::Needed, remote) => {
                    assert!(remote.starts_with("https://"), "a key goes over TLS only: {remote}");
                    assert_eq!(Server::new("x", remote).is_ok(), cfg!(feature = "https"), "{remote}");
                }
            }
            assert!(!format!("{:?}", provider.speaks.format()).is_empty());
        }
    }
}
