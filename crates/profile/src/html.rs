//! A run as one HTML file that needs nothing else: no network, no other file.
//!
//! Names of spans come from hosts and models. They stand in the page as escaped text, or in a block of JSON that holds no
//! `<`, and the script makes text nodes of them, never markup.

use std::fmt::{self, Write as _};
use std::time::Duration;

use serde_json::{Value, json};

use crate::breakdown::{Breakdown, By, Row};
use crate::critical_path::CriticalPath;
use crate::profile::Profile;
use crate::spent::{Class, Spent};
use crate::text;
use crate::tree::{Node, Tree, nanos};

const PAGE: &str = include_str!("html/page.html");
const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// The longest name in the page, in columns.
const LONGEST_NAME: usize = 200;

/// A profile as one HTML file: write it with `{}`.
///
/// It shows the spans on a line of time with the critical path among them, and the run by phases, agents and models. It
/// can be used with the keyboard alone and with a screen reader, is light or dark as the system is, and opens from disk
/// without a network. Without scripts, the tables are there and the line of time is not.
#[derive(Debug, Clone)]
pub struct Html {
    profile: Profile,
    title: Option<String>,
}

impl Html {
    pub(crate) fn new(profile: &Profile) -> Self {
        Self { profile: profile.clone(), title: None }
    }

    /// What the page is called; the name of the run unless set.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tree = self.profile.tree();
        let path = self.profile.critical_path();
        let name = tree.root().map(Node::title).unwrap_or_default();
        let title = escaped(self.title.as_deref().unwrap_or(&name));
        let mut rest = PAGE;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((slot, after)) = after.split_once("}}") else { break };
            f.write_str(before)?;
            match slot {
                "title" => f.write_str(&title)?,
                "style" => f.write_str(STYLE.trim_end())?,
                "script" => f.write_str(SCRIPT.trim_end())?,
                "facts" => facts(f, &self.profile, &tree)?,
                "remarks" => remarks(f, &self.profile)?,
                "body" => body(f, &self.profile, &path)?,
                "data" => f.write_str(&harmless_json(&data(&self.profile, &tree, &path)))?,
                _ => {}
            }
            rest = after;
        }
        f.write_str(rest)
    }
}

/// Text that is only text, whatever it holds: on one line, of bounded length, with markup escaped and without characters
/// that turn the direction of what follows.
fn escaped(name: &str) -> String {
    let mut safe = String::with_capacity(name.len());
    for c in shown(name).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// A name as it is shown.
fn shown(name: &str) -> String {
    // Marks and overrides of direction, and separators of lines.
    let steers = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let bounded: String = name.chars().take(4 * LONGEST_NAME).collect();
    text::fit(&bounded, LONGEST_NAME).replace(steers, "\u{fffd}")
}

/// JSON for a `script` element, which ends at the first `</` whatever surrounds it.
fn harmless_json(value: &Value) -> String {
    let mut safe = String::new();
    for c in value.to_string().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(safe, "\\u{:04x}", c as u32);
            }
            c => safe.push(c),
        }
    }
    safe
}

fn facts(f: &mut fmt::Formatter<'_>, profile: &Profile, tree: &Tree) -> fmt::Result {
    let mut facts = vec![("wall time", text::time(profile.wall())), ("spans", profile.spans().to_string())];
    if let Some(root) = tree.root() {
        let usage = &root.usage;
        if usage.calls > 0 {
            facts.push(("model calls", usage.calls.to_string()));
        }
        if usage.input_tokens + usage.output_tokens > 0 {
            let tokens = format!("{} → {}", text::count(usage.input_tokens), text::count(usage.output_tokens));
            facts.push(("tokens in → out", tokens));
        }
        if let Some(first) = usage.time_to_first_token() {
            facts.push(("to first token, mean", text::time(first)));
        }
        if usage.cost_nanousd > 0 {
            facts.push(("cost", text::money(usage.cost_nanousd)));
        }
        if root.retries > 0 {
            facts.push(("retries", root.retries.to_string()));
        }
        if root.cache_hits > 0 {
            facts.push(("cache hits", root.cache_hits.to_string()));
        }
        if !root.saved.is_zero() {
            facts.push(("saved by the cache", text::time(root.saved)));
        }
        if let Some(outcome) = root.outcome {
            facts.push(("ended", outcome.as_str().to_owned()));
        }
    }
    f.write_str("<dl class=\"facts\">")?;
    for (name, value) in facts {
        write!(f, "<div><dt>{name}</dt><dd>{value}</dd></div>")?;
    }
    f.write_str("</dl>")
}

fn remarks(f: &mut fmt::Formatter<'_>, profile: &Profile) -> fmt::Result {
    if let Some(reason) = profile.unavailable() {
        write!(f, "<p class=\"unavailable\" role=\"alert\"><strong>No profile:</strong> {}</p>", escaped(reason))?;
    }
    let remarks = profile.remarks();
    if remarks.is_empty() {
        return Ok(());
    }
    f.write_str("<ul class=\"remarks\">")?;
    for remark in remarks {
        write!(f, "<li>{}</li>", escaped(&remark))?;
    }
    f.write_str("</ul>")
}

fn body(f: &mut fmt::Formatter<'_>, profile: &Profile, path: &CriticalPath) -> fmt::Result {
    if !profile.is_available() {
        return Ok(());
    }
    timeline(f)?;
    contributors(f, path)?;
    let parts = [(By::Phase, "Phases", "phase"), (By::Agent, "Agents", "agent"), (By::Model, "Models", "model")];
    for (by, caption, what) in parts {
        let breakdown = profile.breakdown_by(by);
        if by == By::Phase || !breakdown.rows.is_empty() {
            table(f, &breakdown, caption, what)?;
        }
    }
    Ok(())
}

fn timeline(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(
        "<noscript><section><h2>Timeline</h2><p class=\"hint\">The line of time needs scripts; the tables below do \
         not.</p></section></noscript>\n\
         <section id=\"timeline\" aria-labelledby=\"timeline-heading\" hidden>\n\
         <div class=\"bar-of-tools\"><h2 id=\"timeline-heading\">Timeline</h2>\
         <button type=\"button\" id=\"path\" aria-pressed=\"true\">Critical path</button>\
         <button type=\"button\" id=\"closer\">Zoom in</button><button type=\"button\" id=\"wider\">Zoom out</button>\
         <button type=\"button\" id=\"all\">Whole run</button></div>\n<ul class=\"legend\" aria-label=\"What time was spent on\">",
    )?;
    for class in Class::ALL {
        let (name, says) = (class.as_str(), text::class_text(class));
        write!(f, "<li><span class=\"swatch {name}\"></span>{says}</li>")?;
    }
    f.write_str(
        "<li class=\"on-path\"><span class=\"swatch path\"></span>critical path</li></ul>\n<div class=\"timeline\">\
         <div class=\"chart\"><div class=\"axis\"><span>span</span><span class=\"wall\">wall</span>\
         <div class=\"ruler\" id=\"ruler\" title=\"Draw a range to zoom in; double-click for the whole run\"></div></div>\
         <div class=\"grid\" id=\"grid\" role=\"treegrid\" tabindex=\"0\" aria-label=\"Spans of the run\" \
         aria-describedby=\"keys\" aria-colcount=\"3\"><div class=\"rows\" id=\"rows\" role=\"rowgroup\"></div></div></div>\
         <aside class=\"detail\" id=\"detail\" aria-live=\"polite\" aria-label=\"The chosen span\"></aside></div>\n\
         <p class=\"hint keys\" id=\"keys\"><kbd>↑</kbd> <kbd>↓</kbd> choose, <kbd>←</kbd> <kbd>→</kbd> fold and unfold, \
         <kbd>Enter</kbd> zoom to the span, <kbd>+</kbd> <kbd>−</kbd> zoom, <kbd>0</kbd> whole run</p>\n</section>\n",
    )
}

fn contributors(f: &mut fmt::Formatter<'_>, path: &CriticalPath) -> fmt::Result {
    if path.contributors.is_empty() {
        return Ok(());
    }
    f.write_str(
        "<section aria-labelledby=\"path-heading\"><h2 id=\"path-heading\">What decided how long it took</h2>\
         <ol class=\"decided\">",
    )?;
    for part in &path.contributors {
        let percent = text::tenths((part.share * 1_000.0).round() as u64);
        write!(
            f,
            "<li><bdi>{}</bdi><span>{} ({percent})</span><span class=\"meter\"><span class=\"path\" style=\"width:{:.2}%\"></span></span>\
             <span class=\"free\">Were it free, the run would take {}.</span></li>",
            escaped(&part.title),
            text::time(part.on_path),
            part.share * 100.0,
            text::time(part.wall_if_free),
        )?;
    }
    f.write_str("</ol></section>\n")
}

fn table(f: &mut fmt::Formatter<'_>, breakdown: &Breakdown, caption: &str, what: &str) -> fmt::Result {
    let Breakdown { rows, between, total } = breakdown;
    let has_usage = total.usage.calls > 0 || total.usage.input_tokens > 0;
    write!(
        f,
        "<section><div class=\"scroll\"><table><caption>{caption}</caption><thead><tr><th scope=\"col\">{what}</th>\
         <th scope=\"col\">wall</th><th scope=\"col\">share</th><th scope=\"col\" class=\"text\">where it went</th>"
    )?;
    if has_usage {
        f.write_str("<th scope=\"col\">calls</th><th scope=\"col\">tokens in</th><th scope=\"col\">tokens out</th><th scope=\"col\">cost</th>")?;
    }
    f.write_str("<th scope=\"col\" class=\"text\">notes</th></tr></thead><tbody>")?;
    for row in rows.iter().chain((!between.attributed.is_zero()).then_some(between)) {
        table_row(f, row, has_usage)?;
    }
    f.write_str("</tbody><tfoot>")?;
    let whole = Row { name: "total".into(), ..total.clone() };
    table_row(f, &whole, has_usage)?;
    f.write_str("</tfoot></table></div></section>\n")
}

fn table_row(f: &mut fmt::Formatter<'_>, row: &Row, has_usage: bool) -> fmt::Result {
    let times = if row.count > 1 { format!(" ×{}", row.count) } else { String::new() };
    write!(
        f,
        "<tr><th scope=\"row\" class=\"text\"><bdi>{}</bdi>{times}</th><td data-value=\"{}\">{}</td><td data-value=\"{}\">{}</td>",
        escaped(&row.name),
        row.wall.as_nanos(),
        text::time(row.wall),
        row.share,
        text::tenths((row.share * 1_000.0).round() as u64),
    )?;
    write!(f, "<td class=\"text\" data-value=\"{}\">{}</td>", row.attributed.as_nanos(), stack(&row.spent))?;
    if has_usage {
        let usage = &row.usage;
        let numbers = [
            (usage.calls, usage.calls.to_string()),
            (usage.input_tokens, text::count(usage.input_tokens)),
            (usage.output_tokens, text::count(usage.output_tokens)),
            (usage.cost_nanousd, text::money(usage.cost_nanousd)),
        ];
        for (value, says) in numbers {
            let says = if value == 0 { "" } else { says.as_str() };
            write!(f, "<td data-value=\"{value}\">{says}</td>")?;
        }
    }
    let notes = escaped(&text::notes(row));
    let notes = if row.failed > 0 || row.cancelled > 0 { format!("<b>{notes}</b>") } else { notes };
    write!(f, "<td class=\"notes\">{notes}</td></tr>")
}

/// What a time was spent on, as a bar with a text for those who do not see it.
fn stack(spent: &Spent) -> String {
    let total = spent.total_nanos().max(1) as f64;
    let mut bar = format!("<div class=\"stack\" role=\"img\" aria-label=\"{0}\" title=\"{0}\">", text::parts(spent, 7));
    for class in Class::ALL {
        let part = 100.0 * spent.nanos_on(class) as f64 / total;
        if part > 0.0 {
            let _ = write!(bar, "<span class=\"{}\" style=\"width:{part:.2}%\"></span>", class.as_str());
        }
    }
    bar.push_str("</div>");
    bar
}

/// What the script draws: times in nanoseconds.
fn data(profile: &Profile, tree: &Tree, path: &CriticalPath) -> Value {
    let steps = path.steps.iter().map(|step| json!([step.node, nanos(step.start), nanos(step.end)]));
    json!({
        "wall": nanos(profile.wall()),
        "classes": Class::ALL.map(Class::as_str),
        "spans": tree.nodes().iter().map(span).collect::<Vec<_>>(),
        "path": steps.collect::<Vec<_>>(),
    })
}

fn span(node: &Node) -> Value {
    json!({
        "title": shown(&node.title()),
        "parent": node.parent,
        "depth": node.depth,
        "start": nanos(node.start),
        "end": nanos(node.end()),
        "wall": nanos(node.wall),
        "self": nanos(node.self_wall),
        "share": node.share,
        "busy": nanos(node.busy),
        "spent": Class::ALL.map(|class| node.spent.nanos_on(class)),
        "outcome": node.outcome.map(crate::Outcome::as_str),
        "error": shown(&node.error_type),
        "open": node.open,
        "count": node.count,
        "attempts": node.attempts,
        "facts": more(node),
    })
}

/// What else is known of a span, as names and texts.
fn more(node: &Node) -> Vec<(&'static str, String)> {
    let usage = &node.usage;
    let numbers = [
        ("Passages found", node.hits.unwrap_or(0)),
        ("Model calls", usage.calls),
        ("Tokens in", usage.input_tokens),
        ("… from the provider's cache", usage.cached_input_tokens),
        ("… into the provider's cache", usage.cache_write_tokens),
        ("Tokens out", usage.output_tokens),
        ("… of reasoning", usage.reasoning_tokens),
        ("Retries", node.retries),
        ("Cache hits", node.cache_hits),
    ];
    let mut facts: Vec<(&'static str, String)> =
        numbers.into_iter().filter(|(_, n)| *n > 0).map(|(name, n)| (name, n.to_string())).collect();
    let times = [("To first token", usage.time_to_first_token()), ("Saved by the cache", Some(node.saved))];
    facts.extend(times.into_iter().filter_map(|(name, time)| {
        let time = time.filter(|time: &Duration| !time.is_zero())?;
        Some((name, text::time(time)))
    }));
    if usage.cost_nanousd > 0 {
        facts.push(("Cost", text::money(usage.cost_nanousd)));
    }
    facts
}
