//! What one kind of growth is measured in: series of points, each with its interval, and the exponents of their growth.

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

#[derive(Clone, Copy)]
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
        let last = self.points.iter().map(|point| point.count).max().unwrap_or(1);
        let decade: Vec<Point> = self.points.iter().filter(|point| point.count * 10 >= last).copied().collect();
        [fit(&self.points).0, fit(&decade).0]
    }
}

/// The line through the logarithms, by least squares: its slope, which is the exponent of a power, and that power's factor.
pub fn fit(points: &[Point]) -> (f64, f64) {
    let logs: Vec<(f64, f64)> =
        points.iter().map(|point| ((point.count as f64).ln(), point.median.max(1e-9).ln())).collect();
    let n = logs.len() as f64;
    let (x, y) = logs.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0 / n, sum.1 + point.1 / n));
    let (above, below) = logs
        .iter()
        .fold((0.0, 0.0), |sum, point| (sum.0 + (point.0 - x) * (point.1 - y), sum.1 + (point.0 - x) * (point.0 - x)));
    let slope = if below > 0.0 { above / below } else { 0.0 };
    (slope, (y - slope * x).exp())
}
