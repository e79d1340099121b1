//! The head of the page, and what would have to be faster: figures that need no script.

use std::fmt;

use super::Html;
use super::escape::Text;
use crate::critical_path::Contributor;
use crate::text;
use crate::usage::Usage;

impl Html {
    /// What ran, in figures, and what a reader should know about them.
    pub(super) fn head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<dl class=\"figures\">")?;
        let Some(root) = self.tree.root() else { return f.write_str("</dl>") };
        figure(f, "Wall time", &text::time(root.wall), "")?;
        if self.unavailable.is_none() {
            figure(f, "Spans", &grouped(self.spans), "")?;
            self.usage(f, &root.usage)?;
        }
        if root.retries > 0 {
            figure(f, "Retries", &grouped(root.retries), "")?;
        }
        if root.cache_hits > 0 {
            let saved = if root.saved.is_zero() { String::new() } else { format!("spared {}", text::time(root.saved)) };
            figure(f, "From the cache", &grouped(root.cache_hits), &saved)?;
        }
        f.write_str("</dl>")?;
        if self.title.is_some() {
            write!(f, "<p class=\"what\">What ran: <bdi>{}</bdi></p>", Text(&self.root()))?;
        }
        if let Some(reason) = &self.unavailable {
            let reason = Text(reason);
            write!(f, "<p class=\"notice alarm\" role=\"note\"><b>No profile.</b> Why, and what to do: {reason}</p>")?;
        }
        for remark in &self.remarks {
            write!(f, "<p class=\"notice\" role=\"note\">{}</p>", Text(remark))?;
        }
        Ok(())
    }

    fn usage(&self, f: &mut fmt::Formatter<'_>, usage: &Usage) -> fmt::Result {
        figure(f, "Model calls", &grouped(usage.calls), "")?;
        if usage.input_tokens > 0 || usage.output_tokens > 0 {
            let tokens = format!("{} → {}", text::count(usage.input_tokens), text::count(usage.output_tokens));
            figure(f, "Tokens", &tokens, "read → written")?;
        }
        let (value, note) = cost(usage);
        if usage.calls > 0 || usage.cost_nanousd > 0 {
            figure(f, "Cost", &value, &note)?;
        }
        Ok(())
    }

    /// The largest parts of the critical path, and what the run would take without each.
    pub(super) fn contributors(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<section aria-labelledby=\"path-h\"><h2 id=\"path-h\">What decided how long it took</h2>")?;
        f.write_str("<p class=\"hint\">The largest parts of the critical path: the chain of spans, through parallel ")?;
        f.write_str("branches, that the end of the run waited for.</p><ol class=\"path\">")?;
        for contributor in &self.path.contributors {
            let Contributor { title, on_path, share, wall_if_free } = contributor;
            let percent = text::tenths((share * 1_000.0).round() as u64);
            let gain = self.path.wall.saturating_sub(*wall_if_free);
            let gain = if gain.is_zero() {
                ": then another branch decides".to_owned()
            } else {
                format!(", {} less", text::time(gain))
            };
            write!(f, "<li><b><bdi>{}</bdi></b><span class=\"num\">{percent}</span>", Text(title))?;
            write!(f, "<span class=\"meter\"><i style=\"width:{:.1}%\"></i></span>", share * 100.0)?;
            write!(f, "<p>{} on the path. Were it free, the run would take ", text::time(*on_path))?;
            write!(f, "<b>{}</b>{gain}.</p></li>", text::time(*wall_if_free))?;
        }
        f.write_str("</ol></section>")
    }
}

fn figure(f: &mut fmt::Formatter<'_>, name: &str, value: &str, note: &str) -> fmt::Result {
    write!(f, "<div><dt>{name}</dt><dd>{value}")?;
    if !note.is_empty() {
        write!(f, "<small>{note}</small>")?;
    }
    f.write_str("</dd></div>")
}

/// What calls cost, and of how many that is known.
pub(super) fn cost(usage: &Usage) -> (String, String) {
    match usage.cost_usd() {
        None => ("unknown".to_owned(), "no call said it".to_owned()),
        Some(_) if usage.cost_nanousd == 0 => ("$0".to_owned(), String::new()),
        Some(_) if usage.priced_calls < usage.calls => {
            (text::money(usage.cost_nanousd), format!("of {} of the {} calls", usage.priced_calls, usage.calls))
        }
        Some(_) => (text::money(usage.cost_nanousd), String::new()),
    }
}

/// A number with its thousands apart.
pub(super) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1_000, 10_000, 1_234_567].map(grouped), ["0", "999", "1,000", "10,000", "1,234,567"]);
    }

    #[test]
    fn a_cost_says_how_far_it_is_known() {
        let usage = |calls, priced_calls, cost_nanousd| Usage { calls, priced_calls, cost_nanousd, ..Usage::default() };
        assert_eq!(cost(&usage(2, 0, 0)).0, "unknown");
        assert_eq!(cost(&usage(2, 1, 8_120_000)), ("$0.0081".to_owned(), "of 1 of the 2 calls".to_owned()));
        assert_eq!(cost(&usage(2, 2, 8_120_000)), ("$0.0081".to_owned(), String::new()));
        assert_eq!(cost(&usage(2, 2, 0)).0, "$0");
    }
}
