//! Queries for an item that somebody has seen and half remembers: a few of its words, the telling ones more likely
//! (Azzopardi and de Rijke, "Automatic construction of known-item finding test beds", 2006).

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use ninefold::core::terms::is_function_word;
use ninefold::store::ingest::split;
use ninefold::{Chunk, Labels};

use crate::measure::Query;

const WORDS: usize = 4;

/// Chunks with what makes queries for them.
pub struct Items {
    pub chunks: Vec<Chunk>,
    words: Vec<Vec<String>>,
    frequency: HashMap<String, usize>,
}

impl Items {
    /// The chunks of the Rust files below a folder, as an index of it has them.
    pub fn of(folder: &Path) -> Self {
        let mut files: Vec<PathBuf> = Vec::new();
        let mut folders = vec![fs::canonicalize(folder).unwrap()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files.sort();
        let chunks: Vec<Chunk> = files
            .iter()
            .flat_map(|path| split(path.to_str().unwrap(), &fs::read_to_string(path).unwrap(), &Labels::none()))
            .collect();
        let words: Vec<Vec<String>> = chunks.iter().map(|chunk| words(&chunk.text)).collect();
        let mut frequency = HashMap::new();
        for word in words.iter().flatten() {
            *frequency.entry(word.clone()).or_insert(0) += 1;
        }
        Self { chunks, words, frequency }
    }

    /// Whether enough words are in it to make queries of.
    pub fn is_rich(&self, item: usize) -> bool {
        self.words[item].len() >= 3 * WORDS
    }

    /// One query of so many words for an item.
    pub fn query(&self, item: usize, words: usize, random: &mut fastrand::Rng) -> String {
        let mut left = self.words[item].clone();
        let mut drawn = Vec::new();
        while drawn.len() < words && !left.is_empty() {
            let weight = |word: &String| (self.chunks.len() as f64 / self.frequency[word] as f64).ln() + 0.1;
            let mut place = random.f64() * left.iter().map(weight).sum::<f64>();
            let at = left.iter().position(|word| {
                place -= weight(word);
                place <= 0.0
            });
            drawn.push(left.swap_remove(at.unwrap_or(0)));
        }
        drawn.join(" ")
    }
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    words.filter(|word| word.len() > 2 && !is_function_word(word)).collect::<BTreeSet<_>>().into_iter().collect()
}

/// One query each for chunks spread evenly over a folder.
pub fn queries(folder: &Path, most: usize) -> Vec<Query> {
    let items = Items::of(folder);
    let mut random = fastrand::Rng::with_seed(4);
    let rich: Vec<usize> = (0..items.chunks.len()).filter(|&item| items.is_rich(item)).collect();
    let step = rich.len().div_ceil(most).max(1);
    let query = |&item: &usize| {
        let chunk = &items.chunks[item];
        Query { text: items.query(item, WORDS, &mut random), path: chunk.path.to_string(), line: chunk.lines.first }
    };
    rich.iter().step_by(step).map(query).collect()
}
