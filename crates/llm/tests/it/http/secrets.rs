//! A key goes to its server, and nowhere else.

use std::error::Error as _;
use std::fmt::Write as _;

use ninefold_core::{Error, ErrorKind};

use super::fault::{EVENTS, Fault, JSON, Step, answer, end, event, head};
use super::{KEY, call, cx, remote};

/// All that an error can be made to say.
fn said(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {:?} {:?}", error.wire(), error.hint_text());
    let mut cause = error.source();
    while let Some(source) = cause {
        let _ = write!(text, " {source} {source:?}");
        cause = source.source();
    }
    text
}

fn assert_hidden(text: &str) {
    for part in [KEY, "quite.or", "words-of-a-key", "sk-other"] {
        assert!(!text.contains(part), "{part} in {text}");
    }
}

#[tokio::test]
async fn what_a_server_repeats_of_a_key_is_not_shown() {
    let echo = format!(r#"{{"error": "the key {KEY} or quite.ord****** or sk-other-provider-key is wrong"}}"#);
    let event_of_key = event(&echo);
    for steps in [
        answer("401 Unauthorized", JSON, &echo),
        answer("400 Bad Request", "content-type: text/html\r\n", &format!("<p>{KEY}</p>")),
        answer("500 Oops", "", &format!("{}{KEY}", "x ".repeat(145))),
        answer("200 OK", "content-type: text/html\r\n", &format!("Authorization: Bearer {KEY}")),
        answer("200 OK", &format!("content-type: {KEY}\r\n"), "x"),
        answer("200 OK", JSON, &echo),
        answer("302 Found", &format!("location: http://{KEY}.example/{KEY}\r\n"), &echo),
        answer("400 Bad", &format!("x-request-id: {KEY}\r\n"), "x"),
        vec![head("200 OK", EVENTS), event_of_key, end()],
        vec![head("200 OK", EVENTS), event(&format!("no json {KEY}")), end()],
        vec![Step::Send(format!("HTTP/1.1 {KEY}\r\n\r\n").into_bytes()), Step::Close],
    ] {
        let server = Fault::always(steps).await;
        let model = remote(&server);
        let error = call(&model, &cx()).await.unwrap_err();
        assert_hidden(&said(&error));
        assert_hidden(&format!("{model:?} {model:#?}"));
    }
}

#[tokio::test]
async fn a_redirect_carries_no_key_elsewhere() {
    let elsewhere = Fault::always(answer("200 OK", JSON, "{}")).await;
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let server = Fault::always(answer(status, &format!("location: {}/talk\r\n", elsewhere.address()), "")).await;
        let error = call(&remote(&server), &cx()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Permanent);
        assert!(error.to_string().contains("to 127.0.0.1, which is not followed"), "{error}");
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn hostile_answers_are_shown_harmlessly() {
    let body = "{\"error\": \"\\u001b[31mred\\r\\nfake: line\\u202egnp\"}";
    let server = Fault::always(answer("400 Bad Request", JSON, body)).await;
    let error = call(&remote(&server), &cx()).await.unwrap_err();
    let shown = error.to_string();
    assert!(shown.contains("red fake: line"), "{shown:?}");
    assert!(!shown.contains(['\u{1b}', '\r', '\n', '\u{202e}']), "{shown:?}");
}
