//! A JSON Schema as the providers' strict modes demand it: every object closed, only the keywords that they know. What a
//! schema says beyond that goes into the description, for the model to read, and is for the reader of the reply to check.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

/// What becomes of properties that may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Optional {
    /// They stay.
    Stay,
    /// All properties are required; those that were not may be null instead. [`without_nulls`] takes them out again.
    Nullable,
}

/// The deepest nesting that is looked at.
const MAX_DEPTH: usize = 48;

/// String formats that strict modes know.
const FORMATS: &[&str] = &["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];

/// Keywords without meaning for what is valid.
const NOTES: &[&str] = &[
    "$schema",
    "$id",
    "$comment",
    "title",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "description",
];

/// Keywords that only narrow; strict modes do not know them everywhere.
const NARROWING: &[&str] = &[
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "format",
];

/// The schema in the form that strict modes take; `None` when it cannot be said in it: maps with free keys, `allOf` of
/// several, `not`, conditions, tuples, a root that is no object.
///
/// By the providers' references: OpenAI's structured outputs (with [`Optional::Nullable`]) and Anthropic's (with
/// [`Optional::Stay`]).
#[must_use]
pub fn strict(schema: &Value, optional: Optional) -> Option<Value> {
    let root = convert(schema, optional, 0)?;
    let is_object = root.get("type").is_some_and(|kind| kind == "object");
    is_object.then_some(root)
}

/// Whether a reference in the schema leads back to itself, or nowhere, which Anthropic's structured outputs do not take.
pub(crate) fn is_recursive(schema: &Value) -> bool {
    fn visit<'a>(at: &'a Value, root: &'a Value, within: &mut Vec<&'a str>, done: &mut HashSet<&'a str>) -> bool {
        if within.len() > MAX_DEPTH {
            return true;
        }
        let reference = at.get("$ref").and_then(Value::as_str).filter(|reference| !done.contains(reference));
        if let Some(reference) = reference {
            if within.contains(&reference) {
                return true;
            }
            within.push(reference);
            let recursive = visit(resolve(at, root), root, within, done);
            within.pop();
            done.insert(reference);
            if recursive {
                return true;
            }
        }
        match at {
            Value::Object(members) => members.values().any(|inner| visit(inner, root, within, done)),
            Value::Array(items) => items.iter().any(|inner| visit(inner, root, within, done)),
            _ => false,
        }
    }
    visit(schema, schema, &mut vec!["#"], &mut HashSet::new())
}

/// Whether the schema is as strict modes demand it already, without any change.
pub(crate) fn is_strict(schema: &Value) -> bool {
    is_object(schema) && is_strict_inside(schema, 0)
}

fn is_object(schema: &Value) -> bool {
    schema.get("type").is_some_and(|kind| kind == "object")
}

fn is_strict_inside(schema: &Value, depth: usize) -> bool {
    let Some(of) = schema.as_object().filter(|_| depth <= MAX_DEPTH) else { return false };
    let inner = |schema: &Value| is_strict_inside(schema, depth + 1);
    let each = |schemas: &Value| schemas.as_array().is_some_and(|schemas| schemas.iter().all(inner));
    let sound = of.iter().all(|(key, value)| match key.as_str() {
        "type" | "enum" | "const" | "description" | "required" => true,
        "$ref" => of.len() == 1,
        "format" => value.as_str().is_some_and(|format| FORMATS.contains(&format)),
        "additionalProperties" => *value == false,
        "items" => inner(value),
        "anyOf" => each(value),
        "properties" | "$defs" => value.as_object().is_some_and(|schemas| schemas.values().all(inner)),
        _ => false,
    });
    let required = names(of);
    let all = |properties: &Map<String, Value>| properties.keys().all(|name| required.contains(&name.as_str()));
    let closed =
        of.contains_key("additionalProperties") && of.get("properties").and_then(Value::as_object).is_some_and(all);
    sound && (closed || !(is_object(schema) || of.contains_key("properties")))
}

fn convert(schema: &Value, optional: Optional, depth: usize) -> Option<Value> {
    let from = schema.as_object()?;
    if depth > MAX_DEPTH {
        return None;
    }
    let inner = |schema: &Value| convert(schema, optional, depth + 1);
    // Nothing but notes may stand beside a reference.
    if let Some(reference) = from.get("$ref") {
        let alone = from.keys().all(|key| key == "$ref" || key == "$defs" || NOTES.contains(&key.as_str()));
        return (alone && depth > 0).then(|| json!({ "$ref": reference }));
    }
    let mut to = Map::new();
    let mut more = Vec::new();
    for (key, value) in from {
        match key.as_str() {
            "description" | "enum" | "const" | "type" => {
                to.insert(key.clone(), value.clone());
            }
            "format" if value.as_str().is_some_and(|format| FORMATS.contains(&format)) => {
                to.insert(key.clone(), value.clone());
            }
            "properties" | "required" | "additionalProperties" => {}
            "items" => {
                to.insert(key.clone(), inner(value)?);
            }
            "anyOf" | "oneOf" => {
                let of: Option<Vec<Value>> = value.as_array()?.iter().map(inner).collect();
                to.insert("anyOf".to_owned(), Value::Array(of?));
            }
            "allOf" => {
                let [one] = value.as_array()?.as_slice() else { return None };
                for (key, value) in inner(one)?.as_object()? {
                    to.entry(key.clone()).or_insert_with(|| value.clone());
                }
            }
            "$defs" | "definitions" => {
                let of: Option<Map<String, Value>> =
                    value.as_object()?.iter().map(|(name, schema)| Some((name.clone(), inner(schema)?))).collect();
                to.insert(key.clone(), Value::Object(of?));
            }
            key if NARROWING.contains(&key) => more.push(format!("{key}: {value}")),
            key if NOTES.contains(&key) => {}
            _ => return None,
        }
    }
    if let Some(reference) = to.get("$ref") {
        let alone = more.is_empty() && to.keys().all(|key| key == "$ref" || key == "description");
        return alone.then(|| json!({ "$ref": reference }));
    }
    if let Some(properties) = object_of(from)? {
        let required = names(from);
        // What must be there and is not described would be forbidden.
        if required.iter().any(|name| !properties.contains_key(*name)) {
            return None;
        }
        let mut closed = Map::new();
        for (name, schema) in properties {
            let converted = inner(schema)?;
            let keep = optional == Optional::Stay || required.contains(&name.as_str());
            closed.insert(name.clone(), if keep { converted } else { nullable(converted) });
        }
        let whole = optional == Optional::Stay || properties.keys().all(|name| required.contains(&name.as_str()));
        let all = if whole { required } else { properties.keys().map(String::as_str).collect() };
        to.insert("required".to_owned(), json!(all));
        to.insert("properties".to_owned(), Value::Object(closed));
        to.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    // What allows anything cannot be said strictly.
    if !["type", "anyOf", "enum", "const", "$ref"].iter().any(|key| to.contains_key(*key)) {
        return None;
    }
    if !more.is_empty() {
        let said = to.get("description").and_then(Value::as_str).map(|said| format!("{said} ")).unwrap_or_default();
        to.insert("description".to_owned(), Value::String(format!("{said}{{{}}}", more.join(", "))));
    }
    Some(Value::Object(to))
}

/// The properties, for an object; the outer `None` for objects with free keys.
fn object_of(schema: &Map<String, Value>) -> Option<Option<&Map<String, Value>>> {
    let is_object = schema.get("type").is_some_and(|kind| kind == "object" || is_among(kind, "object"));
    if !is_object && !schema.contains_key("properties") {
        return Some(None);
    }
    if !matches!(schema.get("additionalProperties"), None | Some(Value::Bool(false))) {
        return None;
    }
    Some(Some(schema.get("properties")?.as_object()?))
}

fn names(schema: &Map<String, Value>) -> Vec<&str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn is_among(kinds: &Value, kind: &str) -> bool {
    kinds.as_array().is_some_and(|kinds| kinds.iter().any(|one| one == kind))
}

fn allows_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|kind| kind == "null" || is_among(kind, "null"))
        || schema.get("const").is_some_and(Value::is_null)
        || schema.get("enum").is_some_and(|of| of.as_array().is_some_and(|of| of.contains(&Value::Null)))
        || ["anyOf", "oneOf"].iter().filter_map(|key| schema.get(*key)?.as_array()).flatten().any(allows_null)
}

fn nullable(schema: Value) -> Value {
    if allows_null(&schema) { schema } else { json!({ "anyOf": [schema, { "type": "null" }] }) }
}

/// Takes the nulls out of `value` that stand for absent properties: those that `schema`, as it was before [`strict`], does
/// not require and that cannot be null by it.
pub fn without_nulls(value: &mut Value, schema: &Value) {
    prune(value, schema, schema, 0);
}

fn resolve<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let reference = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    reference.and_then(|pointer| root.pointer(pointer)).unwrap_or(schema)
}

fn prune(value: &mut Value, schema: &Value, root: &Value, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    let schema = resolve(schema, root);
    for key in ["anyOf", "oneOf", "allOf"] {
        for one in schema.get(key).and_then(Value::as_array).into_iter().flatten() {
            if fits(value, resolve(one, root)) {
                prune(value, one, root, depth + 1);
            }
        }
    }
    match value {
        Value::Object(members) => {
            let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
            let required = schema.as_object().map(names).unwrap_or_default();
            members.retain(|name, value| {
                let absent = value.is_null()
                    && !required.contains(&name.as_str())
                    && properties.get(name).is_some_and(|schema| !allows_null(resolve(schema, root)));
                !absent
            });
            for (name, value) in members {
                if let Some(schema) = properties.get(name) {
                    prune(value, schema, root, depth + 1);
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                items.iter_mut().for_each(|item| prune(item, schema, root, depth + 1));
            }
        }
        _ => {}
    }
}

/// Whether a value may be meant by one of several schemas: for objects, that the constants agree and what is required is
/// there.
fn fits(value: &Value, schema: &Value) -> bool {
    let (Some(members), Some(object)) = (value.as_object(), schema.as_object()) else { return value.is_array() };
    let constants = object.get("properties").and_then(Value::as_object).into_iter().flatten();
    names(object).iter().all(|name| members.contains_key(*name))
        && constants.filter_map(|(name, schema)| Some((members.get(name)?, schema.get("const")?))).all(|(a, b)| a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_closed_and_all_is_required() {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Person",
            "type": "object",
            "properties": {
                "name": { "type": "string", "minLength": 1, "description": "The name." },
                "age": { "type": "integer", "format": "uint8", "minimum": 0, "maximum": 255 },
                "pet": { "anyOf": [{ "$ref": "#/$defs/Pet" }, { "type": "null" }] },
                "born": { "type": "string", "format": "date" }
            },
            "required": ["name"],
            "$defs": { "Pet": { "oneOf": [{ "const": "cat", "description": "Meows." }, { "const": "dog" }] } }
        });
        assert_eq!(
            strict(&schema, Optional::Nullable).unwrap(),
            json!({
                "type": "object",
                "properties": {
                    "name": { "type": "string", "description": "The name. {minLength: 1}" },
                    "age": { "anyOf": [
                        { "type": "integer", "description": "{format: \"uint8\", maximum: 255, minimum: 0}" },
                        { "type": "null" }
                    ] },
                    "pet": { "anyOf": [{ "$ref": "#/$defs/Pet" }, { "type": "null" }] },
                    "born": { "anyOf": [{ "type": "string", "format": "date" }, { "type": "null" }] }
                },
                "required": ["age", "born", "name", "pet"],
                "additionalProperties": false,
                "$defs": { "Pet": { "anyOf": [{ "const": "cat", "description": "Meows." }, { "const": "dog" }] } }
            })
        );
        let stays = strict(&schema, Optional::Stay).unwrap();
        assert!(is_strict(&strict(&schema, Optional::Nullable).unwrap()));
        assert!(!is_strict(&schema) && !is_strict(&stays));
        assert_eq!(stays["required"], json!(["name"]));
        assert_eq!(stays["properties"]["born"], json!({ "type": "string", "format": "date" }));
    }

    #[test]
    fn what_cannot_be_said_strictly_is_not() {
        for schema in [
            json!({ "type": "object", "additionalProperties": { "type": "string" } }),
            json!({ "type": "object" }),
            json!({ "type": "array", "items": { "type": "string" } }),
            json!({ "type": "object", "properties": { "any": {} } }),
            json!({ "type": "object", "properties": { "any": true } }),
            json!({ "type": "object", "properties": { "a": { "not": { "type": "string" } } } }),
            json!({ "type": "object", "properties": { "a": { "allOf": [{ "type": "string" }, { "enum": ["x"] }] } } }),
            json!({ "$ref": "#" }),
            json!(true),
        ] {
            assert_eq!(strict(&schema, Optional::Nullable), None, "{schema}");
        }
        let mut deep = json!({ "type": "string" });
        for _ in 0..100 {
            deep = json!({ "type": "object", "properties": { "a": deep } });
        }
        assert_eq!(strict(&deep, Optional::Stay), None);
    }

    #[test]
    fn references_in_a_circle_are_seen() {
        let of = |a: &str, b: &str| json!({ "$ref": "#/$defs/A", "$defs": { "A": { "items": { "$ref": a } }, "B": { "$ref": b } } });
        assert!(is_recursive(&of("#/$defs/A", "#")) && is_recursive(&of("#/$defs/B", "#/$defs/A")));
        assert!(is_recursive(&of("#/$defs/B", "#")));
        assert!(is_recursive(&of("#/$defs/B", "#/$defs/none")), "what leads nowhere cannot be sent either");
        let twice = json!({ "items": [{ "$ref": "#/$defs/A" }, { "$ref": "#/$defs/A" }], "$defs": { "A": { "type": "string" } } });
        assert!(!is_recursive(&twice));
    }

    #[test]
    fn nulls_for_absent_properties_are_taken_out() {
        let schema = json!({
            "type": "object",
            "properties": {
                "must": { "type": ["string", "null"] },
                "may": { "type": "string" },
                "maybe": { "type": ["string", "null"] },
                "list": { "type": "array", "items": { "$ref": "#/$defs/Item" } },
                "of": { "oneOf": [
                    { "type": "object", "properties": { "kind": { "const": "a" }, "x": { "type": "integer" } }, "required": ["kind"] },
                    { "type": "object", "properties": { "kind": { "const": "b" }, "x": { "type": "null" } }, "required": ["kind"] }
                ] }
            },
            "required": ["must"],
            "$defs": { "Item": { "type": "object", "properties": { "n": { "type": "integer" } } } }
        });
        let mut value = json!({
            "must": null, "may": null, "maybe": null, "list": [{ "n": null }, { "n": 1 }],
            "of": { "kind": "b", "x": null }, "other": null
        });
        without_nulls(&mut value, &schema);
        assert_eq!(
            value,
            json!({ "must": null, "maybe": null, "list": [{}, { "n": 1 }], "of": { "kind": "b", "x": null }, "other": null })
        );
    }
}
