//! What an agent with tools is told of its subgoal.

use std::fmt::Write as _;

use ninefold_core::Task;

/// The most bytes of sources that are told.
const SOURCES: usize = 16 * 1024;

/// The question as a message: the subgoal, what it is part of, what was found before, and what memory has on it.
pub(super) fn question(task: &Task) -> String {
    let mut text = task.subgoal.description.clone();
    if *task.question != *task.subgoal.description {
        let _ = write!(text, "\n\nThis is part of the question: {}", task.question);
    }
    if !task.dependencies.is_empty() {
        text.push_str("\n\nFound before:");
        for finding in &task.dependencies {
            let _ = write!(text, "\n- {}: {}", finding.subgoal, finding.text());
        }
    }
    let mut left = SOURCES;
    let mut heading = "\n\nSources:";
    for passage in &task.evidence.passages {
        let chunk = &passage.chunk;
        let Some(rest) = left.checked_sub(chunk.text.len()) else { continue };
        left = rest;
        let _ = write!(text, "{heading}\n\n{}:\n{}", chunk.path, chunk.text);
        heading = "";
    }
    text
}
