//! `index --watch`: what it says while files change, and how it ends.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use crate::room::Room;

/// Longer than any round takes, on any machine.
const LONG: Duration = Duration::from_secs(60);

struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(room: &Room) -> Self {
        let mut program = room.program();
        let mut child =
            program.args(["index", "--watch", "notes"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (told, lines) = channel();
        thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| told.send(line)));
        Self { child, lines }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(LONG).expect("it says something")
    }

    /// Sends a signal; gives the exit code and the last line.
    fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let last = self.line();
        (self.child.wait().unwrap().code(), last)
    }
}

#[test]
fn rounds_are_told_of_file_by_file_and_a_signal_ends_it_with_a_summary() {
    for signal in ["-INT", "-TERM"] {
        let room = Room::new();
        let watching = Watching::start(&room);
        let first = watching.line();
        assert!(first.starts_with("in step with ") && first.ends_with("watching, Ctrl-C ends"), "{first}");
        room.write("notes/new.md", "# New\n\nIt was not there before.\n");
        assert_eq!(watching.line(), "indexed notes/new.md");
        room.write("notes/odd\n\u{1b}[31m.md", "# Odd\n");
        assert_eq!(watching.line(), "indexed notes/odd\u{fffd}\u{fffd}[31m.md");
        let (code, last) = watching.end(signal);
        assert_eq!(code, Some(0), "{signal}");
        assert!(last.starts_with("watched, indexed "), "{last}");
    }
}
