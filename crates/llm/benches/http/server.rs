//! The server: streams as `OpenAI`'s chat completions are, made once.

use std::time::{Duration, SystemTime};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How many pieces the long stream has.
pub(crate) const PIECES: i32 = 20_000;

/// The texts of the short stream.
pub(crate) const SHORT: [&str; 5] = ["A ", "phase ", "is ", "a ", "unit."];

/// The data of an event with this text.
pub(crate) fn piece(text: &str) -> String {
    format!(
        "{{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"logprobs\":null,\"finish_reason\":null}}]}}"
    )
}

/// The data of the last events.
pub(crate) fn last() -> [String; 3] {
    [
        "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}".into(),
        "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":9,\"total_tokens\":18}}".into(),
        "[DONE]".into(),
    ]
}

fn event(data: &str) -> String {
    format!("{:x}\r\ndata: {data}\n\n\r\n", data.len() + 8)
}

fn end() -> String {
    last().iter().map(|data| event(data)).collect::<String>() + "0\r\n\r\n"
}

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

/// Serves until it is killed; prints where.
pub(crate) async fn run(slow: Duration) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    let short: String = HEAD.to_owned() + &SHORT.map(|text| event(&piece(text))).concat() + &end();
    let long: String = HEAD.to_owned() + &event(&piece(" a word")).repeat(PIECES as usize) + &end();
    let (short, long): (&'static str, &'static str) = (short.leak(), long.leak());
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            // A caller that goes away ends its own connection only.
            let _ = serve(stream, short, long, slow).await;
        });
    }
}

async fn serve(mut stream: TcpStream, short: &str, long: &str, slow: Duration) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    let mut part = vec![0; 64 << 10];
    loop {
        let body = loop {
            if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
                let length: usize = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "))
                    .map_or(0, |n| n.parse().unwrap());
                if buffer.len() >= end + 4 + length {
                    let body = String::from_utf8_lossy(&buffer[end + 4..end + 4 + length]).into_owned();
                    buffer.drain(..end + 4 + length);
                    break body;
                }
            }
            match stream.read(&mut part).await? {
                0 => return Ok(()),
                n => buffer.extend_from_slice(&part[..n]),
            }
        };
        if body.contains("\"model\":\"long\"") {
            stream.write_all(long.as_bytes()).await?;
        } else if body.contains("\"model\":\"first\"") {
            stream.write_all(HEAD.as_bytes()).await?;
            tokio::time::sleep(Duration::from_millis(2)).await;
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
            stream.write_all(event(&piece(&format!("at {now}."))).as_bytes()).await?;
            tokio::time::sleep(Duration::from_millis(1)).await;
            stream.write_all(end().as_bytes()).await?;
        } else {
            if body.contains("\"model\":\"slow\"") {
                tokio::time::sleep(slow).await;
            }
            stream.write_all(short.as_bytes()).await?;
        }
    }
}
