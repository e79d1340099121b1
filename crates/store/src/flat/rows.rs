//! Vectors of length 1, as they are and at one byte a number.

/// The largest value of a number at one byte, and of a query's number at two. The query's is such that a sum over
/// [`SPAN`] products stays within 32 bits.
const BYTE: f32 = 127.0;
const WORD: f32 = 8_191.0;
const SPAN: usize = 2_048;

/// A vector of length 1.
#[derive(Debug, Clone)]
pub(super) struct Direction(Box<[f32]>);

impl Direction {
    /// The direction of a vector with this many numbers, if it has one.
    #[allow(clippy::cast_possible_truncation)]
    pub(super) fn of(vector: &[f32], dimensions: usize) -> Option<Self> {
        if vector.len() != dimensions {
            return None;
        }
        // A square of the largest f32 fits an f64.
        let length = vector.iter().map(|&number| f64::from(number) * f64::from(number)).sum::<f64>().sqrt();
        let direction: Box<[f32]> = vector.iter().map(|&number| (f64::from(number) / length) as f32).collect();
        (length > 0.0 && length.is_finite()).then_some(Self(direction))
    }

    pub(super) fn numbers(&self) -> &[f32] {
        &self.0
    }

    fn largest(&self) -> f32 {
        self.0.iter().fold(0.0, |largest: f32, number| largest.max(number.abs()))
    }

    /// The cosine of the angle between two directions.
    pub(super) fn cosine(&self, other: &Self) -> f32 {
        let (ours, rest) = self.0.as_chunks::<16>();
        let (theirs, other_rest) = other.0.as_chunks::<16>();
        let mut sums = [0.0_f32; 16];
        for (a, b) in ours.iter().zip(theirs) {
            for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
                *sum += a * b;
            }
        }
        sums.iter().sum::<f32>() + rest.iter().zip(other_rest).map(|(a, b)| a * b).sum::<f32>()
    }
}

/// A direction at one byte a number: each is the byte times the scale.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    bytes: &'a [i8],
    scale: f32,
}

impl<'a> Row<'a> {
    pub(super) fn new(bytes: &'a [i8], scale: f32) -> Self {
        Self { bytes, scale }
    }

    pub(super) fn numbers(&self) -> impl Iterator<Item = f32> {
        self.bytes.iter().map(|&byte| f32::from(byte) * self.scale)
    }

    /// The cosine of the angle between it and a query, to about a thousandth.
    #[allow(clippy::cast_precision_loss)]
    pub(super) fn cosine(&self, query: &Query) -> f32 {
        let spans = self.bytes.chunks(SPAN).zip(query.words.chunks(SPAN));
        let sum: i64 = spans.map(|(bytes, words)| i64::from(dot(bytes, words))).sum();
        sum as f32 * self.scale * query.scale
    }
}

/// The sum of products, in 32 bits: at most [`SPAN`] of them.
fn dot(bytes: &[i8], words: &[i16]) -> i32 {
    let (ours, rest) = bytes.as_chunks::<16>();
    let (theirs, other_rest) = words.as_chunks::<16>();
    let product = |(a, b): (&i8, &i16)| i32::from(i16::from(*a)) * i32::from(*b);
    let sum: i32 = ours.iter().zip(theirs).map(|(a, b)| a.iter().zip(b).map(product).sum::<i32>()).sum();
    sum + rest.iter().zip(other_rest).map(product).sum::<i32>()
}

/// A direction at two bytes a number, for comparing with rows.
#[derive(Debug)]
pub(super) struct Query {
    words: Box<[i16]>,
    scale: f32,
}

impl Query {
    #[allow(clippy::cast_possible_truncation)]
    pub(super) fn of(direction: &Direction) -> Self {
        let scale = direction.largest() / WORD;
        Self { words: direction.0.iter().map(|number| (number / scale).round() as i16).collect(), scale }
    }
}

/// Directions at one byte a number, one behind the other.
#[derive(Debug)]
pub(super) struct Rows {
    dimensions: usize,
    bytes: Vec<i8>,
    scales: Vec<f32>,
}

impl Rows {
    pub(super) fn with_capacity(rows: usize, dimensions: usize) -> Self {
        Self { dimensions, bytes: Vec::with_capacity(rows * dimensions), scales: Vec::with_capacity(rows) }
    }

    #[allow(clippy::cast_possible_truncation)]
    pub(super) fn push(&mut self, direction: &Direction) {
        let scale = direction.largest() / BYTE;
        // Rounding by cutting off what is above zero anyway: `round` is a call for each number on older processors.
        self.bytes.extend(direction.0.iter().map(|number| ((number / scale + BYTE + 0.5) as i32 - BYTE as i32) as i8));
        self.scales.push(scale);
    }

    pub(super) fn get(&self, place: usize) -> Option<Row<'_>> {
        let from = place * self.dimensions;
        Some(Row { bytes: self.bytes.get(from..from + self.dimensions)?, scale: *self.scales.get(place)? })
    }

    /// Reads a byte of each 64 of a row, so that the row is in the cache when it is compared. Waiting for many rows at
    /// once takes a fraction of waiting for each.
    pub(super) fn touch(&self, place: usize) -> u8 {
        let row = self.get(place).map_or(&[][..], |row| row.bytes);
        row.iter().step_by(64).fold(0, |sum, byte| sum ^ byte.cast_unsigned())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        self.bytes.chunks_exact(self.dimensions.max(1)).zip(&self.scales).map(|(bytes, &scale)| Row { bytes, scale })
    }

    /// Writes a row over the one at a place.
    pub(super) fn set(&mut self, place: usize, row: Row<'_>) {
        let from = place * self.dimensions;
        if let Some(bytes) = self.bytes.get_mut(from..from + self.dimensions) {
            bytes.copy_from_slice(row.bytes);
        }
        if let Some(scale) = self.scales.get_mut(place) {
            *scale = row.scale;
        }
    }

    /// Takes the last row out: its bytes and its scale.
    pub(super) fn pop(&mut self) -> Option<(Vec<i8>, f32)> {
        let scale = self.scales.pop()?;
        Some((self.bytes.split_off(self.scales.len() * self.dimensions), scale))
    }

    pub(super) fn memory(&self) -> usize {
        self.bytes.capacity() + self.scales.capacity() * size_of::<f32>()
    }
}
