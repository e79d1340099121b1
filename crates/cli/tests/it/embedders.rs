//! Embedders on the command line.

use crate::room::Room;

#[test]
fn an_embedder_that_is_none_is_refused_before_anything_is_done() {
    let room = Room::new();
    for command in [&["index", "notes"][..], &["ask", "--index", "notes", "How?"], &["search", "boiler"]] {
        let refused = room.run([command, &["--embedder", "on\u{1b}nx:model"]].concat()).expect(2);
        assert!(refused.err.contains("static:DIRECTORY, candle:DIRECTORY or http:URL#MODEL"), "{refused:#?}");
        assert!(!refused.err.contains('\u{1b}') && refused.out.is_empty(), "{refused:#?}");
    }
    let missing = room.run(["index", "notes", "--embedder", "static:nowhere"]).expect(2);
    let why = if cfg!(feature = "embed-static") { "nothing is downloaded unasked" } else { "the feature embed-static" };
    assert!(missing.err.contains(why), "{missing:#?}");
}

#[test]
fn a_search_without_one_says_so() {
    let room = Room::new();
    room.run(["index", "notes"]).expect(0);
    let found = room.run(["search", "boiler"]).expect(0);
    assert!(found.err.contains("no embedding model is configured"), "{found:#?}");
}

#[cfg(feature = "embed-http")]
mod served {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{TcpListener, TcpStream};

    use serde_json::{Value, json};

    use crate::room::Room;

    /// The body of a request.
    fn read(stream: &TcpStream) -> Value {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    /// To this server a furnace is a boiler, and nothing else is like anything.
    fn answer(mut stream: TcpStream) {
        let body = read(&stream);
        let texts = body["input"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_lowercase());
        let warm = |text: &String| text.contains("boiler") || text.contains("furnace");
        let vector = |text: String| if warm(&text) { json!([1.0, 0.1]) } else { json!([0.1, 1.0]) };
        let data: Vec<Value> =
            texts.enumerate().map(|(n, text)| json!({"index": n, "embedding": vector(text)})).collect();
        let reply = json!({"data": data, "usage": {"prompt_tokens": 1}}).to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            reply.len()
        );
        stream.write_all((head + &reply).as_bytes()).unwrap();
    }

    fn server() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || listener.incoming().flatten().for_each(answer));
        format!("http:http://{address}/v1#small")
    }

    #[test]
    fn what_shares_no_word_is_found() {
        let (room, embedder) = (Room::new(), server());
        room.run(["index", "notes", "--embedder", &embedder]).expect(0);
        let found = room.run(["search", "furnace", "--embedder", &embedder]).expect(0);
        assert!(found.out.contains("notes/boiler.md") && !found.err.contains("by words"), "{found:#?}");
        // Remembered nowhere.
        room.run(["search", "furnace"]).expect(1);
    }

    #[test]
    fn what_was_indexed_before_is_embedded_by_the_next_index() {
        let (room, embedder) = (Room::new(), server());
        room.run(["index", "notes"]).expect(0);
        let asked = room.run(["ask", "When do the tulips bloom?", "--embedder", &embedder]).expect(0);
        assert!(asked.out.contains("nothing that this run may see is embedded"), "{asked:#?}");
        room.run(["index", "notes", "--embedder", &embedder]).expect(0);
        let found = room.run(["search", "furnace", "--embedder", &embedder]).expect(0);
        assert!(found.out.contains("notes/boiler.md"), "{found:#?}");
        assert!(!found.err.contains("no embedding"), "{found:#?}");
    }

    #[test]
    fn what_has_no_embedding_is_counted() {
        let (room, embedder) = (Room::new(), server());
        room.run(["index", "notes/boiler.md", "--embedder", &embedder]).expect(0);
        room.run(["index", "notes/garden.md"]).expect(0);
        let note = "1 chunk has no embedding and is found by words only";
        for command in [&["search", "furnace"][..], &["ask", "How is the furnace restarted?"]] {
            let told = room.run([command, &["--embedder", &embedder]].concat()).expect(0);
            assert!(told.err.contains(note), "{told:#?}");
            let quiet = room.run([command, &["--embedder", &embedder, "--quiet"]].concat()).expect(0);
            assert!(!quiet.err.contains(note), "{quiet:#?}");
            let without = room.run([command, &[]].concat());
            assert!(!without.err.contains(note), "{without:#?}");
        }
    }

    #[test]
    fn a_key_that_is_refused_is_no_fault_of_the_texts() {
        let room = Room::new();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let embedder = format!("http:http://{}/v1#small", listener.local_addr().unwrap());
        std::thread::spawn(move || listener.incoming().flatten().for_each(refuse));
        let indexed = room.run(["index", "notes", "--embedder", &embedder]).expect(0);
        assert!(
            indexed.err.contains("could not be embedded") && indexed.err.contains("whatever the text"),
            "{indexed:#?}"
        );
        assert!(indexed.err.contains("Invalid proxy server token"), "{indexed:#?}");
    }

    /// As `LiteLLM` says that a key is wrong.
    fn refuse(mut stream: TcpStream) {
        read(&stream);
        let reply = json!({"error": {"message": "Invalid proxy server token"}}).to_string();
        let head = format!(
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            reply.len()
        );
        stream.write_all((head + &reply).as_bytes()).unwrap();
    }

    #[test]
    fn files_are_indexed_and_questions_answered_while_the_server_is_down() {
        let room = Room::new();
        let nobody = "http:http://me:hunter2@127.0.0.1:9/v1#small";
        let indexed = room.run(["index", "notes", "--embedder", nobody]).expect(0);
        assert!(indexed.out.starts_with("indexed 2 of 2 files"), "{indexed:#?}");
        assert!(
            indexed.err.contains("found by words only") && indexed.err.contains("cannot be reached"),
            "{indexed:#?}"
        );
        assert!(!indexed.err.contains("hunter2"), "{indexed:#?}");
        let asked = room.run(["ask", "How is the boiler restarted?", "--embedder", nobody]).expect(0);
        assert!(asked.out.contains("green button") && asked.out.contains("could not be embedded"), "{asked:#?}");
    }
}
