//! A text as lines, and ranges of lines as pieces of it. A line ends at `\n`; a `\r` before it belongs to the line
//! end.

use std::ops::Range;

/// A text with its lines found.
pub(super) struct Lines<'a> {
    text: &'a str,
    lines: Vec<Line>,
}

#[derive(Clone, Copy)]
struct Line {
    start: usize,
    /// Without the line end.
    end: usize,
    /// The text without the white space around it; empty when there is nothing else.
    trimmed: (usize, usize),
    indent: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let mut lines = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let content = line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
            let text = content.trim_start();
            let before = content.len() - text.len();
            let white = content.get(..before).unwrap_or_default();
            let indent = white.chars().map(|c| if c == '\t' { 4 } else { 1 }).sum();
            let trimmed = (start + before, start + before + text.trim_end().len());
            lines.push(Line { start, end: start + content.len(), trimmed, indent });
            start += line.len();
        }
        Self { text, lines }
    }

    pub(super) fn count(&self) -> usize {
        self.lines.len()
    }

    /// The line's text without its end; empty for a line that is not there.
    pub(super) fn line(&self, n: usize) -> &'a str {
        self.lines.get(n).and_then(|line| self.text.get(line.start..line.end)).unwrap_or_default()
    }

    /// The line's text without the white space around it; empty for a line that is not there.
    pub(super) fn trimmed(&self, n: usize) -> &'a str {
        self.lines.get(n).and_then(|line| self.text.get(line.trimmed.0..line.trimmed.1)).unwrap_or_default()
    }

    /// Whether the line is white space only, or not there.
    pub(super) fn is_blank(&self, n: usize) -> bool {
        self.lines.get(n).is_none_or(|line| line.trimmed.0 == line.trimmed.1)
    }

    /// Where in the text the line's first character stands that is not white space; none for a blank line.
    #[cfg(feature = "code")]
    pub(super) fn text_start(&self, n: usize) -> Option<usize> {
        self.lines.get(n).map(|line| line.trimmed).filter(|(start, end)| start != end).map(|(start, _)| start)
    }

    /// The width of the white space the line begins with; a tab is as wide as four spaces.
    pub(super) fn indent(&self, n: usize) -> usize {
        self.lines.get(n).map_or(0, |line| line.indent)
    }

    /// Whether the line has text and stands after a blank line or first.
    pub(super) fn opens(&self, n: usize) -> bool {
        !self.is_blank(n) && (n == 0 || self.is_blank(n - 1))
    }

    /// The range without the blank lines at its ends; empty when all are blank.
    pub(super) fn trim(&self, range: Range<usize>) -> Range<usize> {
        let Range { mut start, mut end } = range;
        while start < end && self.is_blank(start) {
            start += 1;
        }
        while start < end && self.is_blank(end - 1) {
            end -= 1;
        }
        start..end
    }

    /// The bytes from the start of the first line to the end of the last, without its line end.
    pub(super) fn bytes(&self, range: &Range<usize>) -> Range<usize> {
        match (self.lines.get(range.start), range.end.checked_sub(1).and_then(|last| self.lines.get(last))) {
            (Some(first), Some(last)) if range.start < range.end => first.start..last.end,
            _ => 0..0,
        }
    }

    pub(super) fn size(&self, range: &Range<usize>) -> usize {
        self.bytes(range).len()
    }

    pub(super) fn text(&self, range: &Range<usize>) -> &'a str {
        self.text.get(self.bytes(range)).unwrap_or_default()
    }

    /// The parts of `range` that begin at these lines; what stands before the first is a part as well.
    pub(super) fn parts(&self, range: &Range<usize>, begins: impl IntoIterator<Item = usize>) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let mut start = range.start;
        for end in begins.into_iter().chain([range.end]) {
            let part = self.trim(start..end);
            if !part.is_empty() {
                parts.push(part);
            }
            start = end;
        }
        parts
    }

    /// Neighbours joined as long as they stay within `target` bytes together.
    pub(super) fn pack(&self, parts: Vec<Range<usize>>, target: usize) -> Vec<Range<usize>> {
        let mut packed: Vec<Range<usize>> = Vec::new();
        for part in parts {
            match packed.last_mut() {
                Some(last) if self.size(&(last.start..part.end)) <= target => last.end = part.end,
                _ => packed.push(part),
            }
        }
        packed
    }
}
