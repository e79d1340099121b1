//! How far an agent loop may go, and what it tells when it comes to the end of that.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use ninefold_core::{Error, ErrorKind, Message, Usage};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// How far an agent loop may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The most calls of the model.
    pub steps: u32,
    /// The most calls of tools, those that failed or were not permitted included.
    pub calls: u32,
    /// The most calls of tools at once.
    pub parallel: usize,
    /// The most tokens, read and written; none: as many as the run's budget has.
    pub tokens: Option<u64>,
    /// How long all of it may take, questions to a person included.
    pub time: Duration,
    /// How long one call of a tool may take.
    pub call_time: Duration,
    /// The most bytes of a tool's result that the model is shown.
    pub result_bytes: usize,
    /// How often the very same call is made. Asked for it more often, the loop tells the model so instead, and ends when
    /// the model then asks for nothing else in two steps running.
    pub repeats: u32,
}

impl Default for Bounds {
    /// 12 steps, 48 calls, eight at once, 300 s in all, 60 s and 32 KiB a call, the same call twice.
    fn default() -> Self {
        Self {
            steps: 12,
            calls: 48,
            parallel: 8,
            tokens: None,
            time: Duration::from_secs(300),
            call_time: Duration::from_secs(60),
            result_bytes: 32 * 1024,
            repeats: 2,
        }
    }
}

/// How a call of a tool ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Ending {
    /// With a result.
    Done,
    /// With an error, which the model was told.
    Failed(ErrorKind),
    /// It was not made: no such tool, not permitted, too often the same.
    NotMade(ErrorKind),
}

/// What an agent loop has done.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Account {
    /// Calls of the model.
    pub steps: u32,
    /// Calls of tools, in the order of the model's asking: the name that the model knows the tool by, and how it ended.
    pub calls: Vec<(SmolStr, Ending)>,
    /// What the model's calls used; estimated where the provider does not say.
    pub usage: Usage,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let times = |n: usize| if n == 1 { "once".to_owned() } else { format!("{n} times") };
        write!(f, "it called the model {}", times(self.steps as usize))?;
        let mut tools: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
        for (name, ending) in &self.calls {
            let (calls, failed, not_made) = tools.entry(name).or_default();
            *calls += 1;
            *failed += usize::from(matches!(ending, Ending::Failed(_)));
            *not_made += usize::from(matches!(ending, Ending::NotMade(_)));
        }
        for (n, (name, (calls, failed, not_made))) in tools.into_iter().enumerate() {
            // A model can name a tool as it likes.
            let name: String = name.chars().take(64).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
            write!(f, "{}{name} {}", if n == 0 { ", the tool " } else { ", " }, times(calls))?;
            match (failed, not_made) {
                (0, 0) => {}
                (failed, 0) => write!(f, " ({failed} failed)")?,
                (0, not_made) => write!(f, " ({not_made} not made)")?,
                (failed, not_made) => write!(f, " ({failed} failed, {not_made} not made)")?,
            }
        }
        Ok(())
    }
}

/// The cause of an error of a loop that came to a bound: how far it got.
#[derive(Debug, Clone, PartialEq)]
pub struct Unfinished {
    /// What was done.
    pub account: Account,
    /// The conversation as far as it got, for whoever wants to go on from there. It ends with the results of tools, or with
    /// what the loop was given.
    pub messages: Vec<Message>,
}

impl Unfinished {
    /// How far a loop got that ended with this error; none when the error is another one.
    #[must_use]
    pub fn of(error: &Error) -> Option<&Self> {
        std::error::Error::source(error)?.downcast_ref()
    }

    /// The error that tells of `what`, of what was done until then, and of what to do about it.
    pub(super) fn error(self, kind: ErrorKind, what: &str, hint: &str) -> Error {
        Error::new(kind, format!("{what}: until then {}", self.account)).hint(hint).caused_by(self)
    }
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.account)
    }
}

impl std::error::Error for Unfinished {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_tells_who_was_called_how_often() {
        let call = |name: &str, ending| (SmolStr::new(name), ending);
        let account = Account {
            steps: 1,
            calls: vec![
                call("read", Ending::Done),
                call("find", Ending::Failed(ErrorKind::NotFound)),
                call("read", Ending::NotMade(ErrorKind::Refused)),
                call("read", Ending::Failed(ErrorKind::Transient)),
                call("a\nb", Ending::Done),
            ],
            usage: Usage::default(),
        };
        let told = "it called the model once, the tool a\u{fffd}b once, find once (1 failed), read 3 times (1 failed, 1 not made)";
        assert_eq!(account.to_string(), told);
        assert_eq!(Account::default().to_string(), "it called the model 0 times");
    }
}
