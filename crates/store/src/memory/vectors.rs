//! The embeddings of chunks by one model, by slot.

use std::collections::HashMap;

use crate::flat::FlatIndex;

#[derive(Debug)]
pub(super) struct Vectors {
    dimensions: usize,
    exact: HashMap<u32, Box<[f32]>>,
    index: FlatIndex<()>,
}

impl Vectors {
    pub(super) fn new(dimensions: usize) -> Self {
        Self { dimensions, exact: HashMap::new(), index: FlatIndex::new(dimensions) }
    }

    pub(super) fn dimensions(&self) -> usize {
        self.dimensions
    }

    pub(super) fn len(&self) -> usize {
        self.exact.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.exact.is_empty()
    }

    pub(super) fn insert(&mut self, slot: u32, vector: Vec<f32>) {
        self.index.insert(u64::from(slot), &vector, ());
        self.exact.insert(slot, vector.into());
    }

    pub(super) fn remove(&mut self, slot: u32) {
        if self.exact.remove(&slot).is_some() {
            self.index.remove(u64::from(slot));
        }
    }

    pub(super) fn get(&self, slot: u32) -> Option<&[f32]> {
        self.exact.get(&slot).map(|vector| &**vector)
    }

    /// The chunks that have one.
    pub(super) fn slots(&self) -> impl Iterator<Item = u32> {
        self.exact.keys().copied()
    }

    /// The nearest chunks among those allowed.
    pub(super) fn nearest(&self, query: &[f32], k: usize, allow: impl Fn(u32) -> bool) -> Vec<u32> {
        let allow = |slot: u64, (): &()| u32::try_from(slot).is_ok_and(&allow);
        let found = self.index.nearest(query, k, allow);
        found.into_iter().filter_map(|(slot, _)| u32::try_from(slot).ok()).collect()
    }
}
