//! Questions answered with a model that answers at once: what the pipeline itself costs, by who hears of its spans.
//!
//! `cargo bench --features otlp --bench soar`

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod machine;

use std::hint::black_box;
use std::time::{Duration, Instant, SystemTime};

use criterion::Criterion;
use machine::{Accounted, Report, Target};
use ninefold::{Complexity, PlanOrigin, Soar};
use tokio::runtime::Runtime;

/// A row: its name, who answers, what is asked, what it should take at most in microseconds with the profile on.
type Row<'a> = (&'static str, &'a Soar, &'static str, Option<f64>);

fn main() {
    let start = SystemTime::now();
    let mut report = Report::new("soar", "cargo bench --features otlp --bench soar");
    let mut criterion = machine::criterion();
    let runtime = machine::runtime();
    let scripted = runtime.block_on(machine::scripted_soar());
    let offline = runtime.block_on(async { Soar::builder().store(machine::ten_chunks().await).build().await.unwrap() });
    let searching = runtime.block_on(machine::searching_soar());
    // The two rows that matter most, by all who may listen; the others with the profile on.
    let rows = [
        ("simple question, scripted model", &scripted, machine::SIMPLE, Some(20.0)),
        ("complex question, 3 subgoals, scripted model", &scripted, machine::COMPLEX, Some(80.0)),
    ];
    let mut knowing = None;
    for accounted in Accounted::ALL {
        let host = accounted.host();
        let asked = runtime.block_on(scripted.answer(machine::COMPLEX)).unwrap();
        assert_eq!(asked.profile.is_available(), accounted != Accounted::Off, "{accounted:?}");
        for row in &rows {
            ask(&mut criterion, &runtime, row, accounted);
        }
        if accounted == Accounted::On {
            println!("{}", asked.profile.table());
            // It asks while it is made, so it is not made where nobody is to listen.
            let knowing = knowing.insert(runtime.block_on(machine::knowing_soar()));
            check(&runtime, &scripted, false);
            check(&runtime, &searching, false);
            check(&runtime, knowing, true);
            for row in [
                ("simple question, learning", &searching, machine::SIMPLE, None),
                ("complex question, learning, plan not known", &searching, machine::COMPLEX, None),
                ("complex question, learning, plan known", &*knowing, machine::COMPLEX, None),
                ("simple question, by rules, no model", &offline, machine::SIMPLE, None),
                ("complex question, by rules, no model", &offline, machine::COMPLEX, None),
            ] {
                ask(&mut criterion, &runtime, &row, accounted);
            }
            for (name, question) in [
                ("simple question, scripted model, streamed", machine::SIMPLE),
                ("complex question, scripted model, streamed", machine::COMPLEX),
            ] {
                stream(&mut criterion, &runtime, name, &scripted, question);
            }
        }
        host.end(&mut report);
    }
    criterion.final_summary();
    for (name, _, _, most) in rows {
        let target = most.map_or(Target::None, Target::Most);
        let medians = machine::gather(&mut report, start, name, "µs", &[(Accounted::On.name(), target)]);
        let simple = medians.iter().find(|(variant, _)| name == rows[0].0 && variant == Accounted::On.name());
        if let Some((variant, median)) = simple {
            report.value("simple questions a second, one thread", variant, "/s", 1e6 / median, Target::Least(40_000.0));
        }
    }
    for name in [
        "simple question, learning",
        "complex question, learning, plan not known",
        "complex question, learning, plan known",
        "simple question, by rules, no model",
        "complex question, by rules, no model",
        "simple question, scripted model, streamed",
        "complex question, scripted model, streamed",
    ] {
        machine::gather(&mut report, start, name, "µs", &[]);
    }
    report.write();
}

fn ask(criterion: &mut Criterion, runtime: &Runtime, (name, soar, question, _): &Row<'_>, accounted: Accounted) {
    criterion.benchmark_group(*name).bench_function(accounted.name(), |bencher| {
        bencher
            .iter_custom(|runs| timed(runtime, runs, async || drop(black_box(soar.answer(*question).await.unwrap()))));
    });
}

/// The same read as a stream of events, to its end.
fn stream(criterion: &mut Criterion, runtime: &Runtime, name: &str, soar: &Soar, question: &str) {
    criterion.benchmark_group(name).bench_function(Accounted::On.name(), |bencher| {
        bencher.iter_custom(|runs| {
            timed(runtime, runs, async || {
                let mut events = soar.stream(black_box(question));
                while let Some(event) = events.next().await {
                    black_box(event.unwrap());
                }
            })
        });
    });
}

fn timed(runtime: &Runtime, runs: u64, mut run: impl AsyncFnMut()) -> Duration {
    runtime.block_on(async {
        let start = Instant::now();
        for _ in 0..runs {
            run().await;
        }
        start.elapsed()
    })
}

/// The rows measure what they say: nothing degraded, all three agents asked, the plan known or made.
fn check(runtime: &Runtime, scripted: &Soar, known: bool) {
    let simple = runtime.block_on(scripted.answer(machine::SIMPLE)).unwrap();
    assert_eq!(simple.assessment.complexity, Complexity::Simple);
    assert!(simple.degradations.is_empty(), "{:?}", simple.degradations);
    let complex = runtime.block_on(scripted.answer(machine::COMPLEX)).unwrap();
    assert_eq!(complex.assessment.complexity, Complexity::Critical);
    assert!(complex.degradations.is_empty(), "{:?}", complex.degradations);
    assert_eq!(matches!(complex.plan_origin, Some(PlanOrigin::Pattern { .. })), known);
}
