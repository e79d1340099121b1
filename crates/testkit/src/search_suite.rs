//! What searches must find, in what order, and what they must not give away.

use std::future::Future;

use ninefold_core::{Labels, Scope, Search, Store};

use crate::store_suite::{document, found, public};

/// Runs every requirement on searches.
pub(crate) async fn run<S: Store, F: Future<Output = S>>(open: &impl Fn() -> F) {
    the_better_passage_comes_first(&open().await).await;
    terms_come_heaviest_first(&open().await).await;
    text_without_terms_finds_nothing(&open().await).await;
    no_text_is_an_operator_or_an_error(&open().await).await;
    every_script_is_found(&open().await).await;
    a_search_stays_within_its_paths(&open().await).await;
    what_is_out_of_scope_leaves_no_trace(&open().await).await;
    common_terms_find_nothing_beside_rare_ones(&open().await).await;
    limits_are_kept(&open().await).await;
}

async fn the_better_passage_comes_first<S: Store>(store: &S) {
    let filler = "Some other sentence stands here so that the passage has an ordinary length.";
    let chunks = [
        ("journal.md", "Resume", format!("A run that was killed resumes from its journal. {filler}")),
        ("kill.md", "", format!("killed killed killed killed killed killed killed killed. {filler}")),
        ("titled.md", "How a process is killed", format!("{filler} {filler}")),
        ("once.md", "", format!("It was killed. {filler}")),
        ("long.md", "", format!("It was killed. {}", filler.repeat(6))),
        ("other.md", "", filler.to_owned()),
    ];
    for (path, title, text) in &chunks {
        store.put(vec![document(path, &Labels::none(), &[(title, text)])]).await.expect("put");
    }
    let order = |search: Search| async move {
        let evidence = store.search(&search).await.expect("search");
        let scores: Vec<f32> = evidence.passages.iter().map(|passage| passage.score).collect();
        assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
        assert_eq!(evidence.matched, evidence.passages.len() as u64);
        evidence.passages.iter().map(|passage| passage.chunk.path.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(
        order(Search::new("How does a run resume after its process was killed?")).await,
        ["journal.md", "titled.md", "kill.md", "once.md", "long.md"],
        "coverage first, then titles, repetition and shortness"
    );
    assert_eq!(order(Search::new("killing")).await.len(), 5, "word forms are found");
    assert_eq!(order(Search::new("once md")).await[0], "once.md", "a file is found by its name");
    assert!(order(Search::new("zebra")).await.is_empty());
}

async fn terms_come_heaviest_first<S: Store>(store: &S) {
    let texts = ["common rare", "common second", "common second", "common"];
    for (n, text) in texts.iter().enumerate() {
        store.put(vec![public(&format!("/{n}"), &[text])]).await.expect("put");
    }
    let evidence = store.search(&Search::new("common absent second rare common")).await.expect("search");
    let terms: Vec<&str> = evidence.terms.iter().map(|weighted| weighted.term.as_str()).collect();
    assert_eq!(terms, ["rare", "second", "common", "absent"]);
    let weights: Vec<f32> = evidence.terms.iter().map(|weighted| weighted.weight).collect();
    assert!(weights[0] > weights[1] && weights[1] > weights[2] && weights[2] > 0.0, "{weights:?}");
    assert_eq!(weights[3], 0.0, "a term that no chunk holds weighs nothing");
    assert_eq!(evidence.matched, 4);
}

async fn text_without_terms_finds_nothing<S: Store>(store: &S) {
    store.put(vec![public("/a", &["words"])]).await.expect("put");
    for text in ["", "   ", "\"'()*:^", "\0\0", "-- ; ...", "\u{200b}\u{202e}"] {
        let evidence = store.search(&Search::new(text)).await.expect("search");
        assert_eq!(evidence, ninefold_core::Evidence::default(), "{text:?}");
    }
}

async fn no_text_is_an_operator_or_an_error<S: Store>(store: &S) {
    store.put(vec![public("/a", &["near the needle"]), public("/b", &["not a column"])]).await.expect("put");
    let hostile = [
        "needle AND column",
        "needle NOT column",
        "NOT NOT needle OR",
        "NEAR(needle column, 2)",
        "needle*",
        "^needle",
        "body:needle",
        "{title body}: needle",
        "- body : needle",
        "\"needle",
        "needle\"\"\"",
        "'needle'); DROP TABLE chunks; --",
        "needle + column",
        "(((((needle",
        "needle)))))",
        "needle\0column",
        "needle % _ \\ ?1 :name @x $y",
        "\u{202e}needle\u{feff}",
        "👩‍👩‍👧 needle",
    ];
    for text in hostile {
        let found = found(store, &Search::new(text)).await;
        assert!(found.iter().any(|text| text == "near the needle"), "{text:?} finds {found:?}");
    }
    let found_two = found(store, &Search::new("needle NOT column")).await;
    assert_eq!(found_two.len(), 2, "an operator's name is a word like any other");
    let long = format!("needle {}", "wörd \"x* ".repeat(100_000));
    assert!(long.len() > 1_000_000);
    assert_eq!(found(store, &Search::new(&long)).await, ["near the needle"], "a text of a megabyte");
    let many: String = (0..200_000).fold("needle".to_owned(), |text, n| text + " w" + &n.to_string());
    assert_eq!(found(store, &Search::new(&many)).await, ["near the needle"], "two hundred thousand distinct words");
    let nested = format!("{}needle{}", "(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(found(store, &Search::new(&nested)).await, ["near the needle"]);
    assert_eq!(store.sources("").await.expect("sources").len(), 2, "nothing was dropped");
}

async fn every_script_is_found<S: Store>(store: &S) {
    let texts = [
        ("检索 记忆", "记忆系统"),
        ("שלום", "ברכת שלום לכולם"),
        ("مرحبا", "مرحبا بالعالم"),
        ("🚀", "we ship 🚀 today"),
        ("cafe", "Le Café est ouvert"),
        ("ЗЕЛЁНЫЙ", "зелёный дом"),
        ("한국어", "한국어 문장"),
        ("ไทย", "ภาษาไทย"),
        ("http request", "parseHTTPRequest2"),
        ("नमस्ते", "नमस्ते दुनिया"),
    ];
    for (n, (_, text)) in texts.iter().enumerate() {
        store.put(vec![public(&format!("/{n}"), &[text])]).await.expect("put");
    }
    for (query, text) in texts {
        assert_eq!(found(store, &Search::new(query)).await, [text], "{query}");
    }
}

async fn a_search_stays_within_its_paths<S: Store>(store: &S) {
    for path in ["/src/a", "/src/b/c", "/srcs/d", "/doc_1/e", "/docX1/f", "/100%/g"] {
        store.put(vec![public(path, &["needle"])]).await.expect("put");
    }
    let within = |paths: &[&str]| Search {
        within: paths.iter().map(|path| (*path).to_owned()).collect(),
        ..Search::new("needle")
    };
    for (paths, expected) in [
        (vec!["/src"], vec!["/src/a", "/src/b/c"]),
        (vec!["/src/"], vec!["/src/a", "/src/b/c"]),
        (vec!["/src/a"], vec!["/src/a"]),
        (vec!["/doc_1", "/src/b", "/doc_1/e"], vec!["/doc_1/e", "/src/b/c"]),
        (vec!["/100%"], vec!["/100%/g"]),
        (vec!["/nowhere"], vec![]),
        (vec!["%", "_", "/doc%", "' OR 1=1"], vec![]),
    ] {
        let evidence = store.search(&within(&paths)).await.expect("search");
        let got: Vec<&str> = evidence.passages.iter().map(|passage| passage.chunk.path.as_str()).collect();
        assert_eq!(got, expected, "within {paths:?}");
        assert_eq!(evidence.matched, expected.len() as u64);
    }
}

async fn what_is_out_of_scope_leaves_no_trace<S: Store>(store: &S) {
    let hr = Labels::of(["hr"]);
    store.put(vec![public("/p/1", &["salary bands are public"]), public("/p/2", &["bands play"])]).await.expect("put");
    let ask = |text: &str, scope: Scope| Search { scope, limit: 50, ..Search::new(text) };
    let questions = ["salary bands", "merger", "salary merger bands play"];
    let mut before = Vec::new();
    for question in questions {
        before.push(store.search(&ask(question, Scope::of(["eu"]))).await.expect("search"));
    }
    for n in 0..20 {
        let text = format!("salary merger secret {n}");
        store.put(vec![document(&format!("/hr/{n}"), &hr, &[("merger", &text)])]).await.expect("put");
    }
    for (question, before) in questions.into_iter().zip(before) {
        let after = store.search(&ask(question, Scope::of(["eu"]))).await.expect("search");
        assert_eq!(after, before, "scores, weights and counts do not tell what was added out of scope");
    }
    let evidence = store.search(&ask("merger", Scope::public())).await.expect("search");
    assert_eq!((evidence.matched, evidence.passages.len()), (0, 0));
    assert_eq!(evidence.terms[0].weight, 0.0);
    let evidence = store.search(&ask("merger", Scope::of(["hr"]))).await.expect("search");
    assert_eq!((evidence.matched, evidence.passages.len()), (20, 20));
    let mut inside = ask("merger", Scope::public());
    inside.within = vec!["/hr".to_owned()];
    assert!(found(store, &inside).await.is_empty(), "a path filter opens nothing");
}

async fn common_terms_find_nothing_beside_rare_ones<S: Store>(store: &S) {
    let texts: Vec<String> = (0..2_100).map(|n| format!("shared filler number{n}")).collect();
    let batches: Vec<_> = texts
        .chunks(70)
        .enumerate()
        .map(|(n, texts)| public(&format!("/{n}"), &texts.iter().map(String::as_str).collect::<Vec<_>>()))
        .collect();
    store.put(batches).await.expect("put");
    store.put(vec![public("/rare", &["shared needle", "a needle alone"])]).await.expect("put");
    let evidence = store.search(&Search::new("shared needle")).await.expect("search");
    assert_eq!(evidence.matched, 2, "in a large store a common term finds nothing beside a rare one");
    assert_eq!(evidence.passages[0].chunk.text, "shared needle", "but it counts");
    let evidence = store.search(&Search::new("shared filler")).await.expect("search");
    assert_eq!(evidence.matched, 2_101, "common terms alone find what they can");
    assert_eq!(evidence.passages.len(), 10);
}

async fn limits_are_kept<S: Store>(store: &S) {
    let texts: Vec<String> = (0..30).map(|n| format!("needle {n}")).collect();
    store.put(vec![public("/a", &texts.iter().map(String::as_str).collect::<Vec<_>>())]).await.expect("put");
    for limit in [0, 1, 29, 30, 31, usize::MAX] {
        let evidence = store.search(&Search { limit, ..Search::new("needle") }).await.expect("search");
        assert_eq!(evidence.passages.len(), limit.min(30));
        assert_eq!(evidence.matched, 30);
    }
    let evidence = store.search(&Search::new("needle")).await.expect("search");
    let lines: Vec<u32> = evidence.passages.iter().map(|passage| passage.chunk.lines.first).collect();
    assert!(lines.is_sorted(), "equal scores of one file go by line: {lines:?}");
}
