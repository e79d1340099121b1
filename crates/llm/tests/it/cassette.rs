//! Recorded calls.

use std::time::Duration;

use ninefold_core::{Delta, Error, ErrorKind, Model, ModelRequest, StopReason, Wire};
use ninefold_llm::{Cassette, Mode};
use ninefold_testkit::{ScriptedModel, SteppedModel};

use crate::run::{ask, cx, text, whole};

#[tokio::test]
async fn what_was_recorded_is_played_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("calls.json");
    let wire = Wire { provider: "p".into(), request_id: "r".into(), excerpt: "Bearer abcdef1234567890".into() };
    let error =
        Error::new(ErrorKind::RateLimited, "slow down").with_status(429).with_retry_after(Duration::from_secs(3));
    let inner = ScriptedModel::new().answer("phase", "a step").fail("fail", error.with_wire(wire));
    let recorder = Cassette::record(&path, inner);
    assert_eq!(recorder.mode(), Mode::Record);
    text(&recorder, "what is a phase?", &cx()).await.unwrap();
    text(&recorder, "fail", &cx()).await.unwrap_err();
    recorder.save().unwrap();

    let player = Cassette::replay(&path).unwrap();
    assert_eq!(
        (player.mode(), player.id().to_string().as_str(), player.unplayed()),
        (Mode::Replay, "scripted/model", 2)
    );
    for _ in 0..2 {
        assert_eq!(whole(&player, ask("what is a phase?"), &cx()).await.unwrap().usage.total(), 15);
    }
    let error = text(&player, "fail", &cx()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.status(), error.retry_after()),
        (ErrorKind::RateLimited, Some(429), Some(Duration::from_secs(3)))
    );
    assert_eq!(error.wire().unwrap().excerpt, "Bearer [redacted]");
    assert_eq!(player.unplayed(), 0);
}

#[tokio::test]
async fn a_request_that_was_not_recorded_says_where_it_differs() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("calls.json");
    let recorder = Cassette::record(&path, ScriptedModel::new().answer("", "ok"));
    let long = "a long question that begins with the same words and ends with";
    text(&recorder, &format!("{long} one"), &cx()).await.unwrap();
    whole(&recorder, ModelRequest { seed: Some(1), ..ModelRequest::new("other", "quite another") }, &cx())
        .await
        .unwrap();
    recorder.save().unwrap();
    let player = Cassette::replay(&path).unwrap();
    let request = ModelRequest { max_output_tokens: Some(9), ..ask(&format!("{long} two")) };
    let error = whole(&player, request, &cx()).await.unwrap_err();
    let expected = "; from call 1 of 2, the nearest, it differs in\n  request.max_output_tokens: recorded nothing, asked 9\n  \
                    request.messages[1].parts[0].text: recorded …\"words and ends with one\", asked …\"words and ends with two\"";
    assert!(error.message().ends_with(expected), "{error}");
    assert_eq!(error.kind(), ErrorKind::Permanent);
}

#[tokio::test]
async fn secrets_stay_out_even_when_they_come_in_pieces() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("calls.json");
    let pieces = ["the key is sk-abc", "def123456", "7890 so", " there"].map(|text| Delta::Text(text.into()));
    let inner = SteppedModel::deltas(pieces.into_iter().chain([Delta::End(StopReason::End)]));
    let recorder = Cassette::record(&path, inner);
    let asked = "use api_key=0123456789abcdef0 please";
    text(&recorder, asked, &cx()).await.unwrap();
    recorder.save().unwrap();
    let written = std::fs::read_to_string(&path).unwrap();
    for secret in ["sk-abc", "123456", "abcdef"] {
        assert!(!written.contains(secret), "{written}");
    }
    assert_eq!(text(&Cassette::replay(&path).unwrap(), asked, &cx()).await.unwrap(), "the key is [redacted] so there");
}

#[tokio::test]
async fn files_that_are_no_cassettes_say_so() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("calls.json");
    assert_eq!(Cassette::replay(&path).err().unwrap().kind(), ErrorKind::NotFound);
    for rubbish in ["", "{}", "[1]", "\0"] {
        std::fs::write(&path, rubbish).unwrap();
        assert_eq!(Cassette::replay(&path).err().unwrap().kind(), ErrorKind::Corrupt, "{rubbish:?}");
    }
    let nowhere = Cassette::record(directory.path().join("no/such/file"), ScriptedModel::new());
    assert_eq!(nowhere.save().unwrap_err().kind(), ErrorKind::Unavailable);
    let recorder = Cassette::record(&path, SteppedModel::deltas([Delta::Text("half".into())]));
    text(&recorder, "x", &cx()).await.unwrap_err();
    recorder.save().unwrap();
    let error = text(&Cassette::replay(&path).unwrap(), "x", &cx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "what broke off breaks off");
}
