//! What every embedder must do.

use ninefold_core::{Embedder, Purpose};

/// Vectors that should be equal may differ by so much in each number: a batch of another size adds up in another order.
const SAME: f32 = 1e-4;

/// Runs every requirement on an [`Embedder`].
///
/// # Panics
/// When a requirement is not met; the message names it.
pub async fn embedder_suite(embedder: &dyn Embedder) {
    nothing_is_made_of_nothing(embedder).await;
    vectors_have_length_one_and_come_in_order(embedder).await;
    a_text_has_one_vector_in_any_company(embedder).await;
    an_empty_text_is_no_error(embedder).await;
    a_huge_text_is_cut(embedder).await;
    texts_of_any_script_have_vectors(embedder).await;
}

async fn vectors(embedder: &dyn Embedder, texts: &[&str], purpose: Purpose) -> Vec<Vec<f32>> {
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    let made = embedder.embed(&texts, purpose).await.expect("embed");
    assert_eq!(made.vectors.len(), texts.len(), "one vector for each text");
    let length = made.vectors.first().map_or(0, Vec::len);
    assert!(made.vectors.iter().all(|vector| vector.len() == length), "all vectors are of one length");
    assert!(made.vectors.iter().flatten().all(|number| number.is_finite()), "all numbers are finite");
    made.vectors
}

fn length(vector: &[f32]) -> f32 {
    vector.iter().map(|number| number * number).sum::<f32>().sqrt()
}

fn same(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < SAME)
}

async fn nothing_is_made_of_nothing(embedder: &dyn Embedder) {
    let made = embedder.embed(&[], Purpose::Passage).await.expect("embed nothing");
    assert!(made.vectors.is_empty(), "no text has no vector");
    assert_eq!(made.usage.input_tokens, 0, "no text takes no token");
}

async fn vectors_have_length_one_and_come_in_order(embedder: &dyn Embedder) {
    let texts =
        ["the boiler stands in the cellar", "tulips bloom in april", "a red car", "rust compiles to machine code"];
    for purpose in [Purpose::Passage, Purpose::Query] {
        let together = vectors(embedder, &texts, purpose).await;
        for (text, vector) in texts.iter().zip(&together) {
            assert!((length(vector) - 1.0).abs() < 1e-3, "a vector has length 1, not {}", length(vector));
            let alone = vectors(embedder, &[text], purpose).await;
            assert!(same(&alone[0], vector), "vectors come in the order of their texts: {text}");
        }
        assert!(!same(&together[0], &together[1]), "different texts have different vectors");
    }
}

async fn a_text_has_one_vector_in_any_company(embedder: &dyn Embedder) {
    let long = "the boiler stands in the cellar beside the door ".repeat(12);
    let text = "tulips bloom in april";
    let many: Vec<String> =
        (0..70).map(|n| format!("sentence {} of a crowd{}", n * n, " and more".repeat(n % 9))).collect();
    let mut crowd: Vec<&str> = many.iter().map(String::as_str).collect();
    crowd.extend([text, &long, text]);
    let crowd = vectors(embedder, &crowd, Purpose::Passage).await;
    let alone = vectors(embedder, &[text], Purpose::Passage).await;
    assert!(same(&crowd[70], &alone[0]), "a text has the same vector beside others as alone");
    assert!(same(&crowd[70], &crowd[72]), "a text that comes twice has one vector");
    let two = vectors(embedder, &[&long, text], Purpose::Passage).await;
    assert!(same(&two[1], &alone[0]) && same(&two[0], &crowd[71]), "length beside it changes no vector");
}

async fn an_empty_text_is_no_error(embedder: &dyn Embedder) {
    let made = vectors(embedder, &["", "the boiler", " \n\t "], Purpose::Passage).await;
    let is_one_or_zero = |vector: &Vec<f32>| length(vector) < 1e-3 || (length(vector) - 1.0).abs() < 1e-3;
    assert!(made.iter().all(is_one_or_zero), "an empty text has a vector of length 1 or 0");
    assert!((length(&made[1]) - 1.0).abs() < 1e-3, "an empty text takes nothing from its neighbours");
}

async fn a_huge_text_is_cut(embedder: &dyn Embedder) {
    let huge = "the boiler stands in the cellar. ".repeat(40_000);
    let longer = format!("{huge} tulips");
    let made = vectors(embedder, &[&huge, &longer], Purpose::Passage).await;
    assert!((length(&made[0]) - 1.0).abs() < 1e-3, "a text of more than a million bytes has a vector");
    assert!(same(&made[0], &made[1]) || length(&made[1]) > 0.9, "what lies behind the limit does no harm");
}

async fn texts_of_any_script_have_vectors(embedder: &dyn Embedder) {
    let texts = [
        "Wo wird der Kessel neu gestartet? Grüße",
        "日本語の文章です",
        "где стоит котёл",
        "emoji 🚀 and \u{0} and \u{202e}",
        "a\u{301}",
    ];
    let made = vectors(embedder, &texts, Purpose::Query).await;
    assert!((length(&made[0]) - 1.0).abs() < 1e-3, "accents are no hindrance");
}
