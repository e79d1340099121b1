//! Files at a provider: uploaded once, looked after, taken away.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ninefold_core::cx::RunState;
use ninefold_core::model::{Media, MediaSource};
use ninefold_core::uploads::UploadRecords;
use ninefold_core::{Budget, BudgetMeter, Cx, Error, ErrorKind, Expense, Result, RunId, Scope, Timestamp, Wire};
use ninefold_llm::files::{Files, LocalFile, Remote, Uploads};
use ninefold_store::{MemoryUploads, Sqlite};
use ninefold_testkit::ManualClock;
use tokio::time::{Instant, sleep};

const HOUR: i64 = 3_600_000_000;

/// A provider that keeps what it is given, and takes as long for it as the file's content says, in milliseconds.
#[derive(Default)]
struct Provider {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
    uploads: AtomicU32,
    looks: AtomicU32,
    deletions: AtomicU32,
    lives: Option<Timestamp>,
    failures: Mutex<HashMap<&'static str, Error>>,
}

impl Provider {
    fn fails(&self, what: &'static str) -> Result<()> {
        self.failures.lock().unwrap().get(what).cloned().map_or(Ok(()), Err)
    }

    fn fail(&self, what: &'static str, kind: ErrorKind) {
        self.failures.lock().unwrap().insert(what, Error::new(kind, format!("no {what}")));
    }

    fn mend(&self) {
        self.failures.lock().unwrap().clear();
    }

    fn uploads(&self) -> u32 {
        self.uploads.load(Ordering::Relaxed)
    }

    fn ids(&self) -> Vec<String> {
        self.files.lock().unwrap().keys().cloned().collect()
    }
}

#[async_trait::async_trait]
impl Uploads for Provider {
    fn provider(&self) -> &str {
        "fake"
    }

    async fn upload(&self, file: &LocalFile, _: &str, _: &Cx) -> Result<Remote> {
        let n = self.uploads.fetch_add(1, Ordering::Relaxed) + 1;
        let text = String::from_utf8_lossy(&file.bytes).into_owned();
        sleep(Duration::from_millis(text.split(' ').next().unwrap().parse().unwrap_or(10))).await;
        self.fails("upload")?;
        if text.contains("bad") {
            let wire = Wire { provider: "fake".into(), request_id: "r1".into(), excerpt: String::new() };
            return Err(Error::new(ErrorKind::Permanent, "unreadable").with_status(415).with_wire(wire));
        }
        self.files.lock().unwrap().insert(format!("f{n}"), file.bytes.to_vec());
        Ok(Remote { id: format!("f{n}").into(), expires: self.lives })
    }

    async fn exists(&self, id: &str, _: &Cx) -> Result<bool> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        self.fails("look")?;
        Ok(self.files.lock().unwrap().contains_key(id))
    }

    async fn delete(&self, id: &str, _: &Cx) -> Result<()> {
        self.deletions.fetch_add(1, Ordering::Relaxed);
        self.fails("deletion")?;
        let gone = self.files.lock().unwrap().remove(id);
        gone.map(|_| ()).ok_or_else(|| Error::new(ErrorKind::NotFound, "no such file"))
    }
}

fn at(time: i64) -> Cx {
    Cx::new(RunState {
        id: RunId(1),
        session: None,
        scope: Scope::public(),
        budget: BudgetMeter::new(Budget::default(), Expense::default()),
        deadline: None,
        cancel: None,
        clock: Arc::new(ManualClock::at(Timestamp(time))),
        log: None,
        content: false,
    })
}

fn file(content: &str) -> LocalFile {
    LocalFile::new(format!("{content}.txt"), "text/plain", content.as_bytes())
}

fn files(provider: &Arc<Provider>) -> Files {
    Files::new(Arc::clone(provider), Arc::new(MemoryUploads::new()))
}

fn id(media: &Result<Media>) -> &str {
    match &media.as_ref().unwrap().source {
        MediaSource::Uploaded { provider, id } if provider == "fake" => id,
        other => panic!("{other:?}"),
    }
}

async fn one(files: &Files, content: &str, holder: &str, time: i64) -> Result<Media> {
    files.upload(&[file(content)], "vision", holder, &at(time)).await.remove(0)
}

#[tokio::test(start_paused = true)]
async fn the_same_file_is_uploaded_once() {
    let provider = Arc::new(Provider::default());
    let files = files(&provider);
    let first = one(&files, "a", "s", 0).await;
    assert_eq!(id(&first), "f1");
    let began = Instant::now();
    let renamed = LocalFile::new("other name", "text/markdown", "a".as_bytes());
    let again = files.upload(&[renamed], "vision", "t", &at(0)).await.remove(0).unwrap();
    assert_eq!((again.name.as_deref(), again.mime.as_str()), (Some("other name"), "text/markdown"));
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(provider.uploads(), 1);
    assert_eq!(id(&files.upload(&[file("a")], "batch", "s", &at(0)).await[0]), "f2", "another purpose");
    assert_eq!(id(&one(&files, "b", "s", 0).await), "f3", "another content");
    let large = LocalFile::new("large", "image/png", vec![7; 3 << 20]);
    let both = files.upload(&[large.clone(), large], "vision", "s", &at(0)).await;
    assert_eq!(id(&both[0]), id(&both[1]));
    assert_eq!(provider.uploads(), 4);
}

#[tokio::test(start_paused = true)]
async fn five_at_once_take_as_long_as_the_slowest_and_five_identical_are_one() {
    let provider = Arc::new(Provider::default());
    let files = Arc::new(files(&provider));
    let different: Vec<LocalFile> = (1..=5).map(|n| file(&format!("{} ms", n * 100))).collect();
    let began = Instant::now();
    let outcomes = files.upload(&different, "vision", "s", &at(0)).await;
    assert_eq!(began.elapsed(), Duration::from_millis(500));
    let kept = provider.files.lock().unwrap().clone();
    for (file, outcome) in different.iter().zip(&outcomes) {
        assert_eq!(kept[id(outcome)], file.bytes.to_vec(), "outcomes are in the order of the files");
    }
    let same = vec![file("100 same"); 5];
    let began = Instant::now();
    let outcomes = files.upload(&same, "vision", "s", &at(0)).await;
    assert_eq!((began.elapsed(), provider.uploads()), (Duration::from_millis(100), 6));
    assert!(outcomes.iter().all(|outcome| id(outcome) == "f6"));
    // From tasks that know nothing of each other as well.
    let tasks: Vec<_> = (0..50)
        .map(|n| {
            let files = Arc::clone(&files);
            tokio::spawn(async move { one(&files, "100 shared", &format!("s{n}"), 0).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(id(&task.await.unwrap()), "f7");
    }
    let one_by_one = Files::new(Arc::clone(&provider), Arc::new(MemoryUploads::new())).parallel(1);
    let began = Instant::now();
    one_by_one.upload(&different, "vision", "s", &at(0)).await;
    assert_eq!(began.elapsed(), Duration::from_millis(1_500));
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_that_of_its_file_and_of_those_who_waited() {
    let provider = Arc::new(Provider::default());
    let files = files(&provider);
    let outcomes = files.upload(&[file("a"), file("1 bad\n"), file("b")], "vision", "s", &at(0)).await;
    assert!(outcomes[0].is_ok() && outcomes[2].is_ok());
    let error = outcomes[1].as_ref().unwrap_err();
    assert_eq!(error.to_string(), "1 bad\u{fffd}.txt could not be uploaded: unreadable");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Permanent, Some(415)));
    assert_eq!(error.wire().unwrap().request_id, "r1");
    let outcomes = files.upload(&vec![file("1 bad"); 5], "vision", "s", &at(0)).await;
    assert!(outcomes.iter().all(Result::is_err));
    assert_eq!(provider.uploads(), 4, "five at once fail by one upload");
    provider.fail("upload", ErrorKind::Transient);
    assert_eq!(one(&files, "c", "s", 0).await.unwrap_err().kind(), ErrorKind::Transient);
    provider.mend();
    assert_eq!(id(&one(&files, "c", "s", 0).await), "f6", "what failed is not kept");
    let slow = Files::new(Arc::clone(&provider), Arc::new(MemoryUploads::new())).limit(Duration::from_millis(50));
    let error = one(&slow, "100", "s", 0).await.unwrap_err();
    assert_eq!(error.message(), "100.txt could not be uploaded: it took longer than its limit of 50ms");
    assert_eq!((error.kind(), error.ends_run()), (ErrorKind::Transient, false), "the run has time left");
    let (before, started) = (provider.uploads(), Instant::now());
    let outcomes = slow.upload(&vec![file("100 slow"); 5], "vision", "s", &at(0)).await;
    assert!(outcomes.iter().all(Result::is_err));
    assert_eq!(provider.uploads() - before, 1, "those who waited share the failure");
    assert_eq!(started.elapsed(), Duration::from_millis(50));
}

#[tokio::test(start_paused = true)]
async fn one_who_gives_up_leaves_the_upload_to_the_next() {
    let provider = Arc::new(Provider::default());
    let files = files(&provider);
    let (first, second) = tokio::join!(
        tokio::time::timeout(Duration::from_millis(30), one(&files, "100 x", "s", 0)),
        one(&files, "100 x", "t", 0),
    );
    assert!(first.is_err());
    assert_eq!(id(&second), "f2");
    assert_eq!(provider.uploads(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_the_provider_no_longer_has_is_uploaded_anew() {
    let provider = Arc::new(Provider { lives: Some(Timestamp(10 * HOUR)), ..Provider::default() });
    let files = files(&provider);
    let looks = || provider.looks.load(Ordering::Relaxed);
    assert_eq!(id(&one(&files, "a", "s", 0).await), "f1");
    assert_eq!((id(&one(&files, "a", "s", HOUR - 1).await), looks()), ("f1", 0), "fresh enough");
    assert_eq!((id(&one(&files, "a", "s", HOUR).await), looks()), ("f1", 1), "asked for");
    assert_eq!((id(&one(&files, "a", "s", HOUR + 1).await), looks()), ("f1", 1), "and known again for a while");
    assert_eq!((id(&one(&files, "a", "s", -HOUR).await), looks()), ("f1", 2), "a clock that was set back says nothing");
    provider.fail("look", ErrorKind::Unavailable);
    assert_eq!(one(&files, "a", "s", 5 * HOUR).await.unwrap_err().kind(), ErrorKind::Unavailable, "that is not known");
    provider.mend();
    provider.files.lock().unwrap().clear();
    assert_eq!(id(&one(&files, "a", "s", 5 * HOUR).await), "f2", "it was gone");
    let before = looks();
    assert_eq!(id(&one(&files, "a", "s", 10 * HOUR - 60_000_000).await), "f3", "a minute is too short to use it");
    assert_eq!(looks(), before, "what expires is not asked for");
    // Those that were replaced go at the next clean-up, and only those.
    let cleaned = files.clean(&at(0)).await.unwrap();
    assert_eq!((cleaned.deleted, cleaned.failed.len()), (2, 0));
    assert_eq!(provider.ids(), ["f3"]);
}

#[tokio::test(start_paused = true)]
async fn a_file_is_deleted_when_its_last_holder_releases_it() {
    let provider = Arc::new(Provider::default());
    let files = files(&provider);
    for (content, holder) in [("a", "s"), ("a", "t"), ("b", "s"), ("c", "s")] {
        one(&files, content, holder, 0).await.unwrap();
    }
    assert_eq!(files.release("nobody", &at(0)).await.unwrap().deleted, 0);
    provider.fail("deletion", ErrorKind::Transient);
    let cleaned = files.release("s", &at(0)).await.unwrap();
    assert_eq!((cleaned.deleted, cleaned.failed.len()), (0, 2));
    assert_eq!(id(&one(&files, "b", "u", 0).await), "f4", "what is to be deleted is not handed out");
    provider.mend();
    provider.files.lock().unwrap().remove("f3");
    let cleaned = files.clean(&at(0)).await.unwrap();
    assert_eq!((cleaned.deleted, cleaned.failed.len()), (2, 0), "one that is gone already is deleted");
    assert_eq!(provider.ids(), ["f1", "f4"]);
    files.release("t", &at(0)).await.unwrap();
    assert_eq!(provider.ids(), ["f4"]);
    let calls = provider.deletions.load(Ordering::Relaxed);
    files.clean(&at(0)).await.unwrap();
    assert_eq!(provider.deletions.load(Ordering::Relaxed), calls, "nothing is left to be done");
}

#[tokio::test]
async fn records_outlive_the_process_and_serve_several() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("files.db");
    let provider = Arc::new(Provider::default());
    let open = async || {
        let records: Arc<dyn UploadRecords> = Arc::new(Sqlite::open(&path).await.unwrap());
        Files::new(Arc::clone(&provider), records)
    };
    let (one_process, another) = (open().await, open().await);
    let both = tokio::join!(one(&one_process, "20 x", "s", 0), one(&another, "20 x", "t", 0));
    assert_eq!(id(&both.0), id(&both.1), "of two uploads one stands");
    assert_eq!(provider.uploads(), 2, "they do not know of each other");
    drop((one_process, another));
    let later = open().await;
    assert_eq!(id(&one(&later, "20 x", "u", 0).await), id(&both.0));
    assert_eq!(provider.uploads(), 2);
    later.clean(&at(0)).await.unwrap();
    assert_eq!(provider.ids(), [id(&both.0)], "the other is cleaned up");
    for holder in ["s", "t", "u"] {
        later.release(holder, &at(0)).await.unwrap();
    }
    assert!(provider.ids().is_empty());
}
