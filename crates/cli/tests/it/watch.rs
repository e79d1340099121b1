//! `index --watch`: what it says while files change, and how it ends.

use std::io::{BufRead as _, BufReader, Read};
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
    #[cfg_attr(not(feature = "embed-http"), expect(dead_code))]
    notes: Receiver<String>,
}

/// The lines of a stream, as they come.
fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (told, lines) = channel();
    thread::spawn(move || BufReader::new(stream).lines().map_while(Result::ok).try_for_each(|line| told.send(line)));
    lines
}

impl Watching {
    fn start(room: &Room, more: &[&str]) -> Self {
        let mut program = room.program();
        let program = program.args(["index", "--watch", "notes"]).args(more);
        let mut child = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Self { child, lines: lines(out), notes: lines(err) }
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
        let watching = Watching::start(&room, &[]);
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

#[cfg(feature = "embed-http")]
#[test]
fn an_embedder_that_does_not_answer_is_told_of_once_and_files_are_followed_all_the_same() {
    let room = Room::new();
    // Nobody listens there.
    let watching = Watching::start(&room, &["--embedder", "http://127.0.0.1:9/v1#none"]);
    assert!(watching.line().starts_with("in step with 2 files"));
    let note = watching.notes.recv_timeout(LONG).unwrap();
    assert!(
        note.starts_with("note: some chunks are found by words only, because they could not be embedded"),
        "{note}"
    );
    room.write("notes/new.md", "# New\n\nIt was not there before.\n");
    assert_eq!(watching.line(), "indexed notes/new.md");
    let (code, last) = watching.end("-INT");
    assert_eq!(code, Some(0));
    assert!(last.starts_with("watched, indexed "), "{last}");
}
