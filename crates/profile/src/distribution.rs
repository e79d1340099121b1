//! How durations are distributed: what a histogram holds, as a short list that can be merged, compared and stored.

use std::cmp::Ordering;
use std::time::Duration;

use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest duration that has a bin of its own, in nanoseconds: an hour.
pub(crate) const LONGEST: u64 = 3_600_000_000_000;
/// The most durations a document may speak of: far more than can be recorded, and exact as `f64`.
const MOST: u64 = 1 << 53;

/// Durations counted in bins that are at most 1/128 of their values wide.
///
/// [`count`](Self::count), [`mean`](Self::mean) and [`max`](Self::max) are exact, percentiles are off by less than
/// 0.4 %. Two distributions merged are the distribution of all that both were made of, in any order.
///
/// Serialized: `count`, `mean_ns`, `p50_ns`, `p90_ns`, `p95_ns`, `p99_ns` for readers, and `sum_ns`, `max_ns`,
/// `saturated` and `bins`, a list of pairs of a duration in nanoseconds and its count, the shortest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Distribution {
    /// The middle of every bin that is not empty and its count, the shortest first.
    pub(crate) bins: Vec<(u64, u64)>,
    pub(crate) sum: u64,
    pub(crate) max: u64,
    pub(crate) saturated: u64,
}

/// The middle of the bin that counts `nanos`: the bins of an HDR histogram of two significant digits, which has 256
/// of them of width 1 and then 128 for every doubling.
pub(crate) fn middle(nanos: u64) -> u64 {
    if nanos < 256 {
        return nanos;
    }
    let width = nanos.ilog2() - 7;
    ((nanos >> width) << width) + (1 << (width - 1))
}

impl Distribution {
    /// How many durations there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.bins.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// How many of them were longer than an hour. For percentiles they count as an hour.
    #[must_use]
    pub fn saturated(&self) -> u64 {
        self.saturated
    }

    /// All of them together.
    #[must_use]
    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.sum)
    }

    /// The longest; 0 without any.
    #[must_use]
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.max)
    }

    /// The mean; 0 without any.
    #[must_use]
    pub fn mean(&self) -> Duration {
        Duration::from_nanos(self.sum.checked_div(self.count()).unwrap_or(0))
    }

    /// The shortest duration that at least this part of all, from 0 to 1, does not exceed: the inverse of the
    /// distribution function, which is definition 1 of Hyndman and Fan, "Sample quantiles in statistical packages"
    /// (The American Statistician 50, 1996). 0 without any.
    #[must_use]
    pub fn quantile(&self, part: f64) -> Duration {
        let rank = (part.clamp(0.0, 1.0) * self.count() as f64).ceil().max(1.0) as u64;
        let mut seen = 0_u64;
        for (value, count) in &self.bins {
            seen = seen.saturating_add(*count);
            if seen >= rank {
                return Duration::from_nanos((*value).min(self.max));
            }
        }
        Duration::ZERO
    }

    /// Half of them are not longer than this.
    #[must_use]
    pub fn median(&self) -> Duration {
        self.quantile(0.5)
    }

    /// Adds what `other` holds.
    pub fn merge(&mut self, other: &Self) {
        let mut merged = Vec::with_capacity(self.bins.len().max(other.bins.len()));
        for (value, here, there) in side_by_side(self, other) {
            merged.push((value, here.saturating_add(there)));
        }
        self.bins = merged;
        self.sum = self.sum.saturating_add(other.sum);
        self.max = self.max.max(other.max);
        self.saturated = self.saturated.saturating_add(other.saturated);
    }

    /// Adds a duration of 0, `times` times.
    pub(crate) fn add_zeros(&mut self, times: u64) {
        match self.bins.first_mut() {
            _ if times == 0 => {}
            Some((0, count)) => *count = count.saturating_add(times),
            _ => self.bins.insert(0, (0, times)),
        }
    }
}

/// The bins of both, the shortest first, each with how often it is in either.
pub(crate) fn side_by_side(a: &Distribution, b: &Distribution) -> impl Iterator<Item = (u64, u64, u64)> {
    let (mut a, mut b) = (a.bins.iter().copied().peekable(), b.bins.iter().copied().peekable());
    std::iter::from_fn(move || {
        let order = match (a.peek(), b.peek()) {
            (Some((x, _)), Some((y, _))) => x.cmp(y),
            (Some(_), None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        match order {
            Ordering::Less => a.next().map(|(value, count)| (value, count, 0)),
            Ordering::Greater => b.next().map(|(value, count)| (value, 0, count)),
            Ordering::Equal => a.next().zip(b.next()).map(|((value, here), (_, there))| (value, here, there)),
        }
    })
}

impl Serialize for Distribution {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let mut document = serializer.serialize_struct("Distribution", 10)?;
        document.serialize_field("count", &self.count())?;
        document.serialize_field("mean_ns", &nanos(self.mean()))?;
        document.serialize_field("p50_ns", &nanos(self.quantile(0.50)))?;
        document.serialize_field("p90_ns", &nanos(self.quantile(0.90)))?;
        document.serialize_field("p95_ns", &nanos(self.quantile(0.95)))?;
        document.serialize_field("p99_ns", &nanos(self.quantile(0.99)))?;
        document.serialize_field("max_ns", &self.max)?;
        document.serialize_field("sum_ns", &self.sum)?;
        document.serialize_field("saturated", &self.saturated)?;
        document.serialize_field("bins", &self.bins)?;
        document.end()
    }
}

/// The fields that hold what was recorded.
#[derive(Deserialize)]
struct Document {
    max_ns: u64,
    sum_ns: u64,
    saturated: u64,
    bins: Vec<(u64, u64)>,
}

impl<'de> Deserialize<'de> for Distribution {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Document::deserialize(deserializer)?.check().map_err(serde::de::Error::custom)
    }
}

impl Document {
    /// Believes nothing: what does not come from a histogram is refused.
    fn check(self) -> Result<Distribution, String> {
        let Self { max_ns: max, sum_ns: sum, saturated, bins } = self;
        let mut total = 0_u64;
        let mut before = None;
        for (value, count) in &bins {
            if *value != middle(*value) || *value > middle(LONGEST) {
                return Err(format!("{value} ns is not the middle of a bin from 0 to an hour"));
            }
            if before >= Some(*value) {
                return Err(format!("the bin at {value} ns does not stand behind all shorter ones"));
            }
            before = Some(*value);
            total = total.checked_add(*count).filter(|total| *count > 0 && *total <= MOST).ok_or_else(|| {
                format!(
                    "the count {count} at {value} ns is not possible: a bin has at least 1, and all have at most {MOST}"
                )
            })?;
        }
        let last = bins.last().map_or((0, 0), |last| *last);
        let bin_of_max = middle(max.min(LONGEST));
        if bin_of_max != last.0 || (saturated > 0) != (max > LONGEST) || saturated > last.1 {
            return Err(format!("a maximum of {max} ns with {saturated} above an hour does not agree with the bins"));
        }
        let most = u128::from(max) * u128::from(total);
        if u128::from(sum) > most || sum < max {
            return Err(format!("a sum of {sum} ns does not agree with {total} durations of at most {max} ns"));
        }
        Ok(Distribution { bins, sum, max, saturated })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::histogram::Histogram;

    fn of(values: &[u64]) -> Distribution {
        let mut histogram = Histogram::new();
        values.iter().for_each(|value| histogram.record(*value));
        histogram.distribution()
    }

    fn merged(a: &Distribution, b: &Distribution) -> Distribution {
        let mut both = a.clone();
        both.merge(b);
        both
    }

    #[test]
    fn percentiles_are_ranks() {
        let hundred: Vec<u64> = (1..=100).collect();
        let hundred = of(&hundred);
        let at = |part: f64| hundred.quantile(part).as_nanos();
        assert_eq!([at(-1.0), at(0.0), at(0.5), at(0.501), at(0.99), at(1.0), at(7.0)], [1, 1, 50, 51, 99, 100, 100]);
        assert_eq!((hundred.median(), hundred.mean()), (Duration::from_nanos(50), Duration::from_nanos(50)));
        let none = Distribution::default();
        assert_eq!((none.median(), none.mean(), none.max()), (Duration::ZERO, Duration::ZERO, Duration::ZERO));
        assert_eq!(none.quantile(f64::NAN), Duration::ZERO);
    }

    #[test]
    fn zeros_stand_first() {
        let mut some = of(&[7]);
        some.add_zeros(0);
        assert_eq!(some, of(&[7]));
        some.add_zeros(2);
        some.add_zeros(1);
        assert_eq!(some, of(&[0, 7, 0, 0]));
    }

    #[test]
    fn what_no_histogram_says_is_refused() {
        let good = json!({ "max_ns": 7, "sum_ns": 17, "saturated": 0, "bins": [[5, 2], [7, 1]] });
        assert_eq!(serde_json::from_value::<Distribution>(good.clone()).unwrap(), of(&[5, 5, 7]));
        let cases = [
            ("bins", json!([[7, 1], [5, 2]]), "stand behind"),
            ("bins", json!([[5, 1], [5, 1], [7, 1]]), "stand behind"),
            ("bins", json!([[5, 0], [7, 1]]), "at least 1"),
            ("bins", json!([[5, u64::MAX], [7, 1]]), "at most"),
            ("bins", json!([[5, 1_u64 << 53], [7, 1]]), "at most"),
            ("bins", json!([[5, 2], [7, 1], [1_001, 1]]), "middle of a bin"),
            ("bins", json!([[5, 2], [middle(u64::MAX), 1]]), "middle of a bin"),
            ("bins", json!([]), "agree"),
            ("bins", json!([[5, -1]]), "invalid"),
            ("bins", json!([[5]]), "invalid length"),
            ("max_ns", json!(6), "agree"),
            ("max_ns", json!(u64::MAX), "agree"),
            ("sum_ns", json!(22), "agree"),
            ("sum_ns", json!(6), "agree"),
            ("saturated", json!(1), "agree"),
            ("sum_ns", json!(null), "invalid"),
        ];
        for (field, value, why) in cases {
            let mut bad = good.clone();
            bad[field] = value;
            let error = serde_json::from_value::<Distribution>(bad.clone()).unwrap_err().to_string();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }

    fn nanos() -> impl Strategy<Value = u64> {
        prop_oneof![Just(0), 0..300_u64, 0..2 * LONGEST, any::<u64>()]
    }

    fn some() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec(nanos(), 0..60)
    }

    proptest! {
        #[test]
        fn merging_is_in_any_order_what_recording_all_is(a in some(), b in some(), c in some()) {
            let whole = of(&[a.clone(), b.clone(), c.clone()].concat());
            let (a, b, c) = (of(&a), of(&b), of(&c));
            prop_assert_eq!(&merged(&merged(&a, &b), &c), &whole);
            prop_assert_eq!(&merged(&a, &merged(&b, &c)), &whole);
            prop_assert_eq!(&merged(&merged(&c, &a), &b), &whole);
        }

        #[test]
        fn percentiles_are_the_exact_ones_within_half_a_bin(
            mut values in prop::collection::vec(prop_oneof![0..300_u64, 0..=LONGEST], 1..200),
            part in 0.0..=1.0_f64,
        ) {
            let read = of(&values).quantile(part).as_nanos() as f64;
            values.sort_unstable();
            let rank = ((part * values.len() as f64).ceil() as usize).max(1);
            let exact = values[rank - 1] as f64;
            prop_assert!((read - exact).abs() <= exact / 256.0, "{} for {}", read, exact);
        }

        #[test]
        fn what_is_written_is_read(values in some()) {
            let all = of(&values);
            let text = serde_json::to_string(&all).unwrap();
            prop_assert_eq!(serde_json::from_str::<Distribution>(&text).unwrap(), all);
        }

        #[test]
        fn no_document_panics(bins in prop::collection::vec((any::<u64>(), any::<u64>()), 0..5), max in any::<u64>(),
            sum in any::<u64>(), saturated in any::<u64>()) {
            let document = Document { max_ns: max, sum_ns: sum, saturated, bins };
            if let Ok(read) = document.check() {
                prop_assert!(read.quantile(0.5) <= read.max());
            }
        }
    }
}
