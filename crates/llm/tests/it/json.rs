//! Data from models: repaired, held to a schema, asked for once more.

use std::sync::Arc;

use ninefold_core::cx::RunState;
use ninefold_core::{
    Budget, BudgetMeter, Completion, Cx, ErrorKind, Expense, Model, ModelId, ModelRequest, OutputFormat, Reply, Result,
    Role, RunId, Scope, StopReason, Timestamp, Usage,
};
use ninefold_llm::json::{Optional, Shape, repair, strict, structured, without_nulls};
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

#[tokio::test]
async fn nothing_is_asked_for_once_more_and_what_was_cut_off_is_not() {
    let silent = ScriptedModel::new().answer("", " ");
    let error = structured::<Person>(&silent, ModelRequest::new("s", "who?"), &person(), &cx()).await.unwrap_err();
    assert_eq!((error.kind(), silent.requests().len()), (ErrorKind::MalformedReply, 2));

    let cut = Says("{\"name\": \"Ada", StopReason::Length);
    let error = structured::<Person>(&cut, ModelRequest::new("s", "who?"), &person(), &cx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MalformedReply);
    assert!(error.hint_text().unwrap().contains("max_output_tokens"));
    let declined = Says("I can't.", StopReason::Refused);
    let error = structured::<Person>(&declined, ModelRequest::new("s", "who?"), &person(), &cx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
}

/// Always says the same and stops for the same reason.
struct Says(&'static str, StopReason);

#[async_trait::async_trait]
impl Model for Says {
    fn id(&self) -> &ModelId {
        static ID: std::sync::LazyLock<ModelId> = std::sync::LazyLock::new(|| ModelId::new("test", "says"));
        &ID
    }

    async fn send(&self, _: ModelRequest, _: &Cx) -> Result<Reply> {
        Ok(Reply::whole(Completion { stop: self.1, ..Completion::text(self.0) }))
    }
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
    let strict = strict(schema, Optional::Nullable).unwrap();
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

fn object() -> impl Strategy<Value = Value> {
    prop::collection::vec(("[\"'\\\\ a:é]{0,4}", value()), 1..5)
        .prop_map(|members| Value::Object(members.into_iter().collect()))
}

fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({ "type": "string" })),
        Just(json!({ "type": ["string", "null"], "minLength": 2, "description": "x" })),
        Just(json!({ "type": "integer", "minimum": 1, "format": "uint8" })),
        Just(json!({ "enum": ["a", null] })),
        Just(json!({ "$ref": "#/$defs/A", "description": "there" })),
        Just(json!({})),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let properties = prop::collection::vec(("[a-d]", inner.clone()), 0..4);
        prop_oneof![
            4 => (properties, prop::collection::vec("[a-d]", 0..3)).prop_map(|(properties, required)| {
                let properties: serde_json::Map<String, Value> = properties.into_iter().collect();
                json!({ "type": "object", "properties": properties, "required": required })
            }),
            1 => inner.clone().prop_map(|items| json!({ "type": "array", "items": items, "minItems": 1 })),
            1 => prop::collection::vec(inner.clone(), 1..3).prop_map(|of| json!({ "oneOf": of })),
            1 => inner.prop_map(|one| json!({ "allOf": [one], "description": "one" })),
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
    fn json_within_words_is_found(value in object()) {
        for text in [format!("Here: {value} Done."), format!("```json\n{value:#}\n```\nDone.")] {
            let found: Value = serde_json::from_str(&repair(&text).unwrap()).unwrap();
            prop_assert_eq!(&found, &value);
        }
    }

    /// A strict schema is strict already, and whatever it is made of, making it never panics.
    #[test]
    fn strict_schemas_stay_as_they_are(schema in schema(), any in value()) {
        for optional in [Optional::Stay, Optional::Nullable] {
            if let Some(once) = strict(&schema, optional) {
                prop_assert_eq!(strict(&once, optional), Some(once.clone()));
            }
            let _ = strict(&any, optional);
        }
        let mut pruned = any.clone();
        without_nulls(&mut pruned, &schema);
        let mut again = pruned.clone();
        without_nulls(&mut again, &schema);
        prop_assert_eq!(again, pruned);
    }

    #[test]
    fn what_is_repaired_is_json(text in "[\"'\\\\{}\\[\\],:;=/*#\\n` a1.eu-]{0,60}|\\PC{0,60}") {
        if let Ok(repaired) = repair(&text) {
            // Numbers may be larger than a `Value` holds, where they were JSON to begin with.
            prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&repaired).is_ok(), "{}", repaired);
        }
    }

    #[test]
    fn json_that_was_cut_off_is_closed(value in object(), list in any::<bool>(), at in any::<prop::sample::Index>()) {
        let text = if list { json!([value, 1]).to_string() } else { value.to_string() };
        let at = text.floor_char_boundary(at.index(text.len()) + 1);
        let repaired = repair(&text[..at]).unwrap();
        prop_assert!(serde_json::from_str::<Value>(&repaired).is_ok(), "{}", repaired);
    }
}
