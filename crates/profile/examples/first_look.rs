//! look
#![allow(missing_docs, clippy::print_stdout)]
use ninefold_core::{id::RunId, model::ModelId, span};
use std::time::Duration;
use tokio::time::sleep;
use tracing::instrument::Instrument as _;
async fn ms(n: u64) {
    sleep(Duration::from_millis(n)).await
}
fn burn(us: u128) {
    #[allow(clippy::disallowed_methods)]
    let t = std::time::Instant::now();
    while t.elapsed().as_micros() < us {}
}
async fn chat(n: u64, i: u64, o: u64) {
    let s = span::chat(&ModelId::new("anthropic", "claude-sonnet-4-5"));
    async {
        ms(n).await;
        burn(300)
    }
    .instrument(s.clone())
    .await;
    s.record("gen_ai.usage.input_tokens", i as i64);
    s.record("gen_ai.usage.output_tokens", o as i64);
}
async fn agent(name: &str, n: u64) {
    async {
        ms(n).await;
        chat(n * 2, 812, 90).await
    }
    .instrument(span::agent(name))
    .await
}
async fn run() {
    async { burn(250) }.instrument(span::phase("assess")).await;
    async {
        let s = span::retrieval(8);
        async {
            ms(3).await;
            burn(900)
        }
        .instrument(s.clone())
        .await;
        s.record("hits", 7_i64);
        burn(1500)
    }
    .instrument(span::phase("retrieve"))
    .await;
    for i in 0..2 {
        async {
            chat(80, 1834, 212).await;
            burn(120)
        }
        .instrument(span::phase("decompose"))
        .await;
        let v = span::phase("verify");
        async { chat(31, 900, 40).await }.instrument(v.clone()).await;
        if i == 0 {
            v.record("outcome", "failed");
            v.record("error.type", "malformed_reply");
        }
    }
    burn(900);
    async { burn(12) }.instrument(span::phase("route")).await;
    let c = span::phase("collect");
    c.record("attempts", 2_i64);
    async {
        futures_util::future::join3(agent("grep", 20), agent("wikipedia", 45), agent("計算", 12)).await;
    }
    .instrument(c)
    .await;
    async { chat(140, 5210, 811).await }.instrument(span::phase("synthesize")).await;
    async { async { ms(2).await }.instrument(span::journal()).await }.instrument(span::phase("record")).await;
    let s = span::phase("respond");
    s.record("outcome", "cached");
    async { burn(5) }.instrument(s).await;
}
fn main() {
    let rt = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    rt.block_on(async {
        let p = ninefold_profile::record(async { run().instrument(span::run("soar", RunId::random(), None)).await })
            .await
            .profile;
        for w in [100, 120, 80, 60] {
            println!("{}", p.table().width(w));
        }
        println!("{}", p.table().color(true));
        println!("{}", p.outline());
        println!("{}", p.outline().width(60));
        println!("{}", serde_json::to_string(&p).unwrap().len());
    });
}
