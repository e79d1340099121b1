//! Whatever is written, nothing panics, spans are within the text, and the work grows with the text.

use proptest::prelude::*;

use super::*;
use crate::Choice;

fn kinds() -> Vec<Kind> {
    let options = ["economy", "business"].map(|value| Choice { value: value.into(), synonyms: vec![] });
    vec![
        Kind::Text,
        Kind::Name,
        Kind::Place,
        Kind::Boolean,
        Kind::Integer,
        Kind::Number,
        Kind::Ordinal,
        Kind::Percent,
        Kind::Money,
        Kind::Date,
        Kind::Time,
        Kind::DateTime,
        Kind::Duration,
        Kind::DateRange,
        Kind::TimeRange,
        Kind::DateTimeRange,
        Kind::Recurrence,
        Kind::NumberRange,
        Kind::Age,
        Kind::Dimension,
        Kind::Temperature,
        Kind::Email,
        Kind::Phone,
        Kind::Url,
        Kind::Category { options: options.into() },
        Kind::Any,
    ]
}

const LOCALES: [Locale; 5] = [Locale::EnUs, Locale::EnGb, Locale::DeDe, Locale::EsEs, Locale::FrFr];

fn check(text: &str, locale: Locale, prefer: Prefer) {
    let normalizer = Normalizer::default();
    let reading = Reading { prefer, ..reading(locale) };
    for kind in kinds() {
        if let Read::Several(values) = &*normalizer.read(&kind, text, &reading) {
            assert!((2..=8).contains(&values.len()), "{kind}: {text:?}");
        }
        let mut end = 0;
        for found in normalizer.find(&kind, text, &reading) {
            assert!(found.span.start >= end && found.span.start < found.span.end, "{kind}: {text:?} {found:?}");
            assert!(text.get(found.span.clone()).is_some(), "{kind}: {text:?} {found:?}");
            end = found.span.end;
        }
    }
}

/// Words that the grammar knows, in any order.
fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "from",
        "to",
        "between",
        "and",
        "half",
        "past",
        "the",
        "last",
        "next",
        "first",
        "week",
        "month",
        "of",
        "in",
        "3",
        "15",
        "31",
        "2024",
        "99999999999",
        "/",
        "-",
        ":",
        ".",
        ",",
        "march",
        "may",
        "friday",
        "feb",
        "30",
        "am",
        "pm",
        "at",
        "two",
        "hundred",
        "million",
        "$",
        "%",
        "days",
        "ago",
        "every",
        "morning",
        "tonight",
        "tomorrow",
        "before",
        "end",
        "quarter",
        "year",
        "1/2",
        "9999",
        "0",
        "minus",
        "century",
        "christmas",
        "weeks",
        "q1",
        "(",
        ")",
        "@",
        "+",
        "x",
        "hour",
        "not",
        "yes",
        "10:30",
        "24:00",
        "sunday",
        "1e9",
        "^",
        "e",
    ]);
    prop::collection::vec((word, prop::bool::ANY), 0..14).prop_map(|words| {
        words.into_iter().map(|(word, blank)| if blank { format!("{word} ") } else { word.to_owned() }).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(text in "\\PC{0,60}", locale in 0usize..5, prefer in 0usize..3) {
        check(&text, LOCALES[locale], [Prefer::Future, Prefer::Past, Prefer::Neither][prefer]);
    }

    #[test]
    fn any_words_of_the_grammar_are_read(text in words(), locale in 0usize..5, prefer in 0usize..3) {
        check(&text, LOCALES[locale], [Prefer::Future, Prefer::Past, Prefer::Neither][prefer]);
    }
}

#[test]
fn blank_and_strange_texts() {
    for text in [
        "",
        " \t\n",
        "\u{0}\u{7}",
        "\u{202e}\u{200f}",
        "مرحبا ١٥ مارس",
        "3日 \u{301}\u{301}",
        "🤷🏽‍♀️",
        "½½½",
        "''''",
        "-",
        "...",
    ] {
        check(text, Locale::EnUs, Prefer::Neither);
    }
    assert_eq!(read(&Kind::Date, "\u{200b}\u{7}"), Err(Unread::Empty));
    assert_eq!(read(&Kind::Date, &"x".repeat(2_000)), Err(Unread::TooLong));
}

/// The worst repeated: what took squares of its length would not end.
#[test]
fn a_long_message_ends() {
    let normalizer = Normalizer::default();
    let reading = reading(Locale::EnUs);
    for piece in ["one and ", "a@", "1.", "(", "2 days before ", "half past ", "from 3 to ", "1-", "+"] {
        let text = piece.repeat(4_000 / piece.len());
        for kind in [Kind::Number, Kind::Email, Kind::Phone, Kind::Date, Kind::Boolean, Kind::Money, Kind::Percent] {
            let found = normalizer.find(&kind, &text, &reading);
            assert!(found.len() <= text.len());
        }
    }
}

#[test]
fn a_megabyte_is_no_value() {
    let text = "tomorrow ".repeat(120_000);
    for kind in kinds() {
        assert_eq!(read(&kind, &text), Err(Unread::TooLong), "{kind}");
    }
    assert_eq!(found(&Kind::Boolean, &"word ".repeat(200_000)), Vec::<String>::new());
}
