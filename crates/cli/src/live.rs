//! The text of an answer while a model writes it: shown faintly on a terminal, and gone when the answer is there, whose
//! citations are checked and numbered.

use std::io::{IsTerminal, Write, stderr};
use std::sync::{Arc, Mutex, PoisonError};

use terminal_size::{Height, Width, terminal_size_of};
use unicode_width::UnicodeWidthChar;

/// What is shown, and how much room it takes. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Live(Arc<Mutex<Screen>>);

struct Screen {
    out: Box<dyn Write + Send>,
    columns: usize,
    rows: usize,
    /// Where the cursor is, from where the text began.
    column: usize,
    row: usize,
    /// Whether anything is on the screen.
    shown: bool,
}

impl Live {
    /// On standard error, if that is a terminal.
    pub(crate) fn of_stderr() -> Option<Self> {
        if !stderr().is_terminal() {
            return None;
        }
        let (Width(columns), Height(rows)) = terminal_size_of(stderr()).unwrap_or((Width(80), Height(24)));
        Some(Self::new(stderr(), columns.into(), rows.into()))
    }

    fn new(out: impl Write + Send + 'static, columns: usize, rows: usize) -> Self {
        let (columns, rows) = (columns.max(8), rows.max(3));
        Self(Arc::new(Mutex::new(Screen { out: Box::new(out), columns, rows, column: 0, row: 0, shown: false })))
    }

    /// Shows more text. What would steer the terminal is shown as a mark.
    pub(crate) fn hear(&self, text: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).show(text);
    }

    /// Takes everything off the screen.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Screen {
    fn show(&mut self, text: &str) {
        let mut batch = String::with_capacity(text.len() + 16);
        if !self.shown {
            batch.push_str("\x1b[2m");
            self.shown = true;
        }
        for char in text.chars() {
            match char {
                '\n' => self.line(&mut batch),
                '\r' => {}
                char => self.put(if char.is_control() { ' ' } else { char }, &mut batch),
            }
        }
        // A terminal that is gone is nobody to show anything to.
        let _ = self.out.write_all(batch.as_bytes()).and_then(|()| self.out.flush());
    }

    fn put(&mut self, char: char, batch: &mut String) {
        let width = char.width().unwrap_or(0);
        // The last column stays free: terminals differ in what happens there.
        if self.column + width >= self.columns {
            self.line(batch);
        }
        self.column += width;
        batch.push(char);
    }

    /// Goes to the next row; when the screen is full, its rows are used again.
    fn line(&mut self, batch: &mut String) {
        self.column = 0;
        if self.row + 2 >= self.rows {
            batch.push_str(&back(self.row));
            self.row = 0;
        } else {
            batch.push_str("\r\n");
            self.row += 1;
        }
    }

    fn clear(&mut self) {
        if !std::mem::take(&mut self.shown) {
            return;
        }
        let gone = format!("{}\x1b[0m", back(self.row));
        let _ = self.out.write_all(gone.as_bytes()).and_then(|()| self.out.flush());
        (self.column, self.row) = (0, 0);
    }
}

/// Back to the first column so many rows above, and nothing below.
fn back(rows: usize) -> String {
    let up = if rows > 0 { format!("\x1b[{rows}A") } else { String::new() };
    format!("\r{up}\x1b[J")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn shown(columns: usize, rows: usize, pieces: &[&str]) -> String {
        let paper = Paper::default();
        let live = Live::new(paper.clone(), columns, rows);
        pieces.iter().for_each(|piece| live.hear(piece));
        live.clear();
        String::from_utf8(paper.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn what_was_shown_is_taken_back() {
        assert_eq!(shown(80, 24, &["A ph", "ase.\nB"]), "\x1b[2mA phase.\r\nB\r\x1b[1A\x1b[J\x1b[0m");
        assert_eq!(shown(80, 24, &[]), "");
    }

    #[test]
    fn long_lines_and_long_texts_stay_on_the_screen() {
        assert_eq!(shown(8, 24, &["1234567890"]), "\x1b[2m1234567\r\n890\r\x1b[1A\x1b[J\x1b[0m");
        assert_eq!(shown(8, 24, &["漢字漢字"]), "\x1b[2m漢字漢\r\n字\r\x1b[1A\x1b[J\x1b[0m");
        assert_eq!(shown(80, 4, &["1\n2\n3\n4"]), "\x1b[2m1\r\n2\r\n3\r\x1b[2A\x1b[J4\r\x1b[J\x1b[0m");
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(shown(80, 24, &["a\x1b[31m\x07b\r"]), "\x1b[2ma [31m b\r\x1b[J\x1b[0m");
    }
}
