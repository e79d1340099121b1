//! The commands `search`, `stats` and `forget`.

use serde_json::Value;

use crate::room::Room;

fn indexed() -> Room {
    let room = Room::new();
    room.run(["index", "notes"]).expect(0);
    room
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_passage_is_shown_with_its_place_and_what_found_it() {
    let room = indexed();
    let found = room.run(["search", "When do the tulips bloom?"]).expect(0);
    let lines: Vec<&str> = found.out.lines().collect();
    assert!(lines[0].starts_with("notes/garden.md:") && lines[0].ends_with("  Garden"), "{found:#?}");
    assert_eq!(lines[1], "    The tulips bloom in April. The roses need water twice a week.");
    assert!(lines[2].starts_with("    score ") && lines[2].contains(", words "), "{found:#?}");
    assert!(found.err.contains("searched by words: no embedding model is configured"), "{found:#?}");
    let quiet = room.run(["search", "-q", "tulips"]).expect(0);
    assert_eq!((quiet.out.lines().count(), quiet.err.as_str()), (1, ""), "{quiet:#?}");
    let verbose = room.run(["search", "-v", "tulips"]).expect(0);
    assert!(verbose.out.contains("; markdown, "), "{verbose:#?}");
}

#[test]
fn quotes_and_operators_are_words_like_any_other() {
    let room = indexed();
    for text in ["\"tulips", "tulips\"", "\"tulips\" AND (", "tulips*", "title:tulips", "' OR 1=1; -- tulips"] {
        let found = room.run(["search", text]).expect(0);
        assert!(found.out.starts_with("notes/garden.md:"), "{text}: {found:#?}");
    }
    let found = room.run_with_input(&["search", "-"], b"tulips \"").expect(0);
    assert!(found.out.starts_with("notes/garden.md:"), "{found:#?}");
}

#[test]
fn what_is_not_there_is_not_found() {
    let room = indexed();
    let found = room.run(["search", "zeppelin"]).expect(1);
    assert_eq!(found.out, "");
    assert!(found.err.starts_with("note: nothing was found\n"), "{found:#?}");
    assert_eq!(room.run(["search", "  "]).expect(2).out, "");
    for arguments in [&["search"][..], &["search", "-n", "0", "x"], &["search", "--kind", "novel", "x"], &["forget"]] {
        room.run(arguments).expect(2);
    }
}

#[test]
fn filters_narrow_and_labels_hide() {
    let room = indexed();
    std::fs::create_dir(room.path("hr")).unwrap();
    room.write("hr/tulips.txt", "tulips for the office");
    room.run(["index", "--label", "hr", "hr"]).expect(0);
    let paths = |arguments: &[&str]| {
        let found = room.run([&["search", "--json", "tulips"], arguments].concat());
        let paths = json(&found.out)["passages"].as_array().unwrap().clone();
        let mut paths: Vec<String> =
            paths.iter().map(|p| p["path"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()).collect();
        paths.sort();
        paths
    };
    assert_eq!(paths(&[]), ["garden.md"]);
    assert_eq!(paths(&["--scope", "hr"]), ["garden.md", "tulips.txt"]);
    assert_eq!(paths(&["--scope", "hr", "--kind", "text"]), ["tulips.txt"]);
    assert_eq!(paths(&["--scope", "hr", "--within", "notes"]), ["garden.md"]);
    assert_eq!(paths(&["--scope", "hr", "--within", "gone"]), [] as [&str; 0]);
    assert_eq!(paths(&["--scope", "hr", "--limit", "1"]).len(), 1);
}

#[test]
fn for_programs_there_is_one_object() {
    let room = indexed();
    let found = room.run(["search", "--json", "tulips"]).expect(0);
    assert_eq!((found.out.lines().count(), found.err.as_str()), (1, ""), "{found:#?}");
    let found = json(&found.out);
    assert_eq!((found["matched"].as_u64(), found["vectors"].as_str()), (Some(1), Some("no_embedding")));
    let passage = &found["passages"][0];
    assert_eq!(passage["kind"], "markdown");
    assert!(
        passage["signals"]["lexical"].as_f64().unwrap() > 0.0 && passage["text"].as_str().unwrap().contains("April")
    );
}

#[cfg(unix)]
#[test]
fn hostile_names_and_texts_are_shown_harmlessly() {
    let room = Room::new();
    room.write("notes/a\u{1b}[2J\nfake.md:1\u{202e}.md", "# \u{1b}]0;title\u{7}\n\nneedle \u{1b}[31m <script>\u{9b}\n");
    room.run(["index", "notes"]).expect(0);
    for arguments in [&["search", "needle"][..], &["search", "-v", "needle"], &["forget", "--dry-run", "notes"]] {
        let shown = room.run(arguments).expect(0);
        assert!(shown.out.contains("fake.md"), "{shown:#?}");
        assert!(
            !shown.out.contains(|c: char| c.is_control() && c != '\n') && !shown.out.contains('\u{202e}'),
            "{shown:#?}"
        );
        assert!(!shown.out.lines().any(|line| line.trim_start().starts_with("fake")), "{shown:#?}");
    }
}

#[test]
fn stats_count_and_name_what_is_used() {
    let room = indexed();
    let empty = room.run(["stats"]).expect(0);
    assert!(
        empty.out.contains("\nfiles       2\n") && empty.out.contains("\nchunks      2 (2 markdown)\n"),
        "{empty:#?}"
    );
    assert!(
        empty.out.contains("\nembedded    none\nused        0\n") && !empty.out.contains("most used"),
        "{empty:#?}"
    );
    room.run(["ask", "When do the tulips bloom?"]).expect(0);
    let used = room.run(["stats"]).expect(0);
    assert!(
        used.out.contains("\nmost used\n  notes/garden.md:") && used.out.contains("once, activation "),
        "{used:#?}"
    );
    let used = json(&room.run(["stats", "--json"]).expect(0).out);
    assert_eq!((used["files"].as_u64(), used["contents"]["used"].as_u64()), (Some(2), Some(1)));
    assert_eq!(used["most_used"][0]["uses"], 1);
}

#[test]
fn paths_are_forgotten_whether_or_not_they_are_there() {
    let room = indexed();
    let dry = room.run(["forget", "--dry-run", "notes/garden.md"]).expect(0);
    assert_eq!(dry.out, "  notes/garden.md\nwould forget 1 file\n");
    room.run(["search", "tulips"]).expect(0);
    std::fs::remove_file(room.path("notes/garden.md")).unwrap();
    let gone = room.run(["forget", "notes/garden.md"]).expect(0);
    assert_eq!(gone.out, "  notes/garden.md\nforgot 1 file (1 chunk)\n");
    room.run(["search", "tulips"]).expect(1);
    room.run(["search", "boiler"]).expect(0);
    assert_eq!(room.run(["forget", "notes/garden.md"]).expect(0).out, "nothing to forget\n");
    let none = json(&room.run(["forget", "--json", "--unused-for", "90d"]).expect(0).out);
    assert_eq!((none["paths"].as_array().map(Vec::len), none["dry_run"].as_bool()), (Some(0), Some(false)));
}

#[test]
fn forgetting_a_folder_does_not_make_it_public() {
    let room = Room::new();
    room.run(["index", "--label", "hr", "notes"]).expect(0);
    room.run(["forget", "notes"]).expect(0);
    room.run(["index", "."]).expect(0);
    room.run(["search", "tulips"]).expect(1);
    room.run(["search", "--scope", "hr", "tulips"]).expect(0);
}

#[test]
fn patterns_are_counted_and_forgotten() {
    let room = indexed();
    let none = room.run(["stats"]).expect(0);
    assert!(none.out.contains("\npatterns    none\n"), "{none:#?}");
    assert_eq!(room.run(["forget", "--patterns"]).expect(0).out, "nothing to forget\n");
    room.learn(3);
    let some = room.run(["stats"]).expect(0);
    assert!(some.out.contains("\npatterns    3 (3 runs went well with them, 0 failed)\n"), "{some:#?}");
    assert_eq!(json(&room.run(["stats", "--json"]).expect(0).out)["learned"]["patterns"], 3);
    assert_eq!(room.run(["forget", "--patterns", "--dry-run"]).expect(0).out, "would forget 3 patterns\n");
    assert_eq!(room.run(["forget", "--patterns", "--unused-for", "90d"]).expect(0).out, "nothing to forget\n");
    let forgotten = json(&room.run(["forget", "--patterns", "--json"]).expect(0).out);
    assert_eq!((forgotten["patterns"].as_u64(), forgotten["dry_run"].as_bool()), (Some(3), Some(false)));
    assert!(room.run(["stats"]).expect(0).out.contains("\npatterns    none\n"));
    room.run(["search", "tulips"]).expect(0);
    room.run(["forget", "--patterns", "notes"]).expect(2);
}
