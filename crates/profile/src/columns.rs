//! Texts in columns, of which the less important ones go when the width is not enough.

use std::fmt;

use crate::text::{self, Tone, fit, left, paint, right};

const GAP: usize = 2;

/// One column: a header, and a cell for every line.
pub(crate) struct Column {
    header: &'static str,
    cells: Vec<(String, Tone)>,
    right: bool,
    /// 0 for one that stays; the highest goes first.
    goes: u8,
    /// To how many columns of the terminal it may be cut.
    least: Option<usize>,
}

impl Column {
    /// Of texts.
    pub(crate) fn words(header: &'static str, cells: Vec<(String, Tone)>) -> Self {
        Self { header, cells, right: false, goes: 0, least: None }
    }

    /// Of figures, which stand to the right.
    pub(crate) fn figures(header: &'static str, cells: Vec<String>) -> Self {
        let cells = cells.into_iter().map(|text| (text, Tone::Plain)).collect();
        Self { right: true, ..Self::words(header, cells) }
    }

    /// It goes when the width is not enough, the one with the highest number first.
    pub(crate) fn goes(mut self, rank: u8) -> Self {
        self.goes = rank;
        self
    }

    /// It may be cut to this many columns of the terminal.
    pub(crate) fn at_least(mut self, columns: usize) -> Self {
        self.least = Some(columns);
        self
    }

    fn widest(&self) -> usize {
        let widest = self.cells.iter().map(|(text, _)| text::width(text)).max().unwrap_or(0);
        if widest == 0 { 0 } else { widest.max(text::width(self.header)) }
    }

    fn narrowest(&self) -> usize {
        self.least.map_or(self.widest(), |least| least.min(self.widest()))
    }
}

/// Writes a header and the lines; a rule stands before the line `ruled`. Columns with nothing in them are left out.
pub(crate) fn write(
    f: &mut fmt::Formatter<'_>,
    mut columns: Vec<Column>,
    width: usize,
    color: bool,
    ruled: Option<usize>,
) -> fmt::Result {
    columns.retain(|column| column.widest() > 0);
    let taken = |columns: &[Column]| {
        columns.iter().map(Column::narrowest).sum::<usize>() + columns.len().saturating_sub(1) * GAP
    };
    while taken(&columns) > width {
        let last = columns.iter().enumerate().filter(|(_, column)| column.goes > 0);
        let Some((index, _)) = last.max_by_key(|(_, column)| column.goes) else { break };
        columns.remove(index);
    }
    let mut free = width.saturating_sub(taken(&columns));
    let mut widths = Vec::with_capacity(columns.len());
    for column in &columns {
        let more = (column.widest() - column.narrowest()).min(free);
        free -= more;
        widths.push(column.narrowest() + more);
    }
    let line = |cells: Vec<String>| cells.join(&" ".repeat(GAP)).trim_end().to_owned();
    let place = |column: &Column, text: &str, width: usize| {
        let text = fit(text, width);
        if column.right { right(&text, width) } else { left(&text, width) }
    };
    let header = columns.iter().zip(&widths).map(|(column, width)| place(column, column.header, *width));
    writeln!(f, "{}", paint(color, Tone::Dim, &line(header.collect())))?;
    for index in 0..columns.iter().map(|column| column.cells.len()).max().unwrap_or(0) {
        if ruled == Some(index) {
            let length = widths.iter().sum::<usize>() + widths.len().saturating_sub(1) * GAP;
            writeln!(f, "{}", paint(color, Tone::Dim, &"─".repeat(length)))?;
        }
        let cells = columns.iter().zip(&widths).map(|(column, width)| {
            let (text, tone) = column.cells.get(index).map_or(("", Tone::Plain), |(text, tone)| (text, *tone));
            paint(color, tone, &place(column, text, *width))
        });
        writeln!(f, "{}", line(cells.collect()))?;
    }
    Ok(())
}
