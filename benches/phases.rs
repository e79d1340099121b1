//! Nine phases that do nothing, in one run: what the wrapper costs, with the profile off and on. The phases pass on a question
//! and five chunks, 754 bytes as JSON, the state of the side-by-side comparisons.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod machine;

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use ninefold::profile;

use crate::machine::nine;

fn phases(criterion: &mut Criterion) {
    let (runtime, steps) = (machine::runtime(), nine::nine());
    let mut group = criterion.benchmark_group("nine no-op phases");
    group.bench_function("profile off", |bencher| {
        bencher.iter_custom(|runs| {
            runtime.block_on(async {
                let mut carried = nine::state();
                let start = Instant::now();
                for _ in 0..runs {
                    carried = nine::run(&steps, black_box(carried)).await.unwrap();
                }
                start.elapsed()
            })
        });
    });
    group.bench_function("profile on", |bencher| {
        bencher.iter_custom(|runs| {
            runtime.block_on(async {
                let mut carried = nine::state();
                let start = Instant::now();
                for _ in 0..runs {
                    let recorded = profile::record(nine::run(&steps, black_box(carried))).await;
                    black_box(&recorded.profile);
                    carried = recorded.output.unwrap();
                }
                start.elapsed()
            })
        });
    });
    group.finish();
}

criterion_group! { name = benches; config = machine::criterion(); targets = phases }
criterion_main!(benches);
