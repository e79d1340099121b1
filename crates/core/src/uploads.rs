//! Which files are at which provider, and who needs them there. Kept beyond the process, so that a file is uploaded once and
//! taken away when nobody needs it any more.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::cache_key::Key;
use crate::clock::Timestamp;
use crate::error::Result;

/// What an upload is found by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UploadKey {
    /// The provider.
    pub provider: SmolStr,
    /// What it is for, in the provider's words; empty where the provider does not ask.
    pub purpose: SmolStr,
    /// The hash of its bytes.
    pub content: Key,
}

/// A file at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// What it is found by.
    pub key: UploadKey,
    /// The provider's id of it.
    pub id: SmolStr,
    /// What it was called when it was uploaded.
    pub name: String,
    /// Its media type.
    pub mime: SmolStr,
    /// How many bytes it has.
    pub bytes: u64,
    /// From when on the provider no longer has it; none: until it is deleted there.
    pub expires: Option<Timestamp>,
    /// When it was last known to be there.
    pub checked: Timestamp,
}

/// Keeps uploads and who holds them. A holder is a name that the host gives: a session, a document. Every call is one
/// transaction. Every implementation passes `ninefold_testkit::uploads_suite`.
#[async_trait]
pub trait UploadRecords: Send + Sync {
    /// The upload under this key, which `holder` holds from now on. Whether it is still at the provider is not known here.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn hold(&self, key: &UploadKey, holder: &str) -> Result<Option<Upload>>;

    /// Notes an upload that `holder` holds. It takes the place, and the holders, of the one with the id `replaces`, which is
    /// condemned. Where another upload stands under the key, that one stays and the new one is condemned. Returns the one
    /// that stands.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn put(&self, upload: Upload, replaces: Option<&str>, holder: &str) -> Result<Upload>;

    /// Notes that the upload with this id was at the provider at this time. One that is not known is left alone.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn checked(&self, provider: &str, id: &str, at: Timestamp) -> Result<()>;

    /// The holder needs nothing any more; returns how many uploads it held.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn release(&self, holder: &str) -> Result<u64>;

    /// Condemns what nobody holds at this provider: it is not found any more. Returns up to `limit` condemned uploads, those
    /// of earlier calls included, to be deleted at the provider and then forgotten.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn condemn(&self, provider: &str, limit: usize) -> Result<Vec<Upload>>;

    /// Forgets a condemned upload. One that is not condemned is left alone.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn forget(&self, provider: &str, id: &str) -> Result<()>;
}
