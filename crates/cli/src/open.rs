//! The pipeline that a command works with: the database and the embedder it is told of.

use std::sync::Arc;

use ninefold::{Embedder, Error, ErrorKind, Model, Result, Soar, embed};
use tokio::task::spawn_blocking;

use crate::args::Everywhere;
use crate::live::Live;
use crate::paths;
use crate::progress::Progress;

/// Opens the database, with the embedder if one is named.
pub(crate) async fn soar(everywhere: &Everywhere) -> Result<Soar> {
    answering(everywhere, None, None).await
}

/// The same, with a model that helps and somebody who sees what it writes.
pub(crate) async fn answering(
    everywhere: &Everywhere,
    model: Option<Arc<dyn Model>>,
    live: Option<Live>,
) -> Result<Soar> {
    let mut builder = Soar::builder().database(paths::database(everywhere.db.as_deref())?);
    if let Some(model) = model {
        builder = builder.model(model);
    }
    if let Some(live) = live {
        builder = builder.on_text(move |text| live.hear(text));
    }
    match embedder(everywhere).await? {
        Some(embedder) => builder.embedder(embedder).build().await,
        None => builder.build().await,
    }
}

/// The model of this name. When it cannot be had for want of a key or an address, the reason instead: the answer is made
/// without it then.
///
/// # Errors
/// `InvalidInput` for what names no model.
pub(crate) async fn model(name: Option<&str>) -> Result<(Option<Arc<dyn Model>>, Option<Error>)> {
    let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned) else {
        return Ok((None, None));
    };
    // The certificates of the system are read.
    let opened = spawn_blocking(move || open_model(&name)).await;
    match opened.unwrap_or_else(|error| Err(Error::new(ErrorKind::Panicked, "no model can be opened").caused_by(error)))
    {
        Ok(model) => Ok((Some(model), None)),
        Err(error) if error.kind() == ErrorKind::Unavailable => Ok((None, Some(error))),
        Err(error) => Err(error),
    }
}

#[cfg(feature = "llm-http")]
fn open_model(name: &str) -> Result<Arc<dyn Model>> {
    ninefold::open_model(name)
}

#[cfg(not(feature = "llm-http"))]
fn open_model(_: &str) -> Result<Arc<dyn Model>> {
    Err(Error::new(ErrorKind::InvalidInput, "this build speaks to no models")
        .hint("build it with the feature llm-https, or leave --model and NINEFOLD_MODEL out"))
}

/// The name of the embedder, if one is configured.
pub(crate) fn embedder_name(everywhere: &Everywhere) -> Option<&str> {
    everywhere.embedder.as_deref().filter(|name| !name.is_empty())
}

/// The embedder, if one is configured. Nothing is downloaded, and no server is asked.
pub(crate) async fn embedder(everywhere: &Everywhere) -> Result<Option<Arc<dyn Embedder>>> {
    let Some(name) = embedder_name(everywhere).map(str::to_owned) else { return Ok(None) };
    let key = std::env::var(embed::KEY_VARIABLE).ok();
    // Reading a model takes a while.
    let opened = spawn_blocking(move || embed::open(&name, key.as_deref())).await;
    opened
        .unwrap_or_else(|error| Err(Error::new(ErrorKind::Panicked, "the model could not be read").caused_by(error)))
        .map(Some)
}

/// Embeds what has no embedding yet, with its progress on a terminal; what is to be said of it.
pub(crate) async fn backfill(soar: &Soar, quiet: bool) -> Result<String> {
    let missing = soar.unembedded().await?;
    if missing == 0 {
        return Ok(String::new());
    }
    let progress = Progress::of_embedding(missing, quiet);
    let done = soar.backfill(|done| progress.at(done)).await;
    drop(progress);
    Ok(match done {
        Ok(done) if done.refused > 0 => {
            let why = soar.embedder_trouble().map_or_else(String::new, |error| format!(": {error}"));
            let chunks =
                if done.refused == 1 { "1 chunk is".to_owned() } else { format!("{} chunks are", done.refused) };
            format!("note: {chunks} found by words only, because the embedder refuses to embed them{why}\n")
        }
        Ok(_) => String::new(),
        Err(error) => {
            format!("note: some chunks are found by words only, because they could not be embedded: {error}\n")
        }
    })
}

/// What is to be said of chunks without an embedding, after a search by meaning; nothing when there are none.
pub(crate) async fn missing(soar: &Soar) -> Result<Option<String>> {
    let chunks = match soar.unembedded().await? {
        0 => return Ok(None),
        1 => "1 chunk has no embedding and is".to_owned(),
        n => format!("{n} chunks have no embedding and are"),
    };
    Ok(Some(format!("{chunks} found by words only; index with the same embedder to embed what is missing")))
}
