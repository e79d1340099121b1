//! The command `forget`: takes out of the database what is named, or what nobody uses.

use std::fmt::Write as _;

use ninefold::core::Unlearning;
use ninefold::core::store::{Forgetting, Forgotten, lies_within};
use ninefold::store::ingest::is_root;
use ninefold::{Clock, Result, Soar, Store, SystemClock, Timestamp};
use serde_json::json;

use crate::args::{Everywhere, Forget};
use crate::exit::{Exit, Stop, write};
use crate::index::counted;
use crate::paths;
use crate::print::{Page, line};
use crate::search::name_of;

/// How many paths are listed without --verbose.
const LISTED: usize = 20;

/// Runs the command.
pub(crate) async fn forget(args: &Forget, everywhere: &Everywhere) -> Result<Exit, Stop> {
    let within: Vec<String> = args.paths.iter().map(|path| name_of(path)).collect::<Result<_>>()?;
    let soar = Soar::builder().database(paths::database(everywhere.db.as_deref())?).build().await?;
    if args.patterns {
        return patterns(&soar, args, everywhere).await;
    }
    let forgotten = take_out(soar.store().as_ref(), args, &within).await?;
    if args.json {
        write(&line(&json!({ "paths": forgotten.paths, "chunks": forgotten.chunks, "dry_run": args.dry_run })))?;
    } else if !everywhere.quiet {
        write(&told(&Page::of_stdout(), &forgotten, args.dry_run, everywhere.verbose))?;
    }
    Ok(Exit::Done)
}

/// Forgets plans that runs have taught: all of them, or those that nobody used for a time.
async fn patterns(soar: &Soar, args: &Forget, everywhere: &Everywhere) -> Result<Exit, Stop> {
    let unused_since = match args.unused_for {
        Some(time) => SystemClock.now().minus_seconds(time.as_secs()),
        None => Timestamp(i64::MAX),
    };
    let unlearning = Unlearning { unused_since, dry_run: args.dry_run };
    let count = match soar.experience() {
        Some(experience) => experience.unlearn(unlearning).await?,
        None => 0,
    };
    if args.json {
        write(&line(&json!({ "patterns": count, "dry_run": args.dry_run })))?;
    } else if !everywhere.quiet {
        let what = counted(count, "pattern");
        write(&match (count, args.dry_run) {
            (0, _) => "nothing to forget\n".to_owned(),
            (_, true) => format!("would forget {what}\n"),
            (_, false) => format!("forgot {what}\n"),
        })?;
    }
    Ok(Exit::Done)
}

async fn take_out(store: &dyn Store, args: &Forget, within: &[String]) -> Result<Forgotten> {
    let mut forgotten = match args.unused_for {
        Some(time) => {
            let now = SystemClock.now();
            if within.is_empty() {
                return store.forget(&Forgetting::unused_for(time, now, args.dry_run)).await;
            }
            store.forget(&Forgetting::unused_for(time, now, true)).await?
        }
        None => {
            // What the store remembers of labels stays: without it, files could be read again as public ones.
            let files = store.sources("").await?.into_iter().filter(|source| !is_root(source));
            Forgotten { paths: files.map(|source| source.path).collect(), chunks: 0 }
        }
    };
    forgotten.paths.retain(|path| within.iter().any(|prefix| lies_within(path, prefix)));
    let before = count(store).await?;
    if !args.dry_run {
        store.remove(&forgotten.paths).await?;
        forgotten.chunks = before.saturating_sub(count(store).await?);
    }
    Ok(forgotten)
}

async fn count(store: &dyn Store) -> Result<u64> {
    Ok(store.contents().await?.chunks.values().sum())
}

fn told(page: &Page, Forgotten { paths, chunks }: &Forgotten, dry_run: bool, all: bool) -> String {
    let most = if all { usize::MAX } else { LISTED };
    let mut text = String::new();
    for path in paths.iter().take(most) {
        let _ = writeln!(text, "  {}", page.path(path));
    }
    if paths.len() > most {
        let _ = writeln!(text, "  and {} more; --verbose lists them", paths.len() - most);
    }
    let files = counted(paths.len() as u64, "file");
    let _ = match (paths.is_empty(), dry_run) {
        (true, _) => writeln!(text, "nothing to forget"),
        (_, true) => writeln!(text, "would forget {files}"),
        (_, false) => writeln!(text, "forgot {files} ({})", counted(*chunks, "chunk")),
    };
    text
}
