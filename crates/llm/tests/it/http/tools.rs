//! A model with tools over every format: two calls at once, streamed, and the conversation that tells of them, held to the
//! format's schema. The replies are the formats' fixtures.

use std::path::Path;
use std::sync::Arc;

use ninefold_core::{Message, ModelId};
use ninefold_llm::Remote;
use ninefold_llm::tools::{Bounds, ToolAgent, json_tool};
use ninefold_llm::wire::{Anthropic, Format, Gemini, Ollama, OpenAiChat, OpenAiResponses};
use serde_json::{Value, json};

use super::fault::{Fault, Step, end, head};
use super::{cx, transport};

fn fixture(folder: &str, name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[tokio::test]
async fn tools_are_called_over_every_format() {
    let formats: [(Arc<dyn Format>, &str, &str, &str); 5] = [
        (Arc::new(OpenAiChat), "openai_chat", "sse", "text/event-stream"),
        (Arc::new(OpenAiResponses), "openai_responses", "sse", "text/event-stream"),
        (Arc::new(Anthropic), "anthropic", "sse", "text/event-stream"),
        (Arc::new(Gemini), "gemini", "sse", "text/event-stream"),
        (Arc::new(Ollama), "ollama", "jsonl", "application/x-ndjson"),
    ];
    for (format, folder, ending, kind) in formats {
        let script = move |_: usize, seen: &super::fault::Seen| {
            let told = String::from_utf8_lossy(&seen.body).contains("21 degrees");
            let reply = fixture(folder, &format!("{}.{ending}", if told { "text" } else { "tools" }));
            let begin = head("200 OK", &format!("content-type: {kind}\r\ntransfer-encoding: chunked\r\n"));
            vec![begin, Step::Chunk(reply.into_bytes()), end()]
        };
        let server = Fault::start(script).await;
        let id = ModelId::new(folder, "some-model");
        let model = Remote::builder(id, format, &server.address(), transport().build().unwrap()).unwrap().build();
        let schema = json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
        let weather = json_tool("get_weather", "Tells the weather", schema, |place: Value, _| async move {
            let city = place["city"].as_str().or_else(|| place["location"].as_str()).unwrap_or("nowhere").to_owned();
            Ok(format!("21 degrees in {city}"))
        });
        let bounds = Bounds { steps: 2, ..Bounds::default() };
        let agent = ToolAgent::builder(model).tool(weather).bounds(bounds).build().unwrap();
        let outcome = agent.run_loop(vec![Message::user("Is it warmer in Paris or in Rome?")], &cx()).await;
        let outcome = outcome.unwrap_or_else(|error| panic!("{folder}: {error}"));
        assert!(!outcome.text.is_empty(), "{folder}");
        assert_eq!((outcome.account.steps, outcome.account.calls.len()), (2, 2), "{folder}");
        assert!(outcome.account.usage.total() > 0, "{folder}");
        let seen = server.seen();
        let body: Value = serde_json::from_slice(&seen[1].body).unwrap();
        let text = body.to_string();
        assert!(text.contains("21 degrees in Paris") && text.contains("21 degrees in Rome"), "{folder}: {text}");
        let schema: Value = serde_json::from_str(&fixture(folder, "request.schema.json")).unwrap();
        let errors: Vec<String> =
            jsonschema::validator_for(&schema).unwrap().iter_errors(&body).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{folder}: {errors:?}\n{text}");
    }
}
