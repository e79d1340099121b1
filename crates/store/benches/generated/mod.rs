//! Generated Python: functions of five lines, ten in a file.

use ninefold_core::{Chunk, ChunkKind, Document, Key, Lines, Relation, RelationKind, Source};

/// Functions in a file.
const FUNCTIONS: usize = 10;
const VERBS: [&str; 24] = [
    "parse", "load", "write", "merge", "render", "check", "open", "close", "send", "fetch", "split", "join", "sort",
    "filter", "encode", "decode", "compress", "validate", "schedule", "retry", "cache", "index", "resolve", "connect",
];
const NOUNS: [&str; 32] = [
    "session", "token", "request", "response", "header", "config", "record", "table", "column", "graph", "node",
    "edge", "buffer", "stream", "socket", "thread", "worker", "queue", "message", "packet", "frame", "image", "matrix",
    "vector", "schema", "query", "cursor", "lock", "timer", "signal", "report", "invoice",
];

/// A word of what a function is about: a few words are common and many are rare, as in prose.
fn word(random: &mut fastrand::Rng) -> String {
    let rank = 20_000_f64.powf(random.f64()) as usize;
    format!("{}{}", ["ka", "lo", "mi", "ter", "sun", "vo"][rank % 6], rank)
}

/// What a function is about.
fn about(n: usize) -> [String; 4] {
    let mut random = fastrand::Rng::with_seed(n as u64);
    std::array::from_fn(|_| word(&mut random))
}

/// A generated Python function of five lines, with its names.
fn function(n: usize, path: &str) -> Chunk {
    let (verb, noun, other) = (VERBS[n % 24], NOUNS[(n / 24) % 32], NOUNS[(n / 7) % 32]);
    let name = format!("{verb}_{noun}_{n}");
    let called = format!("{}_{}_{}", VERBS[(n + 1) % 24], NOUNS[((n + 1) / 24) % 32], n + 1);
    let text = format!(
        "def {name}({other}, limit={n}):\n    \"\"\"{} the {noun} of {}.\"\"\"\n    \
         result = {called}({other})\n    {noun} = result.{verb}(limit)\n    return {noun}\n",
        verb[..1].to_uppercase() + &verb[1..],
        about(n).join(" ")
    );
    let first = (n % FUNCTIONS) as u32 * 7 + 1;
    Chunk {
        title: format!("def {name}({other}, limit={n}):"),
        lines: Lines::new(first, first + 4),
        defines: vec![name.into()],
        relations: vec![Relation { kind: RelationKind::Calls, target: called.into() }],
        ..Chunk::new(path, ChunkKind::Code, text)
    }
}

/// A file of ten functions.
pub fn document(file: usize) -> Document {
    let path = format!("src/package_{}/module_{file}.py", file / 20);
    let chunks = (file * FUNCTIONS..(file + 1) * FUNCTIONS).map(|n| function(n, &path)).collect();
    Document::new(Source::new(path, Key::of_bytes(&file.to_le_bytes())), chunks)
}

/// Files with so many functions together.
pub fn documents(chunks: usize) -> impl Iterator<Item = Document> {
    (0..chunks / FUNCTIONS).map(document)
}
