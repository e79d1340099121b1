//! Rounding that keeps the sum: the largest-remainder method.

use std::cmp::Reverse;

/// Divides `total` in whole parts in proportion to `weights`. The parts add up to `total`, unless all weights are 0; no
/// part is off by one or more, and equal remainders are served in order.
pub(crate) fn largest_remainder(total: u64, weights: &[u64]) -> Vec<u64> {
    let sum: u128 = weights.iter().copied().map(u128::from).sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    let exact = weights.iter().map(|&weight| u128::from(total) * u128::from(weight));
    settle(total, exact.map(|exact| (u64::try_from(exact / sum).unwrap_or(u64::MAX), exact % sum)).collect())
}

/// Rounds `parts`, each a whole number and the remainder beyond it, so that they add up to `total`: those with the
/// largest remainders are rounded up.
pub(crate) fn settle(total: u64, parts: Vec<(u64, u128)>) -> Vec<u64> {
    let (mut whole, remainders): (Vec<u64>, Vec<u128>) = parts.into_iter().unzip();
    let sum = whole.iter().fold(0_u64, |sum, part| sum.saturating_add(*part));
    let mut missing = total.saturating_sub(sum);
    if missing == 0 || whole.is_empty() {
        return whole;
    }
    let mut order: Vec<usize> = (0..whole.len()).collect();
    order.sort_by_key(|&index| Reverse(remainders.get(index)));
    // Everyone's even part of what is missing, should it be more than one each.
    let rounds = missing / whole.len() as u64;
    missing %= whole.len() as u64;
    for (rank, index) in order.into_iter().enumerate() {
        if let Some(part) = whole.get_mut(index) {
            *part += rounds + u64::from((rank as u64) < missing);
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_largest_remainders_are_rounded_up() {
        assert_eq!(largest_remainder(1000, &[1, 1, 1]), [334, 333, 333]);
        assert_eq!(largest_remainder(1000, &[0, 5, 0]), [0, 1000, 0]);
        assert_eq!(largest_remainder(100, &[47_000, 16_000, 15_800, 12_000, 6_100, 3_100]), [47, 16, 16, 12, 6, 3]);
        assert_eq!(largest_remainder(10, &[]), Vec::<u64>::new());
        assert_eq!(largest_remainder(10, &[0, 0]), [0, 0]);
    }

    proptest! {
        #[test]
        fn parts_add_up_and_none_is_off_by_one(
            total in 0..1_000_000_u64,
            weights in prop::collection::vec(0..u64::MAX / 64, 1..40),
        ) {
            let parts = largest_remainder(total, &weights);
            let sum: u128 = weights.iter().copied().map(u128::from).sum();
            prop_assume!(sum > 0);
            prop_assert_eq!(parts.iter().sum::<u64>(), total);
            for (part, weight) in parts.iter().zip(&weights) {
                let floor = u128::from(total) * u128::from(*weight) / sum;
                prop_assert!(u128::from(*part) == floor || u128::from(*part) == floor + 1);
            }
        }
    }
}
