//! What every format's decoder must do, each held to the same cases. The fixtures follow the providers' references.

use futures_util::{FutureExt as _, stream};
use ninefold_core::{Completion, Delta, Error, ErrorKind, ModelRequest, Reply, Result, StopReason, Usage};
use ninefold_llm::wire::{Anthropic, Dialect, Format, Framing, Gemini, Ollama, OpenAiChat, OpenAiResponses};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A format, its folder of fixtures, and a model's name.
pub(crate) type Row = (&'static dyn Format, &'static str, &'static str);

pub(crate) const FORMATS: [Row; 5] = [
    (&OpenAiChat, "openai_chat", "gpt-5-mini"),
    (&OpenAiResponses, "openai_responses", "gpt-5-mini"),
    (&Anthropic, "anthropic", "claude-sonnet-4-5"),
    (&Gemini, "gemini", "gemini-3-flash-preview"),
    (&Ollama, "ollama", "qwen3:4b"),
];

/// A fixture; `None` where the format has no such thing.
pub(crate) fn fixture(folder: &str, name: &str) -> Option<String> {
    std::fs::read_to_string(format!("{}/tests/fixtures/{folder}/{name}", env!("CARGO_MANIFEST_DIR"))).ok()
}

/// The events of a stream: name and data.
fn events(format: &dyn Format, folder: &str, name: &str) -> Option<Vec<(String, String)>> {
    match format.framing() {
        Framing::Lines => {
            let text = fixture(folder, &format!("{name}.jsonl"))?;
            Some(text.lines().map(|line| (String::new(), line.to_owned())).collect())
        }
        Framing::Events => {
            let text = fixture(folder, &format!("{name}.sse"))?;
            let field = |event: &str, name: &str| {
                event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned()
            };
            let blocks = text.split("\n\n").filter(|event| !event.is_empty());
            Some(blocks.map(|event| (field(event, "event: "), field(event, "data: "))).collect())
        }
    }
}

/// Reads events, handing over what each says before the next comes, and the end.
fn decode(format: &dyn Format, events: &[(String, String)]) -> Result<Vec<Vec<Delta>>> {
    let mut decoder = format.decoder();
    let mut batches = Vec::new();
    for (name, data) in events {
        let mut deltas = Vec::new();
        decoder.event(name, data, &mut deltas)?;
        batches.push(deltas);
    }
    let mut deltas = Vec::new();
    decoder.end(&mut deltas)?;
    batches.push(deltas);
    Ok(batches)
}

pub(crate) fn collect(deltas: Vec<Delta>) -> Result<Completion> {
    Reply::stream(stream::iter(deltas.into_iter().map(Ok))).collect().now_or_never().unwrap()
}

pub(crate) fn complete(format: &dyn Format, folder: &str, name: &str) -> Option<Result<Completion>> {
    let events = events(format, folder, name)?;
    Some(decode(format, &events).and_then(|batches| collect(batches.concat())))
}

fn whole(format: &dyn Format, folder: &str, name: &str) -> Completion {
    let mut deltas = Vec::new();
    format.decoder().whole(&fixture(folder, name).unwrap(), &mut deltas).unwrap();
    collect(deltas).unwrap()
}

#[test]
fn text_usage_and_names_are_read() {
    for (format, folder, _) in FORMATS {
        let reply = complete(format, folder, "text").unwrap().unwrap();
        assert_eq!(reply.text, "A phase is a step – no more.", "{folder}");
        assert_eq!(
            (reply.stop, reply.tool_calls.len(), reply.reasoning.as_str()),
            (StopReason::End, 0, ""),
            "{folder}"
        );
        let mut expected = Usage { cached_input_tokens: 10, ..Usage::tokens(30, 8) };
        match folder {
            "anthropic" => expected.cache_write_tokens = 5,
            "ollama" => expected.cached_input_tokens = 0,
            _ => {}
        }
        assert_eq!(reply.usage, expected, "{folder}");
        assert!(!reply.model.is_empty() && (!reply.id.is_empty() || folder == "ollama"), "{folder}");
        assert_eq!(whole(format, folder, "whole.json"), reply, "{folder}: without a stream");
    }
}

#[test]
fn calls_side_by_side_are_put_together() {
    for (format, folder, _) in FORMATS {
        let reply = complete(format, folder, "tools").unwrap().unwrap();
        assert_eq!((reply.text.as_str(), reply.stop), ("Let me look.", StopReason::ToolCalls), "{folder}");
        let calls: Vec<_> = reply
            .tool_calls
            .iter()
            .map(|call| (call.id.as_str(), call.name.as_str(), call.arguments.as_str()))
            .collect();
        let expected =
            [("call_paris", "get_weather", r#"{"city":"Paris"}"#), ("call_rome", "get_weather", r#"{"city":"Rome"}"#)];
        assert_eq!(calls, expected, "{folder}");
        assert_eq!(whole(format, folder, "whole_tools.json"), reply, "{folder}: without a stream");
    }
}

#[test]
fn thoughts_come_apart_from_text_and_can_be_given_back() {
    for (format, folder, model) in FORMATS {
        let reply = complete(format, folder, "thinking").unwrap().unwrap();
        assert_eq!((reply.reasoning.as_str(), reply.text.as_str()), ("Two and two.", "4"), "{folder}");
        let thought = if folder == "ollama" { 0 } else { 9 };
        assert_eq!((reply.usage.output_tokens, reply.usage.reasoning_tokens), (12, thought), "{folder}");
        let signature = reply.signature.clone().unwrap();
        let again = ModelRequest {
            messages: vec![
                ninefold_core::Message::user("2 + 2?"),
                reply.message(),
                ninefold_core::Message::user("so?"),
            ],
            ..ModelRequest::default()
        };
        let sent = |format: &dyn Format| {
            String::from_utf8(format.encode(model, &again, Dialect::default()).unwrap().body).unwrap()
        };
        let proof = match folder {
            "openai_responses" => Some("gAAAAABoISQ24OyVRYbk"),
            "anthropic" => Some("EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pkiMOYds"),
            "gemini" => Some("EjQKMgEMOdbHPQ=="),
            "ollama" => Some("\"thinking\":\"Two and two.\""),
            // Only with tool calls.
            _ => None,
        };
        assert_eq!(proof.is_some_and(|proof| sent(format).contains(proof)), proof.is_some(), "{folder}");
        // To the others these thoughts mean nothing.
        for (other, name, _) in FORMATS.iter().filter(|(_, name, _)| *name != folder) {
            let body = sent(*other);
            let shown = proof.unwrap_or(&signature);
            assert!(!body.contains(shown) && !body.contains("Two and"), "{folder} to {name}: {body}");
        }
    }
}

#[test]
fn a_cut_answer_and_a_refusal_are_said() {
    for (format, folder, _) in FORMATS {
        let cut = complete(format, folder, "length").unwrap().unwrap();
        assert_eq!((cut.text.as_str(), cut.stop), ("A phase is", StopReason::Length), "{folder}");
        if let Some(refused) = complete(format, folder, "refused") {
            let refused = refused.unwrap();
            assert_eq!(
                (refused.text.as_str(), refused.stop),
                ("I can't help with that.", StopReason::Refused),
                "{folder}"
            );
        } else {
            assert_eq!(folder, "ollama", "the others can refuse");
        }
    }
}

#[test]
fn an_error_within_a_stream_is_that_error() {
    for (format, folder, _) in FORMATS {
        let error: Error = complete(format, folder, "error").unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transient, "{folder}: {error}");
        assert!(error.message().contains(format.name()), "{folder}: {error}");
    }
}

const STREAMS: [&str; 5] = ["text", "tools", "thinking", "length", "refused"];

#[test]
fn where_a_stream_is_split_makes_no_difference_and_a_broken_one_is_never_whole() {
    for (format, folder, _) in FORMATS {
        for name in STREAMS {
            let Some(events) = events(format, folder, name) else { continue };
            let batches = decode(format, &events).unwrap();
            let reply = collect(batches.concat()).unwrap();
            for at in 0..=events.len() {
                // All before the cut at once, all after it at once.
                let mut decoder = format.decoder();
                let (mut before, mut after) = (Vec::new(), Vec::new());
                events[..at].iter().for_each(|(name, data)| decoder.event(name, data, &mut before).unwrap());
                let mut cut = before.clone();
                events[at..].iter().for_each(|(name, data)| decoder.event(name, data, &mut after).unwrap());
                decoder.end(&mut after).unwrap();
                before.append(&mut after);
                assert_eq!(collect(before).unwrap(), reply, "{folder}/{name} split at {at}");
                // Broken off there: transient, or, once the reason for the end has come, the same answer.
                let mut decoder = format.decoder();
                let mut again = Vec::new();
                events[..at].iter().for_each(|(name, data)| decoder.event(name, data, &mut again).unwrap());
                assert_eq!(again, cut, "{folder}/{name}: decoding has no other state");
                match decoder.end(&mut cut) {
                    Ok(()) => {
                        let early = collect(cut).unwrap();
                        assert_eq!(
                            (early.text, early.tool_calls, early.stop),
                            (reply.text.clone(), reply.tool_calls.clone(), reply.stop)
                        );
                    }
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Transient, "{folder}/{name} at {at}"),
                }
            }
        }
    }
}

#[test]
fn usage_comes_while_streaming_and_nothing_after_the_end() {
    for (format, folder, _) in FORMATS {
        let mut events = events(format, folder, "text").unwrap();
        // What comes after the end is passed over.
        events.push(events[1].clone());
        let deltas = decode(format, &events).unwrap().concat();
        let ends = deltas.iter().filter(|delta| matches!(delta, Delta::End(_))).count();
        assert!(ends == 1, "{folder}");
        if folder != "gemini" {
            assert!(matches!(deltas.last(), Some(Delta::End(_))), "{folder}");
        }
        assert!(matches!(deltas.first(), Some(Delta::Begin { .. })), "{folder}");
        assert!(deltas.iter().any(|delta| matches!(delta, Delta::Usage(_))), "{folder}");
    }
}

#[test]
fn unknown_events_are_passed_over_and_malformed_ones_are_errors_that_quote_nothing() {
    for (format, folder, _) in FORMATS {
        let mut deltas = Vec::new();
        for unknown in [r#"{"type":"brand.new","x":[1,{"y":null}]}"#, r#"{"type":"ping"}"#, "", "  "] {
            format.decoder().event("brand.new", unknown, &mut deltas).unwrap();
        }
        assert_eq!(deltas, [], "{folder}");
        for malformed in [
            "{\"id\":",
            "secret words",
            "[1]",
            "\"secret\"",
            "{\"type\":17,\"id\":{},\"model\":[],\"modelVersion\":{}}",
        ] {
            let Err(error) = format.decoder().event("", malformed, &mut deltas) else {
                panic!("{folder} takes {malformed}");
            };
            assert_eq!(error.kind(), ErrorKind::MalformedReply, "{folder}");
            assert!(!format!("{error:?}").contains("secret"), "{folder}: {error:?}");
        }
    }
}

#[test]
fn servers_that_number_their_calls_otherwise_are_understood() {
    let chunk = |calls: Value| json!({ "choices": [{ "delta": { "tool_calls": calls } }] }).to_string();
    let call = |index: Option<u64>, id: &str, name: &str, arguments: Value| {
        let mut call = json!({ "id": id, "function": { "name": name, "arguments": arguments } });
        if let Some(index) = index {
            call["index"] = index.into();
        }
        call
    };
    let end = json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] }).to_string();
    let streams = [
        // All of them the first.
        vec![
            chunk(json!([call(Some(0), "a", "f", "{}".into())])),
            chunk(json!([call(Some(0), "b", "g", "{}".into())])),
        ],
        // None of them any.
        vec![chunk(json!([call(None, "a", "f", "{}".into()), call(None, "b", "g", "{}".into())]))],
        // From another number than 0, the id in every piece, and the object itself.
        vec![
            chunk(json!([call(Some(3), "a", "f", "{".into())])),
            chunk(json!([call(Some(3), "a", "", "}".into())])),
            chunk(json!([call(Some(7), "b", "g", json!({}))])),
        ],
    ];
    for mut stream in streams {
        stream.push(end.clone());
        let events: Vec<_> = stream.into_iter().map(|data| (String::new(), data)).collect();
        let reply = collect(decode(&OpenAiChat, &events).unwrap().concat()).unwrap();
        let calls: Vec<_> = reply
            .tool_calls
            .iter()
            .map(|call| (call.id.as_str(), call.name.as_str(), call.arguments.as_str()))
            .collect();
        assert_eq!(calls, [("a", "f", "{}"), ("b", "g", "{}")]);
        assert_eq!(reply.stop, StopReason::ToolCalls);
    }
}

#[test]
fn calls_without_an_id_get_one_and_calls_without_end_are_bounded() {
    let parts = json!([{ "functionCall": { "name": "f", "args": {} } }, { "functionCall": { "name": "f" } }]);
    let chunk =
        json!({ "responseId": "r/1", "candidates": [{ "content": { "parts": parts }, "finishReason": "STOP" }] });
    let reply = collect(decode(&Gemini, &[(String::new(), chunk.to_string())]).unwrap().concat()).unwrap();
    assert_ne!(reply.tool_calls[0].id, reply.tool_calls[1].id);
    let again = ModelRequest {
        messages: vec![
            ninefold_core::Message::user("go"),
            reply.message(),
            ninefold_core::Message::tool(ninefold_core::ToolResult {
                id: reply.tool_calls[0].id.clone(),
                name: "f".into(),
                content: "done".into(),
                is_error: false,
            }),
        ],
        ..ModelRequest::default()
    };
    let body = Gemini.encode("gemini-2.5-flash", &again, Dialect::default()).unwrap().body;
    assert!(!String::from_utf8(body).unwrap().contains("\"id\""), "an id of ours is not shown");

    let many: Vec<_> =
        (0..500).map(|n| json!({ "index": n, "id": format!("c{n}"), "function": { "name": "f" } })).collect();
    let chunk = json!({ "choices": [{ "delta": { "tool_calls": many } }] }).to_string();
    let error = OpenAiChat.decoder().event("", &chunk, &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLong);
}

/// The whole reply to one event and the end of the connection.
fn only(format: &dyn Format, event: &Value) -> Result<Completion> {
    decode(format, &[(String::new(), event.to_string())]).and_then(|batches| collect(batches.concat()))
}

#[test]
fn what_providers_add_to_chat_completions_is_understood() {
    let choice = json!([{ "delta": { "content": "x" }, "finish_reason": "stop" }]);
    let usage = |usage: Value| only(&OpenAiChat, &json!({ "choices": choice, "usage": usage })).unwrap().usage;
    // DeepSeek's cache, OpenRouter's price, what OpenAI wrote into its cache.
    let used = usage(json!({ "prompt_tokens": 9, "completion_tokens": 1, "prompt_cache_hit_tokens": 4 }));
    assert_eq!(used, Usage { cached_input_tokens: 4, ..Usage::tokens(9, 1) });
    let used = usage(json!({ "prompt_tokens": 9, "completion_tokens": 1, "cost": 0.000_25 }));
    assert_eq!(used.cost, Some(ninefold_core::Cost(250_000)));
    let used = usage(
        json!({ "prompt_tokens": 9, "completion_tokens": 1, "prompt_tokens_details": { "cache_write_tokens": 3 } }),
    );
    assert_eq!(used.cache_write_tokens, 3);
    // Groq and Moonshot say elsewhere what was used.
    let groq = json!({ "choices": choice, "x_groq": { "usage": { "prompt_tokens": 9, "completion_tokens": 1 } } });
    assert_eq!(only(&OpenAiChat, &groq).unwrap().usage, Usage::tokens(9, 1));
    let moonshot = json!({ "choices": [{ "delta": { "content": "x" }, "finish_reason": "stop",
        "usage": { "prompt_tokens": 9, "completion_tokens": 1 } }] });
    assert_eq!(only(&OpenAiChat, &moonshot).unwrap().usage, Usage::tokens(9, 1));
    // Mistral's pieces.
    let pieces = json!([
        { "type": "thinking", "thinking": [{ "type": "text", "text": "hm" }] },
        { "type": "reference", "reference_ids": [1] },
        { "type": "text", "text": "so" }
    ]);
    let mistral = json!({ "choices": [{ "delta": { "content": pieces }, "finish_reason": "stop" }] });
    let reply = only(&OpenAiChat, &mistral).unwrap();
    assert_eq!((reply.reasoning.as_str(), reply.text.as_str()), ("hm", "so"));
    // Azure's first chunk has no choice and no names; a second choice is not ours.
    let azure = json!({ "id": "", "model": "", "choices": [], "prompt_filter_results": [] });
    let two = json!({ "choices": [{ "index": 1, "delta": { "content": "other" }, "finish_reason": "length" },
        { "index": 0, "delta": { "content": "ours" }, "finish_reason": "stop" }] });
    let events = [azure, two].map(|event| (String::new(), event.to_string()));
    let reply = collect(decode(&OpenAiChat, &events).unwrap().concat()).unwrap();
    assert_eq!((reply.text.as_str(), reply.stop), ("ours", StopReason::End));
    // What a server gave up in the middle is no answer, however it says so.
    for reason in ["error", "abort", "insufficient_system_resource"] {
        let broken = json!({ "choices": [{ "delta": { "content": "x" }, "finish_reason": reason }] });
        assert_eq!(only(&OpenAiChat, &broken).unwrap_err().kind(), ErrorKind::Transient);
    }
    // An empty reason is none.
    let early = json!({ "choices": [{ "delta": { "content": "x" }, "finish_reason": "" }] });
    assert_eq!(only(&OpenAiChat, &early).unwrap_err().kind(), ErrorKind::Transient);
}

#[test]
fn what_gemini_blocks_or_breaks_is_said() {
    let blocked = json!({ "promptFeedback": { "blockReason": "SAFETY" }, "usageMetadata": { "promptTokenCount": 3 } });
    let reply = only(&Gemini, &blocked).unwrap();
    assert_eq!((reply.stop, reply.usage.input_tokens), (StopReason::Refused, 3));
    let malformed = json!({ "candidates": [{ "finishReason": "MALFORMED_FUNCTION_CALL" }] });
    assert_eq!(only(&Gemini, &malformed).unwrap_err().kind(), ErrorKind::MalformedReply);
    // Without events the stream is a list.
    let list = json!([
        { "candidates": [{ "content": { "parts": [{ "text": "a" }] } }] },
        { "candidates": [{ "content": { "parts": [{ "text": "b" }] }, "finishReason": "STOP" }] }
    ]);
    let mut deltas = Vec::new();
    Gemini.decoder().whole(&list.to_string(), &mut deltas).unwrap();
    assert_eq!(collect(deltas).unwrap().text, "ab");
}

#[test]
fn a_call_without_a_word_has_an_empty_object_unless_it_was_cut_off() {
    let event = |value: Value| (String::new(), value.to_string());
    for (reason, arguments) in [("tool", "{}"), ("cut", "")] {
        let cut = reason == "cut";
        let chat = [event(json!({ "choices": [{
            "delta": { "tool_calls": [{ "index": 0, "id": "a", "function": { "name": "now", "arguments": "" } }] },
            "finish_reason": if cut { "length" } else { "tool_calls" }
        }] }))];
        let anthropic = [
            event(
                json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "tool_use", "id": "a", "name": "now", "input": {} } }),
            ),
            event(json!({ "type": "content_block_stop", "index": 0 })),
            event(
                json!({ "type": "message_delta", "delta": { "stop_reason": if cut { "max_tokens" } else { "tool_use" } } }),
            ),
        ];
        let item = json!({ "type": "function_call", "call_id": "a", "name": "now", "arguments": "" });
        let status = if cut { "incomplete" } else { "completed" };
        let responses = [
            event(json!({ "type": "response.output_item.added", "output_index": 0, "item": item })),
            event(json!({ "type": "response.completed", "response": { "status": status } })),
        ];
        let streams: [(&dyn Format, &[_]); 3] =
            [(&OpenAiChat, &chat), (&Anthropic, &anthropic), (&OpenAiResponses, &responses)];
        for (format, stream) in streams {
            let reply = collect(decode(format, stream).unwrap().concat()).unwrap();
            assert_eq!(reply.tool_calls[0].arguments, arguments, "{}: {reason}", format.name());
        }
    }
}

#[test]
fn several_and_unreadable_thoughts_go_back_as_they_came() {
    let event = |value: Value| (String::new(), value.to_string());
    let block =
        |at: u64, block: Value| event(json!({ "type": "content_block_start", "index": at, "content_block": block }));
    let stream = [
        block(0, json!({ "type": "thinking", "thinking": "One.", "signature": "s1" })),
        block(1, json!({ "type": "redacted_thinking", "data": "xyz" })),
        block(2, json!({ "type": "thinking", "thinking": "Two.", "signature": "s2" })),
        block(3, json!({ "type": "text", "text": "Done." })),
        event(
            json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": { "output_tokens": 3 } }),
        ),
        event(json!({ "type": "message_stop" })),
    ];
    let reply = collect(decode(&Anthropic, &stream).unwrap().concat()).unwrap();
    assert_eq!(reply.reasoning, "One.\n\nTwo.");
    let request =
        ModelRequest { messages: vec![ninefold_core::Message::user("go"), reply.message()], ..ModelRequest::default() };
    let body = Anthropic.encode("claude-sonnet-4-5", &request, Dialect::default()).unwrap().body;
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        body["messages"][1]["content"],
        json!([
            { "type": "thinking", "thinking": "One.", "signature": "s1" },
            { "type": "redacted_thinking", "data": "xyz" },
            { "type": "thinking", "thinking": "Two.", "signature": "s2" },
            { "type": "text", "text": "Done." },
        ])
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[\\PC\\n]{0,8}".prop_map(Value::from),
        prop::sample::select(vec!["text", "tool_use", "STOP", "stop", "function_call", "[DONE]", "error"])
            .prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "type",
        "id",
        "index",
        "choices",
        "delta",
        "content",
        "message",
        "tool_calls",
        "function",
        "name",
        "arguments",
        "candidates",
        "parts",
        "text",
        "functionCall",
        "args",
        "usage",
        "error",
        "response",
        "item",
        "output_index",
        "content_block",
        "partial_json",
        "finish_reason",
        "finishReason",
        "done",
        "status",
        "thinking",
        "code",
    ]);
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
        ]
    })
}

/// A value with one of its parts replaced.
fn replace(value: &mut Value, path: &mut std::slice::Iter<'_, usize>, by: &Value) {
    let Some(step) = path.next() else {
        *value = by.clone();
        return;
    };
    let inner = match value {
        Value::Array(items) if !items.is_empty() => {
            let at = step % items.len();
            items.get_mut(at)
        }
        Value::Object(members) if !members.is_empty() => {
            let at = step % members.len();
            members.values_mut().nth(at)
        }
        other => {
            *other = by.clone();
            None
        }
    };
    if let Some(inner) = inner {
        replace(inner, path, by);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn no_events_panic(values in prop::collection::vec(any_json(), 1..6), text in "\\PC{0,64}", status in any::<u16>()) {
        for (format, _, _) in FORMATS {
            let mut decoder = format.decoder();
            let mut deltas = Vec::new();
            for value in &values {
                let _ = decoder.event("", &value.to_string(), &mut deltas);
            }
            let _ = decoder.event(&text, &text, &mut deltas);
            let _ = decoder.end(&mut deltas);
            let _ = format.decoder().whole(&values[0].to_string(), &mut deltas);
            let _ = collect(deltas);
            let _ = format.failure(status, text.as_bytes());
            let failure = format.failure(status, values[0].to_string().as_bytes());
            prop_assert!(failure.message.chars().count() <= 501 && !failure.message.contains('\n'));
        }
    }

    #[test]
    fn no_damage_to_a_stream_panics_or_makes_more_than_one_end(
        which in 0..STREAMS.len(), event in any::<prop::sample::Index>(),
        path in prop::collection::vec(0..8_usize, 1..7), by in any_json(),
    ) {
        for (format, folder, _) in FORMATS {
            let Some(mut events) = events(format, folder, STREAMS[which]) else { continue };
            let at = event.index(events.len());
            if let Ok(mut value) = serde_json::from_str::<Value>(&events[at].1) {
                replace(&mut value, &mut path.iter(), &by);
                events[at].1 = value.to_string();
            }
            if let Ok(batches) = decode(format, &events) {
                let deltas = batches.concat();
                prop_assert_eq!(deltas.iter().filter(|delta| matches!(delta, Delta::End(_))).count(), 1);
                let _ = collect(deltas);
            }
        }
    }
}
