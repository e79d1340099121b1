//! A provider's endpoint for files.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use ninefold_core::{Cx, Result, Timestamp};
use smol_str::SmolStr;

/// A file to be uploaded. Cloning shares its bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct LocalFile {
    /// What it is called; the first upload of its bytes gives it its name at the provider.
    pub name: String,
    /// Its media type, as in `image/png`.
    pub mime: SmolStr,
    /// What is in it.
    pub bytes: Arc<[u8]>,
}

impl LocalFile {
    /// A file of this name, media type and content.
    pub fn new(name: impl Into<String>, mime: impl AsRef<str>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { name: name.into(), mime: SmolStr::new(mime), bytes: bytes.into() }
    }
}

impl fmt::Debug for LocalFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, mime, bytes } = self;
        f.debug_struct("LocalFile").field("name", name).field("mime", mime).field("bytes", &bytes.len()).finish()
    }
}

/// A file at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// The provider's id of it.
    pub id: SmolStr,
    /// From when on the provider no longer has it; none: until it is deleted there.
    pub expires: Option<Timestamp>,
}

/// A provider's endpoint for files. Dropping a future ends its call.
#[async_trait]
pub trait Uploads: Send + Sync {
    /// The provider's name, as in [`ninefold_core::ModelId`].
    fn provider(&self) -> &str;

    /// Uploads a file.
    ///
    /// # Errors
    /// Whatever kept it from being there, by class.
    async fn upload(&self, file: &LocalFile, purpose: &str, cx: &Cx) -> Result<Remote>;

    /// Whether the file with this id is there.
    ///
    /// # Errors
    /// When that could not be found out.
    async fn exists(&self, id: &str, cx: &Cx) -> Result<bool>;

    /// Deletes the file with this id. That it is gone already is no error, or is one of the class `NotFound`.
    ///
    /// # Errors
    /// When it may still be there.
    async fn delete(&self, id: &str, cx: &Cx) -> Result<()>;
}

#[async_trait]
impl<U: Uploads + ?Sized> Uploads for Arc<U> {
    fn provider(&self) -> &str {
        (**self).provider()
    }

    async fn upload(&self, file: &LocalFile, purpose: &str, cx: &Cx) -> Result<Remote> {
        (**self).upload(file, purpose, cx).await
    }

    async fn exists(&self, id: &str, cx: &Cx) -> Result<bool> {
        (**self).exists(id, cx).await
    }

    async fn delete(&self, id: &str, cx: &Cx) -> Result<()> {
        (**self).delete(id, cx).await
    }
}
