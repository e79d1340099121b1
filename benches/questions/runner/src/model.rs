//! The model as a process, and its ledger.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::Options;

/// A model that is running; dropped, it is stopped.
#[derive(Debug)]
pub struct Model {
    child: Child,
    address: String,
    seen: usize,
}

/// A request as the ledger has it; the times are microseconds since the epoch.
#[derive(Debug, Clone, Deserialize)]
pub struct Call {
    pub reply: String,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub fault: Option<String>,
    pub from: u64,
    pub to: u64,
}

impl Model {
    /// Starts one with this seed.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(options: &Options, seed: u64) -> Result<Self> {
        let program = options.programs.join("questions-server");
        let mut child = Command::new(&program)
            .arg("--script")
            .arg(options.folder.join("workload/script.json"))
            .args(["--seed", &seed.to_string(), "--scale", &options.scale.to_string()])
            .args(["--faults", &options.faults.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| program.display().to_string())?;
        let mut address = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut address)?;
        if address.trim().is_empty() {
            bail!("the model did not start");
        }
        Ok(Self { child, address: address.trim().to_owned(), seen: 0 })
    }

    /// Where it is.
    pub fn base(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The requests since the last time.
    ///
    /// # Errors
    /// When it does not tell, or was asked what is not in its script.
    pub fn calls(&mut self) -> Result<Vec<Call>> {
        #[derive(Deserialize)]
        struct Ledger {
            calls: Vec<Call>,
        }
        let Ledger { calls } =
            ureq::get(format!("http://{}/ledger", self.address)).call()?.body_mut().read_json::<Ledger>()?;
        let new = calls.get(self.seen..).unwrap_or_default().to_vec();
        self.seen = calls.len();
        if new.iter().any(|call| call.fault.as_deref() == Some("unscripted")) {
            bail!("the script has no reply for a prompt; it is shown above");
        }
        Ok(new)
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How long at least one of these was under way, in milliseconds.
pub fn waited(calls: &[Call]) -> f64 {
    let mut spans: Vec<(u64, u64)> = calls.iter().map(|call| (call.from, call.to)).collect();
    spans.sort_unstable();
    let (mut sum, mut until) = (0, 0);
    for (from, to) in spans {
        sum += to.saturating_sub(from.max(until));
        until = until.max(to);
    }
    sum as f64 / 1_000.0
}

/// How often each reply was asked for.
pub fn replies(calls: &[Call]) -> BTreeMap<&str, u64> {
    calls.iter().fold(BTreeMap::new(), |mut replies, call| {
        *replies.entry(call.reply.as_str()).or_default() += 1;
        replies
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_in_parallel_counts_once() {
        let call =
            |from, to| Call { reply: "x".to_owned(), prompt_tokens: 0, completion_tokens: 0, fault: None, from, to };
        let calls = [call(5_000, 9_000), call(0, 2_000), call(1_000, 3_000), call(6_000, 7_000)];
        assert!((waited(&calls) - 7.0).abs() < 1e-9);
        assert_eq!(replies(&calls)["x"], 4);
    }
}
