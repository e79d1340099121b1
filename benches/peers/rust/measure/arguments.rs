//! What every contestant is called with.

use std::path::PathBuf;

/// `PROGRAM WORKLOAD [--variant V] [--seconds S] [--runs N] [--width N] [--threads N] [--folder DIR]`
pub struct Arguments {
    /// `w1` to `w6`, or `leak`.
    pub workload: String,
    /// Which way of doing it; the contestant's head lists them.
    pub variant: String,
    /// How long a window lasts.
    pub seconds: f64,
    /// How many runs `leak` makes.
    pub runs: u64,
    /// Conversations at once in W5.
    pub width: usize,
    /// Worker threads; 1 is the current-thread runtime.
    pub threads: usize,
    /// Where databases are written: a folder of this run's own.
    pub folder: PathBuf,
}

impl Arguments {
    /// Those of this process.
    pub fn read() -> Self {
        let mut read = Self {
            workload: String::new(),
            variant: "default".into(),
            seconds: 2.0,
            runs: 100_000,
            width: 200,
            threads: 2,
            folder: std::env::temp_dir().join(format!("ninefold-peers-{}", std::process::id())),
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().unwrap_or_else(|| panic!("{word} takes a value"));
            match word.as_str() {
                "--variant" => read.variant = value(),
                "--seconds" => read.seconds = value().parse().unwrap(),
                "--runs" => read.runs = value().parse().unwrap(),
                "--width" => read.width = value().parse().unwrap(),
                "--threads" => read.threads = value().parse().unwrap(),
                "--folder" => read.folder = value().into(),
                _ => read.workload = word,
            }
        }
        if read.workload == "w2" {
            std::fs::create_dir_all(&read.folder).unwrap();
        }
        read
    }

    /// Ends the program: the contestant has no such workload or variant.
    pub fn refuse(&self, contestant: &str) -> ! {
        eprintln!("{contestant} has no {}/{}", self.workload, self.variant);
        std::process::exit(2)
    }
}
