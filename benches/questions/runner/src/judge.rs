//! Whether an answer is one: it says what it must.

/// What is missing of what must be said. Case, line breaks and the numbers of sources do not matter.
pub fn missing<'a>(answer: &str, must: &'a [String]) -> Vec<&'a str> {
    let answer = plain(answer).to_lowercase();
    must.iter().map(String::as_str).filter(|phrase| !answer.contains(&phrase.to_lowercase())).collect()
}

/// A text on one line, without the numbers of sources.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once('[') {
        match tail.split_once(']') {
            Some((number, after)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => {
                plain.push_str(before.trim_end_matches(' '));
                rest = after;
            }
            _ => {
                plain.push_str(before);
                plain.push('[');
                rest = tail;
            }
        }
    }
    plain.push_str(rest);
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_be_said_is_looked_for_in_plain_text() {
        assert_eq!(plain("Kept for 45\ndays [1][2]. See [here] [3]."), "Kept for 45 days. See [here].");
        let must = ["45 days".to_owned(), "legal hold".to_owned()];
        assert_eq!(missing("Kept for 45\n days [1]; Legal holds.", &must), Vec::<&str>::new());
        assert_eq!(missing("Kept for 45 weeks.", &must), ["45 days", "legal hold"]);
    }
}
