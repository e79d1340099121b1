//! Models on the command line: a server that speaks as `OpenAI`'s does, and what happens without one.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::room::{Ended, Room, ended};

const KEY: &str = "a-key-that-stays-between-us";
const QUESTION: &str = "How is the boiler restarted?";

/// What was asked: the headers, and the body.
type Asked = Arc<Mutex<Vec<(String, Value)>>>;

fn read(stream: &TcpStream) -> (String, Value) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut length) = (String::new(), 0);
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
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (head, serde_json::from_slice(&body).unwrap())
}

/// The stream of a chat completion, as `OpenAI`'s reference has it.
fn stream(pieces: &[&str]) -> String {
    let chunk = |choices: Value, usage: Value| {
        format!(
            "data: {}\n\n",
            json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "small-1", "choices": choices, "usage": usage })
        )
    };
    let piece =
        |text: &&str| chunk(json!([{ "index": 0, "delta": { "content": text }, "finish_reason": null }]), Value::Null);
    let mut text: String = pieces.iter().map(piece).collect();
    text.push_str(&chunk(json!([{ "index": 0, "delta": {}, "finish_reason": "stop" }]), Value::Null));
    text.push_str(&chunk(json!([]), json!({ "prompt_tokens": 40, "completion_tokens": 9, "total_tokens": 49 })));
    text + "data: [DONE]\n\n"
}

/// A server that says the same to everybody; where it is, and what it was asked.
fn server(status: &'static str, kind: &'static str, body: String) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/v1", listener.local_addr().unwrap());
    let asked = Asked::default();
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

fn good() -> (String, Asked) {
    server("200 OK", "text/event-stream", stream(&["Hold the ", "green button ", "for five seconds [1]."]))
}

fn program(room: &Room, address: &str) -> Command {
    let mut command = room.program();
    command.env("NINEFOLD_OPENAI_BASE_URL", address).env("OPENAI_API_KEY", KEY).stdin(Stdio::null());
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env_remove(variable);
    }
    command
}

fn ask(room: &Room, address: &str, arguments: &[&str]) -> Ended {
    let ended = ended(program(room, address).args(["ask", "--index", "notes"]).args(arguments).arg(QUESTION));
    assert!(!ended.out.contains(KEY) && !ended.err.contains(KEY), "{ended:#?}");
    ended
}

#[test]
fn a_model_writes_the_answer() {
    let (room, (address, asked)) = (Room::new(), good());
    let answered = ask(&room, &address, &["--model", "openai/small"]).expect(0);
    assert!(answered.out.starts_with("Hold the green button for five seconds [1].\n"), "{answered:#?}");
    assert!(answered.out.contains("boiler.md"), "{answered:#?}");
    assert!(!answered.out.contains("note:"), "{answered:#?}");
    let asked = asked.lock().unwrap();
    let (head, body) = asked.last().unwrap();
    assert!(head.starts_with("POST /v1/chat/completions HTTP/1.1"), "{head}");
    assert!(head.contains(&format!("authorization: Bearer {KEY}")), "{head}");
    assert_eq!((&body["model"], &body["stream"]), (&json!("small"), &json!(true)));
    assert!(body["messages"].to_string().contains("holding the green button"), "it is given the sources");
}

#[test]
fn the_environment_may_name_it() {
    let (room, (address, asked)) = (Room::new(), good());
    let json = ended(
        program(&room, &address)
            .env("NINEFOLD_MODEL", "openai/small")
            .args(["ask", "--json", "--index", "notes", QUESTION]),
    );
    let answer: Value = serde_json::from_str(&json.expect(0).out).unwrap();
    assert_eq!(answer["answer"]["text"], "Hold the green button for five seconds [1].");
    assert!(!asked.lock().unwrap().is_empty());
    let without = ended(program(&room, &address).env("NINEFOLD_MODEL", "").args(["ask", QUESTION])).expect(0);
    assert!(without.out.contains("no model is configured"), "{without:#?}");
}

#[test]
fn without_a_key_it_says_how_to_set_one_and_answers() {
    let (room, (address, asked)) = (Room::new(), good());
    let mut command = program(&room, &address);
    command.env_remove("OPENAI_API_KEY").args(["ask", "--index", "notes", "--model", "openai/small", QUESTION]);
    let answered = ended(&mut command).expect(0);
    assert!(
        answered.err.contains("answered without a model: there is no key for openai; set OPENAI_API_KEY"),
        "{answered:#?}"
    );
    assert!(answered.out.contains("holding the green button"), "{answered:#?}");
    assert!(asked.lock().unwrap().is_empty());
}

#[test]
fn what_names_no_model_is_refused_before_anything_is_done() {
    let room = Room::new();
    for (name, why) in [
        ("small", "the provider, a slash, the model's name"),
        ("opnai/small", "openai, openai-responses, anthropic, gemini, ollama"),
        ("op\u{1b}nai/small", "no provider is called"),
    ] {
        let refused = ask(&room, "http://127.0.0.1:9/v1", &["--model", name]).expect(2);
        assert!(refused.err.contains(why) && refused.out.is_empty(), "{refused:#?}");
        assert!(!refused.err.contains('\u{1b}'), "{refused:#?}");
    }
    assert!(!room.path("memory.db").exists());
}

#[test]
fn a_model_that_cannot_be_used_is_a_note_and_the_answer_is_quoted() {
    let refusal =
        json!({ "error": { "message": format!("Incorrect API key provided: {KEY}"), "code": "invalid_api_key" } });
    let (address, _) = server("401 Unauthorized", "application/json", refusal.to_string());
    let answered = ask(&Room::new(), &address, &["--model", "openai/small"]).expect(0);
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let out = flat(&answered.out);
    assert!(out.contains("openai answered 401"), "{answered:#?}");
    assert!(out.contains("OPENAI_API_KEY holds a valid key"), "{answered:#?}");
    assert!(out.contains("holding the green button"), "{answered:#?}");
    let nobody = ask(&Room::new(), "http://127.0.0.1:9/v1", &["--model", "openai/small"]).expect(0);
    assert!(flat(&nobody.out).contains("openai cannot be reached"), "{nobody:#?}");
}

/// What a terminal on standard error is shown.
#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_the_text_is_seen_while_it_is_written() {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let (room, (address, _)) = (Room::new(), good());
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let other = ptsname(&terminal, Vec::new()).unwrap();
    let side = std::fs::File::options().read(true).write(true).open(other.to_str().unwrap()).unwrap();
    let mut command = program(&room, &address);
    command.args(["ask", "--index", "notes", "--model", "openai/small", QUESTION]).stderr(side);
    let ended = command.stdout(Stdio::piped()).output().unwrap();
    drop(command);
    let mut shown = Vec::new();
    // The other side is gone once the program has ended: reading then fails, after what it wrote.
    let _ = std::fs::File::from(terminal).read_to_end(&mut shown);
    let shown = String::from_utf8_lossy(&shown);
    assert!(shown.contains("\u{1b}[2mHold the green button for five seconds [1]."), "{shown:?}");
    assert!(shown.contains("\r\u{1b}[J\u{1b}[0m"), "and taken away again: {shown:?}");
    assert!(String::from_utf8(ended.stdout).unwrap().starts_with("Hold the green button for five seconds [1].\n"));
}
