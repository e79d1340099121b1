//! Real code to search: the crates in Cargo's registry, cut as an index of them has them, with questions about it: the
//! first sentences of functions' documentation, their words only. The embeddings are not of any model: directions in
//! clusters, about as near to each other as a model's, which is all that the speed of a search depends on.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use ninefold_core::{ChunkId, Document, Embeddings, Key, Labels, Source};
use ninefold_store::ingest::split;

/// The model that the embeddings name.
pub const MODEL: &str = "bench/model";
const DIMENSIONS: usize = 384;
/// The most chunks of one crate, so that none of the large ones is half of all.
const MOST_OF_A_CRATE: usize = 1_500;
/// The fewest words of a question.
const WORDS: usize = 5;

/// A question, and the chunk of the function that it describes.
pub struct Question {
    pub text: String,
    pub about: ChunkId,
    pub vector: Vec<f32>,
}

/// Documents of about so many chunks; fewer where the registry holds no more.
pub fn documents(chunks: usize) -> Vec<Document> {
    let mut crates: Vec<PathBuf> = registries().iter().flat_map(|registry| entries(registry)).collect();
    crates.sort();
    // Spread over the alphabet, whatever the number asked for.
    let mut random = fastrand::Rng::with_seed(7);
    random.shuffle(&mut crates);
    let (mut documents, mut total) = (Vec::new(), 0);
    for folder in &crates {
        let mut of_crate = 0;
        for path in rust_files(folder) {
            if total >= chunks || of_crate >= MOST_OF_A_CRATE {
                break;
            }
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let name = path.strip_prefix(folder.parent().unwrap()).unwrap().to_string_lossy().into_owned();
            let mut cut = split(&name, &text, &Labels::none());
            cut.truncate(chunks - total);
            (total, of_crate) = (total + cut.len(), of_crate + cut.len());
            let embeddings =
                Embeddings { model: MODEL.into(), vectors: cut.iter().map(|c| vector(c.id, 0.8)).collect() };
            let source = Source::new(name, Key::of_bytes(text.as_bytes()));
            documents.push(Document { embeddings: Some(embeddings), ..Document::new(source, cut) });
        }
    }
    documents
}

/// Up to so many questions about functions, spread evenly.
pub fn questions(documents: &[Document], most: usize) -> Vec<Question> {
    let mut seen = HashSet::new();
    let mut all: Vec<Question> = Vec::new();
    for chunk in documents.iter().flat_map(|document| &document.chunks) {
        if let Some(text) = first_sentence(&chunk.text)
            && seen.insert(text.clone())
        {
            all.push(Question { text, about: chunk.id, vector: vector(chunk.id, 1.2) });
        }
    }
    let step = all.len().div_ceil(most).max(1);
    all.into_iter().step_by(step).collect()
}

fn registries() -> Vec<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    home.map(|home| entries(&home.join("registry/src"))).unwrap_or_default()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries
}

fn rust_files(root: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![root.join("src")]);
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    files
}

/// The words of the first sentence of a function's documentation.
fn first_sentence(text: &str) -> Option<String> {
    let mut about = String::new();
    for line in text.lines() {
        let line = line.trim_start();
        if let Some(words) = line.strip_prefix("///") {
            about.push_str(words);
        } else if !line.starts_with("#[") {
            let is_function = line.split(['(', '<']).next()?.split_whitespace().rev().nth(1) == Some("fn");
            let sentence = about.split(". ").next().filter(|_| is_function)?;
            let words: Vec<&str> = sentence.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
            return (words.len() >= WORDS).then(|| words.join(" "));
        }
    }
    None
}

/// A direction in the cluster of a chunk; `spread` says how far from its middle.
fn vector(id: ChunkId, spread: f32) -> Vec<f32> {
    let mut of_cluster = fastrand::Rng::with_seed(id.0 % 500);
    let mut own = fastrand::Rng::with_seed(id.0 ^ u64::from(spread.to_bits()));
    let vector: Vec<f32> = (0..DIMENSIONS).map(|_| of_cluster.f32() - 0.5 + spread * (own.f32() - 0.5)).collect();
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.into_iter().map(|x| x / length).collect()
}
