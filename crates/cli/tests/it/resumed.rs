//! A question that waits for a person, over several processes.

use serde_json::Value;

use crate::room::Room;

const QUESTION: &str =
    "Compare how the boiler is restarted and when the tulips bloom, and recommend what to look after first";

/// What stands behind a word in a text, up to the next blank.
fn after<'a>(text: &'a str, word: &str) -> &'a str {
    text.split_once(word).unwrap_or_else(|| panic!("{word:?} is not in {text}")).1.split_whitespace().next().unwrap()
}

#[test]
fn a_plan_is_shown_approved_in_another_process_and_carried_out_there() {
    let room = Room::new();
    let asked = room.run(["ask", "--index", "notes", "--approve-plan", QUESTION]).expect(4);
    assert_eq!(asked.out, "", "there is no answer yet");
    assert!(asked.err.contains("Is this plan to be carried out?\n- part-1: "), "{asked:#?}");
    let run = after(&asked.err, "ninefold resume ").to_owned();
    assert_eq!(run.len(), 32);

    let listed = room.run(["resume"]).expect(0);
    assert!(listed.out.starts_with(&format!("{run}  waits for an answer\n  ")), "{listed:#?}");
    let again = room.run(["resume", &run]).expect(4);
    assert!(again.err.contains(&format!("ninefold resume {run} --answer yes|no")), "{again:#?}");
    let wrong = room.run(["resume", &run, "--answer", "perhaps"]).expect(2);
    assert!(wrong.err.contains("the question wants yes or no"), "{wrong:#?}");

    let answered = room.run(["resume", &run, "--answer", "yes"]).expect(0);
    assert!(answered.out.contains("green button") && answered.out.contains("tulips bloom in April"), "{answered:#?}");
    assert!(answered.out.contains("replayed"), "{answered:#?}");
    let done = room.run(["resume"]).expect(0);
    assert_eq!(done.out, "no run waits or was broken off\n");
    let late = room.run(["resume", &run, "--answer", "no"]).expect(2);
    assert!(late.err.contains("the run waits for no answer"), "{late:#?}");
}

#[test]
fn a_plan_that_is_declined_is_not_carried_out() {
    let room = Room::new();
    let asked = room.run(["ask", "--index", "notes", "--approve-plan", "--json", QUESTION]).expect(4);
    let said: Value = serde_json::from_str(&asked.out).unwrap();
    let run = said["suspended"]["run"].as_str().unwrap();
    assert_eq!(said["suspended"]["questions"][0]["wanted"]["kind"], "approval");
    assert!(said["profile"].is_object());
    let id = said["suspended"]["questions"][0]["id"].as_str().unwrap();
    let answered = room.run(["resume", run, "--answer", &format!("{id}=no"), "--json"]).expect(0);
    let said: Value = serde_json::from_str(&answered.out).unwrap();
    assert!(answered.out.contains("declined"), "{answered:#?}");
    assert!(said["profile"].is_object());
}

#[test]
fn an_unknown_run_is_said_to_be_unknown() {
    let room = Room::new();
    room.run(["index", "notes"]).expect(0);
    let unknown = room.run(["resume", "7", "--answer", "yes"]).expect(2);
    assert!(unknown.err.contains("the journal knows no run 00000000000000000000000000000007"), "{unknown:#?}");
    room.run(["resume", "nonsense"]).expect(2);
    room.run(["resume", "--answer", "yes"]).expect(2);
}

#[test]
fn a_run_goes_on_under_the_policy_it_began_with_and_is_written_down() {
    let room = Room::new();
    let asked = room.run(["ask", "--index", "notes", "--approve-plan", "--over-budget", "stop", QUESTION]).expect(4);
    let run = after(&asked.err, "ninefold resume ").to_owned();
    assert!(asked.err.contains(&format!("ninefold resume {run} --over-budget stop --answer yes|no")), "{asked:#?}");
    let otherwise = room.run(["resume", &run, "--answer", "yes"]).expect(3);
    assert!(otherwise.err.contains("has changed since run"), "{otherwise:#?}");
    let log = ["--conversations", "log"];
    let answered = room.run([&["resume", &run, "--over-budget", "stop"][..], &log[..]].concat()).expect(0);
    assert!(answered.out.contains("green button"), "{answered:#?}");
    let written = std::fs::read_to_string(room.path("log/no-conversation.jsonl")).unwrap();
    assert!(written.lines().count() == 1 && written.contains("green button"), "{written}");
}
