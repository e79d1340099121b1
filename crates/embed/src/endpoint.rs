//! Any server that speaks as the embeddings endpoint of `OpenAI` does: that one, Ollama, `vLLM`, llama.cpp, `LiteLLM` and
//! others.

mod failure;
mod reply;

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use ninefold_core::secret::Secret;
use ninefold_core::{Embedded, Embedder, Error, ErrorKind, ModelId, Purpose, Result, Usage, span};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Client, Url, redirect};

use failure::Failures;

/// How much an [`Endpoint`] asks for at once, and how long it waits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The most texts of one request: 32.
    pub texts: usize,
    /// The most bytes of all texts of one request: 256 KiB. A text that is longer alone goes alone.
    pub bytes: usize,
    /// The most bytes of a text: 16 KiB, about 4,000 tokens. What lies behind is cut off.
    pub text_bytes: usize,
    /// The most requests under way for one call: 4.
    pub at_once: usize,
    /// The most bytes of a reply: 32 MiB.
    pub reply_bytes: usize,
    /// How often a request is sent, if what befalls it may pass: 4 times.
    pub attempts: u32,
    /// How long one attempt may take: 60 s.
    pub attempt: Duration,
    /// The longest pause before the next attempt: 30 s. A server that asks for a longer one ends the call.
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            texts: 32,
            bytes: 256 << 10,
            text_bytes: 16 << 10,
            at_once: 4,
            reply_bytes: 32 << 20,
            attempts: 4,
            attempt: Duration::from_secs(60),
            pause: Duration::from_secs(30),
        }
    }
}

/// An embedding model behind an endpoint. Texts that are empty or white space are not sent; their vector is zero.
pub struct Endpoint {
    model: ModelId,
    /// The model's name as the server knows it.
    name: String,
    address: Url,
    client: Client,
    key: Option<HeaderValue>,
    asked_dimensions: Option<usize>,
    /// The length of all vectors, once one has come.
    dimensions: OnceLock<usize>,
    base64: bool,
    failures: Failures,
    limits: Limits,
}

impl Endpoint {
    /// The model `model` at an address up to and with `/v1`, such as `http://localhost:11434/v1`.
    ///
    /// # Errors
    /// `InvalidInput` for an address that is none, or whose scheme this build does not speak.
    pub fn new(address: &str, model: &str) -> Result<Self> {
        let refuse =
            |what: &str, hint: &str| Err(Error::new(ErrorKind::InvalidInput, what.to_owned()).hint(hint.to_owned()));
        // The text is not repeated: it may hold a password.
        let Ok(mut url) = Url::parse(address) else {
            return refuse("the endpoint's address is no URL", "write it like http://localhost:11434/v1");
        };
        match url.scheme() {
            "http" => {}
            "https" if cfg!(feature = "https") => {}
            "https" => return refuse("this build holds no TLS", "build it with the feature embed-https"),
            _ => return refuse("the endpoint's address is not of the web", "write it like http://localhost:11434/v1"),
        }
        let provider = match url.host_str() {
            Some("api.openai.com") => "openai".to_owned(),
            // Two servers on one host may know different models by one name.
            Some(host) => {
                let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
                let path = url.path().trim_end_matches('/');
                format!("{host}{port}{}", path.strip_suffix("/v1").unwrap_or(path))
            }
            None => return refuse("the endpoint's address names no host", "write it like http://localhost:11434/v1"),
        };
        let path = format!("{}/embeddings", url.path().trim_end_matches('/'));
        url.set_path(&path);
        let client = Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .redirect(redirect::Policy::none())
            .user_agent(concat!("ninefold/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Error::new(ErrorKind::Unavailable, "no HTTP client can be made").caused_by(error))?;
        Ok(Self {
            model: ModelId::new(provider, model),
            name: model.to_owned(),
            failures: Failures::new(&url),
            address: url,
            client,
            key: None,
            asked_dimensions: None,
            dimensions: OnceLock::new(),
            base64: false,
            limits: Limits::default(),
        })
    }

    /// Sends this key along. It is shown nowhere.
    ///
    /// # Errors
    /// `InvalidInput` for a key that cannot stand in a header.
    pub fn key(mut self, key: &str) -> Result<Self> {
        let key = Secret::new(key);
        let mut header = HeaderValue::from_str(&format!("Bearer {}", key.expose())).map_err(|_| {
            Error::new(ErrorKind::InvalidInput, "the endpoint's key holds characters that no key has")
                .hint("look for line breaks and quotes in it")
        })?;
        header.set_sensitive(true);
        self.failures.hide(key);
        self.key = Some(header);
        Ok(self)
    }

    /// Asks for vectors of this many numbers, of models that can shorten theirs. It is part of the model's identity.
    #[must_use]
    pub fn dimensions(mut self, dimensions: usize) -> Self {
        self.asked_dimensions = Some(dimensions);
        self.model.name = format!("{}@{dimensions}", self.name).into();
        self
    }

    /// Asks for vectors in base64, which are a third as long on the way. What a server answers is read in either form.
    #[must_use]
    pub fn base64(mut self) -> Self {
        self.base64 = true;
        self
    }

    /// Changes how much is asked for at once, and how long is waited.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The vectors of a batch and the tokens they took. What is refused whatever the text is no fault of the texts.
    async fn request(&self, texts: &[&str]) -> Result<(Vec<Vec<f32>>, Usage)> {
        let error = match self.attempts(texts).await {
            Err(error) if error.kind() == ErrorKind::InvalidInput => error,
            outcome => return outcome,
        };
        match self.attempts(&[PROBE]).await {
            Err(refused) if refused.kind() == ErrorKind::InvalidInput => Err(self.failures.whatever(&refused)),
            _ => Err(error),
        }
    }

    /// The same after as many attempts as are allowed.
    async fn attempts(&self, texts: &[&str]) -> Result<(Vec<Vec<f32>>, Usage)> {
        let mut attempt = 1;
        loop {
            let timed = tokio::time::timeout(self.limits.attempt, self.attempt(texts)).await;
            let error = match timed.unwrap_or_else(|_| Err(self.failures.too_slow(self.limits.attempt))) {
                Ok(made) => return Ok(made),
                Err(error) => error,
            };
            let pause = error.retry_after().unwrap_or_else(|| back_off(attempt).min(self.limits.pause));
            if !error.is_transient() || attempt >= self.limits.attempts || pause > self.limits.pause {
                return Err(error);
            }
            let span = span::backoff();
            let mut sleep = Box::pin(tokio::time::sleep(pause));
            std::future::poll_fn(|context| span.in_scope(|| sleep.poll_unpin(context))).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, texts: &[&str]) -> Result<(Vec<Vec<f32>>, Usage)> {
        let mut body = serde_json::json!({
            "model": self.name,
            "input": texts,
            "encoding_format": if self.base64 { "base64" } else { "float" },
        });
        if let (Some(dimensions), Some(body)) = (self.asked_dimensions, body.as_object_mut()) {
            body.insert("dimensions".to_owned(), dimensions.into());
        }
        let mut request = self.client.post(self.address.clone());
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, key.clone());
        }
        let request = request.header("content-type", "application/json").body(body.to_string());
        let mut response = request.send().await.map_err(|error| self.failures.of_sending(error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failures.of_sending(error))? {
            if bytes.len() + chunk.len() > self.limits.reply_bytes {
                return Err(self.failures.malformed(&format!("it is larger than {} bytes", self.limits.reply_bytes)));
            }
            bytes.extend_from_slice(&chunk);
        }
        if !status.is_success() {
            return Err(self.failures.of_status(status, &headers, &bytes));
        }
        let (vectors, usage) = reply::read(&bytes, texts.len()).map_err(|what| self.failures.malformed(&what))?;
        let came = vectors.first().map_or(0, Vec::len);
        let known = *self.dimensions.get_or_init(|| came);
        let expected = self.asked_dimensions.unwrap_or(known);
        if came != expected {
            return Err(self.failures.malformed(&format!("its vectors have {came} numbers instead of {expected}")));
        }
        Ok((vectors, usage))
    }
}

/// What every model embeds.
const PROBE: &str = "a";

/// A quarter of a second, doubled with every attempt, and up to half as much again by chance, so that callers who failed
/// together do not come back together.
fn back_off(attempt: u32) -> Duration {
    let pause = Duration::from_millis(250).saturating_mul(1 << attempt.saturating_sub(1).min(16));
    pause.mul_f64(1.0 + fastrand::f64() / 2.0)
}

/// Cuts texts into batches within the limits.
fn batches<'a>(texts: &[&'a str], limits: &Limits) -> Vec<Vec<&'a str>> {
    let mut batches: Vec<Vec<&str>> = Vec::new();
    let mut bytes = 0;
    for text in texts {
        bytes += text.len();
        match batches.last_mut() {
            Some(batch) if batch.len() < limits.texts && bytes <= limits.bytes => batch.push(text),
            _ => {
                bytes = text.len();
                batches.push(vec![text]);
            }
        }
    }
    batches
}

#[async_trait]
impl Embedder for Endpoint {
    fn model(&self) -> &ModelId {
        &self.model
    }

    async fn embed(&self, texts: &[String], _: Purpose) -> Result<Embedded> {
        let cut = |text: &String| text.floor_char_boundary(self.limits.text_bytes);
        let sent: Vec<&str> =
            texts.iter().filter_map(|text| text.get(..cut(text))).filter(|text| !text.trim().is_empty()).collect();
        let batches = batches(&sent, &self.limits);
        let requests: Vec<_> = batches.iter().map(|batch| self.request(batch).boxed()).collect();
        let answers: Vec<(Vec<Vec<f32>>, Usage)> =
            stream::iter(requests).buffered(self.limits.at_once.max(1)).try_collect().await?;
        let mut usage = Usage::default();
        let mut made = Vec::with_capacity(sent.len());
        for (vectors, used) in answers {
            usage += used;
            made.extend(vectors);
        }
        let mut made = made.into_iter();
        let nothing = vec![0.0; self.dimensions.get().copied().or(self.asked_dimensions).unwrap_or_default()];
        let vector = |text: &String| match text.get(..cut(text)) {
            Some(text) if !text.trim().is_empty() => made.next().unwrap_or_default(),
            _ => nothing.clone(),
        };
        Ok(Embedded { vectors: texts.iter().map(vector).collect(), usage })
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key.as_ref().map(|_| "hidden");
        f.debug_struct("Endpoint")
            .field("model", &self.model)
            .field("key", &key)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_holds_what_fits() {
        let limits = Limits { texts: 3, bytes: 10, ..Limits::default() };
        let texts = ["12345", "12345", "1", "a text of twenty-one.", "1", "2", "3", "4"];
        let cut: Vec<usize> = batches(&texts, &limits).iter().map(Vec::len).collect();
        assert_eq!(cut, [2, 1, 1, 3, 1]);
        assert!(batches(&[], &limits).is_empty());
    }

    #[test]
    fn pauses_double_and_differ() {
        for attempt in 1..40 {
            let least = Duration::from_millis(250 << (attempt - 1).min(16));
            assert!((least..=least * 3 / 2).contains(&back_off(attempt)));
        }
    }
}
