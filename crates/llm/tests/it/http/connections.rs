//! What goes over the wire when all is well.

use std::sync::Arc;

use futures_util::StreamExt as _;
use ninefold_core::{Delta, Model, ModelId, ModelRequest, StopReason, Usage};
use ninefold_llm::Remote;
use ninefold_llm::http::Transport;
use ninefold_llm::wire::Framing;

use super::fault::{EVENTS, Fault, JSON, Step, answer, end, event, head};
use super::tiny::Tiny;
use super::{KEY, builder, call, cx, remote, transport};

fn good() -> Vec<Step> {
    vec![
        head("200 OK", EVENTS),
        event(r#"{"text": "a "}"#),
        event(r#"{"text": "step"}"#),
        event(r#"{"end": true}"#),
        end(),
    ]
}

#[tokio::test]
async fn a_reply_comes_in_pieces() {
    let server = Fault::always(good()).await;
    let reply = remote(&server).send(ModelRequest::new("be brief", "what?"), &cx()).await.unwrap();
    let deltas: Vec<_> = reply.into_deltas().map(Result::unwrap).collect().await;
    let expected = [
        Delta::Text("a ".into()),
        Delta::Text("step".into()),
        Delta::Usage(Usage::tokens(3, 2)),
        Delta::End(StopReason::End),
    ];
    assert_eq!(deltas, expected);
    let seen = &server.seen()[0];
    assert!(seen.head.starts_with("POST /v1/talk HTTP/1.1\r\n"), "{}", seen.head);
    assert_eq!(seen.header("authorization"), Some(&*format!("Bearer {KEY}")));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.header("x-tiny"), Some("1"));
    assert_eq!(seen.header("traceparent"), None);
    assert_eq!(seen.body, br#"{"model":"one","said":["be brief","what?"]}"#);
}

#[tokio::test]
async fn connections_are_kept() {
    let server = Fault::always(good()).await;
    let model = remote(&server);
    for _ in 0..5 {
        assert_eq!(call(&model, &cx()).await.unwrap().text, "a step");
    }
    assert_eq!((server.seen().len(), server.connections()), (5, 1));
    let server = Fault::always(answer("429 Too Many Requests", JSON, "{}")).await;
    let model = remote(&server);
    for _ in 0..3 {
        call(&model, &cx()).await.unwrap_err();
    }
    assert_eq!((server.seen().len(), server.connections()), (3, 1), "after a refusal as well");
}

#[tokio::test]
async fn a_server_that_keeps_talking_after_the_end_delays_nobody_for_long() {
    let server = Fault::always(good().into_iter().take(4).chain([Step::Silence]).collect()).await;
    assert_eq!(call(&remote(&server), &cx()).await.unwrap().text, "a step");
    let babble = good().into_iter().take(4).chain([Step::Flood("data: {\"text\": \"more\"}\n\n", 1 << 30)]);
    let server = Fault::always(babble.collect()).await;
    assert_eq!(call(&remote(&server), &cx()).await.unwrap().text, "a step");
    server.closed(1).await;
}

#[tokio::test]
async fn whole_replies_and_lines_are_read_too() {
    let whole =
        answer("200 OK", "content-type: Application/JSON; charset=utf-8\r\n", r#"{"text": "all", "end": true}"#);
    let server = Fault::always(whole).await;
    assert_eq!(call(&remote(&server), &cx()).await.unwrap().text, "all");

    let lines = "{\"text\": \"ü\"}\r\n\n{\"text\": \"b\"}\n{\"end\": true}";
    for headers in ["content-type: application/x-ndjson\r\n", ""] {
        let server = Fault::always(answer("200 OK", headers, lines)).await;
        let model = builder(&server, Framing::Lines, transport().build().unwrap()).build();
        assert_eq!(call(&model, &cx()).await.unwrap().text, "üb", "{headers:?}");
    }
}

#[tokio::test]
async fn chunks_may_be_cut_anywhere() {
    let text =
        "event: x\r\ndata: {\"text\": \"ü🙂\"}\r\n\r\n: ping\n\ndata: {\"text\": \"b\",\ndata: \"end\": true}\n\n";
    for size in 1..text.len() {
        let chunks = text.as_bytes().chunks(size).map(|chunk| Step::Chunk(chunk.to_vec()));
        let server = Fault::always([head("200 OK", EVENTS)].into_iter().chain(chunks).chain([end()]).collect()).await;
        assert_eq!(call(&remote(&server), &cx()).await.unwrap().text, "ü🙂b", "chunks of {size}");
    }
}

#[tokio::test]
async fn a_trace_is_continued() {
    let server = Fault::always(good()).await;
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let traced = transport().trace(move || vec![("traceparent", parent.to_owned())]).build().unwrap();
    call(&builder(&server, Framing::Events, traced).build(), &cx()).await.unwrap();
    assert_eq!(server.seen()[0].header("traceparent"), Some(parent));
}

#[tokio::test]
async fn a_proxy_is_asked_for_what_is_elsewhere() {
    let proxy = Fault::always(good()).await;
    let address = proxy.address();
    let through = Transport::builder().proxy(address.trim_end_matches("/v1")).build().unwrap();
    let model = Remote::builder(
        ModelId::new("tiny", "one"),
        Arc::new(Tiny(Framing::Events)),
        "http://models.invalid/v1",
        through,
    );
    assert_eq!(call(&model.unwrap().build(), &cx()).await.unwrap().text, "a step");
    assert!(proxy.seen()[0].head.starts_with("POST http://models.invalid/v1/talk HTTP/1.1\r\n"));
    assert!(
        Transport::builder()
            .proxy("http://user:hunter2 @")
            .build()
            .is_err_and(|error| !error.to_string().contains("hunter2"))
    );
}

#[tokio::test]
async fn many_at_once_share_a_transport() {
    let server = Fault::always(good()).await;
    let (model, cx) = (remote(&server), cx());
    let outcomes = futures_util::future::join_all((0..64).map(|_| call(&model, &cx))).await;
    assert!(outcomes.into_iter().all(|outcome| outcome.unwrap().text == "a step"));
    assert_eq!(server.seen().len(), 64);
}

#[test]
fn what_is_no_certificate_is_refused() {
    let error = Transport::builder().certificate("no certificate").build().unwrap_err();
    assert_eq!(error.kind(), ninefold_core::ErrorKind::InvalidInput, "{error}");
}
