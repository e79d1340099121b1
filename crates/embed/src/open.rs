//! The embedder that a line of configuration names: `static:DIRECTORY`, `candle:DIRECTORY` or `http:URL#MODEL`.

use std::sync::Arc;

use ninefold_core::{Embedder, Error, ErrorKind, Result};

/// The environment variable with the key for an endpoint, which has no place in a line that others may see.
pub const KEY_VARIABLE: &str = "NINEFOLD_EMBEDDER_KEY";

/// Opens the embedder that `name` stands for: `static:DIRECTORY`, `candle:DIRECTORY`, or `http:URL#MODEL` with the
/// endpoint's address up to and with `/v1`. `key` is for endpoints. Models are read from their files, so this belongs on a
/// thread that may wait.
///
/// # Errors
/// `InvalidInput` for another name or one whose kind this build does not hold; what the embedder says of its files.
pub fn open(name: &str, key: Option<&str>) -> Result<Arc<dyn Embedder>> {
    let Some((kind, place)) = name.split_once(':').filter(|(_, place)| !place.is_empty()) else {
        return Err(unknown(name));
    };
    // An address may stand for itself.
    let place = if place.starts_with("//") { name } else { place };
    match kind {
        "static" => open_static(place),
        "candle" => open_candle(place),
        "http" | "https" => open_endpoint(place, key),
        _ => Err(unknown(name)),
    }
}

fn unknown(name: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, format!("{name:?} names no embedder"))
        .hint("write static:DIRECTORY, candle:DIRECTORY or http:URL#MODEL")
}

#[cfg(not(all(feature = "static", feature = "candle", feature = "http")))]
fn left_out(kind: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, format!("this build holds no embedders of the kind {kind}"))
        .hint(format!("build it with the feature embed-{kind}"))
}

#[cfg(feature = "static")]
fn open_static(place: &str) -> Result<Arc<dyn Embedder>> {
    Ok(Arc::new(crate::StaticModel::open(place)?))
}

#[cfg(not(feature = "static"))]
fn open_static(_: &str) -> Result<Arc<dyn Embedder>> {
    Err(left_out("static"))
}

#[cfg(feature = "candle")]
fn open_candle(place: &str) -> Result<Arc<dyn Embedder>> {
    Ok(Arc::new(crate::BertModel::open(place)?))
}

#[cfg(not(feature = "candle"))]
fn open_candle(_: &str) -> Result<Arc<dyn Embedder>> {
    Err(left_out("candle"))
}

#[cfg(feature = "http")]
fn open_endpoint(place: &str, key: Option<&str>) -> Result<Arc<dyn Embedder>> {
    let Some((url, model)) = place.rsplit_once('#').filter(|(url, model)| !url.is_empty() && !model.is_empty()) else {
        let what = "an endpoint is named without its model";
        return Err(Error::new(ErrorKind::InvalidInput, what).hint("write http:URL#MODEL"));
    };
    let endpoint = crate::Endpoint::new(url, model)?;
    Ok(Arc::new(match key {
        Some(key) => endpoint.key(key)?,
        None => endpoint,
    }))
}

#[cfg(not(feature = "http"))]
fn open_endpoint(_: &str, _: Option<&str>) -> Result<Arc<dyn Embedder>> {
    Err(left_out("http"))
}
