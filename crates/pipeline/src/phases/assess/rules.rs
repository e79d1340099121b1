//! From features to a level: a linear model over named features, and its reason in words.

use std::fmt::Write as _;

use ninefold_core::{Assessment, DecidedBy};

use super::features::{self, FEATURES, Feature, LEVELS, PRIOR, Row};
use super::reading::Reading;

/// How far apart weights are in odds. Set so that of the questions to which the rules give a confidence about as
/// many are right, on the developing half of `data/assess.jsonl`.
const SHARPNESS: f32 = 1.0;
/// How many features a reason names.
const NAMED: usize = 3;

/// The assessment by features alone, in time proportional to the question's length.
///
/// ```
/// use ninefold_core::Complexity;
/// use ninefold_pipeline::phases::assess::by_rules;
///
/// assert_eq!(by_rules("What colour is the password field?").complexity, Complexity::Simple);
/// let assessment = by_rules("Delete the production database");
/// assert_eq!(assessment.complexity, Complexity::Critical);
/// assert!(assessment.reason.starts_with("takes away data or a system in use: database"));
/// ```
#[must_use]
pub fn by_rules(question: &str) -> Assessment {
    let reading = Reading::of(question);
    let mut scores = PRIOR;
    let mut seen: Vec<&Row> = Vec::with_capacity(12);
    features::each(&reading, |feature| {
        let Some(row) = row(feature) else { return };
        for (score, weight) in scores.iter_mut().zip(row.weights) {
            *score += weight;
        }
        seen.push(row);
    });
    let best = (0..LEVELS.len()).max_by(|&a, &b| of(&scores, a).total_cmp(&of(&scores, b))).unwrap_or_default();
    let odds: f32 = scores.iter().map(|score| ((score - of(&scores, best)) * SHARPNESS).exp()).sum();
    let complexity = LEVELS.get(best).copied().unwrap_or(ninefold_core::Complexity::Medium);
    Assessment { complexity, confidence: 1.0 / odds, reason: reason(&reading, seen, best), by: DecidedBy::Rules }
}

fn of(scores: &[f32; LEVELS.len()], level: usize) -> f32 {
    scores.get(level).copied().unwrap_or_default()
}

fn row(feature: Feature) -> Option<&'static Row> {
    let row = FEATURES.get(feature as usize);
    debug_assert!(row.is_some_and(|row| row.feature == feature), "rows stand in the order of the features");
    row
}

/// The features that speak most for the level over the others, with the words they were seen by.
fn reason(reading: &Reading, mut seen: Vec<&Row>, level: usize) -> String {
    let speaks = |row: &Row| of(&row.weights, level) - row.weights.iter().sum::<f32>() / LEVELS.len() as f32;
    seen.retain(|row| speaks(row) > 0.2);
    seen.sort_by(|a, b| speaks(b).total_cmp(&speaks(a)));
    let mut reason = String::with_capacity(96);
    for (n, row) in seen.iter().take(NAMED).enumerate() {
        if n > 0 {
            reason.push_str("; ");
        }
        reason.push_str(row.name);
        let Some(cue) = row.cue else { continue };
        for (n, word) in reading.seen(cue).enumerate() {
            reason.push_str(if n == 0 { ": " } else { ", " });
            reason.push_str(word);
        }
    }
    if seen.is_empty() {
        let _ = write!(reason, "shows nothing that tells its level, in {} words", reading.words);
    }
    reason
}

#[cfg(test)]
mod tests {
    use ninefold_core::Complexity;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_the_features() {
        for (n, row) in FEATURES.iter().enumerate() {
            assert_eq!(row.feature as usize, n, "{:?}", row.feature);
        }
    }

    #[test]
    fn the_four_levels() {
        let level = |question: &str| by_rules(question).complexity;
        assert_eq!(level("What does the main function do?"), Complexity::Simple);
        assert_eq!(level("主函数做什么？"), Complexity::Simple);
        assert_eq!(
            level("How do I add a provider, give it a key and test it with the conformance suite?"),
            Complexity::Medium
        );
        assert_eq!(level("Compare the two stores and recommend one for a laptop"), Complexity::Complex);
        assert_eq!(level("What is a phase? Who runs it? When is it cached?"), Complexity::Complex);
        assert_eq!(
            level(
                "Analyze the authentication flow and identify potential security vulnerabilities in the session management code"
            ),
            Complexity::Critical
        );
    }

    #[test]
    fn a_word_alone_decides_nothing() {
        let level = |question: &str| by_rules(question).complexity;
        assert_eq!(level("What colour is the password field?"), Complexity::Simple);
        assert_eq!(level("How do I store a password?"), Complexity::Critical);
        assert_eq!(level("How do I kill a process?"), Complexity::Simple);
        assert_eq!(level("Delete the draft"), Complexity::Simple);
        assert_eq!(level("Delete the production database"), Complexity::Critical);
        assert_eq!(level("Why is grass green?"), Complexity::Simple);
        assert_eq!(level("Why do our customers leave?"), Complexity::Complex);
    }

    #[test]
    fn the_reason_names_what_decided() {
        insta::assert_snapshot!(by_rules("Compare Redis versus SQLite").reason, @"asks for judgement: compare, versus; judgement in more than one way");
        insta::assert_snapshot!(by_rules("Delete all customer data on the live server").reason, @"takes away data or a system in use; a system in use is at stake: customer data, live server; is to be done at once");
        insta::assert_snapshot!(by_rules("Wie viel Paracetamol darf mein Kind nehmen?").reason, @"health is at stake: paracetamol; the asker's own case is at stake: mein; an amount is asked for");
        insta::assert_snapshot!(by_rules("blue").reason, @"is very short");
    }

    proptest! {
        #[test]
        fn whatever_is_asked_has_a_level_and_a_confidence(question in any::<String>()) {
            let assessment = by_rules(&question);
            prop_assert!((0.25..=1.0).contains(&assessment.confidence), "{}", assessment.confidence);
            prop_assert!(!assessment.reason.is_empty());
        }

        #[test]
        fn case_and_space_tell_nothing(words in prop::collection::vec("how do i|kill|compare|password|my|dose|[a-z]{1,8}", 1..12)) {
            let one = by_rules(&words.join(" "));
            let other = by_rules(&format!("  {} ", words.join("   ").to_uppercase()));
            prop_assert_eq!((one.complexity, one.confidence), (other.complexity, other.confidence));
        }
    }
}
