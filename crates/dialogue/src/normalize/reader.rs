//! The normalizer: values of a kind read from texts, with a cache of what was read.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jiff::civil::Time;
use moka::sync::Cache;
use serde_json::Value;
use smol_str::SmolStr;

use super::token::{Tokens, is_blank};
use super::when::{Cx, When};
use super::{Found, Normalized, Read, Reading, Unread, category, contact, harmless, name, plain, quantity};
use crate::Kind;

/// The longest text that can be a value other than a text, in bytes.
const LONGEST: usize = 1_000;
/// The longest text that can be a value of kind text, in bytes.
const LONGEST_TEXT: usize = 10_000;
/// The longest text that is kept in the cache, in bytes.
const LONGEST_KEPT: usize = 256;
/// How many values are kept.
const KEPT: u64 = 4_096;
/// The most values that a text is ambiguous between.
const MOST: usize = 8;

/// A reader of a kind of the host's own: the whole text is the value.
pub type Reader = dyn Fn(&str, &Reading) -> Read + Send + Sync;

/// Reads values. A clone shares its cache.
#[derive(Clone)]
pub struct Normalizer {
    inner: Arc<Inner>,
}

/// A message in which values of several kinds are looked for: it is taken apart once for all of them.
#[derive(Debug)]
pub struct Message<'a> {
    normalizer: &'a Normalizer,
    text: &'a str,
    reading: &'a Reading,
    tokens: OnceCell<Tokens<'a>>,
    /// All of the calendar and the clock, of whatever kind.
    whens: OnceCell<Vec<When>>,
}

struct Inner {
    readers: HashMap<SmolStr, Arc<Reader>>,
    cache: Cache<Key, Arc<Read>>,
}

/// What a value depends on: the exact text, and of the time of reference as much as counts.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    kind: Kind,
    text: String,
    reading: Reading,
}

/// Makes a [`Normalizer`].
#[derive(Default)]
pub struct Builder {
    readers: HashMap<SmolStr, Arc<Reader>>,
}

impl Builder {
    /// Registers a reader for [`Kind::Custom`] of that name; the latest of a name holds.
    #[must_use]
    pub fn custom(
        mut self,
        name: impl Into<SmolStr>,
        reader: impl Fn(&str, &Reading) -> Read + Send + Sync + 'static,
    ) -> Self {
        self.readers.insert(name.into(), Arc::new(reader));
        self
    }

    /// The normalizer.
    #[must_use]
    pub fn build(self) -> Normalizer {
        Normalizer { inner: Arc::new(Inner { readers: self.readers, cache: Cache::new(KEPT) }) }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("readers", &self.readers.keys()).finish()
    }
}

impl fmt::Debug for Normalizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Normalizer").field("readers", &self.inner.readers.keys()).finish()
    }
}

impl Default for Normalizer {
    fn default() -> Self {
        Self::builder().build()
    }
}

/// A value in a text: where, in bytes, and all that it may be. None of them where it has the form and there is no such value.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    pub span: std::ops::Range<usize>,
    pub values: Vec<Value>,
    pub how: &'static str,
}

impl Normalizer {
    /// A normalizer in the making.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Whether a reader of this name is registered.
    #[must_use]
    pub fn knows(&self, reader: &str) -> bool {
        self.inner.readers.contains_key(reader)
    }

    /// Reads a text that is the value, with nothing but harmless words around it: `on March 15th please`.
    #[must_use]
    pub fn read(&self, kind: &Kind, text: &str, reading: &Reading) -> Arc<Read> {
        if text.chars().all(is_blank) {
            return Arc::new(Read::None(Unread::Empty));
        }
        let longest = if matches!(kind, Kind::Text | Kind::Name | Kind::Place | Kind::Any | Kind::Custom { .. }) {
            LONGEST_TEXT
        } else {
            LONGEST
        };
        if text.len() > longest {
            return Arc::new(Read::None(Unread::TooLong));
        }
        if text.len() > LONGEST_KEPT {
            return Arc::new(self.fresh(kind, text, reading).0);
        }
        let key = Key { kind: kind.clone(), text: text.to_owned(), reading: counting(kind, reading) };
        if let Some(read) = self.inner.cache.get(&key) {
            return read;
        }
        let (read, lasting) = self.fresh(kind, text, reading);
        let read = Arc::new(read);
        if lasting {
            self.inner.cache.insert(key, Arc::clone(&read));
        }
        read
    }

    /// The values of a kind within a message, as [`Message::find`] gives them.
    #[must_use]
    pub fn find(&self, kind: &Kind, text: &str, reading: &Reading) -> Vec<Found> {
        self.message(text, reading).find(kind)
    }

    /// A message that is looked through for values of several kinds.
    #[must_use]
    pub fn message<'a>(&'a self, text: &'a str, reading: &'a Reading) -> Message<'a> {
        Message { normalizer: self, text, reading, tokens: OnceCell::new(), whens: OnceCell::new() }
    }

    /// Reads without the cache, and says whether what was read holds for all that has the same key.
    fn fresh(&self, kind: &Kind, text: &str, reading: &Reading) -> (Read, bool) {
        match kind {
            Kind::Text | Kind::Any => (plain::text(text), true),
            Kind::Name => (name::name(text), true),
            Kind::Place => (name::place(text), true),
            Kind::Custom { reader } => match self.inner.readers.get(reader) {
                // A reader is the host's, and its panic that of no one else.
                Some(reader) => match catch_unwind(AssertUnwindSafe(|| reader(text, reading))) {
                    Ok(read) => (read, true),
                    Err(_) => (Read::None(Unread::Failed), false),
                },
                None => (Read::None(Unread::NoMatch), true),
            },
            _ => whole(kind, text, reading),
        }
    }
}

impl<'a> Message<'a> {
    /// The values of a kind within the message, from left to right, none within another. A text cannot be told from what is around
    /// it, so none is found.
    #[must_use]
    pub fn find(&self, kind: &Kind) -> Vec<Found> {
        let text = self.text;
        match kind {
            Kind::Text | Kind::Name | Kind::Place | Kind::Any => vec![],
            Kind::Custom { .. } => {
                let read = self.normalizer.read(kind, text, self.reading);
                let original = match &*read {
                    Read::One(value) => Some(&value.original),
                    Read::Several(values) => values.first().map(|value| &value.original),
                    Read::None(_) => None,
                };
                let span = original.and_then(|original| Some((text.find(original.as_str())?, original.len())));
                span.map(|(start, len)| Found { span: start..start + len, read: (*read).clone() }).into_iter().collect()
            }
            Kind::Date
            | Kind::Time
            | Kind::DateTime
            | Kind::Duration
            | Kind::DateRange
            | Kind::TimeRange
            | Kind::DateTimeRange
            | Kind::Recurrence => {
                let whens = self.whens.get_or_init(|| whens(self.tokens(), self.reading, false));
                let spots = whens.iter().filter_map(|when| spot(when, kind, self.tokens(), self.reading, false));
                spots.map(|spot| Found { read: as_read(text, &spot), span: spot.span }).collect()
            }
            _ => {
                let (spots, _) = spots(kind, self.tokens(), self.reading, false);
                spots.into_iter().map(|spot| Found { read: as_read(text, &spot), span: spot.span }).collect()
            }
        }
    }

    fn tokens(&self) -> &Tokens<'a> {
        self.tokens.get_or_init(|| Tokens::new(self.text, self.reading.locale))
    }
}

/// Of the time of reference, what counts for a kind.
fn counting(kind: &Kind, reading: &Reading) -> Reading {
    let mut reading = reading.clone();
    match kind {
        Kind::Date | Kind::DateRange | Kind::Time | Kind::TimeRange | Kind::DateTime | Kind::DateTimeRange => {
            reading.now = reading.now.date().to_datetime(Time::midnight());
        }
        Kind::Custom { .. } => {}
        _ => reading.now = jiff::civil::DateTime::ZERO,
    }
    reading
}

fn spots(kind: &Kind, t: &Tokens<'_>, reading: &Reading, whole: bool) -> (Vec<Spot>, bool) {
    let list = match kind {
        Kind::Date
        | Kind::Time
        | Kind::DateTime
        | Kind::Duration
        | Kind::DateRange
        | Kind::TimeRange
        | Kind::DateTimeRange
        | Kind::Recurrence => {
            let bare = whole && matches!(kind, Kind::Time | Kind::TimeRange | Kind::DateTime | Kind::DateTimeRange);
            let mut lasting = true;
            let all = whens(t, reading, bare);
            let list = all.iter().filter_map(|when| {
                lasting &= !when.is_of_now();
                spot(when, kind, t, reading, whole)
            });
            let list = list.collect();
            return (list, lasting);
        }
        Kind::Boolean => plain::yes_no(t, reading.locale),
        Kind::Category { options } => category::find(options, t, reading.locale, whole),
        Kind::Email => contact::email(t.source),
        Kind::Url => contact::url(t.source),
        Kind::Phone => contact::phone(t.source),
        _ => quantity::find(kind, t, reading.locale),
    };
    (list, true)
}

/// All of the calendar and the clock that a text holds.
fn whens(t: &Tokens<'_>, reading: &Reading, bare: bool) -> Vec<When> {
    Cx::new(t, reading.now, reading.locale, reading.prefer).all(bare)
}

fn spot(when: &When, kind: &Kind, t: &Tokens<'_>, reading: &Reading, whole: bool) -> Option<Spot> {
    let values = when.values(kind, reading.prefer, whole)?;
    Some(Spot { span: t.span(when.from, when.to), values, how: when.how })
}

fn as_read(text: &str, spot: &Spot) -> Read {
    let original = text.get(spot.span.clone()).unwrap_or_default();
    let mut values: Vec<Normalized> = spot
        .values
        .iter()
        .take(MOST)
        .map(|value| Normalized { original: original.to_owned(), value: value.clone(), how: spot.how.into() })
        .collect();
    match values.len() {
        0 => Read::None(Unread::Impossible),
        1 => values.pop().map_or(Read::None(Unread::NoMatch), Read::One),
        _ => Read::Several(values),
    }
}

/// The value that a text is, where only harmless words are around it. Several of them are ambiguous.
fn whole(kind: &Kind, text: &str, reading: &Reading) -> (Read, bool) {
    let tokens = Tokens::new(text, reading.locale);
    let (list, lasting) = spots(kind, &tokens, reading, true);
    let counts = matches!(kind, Kind::Integer | Kind::Number | Kind::Ordinal);
    if list.is_empty() || !harmless::around(&tokens, &list, counts) {
        return (Read::None(Unread::NoMatch), lasting);
    }
    let mut values: Vec<Normalized> = Vec::new();
    for read in list.iter().map(|spot| as_read(text, spot)) {
        let more = match read {
            Read::One(value) => vec![value],
            Read::Several(values) => values,
            Read::None(_) => continue,
        };
        for value in more {
            if values.len() < MOST && !values.iter().any(|known| known.value == value.value) {
                values.push(value);
            }
        }
    }
    let read = match values.len() {
        0 => Read::None(Unread::Impossible),
        1 => values.pop().map_or(Read::None(Unread::NoMatch), Read::One),
        _ => Read::Several(values),
    };
    (read, lasting)
}
