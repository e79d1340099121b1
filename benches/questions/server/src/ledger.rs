//! What was asked of the model and what it gave: calls, tokens and faults, for each key, as the provider's own bill has them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::draw::Fault;

/// One request.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    /// Whose it was.
    pub key: String,
    /// The reply of the script.
    pub reply: String,
    /// The how-manieth request for it this was, from 0.
    pub n: u64,
    /// Whether it was streamed.
    pub stream: bool,
    /// What was read, when it was worked on.
    pub prompt_tokens: u64,
    /// What was written; of a reply that was cut off, up to there.
    pub completion_tokens: u64,
    /// How it failed, if it did.
    pub fault: Option<Fault>,
    /// Whether the client went away before its end.
    pub abandoned: bool,
    /// When it came, in microseconds since the epoch.
    pub from: u64,
    /// When its last byte was handed over; while it is under way, when it came.
    pub to: u64,
}

/// What a key has come to.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Total {
    calls: u64,
    faults: u64,
    prompt_tokens: u64,
    completion_tokens: u64,
}

/// All requests, in the order in which they came.
#[derive(Debug, Default)]
pub struct Ledger {
    calls: Mutex<Vec<Call>>,
}

impl Ledger {
    /// Enters a request.
    pub fn open(self: &Arc<Self>, mut call: Call) -> Entry {
        (call.from, call.to) = (now(), now());
        call.abandoned = true;
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push(call);
        Entry { ledger: Arc::clone(self), at: calls.len() - 1 }
    }

    /// How many requests came for a reply so far, whoever asked.
    pub fn asked(&self, reply: &str) -> u64 {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.iter().filter(|call| call.reply == reply).count() as u64
    }

    /// Everything, as JSON.
    pub fn json(&self) -> serde_json::Value {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let mut totals = BTreeMap::<&str, Total>::new();
        for call in calls.iter() {
            let total = totals.entry(&call.key).or_default();
            total.calls += 1;
            total.faults += u64::from(call.fault.is_some());
            total.prompt_tokens += call.prompt_tokens;
            total.completion_tokens += call.completion_tokens;
        }
        serde_json::json!({ "keys": totals, "calls": *calls })
    }
}

/// A request under way. Dropped before it is settled, its client went away.
#[derive(Debug)]
pub struct Entry {
    ledger: Arc<Ledger>,
    at: usize,
}

impl Entry {
    /// Notes that so many tokens were written.
    pub fn written(&self, tokens: u64) {
        self.change(|call| call.completion_tokens = tokens);
    }

    /// Notes that it went to its end, be that a fault or not.
    pub fn settle(&self) {
        self.change(|call| call.abandoned = false);
    }

    fn change(&self, change: impl FnOnce(&mut Call)) {
        let mut calls = self.ledger.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(call) = calls.get_mut(self.at) {
            change(call);
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.change(|call| call.to = now());
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
