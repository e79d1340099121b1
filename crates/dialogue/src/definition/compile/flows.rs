//! Flows among each other: what they reach, how they are started, and which of them say the same to start.

use std::collections::{HashMap, HashSet};

use super::{Compiler, is_pattern};
use crate::program::{Flow, Op, Program, SlotId};

/// What each flow may collect, with those that it calls and links to.
pub(super) fn reaches(flows: &mut [Flow]) {
    let calls: Vec<Vec<usize>> = flows
        .iter()
        .map(|flow| {
            let called = flow.ops.iter().filter_map(|op| match op {
                Op::Call { flow, .. } | Op::Link(flow) => Some(usize::from(flow.0)),
                _ => None,
            });
            called.collect()
        })
        .collect();
    let all: Vec<Vec<SlotId>> = (0..flows.len())
        .map(|id| {
            let (mut seen, mut open, mut reached) = (HashSet::from([id]), vec![id], Vec::new());
            while let Some(at) = open.pop() {
                for slot in flows.get(at).into_iter().flat_map(|flow| &flow.collects) {
                    if !reached.contains(slot) {
                        reached.push(*slot);
                    }
                }
                for to in calls.get(at).into_iter().flatten().rev() {
                    if seen.insert(*to) {
                        open.push(*to);
                    }
                }
            }
            reached
        })
        .collect();
    for (flow, reached) in flows.iter_mut().zip(all) {
        flow.reaches = reached;
    }
}

impl Compiler<'_> {
    /// How flows are started.
    pub(super) fn starts(&mut self, program: &Program) {
        let used: HashSet<_> = program
            .flows
            .iter()
            .flat_map(|flow| &flow.ops)
            .filter_map(|op| if let Op::Call { flow, .. } | Op::Link(flow) = op { program.flow(*flow) } else { None })
            .map(|flow| &flow.name)
            .collect();
        for flow in program.flows.iter().filter(|flow| !is_pattern(&flow.name) && !used.contains(&flow.name)) {
            if flow.internal {
                self.diagnostics.warning(
                    &flow.place,
                    format!("flow `{}` is internal and no flow calls or links it", flow.name),
                    "only the host can start it; take `internal` out if users shall",
                );
            } else if flow.triggers.is_empty() && flow.description.is_empty() {
                self.error(
                    &flow.place,
                    format!("nobody can start flow `{}`", flow.name),
                    "add `triggers:` with what users say, and a `description:` for models; or call it from another flow",
                );
            }
        }
        // Text that could not be read may have had flows.
        let whole = !self.definition.diagnostics.has_errors();
        if whole
            && program.flows.iter().all(|flow| flow.internal)
            && !program.flows.iter().any(|flow| is_pattern(&flow.name))
        {
            self.error(
                &self.definition.settings_place.clone(),
                "there is no flow that a user can start",
                "add one under `flows:`",
            );
        }
        let definition = self.definition;
        let mut first: HashMap<String, (&str, String)> = HashMap::new();
        for flow in &definition.flows {
            if flow.triggers.iter().any(|_| is_pattern(&flow.name)) {
                let hint = "take its `triggers` out";
                self.error(
                    &flow.place,
                    format!("flow of repair `{}` has triggers, and the system starts it", flow.name),
                    hint,
                );
            }
            for trigger in &flow.triggers {
                let words: Vec<String> = trigger.name.split_whitespace().map(str::to_lowercase).collect();
                let said = words.join(" ").trim_end_matches(['.', '!', '?']).to_owned();
                match first.get(&said) {
                    Some((other, place)) => {
                        let message = format!(
                            "the trigger \"{}\" of flow `{}` is one of flow `{other}`",
                            trigger.name, flow.name
                        );
                        self.error(&trigger.place, message, format!("the other one is in {place}; keep one of them"));
                    }
                    None => {
                        first.insert(said, (&flow.name, trigger.place.to_string()));
                    }
                }
            }
        }
    }
}
