//! Maximal marginal relevance (Carbonell & Goldstein, "The Use of MMR, Diversity-Based Reranking", 1998): the next
//! passage is the one that is relevant and unlike those already taken.

/// The order in which to take hits with these scores, the best first, up to `limit` of them. `diversity` between 0 and 1
/// says how much likeness counts against relevance; `alike` says how like two hits are, from 0 to 1.
pub(crate) fn diversified(
    scores: &[f32],
    limit: usize,
    diversity: f32,
    mut alike: impl FnMut(usize, usize) -> f32,
) -> Vec<usize> {
    let diversity = if diversity.is_finite() { diversity.clamp(0.0, 1.0) } else { 0.0 };
    let best = scores.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let mut left: Vec<(usize, f32, f32)> =
        scores.iter().map(|score| score / best).zip(0..).map(|(s, n)| (n, s, 0.0)).collect();
    let mut taken = Vec::with_capacity(limit.min(left.len()));
    while taken.len() < limit && !left.is_empty() {
        let value = |&(_, score, likeness): &(usize, f32, f32)| (1.0 - diversity) * score - diversity * likeness;
        // The first of equal ones, so that nothing changes where diversity has no say.
        let mut place = 0;
        let mut highest = f32::NEG_INFINITY;
        for (n, hit) in left.iter().enumerate() {
            // With nothing taken yet the best hit comes first, whatever the diversity.
            let value = if taken.is_empty() { hit.1 } else { value(hit) };
            if value > highest {
                (place, highest) = (n, value);
            }
        }
        let (chosen, ..) = left.remove(place);
        for (other, _, likeness) in &mut left {
            *likeness = likeness.max(alike(chosen, *other));
        }
        taken.push(chosen);
    }
    taken
}

/// How like two sets of hashed terms are, both in order: the share of terms that both have (Jaccard).
pub(crate) fn overlap(a: &[u32], b: &[u32]) -> f32 {
    let shared = a.iter().filter(|hash| b.binary_search(hash).is_ok()).count();
    shared as f32 / (a.len() + b.len() - shared).max(1) as f32
}

/// The cosine of two vectors; 0 when one has no direction or they are not of one length.
pub(crate) fn cosine(a: &[f32], b: &[f32]) -> f32 {
    if a.len() != b.len() {
        return 0.0;
    }
    let (mut dot, mut of_a, mut of_b) = (0.0_f64, 0.0_f64, 0.0_f64);
    let (a_parts, a_rest) = a.as_chunks::<8>();
    let (b_parts, b_rest) = b.as_chunks::<8>();
    for (a, b) in a_parts.iter().zip(b_parts) {
        let mut sums = [0.0_f32; 3];
        for (a, b) in a.iter().zip(b) {
            sums[0] += a * b;
            sums[1] += a * a;
            sums[2] += b * b;
        }
        dot += f64::from(sums[0]);
        of_a += f64::from(sums[1]);
        of_b += f64::from(sums[2]);
    }
    for (a, b) in a_rest.iter().zip(b_rest) {
        dot += f64::from(a * b);
        of_a += f64::from(a * a);
        of_b += f64::from(b * b);
    }
    let cosine = dot / (of_a * of_b).sqrt();
    if cosine.is_finite() { (cosine as f32).clamp(-1.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_twin_of_the_best_gives_way() {
        // 0 and 1 are the same, 2 is something else.
        let alike = |a: usize, b: usize| if a + b == 1 { 1.0 } else { 0.0 };
        assert_eq!(diversified(&[1.0, 0.9, 0.5], 3, 0.0, alike), [0, 1, 2]);
        assert_eq!(diversified(&[1.0, 0.9, 0.5], 2, 0.5, alike), [0, 2]);
        assert_eq!(diversified(&[1.0, 0.9, 0.5], 3, 1.0, alike), [0, 2, 1]);
    }

    #[test]
    fn overlap_and_cosine_have_their_known_values() {
        assert_eq!(overlap(&[1, 2, 3], &[2, 3, 4]), 0.5);
        assert_eq!(overlap(&[], &[]), 0.0);
        assert_eq!(cosine(&[1.0, 0.0], &[0.0, 2.0]), 0.0);
        assert_eq!(cosine(&[3.0; 20], &[1.0; 20]), 1.0);
        assert_eq!(cosine(&[1.0, 0.0], &[-1.0, 0.0]), -1.0);
        assert_eq!(cosine(&[0.0; 3], &[1.0; 3]), 0.0);
        assert_eq!(cosine(&[1.0], &[1.0; 3]), 0.0);
    }

    proptest! {
        #[test]
        fn nothing_is_taken_twice_and_the_best_comes_first(
            mut scores in prop::collection::vec(0.0f32..10.0, 0..30), limit in 0usize..40, diversity in any::<f32>()
        ) {
            scores.sort_unstable_by(|a, b| b.total_cmp(a));
            let mut order = diversified(&scores, limit, diversity, |a, b| ((a * 7 + b * 7) % 10) as f32 / 10.0);
            prop_assert_eq!(order.len(), limit.min(scores.len()));
            prop_assert!(order.first().is_none_or(|first| *first == 0));
            order.sort_unstable();
            order.dedup();
            prop_assert_eq!(order.len(), limit.min(scores.len()));
        }

        #[test]
        fn without_diversity_the_order_stays(mut scores in prop::collection::vec(0.0f32..10.0, 0..30)) {
            scores.sort_unstable_by(|a, b| b.total_cmp(a));
            let order = diversified(&scores, scores.len(), 0.0, |_, _| 1.0);
            prop_assert_eq!(order, (0..scores.len()).collect::<Vec<_>>());
        }
    }
}
