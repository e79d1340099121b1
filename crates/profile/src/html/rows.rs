//! A breakdown as a table. It is complete without the script, which lets its columns be sorted.

use std::fmt;

use super::escape::Text;
use super::figures::{cost, grouped};
use crate::apportion::largest_remainder;
use crate::breakdown::{Breakdown, Row};
use crate::spent::{Class, Spent};
use crate::text;
use crate::tree::nanos;

/// The most rows of a table. Of more parts, those with the least time are one row.
const MOST: usize = 200;

/// Which columns have something to say.
#[derive(Clone, Copy)]
struct Columns {
    calls: bool,
    tokens: bool,
    cost: bool,
    notes: bool,
}

/// A section with one table.
pub(super) fn write(
    f: &mut fmt::Formatter<'_>,
    id: &str,
    heading: &str,
    first: &str,
    parts: &Breakdown,
) -> fmt::Result {
    let Breakdown { rows, between, total } = parts;
    let (rows, more) = largest(rows);
    let rest = (!between.attributed.is_zero() || rows.is_empty()).then_some(between);
    let listed = || rows.iter().copied().chain(&more).chain(rest);
    let columns = Columns {
        calls: total.usage.calls > 0,
        tokens: total.usage.input_tokens > 0 || total.usage.output_tokens > 0,
        cost: total.usage.cost_nanousd > 0,
        notes: listed().any(|row| !notes(row).is_empty()),
    };
    write!(f, "<section aria-labelledby=\"{id}-h\"><h2 id=\"{id}-h\">{heading}</h2>")?;
    write!(f, "<table id=\"{id}\"><caption>{heading}: wall time, share, where it went</caption>")?;
    head(f, first, columns)?;
    f.write_str("<tbody>")?;
    let attributed: Vec<u64> = listed().map(|row| row.spent.total_nanos()).collect();
    let largest = attributed.iter().copied().max().unwrap_or(0);
    for (row, tenths) in listed().zip(largest_remainder(1_000, &attributed)) {
        let share = if largest == 0 { "–".to_owned() } else { text::tenths(tenths) };
        line(f, row, &share, largest, columns)?;
    }
    f.write_str("</tbody><tfoot>")?;
    let total = Row { name: "total".into(), count: 1, ..total.clone() };
    line(f, &total, if largest == 0 { "–" } else { "100.0 %" }, 0, columns)?;
    f.write_str("</tfoot></table></section>")
}

/// The rows that are shown, in their order, and the sum of the others.
fn largest(rows: &[Row]) -> (Vec<&Row>, Option<Row>) {
    let mut times: Vec<u64> = rows.iter().map(|row| row.spent.total_nanos()).collect();
    times.sort_unstable_by_key(|time| std::cmp::Reverse(*time));
    let Some(last) = times.get(MOST).copied() else { return (rows.iter().collect(), None) };
    let over = times.iter().filter(|time| **time > last).count();
    let mut room = MOST - over;
    let (shown, others): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| {
        let time = row.spent.total_nanos();
        let fits = time == last && room > 0;
        room -= usize::from(fits);
        time > last || fits
    });
    let mut sum = Row { name: smol_str::format_smolstr!("{} more", grouped(others.len() as u64)), ..Row::default() };
    for row in others {
        sum.attributed = sum.attributed.saturating_add(row.attributed);
        sum.spent.add_all(&row.spent);
        sum.usage.add(&row.usage);
        sum.count = sum.count.saturating_add(row.count);
        sum.failed = sum.failed.saturating_add(row.failed);
        sum.cancelled = sum.cancelled.saturating_add(row.cancelled);
        sum.suspended = sum.suspended.saturating_add(row.suspended);
        sum.replayed = sum.replayed.saturating_add(row.replayed);
        sum.cached = sum.cached.saturating_add(row.cached);
        sum.retries = sum.retries.saturating_add(row.retries);
        sum.saved = sum.saved.saturating_add(row.saved);
    }
    (shown, Some(sum))
}

fn head(f: &mut fmt::Formatter<'_>, first: &str, columns: Columns) -> fmt::Result {
    f.write_str("<thead><tr>")?;
    let shown = [
        (true, first, ""),
        (true, "Wall", "num"),
        (true, "Share", "num"),
        (true, "Where it went", "spent"),
        (columns.calls, "Calls", "num"),
        (columns.tokens, "Tokens", "num tok"),
        (columns.cost, "Cost", "num"),
        (columns.notes, "Notes", "notes"),
    ];
    for (_, name, class) in shown.into_iter().filter(|(shown, ..)| *shown) {
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        write!(f, "<th scope=\"col\"{class}>{name}</th>")?;
    }
    f.write_str("</tr></thead>")
}

fn line(f: &mut fmt::Formatter<'_>, row: &Row, share: &str, largest: u64, columns: Columns) -> fmt::Result {
    let alarm = if row.failed > 0 || row.cancelled > 0 { " alarm" } else { "" };
    write!(f, "<tr><th scope=\"row\"><bdi>{}</bdi>", Text(&row.name))?;
    if row.count > 1 {
        write!(f, " <small>×{}</small>", row.count)?;
    }
    f.write_str("</th>")?;
    let part = row.spent.total_nanos();
    // Of a sum of rows it is not known how much of their time they shared.
    let wall = if row.wall.is_zero() && part > 0 { "–".to_owned() } else { text::time(row.wall) };
    number_or(f, "", nanos(row.wall), &wall, &wall)?;
    number_or(f, "share", part, share, share)?;
    f.write_str("<td class=\"spent\">")?;
    if part > 0 {
        let length = if largest == 0 { 100.0 } else { part as f64 / largest as f64 * 100.0 };
        stacked(f, &row.spent, length)?;
        write!(f, "<span class=\"parts\">{}</span>", text::parts(&row.spent, 2))?;
    }
    f.write_str("</td>")?;
    let usage = &row.usage;
    if columns.calls {
        number(f, "use calls", usage.calls, &grouped(usage.calls))?;
    }
    if columns.tokens {
        let both = format!("{} → {}", text::count(usage.input_tokens), text::count(usage.output_tokens));
        number(f, "use tokens", usage.input_tokens.saturating_add(usage.output_tokens), &both)?;
    }
    if columns.cost {
        // Calls that did not say what they cost are unlike none at all.
        let known = usage.calls > 0 && usage.cost_nanousd == 0;
        let nothing = if known { cost(usage).0 } else { String::new() };
        number_or(f, "use", usage.cost_nanousd, &text::money(usage.cost_nanousd), &nothing)?;
    }
    if columns.notes {
        write!(f, "<td class=\"notes{alarm}\">{}</td>", Text(&notes(row)))?;
    }
    f.write_str("</tr>")
}

/// A cell to sort by `value`; empty when that is 0. Its class says what it counts where there are no columns.
fn number(f: &mut fmt::Formatter<'_>, class: &str, value: u64, text: &str) -> fmt::Result {
    number_or(f, class, value, text, "")
}

fn number_or(f: &mut fmt::Formatter<'_>, class: &str, value: u64, text: &str, nothing: &str) -> fmt::Result {
    let space = if class.is_empty() { "" } else { " " };
    if value == 0 {
        return write!(f, "<td class=\"num{space}{class}\">{nothing}</td>");
    }
    write!(f, "<td class=\"num{space}{class}\" data-v=\"{value}\">{text}</td>")
}

/// A bar of the classes, `length` per cent long.
fn stacked(f: &mut fmt::Formatter<'_>, spent: &Spent, length: f64) -> fmt::Result {
    write!(f, "<span class=\"stack\"><span style=\"width:{length:.1}%\">")?;
    let parts = Class::ALL.map(|class| spent.nanos_on(class));
    for ((class, nanos), part) in Class::ALL.into_iter().zip(parts).zip(largest_remainder(1_000, &parts)) {
        if nanos > 0 {
            write!(f, "<i class=\"c{}\" style=\"flex:{part}\"></i>", class as usize)?;
        }
    }
    f.write_str("</span></span>")
}

fn notes(row: &Row) -> String {
    let mut notes = text::notes(row);
    if !row.saved.is_zero() {
        let comma = if notes.is_empty() { "" } else { ", " };
        notes.push_str(&format!("{comma}spared {}", text::time(row.saved)));
    }
    notes
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn row(n: u64, nanos: u64) -> Row {
        let mut row = Row { name: smol_str::format_smolstr!("row {n}"), count: 1, failed: 1, ..Row::default() };
        row.spent.add(Class::Model, nanos);
        row.attributed = Duration::from_nanos(nanos);
        row
    }

    #[test]
    fn of_many_rows_the_largest_are_shown_and_the_others_added_up() {
        let rows: Vec<Row> = (0..1_500).map(|n| row(n, if n % 10 == 0 { 100 } else { 1 })).collect();
        let (shown, more) = largest(&rows);
        let more = more.unwrap();
        assert_eq!((shown.len(), more.name.as_str()), (MOST, "1,300 more"));
        assert!(rows.iter().step_by(10).all(|row| shown.contains(&row)));
        assert!(shown.is_sorted_by_key(|row| rows.iter().position(|other| other == *row)));
        assert_eq!((more.spent.total_nanos(), more.failed, more.count), (1_300, 1_300, 1_300));
        assert_eq!(largest(&rows[..MOST]), (rows[..MOST].iter().collect(), None));
    }

    #[test]
    fn columns_with_nothing_to_say_are_left_out() {
        let mut parts = Breakdown { rows: vec![row(0, 5)], between: Row::default(), total: row(1, 5) };
        parts.rows[0].failed = 0;
        let page = |parts: &Breakdown| {
            struct Shown<'a>(&'a Breakdown);
            impl fmt::Display for Shown<'_> {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write(f, "phases", "By phase", "Phase", self.0)
                }
            }
            Shown(parts).to_string()
        };
        let plain = page(&parts);
        assert!(["Calls", "Tokens", "Cost", "Notes"].iter().all(|name| !plain.contains(&format!(">{name}<"))));
        parts.total.usage.calls = 3;
        parts.rows[0].usage.calls = 3;
        parts.rows[0].error_types = vec!["<b>".into()];
        parts.rows[0].failed = 1;
        let full = page(&parts);
        assert!(full.contains("<td class=\"num use calls\" data-v=\"3\">3</td>"), "{full}");
        assert!(full.contains("<td class=\"notes alarm\">failed: &lt;b&gt;</td>"), "{full}");
    }
}
