//! A receiver that the tests did not make: it takes spans over OTLP/gRPC, and serves Jaeger's own pages and `/api/traces`.
//! It listens on free ports of the loopback and prints the two addresses, gRPC first.

use std::error::Error;

use otlp_embedded::{Config, State, TraceServiceImpl, TraceServiceServer, ui_app};
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let state = State::new(Config { max_length: 1_000, max_memory_usage: 1 << 28 });
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse()?)?;
    let pages = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", incoming.local_addr()?);
    println!("http://{}", pages.local_addr()?);
    let receive = Server::builder().add_service(TraceServiceServer::new(TraceServiceImpl::new(state.clone())));
    let serve = axum::serve(pages, ui_app(state, "/"));
    tokio::select! {
        ended = receive.serve_with_incoming(incoming) => ended?,
        ended = std::future::IntoFuture::into_future(serve) => ended?,
    }
    Ok(())
}
