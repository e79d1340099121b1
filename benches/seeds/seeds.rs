//! The table: rows as they are measured, and at the end all of them beside what the predecessors' reports say, those that are missing, and
//! those that are lost.

use serde_json::{Value, json};

use super::machine::{Report, Target, figure};
use super::row::{Better, Row, Said};

const COMMAND: &str = "cargo bench --bench seeds --features dialogue,code,llm-http";

/// A row that was measured, or could not be.
struct Told {
    part: &'static str,
    row: Row,
    /// Low, median, high and the number of samples; none where it is missing.
    ours: Option<([f64; 3], usize)>,
    missing: String,
}

/// All rows.
pub struct Seeds {
    report: Report,
    quick: bool,
    part: &'static str,
    told: Vec<Told>,
}

impl Seeds {
    pub fn new(quick: bool, named: &[String]) -> Self {
        let command = if named.is_empty() { COMMAND.to_owned() } else { format!("{COMMAND} -- {}", named.join(" ")) };
        Self { report: Report::new("seeds", &command), quick, part: "", told: Vec::new() }
    }

    /// Rows belong to this part from now on.
    pub fn part(&mut self, part: &'static str) {
        self.part = part;
    }

    /// Whether this is to run once only.
    pub fn quick(&self) -> bool {
        self.quick
    }

    /// So many, or few where this is to run once only.
    pub fn many(&self, many: usize) -> usize {
        if self.quick { many.div_ceil(100) } else { many }
    }

    /// A row with samples.
    pub fn tell(&mut self, row: &Row, samples: &[f64]) {
        self.report.samples(row.row, row.variant, row.unit, samples, target(row));
        self.beside(row);
    }

    /// A row that was counted.
    pub fn count(&mut self, row: &Row, value: f64) {
        self.report.value(row.row, row.variant, row.unit, value, target(row));
        self.beside(row);
    }

    /// A row of what is not there.
    pub fn missing(&mut self, row: &Row, what: &str) {
        self.report.missing(row.row, row.variant, what);
        self.beside(row);
        if let Some(told) = self.told.last_mut() {
            what.clone_into(&mut told.missing);
        }
    }

    /// Adds to the row told last what others say of it.
    fn beside(&mut self, row: &Row) {
        let part = self.part;
        let Some(fields) = self.report.last() else { return };
        let number = |name: &str, fields: &serde_json::Map<String, Value>| fields.get(name).and_then(Value::as_f64);
        let ours = number("median", fields).map(|median| {
            let (low, high) = (number("low", fields), number("high", fields));
            ([low.unwrap_or(median), median, high.unwrap_or(median)], number("n", fields).unwrap_or(1.0) as usize)
        });
        let said = |said: &Said| json!({ "low": said.low, "high": said.high, "source": said.source });
        for (name, theirs) in [("report", &row.report), ("really", &row.really)] {
            if let Some(theirs) = theirs {
                fields.insert(name.into(), said(theirs));
            }
        }
        if let Some(ratio) = ours.and_then(|([_, median, _], _)| row.ratio(row.beats(), median)) {
            fields.insert("ratio".into(), json!(ratio));
        }
        fields.insert("area".into(), json!(part));
        fields.insert("command".into(), json!(format!("{COMMAND} -- {part}")));
        if !row.work.is_empty() {
            fields.insert("work".into(), json!(row.work));
        }
        self.told.push(Told { part, row: *row, ours, missing: String::new() });
    }

    /// Prints the table, and writes it for the page of figures.
    pub fn finish(self, write: bool) {
        println!();
        for part in super::PARTS {
            let rows: Vec<&Told> = self.told.iter().filter(|told| told.part == part.name).collect();
            if rows.is_empty() {
                continue;
            }
            println!("\n{}: {}\n  {COMMAND} -- {}", part.name, part.what, part.name);
            println!(
                "  {:<62} {:>9} {:>12} {:>9} {:>19} {:>6} {:>8} {:>9}  unit",
                "row", "report", "really", "ours", "95 %", "n", "ratio", "goal"
            );
            for told in rows {
                told.print();
            }
        }
        self.summary();
        if write {
            self.report.write();
        }
    }

    fn summary(&self) {
        let named = |told: &Told| format!("{}: {}", told.part, told.row.name());
        let measured: Vec<(&Told, f64)> = self.told.iter().filter_map(|told| Some((told, told.ours?.0[1]))).collect();
        let missing: Vec<&Told> = self.told.iter().filter(|told| told.ours.is_none()).collect();
        println!("\nmissing: {}", missing.len());
        for told in &missing {
            println!("  {}: {}", named(told), told.missing);
        }
        let worse = |told: &Told, than: Option<Said>, ours: f64| told.row.ratio(than, ours).is_some_and(|by| by < 1.0);
        let lost: Vec<_> = measured.iter().filter(|(told, ours)| worse(told, told.row.beats(), *ours)).collect();
        println!("lost to what theirs really does, or is reported to do where nobody measured it: {}", lost.len());
        for (told, ours) in &lost {
            let than = told.row.beats().map(range).unwrap_or_default();
            println!("  {}: {} against {than} {}", named(told), figure(*ours), told.row.unit);
        }
        let reported = |told: &Told, ours: f64| told.row.really.is_some() && worse(told, told.row.report, ours);
        let reported: Vec<_> = measured.iter().filter(|(told, ours)| reported(told, *ours)).collect();
        println!("not as good as their report says, where their code was measured: {}", reported.len());
        for (told, ours) in &reported {
            let (than, source) = told.row.report.map(|said| (range(said), said.source)).unwrap_or_default();
            println!("  {}: {} against {than} {} ({source})", named(told), figure(*ours), told.row.unit);
        }
        let off: Vec<_> =
            measured.iter().filter(|(told, ours)| told.row.goal.is_some() && !met(&told.row, *ours)).collect();
        println!("goals of ours not met: {}", off.len());
        for (told, ours) in &off {
            let goal = told.row.goal.unwrap_or_default();
            println!("  {}: {} against {} {}", named(told), figure(*ours), figure(goal), told.row.unit);
        }
        println!(
            "rows: {}, measured {}, missing {}, lost {}",
            self.told.len(),
            measured.len(),
            missing.len(),
            lost.len()
        );
    }
}

fn met(row: &Row, ours: f64) -> bool {
    match target(row) {
        Target::None => true,
        Target::Most(most) => ours <= most,
        Target::Least(least) => ours >= least,
    }
}

/// What the row should be.
fn target(row: &Row) -> Target {
    let beats = row.beats().map(|said| if row.better == Better::Less { said.low } else { said.high });
    match (row.goal.or(beats), row.better) {
        (None, _) => Target::None,
        (Some(most), Better::Less) => Target::Most(most),
        (Some(least), Better::More) => Target::Least(least),
    }
}

fn range(said: Said) -> String {
    if said.low < said.high { format!("{}–{}", figure(said.low), figure(said.high)) } else { figure(said.low) }
}

impl Told {
    fn print(&self) {
        let row = &self.row;
        let said = |said: Option<Said>| said.map_or_else(|| "–".to_owned(), range);
        let (report, really) = (said(row.report), said(row.really));
        let goal = row.goal.map_or_else(String::new, figure);
        let name = row.name();
        let Some(([low, median, high], n)) = self.ours else {
            println!("  {name:<62} {report:>9} {really:>12}   missing: {}", self.missing);
            return;
        };
        let interval = if n > 1 { format!("{}–{}", figure(low), figure(high)) } else { String::new() };
        let ratio = row.ratio(row.beats(), median).map_or_else(String::new, |by| format!("{} ×", figure(by)));
        let goal = if met(row, median) || row.goal.is_none() { goal } else { format!("MISSED {goal}") };
        println!(
            "  {name:<62} {report:>9} {really:>12} {:>9} {interval:>19} {n:>6} {ratio:>8} {goal:>9}  {}",
            figure(median),
            row.unit
        );
    }
}
