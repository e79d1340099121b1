//! Which files are at which provider, in the process's memory.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ninefold_core::uploads::{Upload, UploadKey, UploadRecords};
use ninefold_core::{Result, Timestamp};

/// Records of uploads in memory; they live as long as the value, the files at the provider do not end with them.
#[derive(Debug, Default)]
pub struct MemoryUploads(Mutex<Vec<Held>>);

#[derive(Debug)]
struct Held {
    upload: Upload,
    holders: BTreeSet<String>,
    condemned: bool,
}

impl MemoryUploads {
    /// No uploads.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    // No change is left half made when a thread panics, so a poisoned lock is as good as another.
    fn lock(&self) -> MutexGuard<'_, Vec<Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn standing<'a>(uploads: &'a mut [Held], key: &UploadKey) -> Option<&'a mut Held> {
    uploads.iter_mut().find(|held| !held.condemned && held.upload.key == *key)
}

/// Writes an upload in the place of one with the same id, if there is one.
fn write(uploads: &mut Vec<Held>, upload: Upload, holders: BTreeSet<String>, condemned: bool) {
    let same = |held: &&mut Held| held.upload.key.provider == upload.key.provider && held.upload.id == upload.id;
    match uploads.iter_mut().find(same) {
        Some(held) => {
            held.holders.extend(holders);
            (held.upload, held.condemned) = (upload, condemned);
        }
        None => uploads.push(Held { upload, holders, condemned }),
    }
}

#[async_trait]
impl UploadRecords for MemoryUploads {
    async fn hold(&self, key: &UploadKey, holder: &str) -> Result<Option<Upload>> {
        let mut uploads = self.lock();
        Ok(standing(&mut uploads, key).map(|held| {
            if !held.holders.contains(holder) {
                held.holders.insert(holder.to_owned());
            }
            held.upload.clone()
        }))
    }

    async fn put(&self, upload: Upload, replaces: Option<&str>, holder: &str) -> Result<Upload> {
        let mut uploads = self.lock();
        let mut holders = BTreeSet::from([holder.to_owned()]);
        match standing(&mut uploads, &upload.key) {
            Some(held) if held.upload.id != upload.id => {
                if replaces == Some(held.upload.id.as_str()) {
                    held.condemned = true;
                    holders.append(&mut held.holders);
                } else {
                    held.holders.append(&mut holders);
                    let stands = held.upload.clone();
                    write(&mut uploads, upload, BTreeSet::new(), true);
                    return Ok(stands);
                }
            }
            _ => {}
        }
        write(&mut uploads, upload.clone(), holders, false);
        Ok(upload)
    }

    async fn checked(&self, provider: &str, id: &str, at: Timestamp) -> Result<()> {
        let mut uploads = self.lock();
        let known = uploads.iter_mut().find(|held| held.upload.key.provider == provider && held.upload.id == id);
        if let Some(held) = known {
            held.upload.checked = at;
        }
        Ok(())
    }

    async fn release(&self, holder: &str) -> Result<u64> {
        let held = self.lock().iter_mut().map(|held| u64::from(held.holders.remove(holder))).sum();
        Ok(held)
    }

    async fn condemn(&self, provider: &str, limit: usize) -> Result<Vec<Upload>> {
        let mut uploads = self.lock();
        let theirs = uploads.iter_mut().filter(|held| held.upload.key.provider == provider);
        let condemned = theirs.filter_map(|held| {
            held.condemned |= held.holders.is_empty();
            held.condemned.then(|| held.upload.clone())
        });
        // All are condemned, whatever the limit.
        let condemned: Vec<Upload> = condemned.collect();
        Ok(condemned.into_iter().take(limit).collect())
    }

    async fn forget(&self, provider: &str, id: &str) -> Result<()> {
        self.lock().retain(|held| !held.condemned || held.upload.key.provider != provider || held.upload.id != id);
        Ok(())
    }
}
