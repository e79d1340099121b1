//! Text as the tables of cues have it, and the cues in it with where they stand.

use std::borrow::Cow;

use super::cues::{ANYWHERE, AT_OPENINGS, CUES, Cue, by_ending, is_dense};

/// How many words a cue's feature remembers for the reason.
const REMEMBERED: usize = 3;

/// What a question shows, counted.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The question, folded.
    text: String,
    /// The first opening that tells something; none for a question that begins with a statement.
    pub(super) opening: Option<Cue>,
    /// The cue of the verb right behind the first opening: `how do I | kill`.
    pub(super) verb: Option<Cue>,
    /// Openings after the first: of further sentences, and of clauses after a conjunction or a comma.
    pub(super) joined: [u16; CUES],
    counts: [u16; CUES],
    spots: [[(u32, u32); REMEMBERED]; CUES],
    /// Words; of a script without blanks, half its characters.
    pub(super) words: usize,
    /// Question marks of any script.
    pub(super) questions: usize,
    /// Commas and semicolons.
    pub(super) commas: usize,
    /// Words before the first opening: what is told before the question.
    pub(super) told: usize,
    /// Marks of code: back-ticks, `::`, `()`, `=`, paths.
    pub(super) code: bool,
    /// Whether a number stands in it.
    pub(super) number: bool,
}

impl Reading {
    /// Reads a question, in time proportional to its length.
    pub(super) fn of(question: &str) -> Self {
        let mut reading = Self { text: fold(question), ..Self::default() };
        reading.marks(question);
        reading.cues();
        reading
    }

    /// How often a cue stands in the question, openings apart.
    pub(super) fn count(&self, cue: Cue) -> usize {
        self.counts.get(cue as usize).copied().unwrap_or_default().into()
    }

    /// Whether an opening after the first one is of this kind.
    pub(super) fn joins(&self, cue: Cue) -> bool {
        self.joined.get(cue as usize).is_some_and(|&count| count > 0)
    }

    /// The words by which a cue was seen, the first few.
    pub(super) fn seen(&self, cue: Cue) -> impl Iterator<Item = &str> {
        let spots = self.spots.get(cue as usize).into_iter().flatten();
        spots.filter(|(start, end)| end > start).filter_map(|&(start, end)| self.text.get(start as usize..end as usize))
    }

    fn marks(&mut self, question: &str) {
        let mut before = '\0';
        for c in question.chars() {
            match c {
                '?' | '？' | '؟' => self.questions += 1,
                '\n' | ',' | ';' | '、' | '，' | '；' | '،' | '؛' => self.commas += 1,
                '`' | '{' | '}' | '=' | '<' | '>' | '_' => self.code = true,
                ':' if before == ':' => self.code = true,
                ')' if before == '(' => self.code = true,
                c if c.is_numeric() => self.number = true,
                _ => {}
            }
            before = c;
        }
    }

    fn cues(&mut self) {
        let text = std::mem::take(&mut self.text);
        let (mut at, mut place, mut dense_characters) = (0, Place::Sentence, 0_usize);
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let Some(first) = rest.chars().next() else { break };
            if matches!(first, ' ' | SENTENCE | CLAUSE) {
                place = match first {
                    SENTENCE => Place::Sentence,
                    CLAUSE if place == Place::Inside => Place::Clause,
                    _ => place,
                };
                at += 1;
                continue;
            }
            let dense = is_dense(first);
            let step = if dense { first.len_utf8() } else { rest.find([' ', SENTENCE, CLAUSE]).unwrap_or(rest.len()) };
            if dense {
                dense_characters += 1;
            } else {
                self.words += 1;
            }
            let opening = if place == Place::Inside && !dense { None } else { AT_OPENINGS.longest(rest) };
            let opening = opening.map(|(cue, length)| (if asks_how_one_does(rest) { Cue::HowTo } else { cue }, length));
            let ending = || by_ending(rest.get(..step).unwrap_or_default()).map(|cue| (cue, step));
            let article = || without_article(rest).and_then(|rest| ANYWHERE.longest(rest));
            let word = ANYWHERE.longest(rest).or_else(article).or_else(ending);
            if let Some((cue, length)) = word {
                self.add(cue, at, at + end_of_word(rest, length, dense));
            }
            match opening {
                Some((Cue::Polite, length)) => {
                    if place == Place::Inside {
                        place = Place::Clause;
                    }
                    at += if dense { step } else { length.max(1) };
                    continue;
                }
                Some((cue, length)) => {
                    self.open(cue, place);
                    self.remember(cue, at, at + length);
                    // What may follow an opening of this kind is its verb; but the words of a phrase may be cues too.
                    place = if cue.leads_to_a_verb() { Place::Verb } else { Place::Inside };
                    if !dense {
                        self.words += rest.get(..length).map_or(0, |phrase| phrase.matches(' ').count());
                        self.words_within(rest, at, length);
                    }
                    at += if dense { length } else { length.max(step.min(rest.len())) };
                    continue;
                }
                None => {}
            }
            let joint = !dense
                && word.is_none_or(|(cue, _)| cue == Cue::Alternative)
                && is_conjunction(rest.get(..step).unwrap_or_default());
            place = if joint { Place::Clause } else { Place::Inside };
            at += match word {
                Some((_, length)) if dense => length,
                Some((_, length)) => {
                    self.words += rest.get(..length).map_or(0, |phrase| phrase.matches(' ').count());
                    length.max(step)
                }
                None => step,
            };
        }
        self.words += dense_characters.div_ceil(2);
        self.text = text;
    }

    /// The cues within the words of an opening that is a phrase, but for the one at its beginning.
    fn words_within(&mut self, rest: &str, at: usize, length: usize) {
        let Some(phrase) = rest.get(..length) else { return };
        for (blank, _) in phrase.match_indices(' ') {
            if let Some((cue, length)) = rest.get(blank + 1..).and_then(|rest| ANYWHERE.longest(rest)) {
                self.add(cue, at + blank + 1, at + blank + 1 + length);
            }
        }
    }

    fn open(&mut self, cue: Cue, place: Place) {
        match (self.opening, place) {
            (None, _) => {
                self.opening = Some(cue);
                self.told = self.words.saturating_sub(1);
            }
            (Some(_), Place::Verb) if self.verb.is_none() => self.verb = Some(cue),
            (Some(_), _) => {
                if let Some(count) = self.joined.get_mut(cue as usize) {
                    *count = count.saturating_add(1);
                }
            }
        }
    }

    fn add(&mut self, cue: Cue, start: usize, end: usize) {
        if let Some(count) = self.counts.get_mut(cue as usize) {
            *count = count.saturating_add(1);
        }
        self.remember(cue, start, end);
    }

    fn remember(&mut self, cue: Cue, start: usize, end: usize) {
        let free =
            self.spots.get_mut(cue as usize).and_then(|spots| spots.iter_mut().find(|(start, end)| start == end));
        if let (Some(free), Ok(start), Ok(end)) = (free, u32::try_from(start), u32::try_from(end)) {
            *free = (start, end);
        }
    }
}

impl Cue {
    fn leads_to_a_verb(self) -> bool {
        matches!(self, Self::HowTo | Self::Deliberate | Self::Permit | Self::Mechanism)
    }
}

/// Where in a sentence one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At its beginning.
    Sentence,
    /// After a comma or a conjunction.
    Clause,
    /// Right behind an opening that a verb follows.
    Verb,
    Inside,
}

/// What stands for the end of a sentence, and of a clause, in folded text.
const SENTENCE: char = '\n';
const CLAUSE: char = ',';

/// Where the word ends whose beginning is a cue of this length.
fn end_of_word(rest: &str, length: usize, dense: bool) -> usize {
    if dense {
        return length;
    }
    let tail = rest.get(length..).unwrap_or_default();
    length + tail.find([' ', SENTENCE, CLAUSE]).unwrap_or(tail.len())
}

/// An Arabic word without its article or the conjunctions and prepositions that are written with it.
fn without_article(rest: &str) -> Option<&str> {
    const PREFIXES: [&str; 8] = ["وال", "بال", "لل", "ال", "و", "ب", "ل", "ف"];
    PREFIXES.iter().find_map(|prefix| rest.strip_prefix(prefix))
}

/// `Wie entkalke ich`, `hoe bak ik`: any verb may stand between.
fn asks_how_one_does(rest: &str) -> bool {
    let Some(rest) = rest.strip_prefix("wie ").or_else(|| rest.strip_prefix("hoe ")) else { return false };
    let mut words = rest.splitn(3, ' ').skip(1);
    words.next().is_some_and(|word| matches!(word, "ich" | "wir" | "man" | "ik" | "je" | "we"))
}

fn is_conjunction(word: &str) -> bool {
    const CONJUNCTIONS: [&str; 20] = [
        "and", "but", "or", "then", "so", "because", "und", "oder", "aber", "et", "ou", "y", "o", "e", "ed", "en",
        "of", "и", "или", "ثم",
    ];
    CONJUNCTIONS.contains(&word)
}

/// The text in lower case, without the accents of Latin letters and the vowel signs of Arabic, with one blank between
/// words, a line break for what ends a sentence and a comma for what ends a clause.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            'a'..='z' | '0'..='9' => folded.push(c),
            'A'..='Z' => folded.push(c.to_ascii_lowercase()),
            '.' | '!' | '?' | ':' => {
                // Within a word it ends none: `2.5`, `main.rs`, `a::b`.
                let ends = letters.peek().is_none_or(|next| next.is_whitespace() || matches!(next, '"' | ')' | '\''));
                mark(&mut folded, if ends { SENTENCE } else { ' ' });
            }
            '。' | '？' | '！' | '؟' | '：' => mark(&mut folded, SENTENCE),
            '\n' | ',' | ';' | '、' | '，' | '；' | '،' | '؛' | '—' | '–' => mark(&mut folded, CLAUSE),
            c if c.is_ascii() => mark(&mut folded, ' '),
            c => match plain(c) {
                Plain::Letters(letters) => folded.push_str(&letters),
                Plain::Other => folded.extend(c.to_lowercase()),
                Plain::Mark => mark(&mut folded, ' '),
                Plain::Nothing => {}
            },
        }
    }
    while folded.ends_with([' ', CLAUSE, SENTENCE]) {
        folded.pop();
    }
    folded
}

/// Puts a mark behind what is there; of several the one that ends most stays.
fn mark(folded: &mut String, mark: char) {
    match (folded.chars().next_back(), mark) {
        (None | Some(SENTENCE), _) | (Some(CLAUSE), ' ' | CLAUSE) | (Some(' '), ' ') => {}
        (Some(' ' | CLAUSE), _) => {
            folded.pop();
            folded.push(mark);
        }
        (Some(_), _) => folded.push(mark),
    }
}

enum Plain {
    Letters(Cow<'static, str>),
    Other,
    Mark,
    Nothing,
}

fn plain(c: char) -> Plain {
    let letters = |letters: &'static str| Plain::Letters(letters.into());
    match c {
        'À'..='Å' | 'à'..='å' | 'Ā'..='ą' => letters("a"),
        'Æ' | 'æ' => letters("ae"),
        'Ç' | 'ç' | 'Ć'..='č' => letters("c"),
        'È'..='Ë' | 'è'..='ë' | 'Ē'..='ě' => letters("e"),
        'Ì'..='Ï' | 'ì'..='ï' | 'Ĩ'..='ı' => letters("i"),
        'Ñ' | 'ñ' | 'Ń'..='ň' => letters("n"),
        'Ò'..='Ö' | 'ò'..='ö' | 'Ø' | 'ø' | 'Ō'..='ő' => letters("o"),
        'Œ' | 'œ' => letters("oe"),
        'Ù'..='Ü' | 'ù'..='ü' | 'Ũ'..='ų' => letters("u"),
        'Ý' | 'ý' | 'ÿ' => letters("y"),
        'ß' => letters("ss"),
        'Ś'..='š' => letters("s"),
        'Ź'..='ž' => letters("z"),
        'ё' | 'Ё' => letters("е"),
        'أ' | 'إ' | 'آ' => letters("ا"),
        'ة' => letters("ه"),
        'ى' => letters("ي"),
        // Vowel signs of Arabic, and accents that stand apart.
        '\u{64b}'..='\u{652}' | '\u{300}'..='\u{36f}' => Plain::Nothing,
        c if c.is_alphanumeric() || is_dense(c) => Plain::Other,
        _ => Plain::Mark,
    }
}
