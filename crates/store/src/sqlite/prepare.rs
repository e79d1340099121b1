//! What is made of a document before it gets to the thread that writes: the terms of its chunks, which cost more than
//! their rows. Every writer makes his own, so that the one thread that all wait for does not.

use ninefold_core::{Document, Error, ErrorKind, Result};

use super::relations::Symbols;
use crate::frequencies::Counter;
use crate::memory::last_of_each;
use crate::rank::{Stream, for_each_chunk_term};
use crate::spread::bound_names;

/// Up to so many bytes of text are cut into terms where the caller is; more of them on a thread for such work. At
/// about 50 MB/s this is a tenth of a millisecond.
pub(crate) const AT_ONCE: usize = 8 * 1024;

/// A document that is ready to be written.
pub(super) struct Prepared {
    pub(super) document: Document,
    /// In the order of the document's chunks.
    pub(super) terms: Vec<Terms>,
    /// What they define and refer to, likewise.
    pub(super) symbols: Vec<Option<Symbols>>,
}

/// The terms of a chunk.
pub(super) struct Terms {
    /// Those of its file's name and its title, each followed by a space.
    pub(super) title: String,
    /// Those of its text.
    pub(super) body: String,
    /// How many they are together.
    pub(super) length: u32,
    /// How often each is there.
    pub(super) vector: Vec<u8>,
}

impl Terms {
    /// Those of a chunk of the source at `path`.
    pub(super) fn new(path: &str, title: &str, text: &str) -> Self {
        let mut terms = Self {
            title: String::with_capacity(title.len() + path.len().min(64)),
            body: String::with_capacity(text.len()),
            length: 0,
            vector: Vec::new(),
        };
        let mut counter = Counter::default();
        for_each_chunk_term(path, title, text, |stream, term| {
            let column = if stream == Stream::Title { &mut terms.title } else { &mut terms.body };
            column.push_str(term);
            column.push(' ');
            counter.count(stream, term);
            terms.length = terms.length.saturating_add(1);
        });
        terms.vector = counter.finish();
        terms
    }
}

impl Prepared {
    fn new(mut document: Document) -> Self {
        document.chunks.iter_mut().for_each(bound_names);
        let (path, chunks) = (&document.source.path, &document.chunks);
        let terms = chunks.iter().map(|chunk| Terms::new(path, &chunk.title, &chunk.text)).collect();
        let symbols = chunks.iter().map(Symbols::of).collect();
        Self { document, terms, symbols }
    }
}

/// The last document of each source, ready to be written.
///
/// # Errors
/// As [`Document::check`].
pub(super) async fn prepare(documents: Vec<Document>) -> Result<Vec<Prepared>> {
    for document in &documents {
        document.check()?;
    }
    let chunks = documents.iter().flat_map(|document| &document.chunks);
    let bytes = chunks.fold(0_usize, |sum, chunk| sum.saturating_add(chunk.text.len() + chunk.title.len()));
    let work = move || last_of_each(documents).into_iter().map(Prepared::new).collect::<Vec<_>>();
    if bytes <= AT_ONCE {
        return Ok(work());
    }
    away(work).await
}

/// Does work on a thread for such work.
pub(crate) async fn away<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Error::new(ErrorKind::Panicked, format!("the terms of documents could not be made: {error}"))
            .hint("nothing was written; report this with the panic's message, or keep the runtime until puts are done")
    })
}
