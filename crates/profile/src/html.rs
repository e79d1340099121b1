//! The profile as one HTML page: a timeline of all spans, tables by phase, agent and model, and the critical path.
//!
//! The page stands alone: style, script and data are in it, and its Content-Security-Policy forbids everything else, the
//! network included. The policy allows one script by its hash, so that nothing that a host or a model put into a name
//! could run even if it reached the markup. Head, tables and critical path are written here and need no script; the
//! timeline is drawn by the script from the data, rows on demand.

mod data;
mod escape;
mod figures;
mod rows;

use std::fmt;

use crate::breakdown::{Breakdown, By};
use crate::critical_path::CriticalPath;
use crate::profile::Profile;
use crate::tree::Tree;

use data::Data;
use escape::Text;

const PAGE: &str = include_str!("html/page.html");
const TIMELINE: &str = include_str!("html/timeline.html");
const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str =
    concat!(include_str!("html/script.js"), include_str!("html/spans.js"), include_str!("html/timeline.js"));

/// The SHA-256 of the script in base64, for the page's Content-Security-Policy. A test compares the two.
const SCRIPT_HASH: &str = "dzXwLQIGe3HSYv3GZsIVDdMgZ97RqbZnu0vSLPyX2tw=";

/// A profile as a self-contained HTML page: print it with `{}`, into a file or a response.
///
/// Names and labels of spans are shown as text whatever they hold: control characters and marks that reorder text are
/// replaced with `\u{fffd}`, and what is longer than 200 characters is cut, with its length. No other content of spans is
/// in the page.
///
/// ```
/// # let profile = ninefold_profile::Profile::default();
/// let page = profile.html().title("Nightly run").to_string();
/// assert!(page.starts_with("<!doctype html>"));
/// ```
#[derive(Debug, Clone)]
pub struct Html {
    title: Option<String>,
    tree: Tree,
    phases: Breakdown,
    agents: Breakdown,
    models: Breakdown,
    path: CriticalPath,
    remarks: Vec<String>,
    unavailable: Option<String>,
    spans: u64,
}

impl Html {
    pub(crate) fn new(profile: &Profile) -> Self {
        let tree = profile.tree();
        Self {
            title: None,
            phases: Breakdown::new(&tree, By::Phase),
            agents: Breakdown::new(&tree, By::Agent),
            models: Breakdown::new(&tree, By::Model),
            path: CriticalPath::new(&tree),
            remarks: profile.remarks(),
            unavailable: profile.unavailable().map(str::to_owned),
            spans: profile.spans(),
            tree,
        }
    }

    /// What the page is called: by what ran, unless set.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// What ran.
    fn root(&self) -> String {
        self.tree.root().map(|root| root.title().to_string()).unwrap_or_default()
    }

    /// What stands in the page's template as `{{name}}`.
    fn slot(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match name {
            "title" => match &self.title {
                Some(title) => write!(f, "{}", Text(title)),
                None => write!(f, "{}", Text(&self.root())),
            },
            "style" => code(STYLE).try_for_each(|line| writeln!(f, "{line}")),
            "script" => code(SCRIPT).try_for_each(|line| writeln!(f, "{line}")),
            "script_hash" => f.write_str(SCRIPT_HASH),
            "head" => self.head(f),
            "report" if self.unavailable.is_none() => self.report(f),
            "data" => write!(f, "{}", Data { tree: &self.tree, path: &self.path }),
            _ => Ok(()),
        }
    }

    fn report(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(TIMELINE)?;
        self.contributors(f)?;
        f.write_str("</div>")?;
        rows::write(f, "phases", "By phase", "Phase", &self.phases)?;
        for (id, heading, first, breakdown) in
            [("agents", "By agent", "Agent", &self.agents), ("models", "By model", "Model", &self.models)]
        {
            if !breakdown.rows.is_empty() {
                rows::write(f, id, heading, first, breakdown)?;
            }
        }
        Ok(())
    }
}

/// The lines of the style or the script without what only their readers need: indentation, and comments, each of which
/// has its own line.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//") && !line.starts_with("/**"))
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, part) in PAGE.split("{{").enumerate() {
            let text = match part.split_once("}}") {
                Some((slot, text)) if n > 0 => {
                    self.slot(slot, f)?;
                    text
                }
                _ => part,
            };
            f.write_str(text)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use sha2::Digest as _;

    use super::*;
    use crate::run_tree::Finished;
    use crate::span_record::{More, Outcome, SpanRecord};

    const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u{202e}\"'{{data}}\0\n";

    fn profile(names: &[&str]) -> Profile {
        let record = |(n, name): (usize, &&str)| SpanRecord {
            name: (*name).into(),
            label: (*name).into(),
            parent: (n > 0).then_some(0),
            start: n as u64,
            end: 100,
            open: false,
            more: Some(Box::new(More { error_type: (*name).into(), ..More::default() })),
            ..SpanRecord::open("")
        };
        let records = names.iter().enumerate().map(record).collect();
        Profile::new(Finished { records, wall: 100, busy: 0, detached: 2, dropped_spans: 0, visits: 0, polls: 0 }, None)
    }

    /// What stands between the first `open` and the `close` after it.
    fn between<'a>(page: &'a str, open: &str, close: &str) -> &'a str {
        page.split_once(open).and_then(|(_, rest)| rest.split_once(close)).map(|(inside, _)| inside).unwrap()
    }

    #[test]
    fn the_policy_allows_this_script_and_no_other() {
        let script: String = code(SCRIPT).flat_map(|line| [line, "\n"]).collect();
        let hash = base64::prelude::BASE64_STANDARD.encode(sha2::Sha256::digest(&script));
        assert_eq!(SCRIPT_HASH, hash, "the script has changed: set SCRIPT_HASH to the value on the right");
        let page = profile(&["run"]).html().to_string();
        let policy = between(&page, "Content-Security-Policy\" content=\"", "\">");
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        assert!(policy.contains(&format!("script-src 'sha256-{hash}';")), "{policy}");
        assert_eq!(page.split_once("<script>").unwrap().1.split_once("</script>").unwrap().0, script);
    }

    #[test]
    fn hostile_names_add_no_markup() {
        let count = |page: &str, what: &str| page.matches(what).count();
        let tame = profile(&["run", "a", "a"]).html().title("a").to_string();
        let hostile = profile(&[HOSTILE, HOSTILE, HOSTILE]).html().title(HOSTILE).to_string();
        for what in ["<script", "</script", "<img", "<!--"] {
            assert_eq!(count(&hostile, what), count(&tame, what), "{what}");
        }
        assert!(!hostile.contains(['\0', '\u{202e}']));
        assert!(hostile.contains("<h1><bdi>&lt;/script&gt;&lt;script&gt;alert(1)"));
    }

    #[test]
    fn the_data_is_json_with_every_span() {
        let page = profile(&["run", HOSTILE, "b"]).html().to_string();
        let data = between(&page, "id=\"data\">", "</script>");
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!(data["wall"], 100);
        assert_eq!(data["spans"].as_array().unwrap().len(), 3);
        assert_eq!(data["spans"][2][3], 2);
        assert_eq!(data["spans"][2][5]["o"], Outcome::Failed.as_str());
        let name = data["strings"][data["spans"][1][0].as_u64().unwrap() as usize].as_str().unwrap();
        assert!(name.starts_with("</script><script>alert(1)</script>") && name.ends_with("{{data}}\u{fffd}\u{fffd}"));
        let steps: Vec<u64> = data["path"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
        assert_eq!(steps.chunks(2).map(|step| step[1]).sum::<u64>(), 100);
    }

    #[test]
    fn what_is_missing_is_said() {
        let page = profile(&["run"]).html().to_string();
        assert!(page.contains("2 spans were still open when the run ended"));
        assert!(!page.contains("id=\"agents\"") && !page.contains("id=\"models\""));
        let page = Profile::default().html().to_string();
        assert!(page.contains("<b>No profile.</b> Why, and what to do: no run was recorded"));
        assert!(!page.contains("id=\"tree\"") && !page.contains("<table"));
    }

    #[test]
    fn every_slot_of_the_template_is_known() {
        let slots: Vec<_> = PAGE.split("{{").skip(1).map(|part| part.split_once("}}").unwrap().0).collect();
        assert_eq!(slots, ["script_hash", "title", "style", "title", "head", "report", "data", "script"]);
        assert!(!SCRIPT.contains("innerHTML") && !SCRIPT.contains("eval("));
    }
}
