//! A model behind a server in a pipeline: what is sent, what is heard while it is written, what the account says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use ninefold::{Degradation, Soar, model_providers};
use serde_json::{Value, json};

/// The body of a request.
fn read(stream: &TcpStream) -> Value {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    serde_json::from_slice(&body).unwrap()
}

/// A server that says the same to everybody, and what it was asked.
fn server(status: &'static str, kind: &'static str, body: String) -> (String, Arc<Mutex<Vec<Value>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            seen.lock().unwrap().push(read(&stream));
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
            );
            stream.write_all((head + &body).as_bytes()).unwrap();
        }
    });
    (address, asked)
}

/// A stream of `Anthropic`'s messages, as its reference has it.
fn stream(pieces: &[&str]) -> String {
    let event = |value: Value| format!("event: {}\ndata: {value}\n\n", value["type"].as_str().unwrap());
    let start = json!({ "id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "small-1", "stop_reason": null, "usage": { "input_tokens": 40, "output_tokens": 1 } });
    let mut text = event(json!({ "type": "message_start", "message": start }));
    text.push_str(&event(
        json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }),
    ));
    for piece in pieces {
        text.push_str(&event(
            json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": piece } }),
        ));
    }
    text.push_str(&event(json!({ "type": "content_block_stop", "index": 0 })));
    text.push_str(&event(
        json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": { "output_tokens": 9 } }),
    ));
    text + &event(json!({ "type": "message_stop" }))
}

async fn soar(address: String) -> (Soar, Arc<Mutex<Vec<String>>>, tempfile::TempDir) {
    let room = tempfile::tempdir().unwrap();
    std::fs::write(room.path().join("boiler.md"), "The boiler is restarted by holding the green button.\n").unwrap();
    let variables = move |name: &str| match name {
        "ANTHROPIC_BASE_URL" => Some(address.clone()),
        "ANTHROPIC_API_KEY" => Some("a-key-that-stays-between-us".to_owned()),
        _ => None,
    };
    let model = model_providers().unwrap().variables(variables).open("anthropic/small").unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&heard);
    let soar = Soar::builder()
        .index(room.path())
        .model(model)
        .on_text(move |text| listener.lock().unwrap().push(text.to_owned()))
        .build()
        .await
        .unwrap();
    (soar, heard, room)
}

#[tokio::test]
async fn an_answer_is_heard_while_it_is_written_and_accounted_for() {
    let (address, asked) = server("200 OK", "text/event-stream", stream(&["Hold the ", "green button [1]."]));
    let (soar, heard, _room) = soar(address).await;
    let answer = soar.answer("How is the boiler restarted?").await.unwrap();
    assert_eq!(answer.text, "Hold the green button [1].");
    assert_eq!(*heard.lock().unwrap(), ["Hold the ", "green button [1]."]);
    assert_eq!((answer.citations.len(), answer.degradations.len()), (1, 0));
    let outline = answer.profile.outline().to_string();
    assert!(outline.contains("chat anthropic/small") || outline.contains("chat"), "{outline}");
    let body = asked.lock().unwrap()[0].clone();
    assert_eq!((&body["model"], &body["stream"]), (&json!("small"), &json!(true)));
    assert!(body["system"].to_string().contains("source"), "{body}");
}

#[tokio::test]
async fn what_the_server_refuses_is_a_degradation_without_the_key() {
    let refusal = json!({ "type": "error", "error": { "type": "authentication_error", "message": "invalid x-api-key a-key-that-stays-between-us" } });
    let (address, _) = server("401 Unauthorized", "application/json", refusal.to_string());
    let (soar, _, _room) = soar(address).await;
    let answer = soar.answer("How is the boiler restarted?").await.unwrap();
    assert!(answer.text.contains("holding the green button"), "{answer}");
    assert!(matches!(&answer.degradations[..], [Degradation::ModelUnusable { .. }]), "{answer}");
    assert!(answer.to_string().contains("ANTHROPIC_API_KEY") && !answer.to_string().contains("between-us"), "{answer}");
}
