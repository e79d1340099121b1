//! Tracks for viewers of timelines: which spans can be drawn on one track without being taken for what they are not.
//!
//! Such viewers know intervals, not parents: on one track, what lies within another interval is drawn below it. So a span
//! stays on the track of its parent only while the parent is the innermost open one there; any other begins a track of
//! its own, or one that an earlier branch of the same parent left.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use smol_str::{SmolStr, format_smolstr};

use crate::tree::{Node, Tree};

/// One track.
#[derive(Debug, Clone)]
pub(crate) struct Lane {
    pub(crate) name: SmolStr,
    /// The indices of its spans in [`Tree::nodes`], in the order in which viewers sort them: by start, the longer before
    /// those without length, parents before children.
    pub(crate) nodes: Vec<usize>,
}

/// The tracks of a run. The first holds the root.
pub(crate) fn lanes(tree: &Tree) -> Vec<Lane> {
    let mut order: Vec<usize> = (0..tree.nodes().len()).collect();
    order.sort_by_key(|&index| tree.nodes().get(index).map(|node| (node.start, node.end() == node.start)));
    let mut sort =
        Sort { tree, tracks: Vec::new(), place: HashMap::new(), busy: BinaryHeap::new(), free: HashMap::new() };
    for index in order {
        if let Some(node) = tree.nodes().get(index) {
            sort.place(index, node);
        }
    }
    sort.named()
}

struct Sort<'a> {
    tree: &'a Tree,
    tracks: Vec<Track>,
    /// The track of each node.
    place: HashMap<usize, usize>,
    /// The tracks of branches in order of the end of what they hold.
    busy: BinaryHeap<Reverse<(std::time::Duration, usize)>>,
    /// The tracks that are free, by the title of the branches' parent.
    free: HashMap<SmolStr, Vec<usize>>,
}

#[derive(Default)]
struct Track {
    parent: SmolStr,
    /// The title of the branches on it; empty when they have several.
    title: SmolStr,
    nodes: Vec<usize>,
    open: Vec<usize>,
}

impl Sort<'_> {
    fn place(&mut self, index: usize, node: &Node) {
        let parent = node.parent.and_then(|parent| Some((parent, self.tree.nodes().get(parent)?)));
        let track = match parent {
            Some((above, parent)) => match self.below(above, parent, node) {
                Some(track) => track,
                None => self.branch(&parent.title(), node),
            },
            None => self.new_track(SmolStr::default(), SmolStr::new_static("run")),
        };
        self.place.insert(index, track);
        if let Some(track) = self.tracks.get_mut(track) {
            track.nodes.push(index);
            track.open.push(index);
        }
    }

    /// The track of the parent, if the parent is what is open on it.
    fn below(&mut self, above: usize, parent: &Node, node: &Node) -> Option<usize> {
        // To a viewer, a parent that ends now is over.
        if parent.end() <= node.start && parent.end() > parent.start {
            return None;
        }
        let place = *self.place.get(&above)?;
        let track = self.tracks.get_mut(place)?;
        while let Some(top) = track.open.last().filter(|top| **top != above) {
            if !self.tree.nodes().get(*top).is_some_and(|top| is_over(top, node)) {
                return None;
            }
            track.open.pop();
        }
        (!track.open.is_empty()).then_some(place)
    }

    fn branch(&mut self, parent: &SmolStr, node: &Node) -> usize {
        while let Some(Reverse((end, track))) = self.busy.peek().copied().filter(|Reverse((end, _))| *end <= node.start)
        {
            let bottom = self.tracks.get(track).and_then(|track| self.tree.nodes().get(*track.open.first()?));
            if end == node.start && bottom.is_some_and(|bottom| !is_over(bottom, node)) {
                break;
            }
            self.busy.pop();
            if let Some(over) = self.tracks.get_mut(track) {
                over.open.clear();
                self.free.entry(over.parent.clone()).or_default().push(track);
            }
        }
        let title = node.title();
        let free = self.free.get_mut(parent).filter(|free| !free.is_empty());
        let track = match free {
            Some(free) => {
                let same = free.iter().position(|track| self.tracks.get(*track).is_some_and(|t| t.title == title));
                free.swap_remove(same.unwrap_or(free.len() - 1))
            }
            None => self.new_track(parent.clone(), title.clone()),
        };
        if let Some(track) = self.tracks.get_mut(track).filter(|track| track.title != title) {
            track.title = SmolStr::default();
        }
        self.busy.push(Reverse((node.end(), track)));
        track
    }

    fn new_track(&mut self, parent: SmolStr, title: SmolStr) -> usize {
        self.tracks.push(Track { parent, title, ..Track::default() });
        self.tracks.len() - 1
    }

    fn named(self) -> Vec<Lane> {
        let mut branches: HashMap<SmolStr, usize> = HashMap::new();
        let name = |Track { parent, title, nodes, .. }: Track| {
            let nth = branches.entry(parent.clone()).and_modify(|n| *n += 1).or_default();
            let name = match (parent.is_empty(), title.is_empty()) {
                (true, _) => title,
                (false, false) => format_smolstr!("{parent} › {title}"),
                (false, true) => format_smolstr!("{parent} › branch {}", *nth + 1),
            };
            Lane { name, nodes }
        };
        self.tracks.into_iter().map(name).collect()
    }
}

/// Whether `before` has ended when `node` starts. What has no length blocks its instant.
fn is_over(before: &Node, node: &Node) -> bool {
    before.end() < node.start || (before.end() == node.start && before.start < before.end())
}
