//! How long a model takes to begin its replies, as seen lately.

use std::time::Duration;

/// So many of the latest times count.
const WINDOW: usize = 512;
/// Below so many nothing is said.
const FEWEST: usize = 32;
/// After so many new times the order is looked at again.
const STALE: usize = 16;

/// The latest times, and two figures about them.
#[derive(Debug, Default)]
pub(crate) struct Latency {
    times: Vec<Duration>,
    next: usize,
    unseen: usize,
    figures: Option<Figures>,
}

/// Order statistics of the latest times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) median: Duration,
    pub(crate) p95: Duration,
}

impl Latency {
    pub(crate) fn add(&mut self, time: Duration) {
        if let Some(slot) = self.times.get_mut(self.next) {
            *slot = time;
        } else {
            self.times.push(time);
        }
        self.next = (self.next + 1) % WINDOW;
        self.unseen += 1;
        if self.times.len() >= FEWEST && (self.unseen >= STALE || self.figures.is_none()) {
            self.unseen = 0;
            let mut sorted = self.times.clone();
            sorted.sort_unstable();
            // The nearest rank: the smallest time that so many are not above.
            let rank =
                |share: f64| sorted.get(((sorted.len() as f64 * share).ceil() as usize).saturating_sub(1)).copied();
            self.figures = rank(0.5).zip(rank(0.95)).map(|(median, p95)| Figures { median, p95 });
        }
    }

    /// None while too little was seen.
    pub(crate) fn figures(&self) -> Option<Figures> {
        self.figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_ranks_of_the_latest_times() {
        let mut latency = Latency::default();
        for n in 1..FEWEST as u64 {
            latency.add(Duration::from_millis(n));
            assert_eq!(latency.figures(), None);
        }
        for n in FEWEST as u64..=112 {
            latency.add(Duration::from_millis(n));
        }
        let figures = latency.figures().unwrap();
        assert_eq!((figures.median.as_millis(), figures.p95.as_millis()), (56, 107));
        for _ in 0..WINDOW {
            latency.add(Duration::from_millis(7));
        }
        assert_eq!(latency.figures().unwrap().p95, Duration::from_millis(7), "what is long ago does not count");
    }
}
