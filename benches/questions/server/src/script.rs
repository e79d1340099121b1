//! What the model answers: which role a prompt gives it, what the prompt is about, and the reply prepared for both.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use crate::request::Request;

/// The script.
#[derive(Debug, Deserialize)]
pub struct Script {
    roles: Vec<Role>,
    replies: Vec<Prepared>,
}

/// A role, known by any of these phrases.
#[derive(Debug, Deserialize)]
struct Role {
    role: String,
    any: Vec<String>,
}

/// A reply, for a role and for prompts that hold a phrase.
#[derive(Debug, Deserialize)]
struct Prepared {
    name: String,
    role: String,
    has: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    json: Option<Value>,
}

/// What the model will say.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// The reply's name in the script.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// When there is none, or it is of another form.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// The reply to a request: of the first role one of whose phrases it holds, the first reply whose phrase it holds.
    pub fn reply(&self, request: &Request) -> Option<Said> {
        let text = request.text();
        let holds = |phrase: &String| text.contains(phrase.as_str());
        let role = self.roles.iter().find(|role| role.any.iter().any(holds))?;
        let prepared = self.replies.iter().find(|reply| reply.role == role.role && holds(&reply.has))?;
        let said = match (&prepared.json, &prepared.text) {
            (Some(json), _) => fitted(json, request.schema()).to_string(),
            (None, Some(said)) => numbered(said, &text),
            (None, None) => return None,
        };
        Some(Said { name: prepared.name.clone(), text: said })
    }
}

/// `{file.md}` as the number that the prompt gives that file, as in `[3]`; nothing where it gives it none.
fn numbered(said: &str, prompt: &str) -> String {
    static NUMBERED: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^\[(\d+)\] (?:\S*/)?([\w-]+\.md)\b"));
    static MARK: LazyLock<Regex> = LazyLock::new(|| pattern(r" ?\{([\w-]+\.md)\}"));
    let number =
        |file: &str| NUMBERED.captures_iter(prompt).find(|found| &found[2] == file).map(|found| found[1].to_owned());
    let mark = |found: &regex::Captures| number(&found[1]).map(|number| format!(" [{number}]")).unwrap_or_default();
    MARK.replace_all(said, mark).into_owned()
}

#[expect(clippy::expect_used, reason = "both patterns stand in this file")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern")
}

/// A prepared value with what the schema asks for, as a model that is held to the schema would write it: no other properties.
fn fitted(value: &Value, schema: Option<&Value>) -> Value {
    match schema {
        Some(schema) => fitted_to(value, schema, schema),
        None => value.clone(),
    }
}

fn fitted_to(value: &Value, schema: &Value, root: &Value) -> Value {
    let schema = match schema.get("$ref").and_then(Value::as_str).and_then(|at| at.strip_prefix('#')) {
        Some(at) => root.pointer(at).unwrap_or(schema),
        None => schema,
    };
    match (value, schema.get("properties"), schema.get("items")) {
        (Value::Object(fields), Some(Value::Object(properties)), _) => {
            let kept = properties
                .iter()
                .filter_map(|(name, schema)| Some((name.clone(), fitted_to(fields.get(name)?, schema, root))));
            Value::Object(kept.collect())
        }
        (Value::Array(values), _, Some(items)) => values.iter().map(|value| fitted_to(value, items, root)).collect(),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn replies_are_found_by_role_and_phrase() {
        let script: Script = serde_json::from_value(json!({
            "roles": [{"role": "plan", "any": ["break it up"]}, {"role": "answer", "any": ["answer it", "reply"]}],
            "replies": [{"name": "a", "role": "answer", "has": "zebra", "text": "Stripes {zebra.md}."},
                        {"name": "p", "role": "plan", "has": "zebra", "json": {"parts": []}}],
        }))
        .unwrap();
        let said = |text: &str| {
            let request: Request =
                serde_json::from_value(json!({"messages": [{"role": "user", "content": text}]})).unwrap();
            script.reply(&request).map(|said| (said.name, said.text))
        };
        let of = |name: &str, text: &str| Some((name.to_owned(), text.to_owned()));
        assert_eq!(said("break it up: zebra"), of("p", r#"{"parts":[]}"#));
        assert_eq!(said("reply: zebra\n[1] notes/lion.md:1-3\n[2] notes/zebra.md:1-4"), of("a", "Stripes [2]."));
        assert_eq!(said("reply: zebra"), of("a", "Stripes."));
        assert_eq!(said("reply: lion"), None);
        assert_eq!(said("zebra"), None);
    }

    #[test]
    fn a_schema_takes_away_what_it_does_not_name() {
        let schema = json!({
            "properties": {"parts": {"items": {"$ref": "#/$defs/Part"}, "type": "array"}},
            "$defs": {"Part": {"properties": {"id": {"type": "string"}}}},
        });
        let value = json!({"parts": [{"id": "a", "after": []}], "why": "because"});
        assert_eq!(fitted(&value, Some(&schema)), json!({"parts": [{"id": "a"}]}));
        assert_eq!(fitted(&value, None), value);
    }
}
