//! The endpoints for files of `OpenAI` and Anthropic, by their published API references (looked up in November 2026): `POST`
//! of a form, `GET` and `DELETE` by id.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ninefold_core::secret::Secret;
use ninefold_core::{Cx, Error, ErrorKind, Result, Timestamp};
use reqwest::Method;
use serde::Deserialize;
use smol_str::SmolStr;

use super::multipart::form;
use super::{LocalFile, Remote, Uploads};
use crate::http::{Auth, Request, Server, Transport};
use crate::wire::{Anthropic, Format, OpenAiChat};

/// The purpose that is named where none is: files of any kind, for prompts.
const ANY_PURPOSE: &str = "user_data";
/// The shortest and the longest life that `OpenAI` gives a file.
const LIVES: (Duration, Duration) = (Duration::from_secs(3_600), Duration::from_secs(2_592_000));

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    OpenAi,
    Anthropic,
}

/// Files at a provider, over HTTP. Each call is made once: a failed upload is told, and not repeated.
pub struct RemoteFiles {
    kind: Kind,
    /// The provider, as in the names of its models.
    name: SmolStr,
    server: Arc<Server>,
    transport: Transport,
    lives: Option<Duration>,
}

impl RemoteFiles {
    /// Files at `OpenAI`, or at who speaks as it does. The address is that of its models, as in `https://api.openai.com/v1`.
    /// A file without a purpose is uploaded as `user_data`.
    ///
    /// # Errors
    /// `InvalidInput` for an address or a key that is none.
    pub fn openai(address: &str, key: Secret, transport: Transport) -> Result<Self> {
        Self::new(Kind::OpenAi, "openai", address, (key, Auth::Bearer), transport)
    }

    /// Files at Anthropic, or at who speaks as it does. The address is that of its models, as in `https://api.anthropic.com`.
    /// Anthropic asks for no purpose.
    ///
    /// # Errors
    /// `InvalidInput` for an address or a key that is none.
    pub fn anthropic(address: &str, key: Secret, transport: Transport) -> Result<Self> {
        Self::new(Kind::Anthropic, "anthropic", address, (key, Auth::Header("x-api-key")), transport)
    }

    fn new(kind: Kind, name: &str, address: &str, (key, auth): (Secret, Auth), transport: Transport) -> Result<Self> {
        let mut server = Server::new(name, address)?;
        server.key(key, auth)?;
        Ok(Self { kind, name: SmolStr::new(name), server: Arc::new(server), transport, lives: None })
    }

    /// Names the provider, as it stands before the slash of a model's name: models of that provider take these files. For a
    /// gateway that speaks as another provider does, as in `RemoteFiles::openai(..)` with `litellm`.
    #[must_use]
    pub fn named(mut self, provider: impl AsRef<str>) -> Self {
        self.name = SmolStr::new(provider);
        self
    }

    /// Lets files expire by themselves after this time, between an hour and 30 days, where the provider can (`OpenAI`).
    #[must_use]
    pub fn expire_after(mut self, time: Duration) -> Self {
        self.lives = Some(time.clamp(LIVES.0, LIVES.1));
        self
    }

    async fn exchange(
        &self,
        method: Method,
        below: &str,
        content: Option<(String, Vec<u8>)>,
        cx: &Cx,
    ) -> Result<Vec<u8>> {
        let (path, headers, format): (_, _, &dyn Format) = match self.kind {
            Kind::OpenAi => (format!("/files{below}"), Vec::new(), &OpenAiChat),
            Kind::Anthropic => (
                format!("/v1/files{below}"),
                vec![("anthropic-version", "2023-06-01"), ("anthropic-beta", "files-api-2025-04-14")],
                &Anthropic,
            ),
        };
        let request = Request { method, path, headers, content, about: "files" };
        self.transport.exchange(&self.server, format, request, cx).await
    }
}

/// What both tell of a file. Anthropic's files do not expire.
#[derive(Deserialize)]
struct Told {
    id: String,
    /// In seconds since the Unix epoch.
    #[serde(default)]
    expires_at: Option<i64>,
}

/// The path below the files of one of them.
///
/// # Errors
/// `InvalidInput` for an id that could lead elsewhere.
fn below(id: &str) -> Result<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if id.is_empty() || id.len() > 256 || !id.bytes().all(plain) {
        return Err(Error::new(ErrorKind::InvalidInput, format!("{id:?} is no id of a file")));
    }
    Ok(format!("/{id}"))
}

#[async_trait]
impl Uploads for RemoteFiles {
    fn provider(&self) -> &str {
        &self.name
    }

    async fn upload(&self, file: &LocalFile, purpose: &str, cx: &Cx) -> Result<Remote> {
        let mut fields = Vec::new();
        if self.kind == Kind::OpenAi {
            let purpose = if purpose.is_empty() { ANY_PURPOSE } else { purpose };
            if !purpose.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
                return Err(Error::new(ErrorKind::InvalidInput, format!("{purpose:?} is no purpose of a file"))
                    .hint("OpenAI knows user_data, vision, assistants, batch, fine-tune and evals"));
            }
            fields.push(("purpose", purpose.to_owned()));
            if let Some(lives) = self.lives {
                fields.push(("expires_after[anchor]", "created_at".to_owned()));
                fields.push(("expires_after[seconds]", lives.as_secs().to_string()));
            }
        }
        let body = self.exchange(Method::POST, "", Some(form(&fields, file)), cx).await?;
        let malformed = |what: &str| {
            Error::new(ErrorKind::MalformedReply, format!("{} took the file and answered {what}", self.provider()))
        };
        let told: Told = serde_json::from_slice(&body).map_err(|_| malformed("what names no file"))?;
        below(&told.id).map_err(|_| malformed("with an id that is none"))?;
        let expires = told.expires_at.map(|seconds| Timestamp(seconds.saturating_mul(1_000_000)));
        Ok(Remote { id: told.id.into(), expires })
    }

    async fn exists(&self, id: &str, cx: &Cx) -> Result<bool> {
        match self.exchange(Method::GET, &below(id)?, None, cx).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn delete(&self, id: &str, cx: &Cx) -> Result<()> {
        self.exchange(Method::DELETE, &below(id)?, None, cx).await.map(|_| ())
    }
}

impl fmt::Debug for RemoteFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteFiles").field("server", &self.server).finish_non_exhaustive()
    }
}
