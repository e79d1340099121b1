//! A trace goes on at the server of a model: over HTTP, as a host would open one by its name.

use ninefold::models::Stack;
use ninefold::otlp::{self, Protocol};
use ninefold::{Model, ModelRequest, Run};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tracing_subscriber::layer::SubscriberExt as _;

/// Answers one request as Ollama does; its head.
async fn answer_once(listener: TcpListener) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut heard = Vec::new();
    while !heard.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut piece = [0; 4096];
        let read = stream.read(&mut piece).await.unwrap();
        heard.extend_from_slice(&piece[..read]);
    }
    let body = "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"Yes.\"},\"done\":true,\"done_reason\":\"stop\"}\n";
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\nconnection: close\r\n";
    stream.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    String::from_utf8_lossy(&heard).into_owned()
}

#[test]
fn is_asked_with_the_traceparent_of_its_call() {
    // Nobody listens there: what is exported does not matter here.
    let (exporting, _guard) =
        otlp::from_env().unwrap().endpoint("http://127.0.0.1:9").protocol(Protocol::Grpc).build().unwrap();
    let _host = tracing::subscriber::set_default(tracing_subscriber::registry().with(exporting));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let providers = ninefold::model_providers().unwrap();
        let variables = move |name: &str| (name == "OLLAMA_HOST").then(|| address.clone());
        let model = Stack::new(providers.variables(variables).open("ollama/m").unwrap()).build().unwrap();
        let server = tokio::spawn(answer_once(listener));
        let (outside, said) = Run::new("asks")
            .execute(&(), async |cx| {
                let reply = model.send(ModelRequest::new("", "Is it?"), &cx).await?.collect().await?;
                Ok((otlp::traceparent().unwrap(), reply.text))
            })
            .await
            .unwrap();
        assert_eq!(said, "Yes.");
        let head = server.await.unwrap();
        let sent = head.lines().find_map(|line| line.strip_prefix("traceparent: ")).unwrap_or_else(|| panic!("{head}"));
        let parts = |header: &str| header.split('-').map(str::to_owned).collect::<Vec<_>>();
        let (run, call) = (parts(&outside), parts(sent));
        assert_eq!((&call[1], call[3].as_str()), (&run[1], "01"), "one trace");
        assert_ne!(call[2], run[2], "and in it, the call's own span");
    });
}
