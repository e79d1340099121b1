//! Numbers and what they count.

use serde_json::json;

use super::*;

#[test]
fn whole_numbers() {
    one(
        &Kind::Integer,
        Locale::EnUs,
        &[
            ("42", 42),
            ("-7", -7),
            ("1,250", 1250),
            ("twenty-one", 21),
            ("two hundred and five", 205),
            ("nineteen hundred", 1900),
            ("three dozen", 36),
            ("one thousand five hundred and eighty dollars", 1580),
            ("10k", 10_000),
            ("I'd say about five", 5),
            ("two adults please", 2),
            ("٣٤", 34),
        ],
    );
    assert_eq!(read(&Kind::Integer, "2.5"), Err(Unread::NoMatch));
    assert_eq!(read(&Kind::Integer, "two or three"), Ok(vec![2.into(), 3.into()]));
    assert_eq!(read(&Kind::Integer, "not five"), Err(Unread::NoMatch));
    assert_eq!(read(&Kind::Integer, "9007199254740993"), Ok(vec![9_007_199_254_740_993_i64.into()]));
    assert_eq!(read(&Kind::Integer, "99999999999999999999999999"), Err(Unread::Impossible));
}

#[test]
fn decimals_and_fractions() {
    one(
        &Kind::Number,
        Locale::EnUs,
        &[
            ("2.5", 2.5),
            ("three and a half", 3.5),
            ("1.5e3", 1500.0),
            ("two thirds", 0.666_666_666_666_667),
            ("10 1/2", 10.5),
            ("five point two five", 5.25),
            ("½", 0.5),
        ]
        .map(|(text, value): (&str, f64)| {
            (text, if value.fract() == 0.0 { json!(value as i64) } else { json!(value) })
        }),
    );
    assert_eq!(read(&Kind::Number, "1.5 million"), Ok(vec![1_500_000.into()]));
    one(&Kind::Number, Locale::DeDe, &[("1.250,5", json!(1250.5)), ("zwei", json!(2)), ("einundzwanzig", json!(21))]);
    one(&Kind::Number, Locale::EsEs, &[("treinta y cinco", 35), ("dos", 2)]);
    one(&Kind::Number, Locale::FrFr, &[("quatre-vingt-dix", 90), ("vingt et un", 21), ("deux", 2)]);
}

#[test]
fn places_in_a_row_and_shares() {
    one(
        &Kind::Ordinal,
        Locale::EnUs,
        &[("the 3rd", 3), ("twenty-first", 21), ("the last one", -1), ("next to last", -2), ("two hundredth", 200)],
    );
    one(&Kind::Percent, Locale::EnUs, &[("20%", 20), ("twenty percent", 20), ("minus five per cent", -5)]);
}

#[test]
fn money() {
    let amount = |amount: &str, currency: &str| json!({ "amount": amount, "currency": currency });
    one(
        &Kind::Money,
        Locale::EnUs,
        &[
            ("$12.50", amount("12.50", "USD")),
            ("5 bucks", amount("5.00", "USD")),
            ("75 million dollars", amount("75000000.00", "USD")),
            ("3 dollars 50 cents", amount("3.50", "USD")),
            ("80 cents", amount("0.80", "USD")),
            ("€ 1,200", amount("1200.00", "EUR")),
            ("GBP 350", amount("350.00", "GBP")),
            ("10 swiss francs", amount("10.00", "CHF")),
            ("C$ 15", amount("15.00", "CAD")),
        ],
    );
    one(&Kind::Money, Locale::DeDe, &[("1.200,50 €", amount("1200.50", "EUR"))]);
    assert_eq!(read(&Kind::Money, "all 70 of us"), Err(Unread::NoMatch));
}

#[test]
fn measures() {
    let measure = |number: Value, unit: &str| json!({ "number": number, "unit": unit });
    one(
        &Kind::Age,
        Locale::EnUs,
        &[("five years old", measure(5.into(), "year")), ("I am 29 years old", measure(29.into(), "year"))],
    );
    one(
        &Kind::Dimension,
        Locale::EnUs,
        &[("3 miles", measure(3.into(), "mile")), ("100 km/h", measure(100.into(), "kilometer per hour"))],
    );
    one(
        &Kind::Temperature,
        Locale::EnUs,
        &[("-5 °F", measure((-5).into(), "F")), ("20 degrees celsius", measure(20.into(), "C"))],
    );
    one(
        &Kind::NumberRange,
        Locale::EnUs,
        &[("between 2 and 4", json!({ "from": 2, "to": 4 })), ("at least 3", json!({ "from": 3, "to": null }))],
    );
}
