//! What expressions mean, and that no text is too strange for them.

use jiff::civil::DateTime;
use proptest::prelude::*;
use serde_json::json;

use super::decimal::Decimal;
use super::tree::{Function, Operator};
use super::*;

struct Known;

impl Names for Known {
    fn value(&self, name: &str) -> Option<Cow<'_, Value>> {
        let value = match name {
            "yes" => json!(true),
            "no" => json!(false),
            "two" => json!(2),
            "city" => json!("Madrid"),
            "price" => json!({"amount": "12.50", "currency": "EUR"}),
            "dollars" => json!({"amount": "3", "currency": "USD"}),
            "plain" => json!({"amount": "12.5"}),
            "day" => json!("2024-03-15"),
            "stay" => json!({"from": "2024-03-14", "to": "2024-03-17"}),
            "long" => json!("PT90M"),
            "far" => json!({"number": 3, "unit": "mile"}),
            "flights" => json!([{"number": "IB1"}, {"number": "IB2"}]),
            _ => return None,
        };
        Some(Cow::Owned(value))
    }

    fn now(&self) -> Option<DateTime> {
        "2024-03-01T10:30".parse().ok()
    }
}

fn value(text: &str) -> Value {
    Expression::parse(text).unwrap().eval(&Known).unwrap()
}

fn fault(text: &str) -> String {
    Expression::parse(text).unwrap_err().to_string()
}

fn error(text: &str) -> String {
    Expression::parse(text).unwrap().eval(&Known).unwrap_err().to_string()
}

#[test]
fn and_binds_more_firmly_than_or() {
    let parse = |text| Expression::parse(text).unwrap();
    assert_eq!(parse("a or b and c"), parse("a or (b and c)"));
    assert_ne!(parse("a or b and c"), parse("(a or b) and c"));
    assert_eq!(value("yes or yes and no"), json!(true));
    assert_eq!(value("(yes or yes) and no"), json!(false));
    assert_eq!(parse("not a == b and c"), parse("(not (a == b)) and c"));
    assert_eq!(parse("(a or b) and c").to_string(), "(a or b) and c");
    assert_eq!(parse("a or (b and c)").to_string(), "a or b and c");
}

#[test]
fn arithmetic_is_exact_and_from_the_left() {
    for (text, expected) in [
        ("2 + 3 * 4", json!(14)),
        ("10 - 3 - 2", json!(5)),
        ("-2 * -3", json!(6)),
        ("0.1 + 0.2", json!(0.3)),
        ("7 % 3", json!(1)),
        ("price * 3", json!({"amount": "37.50", "currency": "EUR"})),
        ("price / 4", json!({"amount": "3.13", "currency": "EUR"})),
        ("dollars * 1.5", json!({"amount": "4.50", "currency": "USD"})),
        ("price + plain", json!({"amount": "25.00", "currency": "EUR"})),
        ("price.amount + 1", json!(13.5)),
        ("'a' + 'b'", json!("ab")),
        ("nothing + 1", json!(null)),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn comparisons_know_the_kinds() {
    for text in [
        "1 == 1.0",
        "price > 12",
        "price == plain",
        "price != dollars",
        "day < '2024-03-16'",
        "day >= today()",
        "day in stay",
        "'2024-03-13' not in stay",
        "'PT2H' > long",
        "far > 2",
        "city in ['Madrid', 'Paris']",
        "'rid' in city",
        "nothing is null",
        "city is not null and exists(city)",
        "not (nothing > 3) and not (nothing <= 3)",
        "flights[1].number == 'IB2' and flights[-1].number == 'IB2' and flights[7].number is null",
        "len(flights) == 2 and len(nothing) == 0",
        "min(3, two) == two and max([1, 5]) == 5 and sum(price, price) == 25",
        "round(2.345, 2) == 2.35 and floor(-2.5) == -3 and ceil(2.1) == 3 and abs(-2) == 2",
        "days_between(today(), day) == 14 and add_days(day, 20) == '2024-04-04'",
        "now() == '2024-03-01T10:30'",
        "lower(city) == 'madrid' and starts_with(city, 'Ma') and ends_with(city, 'd') and contains(city, 'dr')",
        "number('12.50') == 12.5 and text(price) == '12.50 EUR' and trim(' a ') == 'a' and upper('a') == 'A'",
    ] {
        assert_eq!(value(text), json!(true), "{text}");
    }
}

#[test]
fn what_does_not_fit_is_an_error_and_no_guess() {
    for (text, part) in [
        ("city > 3", "compares a text with a number"),
        ("price > dollars", "amounts in EUR and in USD"),
        ("price + 1", "computes with money and a number"),
        ("city and yes", "a condition is true or false"),
        ("1 / 0", "28 digits"),
        ("two[0]", "takes an element of a number"),
        ("len(two)", "is given a number"),
        ("lower(two)", "is given a number"),
    ] {
        assert!(error(text).contains(part), "{text}: {}", error(text));
    }
    assert!(Expression::parse("today()").unwrap().eval(&|_: &str| None).unwrap_err().message.contains("no clock"));
}

#[test]
fn faults_say_where_and_what_to_do() {
    insta::assert_snapshot!(
        ["", "a = b", "a && b", "a OR b", "a b", "(a", "a < b < c", "lenn(a)", "round()", "'open", "a == not b", "x.", "{{ a }}", "3a", "None", "a is 3"]
            .map(|text| format!("{text:>10} | {}", fault(text)))
            .join("\n"),
        @r#"
                   | the expression is empty (at byte 0); write a condition, as `amount > 0`
             a = b | `=` means nothing here (at byte 2); write `==` to compare; values are given by a `set` step
            a && b | `&&` means nothing here (at byte 2); write `and`
            a OR b | `OR` stands where an operator is expected (at byte 2); write `or`, in small letters
               a b | `b` stands where an operator is expected (at byte 2); texts stand in quotes; two conditions are joined by `and` or `or`
                (a | the end stands where `)` is expected (at byte 2); the expression ends too early
         a < b < c | a comparison is compared again (at byte 6); write `a < b and b < c`, or use brackets
           lenn(a) | there is no function `lenn` (at byte 0); did you mean `len`?
           round() | `round` has 0 argument(s) (at byte 0); it takes 1 to 2
             'open | a text is not closed (at byte 0); end it with '
        a == not b | `not` stands behind an operator that binds more firmly (at byte 5); put it in brackets: `a == (not b)`
                x. | the end stands where a field's name is expected (at byte 2); the expression ends too early
           {{ a }} | `{{` means nothing here (at byte 0); an expression stands without braces; they belong to texts
                3a | a number runs into a name (at byte 0); put a blank or an operator between them; a text stands in quotes
              None | `None` is no name (at byte 0); write `null`
            a is 3 | `3` stands where `null` or `not null` is expected (at byte 5); see that every bracket and every operator has its parts
        "#
    );
}

#[test]
fn depth_and_length_are_bounded() {
    let deep = format!("{}1{}", "(".repeat(5_000), ")".repeat(5_000));
    assert!(fault(&deep).contains("bytes"));
    for text in [
        format!("{}1{}", "(".repeat(1_000), ")".repeat(1_000)),
        vec!["1"; 1_000].join("+"),
        "-".repeat(1_000),
        "not ".repeat(900),
        format!("a{}", "[0]".repeat(900)),
    ] {
        assert!(fault(&text).contains("parts deep"), "{text}");
    }
    assert_eq!(value(&vec!["1"; 90].join("+")), json!(90));
}

#[test]
fn shapes_find_what_cannot_work() {
    let shapes = |name: &str| {
        Some(match name {
            "price" => Shape::Money,
            "city" => Shape::Text,
            "day" => Shape::Date,
            "count" => Shape::Number,
            "class" => Shape::Option(vec!["economy".into(), "business".into()]),
            "far" => Shape::Quantity,
            _ => return None,
        })
    };
    let faults = |text: &str| {
        let (shape, faults) = Expression::parse(text).unwrap().shape(&shapes);
        format!(
            "{text:>28} | {} | {}",
            shape.name(),
            faults.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ")
        )
        .trim_end()
        .to_owned()
    };
    insta::assert_snapshot!(
        ["price > city", "price > 3 and day < today()", "city and count", "class == 'econmy'", "class in ['economy', 'first']",
         "price.amout", "count.amount", "price + count", "price * count", "city - 1", "lower(count)", "not day", "price > day", "far.unit == 'mile'"]
            .map(faults)
            .join("\n"),
        @r#"
                        price > city | true or false | `price > city` compares money with a text; money is compared with money or with a number
         price > 3 and day < today() | true or false |
                      city and count | true or false | `city` is a text where a condition is expected; ask whether it is there: `city is not null`, or compare it | `count` is a number where a condition is expected; ask whether it is there: `count is not null`, or compare it
                   class == 'econmy' | true or false | the category has no option "econmy"; did you mean `economy`?
        class in ['economy', 'first'] | true or false | the category has no option "first"; its options are: economy, business
                         price.amout | unknown | `price.amout`: money has no field `amout`; did you mean `amount`?
                        count.amount | unknown | `count.amount`: a number has no field `amount`; only money, quantities, ranges and what actions return have fields
                       price + count | unknown | `price + count` computes with money and a number; numbers go with numbers, money with money or, multiplied, with a number
                       price * count | money |
                            city - 1 | unknown | `city - 1` computes with a text and a number; `number(x)` reads a number from a text, `text(x)` makes a text
                        lower(count) | a text | `lower(count)` is given a number; `lower` takes texts
                             not day | true or false | `day` is a day where a condition is expected; ask whether it is there: `day is not null`, or compare it
                         price > day | true or false | `price > day` compares money with a day; money is compared with money or with a number
                  far.unit == 'mile' | true or false |
        "#
    );
}

fn nodes() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        Just(Node::Null),
        any::<bool>().prop_map(Node::Boolean),
        (0..10_000_000i64, 0..1000i64)
            .prop_map(|(whole, part)| Node::Number(Decimal::parse(&format!("{whole}.{part}")).unwrap())),
        ".{0,8}".prop_map(Node::Text),
        "[a-z_]{1,3}[0-9]?"
            .prop_filter("no word", |name| !tree::WORDS.contains(&name.as_str()) && name != "nil")
            .prop_map(|name| Node::Name(name.into())),
    ];
    leaf.prop_recursive(5, 48, 3, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Node::List),
            (boxed.clone(), "[a-z]{1,4}").prop_map(|(of, field)| Node::Field(of, field.into())),
            (boxed.clone(), boxed.clone()).prop_map(|(of, index)| Node::Index(of, index)),
            (prop::sample::select(Function::ALL.to_vec()), prop::collection::vec(inner, 32)).prop_map(
                |((function, _, least, _), mut parts)| {
                    parts.truncate(least);
                    Node::Call(function, parts)
                }
            ),
            boxed.clone().prop_map(Node::Not),
            boxed.clone().prop_map(Node::Negative),
            (boxed.clone(), any::<bool>()).prop_map(|(of, negated)| Node::IsNull { of, negated }),
            (
                prop::sample::select(vec![
                    Operator::Or,
                    Operator::And,
                    Operator::Equal,
                    Operator::Less,
                    Operator::In,
                    Operator::NotIn,
                    Operator::Add,
                    Operator::Subtract,
                    Operator::Multiply,
                    Operator::Remainder
                ]),
                boxed.clone(),
                boxed
            )
                .prop_map(|(operator, left, right)| Node::Binary(operator, left, right)),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same(node in nodes()) {
        let text = node.to_string();
        prop_assume!(text.len() <= parser::LONGEST);
        let read = Expression::parse(&text).map_err(|fault| TestCaseError::fail(format!("{text}: {fault}")))?;
        prop_assert_eq!(&read.0.root, &node, "{}", text);
        prop_assert_eq!(read.to_string(), text);
    }

    #[test]
    fn any_text_is_an_expression_or_an_error(text in "\\PC{0,60}") {
        if let Err(fault) = Expression::parse(&text) {
            prop_assert!(fault.at.end <= text.len() && text.is_char_boundary(fault.at.start), "{fault:?}");
        }
    }

    #[test]
    fn tokens_in_any_order_end_in_a_value_or_an_error(
        parts in prop::collection::vec(prop::sample::select(vec![
            "a", "city", "price", "1", "2.5", "'x'", "or", "and", "not", "in", "is", "null", "==", "<", "+", "-", "*", "/", "%",
            "(", ")", "[", "]", ",", ".", "len(", "min(", "add_days(", "round(", "today()", "stay", "flights",
        ]), 0..14)
    ) {
        if let Ok(expression) = Expression::parse(&parts.join(" ")) {
            let _value_or_error = expression.eval(&Known);
            let _shape = expression.shape(&|_: &str| None);
        }
    }
}
