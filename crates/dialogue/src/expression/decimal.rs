//! Decimal numbers, exact: `0.1 + 0.2` is `0.3`, and money loses no cent. Up to 28 digits; what is longer is no result.

use std::cmp::Ordering;
use std::fmt;

use serde_json::{Number, Value};

/// A mantissa and how many of its digits stand behind the point, without zeros at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    mantissa: i128,
    scale: u8,
}

const MOST_DIGITS: u8 = 28;

impl Decimal {
    pub(crate) const ZERO: Self = Self { mantissa: 0, scale: 0 };

    fn new(mut mantissa: i128, mut scale: u8) -> Option<Self> {
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        (scale <= MOST_DIGITS && mantissa.unsigned_abs() < 10u128.pow(u32::from(MOST_DIGITS)))
            .then_some(Self { mantissa, scale })
    }

    /// Digits with an optional sign and fraction, as `-12.50`; no exponent.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let fraction = fraction.trim_end_matches('0');
        if whole.is_empty() || whole.len() + fraction.len() > 64 {
            return None;
        }
        let mut mantissa: i128 = 0;
        for c in whole.chars().chain(fraction.chars()) {
            mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(c.to_digit(10)?))?;
        }
        Self::new(if negative { -mantissa } else { mantissa }, u8::try_from(fraction.len()).ok()?)
    }

    pub(crate) fn of_number(number: &Number) -> Option<Self> {
        if let Some(integer) = number.as_i64() {
            return Self::new(integer.into(), 0);
        }
        if let Some(integer) = number.as_u64() {
            return Self::new(integer.into(), 0);
        }
        // The shortest text that is this float: what somebody wrote to get it. Digits that no float has are not invented.
        Self::parse(&number.as_f64()?.to_string())
    }

    pub(crate) fn of_length(length: usize) -> Self {
        i128::try_from(length).ok().and_then(|length| Self::new(length, 0)).unwrap_or(Self::ZERO)
    }

    /// As a number of JSON: an integer where it is one.
    pub(crate) fn value(self) -> Value {
        if self.scale == 0
            && let Ok(integer) = i64::try_from(self.mantissa)
        {
            return Value::from(integer);
        }
        self.to_string().parse::<f64>().map_or(Value::Null, Value::from)
    }

    pub(crate) fn integer(self) -> Option<i64> {
        (self.scale == 0).then(|| i64::try_from(self.mantissa).ok()).flatten()
    }

    pub(crate) fn scale(self) -> u8 {
        self.scale
    }

    /// With at least so many digits behind the point, as amounts are written: `12.5` as `12.50`.
    pub(crate) fn padded(self, digits: u8) -> String {
        let mut text = self.to_string();
        if self.scale < digits {
            if self.scale == 0 {
                text.push('.');
            }
            text.extend(std::iter::repeat_n('0', usize::from(digits - self.scale)));
        }
        text
    }

    fn aligned(self, other: Self) -> Option<(i128, i128, u8)> {
        let scale = self.scale.max(other.scale);
        let up = |of: Self| of.mantissa.checked_mul(10i128.checked_pow(u32::from(scale - of.scale))?);
        Some((up(self)?, up(other)?, scale))
    }

    pub(crate) fn add(self, other: Self) -> Option<Self> {
        let (left, right, scale) = self.aligned(other)?;
        Self::new(left.checked_add(right)?, scale)
    }

    pub(crate) fn subtract(self, other: Self) -> Option<Self> {
        self.add(other.negative())
    }

    pub(crate) fn multiply(self, other: Self) -> Option<Self> {
        let mantissa = self.mantissa.checked_mul(other.mantissa)?;
        let scale = self.scale.checked_add(other.scale)?;
        Self::new(mantissa, scale).or_else(|| Self { mantissa, scale }.rounded(12))
    }

    /// Rounded to twelve digits behind the point; nothing for a division by zero.
    pub(crate) fn divide(self, other: Self) -> Option<Self> {
        let (left, right, _) = self.aligned(other)?;
        let scaled = left.checked_mul(10i128.pow(13))?;
        if right == 0 { None } else { Self { mantissa: scaled / right, scale: 13 }.rounded(12) }
    }

    /// What is left of a division, with the sign of the divisor: `-1 % 7` is `6`.
    pub(crate) fn remainder(self, other: Self) -> Option<Self> {
        let (left, right, scale) = self.aligned(other)?;
        let left = left.checked_rem(right)?;
        let moved = if left != 0 && (left < 0) != (right < 0) { left.checked_add(right)? } else { left };
        Self::new(moved, scale)
    }

    pub(crate) fn negative(self) -> Self {
        Self { mantissa: -self.mantissa, scale: self.scale }
    }

    pub(crate) fn absolute(self) -> Self {
        Self { mantissa: self.mantissa.abs(), scale: self.scale }
    }

    /// To so many digits behind the point; a half goes away from zero, as in prices.
    pub(crate) fn rounded(self, digits: u8) -> Option<Self> {
        let Some(dropped) = self.scale.checked_sub(digits).filter(|dropped| *dropped > 0) else {
            return Self::new(self.mantissa, self.scale);
        };
        let unit = 10i128.checked_pow(u32::from(dropped))?;
        let (whole, rest) = (self.mantissa / unit, self.mantissa % unit);
        let away = if rest.abs() >= unit - rest.abs() { rest.signum() } else { 0 };
        Self::new(whole + away, digits)
    }

    pub(crate) fn floor(self) -> Option<Self> {
        let unit = 10i128.checked_pow(u32::from(self.scale))?;
        Self::new(self.mantissa.div_euclid(unit), 0)
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match self.aligned(*other) {
            Some((left, right, _)) => left.cmp(&right),
            // One of them is so much larger that it cannot be written with the other's digits.
            None => self.mantissa.signum().cmp(&other.mantissa.signum()).then_with(|| {
                let whole = |of: Self| of.mantissa / 10i128.pow(u32::from(of.scale));
                whole(*self).cmp(&whole(*other))
            }),
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10u128.pow(u32::from(self.scale));
        let size = self.mantissa.unsigned_abs();
        if self.mantissa < 0 {
            f.write_str("-")?;
        }
        write!(f, "{}", size / unit)?;
        if self.scale > 0 {
            write!(f, ".{:0width$}", size % unit, width = usize::from(self.scale))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn decimals_are_exact() {
        assert_eq!(decimal("0.1").add(decimal("0.2")), Some(decimal("0.3")));
        assert_eq!(decimal("12.50").multiply(decimal("3")).unwrap().padded(2), "37.50");
        assert_eq!(decimal("10").divide(decimal("4")), Some(decimal("2.5")));
        assert_eq!(decimal("2").divide(decimal("3")).unwrap().to_string(), "0.666666666667");
        assert_eq!(decimal("-1").remainder(decimal("7")), Some(decimal("6")));
        assert_eq!(decimal("1").divide(Decimal::ZERO), None);
        assert_eq!(decimal("2.345").rounded(2), Some(decimal("2.35")));
        assert_eq!(decimal("-2.345").rounded(2), Some(decimal("-2.35")));
        assert_eq!(decimal("-2.5").floor(), Some(decimal("-3")));
        assert_eq!(Decimal::of_number(&Number::from_f64(2.5).unwrap()), Some(decimal("2.5")));
    }

    #[test]
    fn what_is_too_long_is_no_result() {
        let large = decimal("9999999999999999999999999999");
        assert_eq!(large.add(decimal("1")), None);
        assert_eq!(large.multiply(large), None);
        assert_eq!(Decimal::parse(&"9".repeat(29)), None);
        assert!(large > decimal("0.0000000000000000000000000001"));
        assert!(large.negative() < decimal("-0.0000000000000000000000000001"));
        for text in ["", "-", ".", "1e5", "1.2.3", "५"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }
}
