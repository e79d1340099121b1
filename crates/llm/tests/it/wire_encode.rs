//! What every format makes of a request: snapshots, the provider's schema, and what cannot be said.

use ninefold_core::{
    Effort, ErrorKind, Media, MediaSource, Message, ModelRequest, Part, Role, ToolCall, ToolChoice, ToolResult,
    ToolSpec,
};
use ninefold_llm::wire::{Anthropic, Dialect, Format, Gemini, Ollama, OpenAiChat, OpenAiResponses};
use serde_json::{Value, json};

use crate::wire::{FORMATS, fixture};

fn encode(format: &dyn Format, model: &str, request: &ModelRequest) -> Value {
    let outgoing = format.encode(model, request, Dialect::default()).unwrap();
    serde_json::from_slice(&outgoing.body).unwrap()
}

fn media(mime: &str, source: MediaSource) -> Media {
    Media { mime: mime.into(), name: None, source }
}

fn bytes(bytes: &[u8]) -> MediaSource {
    MediaSource::Bytes(bytes.into())
}

fn uploaded(id: &str) -> MediaSource {
    MediaSource::Uploaded { provider: "it".into(), id: id.into() }
}

fn weather() -> ToolSpec {
    ToolSpec {
        name: "get_weather".into(),
        description: "The weather of a city, now.".to_owned(),
        schema: json!({
            "type": "object",
            "properties": { "city": { "type": "string" } },
            "required": ["city"],
            "additionalProperties": false
        }),
    }
}

fn call(id: &str, arguments: &str) -> Part {
    Part::ToolCall(ToolCall { id: id.into(), name: "get_weather".into(), arguments: arguments.to_owned() })
}

fn result(id: &str, content: &str, is_error: bool) -> Message {
    Message::tool(ToolResult { id: id.into(), name: "get_weather".into(), content: content.to_owned(), is_error })
}

/// A conversation with everything that all formats can say.
fn conversation() -> ModelRequest {
    ModelRequest {
        messages: vec![
            Message::system("Be brief.").keep(),
            Message::user("What is this?").with(Part::Image { media: media("image/png", bytes(b"\x89PNG")) }),
            Message::assistant("A city. Let me look.")
                .with(call("call_1", "{\"city\":\"Paris\"}"))
                .with(call("call_2", "{'city': Rome")),
            result("call_1", "11 degrees", false),
            result("call_2", "no such city", true).keep(),
            Message::user("And now?"),
        ],
        tools: vec![weather()],
        max_output_tokens: Some(4_000),
        temperature: Some(0.7),
        top_p: Some(0.9),
        effort: None,
        ..ModelRequest::default()
    }
}

/// What only some can say besides.
fn more(format: &dyn Format, request: &mut ModelRequest) {
    let name = format.name();
    if name != "openai responses" {
        request.stop = vec!["END".to_owned()];
    }
    if !matches!(name, "openai responses" | "anthropic messages") {
        request.seed = Some(7);
    }
    if name != "ollama chat" {
        request.tool_choice = ToolChoice::Named("get_weather".into());
    }
    request.parallel_tools = Some(!matches!(name, "openai chat" | "openai responses" | "anthropic messages"));
}

fn person() -> Value {
    json!({
        "type": "object",
        "properties": { "name": { "type": "string", "minLength": 1 }, "age": { "type": "integer" } },
        "required": ["name"]
    })
}

#[test]
fn a_conversation_as_each_provider_reads_it() {
    for (format, folder, model) in FORMATS {
        let mut request = conversation();
        more(format, &mut request);
        let outgoing = format.encode(model, &request, Dialect::default()).unwrap();
        let body: Value = serde_json::from_slice(&outgoing.body).unwrap();
        let shown = format!("POST {}\n{:?}\n{body:#}", outgoing.path, outgoing.headers);
        insta::assert_snapshot!(format!("encoded_{folder}"), shown);
    }
}

#[test]
fn a_form_and_an_effort_as_each_provider_reads_them() {
    for (format, folder, model) in FORMATS {
        let request = ModelRequest { effort: Some(Effort::Low), ..ModelRequest::new("Be exact.", "Who?") };
        let body = encode(format, model, &request.schema("person", person()));
        insta::assert_snapshot!(format!("structured_{folder}"), format!("{body:#}"));
    }
}

/// Every request that a format takes is one that its provider's reference allows.
#[test]
fn what_is_sent_is_what_the_reference_allows() {
    let mut requests =
        vec![conversation(), ModelRequest::new("s", "u").json(), ModelRequest::new("s", "u").schema("p", person())];
    requests.push(
        ModelRequest::new("s", "u")
            .schema("map", json!({ "type": "object", "additionalProperties": { "type": "integer" } })),
    );
    for effort in [Effort::Minimal, Effort::Low, Effort::Medium, Effort::High] {
        requests.push(ModelRequest { effort: Some(effort), ..ModelRequest::new("s", "u") });
    }
    for choice in [ToolChoice::None, ToolChoice::Required, ToolChoice::Named("get_weather".into())] {
        requests.push(ModelRequest { tool_choice: choice, ..conversation() });
    }
    for parallel in [true, false] {
        requests.push(ModelRequest { parallel_tools: Some(parallel), ..conversation() });
    }
    for source in [bytes(b"%PDF"), MediaSource::Url("https://example.org/a".into()), uploaded("files/1")] {
        for mime in ["application/pdf", "text/plain", "audio/wav", "image/png"] {
            let media = media(mime, source.clone());
            let part = if mime == "image/png" { Part::Image { media } } else { Part::File { media } };
            requests.push(ModelRequest { messages: vec![Message::user("see").with(part)], ..ModelRequest::default() });
        }
    }
    let strange = Message::assistant("").with(call("c", "not json")).with(call("d", "")).with(call("e", "[1]"));
    requests.push(ModelRequest {
        messages: vec![Message::user("go"), strange, result("c", "", false)],
        ..ModelRequest::default()
    });
    let refused = Message { role: Role::Assistant, parts: Vec::new(), keep: false };
    requests.push(ModelRequest {
        messages: vec![Message::user("go"), refused, Message::user("please")],
        ..ModelRequest::default()
    });
    let thought = Part::Reasoning { text: "hm".into(), signature: Some("anthropic messages:[{\"broken\"".into()) };
    let thought = Message { role: Role::Assistant, parts: vec![thought], keep: true };
    requests.push(ModelRequest { messages: vec![Message::user("go"), thought], ..ModelRequest::default() });

    for (format, folder, model) in FORMATS {
        let schema: Value = serde_json::from_str(&fixture(folder, "request.schema.json").unwrap()).unwrap();
        let schema = jsonschema::validator_for(&schema).unwrap();
        let mut taken = 0;
        for request in &requests {
            let mut request = request.clone();
            if request.max_output_tokens.is_some() && request.parallel_tools.is_none() {
                let choice = request.tool_choice.clone();
                more(format, &mut request);
                request.tool_choice = choice;
            }
            match format.encode(model, &request, Dialect::default()) {
                Ok(outgoing) => {
                    taken += 1;
                    let body = serde_json::from_slice(&outgoing.body).unwrap();
                    if let Err(error) = schema.validate(&body) {
                        panic!("{folder}: {error}\n{body:#}");
                    }
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidInput, "{folder}: {error}"),
            }
        }
        assert!(taken >= 14, "{folder} takes only {taken} of {}", requests.len());
    }
}

#[test]
fn what_a_format_cannot_say_is_an_error() {
    let refuses = |format: &dyn Format, model: &str, request: &ModelRequest, dialect: Dialect| {
        let error = format.encode(model, request, dialect).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        error.message().to_owned()
    };
    let plain = ModelRequest::new("s", "u");
    let none = Dialect::default();
    let seed = ModelRequest { seed: Some(1), ..plain.clone() };
    assert!(refuses(&Anthropic, "claude-sonnet-4-5", &seed, none).contains("a seed"));
    assert!(refuses(&OpenAiResponses, "gpt-5", &seed, none).contains("a seed"));
    assert!(refuses(&OpenAiChat, "m", &seed, Dialect { no_seed: true, ..none }).contains("a seed"));
    refuses(&Gemini, "gemini-3-pro", &ModelRequest { seed: Some(u64::MAX), ..plain.clone() }, none);
    let stop = ModelRequest { stop: vec!["x".into()], ..plain.clone() };
    assert!(refuses(&OpenAiResponses, "gpt-5", &stop, none).contains("stop"));
    let effort = ModelRequest { effort: Some(Effort::High), ..plain.clone() };
    refuses(&OpenAiChat, "m", &effort, Dialect { no_effort: true, ..none });
    refuses(&Anthropic, "claude-3-5-haiku-latest", &effort, none);
    refuses(&Anthropic, "claude-sonnet-4-5", &ModelRequest { max_output_tokens: Some(1_000), ..effort }, none);
    let required = ModelRequest { tools: vec![weather()], tool_choice: ToolChoice::Required, ..plain.clone() };
    refuses(&Ollama, "m", &required, none);
    let serial = ModelRequest { tools: vec![weather()], parallel_tools: Some(false), ..plain.clone() };
    refuses(&Ollama, "m", &serial, none);
    refuses(&Gemini, "gemini-3-pro", &serial, none);
    let see = |part| ModelRequest { messages: vec![Message::user("see").with(part)], ..ModelRequest::default() };
    let url = MediaSource::Url("https://example.org/a".into());
    refuses(&Ollama, "m", &see(Part::Image { media: media("image/png", url.clone()) }), none);
    refuses(&Ollama, "m", &see(Part::File { media: media("text/plain", bytes(b"x")) }), none);
    refuses(&OpenAiChat, "m", &see(Part::File { media: media("application/pdf", url) }), none);
    refuses(&OpenAiChat, "m", &see(Part::Image { media: media("image/png", uploaded("f")) }), none);
    refuses(&Anthropic, "claude-sonnet-4-5", &see(Part::File { media: media("audio/wav", bytes(b"x")) }), none);
    for model in ["", "a b", "../x", "models/../../y", "x?key=1", "x#"] {
        refuses(&Gemini, model, &plain, none);
    }
}

#[test]
fn requests_that_make_no_sense_are_errors_everywhere() {
    let plain = ModelRequest::new("s", "u");
    let said = |message: Message| ModelRequest { messages: vec![message], ..ModelRequest::default() };
    let image = Part::Image { media: media("image/png", bytes(b"x")) };
    let requests = [
        ModelRequest::default(),
        said(Message { role: Role::User, parts: Vec::new(), keep: false }),
        said(Message::assistant("x").with(image.clone())),
        said(Message::system("x").with(image)),
        said(Message::user("x").with(call("a", "{}"))),
        said(Message::new(Role::Tool, "x")),
        ModelRequest { temperature: Some(f32::NAN), ..plain.clone() },
        ModelRequest { top_p: Some(-1.0), ..plain.clone() },
        ModelRequest { tool_choice: ToolChoice::Required, ..plain.clone() },
        ModelRequest { tools: vec![weather()], tool_choice: ToolChoice::Named("other".into()), ..plain.clone() },
        ModelRequest { tools: vec![weather(), weather()], ..plain.clone() },
        ModelRequest { tools: vec![ToolSpec { schema: json!(true), ..weather() }], ..plain },
    ];
    for (format, folder, model) in FORMATS {
        for request in &requests {
            let error = format.encode(model, request, Dialect::default()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{folder}: {request:?}");
        }
    }
}

#[test]
fn dialects_of_one_format() {
    let request = ModelRequest { max_output_tokens: Some(9), ..ModelRequest::new("s", "u") }.schema("person", person());
    let dialect = Dialect { max_tokens: true, no_schema: true, no_stream_options: true, ..Dialect::default() };
    let body: Value = serde_json::from_slice(&OpenAiChat.encode("m", &request, dialect).unwrap().body).unwrap();
    assert_eq!((&body["max_tokens"], body.get("max_completion_tokens")), (&json!(9), None));
    assert_eq!(body.get("stream_options"), None);
    assert_eq!(body["response_format"], json!({ "type": "json_object" }));
    let told = body["messages"][0]["content"].as_str().unwrap();
    assert!(told.starts_with("s\n\nReply with one JSON value") && told.contains("minLength"), "{told}");
    for (format, folder, model) in FORMATS {
        let dialect = Dialect { no_schema: true, ..Dialect::default() };
        let body = String::from_utf8(format.encode(model, &request, dialect).unwrap().body).unwrap();
        assert!(body.contains("must be valid by this JSON Schema"), "{folder}: {body}");
    }
}

#[test]
fn thoughts_go_back_with_the_calls_they_led_to_under_the_name_they_came_by() {
    for name in ["reasoning_content", "reasoning"] {
        let signature = Some(format!("openai chat:{name}"));
        let message = Message {
            role: Role::Assistant,
            parts: vec![Part::Reasoning { text: "hm".into(), signature }, call("a", "{}")],
            keep: false,
        };
        let request = ModelRequest {
            messages: vec![Message::user("u"), message, result("a", "x", false)],
            ..ModelRequest::default()
        };
        assert_eq!(encode(&OpenAiChat, "m", &request)["messages"][1][name], "hm");
    }
}

#[test]
fn at_most_four_markers_and_the_last_ones() {
    let messages = (0..7).map(|n| Message::user(n.to_string()).keep()).collect();
    let body = encode(&Anthropic, "claude-sonnet-4-5", &ModelRequest { messages, ..ModelRequest::default() });
    let marked: Vec<bool> = body["messages"][0]["content"]
        .as_array()
        .unwrap()
        .iter()
        .map(|block| block.get("cache_control").is_some())
        .collect();
    assert_eq!(marked, [false, false, false, true, true, true, true]);
}

#[test]
fn how_claude_is_told_to_think_depends_on_its_generation() {
    let request = ModelRequest { effort: Some(Effort::Medium), ..ModelRequest::new("s", "u") };
    for (model, thinking, effort) in [
        ("claude-sonnet-4-5-20250929", json!({ "type": "enabled", "budget_tokens": 8192 }), Value::Null),
        ("claude-3-7-sonnet-latest", json!({ "type": "enabled", "budget_tokens": 8192 }), Value::Null),
        ("claude-opus-4-20250514", json!({ "type": "enabled", "budget_tokens": 8192 }), Value::Null),
        ("claude-opus-4-6", json!({ "type": "adaptive" }), json!("medium")),
        ("claude-opus-5-5", json!({ "type": "adaptive" }), json!("medium")),
    ] {
        let body = encode(&Anthropic, model, &request);
        assert_eq!((&body["thinking"], &body["output_config"]["effort"]), (&thinking, &effort), "{model}");
    }
}
