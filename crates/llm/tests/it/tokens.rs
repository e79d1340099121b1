//! Contexts packed to a budget: whatever the conversation, what stays is sound.

use std::collections::HashSet;

use ninefold_core::{ErrorKind, Message, Part, Role, ToolCall, ToolResult};
use ninefold_llm::tokens::{Counter, pack, pack_texts};
use proptest::prelude::*;

fn call(id: usize) -> Part {
    Part::ToolCall(ToolCall { id: format!("c{id}").into(), name: "f".into(), arguments: "{}".to_owned() })
}

fn result(id: usize, content: &str) -> Message {
    Message::tool(ToolResult {
        id: format!("c{id}").into(),
        name: "f".into(),
        content: content.into(),
        is_error: false,
    })
}

#[test]
fn the_older_part_goes() {
    let mut messages = vec![Message::system("rules")];
    for n in 0..50 {
        messages.push(Message::user(format!("question {n} {}", "x".repeat(90))));
        messages.push(Message::assistant(format!("answer {n} {}", "y".repeat(90))));
    }
    messages.push(Message::user("now?"));
    let packed = pack(messages.clone(), 400, Counter::estimate()).unwrap();
    assert!(packed.count.tokens <= 400 && !packed.count.exact);
    assert_eq!(packed.messages[0], messages[0]);
    assert_eq!(packed.messages[1].role, Role::User, "not with an answer to what is gone");
    assert_eq!(packed.messages.last(), messages.last());
    assert_eq!(packed.left_out + packed.messages.len(), messages.len());
    assert!(packed.messages.len() > 6);
    assert_eq!(pack(messages.clone(), u64::MAX / 2, Counter::estimate()).unwrap().messages, messages);
    assert_eq!(pack(messages, 5, Counter::estimate()).unwrap_err().kind(), ErrorKind::TooLong);
    assert_eq!(pack(Vec::new(), 0, Counter::estimate()).unwrap().messages, []);
}

#[test]
fn a_long_loop_of_tools_keeps_its_question() {
    let mut messages = vec![Message::system("rules"), Message::user("the question")];
    for n in 0..40 {
        messages.push(Message { role: Role::Assistant, parts: vec![call(2 * n), call(2 * n + 1)], keep: false });
        messages.push(result(2 * n, &"r".repeat(60)));
        messages.push(result(2 * n + 1, &"r".repeat(60)));
    }
    let packed = pack(messages.clone(), 300, Counter::estimate()).unwrap();
    assert_eq!(packed.messages[..2], messages[..2]);
    assert_eq!(packed.messages[2].role, Role::Assistant);
    assert_eq!((packed.messages.len() - 2) % 3, 0);
    assert_eq!(packed.messages.last(), messages.last());
}

fn conversation() -> impl Strategy<Value = Vec<Message>> {
    let step = prop_oneof![
        "[a-zé日 ]{0,40}".prop_map(|text| vec![Message::user(text)]),
        "[a-zé日 ]{0,40}".prop_map(|text| vec![Message::assistant(text)]),
        "[a-z]{0,10}".prop_map(|text| vec![Message::system(text)]),
        (1..3_usize, 0..3_usize, "[a-z]{0,30}").prop_map(|(calls, results, text)| {
            let mut messages =
                vec![Message { role: Role::Assistant, parts: (0..calls).map(call).collect(), keep: false }];
            messages.extend((0..results.min(calls)).map(|n| result(n, &text)));
            messages
        }),
    ];
    prop::collection::vec(step, 0..20).prop_map(|steps| {
        let mut messages = steps.concat();
        // Ids of their own for every step.
        let mut step = 0;
        for message in &mut messages {
            step += usize::from(message.role == Role::Assistant);
            for part in &mut message.parts {
                match part {
                    Part::ToolCall(call) => call.id = format!("{step}-{}", call.id).into(),
                    Part::ToolResult(result) => result.id = format!("{step}-{}", result.id).into(),
                    _ => {}
                }
            }
        }
        messages
    })
}

fn ids(messages: &[Message], results: bool) -> HashSet<String> {
    let id = |part: &Part| match part {
        Part::ToolCall(call) if !results => Some(call.id.to_string()),
        Part::ToolResult(result) if results => Some(result.id.to_string()),
        _ => None,
    };
    messages.iter().flat_map(|message| &message.parts).filter_map(id).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_stays_is_sound(messages in conversation(), budget in 0..400_u64) {
        let Ok(packed) = pack(messages.clone(), budget, Counter::estimate()) else { return Ok(()) };
        let spent: u64 = packed.messages.iter().map(|message| Counter::estimate().message(message).tokens).sum();
        prop_assert!(spent <= budget && spent == packed.count.tokens);
        prop_assert_eq!(packed.left_out + packed.messages.len(), messages.len());
        // All instructions, the last question, and the newest message.
        let of = |messages: &[Message], role| messages.iter().filter(|m| m.role == role).cloned().collect::<Vec<_>>();
        prop_assert_eq!(of(&packed.messages, Role::System), of(&messages, Role::System));
        let asked = of(&messages, Role::User).pop();
        prop_assert_eq!(of(&packed.messages, Role::User).pop(), asked);
        prop_assert_eq!(packed.messages.last(), messages.last());
        // In order.
        let mut rest = messages.iter();
        prop_assert!(packed.messages.iter().all(|message| rest.any(|other| other == message)));
        // Calls and results together: of the calls that stay, all results that there were, and no others.
        let called = ids(&packed.messages, false);
        let had: HashSet<_> = ids(&messages, true).intersection(&called).cloned().collect();
        prop_assert_eq!(ids(&packed.messages, true), had);
    }

    #[test]
    fn beginnings_fit_and_are_whole_characters(text in "\\PC{0,300}", tokens in 0..120_u64) {
        for model in ["openai/gpt-5", "anthropic/claude"] {
            let counter = Counter::of(&model.parse().unwrap());
            let cut = counter.beginning(&text, tokens);
            prop_assert!(text.starts_with(cut) && counter.fits(cut, tokens));
            prop_assert_eq!(cut.len() == text.len(), counter.fits(&text, tokens));
        }
    }

    #[test]
    fn texts_fit_together(texts in prop::collection::vec("[a-z{}\\[\\],:\"é ]{0,200}", 0..8), budget in 0..200_u64) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        for model in ["openai/gpt-5", "anthropic/claude"] {
            let counter = Counter::of(&model.parse().unwrap());
            let fitting = pack_texts(&texts, budget, counter);
            prop_assert!(fitting.iter().map(|fit| counter.text(fit.text).tokens).sum::<u64>() <= budget);
            for fit in &fitting {
                prop_assert!(texts[fit.index].starts_with(fit.text));
                prop_assert_eq!(fit.whole, fit.text == texts[fit.index]);
            }
            prop_assert!(fitting.iter().filter(|fit| !fit.whole).count() <= 1);
        }
    }
}
