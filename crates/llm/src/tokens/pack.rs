//! What of a context fits into a budget of tokens.

use ninefold_core::{Error, ErrorKind, Message, Part, Result, Role};
use serde::de::IgnoredAny;

use super::{Count, Counter};

/// A conversation that fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed {
    /// What is left of it, in its order.
    pub messages: Vec<Message>,
    /// How many messages were left out.
    pub left_out: usize,
    /// About how many tokens it is.
    pub count: Count,
}

/// Fits a conversation into `budget` tokens by leaving out its older part. The instructions, the user's last message and
/// the newest message stay; tool calls stay or go together with their results; what stays of the rest is the newest, and
/// begins with a user's message.
///
/// # Errors
/// `TooLong` when what must stay does not fit.
pub fn pack(messages: Vec<Message>, budget: u64, counter: Counter) -> Result<Packed> {
    let costs: Vec<u64> = messages.iter().map(|message| counter.message(message).tokens).collect();
    let groups = groups(&messages);
    let is_system = |n: usize| messages.get(n).is_some_and(|message| message.role == Role::System);
    let is_user = |n: usize| messages.get(n).is_some_and(|message| message.role == Role::User);
    let cost = |n: usize| costs.get(n).copied().unwrap_or(0);
    let cost_of = |(start, end): (usize, usize)| -> u64 { (start..end).filter(|n| !is_system(*n)).map(cost).sum() };

    let asked = groups.iter().rposition(|&(start, end)| (start..end).any(is_user));
    let newest = groups.iter().rposition(|&(start, end)| (start..end).any(|n| !is_system(n)));
    let mut kept = vec![false; groups.len()];
    let mut used: u64 = (0..messages.len()).filter(|n| is_system(*n)).map(cost).sum();
    for (n, group) in groups.iter().enumerate().filter(|(n, _)| asked == Some(*n) || newest == Some(*n)) {
        used += cost_of(*group);
        if let Some(kept) = kept.get_mut(n) {
            *kept = true;
        }
    }
    if used > budget {
        let what = "the instructions, the last question and the newest message";
        return Err(Error::new(ErrorKind::TooLong, format!("{what} are about {used} tokens, the budget is {budget}"))
            .hint("raise the budget or shorten them"));
    }
    // The newest of the rest, without a gap.
    let mut first = groups.len();
    for (n, group) in groups.iter().enumerate().rev() {
        if !kept.get(n).copied().unwrap_or(true) {
            let more = cost_of(*group);
            if used + more > budget {
                break;
            }
            used += more;
            if let Some(kept) = kept.get_mut(n) {
                *kept = true;
            }
        }
        first = n;
    }
    // Not with an answer to what is no longer there: from the first question on, which is at the latest the last one.
    for (n, group) in groups.iter().enumerate().skip(first) {
        let (start, end) = *group;
        if (start..end).any(is_user) || asked.is_none_or(|asked| n >= asked) || newest == Some(n) {
            break;
        }
        if let Some(kept) = kept.get_mut(n).filter(|kept| **kept) {
            *kept = false;
            used -= cost_of(*group);
        }
    }
    let mut stays = vec![false; messages.len()];
    for (&(start, end), kept) in groups.iter().zip(&kept) {
        stays.iter_mut().take(end).skip(start).for_each(|stays| *stays = *kept);
    }
    let all = messages.len();
    let messages: Vec<Message> = messages
        .into_iter()
        .zip(stays)
        .filter(|(message, stays)| *stays || message.role == Role::System)
        .map(|(message, _)| message)
        .collect();
    Ok(Packed { left_out: all - messages.len(), messages, count: Count { tokens: used, exact: false } })
}

/// The messages in runs that belong together: each from its first to behind its last. A call and its result are in one.
fn groups(messages: &[Message]) -> Vec<(usize, usize)> {
    // For each message the last one that belongs to it.
    let mut reach: Vec<usize> = (0..messages.len()).collect();
    let mut called: Vec<(&str, usize)> = Vec::new();
    for (n, message) in messages.iter().enumerate() {
        for part in &message.parts {
            match part {
                Part::ToolCall(call) => called.push((&call.id, n)),
                Part::ToolResult(result) => {
                    let call = called.iter().rev().find(|(id, _)| *id == result.id.as_str());
                    if let Some(reach) = call.and_then(|(_, call)| reach.get_mut(*call)) {
                        *reach = n;
                    }
                }
                _ => {}
            }
        }
    }
    let mut groups: Vec<(usize, usize)> = Vec::new();
    for (n, reach) in reach.into_iter().enumerate() {
        match groups.last_mut() {
            Some((_, end)) if n < *end => *end = (*end).max(reach + 1),
            _ => groups.push((n, reach + 1)),
        }
    }
    groups
}

/// A text that fits, or as much of it as does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fitting<'a> {
    /// Which of the texts.
    pub index: usize,
    /// It, or its beginning.
    pub text: &'a str,
    /// Whether it is all of it.
    pub whole: bool,
}

/// The least that is worth a beginning.
const LEAST: u64 = 32;

/// Fits texts into `budget` tokens, the best first: each whole, as long as there is room, and of the first that there is no
/// room for its beginning. A beginning never ends inside a character or a JSON value, and ends between words where it can.
/// A text that cannot be cut is left out, and what comes after it may still fit.
#[must_use]
pub fn pack_texts<'a>(texts: &[&'a str], budget: u64, counter: Counter) -> Vec<Fitting<'a>> {
    let mut left = budget;
    let mut fitting = Vec::new();
    let mut cut = false;
    for (index, text) in texts.iter().enumerate() {
        if counter.fits(text, left) {
            left -= counter.text(text).tokens.min(left);
            fitting.push(Fitting { index, text, whole: true });
        } else if !cut && left >= LEAST {
            let text = between_words(outside_json(text, counter.beginning(text, left).len()));
            // Cutting further back can make more tokens of it, seldom.
            if !text.is_empty() && counter.fits(text, left) {
                cut = true;
                left -= counter.text(text).tokens.min(left);
                fitting.push(Fitting { index, text, whole: false });
            }
        }
    }
    fitting
}

/// How many brackets that open no JSON are looked at.
const MAX_BRACKETS: usize = 64;

/// The beginning of `text` up to `end`, or up to the JSON value that `end` is inside of.
fn outside_json(text: &str, end: usize) -> &str {
    let mut from = 0;
    let mut failed = 0;
    let trimmed = text.trim();
    if serde_json::from_str::<IgnoredAny>(trimmed).is_ok() {
        return "";
    }
    while let Some(at) = text.get(from..end).and_then(|rest| rest.find(['{', '['])).map(|at| from + at) {
        let mut values =
            serde_json::Deserializer::from_str(text.get(at..).unwrap_or_default()).into_iter::<IgnoredAny>();
        match values.next() {
            Some(Ok(_)) if at + values.byte_offset() > end => return text.get(..at).unwrap_or_default(),
            Some(Ok(_)) => from = at + values.byte_offset(),
            _ => {
                failed += 1;
                if failed > MAX_BRACKETS {
                    return text.get(..at).unwrap_or_default();
                }
                from = at + 1;
            }
        }
    }
    text.get(..end).unwrap_or_default()
}

/// The text up to its last blank, if that is not far back; without blanks at its end.
fn between_words(text: &str) -> &str {
    let near = text.floor_char_boundary(text.len() - text.len() / 4);
    let blank = text.rfind(char::is_whitespace).filter(|blank| *blank >= near);
    blank.and_then(|blank| text.get(..blank)).unwrap_or(text).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_never_cut() {
        let text = "Before. {\"a\": [1, 2, {\"b\": \"}\"}]} after [x] it {\"c\": 1}";
        let value = text.find(" after").unwrap();
        for end in 0..=text.len() {
            let cut = outside_json(text, end);
            assert!(cut.len() <= end);
            assert!(cut.len() <= 8 || cut.len() >= value, "{cut}");
        }
        assert_eq!(outside_json("[1, 2, 3]", 4), "");
        assert_eq!(outside_json("\"one string\"", 4), "");
        assert_eq!(outside_json(&"[".repeat(100_000), 99_999).len(), MAX_BRACKETS);
    }

    #[test]
    fn the_best_come_first_and_what_cannot_be_cut_makes_room() {
        let long = "words and more words ".repeat(40);
        let json = format!("{{\"long\": \"{long}\"}}");
        let texts = ["short", &json, &long, "last"];
        let fitting = pack_texts(&texts, 100, Counter::estimate());
        let shown: Vec<_> = fitting.iter().map(|fit| (fit.index, fit.whole)).collect();
        assert_eq!(shown, [(0, true), (2, false)]);
        assert!(fitting[1].text.len() > 240 && long.starts_with(fitting[1].text) && fitting[1].text.ends_with("s"));
    }
}
