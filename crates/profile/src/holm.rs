//! Many tests at once: Holm's correction.

/// The p-values corrected for there being so many: rejecting those below a level keeps the probability of any false
/// rejection below that level, whatever the dependence between the tests. S. Holm, "A simple sequentially rejective
/// multiple test procedure" (Scandinavian Journal of Statistics 6, 1979).
pub(crate) fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<(usize, f64)> = p_values.iter().copied().enumerate().collect();
    order.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    let mut corrected = vec![1.0; p_values.len()];
    let mut least = 0.0_f64;
    for (rank, (index, p)) in order.into_iter().enumerate() {
        least = least.max(p * (p_values.len() - rank) as f64).min(1.0);
        if let Some(slot) = corrected.get_mut(index) {
            *slot = least;
        }
    }
    corrected
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_worked_example() {
        // 4 · 0.005, 3 · 0.01, 2 · 0.03, and for 0.04 no less than for 0.03.
        let corrected = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (found, expected) in corrected.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - expected).abs() < 1e-12, "{corrected:?}");
        }
        assert!(holm(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn no_p_gets_smaller_and_their_order_stays(p_values in prop::collection::vec(0.0..=1.0_f64, 1..40)) {
            let corrected = holm(&p_values);
            let tests = p_values.len() as f64;
            for (p, found) in p_values.iter().zip(&corrected) {
                prop_assert!(found >= p && *found <= (p * tests).min(1.0) + 1e-12);
                for (other, of_other) in p_values.iter().zip(&corrected) {
                    prop_assert!(p > other || found <= of_other);
                }
            }
        }
    }
}
