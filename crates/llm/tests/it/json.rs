//! Data from models: repaired, held to a schema, asked for once more.

use std::sync::Arc;

use ninefold_core::cx::RunState;
use ninefold_core::{
    Budget, BudgetMeter, Cx, ErrorKind, Expense, ModelRequest, OutputFormat, Role, RunId, Scope, Timestamp, Usage,
};
use ninefold_llm::json::{Shape, repair, structured};
use ninefold_testkit::{ManualClock, ScriptedModel};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

fn cx() -> Cx {
    Cx::new(RunState {
        id: RunId(1),
        session: None,
        scope: Scope::public(),
        budget: BudgetMeter::new(Budget::default(), Expense::default()),
        deadline: None,
        cancel: None,
        clock: Arc::new(ManualClock::at(Timestamp(0))),
        log: None,
        content: false,
    })
}

#[derive(Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Person {
    name: String,
    #[serde(default)]
    age: u8,
}

fn person() -> Shape {
    let properties = json!({ "name": { "type": "string", "minLength": 2 }, "age": { "type": "integer" } });
    Shape::new("a person!", json!({ "type": "object", "properties": properties, "required": ["name"] })).unwrap()
}

#[tokio::test]
async fn near_json_is_read_and_nulls_for_what_is_absent_are_taken_out() {
    let model = ScriptedModel::new().answer("", "```json\n{name: 'Ada', \"age\": null,}\n```");
    let answer = structured::<Person>(&model, ModelRequest::new("s", "who?"), &person(), &cx()).await.unwrap();
    assert_eq!(answer.value, Person { name: "Ada".into(), age: 0 });
    assert!(!answer.retried);
    let asked = &model.requests()[0];
    assert!(matches!(&asked.output, OutputFormat::Schema { name, .. } if name == "aperson"));
}

#[tokio::test]
async fn what_is_wrong_is_told_once() {
    let model = ScriptedModel::new()
        .usage(Usage::tokens(10, 5))
        .answer("cannot be used", "{\"name\": \"Ada\"}")
        .answer("", "{\"nom\": \"Ada\"}");
    let answer = structured::<Person>(&model, ModelRequest::new("s", "who?"), &person(), &cx()).await.unwrap();
    assert!(answer.retried);
    assert_eq!((answer.value.name.as_str(), answer.usage), ("Ada", Usage::tokens(20, 10)));
    let again = &model.requests()[1].messages;
    let roles: Vec<_> = again.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::System, Role::User, Role::Assistant, Role::User]);
    assert!(again[3].text().contains("name"), "{}", again[3].text());

    let stubborn = ScriptedModel::new().answer("", "no data here");
    let error = structured::<Person>(&stubborn, ModelRequest::new("s", "who?"), &person(), &cx()).await.unwrap_err();
    assert_eq!((error.kind(), stubborn.requests().len()), (ErrorKind::MalformedReply, 2));
}

#[cfg(feature = "validate")]
#[tokio::test]
async fn replies_are_held_to_all_that_the_schema_says() {
    let model = ScriptedModel::new().answer("", "{\"name\": \"A\"}");
    let error = structured::<Person>(&model, ModelRequest::new("s", "who?"), &person(), &cx()).await.unwrap_err();
    assert!(error.message().contains("at /name"), "{error}");
    assert!(Shape::new("x", json!({ "type": 17 })).is_err());
}

#[cfg(feature = "schema")]
#[tokio::test]
async fn a_type_is_its_own_schema() {
    let model = ScriptedModel::new().answer("", "{\"name\": \"Ada\", \"age\": 36}");
    let answer = ninefold_llm::json::answer::<Person>(&model, ModelRequest::new("s", "who?"), &cx()).await.unwrap();
    assert_eq!(answer.value, Person { name: "Ada".into(), age: 36 });
    let OutputFormat::Schema { schema, .. } = &model.requests()[0].output else { panic!("no schema") };
    let strict = ninefold_llm::json::strict(schema, ninefold_llm::json::Optional::Nullable).unwrap();
    assert_eq!(strict["required"], json!(["age", "name"]));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "[\"'\\\\{}\\[\\],:/*#\\n` a]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec(("[\"'\\\\ a:é]{0,4}", inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn json_is_never_changed(value in value(), pretty in any::<bool>()) {
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        let repaired = repair(&text).unwrap();
        prop_assert_eq!(repaired.as_ref(), text.as_str());
    }

    #[test]
    fn json_within_words_is_found(value in value()) {
        prop_assume!(value.as_object().is_some_and(|value| !value.is_empty()));
        for text in [format!("Here: {value} Done."), format!("```json\n{value:#}\n```\nDone.")] {
            let found: Value = serde_json::from_str(&repair(&text).unwrap()).unwrap();
            prop_assert_eq!(&found, &value);
        }
    }

    #[test]
    fn what_is_repaired_is_json(text in "[\"'\\\\{}\\[\\],:;=/*#\\n` a1.eu-]{0,60}|\\PC{0,60}") {
        if let Ok(repaired) = repair(&text) {
            prop_assert!(serde_json::from_str::<Value>(&repaired).is_ok() || repaired.contains('e'), "{}", repaired);
        }
    }

    #[test]
    fn json_that_was_cut_off_is_closed(value in value(), at in any::<prop::sample::Index>()) {
        let text = value.to_string();
        prop_assume!(text.starts_with(['{', '[']));
        let at = text.floor_char_boundary(at.index(text.len()) + 1);
        prop_assume!(at > 0);
        let repaired = repair(&text[..at]).unwrap();
        prop_assert!(serde_json::from_str::<Value>(&repaired).is_ok(), "{}", repaired);
    }
}
