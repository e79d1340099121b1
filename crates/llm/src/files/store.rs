//! Files uploaded once, and taken away when nobody needs them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use ninefold_core::model::{Media, MediaSource};
use ninefold_core::uploads::{Upload, UploadKey, UploadRecords};
use ninefold_core::{Cx, Error, ErrorKind, Key, Result, Timestamp};
use smol_str::SmolStr;

use super::flight::Flights;
use super::uploads::{LocalFile, Remote, Uploads};

/// Files of more bytes are hashed beside the runtime.
const HASHED_HERE: usize = 256 * 1024;
/// A file that expires so soon is uploaded anew: it is still to be used.
const MARGIN: Duration = Duration::from_secs(300);
/// The most files that one clean-up deletes.
const CLEANED: usize = 1_000;

/// The files of one provider.
pub struct Files {
    provider: Arc<dyn Uploads>,
    records: Arc<dyn UploadRecords>,
    flights: Flights,
    parallel: usize,
    recheck: Duration,
    limit: Duration,
}

/// What a clean-up did.
#[derive(Debug, Default)]
pub struct Cleaned {
    /// How many files were deleted at the provider.
    pub deleted: u64,
    /// The ids of those that could not be deleted, and why. The next clean-up tries again.
    pub failed: Vec<(SmolStr, Error)>,
}

impl Files {
    /// The files at this provider, as these records know them. Eight calls at once, 120 s each; what was not looked at for an
    /// hour is asked for before it is used.
    pub fn new(provider: impl Uploads + 'static, records: Arc<dyn UploadRecords>) -> Self {
        let (recheck, limit) = (Duration::from_secs(3_600), Duration::from_secs(120));
        Self { provider: Arc::new(provider), records, flights: Flights::default(), parallel: 8, recheck, limit }
    }

    /// How many calls of the provider are made at once for one list of files; at least one.
    #[must_use]
    pub fn parallel(mut self, calls: usize) -> Self {
        self.parallel = calls.max(1);
        self
    }

    /// How long a file counts as being there without being asked for.
    #[must_use]
    pub fn recheck_after(mut self, time: Duration) -> Self {
        self.recheck = time;
        self
    }

    /// How long one call of the provider may take; one that takes longer fails as `Transient`.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sees to it that these files are at the provider, held by `holder`, each uploaded only when it is not there. The
    /// outcomes are in the order of the files; a failure is that of one file. What several callers want uploaded at once is
    /// uploaded once.
    pub async fn upload(&self, files: &[LocalFile], purpose: &str, holder: &str, cx: &Cx) -> Vec<Result<Media>> {
        let mut work: Vec<BoxFuture<'_, (usize, Result<Media>)>> = Vec::with_capacity(files.len());
        for (n, file) in files.iter().enumerate() {
            work.push(Box::pin(async move { (n, cx.within_bounds(self.one(file, purpose, holder, cx)).await) }));
        }
        let mut outcomes: Vec<_> =
            futures_util::stream::iter(work).buffer_unordered(self.parallel).collect::<Vec<_>>().await;
        outcomes.sort_unstable_by_key(|(n, _)| *n);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }

    async fn one(&self, file: &LocalFile, purpose: &str, holder: &str, cx: &Cx) -> Result<Media> {
        let content = hash(&file.bytes).await?;
        let key =
            UploadKey { provider: SmolStr::new(self.provider.provider()), purpose: SmolStr::new(purpose), content };
        if let Some(upload) = self.records.hold(&key, holder).await?
            && self.is_fresh(&upload, cx.now())
        {
            return Ok(media(file, &upload));
        }
        let flight = self.flights.join(&key);
        let mut turn = flight.turn().await;
        if let Some(error) = &*turn {
            return Err(error.clone());
        }
        let outcome = self.bring(file, key, holder, cx).await;
        if let Err(error) = &outcome
            // Others have runs of their own.
            && !error.ends_run()
        {
            flight.shut();
            *turn = Some(error.clone());
        }
        outcome
    }

    /// Looks again, asks the provider when need be, and uploads when it does not have the file.
    async fn bring(&self, file: &LocalFile, key: UploadKey, holder: &str, cx: &Cx) -> Result<Media> {
        let known = self.records.hold(&key, holder).await?;
        if let Some(upload) = &known {
            if self.is_fresh(upload, cx.now()) {
                return Ok(media(file, upload));
            }
            if !expires_soon(upload, cx.now())
                && limited(self.limit, self.provider.exists(&upload.id, cx))
                    .await
                    .map_err(|error| about(file, error))?
            {
                self.records.checked(&key.provider, &upload.id, cx.now()).await?;
                return Ok(media(file, upload));
            }
        }
        let uploaded = limited(self.limit, self.provider.upload(file, &key.purpose, cx)).await;
        let Remote { id, expires } = uploaded.map_err(|error| about(file, error))?;
        let upload = Upload {
            key,
            id,
            name: file.name.clone(),
            mime: file.mime.clone(),
            bytes: file.bytes.len() as u64,
            expires,
            checked: cx.now(),
        };
        let replaces = known.as_ref().map(|known| known.id.as_str());
        Ok(media(file, &self.records.put(upload, replaces, holder).await?))
    }

    /// Whether it can be used without asking.
    fn is_fresh(&self, upload: &Upload, now: Timestamp) -> bool {
        // A clock that was set back says nothing of how long ago that was.
        let age = now.0.checked_sub(upload.checked.0).and_then(|age| u64::try_from(age).ok());
        !expires_soon(upload, now) && age.is_some_and(|age| Duration::from_micros(age) < self.recheck)
    }

    /// The holder needs its files no more: those that nobody else holds are deleted at the provider.
    ///
    /// # Errors
    /// Those of the records, and the run's own end. Files that could not be deleted are in the outcome.
    pub async fn release(&self, holder: &str, cx: &Cx) -> Result<Cleaned> {
        self.records.release(holder).await?;
        self.clean(cx).await
    }

    /// Deletes at the provider what nobody holds, and what an earlier clean-up left: up to 1,000 files.
    ///
    /// # Errors
    /// As [`Files::release`].
    pub async fn clean(&self, cx: &Cx) -> Result<Cleaned> {
        cx.within_bounds(async {
            let provider = self.provider.provider();
            let condemned = self.records.condemn(provider, CLEANED).await?;
            let mut work: Vec<BoxFuture<'_, (SmolStr, Result<()>)>> = Vec::with_capacity(condemned.len());
            for Upload { id, .. } in condemned {
                work.push(Box::pin(async move {
                    let deleted = match limited(self.limit, self.provider.delete(&id, cx)).await {
                        // It is not there, which is what is wanted.
                        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                        deleted => deleted,
                    };
                    let done = match deleted {
                        Ok(()) => self.records.forget(provider, &id).await,
                        failed => failed,
                    };
                    (id, done)
                }));
            }
            let mut cleaned = Cleaned::default();
            let mut running = futures_util::stream::iter(work).buffer_unordered(self.parallel);
            while let Some((id, done)) = running.next().await {
                match done {
                    Ok(()) => cleaned.deleted += 1,
                    Err(error) => cleaned.failed.push((id, error)),
                }
            }
            Ok(cleaned)
        })
        .await
    }
}

/// Waits for one call of the provider. That it took too long says nothing of the caller's run, which may go on.
async fn limited<T>(limit: Duration, call: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(limit, call).await.unwrap_or_else(|_| {
        let what = format!("it took longer than its limit of {limit:?}");
        Err(Error::new(ErrorKind::Transient, what).hint("try again, or raise Files::limit"))
    })
}

/// Whether it is gone, or too soon will be.
fn expires_soon(upload: &Upload, now: Timestamp) -> bool {
    let margin = i64::try_from(MARGIN.as_micros()).unwrap_or(i64::MAX);
    upload.expires.is_some_and(|expires| expires.0 <= now.0.saturating_add(margin))
}

/// The hash of a file's content; that of a large file is computed beside the runtime.
async fn hash(bytes: &Arc<[u8]>) -> Result<Key> {
    if bytes.len() <= HASHED_HERE {
        return Ok(Key::of_bytes(bytes));
    }
    let shared = Arc::clone(bytes);
    tokio::task::spawn_blocking(move || Key::of_bytes(&shared)).await.map_err(|error| {
        Error::new(ErrorKind::Unavailable, "the hash of a file could not be computed").caused_by(error)
    })
}

fn media(file: &LocalFile, upload: &Upload) -> Media {
    let source = MediaSource::Uploaded { provider: upload.key.provider.clone(), id: upload.id.clone() };
    Media { mime: file.mime.clone(), name: Some(file.name.clone()), source }
}

/// The error with the file's name; its class and what the server said stay.
fn about(file: &LocalFile, error: Error) -> Error {
    let name: String = file.name.chars().take(100).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    let mut told = Error::new(error.kind(), format!("{name} could not be uploaded: {}", error.message()));
    if let Some(hint) = error.hint_text() {
        told = told.hint(hint);
    }
    if let Some(status) = error.status() {
        told = told.with_status(status);
    }
    if let Some(wait) = error.retry_after() {
        told = told.with_retry_after(wait);
    }
    if let Some(wire) = error.wire() {
        told = told.with_wire(wire.clone());
    }
    told.caused_by(error)
}
