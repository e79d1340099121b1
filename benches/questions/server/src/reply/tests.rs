//! What a client gets to see, over a real connection.

use std::io::Write as _;

use clap::Parser;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const SCRIPT: &str = r#"{
    "roles": [{"role": "answer", "any": ["answer"]}],
    "replies": [{"name": "zebra", "role": "answer", "has": "zebra", "text": "Zebras have stripes, black on white or white on black."}]
}"#;

/// A model that is fast, and these settings beside.
fn model(more: &[&str]) -> Arc<Model> {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let n = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("questions-script-{}-{n}.json", std::process::id()));
    std::fs::File::create(&path).unwrap().write_all(SCRIPT.as_bytes()).unwrap();
    let script = path.to_str().unwrap().to_owned();
    let arguments = ["server", "--script", &script, "--scale", "100"];
    let model = Model::new(&Settings::parse_from(arguments.iter().chain(more))).unwrap();
    std::fs::remove_file(path).unwrap();
    Arc::new(model)
}

/// Sends a request, and reads what comes until the end; whether it ended with an error.
async fn asked(model: &Arc<Model>, body: &str) -> (String, bool) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = Arc::clone(model);
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        let service = service_fn(|request| answer(Arc::clone(&served), request));
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    });
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer anna\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    let ended = stream.read_to_end(&mut read).await;
    (String::from_utf8(read).unwrap(), ended.is_err())
}

const WHOLE: &str = r#"{"model": "m", "messages": [{"role": "user", "content": "answer: zebra"}]}"#;
const STREAMED: &str = r#"{"model": "m", "stream": true, "stream_options": {"include_usage": true},
    "messages": [{"role": "user", "content": "answer: zebra"}]}"#;

fn last_call(model: &Model) -> Value {
    model.ledger.json()["calls"].as_array().unwrap().last().unwrap().clone()
}

#[tokio::test]
async fn a_reply_is_whole_or_in_pieces_and_counted_the_same() {
    let model = model(&["--faults", "0"]);
    let (whole, _) = asked(&model, WHOLE).await;
    assert!(whole.starts_with("HTTP/1.1 200"), "{whole}");
    let body: Value = serde_json::from_str(whole.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(body["choices"][0]["message"]["content"], "Zebras have stripes, black on white or white on black.");
    let counted = last_call(&model);
    assert_eq!(body["usage"]["completion_tokens"], counted["completion_tokens"]);
    assert_eq!((&counted["key"], &counted["abandoned"], &counted["n"]), (&json!("anna"), &json!(false), &json!(0)));

    let (streamed, _) = asked(&model, STREAMED).await;
    let events: Vec<&str> = streamed.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    assert_eq!(events.last(), Some(&"[DONE]"));
    let events: Vec<Value> =
        events[..events.len() - 1].iter().map(|event| serde_json::from_str(event).unwrap()).collect();
    let text: String = events.iter().filter_map(|event| event.pointer("/choices/0/delta/content")?.as_str()).collect();
    assert_eq!(text, "Zebras have stripes, black on white or white on black.");
    assert_eq!(events.last().unwrap()["usage"], body["usage"]);
    assert_eq!(last_call(&model)["completion_tokens"], counted["completion_tokens"]);
    assert_eq!(last_call(&model)["n"], 1);
}

#[tokio::test]
async fn every_fault_is_what_it_is_called() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..24 {
        for (body, whole) in [(WHOLE, true), (STREAMED, false)] {
            let model = model(&["--faults", "1", "--seed", &seed.to_string()]);
            let (read, reset) = asked(&model, body).await;
            let call = last_call(&model);
            let fault = call["fault"].as_str().unwrap().to_owned();
            match fault.as_str() {
                "reset" => assert!(read.is_empty() && reset, "{read}"),
                "error" => assert!(read.starts_with("HTTP/1.1 500"), "{read}"),
                "busy" => assert!(read.starts_with("HTTP/1.1 429") && read.contains("retry-after: 1"), "{read}"),
                "cut" => {
                    assert!(read.starts_with("HTTP/1.1 200") && reset, "{read}");
                    let body = read.split("\r\n\r\n").nth(1).unwrap();
                    if whole {
                        assert!(!body.is_empty() && serde_json::from_str::<Value>(body).is_err(), "{read}");
                    } else {
                        assert!(
                            body.contains("\"content\":\"Z") && !body.contains("\"finish_reason\":\"stop\""),
                            "{read}"
                        );
                    }
                    assert!(call["prompt_tokens"].as_u64() > Some(0) && call["completion_tokens"].as_u64() < Some(14));
                }
                other => panic!("{other}"),
            }
            assert_eq!(call["abandoned"], false);
            seen.insert(fault);
        }
    }
    assert_eq!(seen.len(), 4, "{seen:?}");
}

#[tokio::test]
async fn what_is_not_prepared_and_what_is_over_the_limit_is_said() {
    let model = model(&["--faults", "0", "--requests-per-minute", "0.01"]);
    let (lion, _) = asked(&model, &WHOLE.replace("zebra", "lion")).await;
    assert!(lion.starts_with("HTTP/1.1 422"), "{lion}");
    assert!(asked(&model, WHOLE).await.0.starts_with("HTTP/1.1 200"));
    let (over, _) = asked(&model, WHOLE).await;
    assert!(over.starts_with("HTTP/1.1 429") && over.contains("retry-after: 60"), "{over}");
    assert_eq!(last_call(&model)["fault"], "limit");
}
