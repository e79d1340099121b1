//! Texts, answers, options and addresses.

use super::*;
use crate::Choice;
use crate::normalize::{Normalized, Unread};

/// The nine cases of the predecessor: two cities as they were said and a date, and what is blank is no value.
#[test]
fn nine_cases() {
    one(&Kind::Text, Locale::EnUs, &[("  Madrid  ", "Madrid"), ("  madrid  ", "madrid"), ("MADRID", "MADRID")]);
    one(&Kind::Text, Locale::EnUs, &[("  Barcelona  ", "Barcelona"), ("barcelona", "barcelona")]);
    one(&Kind::Date, Locale::EnUs, &[("  2024-01-15  ", "2024-01-15"), ("2024-01-15", "2024-01-15")]);
    assert_eq!(read(&Kind::Text, ""), Err(Unread::Empty));
    assert_eq!(read(&Kind::Text, "   "), Err(Unread::Empty));
}

#[test]
fn a_spelling_does_not_win_over_another() {
    let normalizer = Normalizer::default();
    let reading = reading(Locale::EnUs);
    for said in ["MADRID", "madrid", "Madrid"] {
        let read = normalizer.read(&Kind::Text, said, &reading);
        assert!(matches!(&*read, Read::One(value) if value.value == *said), "{read:?}");
    }
}

#[test]
fn a_text_is_composed_and_its_blanks_are_single() {
    one(&Kind::Text, Locale::EnUs, &[("cafe\u{301}  \t au\nlait\u{200b}", "caf\u{e9} au lait")]);
}

#[test]
fn yes_and_no() {
    for yes in ["yes", "Yes please", "yes I will", "yup", "sure", "of course", "👍", "that works, ok"] {
        assert_eq!(read(&Kind::Boolean, yes), Ok(vec![true.into()]), "{yes}");
    }
    for no in ["no", "nope", "not really", "no thanks", "I don't think so", "not ok", "absolutely not"] {
        assert_eq!(read(&Kind::Boolean, no), Ok(vec![false.into()]), "{no}");
    }
    assert_eq!(read(&Kind::Boolean, "yes no"), Ok(vec![true.into(), false.into()]));
    assert_eq!(read(&Kind::Boolean, "I'm not sure"), Err(Unread::NoMatch));
    one(&Kind::Boolean, Locale::DeDe, &[("ja bitte", true), ("nein danke", false)]);
    one(&Kind::Boolean, Locale::EsEs, &[("sí", true), ("no", false)]);
    one(&Kind::Boolean, Locale::FrFr, &[("oui", true), ("non", false)]);
}

fn class() -> Kind {
    let choice = |value: &str, synonyms: &[&str]| Choice {
        value: value.into(),
        synonyms: synonyms.iter().map(|synonym| (*synonym).to_owned()).collect(),
    };
    Kind::Category {
        options: vec![choice("economy", &["coach"]), choice("premium economy", &[]), choice("business", &["biz"])],
    }
}

#[test]
fn options_by_name_synonym_and_likeness() {
    one(
        &class(),
        Locale::EnUs,
        &[
            ("Economy", "economy"),
            ("premium economy please", "premium economy"),
            ("coach", "economy"),
            ("bussiness", "business"),
            ("BIZ", "business"),
        ],
    );
    assert_eq!(read(&class(), "first"), Err(Unread::NoMatch));
    assert_eq!(read(&class(), "economy or business"), Ok(vec!["economy".into(), "business".into()]));
    assert_eq!(found(&class(), "two premium economy seats"), ["premium economy"]);
}

#[test]
fn names_that_are_as_like_are_ambiguous() {
    let kind = Kind::Category {
        options: ["terminal one a", "terminal one b"]
            .map(|value| Choice { value: value.into(), synonyms: vec![] })
            .into(),
    };
    assert_eq!(read(&kind, "terminal one"), Ok(vec!["terminal one a".into(), "terminal one b".into()]));
}

#[test]
fn addresses() {
    one(&Kind::Email, Locale::EnUs, &[("my email is Ann.Lee@Example.COM", "Ann.Lee@example.com")]);
    assert_eq!(read(&Kind::Email, "a..b@example.com"), Err(Unread::NoMatch));
    one(&Kind::Phone, Locale::EnUs, &[("+1 (541) 754-3010", "+15417543010"), ("0176 12345678", "017612345678")]);
    assert_eq!(found(&Kind::Phone, "on 16/04/2010 call +49 (0)30 1234567"), ["+49 (0)30 1234567"]);
    one(
        &Kind::Url,
        Locale::EnUs,
        &[("https://example.com/a?b=1.", "https://example.com/a?b=1"), ("www.example.org", "https://www.example.org")],
    );
}

#[test]
fn readers_of_the_host() {
    let normalizer = Normalizer::builder()
        .custom("gate", |text, _| match text.trim().strip_prefix("gate ") {
            Some(gate) => {
                Read::One(Normalized { original: text.into(), value: gate.to_uppercase().into(), how: "gate".into() })
            }
            None => Read::None(Unread::NoMatch),
        })
        .build();
    let kind = Kind::Custom { reader: "gate".into() };
    let reading = reading(Locale::EnUs);
    assert!(matches!(&*normalizer.read(&kind, "gate b4", &reading), Read::One(value) if value.value == "B4"));
    assert_eq!(normalizer.find(&kind, "gate b4", &reading).len(), 1);
    assert!(!normalizer.knows("pier"));
    let unknown = Kind::Custom { reader: "pier".into() };
    assert_eq!(*normalizer.read(&unknown, "pier 7", &reading), Read::None(Unread::NoMatch));
}
