//! Dialogues through the facade: their account, their stream, who knows and who understands.

use std::sync::Arc;
use std::time::Duration;

use ninefold::core::span::name;
use ninefold::dialogue::{Asked, Call, Definition, Input};
use ninefold::profile::Statistics;
use ninefold::{Budget, Degradation, Dialogue, DialogueBuilder, ErrorKind, Event, OverBudget, Scope, Soar};
use ninefold_testkit::ScriptedModel;
use serde_json::{Value, json};

const NOTES: &str = "
actions:
  keep:
    description: Keeps a note
    inputs: {topic: text}
    outputs: {number: integer}
    timeout: 10s
flows:
  note:
    description: Note what the user wants to remember
    triggers: [make a note, remember something]
    slots:
      topic: {type: text, description: what is noted, prompt: What shall I note?}
      number: {type: integer, internal: true}
    steps:
      - collect: topic
      - say: One moment.
      - action: keep
      - say: That is note {{ number }}.
  weather:
    description: Tell the weather
    triggers: [what will the weather be]
    steps:
      - say: Sunny.
";

fn builder() -> DialogueBuilder {
    Dialogue::builder(Definition::from_yaml("notes.yml", NOTES))
        .action("keep", |_: Value, call: Call| async move { Ok(json!({ "number": call.turn })) })
}

const PHASES: [&str; 10] =
    ["normalize", "assess", "retrieve", "decompose", "verify", "route", "collect", "synthesize", "record", "respond"];

#[tokio::test]
async fn a_turn_has_its_account_phase_by_phase() {
    let statistics = Arc::new(Statistics::new());
    let dialogue = builder().statistics(Arc::clone(&statistics)).build().await.unwrap();
    dialogue.turn("anna", "make a note").await.unwrap();
    let reply = dialogue.turn("anna", "milk").await.unwrap();
    assert!(reply.text().starts_with("One moment.\nThat is note 2."), "{reply}");
    let breakdown = reply.profile.breakdown();
    for phase in PHASES {
        assert_eq!(breakdown.row(phase).unwrap().count, 1, "{phase}");
    }
    let tree = reply.profile.tree();
    assert!(tree.nodes().iter().any(|node| node.name == name::AGENT && node.title().contains("keep")));
    assert_eq!(statistics.snapshot().runs(), 2);
}

#[tokio::test]
async fn a_stream_tells_phases_and_texts_when_they_are_and_the_reply_last() {
    let dialogue = builder().build().await.unwrap();
    dialogue.turn("anna", "make a note").await.unwrap();
    let mut events = dialogue.stream("anna", "milk");
    let (mut begun, mut told) = (Vec::new(), Vec::new());
    let reply = loop {
        match events.next().await.unwrap().unwrap() {
            Event::PhaseStarted { phase } => {
                begun.push(phase.to_string());
                told.push(phase.to_string());
            }
            Event::Text(text) => told.push(text),
            Event::Answered(reply) => break reply,
            _ => {}
        }
    };
    assert!(events.next().await.is_none());
    assert_eq!(begun, PHASES);
    let at = |what: &str| told.iter().position(|told| told == what).unwrap();
    assert!(at("collect") < at("One moment.") && at("That is note 2.") < at("record"), "{told:?}");
    assert!(reply.profile.is_available());
    let said: Vec<&str> = reply.said.iter().map(|said| said.text.as_str()).collect();
    let texts: Vec<&str> = told.iter().map(String::as_str).filter(|told| !PHASES.contains(told)).collect();
    assert_eq!(said, texts, "what was told is what was said");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_stream_stops_its_turn_and_the_session_stands_where_it_stood() {
    let (sent, mut running) = tokio::sync::mpsc::unbounded_channel::<(String, Arc<()>)>();
    let dialogue = Dialogue::builder(Definition::from_yaml("notes.yml", NOTES))
        .action("keep", move |_: Value, call: Call| {
            let (sent, guard) = (sent.clone(), Arc::new(()));
            async move {
                sent.send((call.key, Arc::clone(&guard))).unwrap();
                tokio::time::sleep(Duration::from_secs(1)).await;
                drop(guard);
                Ok(json!({ "number": 1 }))
            }
        })
        .build()
        .await
        .unwrap();
    dialogue.turn("anna", "make a note").await.unwrap();
    let mut events = dialogue.stream("anna", "milk");
    let (key, guard) = loop {
        tokio::select! {
            biased;
            _ = events.next() => {}
            begun = running.recv() => break begun.unwrap(),
        }
    };
    assert_eq!(Arc::strong_count(&guard), 2);
    drop(events);
    assert_eq!(Arc::strong_count(&guard), 1, "the action is gone");
    let reply = dialogue.turn("anna", "milk").await.unwrap();
    assert_eq!(reply.turn, 2);
    assert_eq!(running.recv().await.unwrap().0, key, "taken again, it has the same key");
}

#[tokio::test]
async fn a_turn_that_fails_has_an_account_too() {
    let dialogue = builder().deadline(Duration::ZERO).build().await.unwrap();
    let failure = dialogue.turn("anna", "make a note").await.unwrap_err();
    assert_eq!(failure.error.kind(), ErrorKind::DeadlineExceeded);
    assert!(failure.profile.is_available());
}

#[tokio::test]
async fn silence_is_a_turn() {
    let dialogue = builder().build().await.unwrap();
    dialogue.turn("anna", "make a note").await.unwrap();
    let reply = dialogue.silence("anna").await.unwrap();
    assert_eq!((reply.turn, reply.asked.clone()), (2, Some(Asked::Slot("topic".into()))), "{reply}");
    assert!(dialogue.inspect("anna", 2).await.unwrap().unwrap().heard.is_none());
}

#[tokio::test]
async fn an_open_question_is_answered_by_soar_within_the_account_of_the_turn() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hall.md"), "The library in Elm Street opens at nine.\n").unwrap();
    let soar = Soar::builder().index(folder.path()).build().await.unwrap();
    let question = ninefold::dialogue::Command::Knowledge { question: "When does the library open?".into() };
    let unknown = ninefold::dialogue::Command::Knowledge { question: "Who invented xylophones?".into() };
    let script = ninefold::dialogue::understand::Scripted::new()
        .on("When does the library open?", [question])
        .on("Who invented xylophones?", [unknown]);
    let dialogue = builder().understand(Arc::new(script)).knowledge(soar).build().await.unwrap();
    let reply = dialogue.turn("anna", "When does the library open?").await.unwrap();
    assert!(reply.text().contains("opens at nine"), "{reply}");
    let runs = reply.profile.tree().nodes().iter().filter(|node| node.name == name::RUN).count();
    assert_eq!(runs, 2, "the run of the pipeline stands in the turn's");
    let places: Vec<_> = reply.sources.iter().flat_map(|sources| &sources.citations).collect();
    assert!(places.len() == 1 && places[0].path.ends_with("hall.md"), "{places:?}");
    let extractive = |all: &[Degradation]| all.contains(&Degradation::Extractive);
    assert!(extractive(&reply.degradations), "{:?}", reply.degradations);
    let turn = dialogue.inspect("anna", 1).await.unwrap().unwrap();
    assert!((&turn.sources, &turn.degradations) == (&reply.sources, &reply.degradations));
    assert!(turn.to_string().contains("hall.md:1") && turn.to_string().contains("no model is configured"), "{turn}");
    let reply = dialogue.turn("anna", "Who invented xylophones?").await.unwrap();
    assert!(reply.text().contains("I don't know the answer to that."), "{reply}");
    assert!(reply.sources.is_empty() && reply.degradations.contains(&Degradation::NoEvidence), "{reply:?}");
}

#[tokio::test]
async fn knowledge_is_what_the_turn_may_see() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hall.md"), "The library in Elm Street opens at nine.\n").unwrap();
    let soar = Soar::builder().build().await.unwrap();
    soar.index(&[ninefold::store::Root::labelled(folder.path(), ninefold::core::Labels::of(["staff"]))]).await.unwrap();
    let message = "When does the library open?";
    let question = ninefold::dialogue::Command::Knowledge { question: message.into() };
    let script = ninefold::dialogue::understand::Scripted::new().on(message, [question]);
    let dialogue = builder().understand(Arc::new(script)).knowledge(soar).build().await.unwrap();
    let reply = dialogue.turn("anna", message).await.unwrap();
    assert!(!reply.text().contains("nine") && reply.sources.is_empty(), "{reply}");
    let reply = dialogue.take("anna", Input::message(message).scope(Scope::of(["staff"]))).await.unwrap();
    assert!(reply.text().contains("opens at nine"), "{reply}");
}

#[tokio::test]
async fn a_turn_spends_no_more_than_its_budget() {
    let model = Arc::new(ScriptedModel::new().answer("", "start note\nset topic \"dairy\""));
    let dialogue = builder().model(Arc::clone(&model)).build().await.unwrap();
    let odd = "my fridge is so empty of dairy that somebody ought to write that down before it is forgotten";
    let broke = || Input::message(odd).budget(Budget { calls: Some(0), ..Budget::default() });
    let reply = dialogue.take("anna", broke()).await.unwrap();
    assert!(model.requests().is_empty(), "{reply:?}");
    assert!(reply.degradations.iter().any(|note| matches!(note, Degradation::NearBudget { .. })), "{reply:?}");
    let strict = builder().model(Arc::clone(&model)).over_budget(OverBudget::Stop).build().await.unwrap();
    let failure = strict.take("anna", broke()).await.unwrap_err();
    assert_eq!((failure.error.kind(), model.requests().len()), (ErrorKind::OverBudget, 0));
}

#[tokio::test]
async fn what_the_host_does_is_streamed_too() {
    let dialogue = builder().build().await.unwrap();
    let mut events = dialogue.stream("anna", Input::start("note", json!({ "topic": "milk" })).unwrap());
    let mut texts = Vec::new();
    while let Some(event) = events.next().await {
        match event.unwrap() {
            Event::Text(text) => texts.push(text),
            Event::Answered(reply) => assert_eq!(reply.slots.get("topic"), None, "{reply}"),
            _ => {}
        }
    }
    assert_eq!(texts[..2], ["One moment.", "That is note 1."]);
    let failure = dialogue.start("anna", "nothing", ()).await.unwrap_err();
    assert!(failure.error.kind() == ErrorKind::InvalidInput && failure.profile.is_available());
}

#[tokio::test]
async fn a_model_is_asked_for_what_rules_are_unsure_of_with_its_stack_around_it() {
    let model = Arc::new(ScriptedModel::new().answer("", "start note\nset topic \"dairy\""));
    let dialogue = builder().model(Arc::clone(&model)).build().await.unwrap();
    let odd = "my fridge is so empty of dairy that somebody ought to write that down before it is forgotten";
    let reply = dialogue.turn("anna", odd).await.unwrap();
    assert_eq!(model.requests().len(), 1, "{reply:?}");
    let reply = dialogue.turn("ben", odd).await.unwrap();
    assert_eq!(model.requests().len(), 1, "the reply to an equal request was cached: {reply:?}");
}

#[tokio::test]
async fn sessions_in_a_database_outlive_the_dialogue() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.db");
    let dialogue = builder().database(&path).build().await.unwrap();
    dialogue.turn("anna", "make a note").await.unwrap();
    dialogue.close().await;
    assert_eq!(dialogue.turn("anna", "milk").await.unwrap_err().error.kind(), ErrorKind::Unavailable);
    let dialogue = builder().database(&path).build().await.unwrap();
    let reply = dialogue.turn("anna", "milk").await.unwrap();
    assert!(reply.turn == 2 && reply.text().contains("That is note 2."), "{reply}");
    assert!(dialogue.forget("anna").await.unwrap());
    assert!(dialogue.inspect("anna", 1).await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_wrong_is_said_when_it_is_built() {
    let message = |built: ninefold::Result<Dialogue>| built.err().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.yml");
    std::fs::write(&file, NOTES.replace("collect: topic", "collect: topik")).unwrap();
    let misspelt = message(Dialogue::builder(file.as_path()).build().await);
    assert!(misspelt.contains("notes.yml:") && misspelt.contains("topik"), "{misspelt}");
    let missing = message(Dialogue::builder(folder.path().join("none.yml")).build().await);
    assert!(missing.contains("none.yml"), "{missing}");
    std::fs::write(&file, NOTES).unwrap();
    let without = message(Dialogue::builder(folder.path()).build().await);
    assert!(without.contains("action \"keep\""), "{without}");
    let sessions = Arc::new(ninefold::store::MemorySessions::new());
    let both = message(builder().database(folder.path().join("a.db")).sessions(sessions).build().await);
    assert!(both.contains("both a database and a place for sessions"), "{both}");
}
