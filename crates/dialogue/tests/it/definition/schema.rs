//! The schema for editors says the same as the compiler about the form.

use ninefold_dialogue::definition::Definition;
use serde_json::{Value, json};

use super::{EXAMPLES, example};

fn valid(value: &Value) -> bool {
    jsonschema::validator_for(&Definition::json_schema()).unwrap().is_valid(value)
}

#[test]
fn the_examples_are_valid() {
    for name in EXAMPLES {
        let value: Value = serde_saphyr::from_str(&example(name)).unwrap();
        let validator = jsonschema::validator_for(&Definition::json_schema()).unwrap();
        let wrong: Vec<_> =
            validator.iter_errors(&value).map(|error| format!("{} {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    }
}

#[test]
fn mistakes_are_not_valid() {
    let with_step = |step: Value| json!({"flows": {"a": {"triggers": ["a"], "steps": [step]}}});
    assert!(valid(&with_step(json!({"say": "Hello.", "id": "x", "next": "x"}))));
    assert!(valid(&with_step(json!("end"))));
    for step in [
        json!({"sya": "Hello."}),
        json!("hello"),
        json!({"say": "Hello.", "prompt": "What?"}),
        json!({"if": "a > 0"}),
        json!({"while": "a > 0"}),
        json!({"branch": [{"then": []}]}),
        json!({"say": []}),
        json!({"say": "a", "collect": "b"}),
        json!({"collect": "not a name"}),
    ] {
        assert!(!valid(&with_step(step.clone())), "{step}");
    }
    for definition in [
        json!({"colour": "blue"}),
        json!({"locale": "en-UK"}),
        json!({"most_reprompts": 0}),
        json!({"slots": {"a": {"type": "txt"}}}),
        json!({"slots": {"a": {"prompt": "What?"}}}),
        json!({"slots": {"a": {"type": "category"}}}),
        json!({"slots": {"a": {"type": "text", "options": ["a"]}}}),
        json!({"slots": {"due-date": "date"}}),
        json!({"flows": {"a": {"triggers": ["a"]}}}),
        json!({"flows": {"pattern_cancle": {"steps": ["end"]}}}),
        json!({"actions": {"a": {"tries": 2}}}),
    ] {
        assert!(!valid(&definition), "{definition}");
    }
}
