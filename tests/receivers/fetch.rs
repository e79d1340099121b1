//! Reads what a receiver has back.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

/// The JSON at `path` of a server like `http://127.0.0.1:80`.
pub(crate) fn json(server: &str, path: &str) -> Value {
    let host = server.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    // By HTTP/1.0 the body ends with the connection, and is in one piece.
    write!(stream, "GET {path} HTTP/1.0\r\nhost: {host}\r\naccept: application/json\r\n\r\n").unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    let reply = String::from_utf8(reply).unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    assert!(head.lines().next().unwrap().contains(" 200 "), "{path}: {reply}");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{path}: {error}: {body}"))
}

/// Asks again, for up to a minute, until there is an answer: receivers write behind.
#[track_caller]
pub(crate) fn until<T>(mut ask: impl FnMut() -> Result<T, String>) -> T {
    let start = Instant::now();
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(missing) if start.elapsed() > Duration::from_secs(60) => panic!("after a minute: {missing}"),
            Err(_) => std::thread::sleep(Duration::from_millis(100)),
        }
    }
}
