//! Numbers in digits, with what separates thousands and decimals in a locale.

use super::super::Locale;
use super::super::token::Tokens;

/// Digits that were read: whole, or with decimals.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Numeral {
    pub value: Result<i128, f64>,
}

/// What stands between thousands, and before decimals.
fn separators(locale: Locale) -> (char, char) {
    match locale {
        Locale::EnUs | Locale::EnGb => (',', '.'),
        Locale::DeDe | Locale::EsEs => ('.', ','),
        Locale::FrFr => (' ', ','),
    }
}

/// The longest number in digits at a place, and where it ends.
pub(in super::super) fn numeral(t: &Tokens<'_>, at: usize, locale: Locale) -> Option<(Numeral, usize)> {
    let first = t.digits(at)?;
    if first.len() > 30 {
        return None;
    }
    // The groups that follow, each behind the same or another separator.
    let mut groups: Vec<(char, &str)> = Vec::new();
    let mut end = at + 1;
    while groups.len() < 12 {
        let Some((separator, group, next)) = group(t, end) else { break };
        groups.push((separator, group));
        end = next;
    }
    let (thousands, _) = separators(locale);
    // Of all that follows, as many groups as make one number. A chain of groups behind one mark is that number whole, or several.
    let chained = at >= 2 && t.is(at - 1, ".,") && t.glued(at) && t.glued(at - 1) && t.digits(at - 2).is_some();
    let mark = |at: usize| groups.get(at).map(|(mark, _)| *mark).filter(|mark| *mark != ' ');
    for count in (0..=groups.len()).rev() {
        let taken = groups.get(..count)?;
        if count > 0 && (chained || (mark(count).is_some() && mark(count) == mark(count - 1))) {
            continue;
        }
        if let Some(value) = join(first, taken, thousands) {
            // The groups of blanks are one token each, the others two.
            let tokens: usize = taken.iter().map(|(separator, _)| if *separator == ' ' { 1 } else { 2 }).sum();
            return Some((Numeral { value }, at + 1 + tokens));
        }
    }
    None
}

/// A separator and the digits behind it.
fn group<'t>(t: &'t Tokens<'_>, at: usize) -> Option<(char, &'t str, usize)> {
    if let Some(digits) = t.digits(at) {
        // One blank, no more: "40 000".
        let before = t.get(at.checked_sub(1)?)?;
        let gap = t.source.get(before.end..t.get(at)?.start)?;
        return (gap.chars().count() == 1).then_some((' ', digits, at + 1));
    }
    let mark = t.mark(at).filter(|mark| matches!(mark, ',' | '.' | '\''))?;
    let digits = t.digits(at + 1).filter(|_| t.glued(at) && t.glued(at + 1))?;
    Some((mark, digits, at + 2))
}

fn join(first: &str, groups: &[(char, &str)], thousands: char) -> Option<Result<i128, f64>> {
    let Some(((last_mark, last), before)) = groups.split_last() else {
        return first.parse().ok().map(Ok);
    };
    let grouped = |groups: &[(char, &str)]| {
        let mark = groups.first().map(|(mark, _)| *mark);
        let indian = groups.split_last().is_some_and(|((_, last), rest)| {
            last.len() == 3
                && !rest.is_empty()
                && mark == Some(',')
                && first.len() <= 2
                && rest.iter().all(|(_, g)| g.len() == 2)
        });
        first.len() <= 3
            && !first.starts_with('0')
            && groups.iter().all(|(m, _)| Some(*m) == mark)
            && (indian || groups.iter().all(|(_, group)| group.len() == 3))
    };
    let whole = |groups: &[(char, &str)]| {
        let digits: String = std::iter::once(first).chain(groups.iter().map(|(_, group)| *group)).collect();
        digits.parse::<i128>().ok()
    };
    // Decimals behind the last separator, which then stands nowhere else.
    let decimal = || {
        let differs = before.iter().all(|(mark, _)| mark != last_mark);
        if *last_mark == ' ' || *last_mark == '\'' || !differs || !(before.is_empty() || grouped(before)) {
            return None;
        }
        let text = format!("{}.{last}", whole(before)?);
        text.parse::<f64>().ok().map(Err)
    };
    if before.is_empty() && *last_mark != thousands && matches!(*last_mark, ',' | '.') {
        return decimal();
    }
    if grouped(groups) {
        return whole(groups).map(Ok);
    }
    decimal()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, locale: Locale) -> (Result<i128, f64>, usize) {
        let tokens = Tokens::new(text, locale);
        let (numeral, end) = numeral(&tokens, 0, locale).unwrap();
        (numeral.value, tokens.span(0, end).end)
    }

    #[test]
    fn separators_are_those_of_the_locale() {
        assert_eq!(read("1,674,200.5", Locale::EnUs), (Err(1_674_200.5), 11));
        assert_eq!(read("1.674.200,5", Locale::DeDe), (Err(1_674_200.5), 11));
        assert_eq!(read("4.800", Locale::EnUs), (Err(4.8), 5));
        assert_eq!(read("4.800", Locale::DeDe), (Ok(4800), 5));
        assert_eq!(read("1 234 567.89", Locale::FrFr), (Err(1_234_567.89), 12));
        assert_eq!(read("12,34,567.89", Locale::EnGb), (Err(1_234_567.89), 12));
    }

    #[test]
    fn what_is_no_group_is_another_number() {
        assert_eq!(read("22,24,26", Locale::EnUs), (Ok(22), 2));
        assert_eq!(read("192.168.1.2", Locale::EnUs).0, Ok(192));
        assert_eq!(read("1, 234", Locale::EnUs), (Ok(1), 1));
        assert_eq!(read("123456789012345678901234567890", Locale::EnUs).0, Ok(123_456_789_012_345_678_901_234_567_890));
    }
}
