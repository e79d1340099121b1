//! Compares a turn with what was expected of it.

use serde_json::{Map, Value};
use smol_str::SmolStr;

use super::{Called, Expected};
use crate::reply::{Asked, Reply};
use crate::understand::line::print;

impl Expected {
    /// What was not met, with what was there instead.
    #[must_use]
    pub fn missed(&self, reply: &Reply, called: &[Called]) -> Vec<String> {
        let mut missed = Vec::new();
        let text = reply.text();
        for wanted in self.contains.iter().filter(|wanted| !text.contains(wanted.as_str())) {
            missed.push(format!("the reply should contain {wanted:?}, and is {text:?}"));
        }
        for unwanted in self.not.iter().filter(|unwanted| text.contains(unwanted.as_str())) {
            missed.push(format!("the reply should not contain {unwanted:?}, and is {text:?}"));
        }
        if let Some(exact) = self.exact.as_ref().filter(|exact| exact.trim() != text.trim()) {
            missed.push(format!("the reply should be {:?}, and is {text:?}", exact.trim()));
        }
        for (slot, wanted) in &self.slots {
            let is = reply.slots.get(slot).unwrap_or(&Value::Null);
            if !same(wanted, is) {
                missed.push(format!("slot {slot} should be {wanted}, and is {is}"));
            }
        }
        if let Some(wanted) = &self.flow {
            differs(&mut missed, "the flow", wanted.as_ref(), reply.flow.as_ref());
        }
        if let Some(wanted) = &self.asked {
            let asked = reply.asked.as_ref().map(|asked| match asked {
                Asked::Slot(slot) => slot.clone(),
                Asked::Confirmation => SmolStr::new_static("confirmation"),
                Asked::Flow(_) => SmolStr::new_static("flow"),
            });
            differs(&mut missed, "the question", wanted.as_ref(), asked.as_ref());
        }
        if let Some(wanted) = &self.handed_to {
            differs(&mut missed, "who has taken over", wanted.as_ref(), reply.handed_to.as_ref());
        }
        if let Some(wanted) = &self.actions {
            actions(&mut missed, wanted, called);
        }
        if let Some(wanted) = self.commands.as_ref().filter(|wanted| **wanted != reply.commands) {
            let shown = |commands: &[crate::Command]| commands.iter().map(print).collect::<Vec<_>>().join("; ");
            missed.push(format!("understood should be [{}], and is [{}]", shown(wanted), shown(&reply.commands)));
        }
        let failed = reply.failures.iter().map(|failure| failure.message.as_str()).collect::<Vec<_>>().join("; ");
        match &self.failure {
            Some(wanted) if !failed.contains(wanted.as_str()) => {
                missed.push(format!("a failure with {wanted:?} should be there, and there is {failed:?}"));
            }
            None if !failed.is_empty() => missed.push(format!("something failed inside: {failed}")),
            _ => {}
        }
        missed
    }
}

fn differs(missed: &mut Vec<String>, what: &str, wanted: Option<&SmolStr>, is: Option<&SmolStr>) {
    if wanted != is {
        let shown = |name: Option<&SmolStr>| name.map_or_else(|| "none".to_owned(), ToString::to_string);
        missed.push(format!("{what} should be {}, and is {}", shown(wanted), shown(is)));
    }
}

fn actions(missed: &mut Vec<String>, wanted: &[(SmolStr, Map<String, Value>)], called: &[Called]) {
    let names = |names: Vec<&SmolStr>| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
    let (should, are) = (
        names(wanted.iter().map(|(name, _)| name).collect()),
        names(called.iter().map(|called| &called.action).collect()),
    );
    if should != are {
        missed.push(format!("the actions called should be [{should}], and are [{are}]"));
        return;
    }
    for ((name, inputs), called) in wanted.iter().zip(called) {
        for (input, wanted) in inputs {
            let is = called.inputs.get(input).unwrap_or(&Value::Null);
            if !same(wanted, is) {
                missed.push(format!("input {input} of {name} should be {wanted}, and is {is}"));
            }
        }
    }
}

/// Numbers by their value, of maps only what is wanted.
fn same(wanted: &Value, is: &Value) -> bool {
    match (wanted, is) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Object(wanted), Value::Object(is)) => {
            wanted.iter().all(|(name, value)| same(value, is.get(name).unwrap_or(&Value::Null)))
        }
        _ => wanted == is,
    }
}
