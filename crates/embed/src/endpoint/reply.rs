//! What a server answers, checked before anything of it is believed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ninefold_core::Usage;
use serde::Deserialize;

use crate::compute::normalize;

#[derive(Deserialize)]
struct Reply {
    data: Vec<Item>,
    #[serde(default)]
    usage: Option<Tokens>,
}

#[derive(Deserialize)]
struct Item {
    index: Option<usize>,
    embedding: Numbers,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Numbers {
    Plain(Vec<f32>),
    Base64(String),
}

#[derive(Deserialize)]
struct Tokens {
    #[serde(default)]
    prompt_tokens: u64,
}

/// The vectors of a reply to `texts` texts, each of length 1, and the tokens they took; or what is wrong with it.
pub(super) fn read(bytes: &[u8], texts: usize) -> Result<(Vec<Vec<f32>>, Usage), String> {
    let reply: Reply =
        serde_json::from_slice(bytes).map_err(|error| format!("it is not of the form expected: {error}"))?;
    if reply.data.len() != texts {
        return Err(format!("it holds {} vectors for {texts} texts", reply.data.len()));
    }
    let mut vectors: Vec<Option<Vec<f32>>> = vec![None; texts];
    let mut length = None;
    for (place, item) in reply.data.into_iter().enumerate() {
        let place = item.index.unwrap_or(place);
        let mut vector = numbers(item.embedding)?;
        if vector.is_empty() || vector.iter().any(|number| !number.is_finite()) {
            return Err(format!("its vector {place} is empty or holds what is no number"));
        }
        if *length.get_or_insert(vector.len()) != vector.len() {
            return Err("its vectors are of different lengths".to_owned());
        }
        normalize(&mut vector);
        match vectors.get_mut(place) {
            Some(empty @ None) => *empty = Some(vector),
            Some(Some(_)) => return Err(format!("it holds vector {place} twice")),
            None => return Err(format!("it holds vector {place} of {texts}")),
        }
    }
    let usage = Usage::tokens(reply.usage.map_or(0, |tokens| tokens.prompt_tokens), 0);
    Ok((vectors.into_iter().flatten().collect(), usage))
}

fn numbers(numbers: Numbers) -> Result<Vec<f32>, String> {
    match numbers {
        Numbers::Plain(vector) => Ok(vector),
        Numbers::Base64(text) => {
            let bytes = STANDARD.decode(text).map_err(|error| format!("a vector is no base64: {error}"))?;
            let (numbers, rest) = bytes.as_chunks::<4>();
            if !rest.is_empty() {
                return Err("a vector in base64 is cut off".to_owned());
            }
            Ok(numbers.iter().map(|number| f32::from_le_bytes(*number)).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_come_in_the_order_of_their_texts() {
        let reply = r#"{"object": "list", "data": [{"index": 1, "embedding": [0, 2]}, {"index": 0, "embedding": "AABAQAAAgEA="}],
            "usage": {"prompt_tokens": 7, "total_tokens": 7}}"#;
        let (vectors, usage) = read(reply.as_bytes(), 2).unwrap();
        assert_eq!(vectors, [[0.6, 0.8], [0.0, 1.0]]);
        assert_eq!(usage, Usage::tokens(7, 0));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (reply, texts, what) in [
            ("", 1, "not of the form"),
            ("{}", 1, "missing field `data`"),
            (r#"{"data": []}"#, 1, "0 vectors for 1"),
            (r#"{"data": [{"embedding": [1]}, {"embedding": [1]}]}"#, 1, "2 vectors for 1"),
            (r#"{"data": [{"embedding": []}]}"#, 1, "empty"),
            (r#"{"data": [{"embedding": [1e39]}]}"#, 1, "no number"),
            (r#"{"data": [{"embedding": [null]}]}"#, 1, "not of the form"),
            (r#"{"data": [{"embedding": "%"}]}"#, 1, "no base64"),
            (r#"{"data": [{"embedding": "AABA"}]}"#, 1, "cut off"),
            (r#"{"data": [{"embedding": [1]}, {"embedding": [1, 2]}]}"#, 2, "different lengths"),
            (r#"{"data": [{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [1]}]}"#, 2, "vector 0 twice"),
            (r#"{"data": [{"index": 9, "embedding": [1]}]}"#, 1, "vector 9 of 1"),
        ] {
            let error = read(reply.as_bytes(), texts).unwrap_err();
            assert!(error.contains(what), "{reply}: {error}");
        }
    }
}
