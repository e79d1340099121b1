//! The index against exact search.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Direction, EXACT, FlatIndex, SEGMENT};

/// Numbers that look random and are the same everywhere (SplitMix64), about normally distributed.
struct Numbers(u64);

impl Numbers {
    fn uniform(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1_u64 << 24) as f32
    }

    fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.uniform()).sum::<f32>() - 6.0
    }

    fn vector(&mut self, dimensions: usize) -> Vec<f32> {
        (0..dimensions).map(|_| self.normal()).collect()
    }
}

/// Vectors about a hundred centres, all shifted to one side, as embeddings are.
fn clustered(count: usize, dimensions: usize, seed: u64) -> Vec<Vec<f32>> {
    let mut numbers = Numbers(seed);
    let shift = numbers.vector(dimensions);
    let centres: Vec<Vec<f32>> = (0..100).map(|_| numbers.vector(dimensions)).collect();
    let near = |n: usize, numbers: &mut Numbers| {
        let centre = centres[n % centres.len()].iter().zip(&shift);
        centre.map(|(centre, shift)| shift + centre + 0.7 * numbers.normal()).collect()
    };
    (0..count).map(|n| near(n, &mut numbers)).collect()
}

fn exactly(vectors: &BTreeMap<u64, Vec<f32>>, query: &[f32], k: usize) -> Vec<u64> {
    let query = Direction::of(query, query.len()).unwrap();
    let cosine = |vector: &Vec<f32>| Direction::of(vector, vector.len()).unwrap().cosine(&query);
    let mut all: Vec<(u64, f32)> = vectors.iter().map(|(key, vector)| (*key, cosine(vector))).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all.into_iter().take(k).map(|(key, _)| key).collect()
}

fn keys(found: &[(u64, f32)]) -> Vec<u64> {
    found.iter().map(|(key, _)| *key).collect()
}

#[test]
fn ten_of_many_are_the_nearest_ten() {
    let vectors = clustered(6_000, 96, 1);
    let mut index = FlatIndex::new(96);
    for (key, vector) in vectors.iter().enumerate() {
        assert!(index.insert(key as u64, vector, ()));
    }
    let all: BTreeMap<u64, Vec<f32>> = (0..).zip(vectors).collect();
    let mut found = 0;
    for query in clustered(100, 96, 1).iter().map(|vector| vector.iter().map(|number| number + 0.1).collect::<Vec<_>>())
    {
        // The best ten of forty, as a caller with his own vectors takes them.
        let near = keys(&index.nearest(&query, 40, |_, ()| true));
        found += exactly(&all, &query, 10).iter().filter(|key| near.contains(key)).count();
    }
    assert!(found >= 990, "{found} of 1,000");
}

#[test]
fn cosines_are_near_the_exact_ones() {
    let vectors = clustered(EXACT + 500, 384, 2);
    let mut index = FlatIndex::new(384);
    for (key, vector) in vectors.iter().enumerate() {
        index.insert(key as u64, vector, ());
    }
    let query = Direction::of(&vectors[7], 384).unwrap();
    for (key, cosine) in index.nearest(&vectors[7], 100, |_, ()| true) {
        let exact = Direction::of(&vectors[usize::try_from(key).unwrap()], 384).unwrap().cosine(&query);
        assert!((cosine - exact).abs() < 0.001, "{cosine} for {exact}");
    }
}

#[test]
fn what_is_not_allowed_takes_no_place() {
    let vectors = clustered(5_000, 64, 3);
    let mut index = FlatIndex::new(64);
    for (key, vector) in (0..).zip(&vectors) {
        index.insert(key, vector, key % 500 == 0);
    }
    let found = keys(&index.nearest(&vectors[1], 100, |_, seen| *seen));
    assert_eq!(found.len(), 10);
    assert!(found.iter().all(|key| key % 500 == 0), "{found:?}");
    assert_eq!(keys(&index.nearest(&vectors[1], 3, |key, _| key == 4_321)), [4_321]);
}

#[test]
fn equal_vectors_are_all_there() {
    let mut index = FlatIndex::new(8);
    for key in 0..5_000 {
        index.insert(key, &[1.0; 8], ());
    }
    let found = index.nearest(&[2.0; 8], 700, |_, ()| true);
    assert_eq!(keys(&found), (0..700).collect::<Vec<_>>());
    assert!(found.iter().all(|(_, cosine)| (cosine - 1.0).abs() < 0.01));
}

#[test]
fn a_vector_without_a_direction_is_not_kept() {
    let mut index = FlatIndex::new(3);
    assert!(index.insert(1, &[1.0, 0.0, 0.0], ()));
    for bad in [&[0.0; 3][..], &[f32::NAN, 1.0, 0.0], &[f32::INFINITY, 0.0, 0.0], &[1.0; 2], &[1.0; 4], &[]] {
        assert!(!index.insert(2, bad, ()), "{bad:?}");
        assert_eq!(index.nearest(bad, 5, |_, ()| true), [], "{bad:?}");
    }
    assert_eq!(index.len(), 1);
    // The largest and the smallest numbers there are have a direction.
    assert!(index.insert(3, &[f32::MAX, f32::MAX, 0.0], ()));
    assert!(index.insert(4, &[f32::MIN_POSITIVE, 0.0, 0.0], ()));
    assert_eq!(keys(&index.nearest(&[f32::MAX, 0.0, 0.0], 2, |_, ()| true)), [1, 4]);
    // What took its place had no direction: the old vector is gone all the same.
    assert!(!index.insert(1, &[0.0; 3], ()));
    assert_eq!(index.len(), 2);
    assert_eq!(index.nearest(&[1.0, 0.0, 0.0], 0, |_, ()| true), []);
    assert!(!FlatIndex::new(0).insert(1, &[], ()));
}

#[test]
fn the_mean_follows_what_comes_later() {
    // First everything points one way, then everything another: signs about the first mean would tell nothing apart.
    let mut numbers = Numbers(4);
    let random = clustered(12_000, 128, 4);
    let mut vectors = BTreeMap::new();
    let mut index = FlatIndex::new(128);
    for (key, vector) in (0..12_000_u64).zip(&random) {
        let side = if key < 3_000 { 3.0 } else { -3.0 };
        let vector: Vec<f32> = vector.iter().map(|number| number + side).collect();
        index.insert(key, &vector, ());
        if key >= 3_000 {
            vectors.insert(key, vector);
        } else {
            index.remove(key / 2);
        }
    }
    for key in 0..3_000 {
        index.remove(key);
    }
    let mut found = 0;
    for key in (3_000..12_000).step_by(300) {
        let query: Vec<f32> = vectors[&key].iter().map(|number| number + 0.3 * numbers.normal()).collect();
        let near = keys(&index.nearest(&query, 40, |_, ()| true));
        found += exactly(&vectors, &query, 10).iter().filter(|key| near.contains(key)).count();
    }
    assert!(found >= 270, "{found} of 300");
}

#[test]
fn a_vector_takes_its_bits_its_bytes_and_little_more() {
    let count = 4 * SEGMENT;
    let mut index = FlatIndex::new(384);
    for (key, vector) in clustered(count, 384, 5).iter().enumerate() {
        index.insert(key as u64, vector, 0_u32);
    }
    let each = index.memory() / count;
    assert!((48 + 384 + 12..48 + 384 + 60).contains(&each), "{each} bytes");
}

#[derive(Debug, Clone)]
enum Step {
    Insert(u64, u64),
    Remove(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..3_000_u64;
    prop_oneof![3 => (key.clone(), any::<u64>()).prop_map(|(key, seed)| Step::Insert(key, seed)), 1 => key.prop_map(Step::Remove)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    // Few numbers a vector, so that the shortlist holds all: then nothing but the bookkeeping can go wrong.
    #[test]
    fn it_holds_what_was_put_in_and_not_taken_out(filled in 0..2_600_u64, steps in prop::collection::vec(step(), 0..600), allowed in 1..7_u64) {
        let mut index = FlatIndex::new(5);
        let mut held = BTreeMap::new();
        let first = (0..filled).map(|key| Step::Insert(key, key));
        for step in first.chain(steps) {
            match step {
                Step::Insert(key, seed) => {
                    let vector = Numbers(seed).vector(5);
                    prop_assert!(index.insert(key, &vector, key % allowed));
                    held.insert(key, vector);
                }
                Step::Remove(key) => prop_assert_eq!(index.remove(key), held.remove(&key).is_some()),
            }
        }
        prop_assert_eq!(index.len(), held.len());
        let everything = index.nearest(&[1.0, 0.0, 0.0, 0.0, 0.0], usize::MAX, |key, tag| {
            assert_eq!(key % allowed, *tag);
            true
        });
        let mut found = keys(&everything);
        found.sort_unstable();
        prop_assert_eq!(found, held.keys().copied().collect::<Vec<_>>());
        for (key, cosine) in everything {
            let axis = Direction::of(&[1.0, 0.0, 0.0, 0.0, 0.0], 5).unwrap();
            let exact = Direction::of(&held[&key], 5).unwrap().cosine(&axis);
            prop_assert!((cosine - exact).abs() < 0.01, "{} for {}", cosine, exact);
        }
    }

    #[test]
    fn few_vectors_are_compared_exactly(seed in any::<u64>(), count in 1..400_usize, k in 1..50_usize) {
        let vectors: BTreeMap<u64, Vec<f32>> = (0..).zip(clustered(count, 16, seed)).collect();
        let mut index = FlatIndex::new(16);
        for (key, vector) in &vectors {
            index.insert(*key, vector, ());
        }
        let query = Numbers(seed ^ 1).vector(16);
        prop_assert_eq!(keys(&index.nearest(&query, k, |_, ()| true)), exactly(&vectors, &query, k));
    }
}
