//! Where durations are counted while a program runs: a histogram of fixed size.

use hdrhistogram::Histogram as Counts;

use crate::distribution::{Distribution, LONGEST, middle};

/// Two significant digits: a bin is at most 1/128 of its values wide, so its middle is off by less than 0.4 %.
pub(crate) const DIGITS: u8 = 2;

/// Counts durations in bins, from 1 ns to 1 h; 0 has a bin of its own.
///
/// An empty one takes no memory to speak of, any other 36 KiB, however much it counts. What it holds is read, merged
/// and stored as a [`Distribution`].
#[derive(Debug, Clone, Default)]
pub struct Histogram {
    /// `None` until something is recorded. The bounds are valid, so there is one from then on.
    counts: Option<Counts<u64>>,
    sum: u64,
    max: u64,
    saturated: u64,
}

impl Histogram {
    /// A histogram that holds nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a duration in nanoseconds. One above an hour is counted in the last bin, and as
    /// [`saturated`](Distribution::saturated); the sum and the maximum have its true length.
    #[inline]
    pub fn record(&mut self, nanos: u64) {
        self.record_many(nanos, 1);
    }

    /// Counts the same duration `times` times.
    #[inline]
    pub fn record_many(&mut self, nanos: u64, times: u64) {
        if self.counts.is_none() {
            self.allocate();
        }
        let Some(counts) = &mut self.counts else { return };
        if times == 0 {
            return;
        }
        counts.saturating_record_n(nanos.min(LONGEST), times);
        self.sum = self.sum.saturating_add(nanos.saturating_mul(times));
        self.max = self.max.max(nanos);
        if nanos > LONGEST {
            self.saturated = self.saturated.saturating_add(times);
        }
    }

    /// How many durations were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.as_ref().map_or(0, Counts::len)
    }

    /// What it holds.
    #[must_use]
    pub fn distribution(&self) -> Distribution {
        let bins = self.counts.iter().flat_map(|counts| counts.iter_recorded());
        let bins = bins.map(|bin| (middle(bin.value_iterated_to()), bin.count_at_value()));
        Distribution { bins: bins.collect(), sum: self.sum, max: self.max, saturated: self.saturated }
    }

    #[cold]
    fn allocate(&mut self) {
        self.counts = Counts::new_with_bounds(1, LONGEST, DIGITS).ok();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn of(values: &[u64]) -> Distribution {
        let mut histogram = Histogram::new();
        values.iter().for_each(|value| histogram.record(*value));
        assert_eq!(histogram.count(), values.len() as u64);
        histogram.distribution()
    }

    #[test]
    fn nothing_and_zero_are_told_apart() {
        assert_eq!(of(&[]), Distribution::default());
        assert_eq!(of(&[0, 0, 1]).bins, [(0, 2), (1, 1)]);
    }

    #[test]
    fn what_is_too_long_is_counted_and_said() {
        let hour = 3_600_000_000_000;
        let long = of(&[hour, hour + 1, hour + hour / 10, u64::MAX]);
        assert_eq!((long.count(), long.saturated()), (4, 3));
        assert_eq!(long.bins.len(), 1);
        assert_eq!(long.max(), Duration::from_nanos(u64::MAX));
        assert!(long.quantile(0.5).as_secs_f64() / 3_600.0 - 1.0 < 0.01);
    }

    #[test]
    fn many_at_once_are_as_many_one_by_one() {
        let mut histogram = Histogram::new();
        histogram.record_many(1_234_567, 3);
        histogram.record_many(5, 0);
        assert_eq!(histogram.distribution(), of(&[1_234_567, 1_234_567, 1_234_567]));
    }

    #[test]
    fn bins_are_those_of_the_library() {
        let library = Counts::<u64>::new_with_bounds(1, LONGEST, DIGITS).unwrap();
        let mut value = 0_u64;
        while value <= LONGEST {
            assert_eq!(middle(value), library.median_equivalent(value), "{value}");
            value += 1 + value / 1_000;
        }
    }
}
