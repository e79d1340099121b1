//! Asks a person what an action returns, output by output.

use std::fmt::Write as _;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use ninefold_core::printable::one_line;
use serde_json::{Map, Value};

use crate::engine::run::fits;
use crate::kind::Kind;
use crate::normalize::{Normalizer, Read, Reading};
use crate::program::{Action, Parameter};

/// Shows a text and gives back the line that is said to it; none when nothing more will be said.
pub(super) type Ask = Arc<dyn Fn(String) -> BoxFuture<'static, Option<String>> + Send + Sync>;

/// What an action returns to these inputs, as somebody says; none when it fails. Values are read as a user's; the whole may be
/// given as JSON in the first line.
pub(super) async fn asked(ask: &Ask, action: &Action, inputs: &Value, reading: &Reading) -> Option<Map<String, Value>> {
    let given: Vec<String> = inputs
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{name} {}", one_line(&value.to_string())))
        .collect();
    let with = if given.is_empty() { String::new() } else { format!(" with {}", given.join(", ")) };
    let may_be_empty = action.outputs.iter().all(|output| output.optional);
    let fails = if may_be_empty { "" } else { " (nothing: it fails)" };
    let mut prompt = format!("action {} is called{with}: what does it return?{fails}\n", action.name);
    let mut returned = Map::new();
    if may_be_empty {
        loop {
            prompt.push_str("  does it succeed? (yes or no) ");
            let line = ask(std::mem::take(&mut prompt)).await?;
            if let Some(all) = whole(action, &line) {
                return Some(all);
            }
            match line.trim().to_lowercase().as_str() {
                "y" | "yes" => break,
                "" | "n" | "no" => return None,
                _ => {}
            }
        }
    }
    for (n, output) in action.outputs.iter().enumerate() {
        loop {
            let optional = if output.optional { ", or nothing" } else { "" };
            let _ = write!(prompt, "  {} ({}{optional}): ", output.name, output.kind);
            let line = ask(std::mem::take(&mut prompt)).await?;
            let line = line.trim();
            if line.is_empty() {
                if output.optional {
                    break;
                }
                return None;
            }
            if let Some(all) = whole(action, line).filter(|_| n == 0) {
                return Some(all);
            }
            if let Some(value) = value(output, line, reading) {
                returned.insert(output.name.to_string(), value);
                break;
            }
            let _ = writeln!(prompt, "  {} is no {}", one_line(line), output.kind);
        }
    }
    Some(returned)
}

/// All outputs in one line of JSON.
fn whole(action: &Action, line: &str) -> Option<Map<String, Value>> {
    let all: Map<String, Value> = serde_json::from_str(line).ok()?;
    action.outputs.iter().any(|output| all.contains_key(output.name.as_str())).then_some(all)
}

/// One output, in the words of a user or as JSON.
fn value(output: &Parameter, line: &str, reading: &Reading) -> Option<Value> {
    if !matches!(output.kind, Kind::Any | Kind::Custom { .. })
        && let Read::One(read) = &*Normalizer::default().read(&output.kind, line, reading)
        && fits(&output.kind, &read.value)
    {
        return Some(read.value.clone());
    }
    let json = serde_json::from_str(line).ok().filter(|json| fits(&output.kind, json));
    json.or_else(|| Some(Value::from(line)).filter(|text| fits(&output.kind, text)))
}
