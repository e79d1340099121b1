//! What the formats cost a call: a conversation with tools made into a body, a reply of 200 pieces read, and near-JSON
//! repaired.
//!
//! `cargo bench -p ninefold-llm --bench wire`

// A benchmark may panic.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_methods)]

#[path = "../../../benches/machine/crates.rs"]
mod machine;

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use criterion::{Criterion, Throughput};
use machine::Report;
use ninefold_core::{Message, ModelRequest, Part, ToolCall, ToolResult, ToolSpec};
use ninefold_llm::json::repair;
use ninefold_llm::wire::{Anthropic, Dialect, Format, Gemini, Ollama, OpenAiChat, OpenAiResponses};
use serde_json::{Value, json};

/// Ten messages of 400 bytes, a call and its result among them, and two tools.
fn conversation() -> ModelRequest {
    let text = "what is said here is of no matter but for its length ".repeat(8);
    let mut messages = vec![Message::system(text.clone())];
    for _ in 0..3 {
        messages.extend([Message::user(text.clone()), Message::assistant(text.clone())]);
    }
    messages.push(Message::user(text.clone()));
    let call = ToolCall { id: "call_1".into(), name: "look".into(), arguments: "{\"where\":\"there\"}".to_owned() };
    messages.push(Message::assistant("Let me look.").with(Part::ToolCall(call)));
    let result = ToolResult { id: "call_1".into(), name: "look".into(), content: text, is_error: false };
    messages.push(Message::tool(result));
    let tool = |name: &str| ToolSpec {
        name: name.into(),
        description: "Looks at something and says what it saw.".to_owned(),
        schema: json!({ "type": "object", "properties": { "where": { "type": "string" } }, "required": ["where"] }),
    };
    ModelRequest {
        messages,
        tools: vec![tool("look"), tool("see")],
        max_output_tokens: Some(500),
        ..Default::default()
    }
}

type Row = (&'static str, &'static dyn Format, &'static str, Vec<String>);

/// The events of a reply of 200 pieces of text, as each format has them.
fn replies() -> Vec<Row> {
    let stream = |first: Value, piece: fn(&str) -> Value, last: Vec<Value>| {
        let words = (0..200).map(|n| piece(&format!("word{n} ")));
        std::iter::once(first).chain(words).chain(last).map(|event| event.to_string()).collect::<Vec<_>>()
    };
    let chat = stream(
        json!({ "id": "c", "model": "m", "choices": [] }),
        |word| {
            json!({ "id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG", "object": "chat.completion.chunk",
                "created": 1_741_570_283, "model": "gpt-5-mini-2025-08-07",
                "choices": [{ "index": 0, "delta": { "content": word }, "finish_reason": null }] })
        },
        vec![json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] })],
    );
    let responses = stream(
        json!({ "type": "response.created", "response": { "id": "r", "model": "m" } }),
        |word| {
            json!({ "type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "content_index": 0,
                "sequence_number": 4, "delta": word })
        },
        vec![json!({ "type": "response.completed", "response": { "id": "r", "model": "m", "status": "completed" } })],
    );
    let anthropic = stream(
        json!({ "type": "message_start", "message": { "id": "m", "model": "m" } }),
        |word| json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": word } }),
        vec![
            json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": { "output_tokens": 9 } }),
            json!({ "type": "message_stop" }),
        ],
    );
    let gemini = stream(
        json!({ "responseId": "r", "modelVersion": "m" }),
        |word| {
            json!({ "candidates": [{ "content": { "parts": [{ "text": word }], "role": "model" }, "index": 0 }],
                "usageMetadata": { "promptTokenCount": 9, "candidatesTokenCount": 9 },
                "modelVersion": "gemini-3", "responseId": "r" })
        },
        vec![json!({ "candidates": [{ "finishReason": "STOP", "index": 0 }] })],
    );
    let ollama = stream(
        json!({ "model": "m", "created_at": "t", "done": false }),
        |word| {
            json!({ "model": "qwen3:4b", "created_at": "2025-07-07T20:22:19.184789Z",
                "message": { "role": "assistant", "content": word }, "done": false })
        },
        vec![json!({ "done": true, "done_reason": "stop", "prompt_eval_count": 9, "eval_count": 9 })],
    );
    vec![
        ("openai_chat", &OpenAiChat, "gpt-5-mini", chat),
        ("openai_responses", &OpenAiResponses, "gpt-5-mini", responses),
        ("anthropic", &Anthropic, "claude-sonnet-4-5", anthropic),
        ("gemini", &Gemini, "gemini-3-flash", gemini),
        ("ollama", &Ollama, "qwen3:4b", ollama),
    ]
}

fn main() {
    machine::describe();
    let start = SystemTime::now();
    let mut report = Report::new("wire", "cargo bench -p ninefold-llm --bench wire");
    let mut criterion = Criterion::default()
        .sample_size(60)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let request = conversation();
    let replies = replies();

    let mut encode = criterion.benchmark_group("encode ten messages");
    for (name, format, model, _) in &replies {
        encode.bench_function(*name, |bencher| {
            bencher.iter(|| format.encode(model, black_box(&request), Dialect::default()).unwrap());
        });
    }
    encode.finish();

    let mut decode = criterion.benchmark_group("decode one of 200 pieces");
    for (name, format, _, events) in &replies {
        decode.throughput(Throughput::Elements(events.len() as u64));
        decode.bench_function(*name, |bencher| {
            let mut deltas = Vec::new();
            bencher.iter(|| {
                let mut decoder = format.decoder();
                deltas.clear();
                events.iter().for_each(|event| decoder.event("", black_box(event), &mut deltas).unwrap());
                decoder.end(&mut deltas).unwrap();
                assert!(deltas.len() >= 200);
            });
        });
    }
    decode.finish();

    let subgoals: Vec<_> = (0..10).map(|n| json!({ "id": n, "description": "look at the code" })).collect();
    let sound = json!({ "subgoals": subgoals }).to_string();
    let fenced = format!("Here it is:\n```json\n{}\n```", sound.replace("\"id\"", "id").replace("}]", "},]"));
    let mut repairs = criterion.benchmark_group("repair");
    repairs.bench_function("what is JSON", |bencher| bencher.iter(|| repair(black_box(&sound)).unwrap().len()));
    repairs.bench_function("what is nearly", |bencher| bencher.iter(|| repair(black_box(&fenced)).unwrap().len()));
    repairs.finish();
    criterion.final_summary();
    for group in ["encode ten messages", "decode one of 200 pieces", "repair"] {
        machine::gather(&mut report, start, group, "µs", &[]);
    }
    report.write();
}
