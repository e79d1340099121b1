//! Vectors at one bit a number: on which side of the mean it lies. Vectors that point the same way have most bits in
//! common (Charikar 2002, "Similarity estimation techniques from rounding algorithms").

/// Vectors a block. Within one, words of the same place stand together, so that the compiler compares several vectors
/// with each instruction.
const LANES: usize = 8;

/// The bits of a vector in words, the first number lowest.
pub(super) fn of(numbers: impl IntoIterator<Item = f32>, mean: &[f32]) -> Vec<u64> {
    let mut numbers = numbers.into_iter();
    let word = |means: &[f32]| {
        let bits = means.iter().zip(numbers.by_ref()).map(|(mean, number)| u64::from(number > *mean));
        bits.enumerate().fold(0, |word, (place, bit)| word | bit << place)
    };
    mean.chunks(64).map(word).collect()
}

/// The bits of vectors, in blocks.
#[derive(Debug)]
pub(super) struct Signs {
    words: usize,
    len: usize,
    blocks: Vec<[u64; LANES]>,
}

impl Signs {
    pub(super) fn with_capacity(vectors: usize, dimensions: usize) -> Self {
        let words = dimensions.div_ceil(64);
        Self { words, len: 0, blocks: Vec::with_capacity(vectors.div_ceil(LANES) * words) }
    }

    pub(super) fn push(&mut self, signs: &[u64]) {
        if self.len.is_multiple_of(LANES) {
            self.blocks.resize(self.blocks.len() + self.words, [0; LANES]);
        }
        self.len += 1;
        self.set(self.len - 1, signs);
    }

    pub(super) fn set(&mut self, place: usize, signs: &[u64]) {
        let block = self.blocks.iter_mut().skip(place / LANES * self.words);
        for (lanes, word) in block.zip(signs) {
            if let Some(lane) = lanes.get_mut(place % LANES) {
                *lane = *word;
            }
        }
    }

    pub(super) fn pop(&mut self) {
        self.len = self.len.saturating_sub(1);
        self.blocks.truncate(self.len.div_ceil(LANES) * self.words);
    }

    /// Calls `near` with the place and the number of differing bits of each vector that differs in fewer than `bound`;
    /// `near` gives the bound from there on.
    pub(super) fn for_each_near(&self, query: &[u64], mut bound: u32, mut near: impl FnMut(usize, u32) -> u32) {
        for (number, block) in self.blocks.chunks_exact(self.words.max(1)).enumerate() {
            for (lane, distance) in distances(block, query).into_iter().enumerate() {
                let place = number * LANES + lane;
                if distance < u64::from(bound) && place < self.len {
                    bound = near(place, u32::try_from(distance).unwrap_or(u32::MAX));
                }
            }
        }
    }

    pub(super) fn memory(&self) -> usize {
        self.blocks.capacity() * size_of::<[u64; LANES]>()
    }
}

/// In how many bits each vector of a block differs from the query. Three words are first added bit by bit, which leaves
/// two to count.
fn distances(block: &[[u64; LANES]], query: &[u64]) -> [u64; LANES] {
    let mut sums = [0; LANES];
    let (triples, rest) = block.as_chunks::<3>();
    let (query_triples, query_rest) = query.as_chunks::<3>();
    for ([a, b, c], [p, q, r]) in triples.iter().zip(query_triples) {
        for (sum, ((a, b), c)) in sums.iter_mut().zip(a.iter().zip(b).zip(c)) {
            let (a, b, c) = (a ^ p, b ^ q, c ^ r);
            let ones = a ^ b ^ c;
            let twos = a & b | (a ^ b) & c;
            *sum += u64::from(ones.count_ones()) + 2 * u64::from(twos.count_ones());
        }
    }
    for (words, query) in rest.iter().zip(query_rest) {
        for (sum, word) in sums.iter_mut().zip(words) {
            *sum += u64::from((word ^ query).count_ones());
        }
    }
    sums
}
