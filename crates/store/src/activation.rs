//! How alive a chunk is: the base-level activation of ACT-R, computed when it is read from a record of constant size.
//!
//! Each use leaves a trace that decays as a power of its age: B = ln Σ tᵢ^-d over all uses (Anderson & Schooler,
//! "Reflections of the Environment in Memory", 1991), with d = 0.5 and ages in seconds. Petrov, "Computationally
//! Efficient Approximation of the Base-Level Learning Equation in ACT-R" (2006) keeps the k newest times, the count n and
//! the first time, and takes the other n − k uses as spread evenly between the first and the k-th newest:
//!
//! B ≈ ln[ Σ_{i≤k} tᵢ^-d + (n − k) (tₙ^(1−d) − tₖ^(1−d)) / ((1 − d)(tₙ − tₖ)) ]
//!
//! For d = 0.5 the second term is 2 (n − k) / (√tₙ + √tₖ), which has a value for tₙ = tₖ, too.

use ninefold_core::Timestamp;

/// How many of the newest times are kept.
pub(crate) const NEWEST: usize = 4;
/// The least age of a use in seconds: of one at this very moment, or, after the clock was set back, of one to come.
const YOUNGEST: f64 = 1.0;
/// In the place of a time that is not there; earlier than any.
pub(crate) const NEVER: i64 = i64::MIN;

/// What is kept of the uses of a chunk: the same few numbers after a million uses as after one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Uses {
    /// How many.
    pub(crate) count: u64,
    /// The time of the one that was noted first.
    pub(crate) first: i64,
    /// The latest times, latest first; [`NEVER`] where there are not so many.
    pub(crate) newest: [i64; NEWEST],
}

impl Uses {
    /// One use.
    pub(crate) fn once(at: Timestamp) -> Self {
        let mut newest = [NEVER; NEWEST];
        newest[0] = at.0;
        Self { count: 1, first: at.0, newest }
    }

    /// Notes one more use. Times may come in any order, as clocks are set back.
    pub(crate) fn note(&mut self, at: Timestamp) {
        self.count = self.count.saturating_add(1);
        let mut later = at.0;
        for place in &mut self.newest {
            if later > *place {
                std::mem::swap(&mut later, place);
            }
        }
    }

    /// The base-level activation at a time: a finite number, higher for more and for later uses, never rising with age.
    pub(crate) fn base_level(&self, now: Timestamp) -> f32 {
        let root_of_age = |at: i64| ((now.0 as f64 - at as f64) / 1e6).max(YOUNGEST).sqrt();
        let kept = usize::try_from(self.count).unwrap_or(usize::MAX).clamp(1, NEWEST);
        let roots = self.newest.iter().take(kept).map(|&at| root_of_age(at));
        let (sum, oldest_kept) = roots.fold((0.0, 1.0), |(sum, _), root| (sum + 1.0 / root, root));
        let others = self.count.saturating_sub(kept as u64) as f64;
        (sum + 2.0 * others / (root_of_age(self.first) + oldest_kept)).ln() as f32
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = 1_000_000;

    fn uses(times: &[i64]) -> Uses {
        let mut uses = Uses::once(Timestamp(times[0]));
        times[1..].iter().for_each(|&at| uses.note(Timestamp(at)));
        uses
    }

    fn exact(times: &[i64], now: i64) -> f64 {
        times.iter().map(|&at| ((now - at) as f64 / 1e6).max(1.0).powf(-0.5)).sum::<f64>().ln()
    }

    #[test]
    fn values_of_the_equation() {
        // ln(1), ln(100^-.5), ln(1 + 100^-.5)
        assert_eq!(uses(&[0]).base_level(Timestamp(SECOND)), 0.0);
        assert!((uses(&[0]).base_level(Timestamp(100 * SECOND)) + std::f32::consts::LN_10).abs() < 1e-5);
        assert!((uses(&[0, 99 * SECOND]).base_level(Timestamp(100 * SECOND)) - 0.095_310).abs() < 1e-5);
    }

    #[test]
    fn a_year_ago_and_now_are_not_the_same() {
        let year = 365 * 86_400 * SECOND;
        assert!(uses(&[year]).base_level(Timestamp(year)) > uses(&[0]).base_level(Timestamp(year)) + 8.0);
    }

    #[test]
    fn even_use_is_met_closely() {
        for (count, apart) in [(10, 60), (100, 3_600), (5_000, 600)] {
            let times: Vec<i64> = (0..count).map(|n| n * apart * SECOND).collect();
            let now = count * apart * SECOND;
            let error = f64::from(uses(&times).base_level(Timestamp(now))) - exact(&times, now);
            assert!(error.abs() < 0.1, "{count} uses: off by {error}");
        }
    }

    fn at() -> impl Strategy<Value = i64> {
        prop_oneof![(-1_000_000i64..4_000_000_000).prop_map(|s| s * 1_000), Just(0), any::<i64>()]
    }

    proptest! {
        #[test]
        fn it_is_finite_whatever_the_clock_does(times in prop::collection::vec(at(), 1..40), now in at()) {
            prop_assert!(uses(&times).base_level(Timestamp(now)).is_finite());
        }

        #[test]
        fn one_use_more_never_lowers_it(times in prop::collection::vec(at(), 1..40), more in at(), now in at()) {
            let mut after = uses(&times);
            let before = after.base_level(Timestamp(now));
            after.note(Timestamp(more));
            prop_assert!(after.base_level(Timestamp(now)) >= before - 1e-6);
        }

        #[test]
        fn a_later_use_never_lowers_it(times in prop::collection::vec(at(), 1..40), a in at(), b in at(), now in at()) {
            let (mut early, mut late) = (uses(&times), uses(&times));
            early.note(Timestamp(a.min(b)));
            late.note(Timestamp(a.max(b)));
            prop_assert!(late.base_level(Timestamp(now)) >= early.base_level(Timestamp(now)) - 1e-6);
        }

        #[test]
        fn ageing_never_raises_it(times in prop::collection::vec(at(), 1..40), a in at(), b in at()) {
            let uses = uses(&times);
            prop_assert!(uses.base_level(Timestamp(a.max(b))) <= uses.base_level(Timestamp(a.min(b))));
        }

        #[test]
        fn the_newest_times_are_kept_in_order(times in prop::collection::vec(at(), 1..40)) {
            let mut sorted = times.clone();
            sorted.sort_unstable_by(|a, b| b.cmp(a));
            sorted.resize(times.len().max(NEWEST), NEVER);
            prop_assert_eq!(&uses(&times).newest[..], &sorted[..NEWEST]);
        }
    }
}
