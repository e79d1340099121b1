//! Opening the file: what every connection sets, and what is refused.

use std::path::Path;
use std::time::{Duration, Instant};

use ninefold_core::Result;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::failure::{Fault, cut_off, unavailable};
use super::log::Log;
use super::maintain::log_of;
use super::reader::Caller;
use super::{Options, Synchronous, migrate};

/// Room for every statement of this crate; each is prepared once per connection.
const STATEMENTS: usize = 64;
/// The most pages a connection keeps in memory, in KiB, for the threads and for short reads. The latter is enough for
/// the inner pages that lead to 100,000 chunks, so that a look-up reads leaves only. Nothing is mapped into memory: pages of a
/// mapped file that is cut off under us would be a signal and not an error.
const CACHE: i32 = 8_192;
const SMALL_CACHE: i32 = 2_048;
/// How long until the file is tried again.
const AGAIN: Duration = Duration::from_millis(5);
const READ_ONLY: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// The connection that writes. Makes the file and the directories above it, and brings its layout up to date.
pub(super) fn open(path: &Path, options: Options) -> Result<(Connection, Log)> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(|error| unavailable(path, &error))?;
    }
    refuse_stump(path)?;
    let opened = patiently(options.busy_timeout, || {
        let mut connection = connect(path, options.busy_timeout, CACHE, OpenFlags::SQLITE_OPEN_CREATE)?;
        // Before anything is written: a file of somebody else stays as it is.
        migrate::refuse_foreign(&connection)?;
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        let synchronous = match options.synchronous {
            Synchronous::Normal => "NORMAL",
            Synchronous::Full => "FULL",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        migrate::migrate(&connection)?;
        let log = Log::attach(&mut connection, path, options.busy_timeout)?;
        Ok((connection, log))
    });
    opened.map_err(|fault| fault.at(path))
}

/// Opens again while another process is in the way. SQLite waits for most locks itself, but not where waiting could be a deadlock:
/// for the change to a log, which takes the file for itself alone, while others look at it.
#[allow(clippy::disallowed_methods, reason = "this is a thread of the database's own, and no run's clock")]
fn patiently<T>(patience: Duration, mut open: impl FnMut() -> Result<T, Fault>) -> Result<T, Fault> {
    let until = Instant::now() + patience;
    loop {
        match open() {
            Err(fault) if fault.is_busy() && Instant::now() < until => std::thread::sleep(AGAIN),
            opened => return opened,
        }
    }
}

/// A connection that only answers queries. It could write for SQLite's sake: whichever connection closes last has to
/// be able to fold the log into the file.
pub(super) fn open_for_queries(path: &Path, options: Options, caller: &Caller) -> Result<Connection> {
    let opened = patiently(options.busy_timeout, || {
        let mut connection = connect(path, options.busy_timeout, CACHE, OpenFlags::empty())?;
        connection.pragma_update(None, "query_only", true)?;
        caller.watch(&mut connection)?;
        Ok(connection)
    });
    opened.map_err(|fault| fault.at(path))
}

/// A connection for reads of a few rows, which waits for nobody once it is open: to open it takes a look at the file.
pub(super) fn open_for_look_ups(path: &Path, options: Options) -> Result<Connection> {
    let opened = patiently(options.busy_timeout, || {
        let connection = connect(path, options.busy_timeout, SMALL_CACHE, OpenFlags::empty())?;
        connection.pragma_update(None, "query_only", true)?;
        connection.busy_timeout(Duration::ZERO)?;
        Ok(connection)
    });
    opened.map_err(|fault| fault.at(path))
}

/// A connection that changes nothing at all, not even the log.
pub(super) fn open_read_only(path: &Path) -> Result<Connection> {
    refuse_stump(path)?;
    let opened = || {
        let connection = Connection::open_with_flags(path, READ_ONLY)?;
        connection.busy_timeout(Options::default().busy_timeout)?;
        Ok(connection)
    };
    opened().map_err(|fault: Fault| fault.at(path))
}

/// A connection to a file that nobody has open, as it has no log: then nothing beside it has to be made, which a folder that
/// may not be written would not allow. None where there is a log. Whoever reads through it has to see to it that the file
/// has not changed meanwhile.
pub(super) fn open_at_rest(path: &Path) -> Result<Option<Connection>> {
    refuse_stump(path)?;
    let Some(uri) = immutable(path).filter(|_| !log_of(path).exists()) else { return Ok(None) };
    let opened = Connection::open_with_flags(uri, READ_ONLY | OpenFlags::SQLITE_OPEN_URI);
    opened.map(Some).map_err(|error| Fault::from(error).at(path))
}

/// Refuses a file that is shorter than a page of any database, which SQLite would take for an empty one and write over.
fn refuse_stump(path: &Path) -> Result<()> {
    const LEAST: u64 = 512;
    match std::fs::metadata(path) {
        Ok(file) if file.is_file() && (1..LEAST).contains(&file.len()) => Err(cut_off(path, file.len())),
        // What cannot be looked at cannot be opened, which is said then.
        _ => Ok(()),
    }
}

/// The path as a URI of a file that nobody changes.
fn immutable(path: &Path) -> Option<String> {
    use std::fmt::Write as _;

    let mut uri = "file:".to_owned();
    for byte in path.to_str()?.bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => uri.push(char::from(byte)),
            other => write!(uri, "%{other:02X}").ok()?,
        }
    }
    uri.push_str("?immutable=1");
    Some(uri)
}

fn connect(path: &Path, busy_timeout: Duration, cache: i32, more: OpenFlags) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Otherwise a statement that compares a column with a value, or has a limit, is prepared again each time it is given
    // values, as another plan might suit these better; that takes longer than most statements do.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // Sorting stays in memory.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -cache)?;
    Ok(connection)
}
