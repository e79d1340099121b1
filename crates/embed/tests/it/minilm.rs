//! The real all-MiniLM-L6-v2, where `NINEFOLD_MINILM` names its directory; `scripts/minilm.sh` fetches it.

use ninefold_core::{Embedder, Purpose};
use ninefold_embed::BertModel;
use ninefold_testkit::embedder_suite;

const SENTENCES: [&str; 6] = [
    "The cat sits outside",
    "A man is playing guitar",
    "The new movie is awesome",
    "The new movie is so great",
    "Wo steht der Heizkessel? Über der Tür.",
    "fn spawn(future: F) -> JoinHandle<F::Output>",
];
/// The first four numbers of each sentence's vector, as sentence-transformers computes them in Python.
const KNOWN: [[f32; 4]; 6] = [
    [0.1391912, 0.0030291, 0.0470148, 0.0395738],
    [0.0226613, -0.0013886, -0.0056135, -0.0670217],
    [-0.1004432, -0.0773928, -0.0013741, -0.0484606],
    [-0.0841893, -0.0592334, -0.0009744, -0.0391196],
    [-0.0322946, 0.0656392, -0.0022900, -0.0359335],
    [-0.0129053, 0.0197951, -0.0461771, 0.0053366],
];

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[tokio::test]
#[ignore = "needs the model: scripts/minilm.sh DIR && NINEFOLD_MINILM=DIR cargo test --features candle -- --ignored"]
async fn it_is_what_sentence_transformers_computes() {
    let directory = std::env::var("NINEFOLD_MINILM").expect("NINEFOLD_MINILM names the directory of the model");
    let model = BertModel::open(directory).unwrap();
    let made = model.embed(&SENTENCES.map(str::to_owned), Purpose::Passage).await.unwrap();
    for ((sentence, vector), known) in SENTENCES.iter().zip(&made.vectors).zip(&KNOWN) {
        assert_eq!(vector.len(), 384);
        assert!(
            vector.iter().zip(known).all(|(a, b)| (a - b).abs() < 1e-5),
            "{sentence}: {:?} {known:?}",
            &vector[..4]
        );
    }
    let movies = cosine(&made.vectors[2], &made.vectors[3]);
    let strangers = cosine(&made.vectors[0], &made.vectors[1]);
    assert!(movies > 0.85 && strangers < 0.1, "{movies} {strangers}");
    embedder_suite(&model).await;
}

#[derive(serde::Deserialize)]
struct Reference {
    texts: Vec<String>,
    vectors: Vec<Vec<f32>>,
}

/// For any model: the reference is a JSON object of `texts` and the `vectors` that another program makes of them.
#[tokio::test]
#[ignore = "needs NINEFOLD_EMBEDDER, such as candle:DIR, and NINEFOLD_REFERENCE, a file of texts and vectors made elsewhere"]
async fn it_agrees_with_another_program() {
    let name = std::env::var("NINEFOLD_EMBEDDER").expect("NINEFOLD_EMBEDDER names an embedder");
    let path = std::env::var("NINEFOLD_REFERENCE").expect("NINEFOLD_REFERENCE names a file");
    let reference: Reference = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let embedder = ninefold_embed::open(&name, None).unwrap();
    let made = embedder.embed(&reference.texts, Purpose::Passage).await.unwrap();
    let length = |vector: &[f32]| cosine(vector, vector).sqrt();
    let cosines: Vec<f32> = made
        .vectors
        .iter()
        .zip(&reference.vectors)
        .map(|(ours, theirs)| cosine(ours, theirs) / (length(ours) * length(theirs)))
        .collect();
    let least = cosines.iter().copied().fold(1.0, f32::min);
    println!("{} texts, least cosine {least}", cosines.len());
    assert!(cosines.len() == reference.texts.len() && least >= 0.9999, "{least}");
}
