//! Questions answered with a model that answers at once: what the pipeline itself costs. The profile is on.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod machine;

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ninefold::{Complexity, PlanOrigin, Soar};

fn soar(criterion: &mut Criterion) {
    let runtime = machine::runtime();
    let scripted = runtime.block_on(machine::scripted_soar());
    let offline = runtime.block_on(async { Soar::builder().store(machine::ten_chunks().await).build().await.unwrap() });
    let searching = runtime.block_on(machine::searching_soar());
    let knowing = runtime.block_on(machine::knowing_soar());
    check(&runtime, &scripted, false);
    check(&runtime, &searching, false);
    check(&runtime, &knowing, true);
    let mut group = criterion.benchmark_group("question");
    group.throughput(Throughput::Elements(1));
    for (name, soar, question) in [
        ("simple, scripted model", &scripted, machine::SIMPLE),
        ("complex, 3 subgoals, scripted model", &scripted, machine::COMPLEX),
        ("simple, learning, scripted model", &searching, machine::SIMPLE),
        ("complex, 3 subgoals, learning, plan not known", &searching, machine::COMPLEX),
        ("complex, 3 subgoals, learning, plan known", &knowing, machine::COMPLEX),
        ("simple, by rules", &offline, machine::SIMPLE),
        ("complex, by rules", &offline, machine::COMPLEX),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|runs| {
                runtime.block_on(async {
                    let start = Instant::now();
                    for _ in 0..runs {
                        black_box(soar.answer(black_box(question)).await.unwrap());
                    }
                    start.elapsed()
                })
            });
        });
    }
    // The same read as a stream of events, to its end.
    for (name, question) in
        [("simple, scripted model, streamed", machine::SIMPLE), ("complex, scripted model, streamed", machine::COMPLEX)]
    {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|runs| {
                runtime.block_on(async {
                    let start = Instant::now();
                    for _ in 0..runs {
                        let mut events = scripted.stream(black_box(question));
                        while let Some(event) = events.next().await {
                            black_box(event.unwrap());
                        }
                    }
                    start.elapsed()
                })
            });
        });
    }
    group.finish();
}

/// The rows measure what they say: nothing degraded, all three agents asked, the plan known or made.
fn check(runtime: &tokio::runtime::Runtime, scripted: &Soar, known: bool) {
    let simple = runtime.block_on(scripted.answer(machine::SIMPLE)).unwrap();
    assert_eq!(simple.assessment.complexity, Complexity::Simple);
    assert!(simple.degradations.is_empty(), "{:?}", simple.degradations);
    let complex = runtime.block_on(scripted.answer(machine::COMPLEX)).unwrap();
    assert_eq!(complex.assessment.complexity, Complexity::Critical);
    assert!(complex.degradations.is_empty(), "{:?}", complex.degradations);
    assert!(complex.profile.is_available());
    assert_eq!(matches!(complex.plan_origin, Some(PlanOrigin::Pattern { .. })), known);
    println!("{}", complex.profile.table());
}

criterion_group! { name = benches; config = machine::criterion(); targets = soar }
criterion_main!(benches);
