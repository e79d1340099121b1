//! A provider of files on loopback that answers as `OpenAI` does, after the time that a file's name says; and files for it.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ninefold_core::cx::RunState;
use ninefold_core::{Budget, BudgetMeter, Cx, Expense, RunId, Scope, Timestamp};
use ninefold_llm::files::LocalFile;
use ninefold_testkit::ManualClock;

/// How long the provider takes for each of five files, in milliseconds.
pub(crate) const TAKES: [u64; 5] = [60, 70, 80, 90, 100];
pub(crate) const BYTES: usize = 100 * 1024;

pub(crate) static UPLOADS: AtomicU64 = AtomicU64::new(0);

fn serve(mut stream: TcpStream) {
    let mut buffer = Vec::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        let head = loop {
            if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            match stream.read(&mut piece) {
                Ok(n) if n > 0 => buffer.extend_from_slice(&piece[..n]),
                _ => return,
            }
        };
        let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:")).unwrap();
        let whole = head + 4 + length.trim().parse::<usize>().unwrap();
        while buffer.len() < whole {
            let n = stream.read(&mut piece).unwrap();
            assert!(n > 0, "the client hung up within a request");
            buffer.extend_from_slice(&piece[..n]);
        }
        let body = String::from_utf8_lossy(&buffer[head..whole.min(head + 1_000)]).into_owned();
        let takes = body.split_once("filename=\"").and_then(|(_, rest)| rest.split('.').next()?.parse().ok());
        buffer.drain(..whole);
        std::thread::sleep(Duration::from_millis(takes.unwrap()));
        let n = UPLOADS.fetch_add(1, Ordering::Relaxed);
        let json = format!(r#"{{"id":"file-{n}","object":"file","bytes":{BYTES},"created_at":1}}"#);
        let reply = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{json}",
            json.len()
        );
        stream.write_all(reply.as_bytes()).unwrap();
    }
}

/// The server, with a thread for each connection; its address.
pub(crate) fn provider() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/v1", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            stream.set_nodelay(true).unwrap();
            std::thread::spawn(move || serve(stream));
        }
    });
    address
}

pub(crate) fn cx() -> Cx {
    Cx::new(RunState {
        id: RunId(1),
        session: None,
        scope: Scope::public(),
        budget: BudgetMeter::new(Budget::default(), Expense::default()),
        deadline: None,
        cancel: None,
        clock: Arc::new(ManualClock::at(Timestamp(0))),
        log: None,
        content: false,
    })
}

/// A file that was never there before.
pub(crate) fn fresh(takes: u64) -> LocalFile {
    static SEED: AtomicU64 = AtomicU64::new(0);
    let seed = SEED.fetch_add(1, Ordering::Relaxed);
    let bytes: Vec<u8> = seed.to_le_bytes().into_iter().cycle().take(BYTES).collect();
    LocalFile::new(format!("{takes}.bin"), "application/octet-stream", bytes)
}
