//! The command `stats`: how much the database holds, and what of it is used most.

use std::fmt::Write as _;
use std::path::Path;

use ninefold::core::{Contents, Experience, Learned};
use ninefold::store::Sqlite;
use ninefold::store::ingest::is_root;
use ninefold::store::sqlite::Used;
use ninefold::{Clock, Scope, Store, SystemClock};
use serde_json::{Value, json};

use crate::args::{Everywhere, Stats};
use crate::exit::{Exit, Stop, write};
use crate::paths;
use crate::print::{Page, bytes, line, one_line};

/// How many of the most used chunks are named.
const NAMED: usize = 5;

/// Runs the command.
pub(crate) async fn stats(args: &Stats, everywhere: &Everywhere) -> Result<Exit, Stop> {
    let database = paths::database(everywhere.db.as_deref())?;
    let store = Sqlite::open(&database).await?;
    let contents = store.contents().await?;
    let files = store.sources("").await?.iter().filter(|source| !is_root(source)).count();
    let used = store.most_used(&Scope::of(&args.scope), SystemClock.now(), NAMED).await?;
    let learned = store.learned().await?;
    let sizes = Sizes::of(&database);
    if args.json {
        write(&line(&json_of(&database, files, &contents, &learned, &sizes, &used)))?;
    } else if !everywhere.quiet {
        write(&Page::of_stdout().stats(&database, files, &contents, &learned, &sizes, &used))?;
    }
    Ok(Exit::Done)
}

/// Bytes on disk.
struct Sizes {
    file: u64,
    log: u64,
}

impl Sizes {
    fn of(database: &Path) -> Self {
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
        let mut log = database.as_os_str().to_owned();
        log.push("-wal");
        Self { file: size(database), log: size(Path::new(&log)) }
    }
}

impl Page {
    fn stats(
        &self,
        database: &Path,
        files: usize,
        contents: &Contents,
        learned: &Learned,
        sizes: &Sizes,
        used: &[Used],
    ) -> String {
        let chunks: u64 = contents.chunks.values().sum();
        let mut rows = vec![
            ("database", one_line(&database.to_string_lossy())),
            ("size", format!("{}, and {} in its log", bytes(sizes.file), bytes(sizes.log))),
            ("files", files.to_string()),
            ("chunks", with_parts(chunks, contents.chunks.iter().map(|(kind, count)| (kind.as_str(), *count)))),
            ("text", bytes(contents.text_bytes)),
            ("relations", contents.relations.to_string()),
        ];
        let models = contents.embedded.iter().map(|(model, count)| (model.as_str(), *count));
        let embedded = models.map(|(model, count)| format!("{count} by {}", one_line(model)));
        let embedded: Vec<String> = embedded.collect();
        rows.push(("embedded", if embedded.is_empty() { "none".to_owned() } else { embedded.join(", ") }));
        rows.push(("used", contents.used.to_string()));
        rows.push(("patterns", patterns(learned)));
        let mut text = String::new();
        for (name, value) in rows {
            let _ = writeln!(text, "{name:<10}  {value}");
        }
        if !used.is_empty() {
            text.push_str("\nmost used\n");
        }
        for Used { chunk, uses, activation } in used {
            let times = if *uses == 1 { "once".to_owned() } else { format!("{uses} times") };
            let place = format!("{}:{}", self.path(&chunk.path), chunk.lines);
            let _ = writeln!(text, "  {place}  {times}, activation {activation:.2}");
        }
        text
    }
}

/// The plans that runs have taught, and how they fared.
fn patterns(learned: &Learned) -> String {
    let Learned { patterns, demoted, successes, failures, agents: _ } = learned;
    if *patterns == 0 {
        return "none".to_owned();
    }
    let demoted = if *demoted == 0 { String::new() } else { format!(", {demoted} not used any more") };
    format!("{patterns} ({successes} runs went well with them, {failures} failed{demoted})")
}

fn with_parts<'a>(sum: u64, parts: impl Iterator<Item = (&'a str, u64)>) -> String {
    let parts: Vec<String> = parts.map(|(name, count)| format!("{count} {name}")).collect();
    if parts.is_empty() { sum.to_string() } else { format!("{sum} ({})", parts.join(", ")) }
}

fn json_of(
    database: &Path,
    files: usize,
    contents: &Contents,
    learned: &Learned,
    sizes: &Sizes,
    used: &[Used],
) -> Value {
    let used: Vec<Value> = used
        .iter()
        .map(|Used { chunk, uses, activation }| {
            json!({
                "id": chunk.id.to_string(),
                "path": chunk.path,
                "first": chunk.lines.first,
                "last": chunk.lines.last,
                "uses": uses,
                "activation": activation,
            })
        })
        .collect();
    json!({
        "database": database.to_string_lossy(),
        "file_bytes": sizes.file,
        "log_bytes": sizes.log,
        "files": files,
        "contents": contents,
        "learned": learned,
        "most_used": used,
    })
}
