//! A model by its name, as it stands in configuration: `anthropic/claude-sonnet-4-5`, `ollama/llama3.2`.

use std::fmt;
use std::sync::Arc;

use ninefold_core::secret::Secret;
use ninefold_core::{Error, ErrorKind, Model, ModelId, Result};

use crate::endpoints::{Key, PROVIDERS, Provider};
use crate::files::RemoteFiles;
use crate::http::Transport;
use crate::remote::Remote;

/// Where variables are read.
type Variables = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Opens models by name. All share the connections of one transport.
pub struct Providers {
    transport: Transport,
    variables: Variables,
}

/// The model of this name, with the keys and addresses of the environment and a transport of its own.
///
/// ```no_run
/// # fn main() -> ninefold_core::Result<()> {
/// let model = ninefold_llm::open("anthropic/claude-sonnet-4-5")?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`Providers::open`]; `Unavailable` when the system's TLS cannot be used.
pub fn open(name: &str) -> Result<Arc<dyn Model>> {
    Providers::new(Transport::new()?).open(name)
}

/// The names of all providers.
pub fn providers() -> impl Iterator<Item = &'static str> {
    PROVIDERS.iter().map(|provider| provider.name)
}

impl Providers {
    /// Models over this transport, with the keys and addresses of the environment.
    #[must_use]
    pub fn new(transport: Transport) -> Self {
        Self { transport, variables: Box::new(|name| std::env::var(name).ok()) }
    }

    /// Reads keys and addresses from here instead of the environment.
    #[must_use]
    pub fn variables(mut self, variables: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.variables = Box::new(variables);
        self
    }

    /// The model of this name: its provider, a slash, its name there. The key is taken from the provider's usual variable,
    /// such as `ANTHROPIC_API_KEY`; the address from `NINEFOLD_<PROVIDER>_BASE_URL` or the provider's own variable, where one
    /// is set. No connection is opened yet.
    ///
    /// # Errors
    /// `InvalidInput` for a name that names no model, for a provider that is not known, and an address that is none;
    /// `Unavailable` for a key or an address that is missing. Each says what to do.
    pub fn open(&self, name: &str) -> Result<Arc<dyn Model>> {
        let id: ModelId = name.parse()?;
        let Some(provider) = Provider::named(&id.provider) else { return Err(unknown(&id)) };
        let address = self.address(provider, &id)?;
        let id = ModelId::new(provider.name, &id.name);
        let format = provider.speaks.format();
        let mut remote = Remote::builder(id, format, &address, self.transport.clone())?.dialect(provider.dialect);
        if let Some((name, variable, usual)) = provider.query {
            remote = remote.query(name, self.read(variable).as_deref().unwrap_or(usual));
        }
        let found = provider.key_variables.iter().find_map(|name| Some((*name, self.read(name)?)));
        let usual = provider.key_variables.first().copied().unwrap_or_default();
        remote = match found {
            Some((variable, key)) => remote.key(Secret::new(&key), provider.auth)?.key_variable(variable),
            None if provider.key == Key::Needed => return Err(keyless(provider.name, usual)),
            None => remote.key_variable(usual),
        };
        Ok(Arc::new(remote.build()))
    }

    /// The files at this provider: `openai`, `openai-responses` or `anthropic`, with the key and the address that its models
    /// have. For those of a gateway see [`RemoteFiles::named`].
    ///
    /// # Errors
    /// As [`Providers::open`]; `InvalidInput` for a provider whose files are not known.
    pub fn files(&self, provider: &str) -> Result<RemoteFiles> {
        let id = ModelId::new(provider, "files");
        let Some(provider) = Provider::named(provider) else { return Err(unknown(&id)) };
        let (address, transport) = (self.address(provider, &id)?, self.transport.clone());
        let variable = provider.key_variables.first().copied().unwrap_or_default();
        let Some(key) = provider.key_variables.iter().find_map(|name| self.read(name)) else {
            return Err(keyless(provider.name, variable));
        };
        let files = match provider.account {
            "openai" => RemoteFiles::openai(&address, Secret::new(&key), transport)?,
            "anthropic" => RemoteFiles::anthropic(&address, Secret::new(&key), transport)?,
            other => {
                return Err(Error::new(ErrorKind::InvalidInput, format!("how {other} takes files is not known"))
                    .hint("files are known at openai and anthropic; send the bytes with the message elsewhere"));
            }
        };
        Ok(files.named(provider.name))
    }

    /// A variable that is set to something.
    fn read(&self, name: &str) -> Option<String> {
        if name.is_empty() {
            return None;
        }
        (self.variables)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn address(&self, provider: &Provider, id: &ModelId) -> Result<String> {
        let with_model = |address: String| address.replace("{model}", &segment(&id.name));
        if let Some(own) = self.read(&provider.own_variable()) {
            return Ok(with_model(own));
        }
        let usual = match self.read(provider.address_variable) {
            // Ollama's own programs read addresses without a scheme, and the one that means every interface.
            Some(host) if provider.address_variable == "OLLAMA_HOST" => ollama(&host),
            Some(address) => format!("{}{}", address.trim_end_matches('/'), provider.below),
            None => provider.address.to_owned(),
        };
        if usual.is_empty() {
            let what = format!("it is not known where {} is", provider.name);
            let variable = provider.address_variable;
            return Err(Error::new(ErrorKind::Unavailable, what)
                .hint(format!("set {variable} to its address, as in https://NAME.openai.azure.com")));
        }
        Ok(with_model(usual))
    }
}

/// A model's name as one segment of a path.
fn segment(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    name.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// `host`, `host:port`, `0.0.0.0:port` and whole addresses, as Ollama's `OLLAMA_HOST` takes them.
fn ollama(host: &str) -> String {
    let (scheme, rest) = host.split_once("://").unwrap_or(("http", host));
    let rest = rest.trim_end_matches('/');
    let rest = rest.strip_prefix("0.0.0.0").map_or_else(|| rest.to_owned(), |port| format!("127.0.0.1{port}"));
    let has_port = rest.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    if has_port || host.contains("://") || rest.contains('/') {
        format!("{scheme}://{rest}")
    } else {
        format!("{scheme}://{}:11434", rest.trim_end_matches(':'))
    }
}

fn unknown(id: &ModelId) -> Error {
    let known: Vec<&str> = providers().collect();
    Error::new(ErrorKind::InvalidInput, format!("no provider is called {:?}", id.provider.as_str()))
        .hint(format!("the providers known are {}", known.join(", ")))
}

fn keyless(provider: &str, variable: &str) -> Error {
    Error::new(ErrorKind::Unavailable, format!("there is no key for {provider}"))
        .hint(format!("set {variable} to one, as in {variable}=... in the environment"))
}

impl fmt::Debug for Providers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Providers").field("transport", &self.transport).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn providers_with(set: &'static [(&'static str, &'static str)]) -> Providers {
        let value = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Providers::new(Transport::builder().no_proxy().build().unwrap()).variables(value)
    }

    fn address(name: &str, set: &'static [(&'static str, &'static str)]) -> String {
        let id: ModelId = name.parse().unwrap();
        providers_with(set).address(Provider::named(&id.provider).unwrap(), &id).unwrap()
    }

    #[test]
    fn what_is_missing_is_said() {
        let fails = |name: &str| providers_with(&[("GROQ_API_KEY", " ")]).open(name).map(|_| ()).unwrap_err();
        let error = fails("claude");
        assert!(error.to_string().contains("the provider, a slash, the model's name"), "{error}");
        let error = fails("antropic/claude");
        assert_eq!(error.message(), "no provider is called \"antropic\"");
        assert!(error.hint_text().unwrap().contains("openai, openai-responses, anthropic, gemini, ollama"));
        let error = fails("azure/gpt");
        assert!(error.to_string().contains("set AZURE_OPENAI_ENDPOINT"), "{error}");
        if cfg!(feature = "https") {
            let error = fails("groq/llama");
            assert_eq!(
                error.to_string(),
                "there is no key for groq; set GROQ_API_KEY to one, as in GROQ_API_KEY=... in the environment"
            );
        } else {
            assert!(fails("groq/llama").to_string().contains("feature llm-https"));
        }
    }

    #[test]
    fn addresses_are_ours_then_the_providers_then_the_usual() {
        let ours = &[("NINEFOLD_OPENAI_BASE_URL", "http://a/v1"), ("OPENAI_BASE_URL", "http://b/v1")];
        assert_eq!(address("openai/gpt", ours), "http://a/v1");
        assert_eq!(address("openai/gpt", &[("OPENAI_BASE_URL", "http://b/v1")]), "http://b/v1");
        assert_eq!(address("OpenAI/gpt", &[]), "https://api.openai.com/v1");
        assert_eq!(
            address("azure/my gpt/4", &[("AZURE_OPENAI_ENDPOINT", "https://me.openai.azure.com/")]),
            "https://me.openai.azure.com/openai/deployments/my%20gpt%2F4"
        );
        for (host, expected) in [
            ("gpu", "http://gpu:11434"),
            ("gpu:80", "http://gpu:80"),
            ("0.0.0.0", "http://127.0.0.1:11434"),
            ("0.0.0.0:1", "http://127.0.0.1:1"),
            ("https://gpu/", "https://gpu"),
        ] {
            assert_eq!(ollama(host), expected);
        }
    }

    #[test]
    fn a_local_one_needs_no_key() {
        let model = providers_with(&[]).open("ollama/llama3.2:3b").unwrap();
        assert_eq!(model.id().to_string(), "ollama/llama3.2:3b");
        assert_eq!(providers_with(&[]).open("vllm/meta-llama/Llama-3").unwrap().id().name, "meta-llama/Llama-3");
    }
}
