//! The format as a JSON schema, for editors that complete and check while somebody writes.

use serde_json::{Map, Value, json};

use super::compile::PATTERNS;
use super::read::{KINDS, keys};

fn of(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

/// An object with these keys and no others.
fn object<'a>(keys: impl IntoIterator<Item = &'a str>, required: &[&str], shape: impl Fn(&str) -> Value) -> Value {
    let properties: Map<String, Value> = keys.into_iter().map(|key| (key.to_owned(), shape(key))).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn map_of(shape: &str) -> Value {
    json!({"type": "object", "propertyNames": of("name"), "additionalProperties": of(shape)})
}

fn described(mut shape: Value, description: &str) -> Value {
    if let Some(fields) = shape.as_object_mut() {
        fields.insert("description".to_owned(), description.into());
    }
    shape
}

/// What a key holds, wherever it stands.
fn shape(key: &str) -> Value {
    let count = |least: u32| json!({"type": "integer", "minimum": least});
    let flag = || json!({"type": "boolean"});
    match key {
        "locale" => {
            described(json!({"enum": ["en-US", "en-GB", "de-DE", "es-ES", "fr-FR"]}), "How dates and numbers are read.")
        }
        "prefer" => described(json!({"enum": ["future", "past", "neither"]}), "Which Friday `Friday` is."),
        "longest_message" => described(count(1), "The most characters of a message."),
        "most_reprompts" => described(count(1), "How often a question is put again."),
        "deepest_stack" => described(count(1), "How many flows may be open at once."),
        "most_steps" => described(count(1), "How many steps a turn may take."),
        "silence" => described(of("length"), "How long one may be silent."),
        "timeout" => described(of("length"), "How long the action may take."),
        "attempts" => described(count(1), "How often the action is tried when it fails in a way that may pass."),
        "slots" => described(map_of("slot"), "What a conversation collects."),
        "actions" => described(map_of("action"), "What the host does."),
        "responses" => described(map_of("said"), "Texts that are said by their name."),
        "inputs" | "outputs" => map_of("parameter"),
        "type" => json!({"enum": KINDS}),
        "options" => json!({"type": "array", "minItems": 1, "items": of("option")}),
        "reader" => described(of("word"), "The name under which the host registered its reader."),
        "description" => described(of("word"), "What it is, in a few words: models see it."),
        "reprompt" => object(keys::REPROMPT, &[], |_| of("said")),
        "validate" => json!({"type": "array", "items": object(keys::VALIDATOR, &["if"], shape)}),
        "default" => of("expression"),
        "optional" => described(flag(), "Whether it may stay open."),
        "persist" => described(flag(), "Whether it stays when its flow ends."),
        "ask_always" => described(flag(), "Whether it is asked for even when it has a value."),
        "internal" => described(flag(), "Whether only the system fills or starts it."),
        "sensitive" => described(flag(), "Whether models and the inspector do not see it."),
        "triggers" => json!({"type": "array", "items": of("word")}),
        "if" | "while" => of("condition"),
        "steps" | "then" | "else" | "do" | "yes" | "no" | "on_failure" => of("steps"),
        "synonyms" => json!({"type": "array", "items": of("word")}),
        "value" => of("word"),
        "set" | "with" => {
            json!({"type": "object", "propertyNames": of("name"), "additionalProperties": of("expression")})
        }
        "into" => map_of("name"),
        "clear" => json!({"anyOf": [of("name"), {"type": "array", "items": of("name")}]}),
        "branch" => json!({"type": "array", "minItems": 1, "items": {"oneOf": [
            object(["if", "then"], &["if", "then"], shape),
            object(["else"], &["else"], shape),
        ]}}),
        "collect" | "action" | "call" | "link" | "id" | "next" => of("name"),
        "handoff" => of("word"),
        // `say`, `prompt`, `confirm`
        _ => of("said"),
    }
}

fn step() -> Value {
    let every = keys::EVERY_STEP;
    let mut ways = vec![json!({"const": "end"}), object(every, &["next"], shape)];
    for (kind, with) in keys::STEPS {
        if kind == "end" {
            continue;
        }
        let all = std::iter::once(kind).chain(with.iter().copied()).chain(every);
        let required: &[&str] = match kind {
            "if" => &["if", "then"],
            "while" => &["while", "do"],
            _ => &[kind],
        };
        ways.push(object(all, required, shape));
    }
    json!({"oneOf": ways})
}

pub(super) fn schema() -> Value {
    let text = json!({"type": "string", "minLength": 1});
    let plain = json!({"type": ["string", "integer", "boolean"]});
    let variation = json!({"anyOf": [plain, object(keys::VARIATION, &["say"], |key| if key == "say" { of("word") } else { shape(key) })]});
    let steps_with_end = json!({"type": ["array", "null"], "items": of("step")});
    let name = json!({"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,63}$"});
    let flow = object(keys::FLOW, &["steps"], shape);
    let flows = json!({
        "type": "object",
        "propertyNames": {"anyOf": [{"enum": PATTERNS}, {"allOf": [of("name"), {"not": {"pattern": "^pattern_"}}]}]},
        "additionalProperties": of("flow"),
    });
    let mut file = object(keys::FILE, &[], |key| {
        if key == "flows" { described(flows.clone(), "What the dialogue can do.") } else { shape(key) }
    });
    let own = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Ninefold dialogue definition",
        "$defs": {
            "name": name,
            "word": plain,
            "length": described(text.clone(), "A length of time: `10s`, `500ms`, `2m`, `1h 30m`."),
            "expression": described(json!({"type": ["string", "number", "boolean", "array", "null"]}), "An expression; texts stand in quotes within it."),
            "condition": described(json!({"anyOf": [text, {"type": "boolean"}]}), "An expression that is true or false."),
            "variation": variation,
            "said": described(json!({"anyOf": [of("variation"), {"type": "array", "minItems": 1, "items": of("variation")}]}), "A text, the name of a response, or a list of variations."),
            "option": {"anyOf": [plain, object(keys::OPTION, &["value"], shape)]},
            "slot": {"anyOf": [{"enum": KINDS}, kinded(object(keys::SLOT, &["type"], shape))]},
            "parameter": {"anyOf": [{"enum": KINDS}, kinded(object(keys::PARAMETER, &["type"], shape))]},
            "action": {"anyOf": [{"type": "null"}, object(keys::ACTION, &[], shape)]},
            "flow": flow,
            "step": step(),
            "steps": steps_with_end,
        },
    });
    if let (Some(file), Value::Object(own)) = (file.as_object_mut(), own) {
        file.extend(own);
    }
    file
}

/// Categories have options, custom types a reader, and the others neither.
fn kinded(mut object: Value) -> Value {
    let only = |kind: &str, key: &str| {
        json!({
            "if": {"properties": {"type": {"const": kind}}, "required": ["type"]},
            "then": {"required": [key]},
            "else": {"not": {"required": [key]}},
        })
    };
    if let Some(fields) = object.as_object_mut() {
        fields.insert("allOf".to_owned(), json!([only("category", "options"), only("custom", "reader")]));
    }
    object
}
