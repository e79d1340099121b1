//! The flat index beside exact search: time of the ten nearest, recall, memory, insertion. With `NINEFOLD_VECTORS` naming a file of little-endian f32s, 384 a
//! vector, it measures on those; otherwise on clustered random ones. The last 200 vectors are the questions.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_methods)]

#[path = "../../../benches/machine/crates.rs"]
mod machine;

use std::time::Instant;

use machine::{Report, Target};
use ninefold_store::FlatIndex;

const DIMENSIONS: usize = 384;
const QUESTIONS: usize = 200;
const NEAREST: usize = 10;
/// As many as a caller takes who compares again with his own vectors.
const TAKEN: usize = 40;

fn random(count: usize) -> Vec<Vec<f32>> {
    let mut random = fastrand::Rng::with_seed(7);
    let mut normal = move || (0..12).map(|_| random.f32()).sum::<f32>() - 6.0;
    let shift: Vec<f32> = (0..DIMENSIONS).map(|_| 0.5 * normal()).collect();
    let centres: Vec<Vec<f32>> = (0..1_000).map(|_| (0..DIMENSIONS).map(|_| normal()).collect()).collect();
    let mut next = |n: usize| {
        let centre = centres[n % centres.len()].iter().zip(&shift);
        let vector: Vec<f32> = centre.map(|(centre, shift)| shift + centre + normal()).collect();
        unit(&vector)
    };
    (0..count).map(&mut next).collect()
}

fn unit(vector: &[f32]) -> Vec<f32> {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.iter().map(|x| x / length).collect()
}

fn given(path: &str) -> Vec<Vec<f32>> {
    let bytes = std::fs::read(path).expect("NINEFOLD_VECTORS names a file that can be read");
    let numbers: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    numbers.chunks_exact(DIMENSIONS).map(unit).collect()
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 16];
    for (a, b) in a.as_chunks::<16>().0.iter().zip(b.as_chunks::<16>().0) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}

fn best(mut found: Vec<(u64, f32)>) -> Vec<u64> {
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    found.into_iter().take(NEAREST).map(|(key, _)| key).collect()
}

fn exactly(vectors: &[Vec<f32>], query: &[f32]) -> Vec<u64> {
    let mut all: Vec<(u64, f32)> = (0..).zip(vectors.iter().map(|vector| dot(vector, query))).collect();
    all.select_nth_unstable_by(NEAREST, |a, b| b.1.total_cmp(&a.1));
    all.truncate(NEAREST);
    best(all)
}

fn compared_again(index: &FlatIndex<u32>, vectors: &[Vec<f32>], query: &[f32]) -> Vec<u64> {
    let near = index.nearest(query, TAKEN, |_, _| true);
    let vector = |key: u64| &vectors[usize::try_from(key).unwrap()];
    best(near.into_iter().map(|(key, _)| (key, dot(vector(key), query))).collect())
}

/// The microseconds that each question takes, and its answers.
fn timed<T>(questions: &[Vec<f32>], mut answer: impl FnMut(&[f32]) -> T) -> (Vec<f64>, Vec<T>) {
    let mut answers = Vec::new();
    let micros = questions
        .iter()
        .map(|question| {
            let start = Instant::now();
            answers.push(answer(question));
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    (micros, answers)
}

fn main() {
    let quick = std::env::args().any(|argument| argument == "--test");
    machine::describe();
    let source = std::env::var("NINEFOLD_VECTORS").ok();
    let counts: &[usize] = if quick { &[3_000] } else { &[10_000, 100_000] };
    let mut all = match &source {
        Some(path) => given(path),
        None => random(counts[counts.len() - 1] + QUESTIONS),
    };
    let questions = all.split_off(all.len() - QUESTIONS);
    println!("{} vectors of {DIMENSIONS}, {}", all.len(), source.as_deref().map_or("random, clustered", |_| "given"));
    let mut report = Report::new("vectors", "cargo bench -p ninefold-store --bench vectors");
    for &count in counts {
        let vectors = &all[..count.min(all.len())];
        let mut index = FlatIndex::new(DIMENSIONS);
        let start = Instant::now();
        for (key, vector) in (0..).zip(vectors) {
            index.insert(key, vector, 0_u32);
        }
        let insert = start.elapsed().as_secs_f64() * 1e6 / vectors.len() as f64;
        let (exact_time, exact) = timed(&questions, |question| exactly(vectors, question));
        let (index_time, near) = timed(&questions, |question| index.nearest(question, NEAREST, |_, _| true));
        let (again_time, again) = timed(&questions, |question| compared_again(&index, vectors, question));
        let recall = |found: &[Vec<u64>]| {
            let hits =
                exact.iter().zip(found).map(|(exact, found)| exact.iter().filter(|key| found.contains(key)).count());
            hits.sum::<usize>() as f64 / (NEAREST * QUESTIONS) as f64
        };
        let near: Vec<Vec<u64>> = near.iter().map(|found| found.iter().map(|(key, _)| *key).collect()).collect();
        let bytes = index.memory() as f64 / vectors.len() as f64;
        let row = |what: &str| format!("{count} vectors, {what}");
        report.value(&row("insert one"), "", "µs", insert, Target::None);
        report.value(&row("memory of one"), "", "bytes", bytes, Target::None);
        for (name, micros, recall) in [
            ("exact", exact_time, 1.0),
            ("index alone", index_time, recall(&near)),
            ("index, compared exactly at the end", again_time, recall(&again)),
        ] {
            let targets = if count == 100_000 && name.ends_with("end") {
                (Target::Most(600.0), Target::Least(0.985))
            } else {
                (Target::None, Target::None)
            };
            report.samples(&row("the nearest ten"), name, "µs", &micros, targets.0);
            report.value(&row("the nearest ten: recall"), name, "", recall, targets.1);
        }
    }
    report.write();
}
