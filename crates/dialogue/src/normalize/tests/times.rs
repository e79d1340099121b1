//! Days, times, lengths and ranges. The day of reference is Friday, the 15th of March 2024, half past ten.

use serde_json::json;

use super::*;

#[test]
fn days_by_their_date() {
    one(
        &Kind::Date,
        Locale::EnUs,
        &[
            ("2024-04-02", "2024-04-02"),
            ("4/2/2024", "2024-04-02"),
            ("April 2nd, 2024", "2024-04-02"),
            ("the 2nd of April", "2024-04-02"),
            ("april second", "2024-04-02"),
            ("Apr. 2", "2024-04-02"),
            ("on April 2nd please", "2024-04-02"),
            ("1/15", "2025-01-15"),
            ("the 20th", "2024-03-20"),
            ("7th of this month", "2024-03-07"),
            ("christmas eve", "2024-12-24"),
            ("Thanksgiving 2023", "2023-11-23"),
            ("February 29th", "2028-02-29"),
        ],
    );
    one(&Kind::Date, Locale::EnGb, &[("4/2/2024", "2024-02-04"), ("25/12", "2024-12-25")]);
}

#[test]
fn days_from_the_day_of_reference() {
    one(
        &Kind::Date,
        Locale::EnUs,
        &[
            ("today", "2024-03-15"),
            ("tomorrow", "2024-03-16"),
            ("the day after tomorrow", "2024-03-17"),
            ("in two weeks", "2024-03-29"),
            ("3 days ago", "2024-03-12"),
            ("two weeks from Monday", "2024-04-01"),
            ("Friday", "2024-03-15"),
            ("next friday", "2024-03-22"),
            ("this sunday", "2024-03-17"),
            ("Tuesday next week", "2024-03-19"),
            ("first Monday of next month", "2024-04-01"),
            ("end of next month", "2024-04-30"),
        ],
    );
}

#[test]
fn what_is_not_preferred_is_ambiguous() {
    let neither = Reading { prefer: Prefer::Neither, ..reading(Locale::EnUs) };
    assert_eq!(read_by(&Kind::Date, "May 3rd", &neither), Ok(vec!["2023-05-03".into(), "2024-05-03".into()]));
    let past = Reading { prefer: Prefer::Past, ..reading(Locale::EnUs) };
    assert_eq!(read_by(&Kind::Date, "monday", &past), Ok(vec!["2024-03-11".into()]));
    assert_eq!(read(&Kind::Time, "at five"), Ok(vec!["05:00".into(), "17:00".into()]));
    assert_eq!(read(&Kind::Date, "March 3rd or March 4th"), Ok(vec!["2025-03-03".into(), "2025-03-04".into()]));
}

#[test]
fn a_day_that_there_is_not_is_impossible() {
    assert_eq!(read(&Kind::Date, "February 30th"), Err(Unread::Impossible));
    assert_eq!(read(&Kind::Date, "31.04.2024"), Err(Unread::Impossible));
    assert_eq!(read(&Kind::Date, "Madrid"), Err(Unread::NoMatch));
    assert_eq!(read(&Kind::Date, "not tomorrow"), Err(Unread::NoMatch));
}

#[test]
fn times_of_day() {
    one(
        &Kind::Time,
        Locale::EnUs,
        &[
            ("5:15 pm", "17:15"),
            ("17:15", "17:15"),
            ("half past 11 in the morning", "11:30"),
            ("quarter to 5 p.m.", "16:45"),
            ("noon", "12:00"),
            ("midnight", "00:00"),
            ("evening 6 o'clock", "18:00"),
            ("seven twenty-five am", "07:25"),
            ("8:00:31am", "08:00:31"),
            ("1140 a.m.", "11:40"),
            ("twelve pm", "12:00"),
        ],
    );
    assert_eq!(read(&Kind::Time, "25:00"), Err(Unread::NoMatch));
}

#[test]
fn days_and_times_together() {
    one(
        &Kind::DateTime,
        Locale::EnUs,
        &[
            ("tomorrow at 5pm", "2024-03-16T17:00"),
            ("5pm on Monday", "2024-03-18T17:00"),
            ("2024-04-01T09:30", "2024-04-01T09:30"),
            ("tonight at 8", "2024-03-15T20:00"),
            ("in 20 minutes", "2024-03-15T10:50"),
        ],
    );
    assert_eq!(read(&Kind::DateTime, "tomorrow"), Err(Unread::NoMatch));
    assert_eq!(read(&Kind::Date, "tomorrow at 5pm"), Ok(vec!["2024-03-16".into()]));
    assert_eq!(read(&Kind::Time, "tomorrow at 5pm"), Ok(vec!["17:00".into()]));
}

#[test]
fn the_same_words_at_another_minute_are_another_moment() {
    let normalizer = Normalizer::default();
    let first = reading(Locale::EnUs);
    let later = Reading { now: date(2024, 3, 15).at(10, 31, 0, 0), ..first.clone() };
    let at = |reading: &Reading| match &*normalizer.read(&Kind::DateTime, "in 20 minutes", reading) {
        Read::One(value) => value.value.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(at(&first), "2024-03-15T10:50");
    assert_eq!(at(&later), "2024-03-15T10:51");
}

#[test]
fn lengths() {
    one(
        &Kind::Duration,
        Locale::EnUs,
        &[
            ("an hour and a half", "PT1H30M"),
            ("90 minutes", "PT1H30M"),
            ("half an hour", "PT30M"),
            ("3 days", "P3D"),
            ("two weeks", "P14D"),
            ("two years and 3 months", "P2Y3M"),
            ("45s", "PT45S"),
        ],
    );
}

#[test]
fn ranges() {
    let days = |from: &str, to: &str| json!({ "from": from, "to": to });
    one(
        &Kind::DateRange,
        Locale::EnUs,
        &[
            ("from April 3rd to 5th", days("2024-04-03", "2024-04-05")),
            ("April 3-5", days("2024-04-03", "2024-04-05")),
            ("next week", days("2024-03-18", "2024-03-24")),
            ("this weekend", days("2024-03-16", "2024-03-17")),
            ("Q3 2024", days("2024-07-01", "2024-09-30")),
            ("between May and July", days("2024-05-01", "2024-07-31")),
            ("tomorrow", days("2024-03-16", "2024-03-16")),
            ("from next monday to friday", days("2024-03-18", "2024-03-22")),
            ("since 2020", json!({ "from": "2020-01-01", "to": null })),
            ("before April", json!({ "from": null, "to": "2024-03-31" })),
        ],
    );
    one(
        &Kind::TimeRange,
        Locale::EnUs,
        &[
            ("from 9 to 11 am", json!({ "from": "09:00", "to": "11:00" })),
            ("10 am to 2", json!({ "from": "10:00", "to": "14:00" })),
            ("in the afternoon", json!({ "from": "12:00", "to": "16:00" })),
            ("after 6pm", json!({ "from": "18:00", "to": null })),
        ],
    );
    one(
        &Kind::DateTimeRange,
        Locale::EnUs,
        &[("tomorrow from 2 to 3pm", json!({ "from": "2024-03-16T14:00", "to": "2024-03-16T15:00" }))],
    );
}

#[test]
fn what_comes_again() {
    one(
        &Kind::Recurrence,
        Locale::EnUs,
        &[
            ("every Monday at 4pm", json!({ "every": "P7D", "on": "monday", "at": "16:00" })),
            ("daily", json!({ "every": "P1D" })),
            ("every other week", json!({ "every": "P14D" })),
        ],
    );
}

#[test]
fn german_spanish_and_french() {
    one(
        &Kind::Date,
        Locale::DeDe,
        &[
            ("15. April 2024", "2024-04-15"),
            ("übermorgen", "2024-03-17"),
            ("nächsten Freitag", "2024-03-22"),
            ("3.4.2024", "2024-04-03"),
        ],
    );
    one(&Kind::Time, Locale::DeDe, &[("17 Uhr 30", "17:30"), ("8:15", "08:15")]);
    one(
        &Kind::Date,
        Locale::EsEs,
        &[("15 de abril de 2024", "2024-04-15"), ("mañana", "2024-03-16"), ("el próximo viernes", "2024-03-22")],
    );
    one(
        &Kind::Date,
        Locale::FrFr,
        &[("15 avril 2024", "2024-04-15"), ("vendredi prochain", "2024-03-22"), ("aujourd'hui", "2024-03-15")],
    );
    one(&Kind::Time, Locale::FrFr, &[("17h30", "17:30")]);
}

#[test]
fn days_within_a_message() {
    assert_eq!(found(&Kind::Date, "From Madrid on March 20th, back the 22nd, I may call"), ["March 20th", "the 22nd"]);
    assert_eq!(found(&Kind::Time, "call me at 5, or at 6:30 pm"), ["5", "6:30 pm"]);
    assert_eq!(found(&Kind::Date, "the first flight for 2 people, version 3.4"), Vec::<String>::new());
}

#[test]
fn far_into_a_message_a_day_is_read_as_at_its_beginning() {
    let days = ["March 20th", "next Friday", "the 22nd of April", "tomorrow"];
    let between = ". We like walking along rivers with dogs, cats, horses, birds, fish, friends, neighbours who sing songs, dance, \
                   play music, cook meals, paint houses, tell stories, plant trees. ";
    assert_eq!(found(&Kind::Date, &days.join(between)), days);
}

#[test]
fn a_message_gives_each_kind_what_it_gives_it_alone() {
    let (normalizer, reading) = (Normalizer::default(), reading(Locale::EnUs));
    let text = "Two seats on March 20th at 5 pm for $30, back on the 22nd by 6:30, for 3 hours, every Monday";
    let message = normalizer.message(text, &reading);
    for kind in [Kind::Time, Kind::Date, Kind::DateTime, Kind::Duration, Kind::Recurrence, Kind::Money, Kind::Integer] {
        let alone = normalizer.find(&kind, text, &reading);
        assert_eq!((message.find(&kind), message.find(&kind)), (alone.clone(), alone), "{kind:?}");
    }
    let times: Vec<&str> = message.find(&Kind::DateTime).into_iter().map(|found| &text[found.span]).collect();
    assert_eq!(times, ["March 20th at 5 pm"]);
}
