//! The power that fits costs best, which is a line through their logarithms.

/// By least squares, through pairs of a number and its cost: the exponent, and the factor before it.
pub fn fit(pairs: &[(f64, f64)]) -> (f64, f64) {
    let logs: Vec<(f64, f64)> = pairs.iter().map(|(count, cost)| (count.ln(), cost.max(1e-9).ln())).collect();
    let n = logs.len() as f64;
    let (x, y) = logs.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0 / n, sum.1 + point.1 / n));
    let (above, below) = logs
        .iter()
        .fold((0.0, 0.0), |sum, point| (sum.0 + (point.0 - x) * (point.1 - y), sum.1 + (point.0 - x) * (point.0 - x)));
    let slope = if below > 0.0 { above / below } else { 0.0 };
    (slope, (y - slope * x).exp())
}

/// Of pairs in the order of their numbers, those of the last power of ten.
pub fn last_decade(pairs: &[(f64, f64)]) -> &[(f64, f64)] {
    let last = pairs.last().map_or(0.0, |pair| pair.0);
    let first = pairs.iter().position(|pair| pair.0 * 10.0 >= last).unwrap_or(0);
    &pairs[first..]
}
