//! What a request has drawn: how long it takes, and whether and how it fails.

use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::Settings;

/// How a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The connection is reset before the first byte.
    Reset,
    /// Status 500.
    Error,
    /// Status 429, though no limit is reached: others use the model too.
    Busy,
    /// The reply is cut off in its midst.
    Cut,
    /// Status 429 for a limit that was reached; never drawn.
    Limit,
    /// Status 422 for a request that the script does not know; never drawn.
    Unscripted,
}

/// What chance has in store for one request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draw {
    /// The time to the first token.
    pub first: Duration,
    /// The time of each further one.
    pub each: Duration,
    /// How it fails, if it does.
    pub fault: Option<Fault>,
    /// Where in the reply, from 0 to 1, when it is cut off.
    pub at: f64,
}

/// Where draws come from.
#[derive(Debug, Clone)]
pub struct Chance {
    seed: u64,
    first: LogNormal<f64>,
    speed: LogNormal<f64>,
    faults: f64,
    scale: f64,
}

impl Chance {
    /// By these settings.
    ///
    /// # Errors
    /// For medians, spreads, parts and factors that are none.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let is_part = (0.0..=1.0).contains(&settings.faults);
        let medians = [settings.first_ms, settings.speed, settings.scale];
        if !is_part || medians.iter().any(|median| !median.is_finite() || *median <= 0.0) {
            return Err("medians and scale must be above 0, faults from 0 to 1".to_owned());
        }
        let lognormal = |median: f64, sigma: f64| LogNormal::new(median.ln(), sigma).map_err(|error| error.to_string());
        Ok(Self {
            seed: settings.seed,
            first: lognormal(settings.first_ms / 1_000.0, settings.first_sigma)?,
            speed: lognormal(settings.speed, settings.speed_sigma)?,
            faults: settings.faults,
            scale: settings.scale,
        })
    }

    /// What the `n`-th request for this reply draws, counted from 0.
    pub fn draw(&self, reply: &str, n: u64) -> Draw {
        let mut digest = Sha256::new();
        digest.update(self.seed.to_le_bytes());
        digest.update(n.to_le_bytes());
        digest.update(reply.as_bytes());
        let mut random = ChaCha8Rng::from_seed(digest.finalize().into());
        let seconds = |value: f64| Duration::from_secs_f64(value / self.scale);
        let (first, speed) = (self.first.sample(&mut random), self.speed.sample(&mut random));
        let kind = [Fault::Reset, Fault::Error, Fault::Busy, Fault::Cut][random.random_range(0..4)];
        let (lot, at) = (random.random::<f64>(), random.random_range(0.1..0.9));
        Draw { first: seconds(first), each: seconds(1.0 / speed), fault: (lot < self.faults).then_some(kind), at }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn chance(more: &[&str]) -> Chance {
        Chance::new(&Settings::parse_from(["server", "--script", "x"].iter().chain(more))).unwrap()
    }

    #[test]
    fn a_draw_depends_on_seed_reply_and_number_alone() {
        let (one, other) = (chance(&[]), chance(&["--seed", "2"]));
        assert_eq!(one.draw("q1/answer", 0), chance(&[]).draw("q1/answer", 0));
        assert_ne!(one.draw("q1/answer", 0), one.draw("q1/answer", 1));
        assert_ne!(one.draw("q1/answer", 0), one.draw("q2/answer", 0));
        assert_ne!(one.draw("q1/answer", 0), other.draw("q1/answer", 0));
        let (fast, slow) = (chance(&["--scale", "10"]).draw("x", 0), one.draw("x", 0));
        assert!((slow.first.as_secs_f64() / fast.first.as_secs_f64() - 10.0).abs() < 1e-3);
    }

    #[test]
    fn medians_spreads_and_faults_are_those_asked_for() {
        let chance = chance(&[]);
        let draws: Vec<Draw> = (0..20_000).map(|n| chance.draw("x", n)).collect();
        let quantile = |of: fn(&Draw) -> f64, part: f64| {
            let mut values: Vec<f64> = draws.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values[(part * values.len() as f64) as usize]
        };
        let (first, speed): (fn(&Draw) -> f64, fn(&Draw) -> f64) =
            (|draw| draw.first.as_secs_f64(), |draw| 1.0 / draw.each.as_secs_f64());
        assert!((quantile(first, 0.5) - 0.350).abs() < 0.01);
        assert!((quantile(speed, 0.5) - 80.0).abs() < 1.5);
        // One spread above the median is the 84th percentile.
        assert!((quantile(first, 0.8413) / 0.350 - 0.5_f64.exp()).abs() < 0.05);
        assert!((quantile(speed, 0.8413) / 80.0 - 0.3_f64.exp()).abs() < 0.03);
        for kind in [Fault::Reset, Fault::Error, Fault::Busy, Fault::Cut] {
            let of_kind = draws.iter().filter(|draw| draw.fault == Some(kind)).count();
            assert!((70..=130).contains(&of_kind), "{kind:?}: {of_kind} of 20,000, expected 100");
        }
    }

    #[test]
    fn settings_that_are_none_are_refused() {
        let refused =
            |more: &[&str]| Chance::new(&Settings::parse_from(["server", "--script", "x"].iter().chain(more))).is_err();
        assert!(refused(&["--faults", "1.5"]));
        assert!(refused(&["--scale", "0"]));
        assert!(refused(&["--first-sigma", "NaN"]));
    }
}
