//! The process of a server: started, listened to, and ended for good.

use std::collections::VecDeque;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ninefold_core::secret::{Secret, redact};
use ninefold_core::{Error, ErrorKind, Result};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

/// So much of the end of what a server writes to its standard error is kept.
const KEPT: usize = 4 * 1024;
/// So long a server may take to end by itself once its input is closed.
const GRACE: Duration = Duration::from_secs(2);
/// So often it is looked whether it has ended.
#[cfg(unix)]
const LOOK: Duration = Duration::from_millis(10);

/// A server's process. Dropping it kills the process and, on Unix, what that started.
pub(super) struct Process {
    child: Child,
    said: Arc<Mutex<VecDeque<u8>>>,
    listening: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts the process; its standard streams are ours.
    pub(super) fn start(name: &str, command: std::process::Command) -> Result<(Self, ChildStdout, ChildStdin)> {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut command = Command::from(with_little(command));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        // A group of its own, so that what it starts can be ended with it.
        #[cfg(unix)]
        command.process_group(0);
        let failed = |what: String| {
            Error::new(ErrorKind::Unavailable, format!("the MCP server {name} cannot be started: {what}"))
                .hint(format!("see that {program:?} is installed and can be run"))
        };
        let mut child = command.spawn().map_err(|error| failed(format!("{program:?}: {error}")))?;
        let (Some(output), Some(input)) = (child.stdout.take(), child.stdin.take()) else {
            return Err(failed("its standard streams are missing".to_owned()));
        };
        let said = Arc::new(Mutex::new(VecDeque::new()));
        let listening = child.stderr.take().map(|errors| tokio::spawn(listen(errors, Arc::clone(&said))));
        Ok((Self { child, said, listening }, output, input))
    }

    /// The end of what it wrote to its standard error, on one line and without secrets; empty when it wrote nothing. Waits a moment for what a
    /// process that has just ended is still saying.
    pub(super) async fn last_words(&mut self, secrets: &[String]) -> String {
        if let Some(listening) = self.listening.as_mut() {
            let _ = tokio::time::timeout(Duration::from_millis(200), listening).await;
        }
        let said: Vec<u8> = self.said.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        let text = String::from_utf8_lossy(&said);
        let known: Vec<Secret> = secrets.iter().map(|secret| Secret::new(secret)).collect();
        let text = redact(&text, &known.iter().collect::<Vec<_>>());
        let words: Vec<&str> =
            text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
        let line = words.join(" ");
        let from = line.floor_char_boundary(line.len().saturating_sub(400));
        line.get(from..).unwrap_or_default().to_owned()
    }

    /// Waits until it has ended by itself, or takes too long; then kills it and what it started.
    pub(super) async fn end(mut self) {
        let _ = tokio::time::timeout(GRACE, self.ended()).await;
    }

    /// Waits until it has ended, and leaves its number to it, which is that of its group: what it started is killed by that
    /// number, which may be another's once the process was waited for.
    #[cfg(unix)]
    async fn ended(&mut self) {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        let Some(process) = self.number() else { return };
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        while matches!(waitid(WaitId::Pid(process), look), Ok(None) | Err(rustix::io::Errno::INTR)) {
            tokio::time::sleep(LOOK).await;
        }
    }

    #[cfg(not(unix))]
    async fn ended(&mut self) {
        let _ = self.child.wait().await;
    }

    /// Its number, as long as nobody has waited for it.
    #[cfg(unix)]
    fn number(&self) -> Option<rustix::process::Pid> {
        rustix::process::Pid::from_raw(self.child.id()?.cast_signed())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nobody has waited for it yet, so its number is its own, also where it has ended.
        #[cfg(unix)]
        if let Some(group) = self.number() {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.child.start_kill();
        if let Some(listening) = self.listening.take() {
            listening.abort();
        }
    }
}

/// What a server's process has of the host's environment: enough to run, and none of the host's keys. The list is that of the
/// protocol's own client libraries.
const INHERITED: &[&str] = if cfg!(windows) {
    &[
        "APPDATA",
        "HOMEDRIVE",
        "HOMEPATH",
        "LOCALAPPDATA",
        "PATH",
        "PROCESSOR_ARCHITECTURE",
        "SYSTEMDRIVE",
        "SYSTEMROOT",
        "TEMP",
        "USERNAME",
        "USERPROFILE",
    ]
} else {
    &["HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"]
};

/// The shortest value that is taken for a key: shorter ones would go from the middle of words.
const SHORTEST_KEY: usize = 4;

/// The values of the variables that the command is given and that are called as keys are.
pub(super) fn keys(command: &std::process::Command) -> Vec<String> {
    let of_key = |name: &str| {
        const PARTS: [&str; 7] = ["KEY", "TOKEN", "SECRET", "PASS", "CREDENTIAL", "AUTH", "BEARER"];
        PARTS.iter().any(|part| name.contains(part)) || name.ends_with("_PAT")
    };
    command
        .get_envs()
        .filter(|(name, _)| of_key(&name.to_string_lossy().to_ascii_uppercase()))
        .filter_map(|(_, value)| Some(value?.to_string_lossy().trim().to_owned()))
        .filter(|value| value.len() >= SHORTEST_KEY)
        .collect()
}

/// The command with the variables that it was given, and of the host's only what is needed.
fn with_little(mut command: std::process::Command) -> std::process::Command {
    let given: Vec<_> =
        command.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
    command.env_clear();
    command.envs(INHERITED.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    for (name, value) in given {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// Keeps the end of what is said; a server that writes much is never blocked by it.
async fn listen(mut errors: ChildStderr, said: Arc<Mutex<VecDeque<u8>>>) {
    let mut buffer = [0; 1024];
    while let Ok(read) = errors.read(&mut buffer).await {
        let Some(more) = buffer.get(..read).filter(|more| !more.is_empty()) else { return };
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        said.extend(more);
        let over = said.len().saturating_sub(KEPT);
        said.drain(..over);
    }
}
