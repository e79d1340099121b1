//! What one kind of growth is measured in: series of points, each with its interval, and the exponents of their growth.

use crate::fit::{fit, last_decade};
use crate::machine::{Report, Target, spread};

/// An exponent above this is more than proportional.
const PROPORTIONAL: f64 = 1.1;

/// What grows, and what it costs.
pub struct Subject {
    /// The part's name on the command line, and of its plot.
    pub name: &'static str,
    pub title: &'static str,
    /// What is counted along the plot.
    pub of: &'static str,
    pub unit: &'static str,
    pub series: Vec<Series>,
}

pub struct Series {
    pub name: &'static str,
    pub points: Vec<Point>,
}

pub struct Point {
    /// How many there were.
    pub count: usize,
    /// Bounds of the median at 95 %, and the median between them.
    pub low: f64,
    pub median: f64,
    pub high: f64,
    pub n: usize,
}

impl Subject {
    pub fn new(name: &'static str, title: &'static str, of: &'static str, unit: &'static str) -> Self {
        Self { name, title, of, unit, series: Vec::new() }
    }

    /// Adds a point to the series of that name.
    pub fn add(&mut self, series: &'static str, count: usize, samples: &[f64]) {
        let [low, median, high] = spread(samples, 0.5);
        println!("  {series}, {count} {}: {median:.3} {}", self.of, self.unit);
        let point = Point { count, low, median, high, n: samples.len() };
        match self.series.iter_mut().find(|known| known.name == series) {
            Some(known) => known.points.push(point),
            None => self.series.push(Series { name: series, points: vec![point] }),
        }
    }

    /// Every point, and the exponents.
    pub fn tell(&self, report: &mut Report) {
        for series in &self.series {
            for point in &series.points {
                let at = format!("{} {}", point.count, self.of);
                report.interval(
                    series.name,
                    &at,
                    self.unit,
                    point.n,
                    [point.low, point.median, point.high],
                    Target::None,
                );
            }
            self.exponents(series, series.name, report);
        }
    }

    /// The exponents alone, with the name of the part.
    pub fn tell_exponents(&self, report: &mut Report) {
        for series in &self.series {
            self.exponents(series, &format!("{}: {}", self.name, series.name), report);
        }
    }

    fn exponents(&self, series: &Series, row: &str, report: &mut Report) {
        let [whole, last] = series.exponents();
        let range = series.range();
        report.value(row, &format!("exponent over {range} {}", self.of), "", whole, Target::Most(PROPORTIONAL));
        report.value(row, "exponent over the last decade", "", last, Target::Most(PROPORTIONAL));
    }
}

impl Series {
    fn range(&self) -> String {
        format!("{} to {}", self.points[0].count, self.points[self.points.len() - 1].count)
    }

    /// Of the whole series, and of its last decade.
    pub fn exponents(&self) -> [f64; 2] {
        let pairs = self.pairs();
        [fit(&pairs).0, fit(last_decade(&pairs)).0]
    }

    /// The counts, with the medians.
    pub fn pairs(&self) -> Vec<(f64, f64)> {
        self.points.iter().map(|point| (point.count as f64, point.median)).collect()
    }
}
