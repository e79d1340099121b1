//! Durations as people read them: three significant digits in the unit that fits.

use std::fmt;
use std::time::Duration;

/// Prints a duration as `850 ns`, `12.3 µs`, `4.56 ms`, `1.23 s`, `16.7 min` or `2.50 h`. What took time is never
/// printed as 0.
///
/// ```
/// use std::time::Duration;
/// use ninefold_profile::duration::short;
///
/// assert_eq!(short(Duration::from_micros(4_560)).to_string(), "4.56 ms");
/// ```
#[must_use]
pub fn short(duration: Duration) -> Short {
    Short(duration)
}

/// See [`short`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Short(Duration);

/// Units, each with its length in nanoseconds and the count from which the next one fits.
const UNITS: [(&str, u128, u128); 6] = [
    ("ns", 1, 1_000),
    ("µs", 1_000, 1_000),
    ("ms", 1_000_000, 1_000),
    ("s", 1_000_000_000, 1_000),
    ("min", 60_000_000_000, 1_000),
    ("h", 3_600_000_000_000, u128::MAX),
];

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        let mut text = String::new();
        for (unit, length, limit) in UNITS {
            // Rounded first, then judged: 999.6 µs is 1.00 ms, not 1000 µs.
            let hundredths = (nanos * 100 + length / 2) / length;
            let tenths = (nanos * 10 + length / 2) / length;
            let whole = (nanos + length / 2) / length;
            if whole >= limit {
                continue;
            }
            text = if length == 1 || tenths >= 1_000 {
                format!("{whole} {unit}")
            } else if hundredths >= 1_000 {
                format!("{}.{} {unit}", tenths / 10, tenths % 10)
            } else {
                format!("{}.{:02} {unit}", hundredths / 100, hundredths % 100)
            };
            break;
        }
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn three_significant_digits_in_the_unit_that_fits() {
        let cases = [
            (0, "0 ns"),
            (1, "1 ns"),
            (850, "850 ns"),
            (999, "999 ns"),
            (1_000, "1.00 µs"),
            (1_234, "1.23 µs"),
            (9_994, "9.99 µs"),
            (9_996, "10.0 µs"),
            (12_345, "12.3 µs"),
            (99_949, "99.9 µs"),
            (99_951, "100 µs"),
            (999_400, "999 µs"),
            (999_600, "1.00 ms"),
            (4_560_000, "4.56 ms"),
            (1_234_000_000, "1.23 s"),
            (83_400_000_000, "83.4 s"),
            (999_900_000_000, "16.7 min"),
            (1_000_000_000_000, "16.7 min"),
            (9_000_000_000_000_000, "2500 h"),
        ];
        for (nanos, text) in cases {
            assert_eq!(short(Duration::from_nanos(nanos)).to_string(), text, "{nanos} ns");
        }
        assert_eq!(format!("{:>9}", short(Duration::from_nanos(5))), "     5 ns");
    }

    proptest! {
        #[test]
        fn time_is_never_printed_as_nothing(nanos in 1..u64::MAX) {
            let text = short(Duration::from_nanos(nanos)).to_string();
            prop_assert!(text.chars().any(|c| ('1'..='9').contains(&c)), "{}", text);
        }

        #[test]
        fn up_to_minutes_it_has_at_most_three_digits(nanos in 0..59_000_000_000_000_u64) {
            let text = short(Duration::from_nanos(nanos)).to_string();
            prop_assert!(text.chars().filter(char::is_ascii_digit).count() <= 3, "{}", text);
        }
    }
}
