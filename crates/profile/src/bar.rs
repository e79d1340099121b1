//! Bars of eighth blocks.

const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// A bar for `part` of `whole`, where `whole` takes `cells` columns. What is there at all is seen.
pub(crate) fn share(part: u64, whole: u64, cells: usize) -> String {
    between(0, part, whole, cells)
}

/// A bar from `start` to `end` on a line of `cells` columns for the time from 0 to `whole`, with the spaces before it.
pub(crate) fn between(start: u64, end: u64, whole: u64, cells: usize) -> String {
    if whole == 0 || end <= start || cells == 0 {
        return String::new();
    }
    let line = cells as u128 * 8;
    let eighth = |at: u64| (u128::from(at.min(whole)) * line + u128::from(whole) / 2) / u128::from(whole);
    // Blocks are filled from the left, so a bar begins with a whole column.
    let first = (eighth(start) / 8).min(cells as u128 - 1);
    let length = eighth(end).saturating_sub(first * 8).max(1);
    let full = usize::try_from(length / 8).unwrap_or(cells);
    let rest = EIGHTHS.get((length % 8) as usize).copied().unwrap_or("");
    format!("{}{}{rest}", " ".repeat(usize::try_from(first).unwrap_or(0)), "█".repeat(full))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::width;

    #[test]
    fn bars_are_as_long_as_their_share() {
        assert_eq!(share(0, 100, 10), "");
        assert_eq!(share(1, 1_000_000, 10), "▏");
        assert_eq!(share(50, 100, 10), "█████");
        assert_eq!(share(56, 100, 10), "█████▋");
        assert_eq!(share(100, 100, 10), "██████████");
        assert_eq!(share(1, 0, 10), "");
    }

    #[test]
    fn intervals_stand_where_they_were() {
        assert_eq!(between(0, 50, 100, 10), "█████");
        assert_eq!(between(50, 100, 100, 10), "     █████");
        assert_eq!(between(99, 100, 100, 10), "         █");
        assert_eq!(between(30, 30, 100, 10), "");
    }

    proptest! {
        #[test]
        fn no_bar_is_wider_than_its_line(start in any::<u64>(), end in any::<u64>(), whole in any::<u64>(), cells in 0..80_usize) {
            prop_assert!(width(&between(start, end, whole, cells)) <= cells);
        }
    }
}
