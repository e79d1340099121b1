//! What a reply used, in whatever form it is said.

use ninefold_core::{StopReason, Usage};
use ninefold_llm::wire::{Format as _, OpenAiChat};
use serde_json::{Value, json};

use crate::wire::{FORMATS, collect, complete, fixture};

#[test]
fn perplexity_says_the_reply_so_far_and_what_each_part_cost() {
    let reply = complete(&OpenAiChat, "openai_chat", "perplexity").unwrap().unwrap();
    assert_eq!((reply.text.as_str(), reply.stop), ("A phase is a step – no more.", StopReason::End));
    assert_eq!(reply.usage, Usage { cost: Some(ninefold_core::Cost(15_000_000)), ..Usage::tokens(30, 8) });
    let both = json!({ "message": { "content": "so" }, "delta": { "content": "" }, "finish_reason": "stop" });
    let mut deltas = Vec::new();
    OpenAiChat.decoder().whole(&json!({ "choices": [both] }).to_string(), &mut deltas).unwrap();
    assert_eq!(collect(deltas).unwrap().text, "so", "without a stream");
}

/// The usage with everything in it, and itself, replaced by values of other types, one at a time.
fn odd_usages(usage: &Value) -> Vec<Value> {
    let mut odd: Vec<Value> = ["\"9\"", "{}", "[1]", "-1", "1.5", "true"].map(|odd| odd.parse().unwrap()).into();
    for (name, value) in usage.as_object().into_iter().flatten() {
        for inner in odd_usages(value) {
            let mut usage = usage.clone();
            usage[name.as_str()] = inner;
            odd.push(usage);
        }
    }
    odd
}

#[test]
fn usage_of_another_type_loses_no_reply() {
    for (format, folder, _) in FORMATS {
        let body: Value = fixture(folder, "whole.json").unwrap().parse().unwrap();
        let names = match folder {
            "gemini" => &["usageMetadata"][..],
            "ollama" => &["prompt_eval_count", "eval_count", "created_at"],
            "openai_chat" => &["usage", "x_groq"],
            _ => &["usage"],
        };
        for name in names {
            let mut usage = body[*name].clone();
            if folder == "openai_chat" {
                usage["cost"] = json!({ "total_cost": 1 });
                usage["prompt_cache_hit_tokens"] = 1.into();
            }
            for odd in odd_usages(&usage) {
                let mut body = body.clone();
                body[*name] = odd;
                let mut deltas = Vec::new();
                let read = format.decoder().whole(&body.to_string(), &mut deltas);
                assert!(read.is_ok(), "{folder}: {read:?}: {}", body[*name]);
                assert_eq!(collect(deltas).unwrap().text, "A phase is a step – no more.", "{folder}: {}", body[*name]);
            }
        }
    }
}
