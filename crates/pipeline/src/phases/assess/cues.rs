//! What a word can tell, and the tables in which a cue is found by the text that begins with it.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::lexicon::{ENDINGS, OPENINGS, WORDS};
use super::reading::fold;

/// What a word or phrase tells of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cue {
    /// Nothing: it stands before the question proper.
    Polite,
    /// It asks for a fact: who, when, how many.
    Fact,
    /// It asks for all there are of a kind.
    Listing,
    /// It asks for yes or no.
    Whether,
    /// It asks for a reason.
    Why,
    /// It asks for a procedure.
    HowTo,
    /// It asks how something works.
    Mechanism,
    /// It asks for an explanation or a summary.
    Explain,
    /// It asks for something to be made, in steps.
    Make,
    /// It asks for one small action.
    Small,
    /// It asks what should be done.
    Deliberate,
    /// It asks whether one may or must.
    Permit,
    /// It asks for comparison, design, diagnosis, judgement.
    Judgement,
    /// Better, best, difference.
    Degree,
    /// Alternatives are named.
    Alternative,
    /// Steps are named.
    Steps,
    /// Everything is meant.
    Scope,
    /// There are conditions.
    Condition,
    /// Something goes badly.
    Trouble,
    /// It is the asker's own case.
    Own,
    /// What is meant is a look, a name or a meaning.
    Harmless,
    /// Something is to be destroyed or switched off.
    Destroy,
    /// Something is to be protected or got back.
    Guard,
    /// Health.
    Medicine,
    /// Somebody is in danger now.
    Emergency,
    /// Law.
    Law,
    /// Money.
    Money,
    /// Secrets and access.
    Security,
    /// Systems and data in use.
    Production,
    /// Data that could be lost.
    Data,
    /// What belongs in few hands.
    Private,
    /// Things that burn, poison or shock.
    Hazard,
}

/// How many cues there are.
pub(super) const CUES: usize = Cue::Hazard as usize + 1;

struct Entry {
    text: Cow<'static, str>,
    /// Whether a longer word may begin with it.
    open: bool,
    cue: Cue,
    /// The longest other entry that this one begins with.
    shorter: Option<usize>,
}

/// Cues in order of their texts.
pub(super) struct Table {
    entries: Vec<Entry>,
    /// Where the entries begin that begin with a byte; one more for the end of the last.
    begins: Vec<usize>,
}

pub(super) static AT_OPENINGS: LazyLock<Table> = LazyLock::new(|| Table::new(OPENINGS));
pub(super) static ANYWHERE: LazyLock<Table> = LazyLock::new(|| Table::new(WORDS));

/// Makes the tables, which takes about a millisecond, so that no question has to.
pub(super) fn prepare() {
    LazyLock::force(&AT_OPENINGS);
    LazyLock::force(&ANYWHERE);
}

impl Table {
    fn new(rows: &[(Cue, &'static str)]) -> Self {
        let mut entries: Vec<Entry> = Vec::with_capacity(4096);
        for (cue, texts) in rows {
            for text in texts.split(',').map(str::trim).filter(|text| !text.is_empty()) {
                let (text, open) = text.strip_suffix('*').map_or((text, false), |text| (text, true));
                // What is written without blanks has no ends of words to look at.
                let open = open || text.chars().next().is_some_and(is_dense);
                let is_folded = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b' '));
                let text = if is_folded { Cow::Borrowed(text) } else { Cow::Owned(fold(text)) };
                entries.push(Entry { text, open, cue: *cue, shorter: None });
            }
        }
        // Of cues with one text the first in the tables counts.
        entries.sort_by(|a, b| a.text.cmp(&b.text));
        entries.dedup_by(|later, kept| later.text == kept.text && later.open == kept.open);
        let mut begun: Vec<(usize, &str)> = Vec::new();
        let mut shorter = Vec::with_capacity(entries.len());
        for (n, entry) in entries.iter().enumerate() {
            while begun.last().is_some_and(|(_, last)| !entry.text.starts_with(last)) {
                begun.pop();
            }
            shorter.push(begun.last().map(|(at, _)| *at));
            begun.push((n, entry.text.as_ref()));
        }
        entries.iter_mut().zip(shorter).for_each(|(entry, shorter)| entry.shorter = shorter);
        let before = |byte: usize| entries.partition_point(|entry| first_byte(&entry.text) < byte);
        let begins = (0..=256).map(before).collect();
        Self { entries, begins }
    }

    /// The longest cue that `text` begins with, and its length in bytes.
    ///
    /// Whatever stands between a beginning of `text` and `text` in the order begins with that beginning too, so all
    /// cues in question are the last entry before `text` and what that begins with.
    pub(super) fn longest(&self, text: &str) -> Option<(Cue, usize)> {
        let first = first_byte(text);
        let (from, to) = (*self.begins.get(first)?, *self.begins.get(first + 1)?);
        let upto = self.entries.get(from..to)?.partition_point(|entry| entry.text.as_ref() <= text);
        let mut at = upto.checked_sub(1).map(|at| from + at);
        while let Some(entry) = at.and_then(|at| self.entries.get(at)) {
            let ends = |rest: &str| entry.open || rest.is_empty() || rest.starts_with(' ');
            if text.strip_prefix(entry.text.as_ref()).is_some_and(ends) {
                return Some((entry.cue, entry.text.len()));
            }
            at = entry.shorter;
        }
        None
    }
}

fn first_byte(text: &str) -> usize {
    text.bytes().next().unwrap_or_default().into()
}

/// What the end of a long word tells.
pub(super) fn by_ending(word: &str) -> Option<Cue> {
    static BY_ENDING: LazyLock<Vec<(Cue, &str)>> = LazyLock::new(|| {
        let ends =
            |(cue, ends): &(Cue, &'static str)| ends.split(',').map(|end| (*cue, end.trim())).collect::<Vec<_>>();
        ENDINGS.iter().flat_map(ends).collect()
    });
    let longer = |end: &str| word.len() > end.len() + 1 && word.ends_with(end);
    (word.len() >= 8).then(|| BY_ENDING.iter().find(|(_, end)| longer(end)).map(|(cue, _)| *cue)).flatten()
}

/// Whether a character belongs to a script that puts no blanks between words: kana and Han.
pub(super) fn is_dense(c: char) -> bool {
    matches!(c, '\u{3005}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_cue_counts() {
        let found = |text: &str| ANYWHERE.longest(text);
        assert_eq!(found("comparison of two"), Some((Cue::Judgement, 6)));
        assert_eq!(found("pros and cons of it"), Some((Cue::Judgement, 13)));
        assert_eq!(found("pro"), None);
        assert_eq!(found("between us"), Some((Cue::Alternative, 7)));
        assert_eq!(found("betweenness"), None);
        assert_eq!(found("分析一下"), Some((Cue::Judgement, 6)));
        assert_eq!(AT_OPENINGS.longest("how do i kill it"), Some((Cue::HowTo, 8)));
        assert_eq!(AT_OPENINGS.longest("how does it"), Some((Cue::Mechanism, 8)));
        assert_eq!(AT_OPENINGS.longest(""), None);
    }

    #[test]
    fn every_cue_is_found_by_its_own_text() {
        for (table, rows) in [(&AT_OPENINGS, OPENINGS), (&ANYWHERE, WORDS)] {
            for (_, texts) in rows {
                for text in
                    texts.split(',').map(|text| text.trim().trim_end_matches('*')).filter(|text| !text.is_empty())
                {
                    let (_, length) = table.longest(&fold(text)).unwrap_or_else(|| panic!("{text:?} is not found"));
                    assert_eq!(length, fold(text).len(), "{text:?}");
                }
            }
        }
    }
}
