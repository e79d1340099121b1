//! A model with the latency, the limits and the faults of a real one, behind the format of OpenAI's chat completions.
//!
//! What it answers stands in a script. How long it takes is drawn from two lognormals, and whether it fails by chance, both by
//! a seed and by which reply of the script is asked for the how-manieth time: whoever asks for the plan of the second question
//! for the first time waits as long for it as everybody else who does, whatever his prompt looks like and whatever he asked before.

mod draw;
mod ledger;
mod limits;
mod reply;
mod request;
mod script;
mod tokens;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::net::TcpListener;

/// The settings. The defaults are those of a small model of a large provider at the time of writing, in round figures.
#[derive(Debug, Clone, Parser)]
#[command(about)]
pub struct Settings {
    /// Where to listen; port 0 for any that is free. The address is the first line on standard output.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub address: SocketAddr,
    /// The script.
    #[arg(long)]
    pub script: PathBuf,
    /// What all chance comes from.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The median time to the first token, in milliseconds.
    #[arg(long, default_value_t = 350.0)]
    pub first_ms: f64,
    /// The spread of its logarithm.
    #[arg(long, default_value_t = 0.5)]
    pub first_sigma: f64,
    /// The median speed after that, in tokens a second.
    #[arg(long, default_value_t = 80.0)]
    pub speed: f64,
    /// The spread of its logarithm.
    #[arg(long, default_value_t = 0.3)]
    pub speed_sigma: f64,
    /// The part of requests that fail: in equal parts by a reset before the first byte, a 500, a 429, a reply cut off midway.
    #[arg(long, default_value_t = 0.02)]
    pub faults: f64,
    /// The requests a key gets in a minute.
    #[arg(long, default_value_t = 500.0)]
    pub requests_per_minute: f64,
    /// The tokens a key gets in a minute, read and written.
    #[arg(long, default_value_t = 200_000.0)]
    pub tokens_per_minute: f64,
    /// How many times faster than all that it is. `Retry-After` counts in whole seconds and stays at one at least.
    #[arg(long, default_value_t = 1.0)]
    pub scale: f64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::parse();
    let listener = TcpListener::bind(settings.address).await?;
    let model = Arc::new(reply::Model::new(&settings)?);
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                eprintln!("a connection could not be accepted: {error}");
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
        };
        stream.set_nodelay(true)?;
        // What this side closes, it resets: it closes nothing but for a fault.
        SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
        let model = Arc::clone(&model);
        tokio::spawn(async move {
            let service = service_fn(|request| reply::answer(Arc::clone(&model), request));
            // Its errors are the faults it was told to make, and clients that went away: both stand in the ledger.
            let _ =
                http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
