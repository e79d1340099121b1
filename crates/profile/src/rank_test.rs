//! Whether two distributions differ: the Mann–Whitney U test, and how much they overlap: Cliff's delta.

use std::f64::consts::SQRT_2;

use crate::distribution::{Distribution, side_by_side};

/// The outcome of a test of "durations of `b` tend to be neither longer nor shorter than those of `a`".
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RankTest {
    /// The pairs of one from each in which that of `b` is longer; those in which they are equal count half.
    pub(crate) u: f64,
    /// Cliff's delta, from −1 to 1: how much more often `b` is longer than shorter, of all pairs. N. Cliff, "Dominance
    /// statistics" (Psychological Bulletin 114, 1993).
    pub(crate) delta: f64,
    /// The probability of a `u` this far from the middle, either way, if they do not differ.
    pub(crate) p: f64,
}

/// The two-sided test by the normal approximation, with the correction of the variance for ties and a continuity
/// correction of ½: Hollander, Wolfe and Chicken, "Nonparametric Statistical Methods" (3rd edition, 2014), section 4.1.
/// `None` when either is empty.
pub(crate) fn rank_test(a: &Distribution, b: &Distribution) -> Option<RankTest> {
    let (m, n) = (a.count() as f64, b.count() as f64);
    if m == 0.0 || n == 0.0 {
        return None;
    }
    let (mut shorter, mut u, mut ties) = (0.0, 0.0, 0.0);
    for (_, here, there) in side_by_side(a, b) {
        let (here, there) = (here as f64, there as f64);
        u += there * (shorter + here / 2.0);
        shorter += here;
        let tied = here + there;
        ties += tied * (tied * tied - 1.0);
    }
    let all = m + n;
    let variance = m * n / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    Some(RankTest { u, delta: 2.0 * u / (m * n) - 1.0, p: p_value(u - m * n / 2.0, variance) })
}

/// The smallest p that samples of these sizes can have: when all of one are longer than all of the other.
pub(crate) fn smallest_p(m: u64, n: u64) -> f64 {
    let (m, n) = (m as f64, n as f64);
    p_value(m * n / 2.0, m * n * (m + n + 1.0) / 12.0)
}

fn p_value(distance: f64, variance: f64) -> f64 {
    // Rounding can leave less than nothing of the variance when all values are equal.
    if variance <= f64::EPSILON {
        return 1.0;
    }
    let z = (distance.abs() - 0.5).max(0.0) / variance.sqrt();
    libm::erfc(z / SQRT_2).min(1.0)
}

/// The z beyond which, either way, this part of a standard normal distribution lies.
pub(crate) fn two_sided_z(part: f64) -> f64 {
    let (mut low, mut high) = (0.0, 40.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if libm::erfc(middle / SQRT_2) > part { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::histogram::Histogram;

    fn of(values: &[u64]) -> Distribution {
        let mut histogram = Histogram::new();
        values.iter().for_each(|value| histogram.record(*value));
        histogram.distribution()
    }

    fn test(a: &[u64], b: &[u64]) -> RankTest {
        rank_test(&of(a), &of(b)).unwrap()
    }

    /// The definitions, word by word: every pair is looked at, every value ranked.
    fn by_force(a: &[u64], b: &[u64]) -> (f64, f64, f64) {
        let (m, n) = (a.len() as f64, b.len() as f64);
        let pairs = a.iter().flat_map(|x| b.iter().map(move |y| (x, y)));
        let (more, less) = pairs.fold((0.0, 0.0), |(more, less), (x, y)| {
            (more + f64::from(u8::from(y > x)), less + f64::from(u8::from(y < x)))
        });
        let u = more + (m * n - more - less) / 2.0;
        // The variance of U is that of the sum of n of the mid-ranks drawn without replacement.
        let all = [a, b].concat();
        let rank = |x: &u64| {
            let below = all.iter().filter(|y| *y < x).count() as f64;
            let equal = all.iter().filter(|y| *y == x).count() as f64;
            below + (equal + 1.0) / 2.0
        };
        let size = all.len() as f64;
        let mean = (size + 1.0) / 2.0;
        let spread = all.iter().map(|x| (rank(x) - mean).powi(2)).sum::<f64>() / (size - 1.0);
        let variance = m * n / size * spread;
        let z = ((u - m * n / 2.0).abs() - 0.5).max(0.0) / variance.sqrt();
        (u, (more - less) / (m * n), if variance > 0.0 { libm::erfc(z / SQRT_2) } else { 1.0 })
    }

    #[test]
    fn a_worked_example() {
        // Of 64 pairs 6 are turned round and 4 equal. Four pairs of ties: 24; variance 64/12 · (17 − 24/240).
        let found = test(&[11, 12, 13, 14, 15, 16, 17, 18], &[15, 16, 17, 18, 19, 20, 21, 22]);
        assert_eq!((found.u, found.delta), (56.0, 0.75));
        assert!((found.p - libm::erfc(23.5 / (64.0 / 12.0 * 16.9_f64).sqrt() / SQRT_2)).abs() < 1e-12, "{}", found.p);
    }

    #[test]
    fn equal_values_differ_in_nothing() {
        let found = test(&[7; 30], &[7; 20]);
        assert_eq!((found.delta, found.p), (0.0, 1.0));
        assert_eq!(rank_test(&of(&[]), &of(&[1])), None);
        assert_eq!(test(&[1], &[1]).p, 1.0);
    }

    #[test]
    fn the_smallest_p_is_that_of_samples_apart() {
        let (a, b): (Vec<u64>, Vec<u64>) = ((0..9).collect(), (100..112).collect());
        assert!((test(&a, &b).p - smallest_p(9, 12)).abs() < 1e-15);
        assert_eq!(test(&a, &b).delta, 1.0);
    }

    #[test]
    fn z_is_the_inverse() {
        assert!((two_sided_z(0.05) - 1.959_964).abs() < 1e-6);
        assert!((two_sided_z(0.01) - 2.575_829).abs() < 1e-6);
        assert!(two_sided_z(0.0).is_finite() && two_sided_z(1.0) < 1e-9);
    }

    proptest! {
        #[test]
        fn it_is_what_its_definition_says(
            a in prop::collection::vec(0..12_u64, 1..12),
            b in prop::collection::vec(0..12_u64, 1..12),
        ) {
            let (u, delta, p) = by_force(&a, &b);
            let found = test(&a, &b);
            prop_assert!((found.u - u).abs() < 1e-9);
            prop_assert!((found.delta - delta).abs() < 1e-9);
            prop_assert!((found.p - p).abs() < 1e-9, "{} for {}", found.p, p);
        }

        #[test]
        fn it_is_the_same_in_both_directions(
            a in prop::collection::vec(any::<u64>(), 1..40),
            b in prop::collection::vec(any::<u64>(), 1..40),
        ) {
            let (there, back) = (test(&a, &b), test(&b, &a));
            prop_assert!((there.p - back.p).abs() < 1e-12 && (there.delta + back.delta).abs() < 1e-12);
            prop_assert!((0.0..=1.0).contains(&there.p) && there.p >= smallest_p(a.len() as u64, b.len() as u64) - 1e-12);
        }
    }
}
