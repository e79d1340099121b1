//! Files at providers over HTTP. What the server here answers has the form of the providers' published API references.

use std::sync::Arc;
use std::time::Duration;

use ninefold_core::model::{Media, MediaSource, Message, Part};
use ninefold_core::secret::Secret;
use ninefold_core::{ErrorKind, Model, ModelRequest, Timestamp};
use ninefold_llm::files::{Files, LocalFile, RemoteFiles, Uploads};
use ninefold_llm::wire::Framing;
use ninefold_store::MemoryUploads;

use super::fault::{Fault, Seen, Step, answer};
use super::{KEY, cx, transport};

const OPENAI: &str = r#"{"id":"file-abc123","object":"file","bytes":7,"created_at":1677610602,"expires_at":1677614202,
    "filename":"a.txt","purpose":"user_data"}"#;
const ANTHROPIC: &str = r#"{"id":"file_011CNha8iCJcU1wXNR6q4V8w","type":"file","filename":"a.txt","mime_type":"text/plain",
    "size_bytes":7,"created_at":"2025-01-01T00:00:00Z","downloadable":false}"#;
const JSON: &str = "content-type: application/json\r\n";

/// Takes files, has those it took, and lets them be deleted once.
fn provider(file: &'static str) -> impl Fn(usize, &Seen) -> Vec<Step> + Send + Sync {
    let deleted = std::sync::atomic::AtomicBool::new(false);
    move |_, seen| {
        let gone = r#"{"error":{"message":"No such file","type":"invalid_request_error"}}"#;
        if seen.head.starts_with("POST") {
            answer("200 OK", JSON, file)
        } else if deleted.load(std::sync::atomic::Ordering::Relaxed) {
            answer("404 Not Found", JSON, gone)
        } else {
            deleted.store(seen.head.starts_with("DELETE"), std::sync::atomic::Ordering::Relaxed);
            answer("200 OK", JSON, file)
        }
    }
}

fn file() -> LocalFile {
    LocalFile::new("größe.txt", "text/plain", "content".as_bytes())
}

#[tokio::test]
async fn openai_takes_files() {
    let server = Fault::start(provider(OPENAI)).await;
    let remote = RemoteFiles::openai(&server.address(), Secret::new(KEY), transport().build().unwrap()).unwrap();
    let remote = remote.expire_after(Duration::from_secs(1));
    let uploaded = remote.upload(&file(), "", &cx()).await.unwrap();
    assert_eq!(uploaded.id, "file-abc123");
    assert_eq!(uploaded.expires, Some(Timestamp(1_677_614_202_000_000)));
    assert!(remote.exists("file-abc123", &cx()).await.unwrap());
    remote.delete("file-abc123", &cx()).await.unwrap();
    assert!(!remote.exists("file-abc123", &cx()).await.unwrap());
    let error = remote.delete("file-abc123", &cx()).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::NotFound, Some(404)));
    let seen = server.seen();
    let lines: Vec<&str> = seen.iter().map(|seen| seen.head.lines().next().unwrap()).collect();
    assert_eq!(lines[0], "POST /v1/files HTTP/1.1");
    assert_eq!(lines[1..3], ["GET /v1/files/file-abc123 HTTP/1.1", "DELETE /v1/files/file-abc123 HTTP/1.1"]);
    assert_eq!(seen[0].header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    let body = String::from_utf8(seen[0].body.clone()).unwrap();
    for part in [
        "name=\"purpose\"\r\n\r\nuser_data\r\n",
        "name=\"expires_after[anchor]\"\r\n\r\ncreated_at\r\n",
        "name=\"expires_after[seconds]\"\r\n\r\n3600\r\n",
        "name=\"file\"; filename=\"größe.txt\"\r\ncontent-type: text/plain\r\n\r\ncontent\r\n",
    ] {
        assert!(body.contains(part), "{part} is missing in {body}");
    }
}

#[tokio::test]
async fn anthropic_takes_files() {
    let server = Fault::start(provider(ANTHROPIC)).await;
    let address = server.address();
    let root = address.strip_suffix("/v1").unwrap();
    let remote = RemoteFiles::anthropic(root, Secret::new(KEY), transport().build().unwrap()).unwrap();
    let files = Files::new(remote, Arc::new(MemoryUploads::new()));
    let outcomes = files.upload(&vec![file(); 5], "", "s", &cx()).await;
    for outcome in outcomes {
        let MediaSource::Uploaded { provider, id } = outcome.unwrap().source else { panic!("not uploaded") };
        assert_eq!((provider.as_str(), id.as_str()), ("anthropic", "file_011CNha8iCJcU1wXNR6q4V8w"));
    }
    assert_eq!(files.release("s", &cx()).await.unwrap().deleted, 1);
    let seen = server.seen();
    let lines: Vec<&str> = seen.iter().map(|seen| seen.head.lines().next().unwrap()).collect();
    assert_eq!(lines, ["POST /v1/files HTTP/1.1", "DELETE /v1/files/file_011CNha8iCJcU1wXNR6q4V8w HTTP/1.1"]);
    assert_eq!(seen[0].header("x-api-key"), Some(KEY));
    assert_eq!(seen[0].header("anthropic-version"), Some("2023-06-01"));
    assert_eq!(seen[0].header("anthropic-beta"), Some("files-api-2025-04-14"));
    assert!(!String::from_utf8_lossy(&seen[0].body).contains("purpose"));
}

#[tokio::test]
async fn refusals_keep_their_class_and_show_no_key() {
    for (status, headers, body, kind) in [
        (
            "401 Unauthorized",
            JSON,
            r#"{"error":{"message":"Incorrect key: quite.ordinary-words-of-a-key"}}"#,
            ErrorKind::Permanent,
        ),
        ("429 Too Many Requests", "retry-after: 7\r\n", "{}", ErrorKind::RateLimited),
        ("503 Service Unavailable", "", "", ErrorKind::Transient),
        ("200 OK", JSON, "<html>", ErrorKind::MalformedReply),
        ("200 OK", JSON, r#"{"id":"../../models"}"#, ErrorKind::MalformedReply),
        ("302 Found", "location: http://elsewhere/\r\n", "", ErrorKind::Permanent),
    ] {
        let steps = answer(status, headers, body);
        let server = Fault::start(move |_, _| steps.clone()).await;
        let remote = RemoteFiles::openai(&server.address(), Secret::new(KEY), transport().build().unwrap()).unwrap();
        let error = remote.upload(&file(), "", &cx()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status}: {error}");
        let shown = format!("{error} {error:?} {:?} {remote:?}", error.wire());
        assert!(!shown.contains("ordinary-words"), "{shown}");
        if kind == ErrorKind::RateLimited {
            assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        }
    }
    let server = Fault::start(|_, _| vec![Step::Silence]).await;
    let remote = RemoteFiles::openai(&server.address(), Secret::new(KEY), transport().build().unwrap()).unwrap();
    let error = remote.exists("file-1", &cx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "that it is not there is not known: {error}");
    for id in ["", "../models", "a/b", "a?b", "ä"] {
        assert_eq!(remote.delete(id, &cx()).await.unwrap_err().kind(), ErrorKind::InvalidInput, "{id}");
    }
    let error = remote.upload(&file(), "any\r\n", &cx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn files_reach_the_models_of_their_account_and_of_their_gateway() {
    let server = Fault::start(provider(OPENAI)).await;
    let address = server.address();
    let variables = move |name: &str| match name {
        "NINEFOLD_OPENAI_BASE_URL" | "NINEFOLD_OPENAI_RESPONSES_BASE_URL" | "NINEFOLD_LITELLM_BASE_URL" => {
            Some(address.clone())
        }
        "OPENAI_API_KEY" => Some(KEY.to_owned()),
        _ => None,
    };
    let providers = ninefold_llm::Providers::new(transport().build().unwrap()).variables(variables);
    let gateway = RemoteFiles::openai(&server.address(), Secret::new(KEY), transport().build().unwrap()).unwrap();
    let [chat, responses, gateway] =
        [providers.files("openai").unwrap(), providers.files("OpenAI-Responses").unwrap(), gateway.named("litellm")];
    assert_eq!([chat.provider(), responses.provider(), gateway.provider()], ["openai", "openai-responses", "litellm"]);
    for (remote, model, taken) in [
        (&chat, "openai/m", true),
        (&chat, "openai-responses/m", true),
        (&responses, "openai-responses/m", true),
        (&responses, "openai/m", true),
        (&gateway, "litellm/m", true),
        (&chat, "litellm/m", false),
        (&gateway, "openai/m", false),
    ] {
        let id = remote.upload(&file(), "", &cx()).await.unwrap().id;
        let source = MediaSource::Uploaded { provider: remote.provider().into(), id };
        let media = Media { mime: "application/pdf".into(), name: None, source };
        let request =
            ModelRequest { messages: vec![Message::user("read it").with(Part::File { media })], ..Default::default() };
        let before = server.seen().len();
        // What is answered is no reply of a model; what counts is what was asked.
        let refused = match providers.open(model).unwrap().send(request, &cx()).await {
            Ok(_) => false,
            Err(error) => error.kind() == ErrorKind::InvalidInput,
        };
        let seen = server.seen();
        let asked = seen[before..].iter().any(|seen| String::from_utf8_lossy(&seen.body).contains("file-abc123"));
        assert_eq!((asked, refused), (taken, !taken), "{} to {model}", remote.provider());
    }
}

#[tokio::test]
async fn a_file_at_one_provider_is_not_asked_for_at_another() {
    let server = Fault::start(|_, _| answer("200 OK", JSON, "{}")).await;
    let model = super::builder(&server, Framing::Events, transport().build().unwrap()).build();
    let source = MediaSource::Uploaded { provider: "openai".into(), id: "file-abc123".into() };
    let media = Media { mime: "text/plain".into(), name: None, source };
    let request =
        ModelRequest { messages: vec![Message::user("read it").with(Part::File { media })], ..Default::default() };
    let error = model.send(request, &cx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.message(), "the file \"file-abc123\" was uploaded to openai and cannot be sent to tiny");
    assert!(server.seen().is_empty(), "nothing was sent");
}
