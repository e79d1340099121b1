//! The spans as the page's script reads them: compact, in one object, times in nanoseconds from the start of the run.
//!
//! | field | meaning |
//! |---|---|
//! | `wall` | how long the run took |
//! | `spans` | a list for each node of the tree, in its order: name, label (both indices in `strings`), depth, start, length, and [`Rest`] |
//! | `path` | the steps of the critical path, in order: the index of the span, how long |
//! | `strings` | names, labels and classes of errors, each once |

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;
use smol_str::SmolStr;

use super::escape::{Embedded, shown};
use crate::critical_path::CriticalPath;
use crate::span_record::Outcome;
use crate::spent::{Class, Spent};
use crate::tree::{Node, Tree, nanos};
use crate::usage::Usage;

/// Written with `{}` it is JSON that may stand within `<script>`.
pub(super) struct Data<'a> {
    pub(super) tree: &'a Tree,
    pub(super) path: &'a CriticalPath,
}

/// What only some spans have; 0 and "no" are left out.
#[derive(Serialize, Default)]
struct Rest {
    /// The time in which it was open, for many spans with gaps between them.
    #[serde(rename = "w", skip_serializing_if = "Option::is_none")]
    wall: Option<u64>,
    #[serde(rename = "n", skip_serializing_if = "is_zero")]
    count: u64,
    /// The time in which no span within it was open, where there are any.
    #[serde(rename = "s", skip_serializing_if = "is_zero")]
    self_wall: u64,
    #[serde(rename = "b", skip_serializing_if = "is_zero")]
    busy: u64,
    /// What its part of the run was spent on: class, nanoseconds, class, nanoseconds…
    #[serde(rename = "c", skip_serializing_if = "Vec::is_empty")]
    spent: Vec<u64>,
    #[serde(rename = "o", skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    #[serde(rename = "e", skip_serializing_if = "Option::is_none")]
    error_type: Option<usize>,
    #[serde(rename = "p", skip_serializing_if = "std::ops::Not::not")]
    open: bool,
    #[serde(rename = "t", skip_serializing_if = "is_zero")]
    attempts: u64,
    #[serde(rename = "r", skip_serializing_if = "is_zero")]
    retries: u64,
    #[serde(rename = "h", skip_serializing_if = "Option::is_none")]
    hits: Option<u64>,
    #[serde(rename = "k", skip_serializing_if = "is_zero")]
    cache_hits: u64,
    #[serde(rename = "v", skip_serializing_if = "is_zero")]
    saved: u64,
    /// Calls; tokens read, written, from the cache, into the cache, of reasoning; cost in billionths of a dollar, calls
    /// with a known cost; the mean time to the first token. Without the zeros at the end.
    #[serde(rename = "u", skip_serializing_if = "Vec::is_empty")]
    usage: Vec<u64>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// Strings, each once, in order of first use.
#[derive(Default)]
struct Strings<'a> {
    known: HashMap<&'a SmolStr, usize>,
    list: Vec<&'a SmolStr>,
}

impl<'a> Strings<'a> {
    fn index(&mut self, text: &'a SmolStr) -> usize {
        *self.known.entry(text).or_insert_with(|| {
            self.list.push(text);
            self.list.len() - 1
        })
    }
}

fn rest<'a>(node: &'a Node, length: u64, strings: &mut Strings<'a>) -> Rest {
    let wall = nanos(node.wall);
    Rest {
        wall: (wall != length).then_some(wall),
        count: if node.count == 1 { 0 } else { node.count },
        self_wall: if node.children.is_empty() { 0 } else { nanos(node.self_wall) },
        busy: nanos(node.busy),
        spent: spent(&node.spent),
        outcome: node.outcome.map(Outcome::as_str),
        error_type: (!node.error_type.is_empty()).then(|| strings.index(&node.error_type)),
        open: node.open,
        attempts: if node.attempts == 1 { 0 } else { node.attempts },
        retries: node.retries,
        hits: node.hits,
        cache_hits: node.cache_hits,
        saved: nanos(node.saved),
        usage: usage(&node.usage),
    }
}

fn spent(spent: &Spent) -> Vec<u64> {
    let parts = Class::ALL.into_iter().zip(0..).map(|(class, n)| [n, spent.nanos_on(class)]);
    parts.filter(|[_, nanos]| *nanos > 0).flatten().collect()
}

fn usage(usage: &Usage) -> Vec<u64> {
    let mut list = vec![
        usage.calls,
        usage.input_tokens,
        usage.output_tokens,
        usage.cached_input_tokens,
        usage.cache_write_tokens,
        usage.reasoning_tokens,
        usage.cost_nanousd,
        usage.priced_calls,
        usage.time_to_first_token().map_or(0, nanos),
    ];
    while list.last() == Some(&0) {
        list.pop();
    }
    list
}

impl fmt::Display for Data<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut strings = Strings::default();
        write!(f, "{{\"wall\":{},\"spans\":[", nanos(self.path.wall))?;
        for (n, node) in self.tree.nodes().iter().enumerate() {
            let (start, length) = (nanos(node.start), nanos(node.end().saturating_sub(node.start)));
            let (name, label) = (strings.index(&node.name), strings.index(&node.label));
            write(f, n, &(name, label, node.depth, start, length, rest(node, length, &mut strings)))?;
        }
        f.write_str("],\"path\":[")?;
        for (n, step) in self.path.steps.iter().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            write!(f, "{comma}{},{}", step.node, nanos(step.end.saturating_sub(step.start)))?;
        }
        f.write_str("],\"strings\":[")?;
        for (n, text) in strings.list.iter().enumerate() {
            write(f, n, &shown(text))?;
        }
        f.write_str("]}")
    }
}

/// The `n`-th value of a list.
fn write<T: Serialize>(f: &mut fmt::Formatter<'_>, n: usize, value: &T) -> fmt::Result {
    let json = serde_json::to_string(value).map_err(|_| fmt::Error)?;
    let comma = if n == 0 { "" } else { "," };
    write!(f, "{comma}{}", Embedded(&json))
}
