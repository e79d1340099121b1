//! What uploading costs beside the provider: five files at once against the slowest alone, one file against the same request
//! by the client library alone, the same file again, five identical ones. The provider is a server on loopback that answers as
//! `OpenAI` does, after the time that a file's name says.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_methods)]

#[path = "../../../benches/machine/crates.rs"]
mod machine;
mod provider;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use machine::{Report, Target};
use ninefold_core::secret::Secret;
use ninefold_llm::files::{Files, LocalFile, RemoteFiles};
use ninefold_llm::http::Transport;
use ninefold_store::Sqlite;

use provider::{TAKES, UPLOADS, cx, fresh, provider};

fn main() {
    let quick = std::env::args().any(|argument| argument == "--test");
    let samples = if quick { 2 } else { 30 };
    machine::describe();
    let address = provider();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let (cx, url) = (cx(), format!("{address}/files"));
    let transport = Transport::builder().no_proxy().build().unwrap();
    let remote = RemoteFiles::openai(&address, Secret::new("a-key-of-a-bench"), transport).unwrap();
    let bare = reqwest::Client::builder().no_proxy().build().unwrap();
    let millis = |since: Instant| since.elapsed().as_secs_f64() * 1e3;
    let (mut slowest, mut five, mut alone, mut ours, mut again) = (vec![], vec![], vec![], vec![], vec![]);
    runtime.block_on(async {
        let records = Arc::new(Sqlite::open(directory.path().join("files.db")).await.unwrap());
        let files = Files::new(remote, records);
        let upload = async |list: &[LocalFile]| {
            let start = Instant::now();
            for outcome in files.upload(list, "user_data", "bench", &cx).await {
                outcome.unwrap();
            }
            millis(start)
        };
        upload(&TAKES.map(fresh)).await;
        for _ in 0..samples {
            slowest.push(upload(&[fresh(100)]).await);
            five.push(upload(&TAKES.map(fresh)).await);
            let bytes = fresh(10).bytes.to_vec();
            let start = Instant::now();
            let part = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"10.bin\"\r\n\r\n";
            let body = [part.as_bytes(), bytes.as_slice(), b"\r\n--b--\r\n"].concat();
            let sent = bare.post(&url).header("content-type", "multipart/form-data; boundary=b").body(body);
            sent.send().await.unwrap().bytes().await.unwrap();
            alone.push(millis(start));
            let file = fresh(10);
            ours.push(upload(std::slice::from_ref(&file)).await);
            again.push(upload(&[file]).await);
        }
        let before = UPLOADS.load(Ordering::Relaxed);
        let same = vec![fresh(10); 5];
        upload(&same).await;
        let identical = UPLOADS.load(Ordering::Relaxed) - before;
        let middle = |samples: &[f64]| machine::spread(samples, 0.5)[1];
        let command = "cargo bench -p ninefold-llm --features http --bench files";
        let mut report = Report::new("files", command);
        for (name, samples, target) in [
            ("the slowest of five files, alone", &slowest, Target::None),
            ("five files at once", &five, Target::None),
            ("one file, by the client library alone", &alone, Target::None),
            ("one file", &ours, Target::None),
            ("the same file again", &again, Target::Most(1.0)),
        ] {
            report.samples(name, "", "ms", samples, target);
        }
        let ratio = middle(&five) / middle(&slowest);
        report.value("five files at once, over the slowest alone", "", "×", ratio, Target::Most(1.05));
        report.value("five identical files at once", "", "uploads", identical as f64, Target::Most(1.0));
        report.write();
    });
}
