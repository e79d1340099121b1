//! Names of embedders in configuration.

use ninefold_core::ErrorKind;

fn refused(name: &str) -> String {
    let error = ninefold_embed::open(name, None).err().unwrap_or_else(|| panic!("{name:?} is opened"));
    assert!(matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::NotFound), "{error}");
    error.to_string()
}

#[test]
fn a_name_that_says_nothing_gets_an_answer_that_does() {
    for name in ["", "static", "static:", "candle:", ":", "onnx:model", "http:"] {
        assert!(refused(name).contains("static:DIRECTORY, candle:DIRECTORY or http:URL#MODEL"), "{name}");
    }
}

#[test]
fn what_is_not_built_in_is_named() {
    let kinds = [
        ("static:model", "embed-static", cfg!(feature = "static")),
        ("candle:model", "embed-candle", cfg!(feature = "candle")),
        ("http://localhost/v1#model", "embed-http", cfg!(feature = "http")),
    ];
    for (name, feature, built_in) in kinds {
        let refused =
            ninefold_embed::open(name, None).err().map(|error| error.hint_text().unwrap_or_default().to_owned());
        let names_it = refused.is_some_and(|hint| hint.contains(feature));
        assert_eq!(names_it, !built_in, "{name}");
    }
}

#[cfg(all(feature = "static", feature = "candle"))]
#[test]
fn a_missing_file_is_named_with_where_it_comes_from() {
    let empty = tempfile::tempdir().unwrap();
    for kind in ["static", "candle"] {
        let said = refused(&format!("{kind}:{}", empty.path().display()));
        assert!(
            said.contains("has no file") && said.contains("huggingface.co") && said.contains("nothing is downloaded"),
            "{said}"
        );
        refused(&format!("{kind}:{}", empty.path().join("none").display()));
    }
}

#[cfg(feature = "http")]
#[test]
fn an_endpoint_needs_an_address_and_a_model() {
    for name in [
        "http:http://localhost/v1",
        "http:http://localhost/v1#",
        "http:#model",
        "http:nonsense#model",
        "http:file:///tmp#model",
    ] {
        refused(name);
    }
    let named = |name: &str| ninefold_embed::open(name, Some("key")).unwrap().model().to_string();
    assert_eq!(named("http:http://localhost:1234/v1#model"), "localhost:1234/model");
    assert_eq!(named("http://localhost/v1#model"), "localhost/model");
}
