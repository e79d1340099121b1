//! Words around a value that change nothing of it: `I'd say about five, please`.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::reader::Spot;
use super::token::{Class, Tokens};

/// By language together: a word of one that matters in another does not stand here. Words that deny or exclude never do.
const WORDS: &str = " i d ll m s re ve am it is was be will would want need like prefer say said think guess suppose believe make \
    made let us lets me my mine we our you your to at on in for the a an of by around about roughly approximately circa maybe \
    perhaps probably possibly exactly just only please thanks thank ok okay well um uh uhm hmm oh so then actually sorry hi hey \
    hello good works work fine great perfect yes yeah sure how what that this there here with and also as go going leave leaving \
    depart departing arrive arriving book travel fly come coming get have has date day days time number amount value size total \
    email mail address phone telephone cell mobile site website page name called should can could do does its im ill id put set use try take give now as soon possible some something somewhere sometime best \
    gerne bitte danke am um gegen etwa ungefähr circa ca also ich möchte will würde es ist das wäre sagen wir mal für mein mit \
    por favor gracias quiero quisiera es sea más menos alrededor sobre las los la el para mi creo que digamos serían \
    s'il plaît vous plait te merci je voudrais veux c'est est environ vers le les pour mon disons sera plait ";

fn is_harmless(word: &str) -> bool {
    static SET: LazyLock<HashSet<&'static str>> = LazyLock::new(|| WORDS.split_ascii_whitespace().collect());
    SET.contains(word)
}

/// Whether only harmless words and marks stand outside of the values. Behind a number, one word says what is counted.
pub(super) fn around(t: &Tokens<'_>, values: &[Spot], counts: bool) -> bool {
    let inside = |at: usize| {
        t.get(at).is_some_and(|token| {
            values.iter().any(|value| value.span.start <= token.start && token.end <= value.span.end)
        })
    };
    let mut counted = !counts;
    for at in 0..t.len() {
        let Some(token) = t.get(at) else { continue };
        if inside(at) || token.class == Class::Mark {
            continue;
        }
        if token.class == Class::Digits {
            return false;
        }
        if is_harmless(&token.text) {
            continue;
        }
        // Between several values: then it is ambiguous.
        if values.len() > 1 && matches!(token.text.as_str(), "or" | "to" | "oder" | "ou" | "o") {
            continue;
        }
        let behind = at > 0 && inside(at - 1);
        if counted
            || !behind
            || matches!(token.text.as_str(), "not" | "no" | "never" | "except" | "or" | "minus" | "percent")
        {
            return false;
        }
        counted = true;
    }
    true
}
