//! The examples, and what they are compiled into.

use std::collections::BTreeSet;

use ninefold_dialogue::definition::{Definition, Diagnostics};
use ninefold_dialogue::program::{Flow, Op, Program};

use super::{EXAMPLES, example, read};

fn program(name: &str) -> Program {
    Definition::from_yaml(format!("{name}.yml"), &example(name))
        .compile(false)
        .unwrap_or_else(|wrong| panic!("{wrong}"))
}

#[test]
fn the_examples_have_nothing_to_be_told_of() {
    for name in EXAMPLES {
        let wrong = Definition::from_yaml(format!("{name}.yml"), &example(name)).check();
        assert!(wrong.is_empty(), "{wrong}");
    }
}

#[test]
fn the_examples_have_every_kind_of_step() {
    let kinds: BTreeSet<&str> = EXAMPLES
        .into_iter()
        .flat_map(|name| program(name).flows.into_iter().flat_map(|flow| flow.ops).collect::<Vec<_>>())
        .map(|op| kind(&op))
        .collect();
    assert_eq!(kinds.len(), 12, "{kinds:?}");
}

fn kind(op: &Op) -> &'static str {
    match op {
        Op::Say(_) => "say",
        Op::Collect { .. } => "collect",
        Op::Set { .. } => "set",
        Op::Clear(_) => "clear",
        Op::Jump(_) => "jump",
        Op::JumpUnless { .. } => "jump unless",
        Op::Action { .. } => "action",
        Op::Link(_) => "link",
        Op::Call { .. } => "call",
        Op::Confirm { .. } => "confirm",
        Op::Handoff { .. } => "handoff",
        Op::End => "end",
    }
}

fn listing(program: &Program, flow: &Flow) -> String {
    let slot = |id| program.slot(id).map_or("?", |slot| slot.name.as_str());
    let ops = flow.ops.iter().enumerate().map(|(at, op)| {
        let text = match op {
            Op::Say(text) => format!("say {text:?}"),
            Op::Collect { slot: of, prompt } => {
                format!("collect {}{}", slot(*of), if prompt.is_some() { " with its own question" } else { "" })
            }
            Op::Set { slot: of, value } => format!("set {} = {value}", slot(*of)),
            Op::Clear(of) => format!("clear {}", slot(*of)),
            Op::Jump(to) => format!("jump {to}"),
            Op::JumpUnless { condition, to } => format!("unless {condition} jump {to}"),
            Op::Action { action, inputs, outputs, failed } => {
                let inputs: Vec<_> = inputs.iter().map(|(name, value)| format!("{name}: {value}")).collect();
                let outputs: Vec<_> = outputs.iter().map(|(name, to)| format!("{name} → {}", slot(*to))).collect();
                let name = &program.action(*action).unwrap().name;
                format!("{name}({}) {} or {failed:?}", inputs.join(", "), outputs.join(", "))
            }
            Op::Confirm { denied, .. } => format!("confirm or {denied}"),
            Op::Handoff { to, say } => format!("handoff {to} {say:?}"),
            other => kind(other).to_owned(),
        };
        format!("{at:>2} {text}")
    });
    ops.collect::<Vec<_>>().join("\n")
}

#[test]
fn blocks_are_jumps() {
    let program = program("flights");
    let flow = program.flow(program.flow_named("book_flight").unwrap()).unwrap();
    insta::assert_snapshot!(listing(&program, flow), @r#"
     0 collect origin
     1 collect destination
     2 collect departure_date
     3 search_available_flights(origin: origin, destination: destination, departure_date: departure_date) flight → flight, price → price or Some(5)
     4 jump 8
     5 say [(None, "I cannot reach the airlines now.")]
     6 handoff travel_agent Some([(None, "Somebody from our team will call you about your flight to {{ destination }}.")])
     7 end
     8 unless flight is null jump 13
     9 say [(None, "There is no flight from {{ origin }} to {{ destination }} on {{ departure_date | date }}.")]
    10 clear departure_date
    11 collect departure_date with its own question
    12 jump 3
    13 confirm_flight_booking(flight: flight, departure_date: departure_date, traveller: traveller) reference → reference or Some(15)
    14 jump 18
    15 say [(None, "I am sorry."), (None, "That is a pity.")]
    16 say [(None, "Flight {{ flight }} could not be held. Nothing was booked.")]
    17 end
    18 set held = held + 1
    19 say [(None, "I hold flight {{ flight }} from {{ origin }} to {{ destination }} on {{ departure_date | date }} for {{ price }}. Your reference is {{ reference }}.")]
    20 end
    "#);
    assert_eq!(flow.names, [(3, "search".into())]);
    let collects: Vec<_> = flow.collects.iter().map(|slot| program.slot(*slot).unwrap().name.as_str()).collect();
    assert_eq!(collects, ["origin", "destination", "departure_date"]);
}

#[test]
fn a_flow_reaches_what_it_calls_and_links_to() {
    let program = program("restaurant");
    let flow = program.flow(program.flow_named("find_restaurant").unwrap()).unwrap();
    let reaches: Vec<_> = flow.reaches.iter().map(|slot| program.slot(*slot).unwrap().name.as_str()).collect();
    assert_eq!(
        reaches,
        ["city", "cuisine", "price", "restaurant", "party_size", "date", "time", "wishes", "guest", "phone", "rating"]
    );
}

#[test]
fn the_key_is_of_the_content_alone() {
    let text = example("flights");
    let key = |text: &str| read(text).compile(false).unwrap().key;
    assert_eq!(key(&text), key(&format!("# A comment.\n\n{text}")));
    assert_eq!(key(&text), Definition::from_yaml("elsewhere.yml", &text).compile(false).unwrap().key);
    assert_ne!(key(&text), key(&text.replace("held + 1", "held + 2")));
    assert_ne!(key(&text), key(&text.replace("most_reprompts: 2", "most_reprompts: 3")));
}

#[test]
fn files_of_a_folder_are_one_definition() {
    let folder = std::env::temp_dir().join(format!("ninefold-definition-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("a.yml"), "locale: en-GB\nslots:\n  city: {type: text, prompt: Which city?}\n").unwrap();
    std::fs::write(folder.join("b.yaml"), "flows:\n  go: {triggers: [go], steps: [{collect: city}]}\n").unwrap();
    std::fs::write(folder.join("notes.txt"), "not this").unwrap();
    let whole = Definition::from_files([&folder]).compile(false).unwrap();
    assert_eq!(whole.flows.len(), 1);
    std::fs::write(
        folder.join("c.yml"),
        "locale: de-DE\nslots:\n  city: text\nflows:\n  go: {triggers: [Go!], steps: [end]}\n",
    )
    .unwrap();
    let wrong = Definition::from_files([folder.clone(), folder.join("missing.yml")]).check();
    std::fs::remove_dir_all(&folder).unwrap();
    let shown = wrong.to_string().replace(&format!("{}/", folder.display()), "");
    insta::assert_snapshot!(shown, @r#"
    c.yml:1: error: the setting `locale` stands in two files
      → it stands in a.yml:1 too; keep one of them
    c.yml:3: error: there are two slots `city`
      → the first one is in a.yml:3; rename one of them
    c.yml:5: error: the trigger "Go!" of flow `go` is one of flow `go`
      → the other one is in b.yaml:2; keep one of them
    c.yml:5: error: there are two flows `go`
      → the first one is in b.yaml:2; rename one of them
    missing.yml: error: it cannot be read: No such file or directory (os error 2)
      → see that the file is there, may be read and is text in UTF-8
    "#);
}

#[test]
fn a_flow_of_the_user_goes_before_the_built_in_one() -> Result<(), Diagnostics> {
    let built_in =
        read("flows:\n  pattern_cancel: {steps: [{say: Cancelled.}]}\n  pattern_skip: {steps: [{say: Skipped.}]}\n");
    let user = read(
        "flows:\n  pattern_cancel: {steps: [{say: As you like.}]}\n  go: {triggers: [go], steps: [{say: Gone.}]}\n",
    );
    let program = user.over(built_in).compile(false)?;
    let names: Vec<_> = program.flows.iter().map(|flow| (flow.name.as_str(), flow.internal)).collect();
    assert_eq!(names, [("pattern_cancel", true), ("go", false), ("pattern_skip", true)]);
    let said =
        program.flow(program.flow_named("pattern_cancel").unwrap()).map(|flow| format!("{:?}", flow.ops.first()));
    assert!(said.unwrap().contains("As you like."));
    let missing = read("flows:\n  pattern_cancel: {steps: [end]}\n").compile(true).unwrap_err();
    assert!(
        missing.to_string().contains("flows of repair are missing: pattern_continue_interrupted, pattern_correction")
    );
    Ok(())
}
