//! Where prose may be cut: at the ends of sentences, as Unicode finds them (UAX #29), in any language.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::lines::Lines;

/// Where to cut a line of which at most `max` bytes may stay together: behind the last sentence that ends in the second
/// half; none when there is no such sentence.
pub(super) fn cut(line: &str, max: usize) -> Option<usize> {
    if line.len() <= max {
        return Some(line.len());
    }
    let end = (0..=max).rev().find(|&at| line.is_char_boundary(at))?;
    let head = line.get(..end)?;
    // The last sentence of the head may go on behind it.
    let starts = head.split_sentence_bound_indices().map(|(at, _)| at);
    starts.filter(|&at| at >= max / 2).last()
}

/// The line behind the last one in the second half that ends a sentence; none when there is no such line.
pub(super) fn last_end(lines: &Lines<'_>, range: Range<usize>) -> Option<usize> {
    let half = lines.size(&range) / 2;
    let long_enough = |&n: &usize| lines.size(&(range.start..n + 1)) >= half;
    (range.clone()).rev().take_while(long_enough).find(|&n| ends_sentence(lines.trimmed(n))).map(|n| n + 1)
}

fn ends_sentence(line: &str) -> bool {
    let line = line.trim_end_matches(['"', '\'', ')', ']', '”', '’', '»', '」', '』', '）', '*', '_']);
    line.is_empty() || line.ends_with(['.', '!', '?', '…', '。', '！', '？', '।', '؟', '۔', ':', ';'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_behind_a_sentence() {
        let line = "Dr. Ada wrote 1.5 programs. She did! Then it was late and nobody read on for a long time";
        assert_eq!(cut(line, 60).map(|at| &line[..at]), Some("Dr. Ada wrote 1.5 programs. She did! "));
        assert_eq!(cut(line, 200), Some(line.len()));
        assert_eq!(cut(&"word ".repeat(50), 60), None);
        let chinese = "这是第一句。这是第二句。这是第三句";
        assert_eq!(cut(chinese, 40).map(|at| &chinese[..at]), Some("这是第一句。这是第二句。"));
    }

    #[test]
    fn wrapped_lines_are_cut_behind_one_that_ends_a_sentence() {
        let text = "One goes\non here.\nTwo is as\nlong as (one is.)\nThree never\nends";
        let lines = Lines::of(text);
        assert_eq!(last_end(&lines, 0..6), Some(4));
        assert_eq!(last_end(&lines, 0..1), None);
        assert_eq!(last_end(&Lines::of("a\nb\nc\nd"), 0..4), None);
    }
}
