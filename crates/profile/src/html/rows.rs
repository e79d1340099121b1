//! A breakdown as a table. It is complete without the script, which lets its columns be sorted.

use std::fmt;

use super::escape::Text;
use super::figures::{cost, grouped};
use crate::apportion::largest_remainder;
use crate::breakdown::{Breakdown, Row};
use crate::spent::{Class, Spent};
use crate::text;
use crate::tree::nanos;

/// Which columns have something to say.
#[derive(Clone, Copy)]
struct Columns {
    calls: bool,
    tokens: bool,
    cost: bool,
    notes: bool,
}

/// A section with one table.
pub(super) fn write(f: &mut fmt::Formatter<'_>, id: &str, heading: &str, first: &str, parts: &Breakdown) -> fmt::Result {
    let Breakdown { rows, between, total } = parts;
    let listed = || rows.iter().chain((!between.attributed.is_zero() || rows.is_empty()).then_some(between));
    let columns = Columns {
        calls: total.usage.calls > 0,
        tokens: total.usage.input_tokens > 0 || total.usage.output_tokens > 0,
        cost: total.usage.cost_nanousd > 0,
        notes: listed().any(|row| !notes(row).is_empty()),
    };
    write!(f, "<section aria-labelledby=\"{id}-h\"><h2 id=\"{id}-h\">{heading}</h2>")?;
    write!(f, "<table id=\"{id}\"><caption>{heading}: wall time, part of the run, ")?;
    f.write_str("and what it was spent on</caption>")?;
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
        write!(f, "<th scope=\"col\" class=\"{class}\">{name}</th>")?;
    }
    f.write_str("</tr></thead>")
}

/// One row. Cells to sort by carry their value.
fn line(f: &mut fmt::Formatter<'_>, row: &Row, share: &str, largest: u64, columns: Columns) -> fmt::Result {
    let alarm = if row.failed > 0 || row.cancelled > 0 { " alarm" } else { "" };
    write!(f, "<tr><th scope=\"row\"><bdi>{}</bdi>", Text(&row.name))?;
    if row.count > 1 {
        write!(f, " <small>×{}</small>", row.count)?;
    }
    f.write_str("</th>")?;
    let part = row.spent.total_nanos();
    write!(f, "<td class=\"num wall\" data-v=\"{}\">{}</td>", nanos(row.wall), text::time(row.wall))?;
    write!(f, "<td class=\"num share\" data-v=\"{part}\">{share}</td>")?;
    write!(f, "<td class=\"spent\" data-v=\"{part}\">")?;
    if part > 0 {
        let length = if largest == 0 { 100.0 } else { part as f64 / largest as f64 * 100.0 };
        stacked(f, &row.spent, length)?;
        write!(f, "<span class=\"parts\">{}</span>", text::parts(&row.spent, 2))?;
    }
    f.write_str("</td>")?;
    let usage = &row.usage;
    if columns.calls {
        number(f, "calls", usage.calls, if usage.calls > 0 { grouped(usage.calls) } else { String::new() })?;
    }
    let tokens = usage.input_tokens.saturating_add(usage.output_tokens);
    if columns.tokens {
        let both = format!("{} → {}", text::count(usage.input_tokens), text::count(usage.output_tokens));
        number(f, "tokens", tokens, if tokens > 0 { both } else { String::new() })?;
    }
    if columns.cost {
        let known = usage.calls > 0 || usage.cost_nanousd > 0;
        number(f, "", usage.cost_nanousd, if known { cost(usage).0 } else { String::new() })?;
    }
    if columns.notes {
        write!(f, "<td class=\"notes{alarm}\">{}</td>", Text(&notes(row)))?;
    }
    f.write_str("</tr>")
}

/// A number with its unit, which is shown where there are no columns.
#[allow(clippy::needless_pass_by_value, reason = "every caller makes the text for it")]
fn number(f: &mut fmt::Formatter<'_>, unit: &str, value: u64, text: String) -> fmt::Result {
    write!(f, "<td class=\"num use\" data-v=\"{value}\"")?;
    if !unit.is_empty() {
        write!(f, " data-u=\"{unit}\"")?;
    }
    write!(f, ">{text}</td>")
}

/// A bar of the classes, `length` per cent long.
fn stacked(f: &mut fmt::Formatter<'_>, spent: &Spent, length: f64) -> fmt::Result {
    write!(f, "<span class=\"stack\" aria-hidden=\"true\"><span style=\"width:{length:.2}%\">")?;
    for class in Class::ALL {
        let nanos = spent.nanos_on(class);
        if nanos > 0 {
            write!(f, "<i class=\"c{}\" style=\"flex-grow:{nanos}\"></i>", class as usize)?;
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
