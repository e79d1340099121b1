//! Our clients against the proxy `LiteLLM`, which nobody here wrote. `scripts/litellm.sh` starts it and says where it is:
//!
//! `scripts/litellm.sh cargo test -p ninefold-llm --features http --test it -- --ignored litellm`

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use ninefold_core::{
    Delta, ErrorKind, Message, Model, ModelRequest, Result, StopReason, ToolChoice, ToolResult, ToolSpec,
};
use ninefold_llm::Providers;
use ninefold_llm::http::{Limits, Transport};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::fault::{EVENTS, Fault, JSON, Step, answer, end, event, head};
use super::{call, cx, cx_until};

const SAID: &str = "A phase is the unit of timing, of caching and of recovery.";

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this under scripts/litellm.sh"))
}

fn providers_with(key: String, limits: Limits) -> Providers {
    let proxy = variable("NINEFOLD_LITELLM");
    Providers::new(Transport::builder().no_proxy().limits(limits).build().unwrap()).variables(move |name| match name {
        "NINEFOLD_LITELLM_BASE_URL" => Some(format!("{proxy}/v1")),
        "ANTHROPIC_BASE_URL" => Some(proxy.clone()),
        "LITELLM_API_KEY" | "ANTHROPIC_API_KEY" => Some(key.clone()),
        _ => None,
    })
}

fn open(name: &str) -> Arc<dyn Model> {
    providers_with(variable("NINEFOLD_LITELLM_KEY"), Limits::default()).open(name).unwrap()
}

/// What both formats must do with the same model behind the proxy.
const BOTH: [&str; 2] = ["litellm/plain", "anthropic/claude"];

#[tokio::test]
#[ignore = "needs the LiteLLM proxy"]
async fn litellm_answers_in_pieces_with_usage() {
    for name in BOTH {
        let reply = open(name).send(ModelRequest::new("be brief", "what is a phase?"), &cx()).await.unwrap();
        let deltas: Vec<Delta> = reply.into_deltas().map(Result::unwrap).collect().await;
        let texts: Vec<&str> = deltas
            .iter()
            .filter_map(|delta| match delta {
                Delta::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        assert!(texts.len() > 5, "{name} streams: {deltas:?}");
        assert_eq!(texts.concat(), SAID, "{name}");
        assert!(matches!(deltas.first(), Some(Delta::Begin { id, .. }) if !id.is_empty()), "{name}: {deltas:?}");
        let used = deltas.iter().rev().find_map(|delta| match delta {
            Delta::Usage(usage) => Some(*usage),
            _ => None,
        });
        let used = used.unwrap_or_else(|| panic!("{name} says what it used: {deltas:?}"));
        assert!(used.output_tokens > 5, "{name}: {used:?}");
        assert_eq!(deltas.last(), Some(&Delta::End(StopReason::End)), "{name}");
    }
}

#[tokio::test]
#[ignore = "needs the LiteLLM proxy"]
async fn litellm_answers_many_at_once() {
    let (model, cx) = (open("litellm/plain"), cx());
    let outcomes = futures_util::future::join_all((0..20).map(|_| call(&model, &cx))).await;
    assert!(outcomes.into_iter().all(|outcome| outcome.unwrap().text == SAID));
}

#[tokio::test]
#[ignore = "needs the LiteLLM proxy"]
async fn litellm_refuses_a_wrong_key_and_it_is_not_shown() {
    for name in ["litellm/plain", "anthropic/plain"] {
        let key = "no-key-of-this-proxy-1234567890";
        let model = providers_with(key.to_owned(), Limits::default()).open(name).unwrap();
        let error = call(&model, &cx()).await.unwrap_err();
        // Without a database for keys it says 400; see the 401 of a server behind it below.
        assert_eq!((error.kind(), error.status()), (ErrorKind::Permanent, Some(400)), "{error}");
        let said = format!("{error} {error:?} {:?}", error.wire());
        assert!(!said.contains("no-key-o") && !said.contains("1234567890"), "{said}");
    }
}

#[tokio::test]
#[ignore = "needs the LiteLLM proxy"]
async fn litellm_errors_have_their_class() {
    for (model, kind, status) in [
        ("limited", ErrorKind::RateLimited, 429),
        ("broken", ErrorKind::Transient, 500),
        ("long", ErrorKind::TooLong, 400),
    ] {
        for provider in ["litellm", "anthropic"] {
            let error = call(&open(&format!("{provider}/{model}")), &cx()).await.unwrap_err();
            assert_eq!((error.kind(), error.status()), (kind, Some(status)), "{provider}/{model}: {error}");
            let wire = error.wire().unwrap();
            assert_eq!(wire.provider, provider);
            assert!(!wire.request_id.is_empty() && !wire.excerpt.is_empty(), "{wire:?}");
        }
    }
    let error = call(&open("litellm/nobody"), &cx()).await.unwrap_err();
    assert!(!error.is_transient() && error.message().contains("nobody"), "{error}");
}

#[tokio::test]
#[ignore = "needs the LiteLLM proxy"]
async fn litellm_limits_are_told_with_their_wait() {
    let (model, cx) = (open("litellm/scarce"), cx());
    let mut last = Ok(());
    for _ in 0..4 {
        last = call(&model, &cx).await.map(|_| ());
    }
    let error = last.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)), "{error}");
}

#[tokio::test]
#[ignore = "needs the LiteLLM proxy"]
async fn litellm_that_is_slow_meets_our_limits() {
    let limits = Limits { first_byte: Duration::from_millis(300), ..Limits::default() };
    let model = providers_with(variable("NINEFOLD_LITELLM_KEY"), limits).open("litellm/slow").unwrap();
    let error = call(&model, &cx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
    assert!(error.message().contains("300ms"), "{error}");
    let deadline = Instant::now() + Duration::from_millis(300);
    let error = call(&open("litellm/slow"), &cx_until(Some(deadline), None)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded, "{error}");
}

#[cfg(feature = "https")]
#[tokio::test]
#[ignore = "needs the LiteLLM proxy"]
async fn litellm_over_tls_and_http_2() {
    let trusted = std::fs::read(variable("NINEFOLD_LITELLM_CERTIFICATE")).unwrap();
    let open = |transport: ninefold_llm::http::TransportBuilder| {
        let providers = Providers::new(transport.no_proxy().build().unwrap());
        let variables = |name: &str| match name {
            "NINEFOLD_LITELLM_BASE_URL" => Some(format!("{}/v1", variable("NINEFOLD_LITELLM_HTTP2"))),
            "LITELLM_API_KEY" => Some(variable("NINEFOLD_LITELLM_KEY")),
            _ => None,
        };
        providers.variables(variables).open("litellm/plain").unwrap()
    };
    let (model, cx) = (open(Transport::builder().certificate(trusted)), cx());
    let outcomes = futures_util::future::join_all((0..20).map(|_| call(&model, &cx))).await;
    assert!(outcomes.into_iter().all(|outcome| outcome.unwrap().text == SAID));

    let error = call(&open(Transport::builder()), &cx).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permanent, "{error}");
    assert!(error.to_string().contains("is not trusted"), "{error}");
}

/// A piece of a chat completion, as `OpenAI`'s reference has it.
fn piece(delta: &Value, finish: Option<&str>) -> Step {
    let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
    event(&json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "behind", "choices": [choice] }).to_string())
}

/// A reply that has two tools called at once, its arguments cut in the middle.
fn tools() -> Vec<Step> {
    let call = |index: u8, id: &str, name: &str| json!({ "tool_calls": [{ "index": index, "id": id, "type": "function", "function": { "name": name, "arguments": "" } }] });
    let more = |index: u8, arguments: &str| json!({ "tool_calls": [{ "index": index, "function": { "arguments": arguments } }] });
    vec![
        head("200 OK", EVENTS),
        piece(&json!({ "role": "assistant", "content": null }), None),
        piece(&call(0, "call_a", "look_up"), None),
        piece(&more(0, "{\"word\": \"pha"), None),
        piece(&more(0, "se\"}"), None),
        piece(&call(1, "call_b", "look_up"), None),
        piece(&more(1, "{\"word\": \"r\u{fc}n\"}"), None),
        piece(&json!({}), Some("tool_calls")),
        event("[DONE]"),
        end(),
    ]
}

#[tokio::test]
#[ignore = "needs the LiteLLM proxy"]
async fn litellm_streams_tool_calls_of_a_server_behind_it() {
    let script = |_: usize, seen: &super::fault::Seen| {
        let body: Value = serde_json::from_slice(&seen.body).unwrap();
        let messages = body["messages"].as_array().unwrap();
        if messages.iter().any(|message| message["role"] == "tool") {
            let said = json!({ "role": "assistant", "content": "Both are words." });
            return vec![
                head("200 OK", EVENTS),
                piece(&said, None),
                piece(&json!({}), Some("stop")),
                event("[DONE]"),
                end(),
            ];
        }
        if messages.iter().any(|message| message["content"].to_string().contains("too fast")) {
            let body =
                json!({ "error": { "message": "slow down", "type": "rate_limit_error", "code": "429" } }).to_string();
            return answer("429 Too Many Requests", &format!("{JSON}retry-after: 9\r\n"), &body);
        }
        if messages.iter().any(|message| message["content"].to_string().contains("not allowed")) {
            let body = json!({ "error": { "message": "Incorrect API key provided: sk-behind-1234", "code": "invalid_api_key" } });
            return answer("401 Unauthorized", JSON, &body.to_string());
        }
        tools()
    };
    let _behind = Fault::at(&variable("NINEFOLD_LITELLM_UPSTREAM"), script).await;
    let tool = ToolSpec {
        name: "look_up".into(),
        description: "Looks a word up.".into(),
        schema: json!({ "type": "object", "properties": { "word": { "type": "string" } }, "required": ["word"] }),
    };
    for name in ["litellm/behind", "anthropic/behind"] {
        let model = open(name);
        let mut request = ModelRequest {
            tools: vec![tool.clone()],
            tool_choice: ToolChoice::Auto,
            max_output_tokens: Some(100),
            ..ModelRequest::new("use tools", "look up")
        };
        let asked = model.send(request.clone(), &cx()).await.unwrap().collect().await.unwrap();
        assert_eq!(asked.stop, StopReason::ToolCalls, "{name}");
        let calls: Vec<(&str, Value)> = asked
            .tool_calls
            .iter()
            .map(|call| (call.name.as_str(), serde_json::from_str(&call.arguments).unwrap()))
            .collect();
        assert_eq!(calls, [("look_up", json!({ "word": "phase" })), ("look_up", json!({ "word": "rün" }))], "{name}");

        request.messages.push(asked.message());
        for call in &asked.tool_calls {
            let result =
                ToolResult { id: call.id.clone(), name: call.name.clone(), content: "a word".into(), is_error: false };
            request.messages.push(Message::tool(result));
        }
        let done = model.send(request, &cx()).await.unwrap().collect().await.unwrap();
        assert_eq!((done.text.as_str(), done.stop), ("Both are words.", StopReason::End), "{name}");

        let error = model.send(ModelRequest::new("", "too fast"), &cx()).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::RateLimited, Some(429)), "{name}: {error}");
        // The proxy hands the wait on in one of its formats only.
        let wait = name.starts_with("litellm").then_some(Duration::from_secs(9));
        assert_eq!(error.retry_after(), wait, "{name}: {error}");

        let error = model.send(ModelRequest::new("", "not allowed"), &cx()).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Permanent, Some(401)), "{name}: {error}");
        assert!(error.hint_text().unwrap().contains("_API_KEY holds a valid key"), "{error}");
        assert!(!format!("{error} {:?}", error.wire()).contains("sk-behind"), "{error}");
    }
}
