//! Models in files: tiny ones with random numbers, made here.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use ninefold_core::{Embedder, ErrorKind, Purpose};
use ninefold_embed::{BertModel, StaticModel};
use ninefold_testkit::embedder_suite;
use safetensors::{Dtype, tensor::TensorView};
use serde_json::{Value, json};
use tempfile::TempDir;

const HIDDEN: usize = 16;
const WORDS: &[&str] = &[
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "boiler", "stands", "in", "cellar", "tulips", "bloom", "april", "a",
    "red", "car", "rust", "compiles", "to", "machine", "code", "sentence", "of", "crowd", "and", "more", "beside",
    "door", "query", ".", ":", "##s", "w", "##o",
];

/// Numbers between -1 and 1 that are the same everywhere.
fn numbers(count: usize, seed: &str) -> Vec<f32> {
    let mut state = seed.bytes().fold(17_u64, |state, byte| state.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn write(directory: &Path, name: &str, value: &Value) {
    let path = directory.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, value.to_string()).unwrap();
}

fn write_tensors(directory: &Path, tensors: &[(&str, Vec<usize>, Vec<f32>)]) {
    let bytes: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, shape, numbers)| {
            ((*name).to_owned(), shape.clone(), numbers.iter().flat_map(|n| n.to_le_bytes()).collect())
        })
        .collect();
    let views: HashMap<String, TensorView<'_>> = bytes
        .iter()
        .map(|(name, shape, bytes)| (name.clone(), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()))
        .collect();
    fs::write(directory.join("model.safetensors"), safetensors::serialize(views, None).unwrap()).unwrap();
}

/// A tokenizer of whole words that fills up to 128 tokens, as that of all-MiniLM-L6-v2 does.
fn write_tokenizer(directory: &Path) {
    let vocabulary: serde_json::Map<String, Value> =
        WORDS.iter().enumerate().map(|(id, word)| ((*word).to_owned(), json!(id))).collect();
    let special = |id: usize| json!({"id": id, "content": WORDS[id], "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true});
    let token = |id: usize| json!({"id": WORDS[id], "ids": [id], "tokens": [WORDS[id]]});
    write(
        directory,
        "tokenizer.json",
        &json!({
            "version": "1.0",
            "truncation": {"direction": "Right", "max_length": 128, "strategy": "LongestFirst", "stride": 0},
            "padding": {"strategy": {"Fixed": 128}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
            "added_tokens": [special(0), special(1), special(2), special(3)],
            "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {"type": "TemplateProcessing",
                "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
                "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                "special_tokens": {"[CLS]": token(2), "[SEP]": token(3)}},
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocabulary},
        }),
    );
}

fn bert() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path();
    write_tokenizer(directory);
    write(
        directory,
        "config.json",
        &json!({
            "model_type": "bert", "architectures": ["BertModel"], "vocab_size": WORDS.len(), "hidden_size": HIDDEN, "num_hidden_layers": 2,
            "num_attention_heads": 4, "intermediate_size": 32, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
            "max_position_embeddings": 40, "type_vocab_size": 2, "initializer_range": 0.02, "layer_norm_eps": 1e-12, "pad_token_id": 0,
            "position_embedding_type": "absolute", "use_cache": true,
        }),
    );
    let mut tensors: Vec<(String, Vec<usize>)> = vec![
        ("embeddings.word_embeddings.weight".into(), vec![WORDS.len(), HIDDEN]),
        ("embeddings.position_embeddings.weight".into(), vec![40, HIDDEN]),
        ("embeddings.token_type_embeddings.weight".into(), vec![2, HIDDEN]),
        ("embeddings.LayerNorm.weight".into(), vec![HIDDEN]),
        ("embeddings.LayerNorm.bias".into(), vec![HIDDEN]),
    ];
    for layer in 0..2 {
        for (name, out, within) in [
            ("attention.self.query", HIDDEN, HIDDEN),
            ("attention.self.key", HIDDEN, HIDDEN),
            ("attention.self.value", HIDDEN, HIDDEN),
            ("attention.output.dense", HIDDEN, HIDDEN),
            ("intermediate.dense", 32, HIDDEN),
            ("output.dense", HIDDEN, 32),
        ] {
            tensors.push((format!("encoder.layer.{layer}.{name}.weight"), vec![out, within]));
            tensors.push((format!("encoder.layer.{layer}.{name}.bias"), vec![out]));
        }
        for name in ["attention.output.LayerNorm", "output.LayerNorm"] {
            tensors.push((format!("encoder.layer.{layer}.{name}.weight"), vec![HIDDEN]));
            tensors.push((format!("encoder.layer.{layer}.{name}.bias"), vec![HIDDEN]));
        }
    }
    let tensors: Vec<(&str, Vec<usize>, Vec<f32>)> = tensors
        .iter()
        .map(|(name, shape)| (name.as_str(), shape.clone(), numbers(shape.iter().product(), name)))
        .collect();
    write_tensors(directory, &tensors);
    home
}

fn static_model() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    write_tokenizer(home.path());
    write(home.path(), "config.json", &json!({"model_type": "model2vec", "normalize": true, "max_length": 30}));
    write_tensors(home.path(), &[("embeddings", vec![WORDS.len(), HIDDEN], numbers(WORDS.len() * HIDDEN, "static"))]);
    home
}

async fn one(embedder: &dyn Embedder, text: &str, purpose: Purpose) -> Vec<f32> {
    embedder.embed(&[text.to_owned()], purpose).await.unwrap().vectors.remove(0)
}

fn refused<T>(opened: ninefold_core::Result<T>) -> ninefold_core::Error {
    opened.err().expect("it is opened")
}

#[tokio::test]
async fn a_bert_passes_the_suite() {
    let home = bert();
    let model = BertModel::open(home.path()).unwrap();
    embedder_suite(&model).await;
    assert_eq!(model.model().provider, "candle");
}

#[tokio::test]
async fn a_static_model_passes_the_suite() {
    let home = static_model();
    embedder_suite(&StaticModel::open(home.path()).unwrap()).await;
}

#[tokio::test]
async fn a_static_model_sums_its_tokens() {
    let home = static_model();
    let model = StaticModel::open(home.path()).unwrap();
    let all = numbers(WORDS.len() * HIDDEN, "static");
    let of = |word: &str| {
        let row = WORDS.iter().position(|known| *known == word).unwrap();
        all[row * HIDDEN..(row + 1) * HIDDEN].to_vec()
    };
    let mut sum: Vec<f32> = of("red").iter().zip(of("car")).map(|(a, b)| a + b).collect();
    let length = sum.iter().map(|number| number * number).sum::<f32>().sqrt();
    sum.iter_mut().for_each(|number| *number /= length);
    // What it does not know does not count.
    let made = one(&model, "Red unheard CAR", Purpose::Query).await;
    assert!(made.iter().zip(&sum).all(|(a, b)| (a - b).abs() < 1e-6), "{made:?} {sum:?}");
    assert_eq!(one(&model, "unheard", Purpose::Query).await, [0.0; HIDDEN]);
}

#[tokio::test]
async fn vocabularies_may_be_mapped_and_weighted() {
    let home = static_model();
    let mapping: Vec<f32> = (0..WORDS.len()).map(|word| (word % 2) as f32).collect();
    let weights: Vec<f32> = (0..WORDS.len()).map(|word| if word == 13 { 1.0 } else { 0.0 }).collect();
    let vectors = vec![3.0, 4.0, -1.0, 0.0];
    write_tensors(
        home.path(),
        &[
            ("embeddings", vec![2, 2], vectors),
            ("mapping", vec![WORDS.len()], mapping),
            ("weights", vec![WORDS.len()], weights),
        ],
    );
    let model = StaticModel::open(home.path()).unwrap();
    assert_eq!(one(&model, "red car", Purpose::Query).await, [-1.0, 0.0]);
}

#[tokio::test]
async fn first_token_pooling_and_prompts_are_read_from_the_directory() {
    let home = bert();
    let mean = BertModel::open(home.path()).unwrap();
    let bare = one(&mean, "a red car", Purpose::Query).await;
    let modules = json!([
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
    ]);
    write(home.path(), "modules.json", &modules);
    write(
        home.path(),
        "1_Pooling/config.json",
        &json!({"word_embedding_dimension": 16, "pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}),
    );
    let first = BertModel::open(home.path()).unwrap();
    assert_ne!(one(&first, "a red car", Purpose::Query).await, bare);
    assert_ne!(first.model(), mean.model(), "other files are another model");

    write(home.path(), "1_Pooling/config.json", &json!({"pooling_mode_mean_tokens": true}));
    write(
        home.path(),
        "config_sentence_transformers.json",
        &json!({"prompts": {"query": "query: ", "document": ""}, "default_prompt_name": null}),
    );
    let prompted = BertModel::open(home.path()).unwrap();
    assert_eq!(one(&prompted, "a red car", Purpose::Passage).await, bare);
    assert_eq!(one(&prompted, "a red car", Purpose::Query).await, one(&mean, "query: a red car", Purpose::Query).await);
}

#[test]
fn models_that_cannot_be_computed_are_refused_with_a_reason() {
    let home = bert();
    let config = fs::read_to_string(home.path().join("config.json")).unwrap();
    write(home.path(), "modules.json", &json!([{"type": "sentence_transformers.models.Dense", "path": "2_Dense"}]));
    let error = refused(BertModel::open(home.path()));
    assert!(error.kind() == ErrorKind::InvalidInput && error.to_string().contains("Dense"), "{error}");
    write(home.path(), "modules.json", &json!([{"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}]));
    write(home.path(), "1_Pooling/config.json", &json!({"pooling_mode_max_tokens": true}));
    assert!(refused(BertModel::open(home.path())).to_string().contains("pooling"));
    fs::remove_file(home.path().join("modules.json")).unwrap();
    fs::write(home.path().join("config.json"), config.replace("\"bert\"", "\"t5\"")).unwrap();
    assert!(refused(BertModel::open(home.path())).to_string().contains("t5"));
}

#[test]
fn damaged_files_are_named() {
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        for damage in [&b""[..], b"{", b"\x10\0\0\0\0\0\0\0{\"a\":{}}        ", b"null", &[0xff; 100]] {
            let home = bert();
            fs::write(home.path().join(name), damage).unwrap();
            let error = refused(BertModel::open(home.path()));
            assert!(matches!(error.kind(), ErrorKind::Corrupt) && error.to_string().contains(name), "{name}: {error}");
            let home = static_model();
            fs::write(home.path().join(name), damage).unwrap();
            let opened = StaticModel::open(home.path());
            let error = refused(opened);
            assert!(matches!(error.kind(), ErrorKind::Corrupt) && error.to_string().contains(name), "{name}: {error}");
        }
    }
    // A matrix of another shape than the configuration says.
    let home = bert();
    write_tensors(home.path(), &[("embeddings.word_embeddings.weight", vec![2, 2], vec![0.0; 4])]);
    assert_eq!(refused(BertModel::open(home.path())).kind(), ErrorKind::Corrupt);
}

#[tokio::test]
async fn the_runtime_goes_on_while_a_model_computes() {
    let home = bert();
    let model = BertModel::open(home.path()).unwrap();
    let texts: Vec<String> = (0..400).map(|n| format!("sentence {n} {}", "and more ".repeat(n % 30))).collect();
    let mut turns = 0_u32;
    let mut embedding = Box::pin(model.embed(&texts, Purpose::Passage));
    let made = loop {
        tokio::select! {
            made = &mut embedding => break made.unwrap(),
            () = tokio::time::sleep(Duration::from_micros(50)) => turns += 1,
        }
    };
    assert_eq!(made.vectors.len(), 400);
    assert!(turns > 0, "the one thread of the runtime had no turn");
}
