//! What was asked to be indexed, and with which labels. A file's labels are those of the nearest root that has labels,
//! itself or above it, whenever and in whichever order the roots were indexed; without one it is public. So nothing takes
//! a label off a file but indexing its own root again with others.
//!
//! The store remembers roots as sources without chunks, under names that no file has.

use std::path::PathBuf;

use ninefold_core::store::lies_within;
use ninefold_core::{Document, Key, Labels, Result, Source, Store};

/// A file or folder to be indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Where it is.
    pub path: PathBuf,
    /// The labels of what lies at and below it, as far as no nearer root has others; none leaves them as they are:
    /// those of the root above it, if there is one.
    pub labels: Option<Labels>,
}

impl Root {
    /// A root whose labels are left as they are.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), labels: None }
    }

    /// A root with these labels; [`Labels::none`] makes it public.
    pub fn labelled(path: impl Into<PathBuf>, labels: Labels) -> Self {
        Self { path: path.into(), labels: Some(labels) }
    }
}

impl<T: Into<PathBuf>> From<T> for Root {
    fn from(path: T) -> Self {
        Self::new(path)
    }
}

/// Before the path of a root that has labels.
const LABELLED: &str = "ninefold:labelled:";
/// Before the path of a root that has none.
const PLAIN: &str = "ninefold:root:";

/// Whether a source is a root that the store remembers and not a file.
#[must_use]
pub fn is_root(source: &Source) -> bool {
    source.path.starts_with(LABELLED) || source.path.starts_with(PLAIN)
}

/// All roots: those remembered, and those given now.
#[derive(Debug, Default)]
pub(super) struct Roots {
    labelled: Vec<(String, Labels)>,
    /// Roots of earlier runs only.
    others: Vec<String>,
}

impl Roots {
    /// Remembers the roots given now, by their canonical paths, before anything below them is written.
    pub(super) async fn remember(store: &dyn Store, given: &[(String, Option<Labels>)]) -> Result<Self> {
        let mut roots = Self::default();
        let is_given = |path: &str, labelled: bool| {
            given.iter().any(|(known, labels)| known == path && (!labelled || labels.is_some()))
        };
        let mut known = Vec::new();
        for (prefix, has_labels) in [(LABELLED, true), (PLAIN, false)] {
            for source in store.sources(prefix).await? {
                let Some(path) = source.path.strip_prefix(prefix) else { continue };
                if !is_given(path, false) {
                    roots.others.push(path.to_owned());
                }
                if has_labels && !is_given(path, true) {
                    roots.labelled.push((path.to_owned(), source.labels.clone()));
                }
                known.push((source.path.clone(), source.labels));
            }
        }
        let mut new = Vec::new();
        for (path, labels) in given {
            if let Some(labels) = labels {
                roots.labelled.push((path.clone(), labels.clone()));
            }
            let prefix = if labels.is_some() { LABELLED } else { PLAIN };
            let marker = (format!("{prefix}{path}").into(), labels.clone().unwrap_or_default());
            if !known.contains(&marker) {
                let (path, labels) = marker;
                let source = Source { labels, ..Source::new(path, Key::of_bytes(b"root")) };
                new.push(Document::new(source, Vec::new()));
            }
        }
        if !new.is_empty() {
            store.put(new).await?;
        }
        Ok(roots)
    }

    /// The labels of the file at this path.
    pub(super) fn labels(&self, path: &str) -> Labels {
        let above = self.labelled.iter().filter(|(root, _)| lies_within(path, root));
        above.max_by_key(|(root, _)| root.len()).map(|(_, labels)| labels.clone()).unwrap_or_default()
    }

    /// Whether another root, not walked now, answers for this path.
    pub(super) fn belongs_to_another(&self, path: &str, walked: &[PathBuf]) -> bool {
        let nearer = |root: &&String| {
            lies_within(path, root)
                && walked.iter().filter_map(|walked| walked.to_str()).any(|walked| lies_within(root, walked))
        };
        self.others.iter().any(|root| nearer(&root))
    }
}
