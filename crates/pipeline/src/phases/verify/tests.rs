//! Tests of verification.

use ninefold_core::{Chunk, ChunkKind, Decision, Passage, Resource, Subgoal, WeightedTerm};

use super::*;

fn subgoal(id: &str, description: &str, after: &[&str]) -> Subgoal {
    let depends_on = after.iter().map(|id| (*id).into()).collect();
    Subgoal { depends_on, ..Subgoal::new(id, description) }
}

fn verification(subgoals: Vec<Subgoal>) -> Verification {
    let agents = [
        AgentCard::new("maps", "Draws maps").capability("maps"),
        AgentCard::new("reason", "Reasons").capability("*").calls(1),
    ];
    Verification {
        question: "Compare the journal with the cache".into(),
        complexity: Complexity::Complex,
        plan: Arc::new(Plan::try_from(subgoals).unwrap()),
        evidence: Arc::default(),
        skills: Arc::new(Skills::new(&agents, Some("reason"))),
        agents: Arc::new(agents),
        policy: VerifyPolicy::default(),
        calls: 2,
        by_meaning: false,
        left: Budget::default(),
        time: None,
    }
}

fn without_reason(subgoals: Vec<Subgoal>) -> Verification {
    let whole = verification(subgoals);
    Verification { agents: Arc::new([whole.agents[0].clone()]), ..whole }
}

fn messages(verdict: &Verdict) -> Vec<String> {
    let line = |issue: &Issue| format!("{}{}", if issue.critical { "critical: " } else { "" }, issue.message);
    verdict.issues().iter().map(line).collect()
}

#[test]
fn what_the_subgoals_leave_out_lowers_completeness() {
    let half = by_structure(&verification(vec![subgoal("a", "compare the journals", &[])]));
    assert!((half.scores().completeness - 2.0 / 3.0).abs() < 1e-6, "{:?}", half.scores());
    let mut weighed = verification(vec![subgoal("a", "compare the journals", &[])]);
    let term = |term: &str, weight| WeightedTerm { term: term.into(), weight };
    weighed.evidence = Arc::new(Evidence {
        terms: vec![term("cach", 8.0), term("journal", 1.0), term("compar", 1.0), term("unasked", 5.0)],
        ..Evidence::default()
    });
    assert!((by_structure(&weighed).scores().completeness - 0.2).abs() < 1e-6);
    let whole = by_structure(&verification(vec![subgoal("a", "cache", &[]), subgoal("b", "compare journals", &[])]));
    assert!((whole.scores().completeness - 1.0).abs() < 1e-6);
}

#[test]
fn a_subgoal_is_grounded_in_terms_of_the_question_or_words_of_the_passages() {
    let mut input = verification(vec![
        subgoal("a", "compare the journals", &[]),
        subgoal("b", "the colour of squirrels", &[]),
        subgoal("c", "the price of gold", &[]),
    ]);
    let passages = ["Nothing to see.", "The squirrels are red."];
    let passage = |text: &&str| Passage::new(Arc::new(Chunk::new("a.txt", ChunkKind::Text, *text)), 1.0);
    input.evidence = Arc::new(Evidence {
        passages: passages.iter().map(passage).collect(),
        terms: vec![
            WeightedTerm { term: "journal".into(), weight: 1.0 },
            WeightedTerm { term: "gold".into(), weight: 0.0 },
        ],
        ..Evidence::default()
    });
    assert!((by_structure(&input).scores().groundedness - 2.0 / 3.0).abs() < 1e-6);
    input.evidence = Arc::default();
    assert!((by_structure(&input).scores().groundedness - 1.0).abs() < 1e-6, "nothing to compare with");
}

#[test]
fn what_is_critical_must_be_reachable() {
    let mut last = subgoal("last", "draw maps of it", &["middle"]);
    let plan = |last: &Subgoal| {
        let rare = subgoal("rare", "compare journal and cache by singing", &[]);
        vec![rare, subgoal("middle", "draw maps", &["rare"]), last.clone()]
    };
    let verdict = by_structure(&without_reason(plan(&last)));
    assert_eq!(
        (messages(&verdict), verdict.decision()),
        (vec!["no agent can take subgoal rare".into()], Decision::Pass)
    );
    last.critical = true;
    let verdict = by_structure(&without_reason(plan(&last)));
    assert_eq!(messages(&verdict)[1], "critical: critical subgoal last waits for middle, which nobody can finish");
    assert_eq!(verdict.decision(), Decision::Retry);
    assert_eq!(by_structure(&verification(plan(&last))).decision(), Decision::Pass, "somebody takes anything");
}

#[test]
fn calls_tokens_and_time_must_suffice() {
    let plan = || {
        let ids = ["a", "b", "c"];
        let chain =
            |n: usize| subgoal(ids[n], "compare the journal with the cache", if n > 0 { &ids[n - 1..n] } else { &[] });
        verification((0..3).map(chain).collect())
    };
    let shortage = |change: fn(&mut Verification)| {
        let mut input = plan();
        change(&mut input);
        by_structure(&input).shortage().map(|shortage| (shortage.of, shortage.wanted, shortage.left, shortage.fits))
    };
    assert_eq!(shortage(|_| {}), None);
    assert_eq!(shortage(|input| input.left.calls = Some(4)), None);
    assert_eq!(shortage(|input| input.left.calls = Some(3)), Some((Resource::Calls, 4, 3, 2)));
    assert_eq!(shortage(|input| input.left.calls = Some(0)), Some((Resource::Calls, 4, 0, 0)));
    assert_eq!(shortage(|input| input.left.tokens = Some(1024)), None);
    assert_eq!(shortage(|input| input.left.tokens = Some(1000)), Some((Resource::Tokens, 1024, 1000, 0)));
    assert_eq!(shortage(|input| input.time = Some(Duration::from_millis(200))), None);
    let late = shortage(|input| input.time = Some(Duration::from_millis(120)));
    assert_eq!(late, Some((Resource::Milliseconds, 200, 120, 3)));
    let never = shortage(|input| input.time = Some(Duration::from_millis(60)));
    assert_eq!(never, Some((Resource::Milliseconds, 200, 60, 0)));
}

#[test]
fn what_only_says_the_question_again_is_decided_by_structure() {
    let decisive = |subgoals| {
        let input = verification(subgoals);
        structure::is_decisive(&input, &by_structure(&input))
    };
    assert!(decisive(vec![subgoal("a", "cache and journal: compare", &[])]));
    assert!(decisive(vec![subgoal("a", "Compare the journal", &[]), subgoal("b", "the cache", &[])]));
    assert!(!decisive(vec![subgoal("a", "Compare the journal", &[]), subgoal("b", "the cache", &["a"])]));
    assert!(!decisive(vec![subgoal("a", "Compare the journal", &[]), subgoal("b", "delete the cache", &[])]));
    assert!(!decisive(vec![subgoal("a", "compare the journal thoroughly", &[])]), "it leaves the cache out");
    assert!(decisive(vec![subgoal("a", "squirrels", &[])]), "it fails anyway");
}

#[test]
fn the_model_is_asked_by_how_much_is_at_stake() {
    let mut input = verification(vec![subgoal("a", "compare the journal", &[]), subgoal("b", "sum up", &["a"])]);
    insta::assert_snapshot!(request(&input).messages[1].text(), @r"
    Question:
    Compare the journal with the cache

    Plan:
    - a (after: ): compare the journal
    - b (after: a): sum up
    ");
    assert!(request(&input).messages[0].text().starts_with("You try to break a plan"));
    input.complexity = Complexity::Medium;
    assert!(request(&input).messages[0].text().starts_with("You check a plan"));
}
