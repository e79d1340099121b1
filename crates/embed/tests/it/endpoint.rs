//! The endpoint against a server that behaves, one that does not, and none.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ninefold_core::{Embedder, Error, ErrorKind, Purpose, Usage};
use ninefold_embed::{Endpoint, Limits};
use ninefold_testkit::embedder_suite;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

const KEY: &str = "sk-very-secret";

/// Answers as an embeddings server does; its vectors follow from the letters.
fn answer(request: &Request) -> ResponseTemplate {
    let body: Value = request.body_json().unwrap();
    let texts = body["input"].as_array().unwrap().clone();
    let vector = |text: &Value| {
        let mut vector = [1.0_f32; 8];
        for (place, byte) in text.as_str().unwrap().bytes().enumerate() {
            vector[usize::from(byte) % 8] += 1.0 / (1.0 + place as f32);
        }
        vector.to_vec()
    };
    let item = |(index, text)| json!({"object": "embedding", "index": index, "embedding": vector(text)});
    // Backwards: the order is in the index.
    let data: Vec<Value> = texts.iter().enumerate().rev().map(item).collect();
    let tokens = texts.len() * 3;
    let usage = json!({"prompt_tokens": tokens, "total_tokens": tokens});
    ResponseTemplate::new(200)
        .set_body_json(json!({"object": "list", "data": data, "model": body["model"], "usage": usage}))
}

async fn server(respond: impl Respond + 'static) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST")).and(path("/v1/embeddings")).respond_with(respond).mount(&server).await;
    server
}

fn quick() -> Limits {
    Limits { pause: Duration::from_millis(2), attempt: Duration::from_secs(5), ..Limits::default() }
}

fn endpoint(server: &MockServer) -> Endpoint {
    Endpoint::new(&format!("{}/v1/", server.uri()), "small").unwrap().key(KEY).unwrap().limits(quick())
}

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("text {n}")).collect()
}

/// The failure, which shows no secret in any form.
async fn failure(endpoint: &Endpoint) -> Error {
    let error = endpoint.embed(&texts(1), Purpose::Query).await.unwrap_err();
    let shown = format!("{error} {error:?} {endpoint:?}");
    assert!(!shown.contains(KEY) && !shown.contains("hunter2"), "{shown}");
    error
}

#[tokio::test]
async fn it_passes_the_suite() {
    let server = server(answer).await;
    embedder_suite(&endpoint(&server)).await;
}

#[tokio::test]
async fn requests_are_bounded_and_answers_in_order() {
    let server = server(answer).await;
    let endpoint = endpoint(&server).limits(Limits { texts: 7, bytes: 1_000, text_bytes: 50, ..quick() });
    let mut texts = texts(40);
    texts.insert(3, "é".repeat(100));
    let made = endpoint.embed(&texts, Purpose::Passage).await.unwrap();
    assert_eq!(made.usage, Usage::tokens(41 * 3, 0));
    for (text, vector) in texts.iter().zip(&made.vectors) {
        let alone = endpoint.embed(std::slice::from_ref(text), Purpose::Passage).await.unwrap();
        assert_eq!(alone.vectors[0], *vector, "{text}");
    }
    for request in server.received_requests().await.unwrap() {
        let body: Value = request.body_json().unwrap();
        let sent = body["input"].as_array().unwrap();
        assert!(sent.len() <= 7, "{body}");
        assert!(sent.iter().all(|text| text.as_str().unwrap().len() <= 50), "{body}");
        assert_eq!((&body["model"], &body["encoding_format"]), (&json!("small"), &json!("float")));
        assert_eq!(request.headers["authorization"], format!("Bearer {KEY}"));
    }
}

#[tokio::test]
async fn nothing_is_sent_for_texts_that_say_nothing() {
    let server = server(answer).await;
    let endpoint = endpoint(&server);
    endpoint.embed(&["".to_owned(), " \n".to_owned()], Purpose::Query).await.unwrap();
    assert!(server.received_requests().await.unwrap().is_empty());
    let made = endpoint.embed(&["a".to_owned(), " ".to_owned()], Purpose::Query).await.unwrap();
    assert_eq!(made.vectors[1], [0.0; 8]);
}

#[tokio::test]
async fn base64_and_dimensions_are_asked_for() {
    let respond = |request: &Request| {
        let body: Value = request.body_json().unwrap();
        assert_eq!((&body["encoding_format"], &body["dimensions"]), (&json!("base64"), &json!(2)));
        ResponseTemplate::new(200).set_body_json(json!({"data": [{"embedding": "AABAQAAAgEA=", "index": 0}]}))
    };
    let server = server(respond).await;
    let endpoint = endpoint(&server).base64().dimensions(2);
    let made = endpoint.embed(&texts(1), Purpose::Query).await.unwrap();
    assert_eq!(made.vectors, [[0.6, 0.8]]);
    assert_eq!(endpoint.model().name, "small@2");
}

/// Fails so many times, then answers.
struct Recovers {
    failures: usize,
    tried: Arc<AtomicUsize>,
    with: ResponseTemplate,
}

impl Respond for Recovers {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        if self.tried.fetch_add(1, Ordering::SeqCst) < self.failures { self.with.clone() } else { answer(request) }
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    for (status, retry_after) in [(429, Some("0")), (503, Some("0.001")), (500, None), (408, None)] {
        for (failures, well) in [(3, true), (4, false)] {
            let tried = Arc::new(AtomicUsize::new(0));
            let mut with = ResponseTemplate::new(status).set_body_string("busy");
            if let Some(seconds) = retry_after {
                with = with.insert_header("retry-after", seconds);
            }
            let server = server(Recovers { failures, tried: Arc::clone(&tried), with }).await;
            let outcome = endpoint(&server).embed(&texts(1), Purpose::Query).await;
            assert_eq!((outcome.is_ok(), tried.load(Ordering::SeqCst)), (well, 4), "{status} {failures}");
            if let Err(error) = outcome {
                assert_eq!((error.kind(), error.status()), (ErrorKind::Transient, Some(status)));
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_asks_for_a_long_wait_is_not_waited_for() {
    let tried = Arc::new(AtomicUsize::new(0));
    let with = ResponseTemplate::new(429).insert_header("retry-after", "3600");
    let server = server(Recovers { failures: 9, tried: Arc::clone(&tried), with }).await;
    let error = failure(&endpoint(&server)).await;
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3_600)));
    assert_eq!(tried.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_will_not_pass_is_not_tried_again_and_says_why() {
    for (status, kind, hint) in [
        (401, ErrorKind::Permanent, "key"),
        (404, ErrorKind::NotFound, "/v1"),
        (413, ErrorKind::TooLong, "lower the limits"),
        (302, ErrorKind::Permanent, "redirects"),
    ] {
        let tried = Arc::new(AtomicUsize::new(0));
        let said = format!("bad\n\u{1b}[31mkey {KEY} {}", "x".repeat(100_000));
        let with = ResponseTemplate::new(status)
            .set_body_json(json!({"error": {"message": said}}))
            .insert_header("location", "/v2");
        let server = server(Recovers { failures: 9, tried: Arc::clone(&tried), with }).await;
        let error = failure(&endpoint(&server)).await;
        let shown = error.to_string();
        assert_eq!((error.kind(), error.status(), tried.load(Ordering::SeqCst)), (kind, Some(status), 1), "{shown}");
        assert!(shown.contains(hint) && shown.contains("bad [31mkey [hidden] xx") && shown.len() < 700, "{shown}");
        assert!(!shown.contains(char::is_control), "{shown}");
    }
}

#[tokio::test]
async fn a_text_that_is_refused_is_told_from_a_server_that_refuses_any() {
    for status in [400, 422] {
        let refuse = move || {
            let said = format!("bad key {KEY}");
            ResponseTemplate::new(status).set_body_json(json!({"error": {"message": said}}))
        };
        let picky = server(move |request: &Request| {
            let body: Value = request.body_json().unwrap();
            if body["input"].as_array().unwrap().contains(&json!("text 0")) { refuse() } else { answer(request) }
        });
        let picky = picky.await;
        let error = failure(&endpoint(&picky)).await;
        assert_eq!((error.kind(), error.status()), (ErrorKind::InvalidInput, Some(status)), "{error}");
        assert!(error.to_string().contains("what the server says"), "{error}");
        let closed = server(refuse()).await;
        let error = failure(&endpoint(&closed)).await;
        assert_eq!((error.kind(), error.status()), (ErrorKind::Permanent, Some(status)), "{error}");
        let shown = error.to_string();
        assert!(shown.contains("bad key [hidden], whatever the text") && shown.contains("model's name"), "{shown}");
        assert_eq!(closed.received_requests().await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_reply_that_does_not_fit_is_refused() {
    let bodies = [
        "".to_owned(),
        "<html>".to_owned(),
        json!({"data": []}).to_string(),
        json!({"data": [{"index": 0, "embedding": [1.0, null]}]}).to_string(),
        "[".repeat(100_000),
    ];
    for body in bodies {
        let server = server(ResponseTemplate::new(200).set_body_string(body.clone())).await;
        assert_eq!(failure(&endpoint(&server)).await.kind(), ErrorKind::MalformedReply, "{body:.50}");
    }
    let large = server(ResponseTemplate::new(200).set_body_string(" ".repeat(10_000))).await;
    let limited = endpoint(&large).limits(Limits { reply_bytes: 5_000, ..quick() });
    let error = failure(&limited).await;
    assert!(error.to_string().contains("larger than 5000 bytes"), "{error}");
}

#[tokio::test]
async fn vectors_that_change_their_length_are_refused() {
    let server = MockServer::start().await;
    let reply = |numbers: usize| {
        let body = json!({"data": [{"index": 0, "embedding": vec![1.0; numbers]}]});
        Mock::given(method("POST"))
            .and(header("content-type", "application/json"))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
    };
    let endpoint = endpoint(&server);
    let first = reply(4).mount_as_scoped(&server).await;
    endpoint.embed(&texts(1), Purpose::Query).await.unwrap();
    drop(first);
    reply(5).mount(&server).await;
    assert!(failure(&endpoint).await.to_string().contains("5 numbers instead of 4"));
}

#[tokio::test]
async fn a_server_that_is_slow_or_away_is_given_up() {
    let slow = server(ResponseTemplate::new(200).set_delay(Duration::from_secs(30))).await;
    let limits = Limits { attempt: Duration::from_millis(20), attempts: 2, ..quick() };
    let error = failure(&endpoint(&slow).limits(limits)).await;
    assert!(error.is_transient() && error.to_string().contains("within 20ms"), "{error}");
    let nobody = Endpoint::new("http://me:hunter2@127.0.0.1:9/v1?key=hunter2", "small").unwrap().limits(quick());
    let error = failure(&nobody).await;
    assert!(
        error.is_transient() && error.to_string().contains("http://127.0.0.1:9/v1/embeddings cannot be reached"),
        "{error}"
    );
}

#[test]
fn a_key_that_is_none_is_refused() {
    let endpoint = Endpoint::new("http://localhost/v1", "small").unwrap();
    assert_eq!(endpoint.key("a\nb").unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(Endpoint::new("https://localhost/v1", "small").is_ok(), cfg!(feature = "https"));
}

#[test]
fn servers_that_are_not_the_same_are_told_apart() {
    let model = |address: &str| Endpoint::new(address, "minilm").unwrap().model().to_string();
    assert_eq!(model("http://localhost:11434/v1"), "localhost:11434/minilm");
    assert_eq!(model("http://localhost:8080/v1/"), "localhost:8080/minilm");
    assert_eq!(model("http://gateway/team-a/v1"), "gateway/team-a/minilm");
    assert_eq!(model("http://me:hush@gateway/v1"), "gateway/minilm");
}
