//! Servers of tools: well-behaved, hostile, dying; and one that others made.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use ninefold_core::secret::Secret;
use ninefold_core::{Error, ErrorKind, Labels, Result};
use ninefold_llm::mcp::{McpOptions, McpServer};
use ninefold_llm::tools::{Tool, ToolAgent, ToolSource, json_tool};
use ninefold_testkit::ScriptedModel;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream};
use tokio::sync::mpsc;

use crate::tools::{any, ask, cx, told};

/// What a server sends for a request or a notification: messages, without the frame of the answer's own.
enum Say {
    Result(Value),
    Error(i64, &'static str),
    Notification(&'static str),
    Raw(Vec<u8>),
    Close,
}

/// A server that answers by a function of method and parameters; what it does not know stays without an answer. Returns
/// what it heard, too.
fn serve(
    mut answer: impl FnMut(&str, &Value) -> Vec<Say> + Send + 'static,
) -> (DuplexStream, DuplexStream, mpsc::UnboundedReceiver<Value>) {
    let (ours, read) = tokio::io::duplex(1 << 16);
    let (write, theirs) = tokio::io::duplex(1 << 16);
    let (heard, hears) = mpsc::unbounded_channel();
    let mut out = ours;
    tokio::spawn(async move {
        let mut lines = BufReader::new(theirs).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let message: Value = serde_json::from_str(&line).unwrap();
            let _ = heard.send(message.clone());
            let method = message["method"].as_str().unwrap_or_default();
            let said = if method == "initialize" {
                vec![Say::Result(json!({
                    "protocolVersion": "2025-06-18",
                    "capabilities": { "tools": { "listChanged": true } },
                    "serverInfo": { "name": "fake", "version": "1" },
                }))]
            } else {
                answer(method, &message["params"])
            };
            for say in said {
                let frame = match say {
                    Say::Result(result) => json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }),
                    Say::Error(code, text) => {
                        json!({ "jsonrpc": "2.0", "id": message["id"], "error": { "code": code, "message": text } })
                    }
                    Say::Notification(method) => json!({ "jsonrpc": "2.0", "method": method }),
                    Say::Raw(bytes) => {
                        if out.write_all(&bytes).await.is_err() {
                            return;
                        }
                        continue;
                    }
                    Say::Close => return,
                };
                if out.write_all(format!("{frame}\n").as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    });
    (read, write, hears)
}

fn listing(names: &[&str]) -> Value {
    let tool = |name: &&str| json!({ "name": name, "description": format!("Does {name}"), "inputSchema": any() });
    json!({ "tools": names.iter().map(tool).collect::<Vec<_>>() })
}

fn words(text: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": text }] })
}

async fn over(answer: impl FnMut(&str, &Value) -> Vec<Say> + Send + 'static, options: McpOptions) -> Result<McpServer> {
    let (read, write, _) = serve(answer);
    McpServer::over("fake", read, write, options).await
}

/// The tools' names.
async fn names(server: &McpServer) -> Result<Vec<String>> {
    Ok(server.tools(&cx()).await?.iter().map(|tool| tool.spec().name.to_string()).collect())
}

async fn call(server: &McpServer, tool: &str, arguments: Value) -> Result<String> {
    let tools = server.tools(&cx()).await.unwrap();
    let tool = tools.into_iter().find(|known| known.spec().name == tool).unwrap();
    tool.call(arguments, &cx()).await
}

#[tokio::test]
async fn an_agent_uses_a_servers_tools_and_keeps_names_apart() {
    let answer = |method: &str, params: &Value| match method {
        "tools/list" => vec![Say::Result(listing(&["echo", "odd name!", "hidden"]))],
        "tools/call" => vec![Say::Result(words(&format!("{} got {}", params["name"], params["arguments"])))],
        _ => Vec::new(),
    };
    let options = McpOptions::default().only(["echo", "odd name!"]);
    let server = over(answer, options).await.unwrap();
    let own = json_tool("echo", "Its own", any(), |_, _| async { Ok("own") });
    let model = Arc::new(
        ScriptedModel::new()
            .answer("got", "done")
            .calls("", [("fake_echo", r#"{"a":1}"#), ("odd_name_", "{}"), ("echo", "{}")]),
    );
    let agent = ToolAgent::builder(Arc::clone(&model)).tool(own).tools_of(server).build().unwrap();
    let outcome = agent.run_loop(ask(), &cx()).await.unwrap();
    let shown: Vec<String> = model.requests()[0].tools.iter().map(|tool| tool.name.to_string()).collect();
    assert_eq!(shown, ["echo", "fake_echo", "odd_name_"]);
    let contents: Vec<&str> = told(&outcome.messages).iter().map(|result| result.content.as_str()).collect();
    assert_eq!(contents, [r#""echo" got {"a":1}"#, r#""odd name!" got {}"#, "own"]);
}

#[tokio::test]
async fn labels_hold_for_all_tools_of_a_server() {
    let answer = |method: &str, _: &Value| match method {
        "tools/list" => vec![Say::Result(listing(&["echo"]))],
        _ => vec![Say::Result(words("reached"))],
    };
    let options = McpOptions::default().labels(Labels::of(["inside"]));
    let server = over(answer, options).await.unwrap();
    let model = Arc::new(ScriptedModel::new().answer("out of the run's scope", "no").calls("", [("echo", "{}")]));
    let agent = ToolAgent::builder(Arc::clone(&model)).tools_of(server).build().unwrap();
    assert_eq!(agent.run_loop(ask(), &cx()).await.unwrap().text, "no");
    assert!(model.requests()[0].tools.is_empty());
}

#[tokio::test]
async fn a_list_that_changes_is_asked_for_again() {
    let mut lists = 0;
    let answer = move |method: &str, _: &Value| match method {
        "tools/list" => {
            lists += 1;
            vec![Say::Result(if lists == 1 { listing(&["grow"]) } else { listing(&["grow", "grown"]) })]
        }
        "tools/call" => vec![Say::Notification("notifications/tools/list_changed"), Say::Result(words("grew"))],
        _ => Vec::new(),
    };
    let server = over(answer, McpOptions::default()).await.unwrap();
    assert_eq!(names(&server).await.unwrap(), ["grow"]);
    assert_eq!(names(&server).await.unwrap(), ["grow"], "asked once");
    assert_eq!(call(&server, "grow", json!({})).await.unwrap(), "grew");
    // The notification came before the answer, and may be heard a moment later.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(names(&server).await.unwrap(), ["grow", "grown"]);
}

#[tokio::test]
async fn what_a_server_says_of_a_call_is_told() {
    let answer = |method: &str, params: &Value| match (method, params["name"].as_str()) {
        ("tools/list", _) => vec![Say::Result(listing(&["fails", "refuses", "unknown"]))],
        (_, Some("fails")) => {
            vec![Say::Result(json!({ "isError": true, "content": [{ "type": "text", "text": "no\u{7} such file" }] }))]
        }
        (_, Some("refuses")) => vec![Say::Error(-32602, "path: expected string")],
        _ => vec![Say::Error(-32603, "boom")],
    };
    let server = over(answer, McpOptions::default()).await.unwrap();
    let error = async |tool| call(&server, tool, json!({})).await.unwrap_err();
    assert_eq!(error("fails").await.to_string(), "no\u{7} such file");
    let refused = error("refuses").await;
    assert_eq!(
        (refused.kind(), refused.message()),
        (ErrorKind::InvalidInput, "the MCP server fake answered: path: expected string")
    );
    assert_eq!(error("unknown").await.kind(), ErrorKind::Permanent);
}

#[tokio::test]
async fn a_server_that_dies_gives_errors_that_say_so() {
    let answer = |method: &str, _: &Value| match method {
        "tools/list" => vec![Say::Result(listing(&["die"]))],
        "tools/call" => vec![Say::Close],
        _ => Vec::new(),
    };
    let server = over(answer, McpOptions::default()).await.unwrap();
    let model = ScriptedModel::new().answer("has ended", "pity").calls("", [("die", "{}")]);
    let agent = ToolAgent::builder(model).tools_of(server.clone()).build().unwrap();
    assert_eq!(agent.run_loop(ask(), &cx()).await.unwrap().text, "pity");
    let error = call(&server, "die", json!({})).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Unavailable, "the MCP server fake has ended"));
    let closed = over(|_, _| vec![Say::Close], McpOptions::default()).await.unwrap();
    assert_eq!(names(&closed).await.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_silent_is_not_waited_for_and_hears_of_it() {
    let answer = |method: &str, _: &Value| match method {
        "tools/list" => vec![Say::Result(listing(&["slow"]))],
        _ => Vec::new(),
    };
    let (read, write, mut heard) = serve(answer);
    let server = McpServer::over("fake", read, write, McpOptions::default()).await.unwrap();
    let error = call(&server, "slow", json!({})).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    assert_eq!(error.message(), "a call of the MCP server fake: it took longer than its limit of 60s");
    let cancelled = async {
        loop {
            let message = heard.recv().await.unwrap();
            if message["method"] == "notifications/cancelled" {
                return message;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), cancelled).await.expect("the server is told that nobody waits");
    let (read, write) = (tokio::io::empty(), tokio::io::sink());
    let error = McpServer::over("mute", read, write, McpOptions::default()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::Unavailable, "the MCP server mute ended before it answered")
    );
    let (held, read) = tokio::io::duplex(64);
    let error = McpServer::over("still", read, tokio::io::sink(), McpOptions::default()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::DeadlineExceeded, "the MCP server still did not answer within 30s")
    );
    drop(held);
}

#[tokio::test]
async fn a_server_that_floods_is_bounded() {
    let answer = |method: &str, _: &Value| match method {
        "tools/list" => vec![Say::Result(listing(&["flood"]))],
        "tools/call" => {
            let mut said: Vec<Say> =
                (0..5_000).map(|_| Say::Notification("notifications/tools/list_changed")).collect();
            said.push(Say::Raw(b"no json at all\n\xff\xfe\n{\"half\":\n".to_vec()));
            // A message of more than may be: dropped.
            said.push(Say::Raw([vec![b' '; 9 << 20], b"\n".to_vec()].concat()));
            said.push(Say::Result(words("after the flood")));
            said
        }
        _ => Vec::new(),
    };
    let server = over(answer, McpOptions::default()).await.unwrap();
    assert_eq!(call(&server, "flood", json!({})).await.unwrap(), "after the flood");

    let many: Vec<String> = (0..600).map(|n| format!("t{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let (all, endless) = (listing(&many), json!({ "tools": [], "nextCursor": "more" }));
    let vast = json!({ "tools": [{ "name": "v", "inputSchema": { "type": "object", "title": "x".repeat(70_000) } }] });
    for (page, what) in [
        (all, "the MCP server fake tells of more than 512 tools"),
        (endless, "the MCP server fake tells its tools in more than 64 pages"),
        (vast, "the MCP server fake has a schema of 70028 bytes for v; at most 65536 are taken"),
    ] {
        let answer = move |method: &str, _: &Value| match method {
            "tools/list" => vec![Say::Result(page.clone())],
            _ => Vec::new(),
        };
        let server = over(answer, McpOptions::default()).await.unwrap();
        let error = names(&server).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::TooLong, what));
    }
    let long = json!({ "tools": [{ "name": "l", "description": "\u{1b}[31m".to_owned() + &"ß".repeat(9_000), "inputSchema": {} }] });
    let answer = move |_: &str, _: &Value| vec![Say::Result(long.clone())];
    let server = over(answer, McpOptions::default()).await.unwrap();
    let tools = server.tools(&cx()).await.unwrap();
    let spec = tools[0].spec();
    assert!(spec.description.starts_with(" [31mß") && spec.description.len() < 4_200, "{}", spec.description);
    assert_eq!(spec.schema["type"], "object");
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let error = McpServer::spawn("gone", Command::new("/no/such/program"), McpOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        error.to_string().starts_with("the MCP server gone cannot be started: \"/no/such/program\": No such file"),
        "{error}"
    );
    let mut broken = Command::new("sh");
    broken.args(["-c", "echo 'no licence found' >&2; exit 3"]);
    let error = McpServer::spawn("broken", broken, McpOptions::default()).await.unwrap_err();
    assert_eq!(error.to_string(), "the MCP server broken ended before it answered; it last said: no licence found");
    // It has what it was given, and none of the host's keys.
    let mut shows = Command::new("sh");
    shows.args(["-c", "echo \"$GIVEN ${CARGO_MANIFEST_DIR-none} ${PATH:+path}\" >&2"]).env("GIVEN", "given");
    let error = McpServer::spawn("shows", shows, McpOptions::default()).await.unwrap_err();
    assert!(error.to_string().ends_with("it last said: given none path"), "{error}");
    let mut babbles = Command::new("sh");
    babbles.args(["-c", "read x; echo '{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{\"what\":1}}'; read x"]);
    let error = McpServer::spawn("babbler", babbles, McpOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MalformedReply, "{error}");
}

#[tokio::test]
async fn keys_in_variables_stay_out_of_errors() {
    let told = |id: u64, rest: Value| {
        let mut frame = json!({ "jsonrpc": "2.0", "id": id });
        frame.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        format!("read x; echo '{frame}'; ").replace("KEY", "'\"$API_TOKEN\"'")
    };
    let capabilities = json!({ "tools": {} });
    let greeting = json!({ "protocolVersion": "2025-06-18", "capabilities": capabilities, "serverInfo": { "name": "sh", "version": "1" } });
    let failed = json!({ "isError": true, "content": [{ "type": "text", "text": "not with KEY" }] });
    let script = [
        told(0, json!({ "result": greeting })),
        "read x; ".to_owned(),
        told(1, json!({ "result": listing(&["t"]) })),
        told(2, json!({ "error": { "code": -32602, "message": "no right by KEY" } })),
        told(3, json!({ "result": failed })),
        "read x".to_owned(),
    ]
    .concat();
    let mut command = Command::new("sh");
    command.args(["-c", &script]).env("API_TOKEN", "open sesame").env("MODE", "right");
    let server = McpServer::spawn("tells", command, McpOptions::default()).await.unwrap();
    let errors = [call(&server, "t", json!({})).await.unwrap_err(), call(&server, "t", json!({})).await.unwrap_err()];
    assert_eq!(errors[0].message(), "the MCP server tells answered: no right by ..");
    assert_eq!(errors[1].message(), "not with ..");
    let mut dies = Command::new("sh");
    dies.args(["-c", "echo \"$MODE: $API_TOKEN, sk-abcdefghijkl\" >&2"]);
    dies.env("API_TOKEN", "open sesame").env("MODE", "right");
    let error = McpServer::spawn("dies", dies, McpOptions::default()).await.unwrap_err();
    assert!(error.to_string().ends_with("it last said: right: [hidden], [hidden]"), "{error}");
}

/// A server in a shell: answers the greeting, notes its own number and that of a process that it started, and then says no
/// more and heeds nothing.
#[cfg(target_os = "linux")]
fn stubborn(pids: &std::path::Path) -> Command {
    let greeting = json!({ "jsonrpc": "2.0", "id": 0, "result": { "protocolVersion": "2025-06-18",
        "capabilities": {}, "serverInfo": { "name": "sh", "version": "1" } } });
    let mut command = Command::new("sh");
    let script = format!(
        "trap '' TERM INT HUP; sleep 1000 & echo $$ $! > {}; read x; echo '{greeting}'; while :; do sleep 1000; done",
        pids.display()
    );
    command.args(["-c", &script]);
    command
}

/// Whether a process is still at work.
#[cfg(target_os = "linux")]
fn alive(pid: &str) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    state.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

#[cfg(target_os = "linux")]
async fn gone(pids: &[String]) -> bool {
    for _ in 0..500 {
        if !pids.iter().any(|pid| alive(pid)) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_process_and_what_it_started_end_with_the_last_handle() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pids");
    for close in [false, true] {
        let server = McpServer::spawn("stubborn", stubborn(&file), McpOptions::default()).await.unwrap();
        let pids: Vec<String> = std::fs::read_to_string(&file).unwrap().split_whitespace().map(str::to_owned).collect();
        assert_eq!(pids.len(), 2);
        assert!(pids.iter().all(|pid| alive(pid)));
        if close {
            server.close().await;
            assert!(server.has_ended());
        }
        let other = server.clone();
        drop(server);
        assert!(close || pids.iter().all(|pid| alive(pid)), "a handle is left");
        drop(other);
        assert!(gone(&pids).await, "closed: {close}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_a_server_leaves_behind_ends_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pids");
    for close in [false, true] {
        let greeting = json!({ "jsonrpc": "2.0", "id": 0, "result": { "protocolVersion": "2025-06-18",
            "capabilities": {}, "serverInfo": { "name": "sh", "version": "1" } } });
        let mut command = Command::new("sh");
        // It ends by itself with its input.
        let script = "sleep 1000 & echo $$ $! > \"$1\"; read x; echo \"$2\"; while read x; do :; done";
        command.args(["-c", script, "sh"]).arg(&file).arg(greeting.to_string());
        let server = McpServer::spawn("leaves", command, McpOptions::default()).await.unwrap();
        let pids: Vec<String> = std::fs::read_to_string(&file).unwrap().split_whitespace().map(str::to_owned).collect();
        assert!(pids.len() == 2 && pids.iter().all(|pid| alive(pid)));
        if close {
            server.close().await;
        }
        drop(server);
        assert!(gone(&pids).await, "closed: {close}");
    }
}

#[tokio::test]
async fn keys_stay_out_of_errors() {
    let options = McpOptions::default().start(Duration::from_secs(5)).bearer(Secret::new("s3cr3t-token"));
    assert!(!format!("{options:?}").contains("s3cr3t"), "{options:?}");
    let url = "http://me:s3cr3t@127.0.0.1:9/mcp?key=s3cr3t";
    let error = McpServer::connect("far", url, options.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error} {error:?}");
    for wrong in ["", "127.0.0.1", "ftp://127.0.0.1/", "http://"] {
        let error: Error = McpServer::connect("far", wrong, options.clone()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{wrong:?}");
    }
}

/// The server of the protocol's own makers; `scripts/mcp.sh` installs it, and the variable names its program.
mod everything {
    use super::*;

    fn program() -> String {
        std::env::var("NINEFOLD_MCP").expect("NINEFOLD_MCP names the server's index.js: see scripts/mcp.sh")
    }

    fn command(transport: &str) -> Command {
        let mut command = Command::new("node");
        command.arg(program()).arg(transport);
        command
    }

    /// What holds over every transport.
    async fn works(server: &McpServer) {
        let listed = names(server).await.unwrap();
        for name in ["echo", "get-sum", "get-tiny-image", "get-structured-content"] {
            assert!(listed.iter().any(|listed| listed == name), "{name} of {listed:?}");
        }
        assert_eq!(call(server, "echo", json!({ "message": "größe" })).await.unwrap(), "Echo: größe");
        let sum = call(server, "get-sum", json!({ "a": 2, "b": 3 })).await.unwrap();
        assert_eq!(sum, "The sum of 2 and 3 is 5.");
        let image = call(server, "get-tiny-image", json!({})).await.unwrap();
        assert!(image.contains("[an image (image/png), ") && !image.contains("iVBOR"), "{image}");
        let weather = call(server, "get-structured-content", json!({ "location": "Chicago" })).await.unwrap();
        let weather: Value = serde_json::from_str(&weather).unwrap();
        assert!(weather["temperature"].is_number(), "{weather}");
        let link = call(server, "get-resource-links", json!({ "count": 1 })).await.unwrap();
        assert!(link.contains("[a resource: "), "{link}");
        let error = call(server, "get-sum", json!({ "a": "two" })).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Permanent), "{error}");
        assert!(error.message().contains('b'), "{error}");
        // A call that takes ten seconds, twenty times at once, is given up after half of one.
        let tools = server.tools(&cx()).await.unwrap();
        let slow = tools.iter().find(|tool| tool.spec().name == "trigger-long-running-operation").unwrap();
        let context = cx();
        let calls = (0..20).map(|_| slow.call(json!({ "duration": 10, "steps": 2 }), &context));
        let all = futures_util::future::join_all(calls);
        assert!(tokio::time::timeout(Duration::from_millis(500), all).await.is_err());
        assert_eq!(call(server, "echo", json!({ "message": "still here" })).await.unwrap(), "Echo: still here");
        let model = ScriptedModel::new()
            .answer("The sum of 40 and 2 is 42.", "It is 42.")
            .calls("", [("get-sum", r#"{"a":40,"b":2}"#), ("echo", r#"{"message":"x"}"#)]);
        let agent = ToolAgent::builder(model).tools_of(server.clone()).build().unwrap();
        assert_eq!(agent.run_loop(ask(), &cx()).await.unwrap().text, "It is 42.");
    }

    #[tokio::test]
    #[ignore = "needs node and the server that scripts/mcp.sh installs"]
    async fn over_standard_streams() {
        let server = McpServer::spawn("everything", command("stdio"), McpOptions::default()).await.unwrap();
        works(&server).await;
        server.close().await;
        assert_eq!(call(&server, "echo", json!({})).await.unwrap_err().kind(), ErrorKind::Unavailable);
    }

    #[tokio::test]
    #[ignore = "needs node and the server that scripts/mcp.sh installs"]
    async fn over_streamable_http() {
        // A port that is free now; nobody else on this machine is to take it in the next second.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut child = tokio::process::Command::from(command("streamableHttp"))
            .env("PORT", port.to_string())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let url = format!("http://127.0.0.1:{port}/mcp");
        let mut server = Err(Error::new(ErrorKind::Unavailable, "not tried"));
        for _ in 0..100 {
            server = McpServer::connect("everything", &url, McpOptions::default().call(Duration::from_secs(15))).await;
            if server.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let server = server.unwrap();
        works(&server).await;
        child.kill().await.unwrap();
        let error = call(&server, "echo", json!({ "message": "x" })).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(!error.to_string().contains(&port.to_string()), "{error}");
    }
}
