//! A call is one span that says what it used and not what was said.

use std::fmt;
use std::sync::{Arc, Mutex};

use ninefold_core::{Embedder, Error, ErrorKind, Purpose};
use ninefold_embed::Observed;
use ninefold_testkit::ScriptedEmbedder;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Writes down every field of every span.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Visit for Notes {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.lock().unwrap().push(format!("{}={value:?}", field.name()));
    }
}

impl Subscriber for Notes {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.0.lock().unwrap().push(span.metadata().name().to_owned());
        span.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

async fn noted(embedder: &ScriptedEmbedder) -> Vec<String> {
    struct Lent<'a>(&'a ScriptedEmbedder);
    #[async_trait::async_trait]
    impl Embedder for Lent<'_> {
        fn model(&self) -> &ninefold_core::ModelId {
            self.0.model()
        }
        async fn embed(&self, texts: &[String], purpose: Purpose) -> ninefold_core::Result<ninefold_core::Embedded> {
            self.0.embed(texts, purpose).await
        }
    }
    let notes = Notes::default();
    let _here = tracing::subscriber::set_default(notes.clone());
    let texts = ["a secret text".to_owned(), "another".to_owned()];
    let _outcome = Observed::new(Lent(embedder)).embed(&texts, Purpose::Query).await;
    let noted = notes.0.lock().unwrap().clone();
    assert!(!noted.iter().any(|note| note.contains("secret")), "{noted:?}");
    noted
}

#[tokio::test]
async fn what_was_used_is_on_the_span() {
    let noted = noted(&ScriptedEmbedder::new()).await;
    for note in [
        "embeddings",
        "gen_ai.operation.name=\"embeddings\"",
        "gen_ai.provider.name=\"scripted\"",
        "gen_ai.request.model=\"embedder\"",
        "gen_ai.usage.input_tokens=4",
        "gen_ai.embeddings.dimension.count=64",
    ] {
        assert!(noted.iter().any(|noted| noted == note), "{note}: {noted:?}");
    }
    assert!(!noted.iter().any(|note| note.starts_with("outcome")), "{noted:?}");
}

#[tokio::test]
async fn a_failure_is_on_the_span() {
    let embedder = ScriptedEmbedder::new();
    embedder.fail(Some(Error::new(ErrorKind::Transient, "the model is down")));
    let noted = noted(&embedder).await;
    assert!(noted.contains(&"outcome=\"failed\"".to_owned()), "{noted:?}");
    assert!(noted.contains(&"error.type=\"transient\"".to_owned()), "{noted:?}");
}
