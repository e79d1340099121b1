//! What is heard of a reply while it is written: what follows its reasoning, where that comes first.

use std::borrow::Cow;
use std::mem::take;

const BEGIN: &str = "<think>";
const END: &str = "</think>";

/// Lets text through as it comes, without a leading `<think>…</think>`.
#[derive(Debug, Default)]
pub(crate) struct Visible {
    stage: Stage,
    /// What has come and cannot be told apart yet.
    held: String,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    #[default]
    Beginning,
    Reasoning,
    Answer,
}

impl Visible {
    /// What can be heard now that this has come.
    pub(crate) fn hear<'a>(&mut self, text: &'a str) -> Cow<'a, str> {
        if self.stage == Stage::Answer {
            return Cow::Borrowed(text);
        }
        self.held.push_str(text);
        if self.stage == Stage::Beginning {
            let begun = self.held.trim_start();
            if BEGIN.starts_with(begun) && begun.len() < BEGIN.len() {
                return Cow::Borrowed("");
            }
            if !begun.starts_with(BEGIN) {
                self.stage = Stage::Answer;
                return Cow::Owned(take(&mut self.held));
            }
            self.stage = Stage::Reasoning;
        }
        if let Some((_, answer)) = self.held.split_once(END) {
            let answer = answer.trim_start().to_owned();
            // Blanks before the answer are no part of it, however they come.
            if answer.is_empty() {
                self.held = END.to_owned();
            } else {
                self.stage = Stage::Answer;
                self.held = String::new();
            }
            return Cow::Owned(answer);
        }
        // As much as may be the beginning of the end.
        let kept = self.held.char_indices().rev().map(|(at, _)| at).find(|at| self.held.len() - at >= END.len());
        self.held.drain(..kept.unwrap_or(0));
        Cow::Borrowed("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is heard of pieces of so many characters.
    fn heard(text: &str, size: usize) -> String {
        let characters: Vec<char> = text.chars().collect();
        let mut visible = Visible::default();
        let pieces = characters.chunks(size).map(|piece| piece.iter().collect::<String>());
        pieces.map(|piece| visible.hear(&piece).into_owned()).collect()
    }

    #[test]
    fn reasoning_is_not_heard_however_it_is_cut() {
        for size in 1..40 {
            assert_eq!(
                heard(" <think>Größe? 2 < 3, </thin and so on</think>\n\nIt is <think> 3.", size),
                "It is <think> 3."
            );
            assert_eq!(heard("<think>for ever", size), "");
            assert_eq!(heard("<thin air> it is", size), "<thin air> it is");
            assert_eq!(heard("It is </think> 3.", size), "It is </think> 3.");
        }
    }
}
