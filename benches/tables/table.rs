//! A report as a table.

use serde_json::Value;

/// What a report says of itself and its rows.
#[derive(Debug)]
pub struct Table {
    /// The benchmark, which is the name of the section too.
    pub name: String,
    /// Command, date, commit, machine, how loaded it was, and versions.
    pub origin: String,
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Of a report in the format of `benches/machine/report.rs`.
    ///
    /// # Errors
    /// Says which field is missing or is of another kind.
    pub fn of(report: &Value) -> Result<Self, String> {
        let rows = report["rows"].as_array().filter(|rows| !rows.is_empty()).ok_or("`rows` is missing or empty")?;
        let has = |field: &str| rows.iter().any(|row| row.get(field).is_some());
        let columns = Columns { others: has("report") || has("really"), target: has("target") };
        let mut header = vec!["row", "median", "95 %", "unit", "n"];
        if columns.others {
            header.extend(["its report", "its code", "times better", "part"]);
        }
        if columns.target {
            header.extend(["target", "met"]);
        }
        let rows = rows
            .iter()
            .enumerate()
            .map(|(n, row)| cells(row, columns).map_err(|what| format!("row {} ({}): {what}", n + 1, row["row"])));
        Ok(Self {
            name: text(report, "bench")?.to_owned(),
            origin: origin(report)?,
            header,
            rows: rows.collect::<Result<_, _>>()?,
        })
    }

    /// As it stands in a page.
    pub fn markdown(&self) -> String {
        let line = |cells: &mut dyn Iterator<Item = &str>| format!("| {} |", cells.collect::<Vec<_>>().join(" | "));
        let mut lines = vec![format!("{}\n", self.origin), line(&mut self.header.iter().copied())];
        lines.push(format!("|{}", "---|".repeat(self.header.len())));
        let marked = |cell: &String| if cell == "NO" { "**no**".to_owned() } else { cell.replace('|', "\\|") };
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(marked).collect();
            lines.push(line(&mut cells.iter().map(String::as_str)));
        }
        lines.join("\n")
    }

    /// As it is read in a terminal.
    pub fn plain(&self) -> String {
        let titles: Vec<String> = self.header.iter().map(ToString::to_string).collect();
        let all = || std::iter::once(&titles).chain(&self.rows);
        let width = |column: usize| all().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..titles.len()).map(width).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).enumerate();
            let padded = cells
                .map(|(n, (cell, width))| if n == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") });
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let lines: Vec<String> = all().map(line).collect();
        format!("{}: {}\n{}\n", self.name, self.origin, lines.join("\n"))
    }
}

fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str, String> {
    value[field].as_str().ok_or_else(|| format!("`{field}` is missing or no text"))
}

fn number(value: &Value, field: &str) -> Result<f64, String> {
    value[field].as_f64().ok_or_else(|| format!("`{field}` is missing or no number"))
}

fn origin(report: &Value) -> Result<String, String> {
    let (machine, versions) = (&report["machine"], &report["versions"]);
    let commit = text(report, "commit")?;
    let commit = commit.strip_suffix('+').map_or_else(|| commit.to_owned(), |clean| format!("{clean} with changes"));
    let load = machine["others"].as_f64().map_or_else(
        || "how loaded it was is not known".to_owned(),
        |share| format!("other processes used {:.0} % of it meanwhile", share * 100.0),
    );
    let versions = versions.as_object().into_iter().flatten().map(|(name, version)| {
        let version = version.as_str().unwrap_or("unknown").split(" (").next().unwrap_or_default();
        if version.starts_with(name.as_str()) { version.to_owned() } else { format!("{name} {version}") }
    });
    Ok(format!(
        "`{}`, {}, commit {commit}; {}, {} cores, {}, {load}; {}.",
        text(report, "command")?,
        text(report, "date")?,
        text(machine, "processor")?,
        number(machine, "cores")?,
        text(machine, "system")?,
        versions.collect::<Vec<_>>().join(", "),
    ))
}

/// Which columns a table has beside those of every table.
#[derive(Clone, Copy)]
struct Columns {
    /// What others report and what their code does.
    others: bool,
    target: bool,
}

fn cells(row: &Value, columns: Columns) -> Result<Vec<String>, String> {
    let name = match row["variant"].as_str() {
        Some(variant) => format!("{}, {variant}", text(row, "row")?),
        None => text(row, "row")?.to_owned(),
    };
    let mut cells = match row["missing"].as_str() {
        Some(why) => vec![name, format!("missing: {why}"), none(), none(), none()],
        None => {
            let (n, unit) = (grouped(number(row, "n")?), text(row, "unit")?.to_owned());
            vec![name, grouped(number(row, "median")?), range(row).unwrap_or_else(none), unit, n]
        }
    };
    if columns.others {
        let better = row["ratio"].as_f64().map_or_else(none, grouped);
        let part = row["area"].as_str().map_or_else(none, str::to_owned);
        let others = ["report", "really"].map(|whose| range(&row[whose]).unwrap_or_else(none));
        cells.extend(others.into_iter().chain([better, part]));
    }
    if columns.target {
        let goal = &row["target"];
        let target = match (goal["most"].as_f64(), goal["least"].as_f64()) {
            (Some(most), _) => format!("≤ {}", grouped(most)),
            (_, Some(least)) => format!("≥ {}", grouped(least)),
            _ => none(),
        };
        let met = row["met"].as_bool().map_or("–", |met| if met { "yes" } else { "NO" });
        cells.extend([target, met.to_owned()]);
    }
    Ok(cells)
}

/// What stands in a cell that has nothing to say.
fn none() -> String {
    "–".to_owned()
}

/// From low to high, or the one number that both are.
fn range(value: &Value) -> Option<String> {
    let (low, high) = (value["low"].as_f64()?, value["high"].as_f64()?);
    let is_one = low.total_cmp(&high).is_eq() && value.get("median").is_none();
    Some(if is_one { grouped(low) } else { format!("{} – {}", grouped(low), grouped(high)) })
}

/// Three significant digits, or all of a whole number, in groups of three; no zeros at the end of a fraction that has none to say.
pub fn grouped(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 || size == 0.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        size => (2.0 - size.log10().floor()).min(6.0) as usize,
    };
    let shown = if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.digits$}") };
    let (whole, fraction) = shown.split_once('.').unwrap_or((&shown, ""));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("−", whole));
    let mut text = sign.to_owned();
    for (n, digit) in whole.chars().enumerate() {
        if n > 0 && (whole.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if fraction.is_empty() { text } else { format!("{text}.{fraction}") }
}
