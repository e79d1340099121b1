//! A receiver of spans that reads every request, discards it and says that all is well.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// It listens on the loopback until the process ends.
pub struct Sink {
    address: String,
    bytes: Arc<AtomicU64>,
}

impl Sink {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let bytes = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&bytes);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counter = Arc::clone(&counter);
                // A connection that ends is no failure.
                std::thread::spawn(move || serve(stream, &counter).ok());
            }
        });
        Self { address, bytes }
    }

    /// What an exporter is given as its endpoint.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// How much the bodies of all requests were.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

fn serve(mut stream: TcpStream, counter: &AtomicU64) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let (mut length, mut line) = (0, String::new());
        while reader.read_line(&mut line)? > 2 {
            let header = line.to_ascii_lowercase();
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            line.clear();
        }
        if line.is_empty() {
            return Ok(());
        }
        let read = std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink())?;
        counter.fetch_add(read, Ordering::Relaxed);
        // An empty message of protobuf: nothing was rejected.
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n")?;
    }
}
