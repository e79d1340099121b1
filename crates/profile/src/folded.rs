//! The profile as folded stacks, the format that flame graphs are made of.
//!
//! Format: Brendan Gregg's `flamegraph.pl`: a line for each stack, its frames separated by semicolons, then a space and a count.

use std::collections::HashMap;
use std::fmt::{self, Write as _};

use crate::profile::Profile;
use crate::spent::{Class, Spent};
use crate::text;
use crate::tree::Tree;

/// What frames are cut to, in columns.
const LONGEST_FRAME: usize = 120;
/// The most spans of a stack. What is deeper counts for the last of them, so that a chain of thousands does not make a
/// file of gigabytes.
const DEEPEST: usize = 200;

/// A profile as folded stacks: print it with `{}` for `inferno-flamegraph`, `flamegraph.pl` or Speedscope.
///
/// A line is the titles from the root to a span, what the span's own time was spent on (one of [`Class`], in brackets),
/// and how many nanoseconds of the run that was: `invoke_agent soar;collect;execute_tool quote;[tool] 1234`. As in
/// [`Node::attributed`](crate::Node::attributed), parallel spans share an instant, so all lines add up to the run's wall
/// time, to the nanosecond. Equal stacks are one line; a profile without time has none.
#[derive(Debug, Clone)]
pub struct Folded {
    tree: Tree,
}

impl Folded {
    pub(crate) fn new(profile: &Profile) -> Self {
        Self { tree: profile.tree() }
    }

    /// What each span's own time was spent on, without the spans inside it.
    fn own(&self) -> Vec<Spent> {
        let mut own: Vec<Spent> = self.tree.nodes().iter().map(|node| node.spent).collect();
        for node in self.tree.nodes() {
            let rest = node.parent.and_then(|parent| own.get_mut(parent));
            if let Some(rest) = rest {
                *rest = less(rest, &node.spent);
            }
        }
        own
    }
}

impl fmt::Display for Folded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines: Vec<(String, u64)> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        // The stack down to the current span, and how long it was before each of its frames.
        let (mut stack, mut before) = (String::new(), Vec::new());
        for (node, own) in self.tree.nodes().iter().zip(self.own()) {
            if node.depth < DEEPEST {
                stack.truncate(before.get(node.depth).copied().unwrap_or(stack.len()));
                before.truncate(node.depth);
                before.push(stack.len());
                stack.push_str(&frame(&node.title()));
                stack.push(';');
            }
            for class in Class::ALL {
                let nanos = own.nanos_on(class);
                if nanos == 0 {
                    continue;
                }
                let line = format!("{stack}[{}]", class.as_str());
                match known.get(&line).and_then(|line| lines.get_mut(*line)) {
                    Some((_, sum)) => *sum = sum.saturating_add(nanos),
                    None => {
                        known.insert(line.clone(), lines.len());
                        lines.push((line, nanos));
                    }
                }
            }
        }
        for (stack, nanos) in lines {
            f.write_str(&stack)?;
            f.write_char(' ')?;
            writeln!(f, "{nanos}")?;
        }
        Ok(())
    }
}

/// What is left when a part is taken away.
fn less(whole: &Spent, part: &Spent) -> Spent {
    let mut rest = Spent::default();
    for class in Class::ALL {
        rest.add(class, whole.nanos_on(class).saturating_sub(part.nanos_on(class)));
    }
    rest
}

/// A title that is one frame, whatever it holds.
fn frame(title: &str) -> String {
    let frame = text::fit(title, LONGEST_FRAME).replace(';', ",");
    let frame = frame.trim();
    if frame.is_empty() { "(unnamed)".to_owned() } else { frame.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sample::{Span, profile, profiles};

    /// The stacks and counts as `inferno` reads them, which fails on what it does not understand.
    fn flame_graph(folded: &str) -> String {
        let mut svg = Vec::new();
        let mut options = inferno::flamegraph::Options::default();
        options.count_name = "ns".to_owned();
        options.min_width = 0.0;
        inferno::flamegraph::from_lines(&mut options, folded.lines(), &mut svg).unwrap();
        String::from_utf8(svg).unwrap()
    }

    fn sum(folded: &str) -> u64 {
        folded.lines().map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
    }

    #[test]
    fn parallel_branches_share_and_equal_stacks_are_one_line() {
        let profile = profile(&[
            (None, "run", 0, 100),
            (Some(0), "retrieval", 10, 30),
            (Some(0), "retrieval", 30, 40),
            (Some(0), "chat", 50, 90),
            (Some(0), "execute_tool", 50, 90),
        ]);
        insta::assert_snapshot!(profile.folded(), @r"
        run;[other] 30
        run;retrieval;[store] 30
        run;chat;[model] 20
        run;execute_tool;[tool] 20
        ");
    }

    #[test]
    fn names_stay_one_frame() {
        let profile = profile(&[(None, "a;b\nc 12", 0, 10), (Some(0), " ", 0, 10)]);
        assert_eq!(profile.folded().to_string(), "a,b\u{fffd}c 12;(unnamed);[other] 10\n");
    }

    #[test]
    fn a_deep_chain_stays_readable() {
        let mut spans: Vec<Span> = vec![(None, "run", 0, 20_000)];
        spans.extend((0..9_999).map(|n| (Some(n), "deeper", u64::from(n), 20_000 - u64::from(n))));
        let folded = profile(&spans).folded().to_string();
        assert_eq!(sum(&folded), 20_000);
        // All but the root have time of their own.
        assert_eq!(folded.lines().count(), DEEPEST - 1);
    }

    #[test]
    fn a_run_without_time_has_no_lines() {
        assert_eq!(Profile::default().folded().to_string(), "");
    }

    #[test]
    fn a_reader_of_the_format_sees_the_whole_run() {
        let profile = profile(&[
            (None, "run", 0, 1_000),
            (Some(0), "execute_tool agent 7", 0, 600),
            (Some(0), "a;b <c> & \"d\"", 600, 900),
        ]);
        let svg = flame_graph(&profile.folded().to_string());
        for title in ["run (1,000 ns, 100.00%)", "execute_tool agent 7 (600 ns, 60.00%)", "a,b &lt;c&gt; &amp;"] {
            assert!(svg.contains(title), "{title}: {svg}");
        }
    }

    proptest! {
        #[test]
        fn the_lines_add_up_to_the_run(profile in profiles()) {
            let folded = profile.folded().to_string();
            prop_assert_eq!(sum(&folded), 1_000_003);
            let svg = flame_graph(&folded);
            prop_assert!(svg.contains("run (1,000,003 ns, 100.00%)"));
            prop_assert!(folded.lines().all(|line| line.starts_with("run;") && line.contains(";[")));
        }

        #[test]
        fn a_span_has_what_is_its_own(profile in profiles()) {
            let folded = profile.folded();
            let own: Vec<u64> = folded.own().iter().map(Spent::total_nanos).collect();
            for (node, own) in folded.tree.nodes().iter().zip(own) {
                let below: std::time::Duration = folded.tree.children(node).map(|child| child.attributed).sum();
                prop_assert_eq!(node.attributed, below + std::time::Duration::from_nanos(own));
            }
        }
    }
}
