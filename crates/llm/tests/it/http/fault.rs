//! A server that does what it is told, good and bad, over a plain socket.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does next.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends one chunk of a chunked body.
    Chunk(Vec<u8>),
    /// Waits.
    Pause(Duration),
    /// Says nothing more, and keeps the connection until the caller closes it.
    Silence,
    /// Resets the connection.
    Reset,
    /// Closes it in good order.
    Close,
    /// Sends this text over and over as chunks, up to so many bytes.
    Flood(&'static str, usize),
    /// Sends this text in chunks of one byte, with a pause between any two.
    Drip(&'static str, Duration),
}

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// The request line and the headers.
    pub(super) head: String,
    /// The body.
    pub(super) body: Vec<u8>,
}

impl Seen {
    /// A header's value.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let of = |line: &&str| line.split_once(':').is_some_and(|(n, _)| n.eq_ignore_ascii_case(name));
        self.head.lines().find(of)?.split_once(':').map(|(_, value)| value.trim())
    }
}

/// What has happened.
#[derive(Default)]
struct Log {
    seen: Mutex<Vec<Seen>>,
    connections: AtomicUsize,
    closed: AtomicUsize,
    sent: AtomicUsize,
}

/// The server; gone when dropped.
pub(super) struct Fault {
    address: SocketAddr,
    log: Arc<Log>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Fault {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Fault {
    /// Does these steps for every request.
    pub(super) async fn always(steps: Vec<Step>) -> Self {
        Self::start(move |_, _| steps.clone()).await
    }

    /// Does for the n-th request what the script says.
    pub(super) async fn start(script: impl Fn(usize, &Seen) -> Vec<Step> + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1:0", script).await
    }

    /// The same at this address.
    pub(super) async fn at(address: &str, script: impl Fn(usize, &Seen) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (log, script) = (Arc::new(Log::default()), Arc::new(script));
        let shared = Arc::clone(&log);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (log, script) = (Arc::clone(&shared), Arc::clone(&script));
                log.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    // A caller that goes away is part of the play.
                    let _ = serve(stream, &log, script.as_ref()).await;
                    log.closed.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, log, task }
    }

    /// Where it is.
    pub(super) fn address(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The requests so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.log.seen.lock().unwrap().clone()
    }

    /// How many connections were opened.
    pub(super) fn connections(&self) -> usize {
        self.log.connections.load(Ordering::SeqCst)
    }

    /// How many bytes of floods were taken.
    pub(super) fn sent(&self) -> usize {
        self.log.sent.load(Ordering::SeqCst)
    }

    /// Waits until so many connections are closed.
    pub(super) async fn closed(&self, connections: usize) {
        while self.log.closed.load(Ordering::SeqCst) < connections {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

async fn request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<Option<Seen>> {
    let mut piece = [0; 8192];
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let mut seen = Seen { head: String::from_utf8_lossy(&buffer[..end]).into_owned(), body: Vec::new() };
            let length: usize = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
            let whole = end + 4 + length;
            if buffer.len() >= whole {
                seen.body = buffer[end + 4..whole].to_vec();
                buffer.drain(..whole);
                return Ok(Some(seen));
            }
        }
        match stream.read(&mut piece).await? {
            0 => return Ok(None),
            n => buffer.extend_from_slice(&piece[..n]),
        }
    }
}

async fn serve(
    mut stream: TcpStream,
    log: &Log,
    script: &(impl Fn(usize, &Seen) -> Vec<Step> + Sync),
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    while let Some(seen) = request(&mut stream, &mut buffer).await? {
        let steps = {
            let mut all = log.seen.lock().unwrap();
            let steps = script(all.len(), &seen);
            all.push(seen);
            steps
        };
        for step in steps {
            match step {
                Step::Send(bytes) => stream.write_all(&bytes).await?,
                Step::Chunk(bytes) => stream.write_all(&chunk(&bytes)).await?,
                Step::Pause(time) => tokio::time::sleep(time).await,
                Step::Silence => {
                    while stream.read(&mut [0; 64]).await? > 0 {}
                    return Ok(());
                }
                Step::Reset => {
                    stream.set_zero_linger()?;
                    return Ok(());
                }
                Step::Close => return stream.shutdown().await,
                Step::Flood(text, bytes) => {
                    let piece = chunk(text.repeat(4096_usize.div_ceil(text.len())).as_bytes());
                    let mut left = bytes;
                    while left > 0 {
                        stream.write_all(&piece).await?;
                        log.sent.fetch_add(piece.len(), Ordering::SeqCst);
                        left = left.saturating_sub(piece.len());
                    }
                }
                Step::Drip(text, pause) => {
                    for byte in text.as_bytes() {
                        stream.write_all(&chunk(&[*byte])).await?;
                        tokio::time::sleep(pause).await;
                    }
                }
            }
        }
    }
    Ok(())
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// The head of an answer whose body comes in chunks.
pub(super) fn head(status: &str, headers: &str) -> Step {
    Step::Send(format!("HTTP/1.1 {status}\r\ntransfer-encoding: chunked\r\n{headers}\r\n").into_bytes())
}

/// The end of such a body.
pub(super) fn end() -> Step {
    Step::Send(b"0\r\n\r\n".to_vec())
}

/// One event with this data.
pub(super) fn event(data: &str) -> Step {
    Step::Chunk(format!("data: {data}\n\n").into_bytes())
}

/// A whole answer.
pub(super) fn answer(status: &str, headers: &str, body: &str) -> Vec<Step> {
    let length = body.len();
    vec![Step::Send(format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n{body}").into_bytes())]
}

/// The headers of a stream of events.
pub(super) const EVENTS: &str = "content-type: text/event-stream; charset=utf-8\r\n";
/// The header of JSON.
pub(super) const JSON: &str = "content-type: application/json\r\n";
