//! Runs at once, on one thread: what each of them costs. Their agents wait once, so that all runs are open before the first one ends.

use std::time::Instant;

use futures_util::future::join_all;
use ninefold::{Cx, Task};

use crate::Extent;
use crate::machine;
use crate::subject::Subject;

pub fn measure(extent: Extent) -> Subject {
    let mut subject =
        Subject::new("concurrent", "A complex question among so many at once, one thread", "runs at once", "µs");
    // How often, by how many.
    let counts: &[(usize, usize)] = extent.pick(
        &[(1, 2), (10, 2)],
        &[(1, 200), (10, 60), (100, 20), (1_000, 7)],
        &[(1, 200), (3, 100), (10, 60), (30, 30), (100, 20), (300, 15), (1_000, 11), (3_000, 7), (10_000, 7)],
    );
    let runtime = machine::runtime();
    let waiting = |_: Task, _: Cx| async {
        tokio::task::yield_now().await;
        Ok("Done: nothing unusual was seen.")
    };
    let soar = runtime.block_on(async { machine::scripted(waiting).await.without_learning().build().await.unwrap() });
    for &(count, times) in counts {
        let round = || {
            let start = Instant::now();
            let answers = runtime.block_on(join_all((0..count).map(|_| soar.answer(machine::COMPLEX))));
            let took = start.elapsed().as_secs_f64() * 1e6 / count as f64;
            assert!(answers.into_iter().all(|answer| answer.unwrap().degradations.is_empty()));
            took
        };
        round();
        let samples: Vec<f64> = (0..times).map(|_| round()).collect();
        subject.add("each run", count, &samples);
    }
    println!("  resident after it: {} KiB", machine::resident_kib());
    subject
}
