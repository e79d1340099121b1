//! Files at providers: uploaded once, found again, and taken away when nobody needs them.
//!
//! [`Files`] stands between a host and a provider's endpoint for files ([`Uploads`]). A file is known by its bytes, the
//! provider and the purpose: the same again costs a look into the records (`UploadRecords` of the core, in memory or in
//! SQLite) and no call. What the provider lets expire is uploaded anew; what was not looked at for a while is asked for first.
//! [`Uploads`] over HTTP is `RemoteFiles` (feature `http`), for `OpenAI` and Anthropic and those who speak as they do.
//! Who uploads names a holder (a session, a document); when its last holder releases a file, it is deleted at the provider.

mod flight;
#[cfg(feature = "http")]
mod multipart;
#[cfg(feature = "http")]
mod remote;
mod store;
mod uploads;

#[cfg(feature = "http")]
pub use remote::RemoteFiles;
pub use store::{Cleaned, Files};
pub use uploads::{LocalFile, Remote, Uploads};
