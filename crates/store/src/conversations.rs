//! A log of what was asked and answered, for people and for later study: a file of JSON lines for each conversation.
//!
//! Whoever writes never waits: entries go through a queue of fixed length to a thread that owns the files. What finds the queue
//! full, or the disk, is dropped and counted; the next entry that is written says how many were lost before it
//! (`"lost"`), and so does [`ConversationLog::lost`].
//!
//! Files are only ever appended to, one whole line a write. A process that is killed loses what was queued; a line that it
//! left unfinished is closed by the next writer with a line break, so that readers skip one line and no more. A file that
//! would grow past its limit becomes `NAME.1.jsonl`, in place of the one before; of the conversations beyond their limit
//! the one longest untouched is removed. Files and folder are the owner's alone, and what looks like a key is not written
//! ([`ninefold_core::secret::redact`]).

mod file;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use ninefold_core::secret::redact;
use ninefold_core::{Answer, Error, ErrorKind, Form, Result, RunId, SessionId, Timestamp};
use serde::{Deserialize, Serialize};

use file::{Folder, Limits};

/// How long [`ConversationLog::flush`] waits for what is queued.
const PATIENCE: Duration = Duration::from_secs(2);
/// The most bytes of one text in an entry; what is longer is cut there.
const MAX_TEXT: usize = 256 * 1024;

/// Where conversations are logged, and within which bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationOptions {
    /// The folder; it is made when it is not there.
    pub directory: PathBuf,
    /// The most bytes of a file, of which a conversation has two at most.
    pub max_bytes: u64,
    /// The most conversations that are kept.
    pub max_conversations: usize,
    /// The most entries that wait to be written.
    pub queue: usize,
}

impl<T: Into<PathBuf>> From<T> for ConversationOptions {
    /// Files of 8 MiB, 1,000 conversations, 256 entries waiting.
    fn from(directory: T) -> Self {
        Self { directory: directory.into(), max_bytes: 8 * 1024 * 1024, max_conversations: 1_000, queue: 256 }
    }
}

/// One question and what came of it: a line of the log. Its fields are the log's format; fields may be added.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConversationEntry {
    /// When it was answered: microseconds since the epoch.
    pub at: i64,
    /// The conversation; none for a question that belongs to none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<SessionId>,
    /// The run; none where a run failed before it had an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// What was asked.
    pub question: String,
    /// What was answered; none when the run failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// What the marks in the answer refer to, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<String>,
    /// What was done with less than asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// How far the answer can be trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f32>,
    /// Why there is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How many entries were lost since the last one that was written.
    #[serde(skip_serializing_if = "is_none_lost")]
    pub lost: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_none_lost(lost: &u64) -> bool {
    *lost == 0
}

impl ConversationEntry {
    /// The entry of a question that was answered.
    pub fn answered<P>(at: Timestamp, conversation: Option<SessionId>, question: String, answer: &Answer<P>) -> Self {
        Self {
            at: at.0,
            conversation,
            run: Some(answer.run),
            question,
            answer: Some(answer.text.clone()),
            marks: answer.marks().map(|mark| mark.to_string()).collect(),
            notes: answer.notes(Form::Normal),
            confidence: Some(answer.confidence),
            ..Self::default()
        }
    }

    /// The entry of a question whose run failed.
    #[must_use]
    pub fn failed(at: Timestamp, conversation: Option<SessionId>, question: String, error: &Error) -> Self {
        Self { at: at.0, conversation, question, error: Some(error.to_string()), ..Self::default() }
    }

    fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let texts = [Some(&mut self.question), self.answer.as_mut(), self.error.as_mut()];
        texts.into_iter().flatten().chain(&mut self.marks).chain(&mut self.notes)
    }

    /// The entry as it waits: with no text beyond its bound, so that a full queue holds no more than it says.
    fn cut(mut self) -> Self {
        for text in self.texts().filter(|text| text.len() > MAX_TEXT) {
            let end = (0..=MAX_TEXT).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
            text.truncate(end);
            text.push('…');
            text.shrink_to_fit();
        }
        self
    }

    /// The entry as it is written: without what looks like a key.
    fn written(mut self) -> Self {
        for text in self.texts() {
            *text = redact(text, &[]).into_owned();
        }
        self
    }
}

enum Job {
    Write(Box<ConversationEntry>),
    Flush(tokio::sync::oneshot::Sender<()>),
}

/// The log. Cloning shares it. Dropping the last handle waits for nothing: the thread writes what is queued and ends by itself.
/// [`ConversationLog::flush`] is for whoever wants to wait, as before a process ends.
#[derive(Clone)]
pub struct ConversationLog(Arc<Shared>);

struct Shared {
    jobs: SyncSender<Job>,
    lost: Arc<Lost>,
    directory: PathBuf,
}

/// Entries that were not written.
#[derive(Default)]
struct Lost {
    all: AtomicU64,
    /// Those that no entry has told of yet.
    untold: AtomicU64,
}

impl Lost {
    fn one(&self) {
        self.all.fetch_add(1, Ordering::Relaxed);
        self.untold.fetch_add(1, Ordering::Relaxed);
    }
}

impl ConversationLog {
    /// Opens the folder and starts the thread that writes.
    ///
    /// # Errors
    /// `Unavailable` when the folder cannot be made or written to.
    pub fn open(options: impl Into<ConversationOptions>) -> Result<Self> {
        let ConversationOptions { directory, max_bytes, max_conversations, queue } = options.into();
        let folder = Folder::open(&directory, Limits { max_bytes, max_conversations })
            .map_err(|error| unavailable(&directory, "conversations cannot be logged there", error))?;
        let (jobs, waiting) = sync_channel(queue.max(1));
        let lost = Arc::new(Lost::default());
        let told = Arc::clone(&lost);
        std::thread::Builder::new()
            .name("ninefold-conversations".into())
            .spawn(move || write_all(&waiting, folder, &told))
            .map_err(|error| unavailable(&directory, "the thread that logs conversations cannot be started", error))?;
        Ok(Self(Arc::new(Shared { jobs, lost, directory })))
    }

    /// Queues an entry; returns at once. When the queue is full the entry is lost and counted.
    pub fn write(&self, entry: ConversationEntry) {
        if self.0.jobs.try_send(Job::Write(Box::new(entry.cut()))).is_err() {
            self.0.lost.one();
        }
    }

    /// How many entries were lost since the log was opened: for a full queue, a full disk, or a folder that is gone.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.0.lost.all.load(Ordering::Relaxed)
    }

    /// Where it is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.0.directory
    }

    /// The file of a conversation; of questions that belong to none, with `None`.
    #[must_use]
    pub fn file(&self, conversation: Option<&SessionId>) -> PathBuf {
        self.0.directory.join(file::name(conversation))
    }

    /// Waits until what was queued before is written or lost; at most two seconds.
    pub async fn flush(&self) {
        let (done, written) = tokio::sync::oneshot::channel();
        let mut job = Job::Flush(done);
        let flushed = async {
            loop {
                match self.0.jobs.try_send(job) {
                    Ok(()) => break,
                    Err(TrySendError::Full(back)) => job = back,
                    Err(TrySendError::Disconnected(_)) => return,
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let _ = written.await;
        };
        let _ = tokio::time::timeout(PATIENCE, flushed).await;
    }
}

fn write_all(waiting: &Receiver<Job>, mut folder: Folder, lost: &Lost) {
    for job in waiting {
        let entry = match job {
            Job::Write(entry) => entry.written(),
            Job::Flush(done) => {
                let _ = done.send(());
                continue;
            }
        };
        let untold = lost.untold.swap(0, Ordering::Relaxed);
        let entry = ConversationEntry { lost: untold, ..entry };
        let written = serde_json::to_vec(&entry).map_err(std::io::Error::other);
        if written.and_then(|line| folder.append(entry.conversation.as_ref(), line)).is_err() {
            lost.untold.fetch_add(untold, Ordering::Relaxed);
            lost.one();
        }
    }
}

fn unavailable(directory: &Path, what: &str, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, format!("{}: {what}: {error}", directory.display()))
        .hint("name a folder that this program may write to, or leave the log off")
        .caused_by(error)
}

/// Reads the entries of a log file, oldest first; lines that hold none are skipped and counted.
///
/// # Errors
/// What the file system says.
pub fn read_conversation(file: &Path) -> std::io::Result<(Vec<ConversationEntry>, usize)> {
    let content = fs::read(file)?;
    let mut skipped = 0;
    let lines = content.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let entries = lines.filter_map(|line| serde_json::from_slice(line).map_err(|_| skipped += 1).ok()).collect();
    Ok((entries, skipped))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_in_the_queue_is_cut_already() {
        let (jobs, waiting) = sync_channel(1);
        let log = ConversationLog(Arc::new(Shared { jobs, lost: Arc::default(), directory: PathBuf::new() }));
        let long = "é".repeat(4 * MAX_TEXT);
        let entry = ConversationEntry { answer: Some(long.clone()), notes: vec![long.clone()], ..Default::default() };
        log.write(ConversationEntry { question: format!("x{long}"), ..entry });
        let Ok(Job::Write(mut waits)) = waiting.try_recv() else { panic!("an entry waits") };
        for text in waits.texts() {
            assert!(text.ends_with('…') && text.len() <= MAX_TEXT + '…'.len_utf8(), "{} bytes", text.len());
            assert!(text.capacity() < 2 * MAX_TEXT, "what was cut off is freed: {} bytes", text.capacity());
        }
        assert_eq!(waits.texts().count(), 3);
    }
}
