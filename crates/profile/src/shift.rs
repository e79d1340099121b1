//! By how much two distributions differ: the Hodges–Lehmann estimate of the ratio between them, with its interval.

use crate::distribution::Distribution;
use crate::rank_test::two_sided_z;

/// How many times longer one is than the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shift {
    pub(crate) ratio: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// The median of the ratios of all pairs, one duration from each: the Hodges–Lehmann estimate of a shift, taken on the
/// logarithms of durations. Its interval holds the ratios that the U test would not reject at `level`: Hollander, Wolfe
/// and Chicken, "Nonparametric Statistical Methods" (3rd edition, 2014), sections 4.2 and 4.3 (large samples). All
/// three are off by less than a bin is wide, 0.8 %. `None` when either is empty.
pub(crate) fn shift(a: &Distribution, b: &Distribution, level: f64) -> Option<Shift> {
    let (m, n) = (a.count() as f64, b.count() as f64);
    if m == 0.0 || n == 0.0 {
        return None;
    }
    if a.max == 0 && b.max == 0 {
        return Some(Shift { ratio: 1.0, low: 1.0, high: 1.0 });
    }
    let pairs = m * n;
    let margin = two_sided_z(level) * (pairs * (m + n + 1.0) / 12.0).sqrt();
    let first = (pairs / 2.0 - margin).floor();
    let nth = |rank: f64| {
        if rank < 1.0 {
            0.0
        } else if rank > pairs {
            f64::INFINITY
        } else {
            nth_ratio(a, b, rank)
        }
    };
    let (below, above) = (nth((pairs / 2.0).ceil()), nth((pairs / 2.0).floor() + 1.0));
    let ratio = if above.is_finite() { (below * above).sqrt() } else { below };
    Some(Shift { ratio, low: nth(first), high: nth(pairs + 1.0 - first) })
}

/// The ratio with this rank, from 1, among those of all pairs. A ratio of two zeros is 1, of anything else to 0 it is
/// infinite.
fn nth_ratio(a: &Distribution, b: &Distribution, rank: f64) -> f64 {
    let shortest =
        |of: &Distribution| of.bins.iter().find(|(value, _)| *value > 0).map_or(1.0, |(value, _)| *value as f64);
    let longest = |of: &Distribution| of.bins.last().map_or(1.0, |(value, _)| (*value as f64).max(1.0));
    // A little beyond the smallest and the largest ratio that is neither 0 nor infinite.
    let mut low = (shortest(b) / longest(a)).min(1.0).ln() - 1e-3;
    let mut high = (longest(b) / shortest(a)).max(1.0).ln() + 1e-3;
    if pairs_up_to(a, b, low.exp()) >= rank {
        return 0.0;
    }
    if pairs_up_to(a, b, high.exp()) < rank {
        return f64::INFINITY;
    }
    // No ratio of two bins lies closer to another than 2^-16; this finds it to 1e-9.
    while high - low > 1e-9 {
        let middle = f64::midpoint(low, high);
        if pairs_up_to(a, b, middle.exp()) >= rank { high = middle } else { low = middle }
    }
    high.exp()
}

/// The number of pairs whose ratio is not above `ratio`.
fn pairs_up_to(a: &Distribution, b: &Distribution, ratio: f64) -> f64 {
    let mut rest = b.bins.iter().peekable();
    let (mut reached, mut zeros, mut pairs) = (0.0, 0.0, 0.0);
    for (value, count) in &a.bins {
        let limit = *value as f64 * ratio;
        while let Some((value, count)) = rest.next_if(|(value, _)| *value as f64 <= limit) {
            reached += *count as f64;
            if *value == 0 {
                zeros = *count as f64;
            }
        }
        let below = if *value > 0 {
            reached
        } else if ratio >= 1.0 {
            zeros
        } else {
            0.0
        };
        pairs += *count as f64 * below;
    }
    pairs
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

    fn shifted(a: &[u64], b: &[u64]) -> Shift {
        shift(&of(a), &of(b), 0.01).unwrap()
    }

    #[test]
    fn a_tenth_more_is_a_tenth_more() {
        let a: Vec<u64> = (0..30).map(|n| 1_000_000 + n * 7_000).collect();
        let b: Vec<u64> = a.iter().map(|value| value * 11 / 10).collect();
        let Shift { ratio, low, high } = shifted(&a, &b);
        assert!((ratio - 1.1).abs() < 0.008, "{ratio}");
        assert!(low > 1.04 && low < ratio && high > ratio && high < 1.16, "{low} to {high}");
    }

    #[test]
    fn what_came_from_nothing_has_no_ratio() {
        assert_eq!(shifted(&[0; 9], &[0; 9]), Shift { ratio: 1.0, low: 1.0, high: 1.0 });
        assert_eq!(shifted(&[0; 9], &[5; 9]).ratio, f64::INFINITY);
        assert_eq!(shifted(&[5; 9], &[0; 9]).ratio, 0.0);
        assert_eq!(shift(&of(&[]), &of(&[5]), 0.01), None);
    }

    #[test]
    fn few_values_have_no_interval() {
        let few = shifted(&[10, 20], &[30, 40]);
        assert_eq!((few.low, few.high), (0.0, f64::INFINITY));
    }

    proptest! {
        #[test]
        fn it_is_the_median_of_all_ratios(
            a in prop::collection::vec(1..250_u64, 1..15),
            b in prop::collection::vec(1..250_u64, 1..15),
        ) {
            let mut ratios: Vec<f64> = a.iter().flat_map(|x| b.iter().map(move |y| *y as f64 / *x as f64)).collect();
            ratios.sort_by(f64::total_cmp);
            let (below, above) = (ratios[(ratios.len() - 1) / 2], ratios[ratios.len() / 2]);
            let found = shifted(&a, &b);
            let exact = (below * above).sqrt();
            prop_assert!((found.ratio / exact - 1.0).abs() < 1e-6, "{} for {}", found.ratio, exact);
            prop_assert!(found.low <= found.ratio && found.ratio <= found.high);
        }

        #[test]
        fn nothing_is_odd_about_odd_values(
            a in prop::collection::vec(any::<u64>(), 1..15),
            b in prop::collection::vec(prop_oneof![Just(0), any::<u64>()], 1..15),
        ) {
            let Shift { ratio, low, high } = shifted(&a, &b);
            prop_assert!(ratio >= 0.0 && low <= high, "{} from {} to {}", ratio, low, high);
        }
    }
}
