//! Tests of planning.

use super::*;

#[test]
fn clauses_that_say_enough_stand_alone() {
    assert_eq!(
        clauses("Analyze the authentication flow and identify potential security vulnerabilities"),
        ["Analyze the authentication flow", "identify potential security vulnerabilities"]
    );
    assert_eq!(clauses("compare salt and pepper"), ["compare salt and pepper"]);
    assert_eq!(clauses("What is a phase? When is it cached?"), ["What is a phase?", "When is it cached?"]);
    assert_eq!(clauses("什么是阶段？它何时缓存？"), ["什么是阶段？", "它何时缓存？"]);
    assert_eq!(clauses("?!"), ["?!"]);
}

fn input(complexity: Complexity, feedback: Option<&str>) -> Decomposition {
    use ninefold_core::{Chunk, ChunkKind, Passage};
    let chunk = Chunk { title: "# Journal".into(), ..Chunk::new("docs/journal.md", ChunkKind::Text, "It resumes.\n") };
    let agents = [
        AgentCard::new("files", "Reads files").capability("list files").capability("read files"),
        AgentCard::new("reason", "Answers the subgoal from the evidence by reasoning").capability("*"),
    ];
    Decomposition {
        question: "Compare the journal {{agents}} with the cache".into(),
        complexity,
        evidence: Arc::new(Evidence { passages: vec![Passage::new(Arc::new(chunk), 1.0)], ..Evidence::default() }),
        agents: Arc::new(agents),
        feedback: feedback.map(str::to_owned),
        most: None,
        calls: 2,
    }
}

#[test]
fn the_prompts_read_well() {
    let rendered = |complexity, feedback| {
        let request = request(&input(complexity, feedback));
        let texts: Vec<String> =
            request.messages.iter().map(|message| format!("{:?}:\n{}", message.role, message.text())).collect();
        texts.join("\n")
    };
    insta::assert_snapshot!("plan_simple", rendered(Complexity::Simple, None));
    insta::assert_snapshot!("plan_medium_again", rendered(Complexity::Medium, Some("- it deletes the archive")));
    insta::assert_snapshot!("plan_complex", rendered(Complexity::Complex, None));
    insta::assert_snapshot!("plan_critical", rendered(Complexity::Critical, None));
}

#[test]
fn every_example_is_a_plan_of_the_form_that_is_asked_for() {
    let plans: Vec<Plan> = instructions(Complexity::Critical)
        .split("Example. Question:")
        .skip(1)
        .map(|example| {
            let (_, json) = example.split_once("\n{").unwrap();
            plan(&Completion::text(format!("{{{json}"))).unwrap()
        })
        .collect();
    assert_eq!(plans.len(), 6);
    for subgoal in plans.iter().flat_map(Plan::subgoals) {
        assert!(subgoal.agent.is_some() != subgoal.capability.is_some(), "{subgoal:?}");
    }
    let named = &SCHEMA["properties"]["subgoals"]["items"]["required"];
    assert_eq!(named.as_array().unwrap().len(), 6, "strict modes want every property required");
}

#[test]
fn a_plan_for_few_subgoals_is_the_whole_question() {
    let mut input = input(Complexity::Complex, None);
    input.question = "What is a phase? When is it cached? Who runs it?".into();
    assert_eq!(by_rules(&input).unwrap().subgoals().len(), 3);
    input.most = Some(2);
    let plan = by_rules(&input).unwrap();
    assert_eq!((plan.subgoals().len(), plan.subgoals()[0].description.as_str()), (1, &*input.question));
}
