//! Tokens, money, retries, cache hits: whoever caused them is named, and the parts add up to the whole.

use std::pin::Pin;
use std::task::Poll;

use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};
use ninefold_core::model::{ModelId, ModelRequest};
use ninefold_core::span::{self, field, outcome};
use ninefold_core::{Cost, Usage};
use ninefold_profile::{Breakdown, By, Profile};
use tracing::Span;
use tracing::instrument::Instrument as _;

use crate::support::{agent, ms, names, paused_run, phase, row, run, wait};

/// A call of `model` that takes `n` ms, the first half of them until its first token.
async fn call(model: &str, n: u64, usage: Usage) {
    let span = span::chat(&ModelId::new("house", model), &ModelRequest::default());
    wait(n).instrument(span.clone()).await;
    span.record(field::FIRST_CHUNK, n as f64 / 2_000.0);
    span::record_usage(&span, &usage);
}

fn used(input: u64, output: u64, nanousd: Option<u64>) -> Usage {
    Usage {
        cached_input_tokens: input / 2,
        cache_write_tokens: input / 4,
        reasoning_tokens: output / 2,
        cost: nanousd.map(Cost),
        ..Usage::tokens(input, output)
    }
}

/// Two agents, one within a phase that is tried twice; two models, one without a price; a cached phase and a cached agent.
fn example() -> Profile {
    paused_run(run(async {
        phase("decompose", call("large", 20, used(1_000, 100, Some(4_500_000)))).await;
        async {
            let search = async {
                call("small", 10, used(100, 10, None)).await;
                Span::current().record(field::ATTEMPTS, 3);
                call("small", 10, used(100, 10, None)).await;
            };
            tokio::join!(agent("search", search), agent("math", call("large", 5, used(200, 40, Some(1_200_000)))));
            let spared = span::agent("math");
            span::record_outcome(&spared, outcome::CACHED);
            spared.record(field::SAVED, 0.005);
            Span::current().record(field::ATTEMPTS, 2);
        }
        .instrument(span::phase("collect"))
        .await;
        let spared = span::phase("verify");
        span::record_outcome(&spared, outcome::CACHED);
        spared.record(field::SAVED, 0.25);
    }))
    .profile
}

#[test]
fn each_model_has_what_it_used() {
    let models = example().breakdown_by(By::Model);
    let [large, small] = &models.rows[..] else { panic!("{models:?}") };
    assert_eq!((large.name.as_str(), large.usage.calls, large.usage.input_tokens), ("large", 2, 1_200));
    assert_eq!((large.usage.cached_input_tokens, large.usage.cache_write_tokens), (600, 300));
    assert_eq!((large.usage.reasoning_tokens, large.usage.cost_usd()), (70, Some(0.0057)));
    assert_eq!(large.usage.time_to_first_token(), Some(ms(12) / 2 + ms(1) / 4));
    assert_eq!((small.name.as_str(), small.usage.calls, small.usage.cost_usd()), ("small", 2, None));
    assert_eq!(small.usage.time_to_first_token(), Some(ms(5)));
    assert_eq!((models.between.usage.calls, models.between.usage.input_tokens), (0, 0));
    assert_eq!(models.between.name, "outside models");
}

#[test]
fn each_agent_has_what_was_used_in_it() {
    let agents = example().breakdown_by(By::Agent);
    let [search, math] = &agents.rows[..] else { panic!("{agents:?}") };
    assert_eq!((search.name.as_str(), search.usage.calls, search.retries, search.cache_hits), ("search", 2, 2, 0));
    assert_eq!((math.name.as_str(), math.count, math.cached, math.cache_hits), ("math", 2, 1, 1));
    assert_eq!((math.saved, math.usage.input_tokens), (ms(5), 200));
    assert_eq!((agents.between.usage.calls, agents.between.usage.input_tokens), (1, 1_000));
    assert_eq!((agents.between.retries, agents.between.cache_hits, agents.between.saved), (1, 1, ms(250)));
}

#[test]
fn each_phase_has_what_was_caused_in_it() {
    let profile = example();
    let collect = row(&profile, "collect");
    assert_eq!((collect.usage.calls, collect.usage.input_tokens, collect.retries), (3, 400, 3));
    assert_eq!((collect.cache_hits, collect.saved, collect.cached), (1, ms(5), 0));
    assert_eq!((row(&profile, "verify").saved, row(&profile, "verify").cached), (ms(250), 1));
}

#[test]
fn embeddings_are_calls_of_a_model() {
    let profile = paused_run(run(phase("retrieve", async {
        let span = span::embeddings(&ModelId::new("house", "minilm"));
        wait(3).instrument(span.clone()).await;
        span.record(field::INPUT_TOKENS, 12);
    })))
    .profile;
    let retrieve = row(&profile, "retrieve");
    assert_eq!((retrieve.usage.calls, retrieve.usage.input_tokens), (1, 12));
    assert_eq!(retrieve.spent.on(ninefold_profile::Class::Model), ms(3));
    assert_eq!(profile.breakdown_by(By::Model).rows[0].name, "minilm");
}

/// Everything of a row that adds up, as numbers.
fn sums(row: &ninefold_profile::Row) -> Vec<u128> {
    let usage = serde_json::to_value(row.usage).unwrap();
    let of_usage = |name: &str| u128::from(usage[name].as_u64().unwrap_or(0));
    let mut sums: Vec<u128> = vec![row.attributed.as_nanos(), row.saved.as_nanos(), row.retries.into()];
    sums.push(row.cache_hits.into());
    sums.extend(
        [
            "calls",
            "input_tokens",
            "output_tokens",
            "cached_input_tokens",
            "cache_write_tokens",
            "reasoning_tokens",
            "cost_nanousd",
            "priced_calls",
            "first_token_ns",
            "first_tokens",
        ]
        .map(of_usage),
    );
    sums
}

#[test]
fn totals_are_the_sums_of_the_parts() {
    let profile = example();
    for by in [By::Phase, By::Agent, By::Model] {
        let Breakdown { rows, between, total, .. } = profile.breakdown_by(by);
        let mut of_parts = sums(&between);
        for row in &rows {
            of_parts.iter_mut().zip(sums(row)).for_each(|(sum, part)| *sum += part);
        }
        assert_eq!(of_parts, sums(&total), "{by:?}");
    }
    assert!(sums(&profile.breakdown().total).iter().all(|sum| *sum > 0), "the example leaves something out");
}

/// A stream whose items are each made inside of `span`.
struct Inside<S>(S, Span);

impl<S: Stream + Unpin> Stream for Inside<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<Option<S::Item>> {
        let Self(inner, span) = &mut *self;
        span.in_scope(|| Pin::new(inner).poll_next(cx))
    }
}

#[test]
fn a_stream_is_open_until_it_is_dropped_and_ends_with_its_last_item() {
    let profile = paused_run(run(phase("synthesize", async {
        let pieces = stream::iter(0..3).then(|_| wait(4).boxed()).boxed();
        let mut pieces = Inside(pieces, span::chat(&ModelId::new("house", "large"), &ModelRequest::default()));
        while pieces.next().await.is_some() {
            phase("between pieces", wait(1)).await;
        }
        wait(8).await;
    })))
    .profile;
    let expected = [
        "invoke_agent soar",
        "-synthesize",
        "--chat large",
        "--between pieces",
        "--between pieces",
        "--between pieces",
    ];
    assert_eq!(names(&profile), expected);
    assert_eq!(profile.tree().nodes()[2].wall, ms(15));
    assert_eq!(row(&profile, "synthesize").wall, ms(23));
}
