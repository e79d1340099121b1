//! A flat index over vectors: nothing is built, every search looks at everything, and most of it costs a few
//! instructions. Signs choose a shortlist, bytes order it.

mod rows;
mod signs;

use std::collections::HashMap;

use rows::{Direction, Query, Row, Rows};
use signs::Signs;

/// Up to so many vectors are kept as they are and compared exactly.
const EXACT: usize = 2_048;
/// Vectors a segment; a new one is taken when all are full, so growing copies nothing and wastes little.
const SEGMENT: usize = 1_024;
/// The least number of vectors that signs choose, and how many for each result asked for. Recall of the ten nearest of
/// 100,000 is measured in `benches/vectors.rs`.
const SHORTLIST: usize = 512;
const SHORTLIST_PER_RESULT: usize = 16;

/// An index of vectors under keys: the nearest by cosine, approximately. Each vector carries a tag, by which a search
/// decides whether it may be seen at all.
///
/// Up to 2,048 vectors are compared exactly. Beyond that a vector is held as one sign a number, taken about the mean of
/// all vectors, and as one byte a number: the signs, compared by counting bits, choose 512 or more; the bytes give their
/// cosine to about .001. Who needs it exactly compares again with his own vectors: ask for a few more than you want.
///
/// The same calls in the same order give the same results.
#[derive(Debug)]
pub struct FlatIndex<T: Copy> {
    dimensions: usize,
    slots: HashMap<u64, u32>,
    held: Held<T>,
}

#[derive(Debug)]
enum Held<T: Copy> {
    Exact(Vec<Vector<T>>),
    Coded(Coded<T>),
}

#[derive(Debug)]
struct Vector<T: Copy> {
    key: u64,
    tag: T,
    direction: Direction,
}

#[derive(Debug)]
struct Coded<T: Copy> {
    mean: Vec<f32>,
    /// How many vectors the mean was taken of, and how many came or went after it.
    learned: usize,
    since: usize,
    segments: Vec<Segment<T>>,
}

#[derive(Debug)]
struct Segment<T: Copy> {
    keys: Vec<u64>,
    tags: Vec<T>,
    signs: Signs,
    rows: Rows,
}

impl<T: Copy> FlatIndex<T> {
    /// An empty index of vectors with this many numbers.
    #[must_use]
    pub fn new(dimensions: usize) -> Self {
        Self { dimensions, slots: HashMap::new(), held: Held::Exact(Vec::new()) }
    }

    /// How many vectors it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Puts a vector under a key, in place of the one there. A vector without a direction (of another length, all zero,
    /// or with a number that is not finite) is near nothing: it is not kept, and false is returned.
    pub fn insert(&mut self, key: u64, vector: &[f32], tag: T) -> bool {
        let is_kept = self.insert_for_now(key, vector, tag);
        self.settle();
        is_kept
    }

    /// Puts one of many vectors in; [`FlatIndex::settle`] follows when all are in, and takes their mean once.
    pub(crate) fn insert_for_now(&mut self, key: u64, vector: &[f32], tag: T) -> bool {
        self.remove(key);
        let Some(direction) = Direction::of(vector, self.dimensions) else { return false };
        let slot = match &mut self.held {
            Held::Exact(vectors) => {
                vectors.push(Vector { key, tag, direction });
                vectors.len() - 1
            }
            Held::Coded(coded) => coded.push(key, tag, &direction),
        };
        self.slots.insert(key, u32::try_from(slot).unwrap_or(u32::MAX));
        if let Held::Exact(vectors) = &mut self.held
            && vectors.len() > EXACT
        {
            self.held = Held::Coded(Coded::of(std::mem::take(vectors), self.dimensions));
        }
        true
    }

    /// Ends a number of [`FlatIndex::insert_for_now`].
    pub(crate) fn settle(&mut self) {
        if let Held::Coded(coded) = &mut self.held {
            coded.follow_the_mean();
        }
    }

    /// Takes a vector out; whether there was one.
    pub fn remove(&mut self, key: u64) -> bool {
        let Some(slot) = self.slots.remove(&key) else { return false };
        let place = slot as usize;
        // The last vector moves into the gap.
        let moved = match &mut self.held {
            Held::Exact(vectors) => {
                vectors.swap_remove(place);
                vectors.get(place).map(|vector| vector.key)
            }
            Held::Coded(coded) => coded.swap_remove(place),
        };
        if let Some(moved) = moved {
            self.slots.insert(moved, slot);
        }
        true
    }

    /// The `k` vectors nearest to a query among those that `allow` lets through by key and tag, nearest first, with
    /// their cosines; equal ones by key. A query without a direction is near nothing. `allow` is asked only about
    /// vectors that would be among the nearest so far.
    pub fn nearest(&self, query: &[f32], k: usize, allow: impl Fn(u64, &T) -> bool) -> Vec<(u64, f32)> {
        let Some(query) = Direction::of(query, self.dimensions).filter(|_| k > 0) else { return Vec::new() };
        let mut found: Vec<(u64, f32)> = match &self.held {
            Held::Exact(vectors) => {
                let allowed = vectors.iter().filter(|vector| allow(vector.key, &vector.tag));
                allowed.map(|vector| (vector.key, vector.direction.cosine(&query))).collect()
            }
            Held::Coded(coded) => coded.nearest(&query, k, allow),
        };
        let order = |a: &(u64, f32), b: &(u64, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if found.len() > k {
            found.select_nth_unstable_by(k - 1, order);
            found.truncate(k);
        }
        found.sort_unstable_by(order);
        found
    }

    /// About how many bytes it takes.
    #[must_use]
    pub fn memory(&self) -> usize {
        // A table of the standard library keeps an eighth of its places free, and a byte for each beside the entry.
        let table = self.slots.capacity() * 8 / 7 * (size_of::<(u64, u32)>() + 1);
        let held = match &self.held {
            Held::Exact(vectors) => {
                vectors.capacity() * size_of::<Vector<T>>() + vectors.len() * self.dimensions * size_of::<f32>()
            }
            Held::Coded(coded) => coded.segments.iter().map(Segment::memory).sum(),
        };
        table + held
    }
}

impl<T: Copy> Coded<T> {
    fn of(vectors: Vec<Vector<T>>, dimensions: usize) -> Self {
        let mut coded = Self { mean: vec![0.0; dimensions], learned: 0, since: 0, segments: Vec::new() };
        for Vector { key, tag, direction } in vectors {
            coded.push(key, tag, &direction);
        }
        coded.follow_the_mean();
        coded
    }

    /// Puts a vector behind all others; gives its place.
    fn push(&mut self, key: u64, tag: T, direction: &Direction) -> usize {
        if self.segments.last().is_none_or(|segment| segment.keys.len() == SEGMENT) {
            self.segments.push(Segment::new(self.mean.len()));
        }
        let before = (self.segments.len() - 1) * SEGMENT;
        let Some(segment) = self.segments.last_mut() else { return before };
        segment.keys.push(key);
        segment.tags.push(tag);
        segment.rows.push(direction);
        segment.signs.push(&signs::of(direction.numbers().iter().copied(), &self.mean));
        self.since += 1;
        before + segment.keys.len() - 1
    }

    /// Takes out the vector at a place and moves the last one there; gives the key of the one that moved.
    fn swap_remove(&mut self, place: usize) -> Option<u64> {
        let last = self.segments.last_mut()?;
        let (key, tag, (bytes, scale)) = (last.keys.pop()?, last.tags.pop()?, last.rows.pop()?);
        last.signs.pop();
        self.since += 1;
        if last.keys.is_empty() {
            self.segments.pop();
        }
        let segment = self.segments.get_mut(place / SEGMENT)?;
        let place = place % SEGMENT;
        *segment.keys.get_mut(place)? = key;
        *segment.tags.get_mut(place)? = tag;
        let row = Row::new(&bytes, scale);
        segment.signs.set(place, &signs::of(row.numbers(), &self.mean));
        segment.rows.set(place, row);
        Some(key)
    }

    /// Takes the mean again, and the signs with it, when a quarter as many vectors as it was taken of have come or gone
    /// since: four times a vector, however many there are.
    fn follow_the_mean(&mut self) {
        if self.since < self.learned.div_ceil(4) {
            return;
        }
        let mut sums = vec![0.0_f64; self.mean.len()];
        let mut vectors = 0;
        for row in self.segments.iter().flat_map(|segment| segment.rows.iter()) {
            vectors += 1;
            for (sum, number) in sums.iter_mut().zip(row.numbers()) {
                *sum += f64::from(number);
            }
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
        let mean = sums.into_iter().map(|sum| (sum / vectors.max(1) as f64) as f32);
        self.mean = mean.collect();
        self.learned = vectors;
        self.since = 0;
        for segment in &mut self.segments {
            for (place, row) in segment.rows.iter().enumerate() {
                segment.signs.set(place, &signs::of(row.numbers(), &self.mean));
            }
        }
    }

    fn nearest(&self, query: &Direction, k: usize, allow: impl Fn(u64, &T) -> bool) -> Vec<(u64, f32)> {
        let wanted = SHORTLIST.max(k.saturating_mul(SHORTLIST_PER_RESULT)).min(self.segments.len() * SEGMENT);
        let signs = signs::of(query.numbers().iter().copied(), &self.mean);
        let mut shortlist = Shortlist::new(wanted);
        for (number, segment) in self.segments.iter().enumerate() {
            segment.signs.for_each_near(&signs, shortlist.bound, |place, distance| {
                let seen = segment.keys.get(place).zip(segment.tags.get(place));
                if seen.is_some_and(|(key, tag)| allow(*key, tag)) {
                    shortlist.push(distance, number * SEGMENT + place);
                }
                shortlist.bound
            });
        }
        let query = Query::of(query);
        let places = shortlist.places();
        let row =
            |place: &usize| self.segments.get(place / SEGMENT).map_or(0, |segment| segment.rows.touch(place % SEGMENT));
        std::hint::black_box(places.iter().map(row).fold(0, |sum, byte| sum ^ byte));
        let near = places.into_iter().filter_map(|place| {
            let segment = self.segments.get(place / SEGMENT)?;
            let place = place % SEGMENT;
            Some((*segment.keys.get(place)?, segment.rows.get(place)?.cosine(&query)))
        });
        near.collect()
    }
}

impl<T: Copy> Segment<T> {
    fn new(dimensions: usize) -> Self {
        Self {
            keys: Vec::with_capacity(SEGMENT),
            tags: Vec::with_capacity(SEGMENT),
            signs: Signs::with_capacity(SEGMENT, dimensions),
            rows: Rows::with_capacity(SEGMENT, dimensions),
        }
    }

    fn memory(&self) -> usize {
        let lists = self.keys.capacity() * size_of::<u64>() + self.tags.capacity() * size_of::<T>();
        lists + self.signs.memory() + self.rows.memory()
    }
}

/// The places with the fewest differing signs so far; of equal ones, the first.
struct Shortlist {
    wanted: usize,
    /// Distance in the upper half, place in the lower one.
    held: Vec<u64>,
    /// Only what is nearer than this is worth offering.
    bound: u32,
}

impl Shortlist {
    fn new(wanted: usize) -> Self {
        Self { wanted, held: Vec::new(), bound: u32::MAX }
    }

    fn push(&mut self, distance: u32, place: usize) {
        self.held.push(u64::from(distance) << 32 | place as u64);
        if self.held.len() >= self.wanted * 2 {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let (_, farthest, _) = self.held.select_nth_unstable(self.wanted - 1);
        self.bound = u32::try_from(*farthest >> 32).unwrap_or(u32::MAX);
        self.held.truncate(self.wanted);
    }

    fn places(mut self) -> Vec<usize> {
        if self.held.len() > self.wanted {
            self.cut();
        }
        // In the order of memory.
        let mut places: Vec<usize> =
            self.held.into_iter().map(|packed| (packed & u64::from(u32::MAX)) as usize).collect();
        places.sort_unstable();
        places
    }
}

#[cfg(test)]
mod tests;
