//! Runs one after another: what the next one takes after so many, and what is in memory by then.

use std::time::Instant;

use crate::Extent;
use crate::machine;
use crate::subject::Subject;

/// Runs that are timed at each point.
const SAMPLES: usize = 300;

pub fn measure(extent: Extent) -> Subject {
    let mut subject = Subject::new("runs", "A complex question, after so many others", "runs before it", "µs");
    let counts: &[usize] = extent.pick(&[1, 10], &[100, 1_000, 3_000], &[100, 300, 1_000, 3_000, 10_000, 30_000]);
    let runtime = machine::runtime();
    let soar = runtime.block_on(machine::scripted_soar());
    let answer = || {
        runtime.block_on(soar.answer(machine::COMPLEX)).unwrap();
    };
    let (mut done, mut resident) = (0, Vec::new());
    for &count in counts {
        while done < count {
            answer();
            done += 1;
        }
        let samples: Vec<f64> = (0..extent.pick(3, SAMPLES, SAMPLES))
            .map(|_| {
                let start = Instant::now();
                answer();
                start.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        done += samples.len();
        subject.add("time", count, &samples);
        resident.push((count, machine::resident_kib()));
    }
    for (count, resident) in resident {
        println!("  resident after {count} runs and the {SAMPLES} timed ones: {resident} KiB");
    }
    subject
}
