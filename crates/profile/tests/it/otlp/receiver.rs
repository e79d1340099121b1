//! An HTTP server that takes spans the way a test wants it to.

use std::io::{BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message as _;

/// How it answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) status: u16,
    /// Spans of each request that it says it does not take.
    pub(crate) rejects: i64,
    /// How long it thinks about each request.
    pub(crate) delay: Duration,
}

impl Default for Manner {
    fn default() -> Self {
        Self { status: 200, rejects: 0, delay: Duration::ZERO }
    }
}

/// What came.
#[derive(Debug, Default)]
struct Came {
    spans: AtomicU64,
    heads: Mutex<Vec<String>>,
    names: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

#[derive(Debug)]
pub(crate) struct Receiver {
    address: SocketAddr,
    came: Arc<Came>,
}

impl Receiver {
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let came = Arc::new(Came::default());
        let shared = Arc::clone(&came);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.is_over.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || shared.serve(&stream.unwrap(), manner));
            }
        });
        Self { address, came }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn spans(&self) -> u64 {
        self.came.spans.load(Ordering::SeqCst)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.came.names.lock().unwrap().clone()
    }

    /// The heads of all requests, in lower case.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.came.heads.lock().unwrap().clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.came.is_over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

impl Came {
    #[allow(clippy::disallowed_methods, reason = "a slow receiver has a thread of its own to sleep on")]
    fn serve(&self, stream: &TcpStream, manner: Manner) {
        let mut reader = BufReader::new(stream);
        while let Some(head) = read_head(&mut reader) {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).unwrap();
            let mut body = vec![0; length.trim().parse().unwrap()];
            if reader.read_exact(&mut body).is_err() {
                return;
            }
            let is_plain = !head.contains("content-encoding");
            self.heads.lock().unwrap().push(head);
            std::thread::sleep(manner.delay);
            if is_plain {
                self.take(&body);
            }
            let partial =
                ExportTracePartialSuccess { rejected_spans: manner.rejects, error_message: "too old".to_owned() };
            let reply =
                ExportTraceServiceResponse { partial_success: (manner.rejects > 0).then_some(partial) }.encode_to_vec();
            let head = format!("HTTP/1.1 {} X\r\ncontent-length: {}\r\n\r\n", manner.status, reply.len());
            let mut stream = stream;
            if stream.write_all(&[head.as_bytes(), &reply].concat()).is_err() {
                return;
            }
        }
    }

    fn take(&self, body: &[u8]) {
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        let scopes = request.resource_spans.into_iter().flat_map(|of_resource| of_resource.scope_spans);
        let names: Vec<String> = scopes.flat_map(|of_scope| of_scope.spans).map(|span| span.name).collect();
        self.spans.fetch_add(names.len() as u64, Ordering::SeqCst);
        self.names.lock().unwrap().extend(names);
    }
}

fn read_head(reader: &mut impl std::io::BufRead) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    Some(head.to_lowercase())
}
