//! Every way in which a server can fail: a typed error within its limit.

use std::time::Duration;

use futures_util::StreamExt as _;
use ninefold_core::{Delta, ErrorKind, Model, ModelRequest};
use ninefold_llm::Budgeted;
use ninefold_llm::http::Limits;
use ninefold_llm::wire::Framing;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::fault::{EVENTS, Fault, JSON, Step, answer, end, event, head};
use super::{builder, call, cx, cx_until, limits, remote, transport};

/// A stream that begins well.
fn begun(rest: impl IntoIterator<Item = Step>) -> Vec<Step> {
    [head("200 OK", EVENTS), event(r#"{"text": "a "}"#)].into_iter().chain(rest).collect()
}

/// What comes of these steps: the kind and the message of the error.
async fn fails(steps: Vec<Step>) -> (ErrorKind, String) {
    let server = Fault::always(steps).await;
    let error = call(&remote(&server), &cx()).await.unwrap_err();
    let wire = error.wire().expect("every error of a server names it");
    assert_eq!(wire.provider, "tiny");
    (error.kind(), error.to_string())
}

fn ms(millis: u64) -> Step {
    Step::Pause(Duration::from_millis(millis))
}

#[tokio::test]
async fn silence_has_its_limits() {
    let (kind, message) = fails(vec![Step::Silence]).await;
    assert_eq!(kind, ErrorKind::Transient);
    assert!(message.contains("did not begin to answer within 300ms"), "{message}");
    let half = Step::Chunk(b"data: {\"te".to_vec());
    for rest in [vec![Step::Silence], vec![half, Step::Silence]] {
        let (kind, message) = fails(begun(rest)).await;
        assert_eq!(kind, ErrorKind::Transient);
        assert!(message.contains("was silent for 200ms in the middle"), "{message}");
    }
}

#[tokio::test]
async fn what_was_not_waited_for_may_have_to_be_paid() {
    let server = Fault::always(vec![Step::Silence]).await;
    let (model, cx) = (Budgeted::new(remote(&server)), cx());
    call(&model, &cx).await.unwrap_err();
    assert!(cx.budget().spent().used.input_tokens > 0, "the server had the request: {:?}", cx.budget().spent());
    let nobody = Fault::always(vec![Step::Reset]).await;
    let (model, cx) = (Budgeted::new(remote(&nobody)), super::cx());
    call(&model, &cx).await.unwrap_err();
    assert_eq!((cx.budget().spent().calls, cx.budget().spent().used.total()), (1, 0), "one that broke off is none");
}

#[tokio::test]
async fn a_slow_drip_is_cut_off_at_the_limit_of_the_whole() {
    let drip = Step::Drip(": a comment that never comes to its end, and a long one at that", Duration::from_millis(20));
    let server = Fault::always(vec![head("200 OK", EVENTS), drip]).await;
    let limits = Limits { total: Duration::from_millis(400), ..limits() };
    let model = builder(&server, Framing::Events, transport().limits(limits).build().unwrap()).build();
    let error = call(&model, &cx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert!(error.to_string().contains("did not end its reply within 400ms"), "{error}");
}

#[tokio::test]
async fn broken_connections_are_transient() {
    for steps in [
        vec![Step::Reset],
        vec![Step::Close],
        vec![head("200 OK", EVENTS), Step::Reset],
        begun([Step::Reset]),
        begun([Step::Close]),
        begun([end()]),
        begun([Step::Chunk(b"data: {\"text\": \"b".to_vec()), end()]),
        begun([Step::Send(b"no chunk\r\n".to_vec()), Step::Silence]),
    ] {
        let shown = format!("{steps:?}");
        let (kind, message) = fails(steps).await;
        assert_eq!(kind, ErrorKind::Transient, "{message}: {shown}");
    }
    let (_, message) = fails(begun([Step::Chunk(b"data: {\"text\": \"b".to_vec()), end()])).await;
    assert!(message.contains("in the middle of an event"), "{message}");
}

#[tokio::test]
async fn a_server_that_asks_for_patience_before_it_breaks_off_is_heard() {
    let server = Fault::always(begun([Step::Chunk(b"retry: 700\n\n".to_vec()), Step::Reset])).await;
    let error = call(&remote(&server), &cx()).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_millis(700)));
}

#[tokio::test]
async fn nobody_there() {
    let server = Fault::always(Vec::new()).await;
    let model = remote(&server);
    drop(server);
    tokio::task::yield_now().await;
    let error = call(&model, &cx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert!(error.to_string().contains("cannot be reached"), "{error}");
    assert!(error.hint_text().unwrap().contains("see whether the server runs"));
}

#[tokio::test]
async fn what_came_before_an_error_is_handed_on() {
    let server = Fault::always(begun([event(r#"{"text": "b"}"#), event(r#"{"error": "overloaded"}"#), end()])).await;
    let reply = remote(&server).send(ModelRequest::new("", "x"), &cx()).await.unwrap();
    let heard: Vec<_> = reply.into_deltas().collect().await;
    let texts: Vec<_> = heard.iter().filter_map(|delta| delta.as_ref().ok().cloned()).collect();
    assert_eq!(texts, [Delta::Text("a ".into()), Delta::Text("b".into())]);
    let error = heard.last().unwrap().as_ref().unwrap_err();
    assert_eq!((heard.len(), error.kind()), (3, ErrorKind::Transient));
    assert!(error.message().contains("overloaded"), "{error}");
}

#[tokio::test]
async fn malformed_streams_are_malformed() {
    let bad = |bytes: &[u8]| begun([Step::Chunk(bytes.to_vec()), end()]);
    for steps in [
        bad(b"data: {no json}\n\n"),
        bad(b"data: \xff\xfe\n\n"),
        bad(b"data: {\"text\": \"\xc3\"}\n\n"),
        answer("200 OK", "content-type: text/html\r\n", "<html>sign in</html>"),
        answer("200 OK", "content-type: \u{1}\r\n", "x"),
        answer("200 OK", JSON, "<html>"),
    ] {
        let shown = format!("{steps:?}");
        let server = Fault::always(steps).await;
        let error = call(&remote(&server), &cx()).await.unwrap_err();
        // A header that is none breaks the connection instead.
        let expected = if shown.contains("32, 1, 13") { ErrorKind::Transient } else { ErrorKind::MalformedReply };
        assert_eq!(error.kind(), expected, "{error}: {shown}");
    }
    let (_, message) = fails(answer("200 OK", "content-type: text/html\r\n", "<html>sign in</html>")).await;
    assert!(message.contains("\"text/html\" instead of events or JSON"), "{message}");
}

#[tokio::test]
async fn gigabytes_are_not_taken() {
    const GIGABYTE: usize = 1 << 30;
    for (text, content) in [
        ("data: xxxxxxxx", EVENTS),
        ("data: {\"text\": \"\"}\n\n", EVENTS),
        (": ping\n\n", EVENTS),
        ("x", JSON),
        ("x", "content-type: text/html\r\n"),
    ] {
        for status in ["200 OK", "500 Internal Server Error"] {
            let server = Fault::always(vec![head(status, content), Step::Flood(text, GIGABYTE), end()]).await;
            let error = call(&remote(&server), &cx()).await.unwrap_err();
            let expected = match (status, content.contains("html")) {
                ("200 OK", false) => ErrorKind::TooLong,
                ("200 OK", true) => ErrorKind::MalformedReply,
                _ => ErrorKind::Transient,
            };
            assert_eq!(error.kind(), expected, "{text:?} {status}: {error}");
            server.closed(1).await;
            // What the kernel's buffers take is more than what is read.
            assert!(server.sent() < 64 << 20, "{} bytes were taken", server.sent());
            assert!(error.wire().unwrap().excerpt.len() <= 1200);
        }
    }
}

#[tokio::test]
async fn refusals_say_what_can_be_done() {
    let body = r#"{"error": "slow down"}"#;
    let headers = format!("{JSON}retry-after: 7\r\nx-request-id: req_42\r\n");
    let server = Fault::always(answer("429 Too Many Requests", &headers, body)).await;
    let error = call(&remote(&server), &cx()).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::RateLimited, Some(429)));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    let wire = error.wire().unwrap();
    assert_eq!((wire.provider.as_str(), wire.request_id.as_str(), wire.excerpt.as_str()), ("tiny", "req_42", body));
    assert_eq!(error.to_string(), "tiny answered 429: slow down; wait 7s before the next call");

    for (status, kind, hint) in [
        ("401 Unauthorized", ErrorKind::Permanent, "whether TINY_API_KEY holds a valid key"),
        ("403 Forbidden", ErrorKind::Permanent, "that may use one"),
        ("404 Not Found", ErrorKind::Permanent, "has the model one"),
        ("413 Payload Too Large", ErrorKind::TooLong, "send less"),
        ("500 Internal Server Error", ErrorKind::Transient, "try again"),
        ("529 Overloaded", ErrorKind::Transient, "try again"),
    ] {
        let server = Fault::always(answer(status, JSON, "")).await;
        let error = call(&remote(&server), &cx()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status}");
        assert!(error.hint_text().unwrap().contains(hint), "{error}");
    }
}

#[tokio::test]
async fn a_refusal_without_a_body_in_time_is_told_all_the_same() {
    let deadline = Instant::now() + Duration::from_secs(1);
    let server = Fault::always(vec![head("503 Service Unavailable", JSON), Step::Reset]).await;
    let error = call(&remote(&server), &cx_until(Some(deadline), None)).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Transient, Some(503)));
}

#[tokio::test]
async fn the_run_s_deadline_and_cancellation_hold_at_every_point() {
    for steps in [vec![Step::Silence], begun([Step::Silence]), vec![head("500 No", JSON), Step::Silence]] {
        let server = Fault::always(steps.clone()).await;
        let deadline = Instant::now() + Duration::from_millis(60);
        let error = call(&remote(&server), &cx_until(Some(deadline), None)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DeadlineExceeded, "{error}");
        server.closed(1).await;

        let server = Fault::always(steps).await;
        let cancel = CancellationToken::new();
        let (model, cx) = (remote(&server), cx_until(None, Some(cancel.clone())));
        let (outcome, ()) = tokio::join!(call(&model, &cx), async {
            tokio::time::sleep(Duration::from_millis(40)).await;
            cancel.cancel();
        });
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Cancelled);
        server.closed(1).await;
    }
    let server = Fault::always(Vec::new()).await;
    let cancel = CancellationToken::new();
    cancel.cancel();
    call(&remote(&server), &cx_until(None, Some(cancel))).await.unwrap_err();
    assert_eq!(server.connections(), 0, "a run that is over asks nobody");
}

#[tokio::test]
async fn a_reply_that_is_dropped_ends_the_call() {
    let server = Fault::always(begun([Step::Silence])).await;
    let reply = remote(&server).send(ModelRequest::new("", "x"), &cx()).await.unwrap();
    drop(reply);
    server.closed(1).await;
}

#[tokio::test]
async fn a_storm_passes() {
    let storm = |n: usize, _: &_| match n % 10 {
        0 => vec![Step::Reset],
        1 => begun([Step::Reset]),
        2 => answer("429 Too Many Requests", "retry-after: 0\r\n", ""),
        3 => answer("500 Internal Server Error", JSON, "{}"),
        _ => begun([ms(1), event(r#"{"text": "b", "end": true}"#), end()]),
    };
    let server = Fault::start(storm).await;
    let (model, cx) = (remote(&server), cx());
    let calls = (0..200).map(|_| call(&model, &cx));
    let outcomes = futures_util::future::join_all(calls).await;
    let good = outcomes.iter().filter(|outcome| outcome.as_ref().is_ok_and(|whole| whole.text == "a b")).count();
    let typed =
        outcomes.iter().filter(|outcome| outcome.as_ref().is_err_and(ninefold_core::Error::is_transient)).count();
    assert_eq!((good + typed, server.seen().len()), (200, 200), "every call ends, and is made once");
    assert_eq!(good, 120);
}
