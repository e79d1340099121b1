//! What every memory of experience must do.

use std::future::Future;

use ninefold_core::experience::{MAX_PER_SITUATION, START, learned};
use ninefold_core::{
    AgentCard, AgentKey, ChunkId, Complexity, ErrorKind, Experience, Features, Key, Learned, Pattern, Plan, Scope,
    Situation, Subgoal, Timestamp, Unlearning,
};

/// Runs every requirement on an [`Experience`] against fresh, empty ones made by `open`.
///
/// # Panics
/// When a requirement is not met; the message names it.
pub async fn experience_suite<E: Experience, F: Future<Output = E>>(open: impl Fn() -> F) {
    what_is_learned_is_recalled(&open().await).await;
    duplicates_merge(&open().await).await;
    only_equal_situations_recall(&open().await).await;
    a_scope_recalls_only_what_it_learned(&open().await).await;
    removed_and_changed_agents_recall_nothing(&open().await).await;
    failures_demote_and_remove(&open().await).await;
    a_demoted_pattern_that_is_learned_anew_begins_anew(&open().await).await;
    the_most_useful_comes_first_and_few_are_kept_of_one_situation(&open().await).await;
    what_is_too_large_is_refused(&open().await).await;
    unused_patterns_are_unlearned(&open().await).await;
    agents_have_utilities(&open().await).await;
    parallel_runs_lose_nothing(&open().await).await;
    names_and_texts_are_only_texts(&open().await).await;
    rewards_that_are_no_numbers_change_nothing(&open().await).await;
}

const T: Timestamp = Timestamp(1_000);

fn agent(name: &str) -> AgentKey {
    AgentKey::of(&AgentCard::new(name, "Works").capability(name)).unwrap()
}

fn situation(question: &str) -> Situation {
    Situation {
        features: Features::of(question).expect("a question that says something"),
        scope: Scope::public(),
        within: Vec::new(),
        complexity: Complexity::Complex,
        agents: vec![agent("files"), agent("web")],
    }
}

fn plan(description: &str) -> Plan {
    Plan::try_from(vec![Subgoal { critical: true, ..Subgoal::new("a", description) }]).unwrap()
}

fn pattern(situation: Situation, description: &str, at: Timestamp) -> Pattern {
    Pattern::new(situation, plan(description), vec![agent("files")], vec![ChunkId(7), ChunkId(u64::MAX)], at)
}

const QUESTION: &str = "Compare the journal with 2 caches";

async fn what_is_learned_is_recalled<E: Experience>(experience: &E) {
    assert_eq!(experience.recall(&situation(QUESTION)).await.unwrap(), [], "nothing was learned");
    assert_eq!(experience.learned().await.unwrap(), Learned::default());
    let one = pattern(situation(QUESTION), "compare both", T);
    experience.learn(one.clone()).await.expect("learn");
    let asked_otherwise = situation("please: COMPARE 2 caches with a journal!");
    assert_eq!(experience.recall(&asked_otherwise).await.unwrap(), [one], "the whole pattern comes back");
    let learned = Learned { patterns: 1, successes: 1, ..Learned::default() };
    assert_eq!(experience.learned().await.unwrap(), learned);
}

async fn duplicates_merge<E: Experience>(experience: &E) {
    for n in 0..3 {
        experience.learn(pattern(situation(QUESTION), "compare both", Timestamp(T.0 + n))).await.expect("learn");
    }
    let found = experience.recall(&situation(QUESTION)).await.unwrap();
    assert_eq!(found.len(), 1, "repeats are not stored again");
    let utility = learned(learned(START, 1.0), 1.0);
    assert!((found[0].utility - utility).abs() < 1e-6, "{}", found[0].utility);
    assert_eq!((found[0].successes, found[0].first_used, found[0].last_used), (3, T, Timestamp(T.0 + 2)));

    let other = Pattern { cited: vec![ChunkId(9)], ..pattern(situation(QUESTION), "another plan", Timestamp(5_000)) };
    experience.learn(other.clone()).await.expect("learn");
    assert_eq!(
        experience.recall(&situation(QUESTION)).await.unwrap(),
        [other],
        "the plan that worked last replaces it"
    );
    assert_eq!(experience.learned().await.unwrap().patterns, 1);
}

async fn only_equal_situations_recall<E: Experience>(experience: &E) {
    experience.learn(pattern(situation(QUESTION), "compare both", T)).await.expect("learn");
    let same = situation(QUESTION);
    let harder = Situation { complexity: Complexity::Critical, ..same.clone() };
    let easier = Situation { complexity: Complexity::Medium, ..same.clone() };
    let elsewhere = Situation { within: vec!["/docs".into()], ..same.clone() };
    for (other, why) in [
        (situation("Compare the journal with 3 caches"), "another number"),
        (situation("Do not compare the journal with 2 caches"), "a negation"),
        (situation("Compare the journal with 2 caches and the ledger"), "a further topic"),
        (situation("Compare the journal"), "a topic less"),
        (harder, "a harder question than it was verified for"),
        (elsewhere, "other paths"),
    ] {
        assert_eq!(experience.recall(&other).await.unwrap(), [], "{why}");
    }
    assert_eq!(experience.recall(&easier).await.unwrap().len(), 1, "verified for more than is needed");
}

async fn a_scope_recalls_only_what_it_learned<E: Experience>(experience: &E) {
    let under = |scope: Scope| Situation { scope, ..situation(QUESTION) };
    let scopes = [Scope::public(), Scope::of(["hr"]), Scope::of(["hr", "eu"]), Scope::Unrestricted];
    for (n, scope) in scopes.iter().enumerate() {
        assert_eq!(experience.recall(&under(scope.clone())).await.unwrap(), [], "{scope:?} sees what others learned");
        experience.learn(pattern(under(scope.clone()), &format!("plan {n}"), T)).await.expect("learn");
    }
    for (n, scope) in scopes.iter().enumerate() {
        let found = experience.recall(&under(scope.clone())).await.unwrap();
        assert_eq!(found.len(), 1, "{scope:?}");
        assert_eq!((&found[0].scope, found[0].plan.clone()), (scope, plan(&format!("plan {n}"))));
    }
}

async fn removed_and_changed_agents_recall_nothing<E: Experience>(experience: &E) {
    experience.learn(pattern(situation(QUESTION), "compare both", T)).await.expect("learn");
    let changed = AgentKey::of(&AgentCard::new("files", "Works otherwise").capability("files")).unwrap();
    for (agents, why) in [
        (vec![], "no agents"),
        (vec![agent("web")], "its agent was removed"),
        (vec![changed, agent("web")], "its agent has another card"),
    ] {
        assert_eq!(experience.recall(&Situation { agents, ..situation(QUESTION) }).await.unwrap(), [], "{why}");
    }
    let more = Situation { agents: vec![agent("new"), agent("files")], ..situation(QUESTION) };
    assert_eq!(experience.recall(&more).await.unwrap().len(), 1, "its agent is still there");
}

async fn failures_demote_and_remove<E: Experience>(experience: &E) {
    let learned = pattern(situation(QUESTION), "compare both", T);
    let key = learned.key().unwrap();
    experience.judge(key, 1.0, T).await.expect("what was never learned may be judged");
    experience.learn(learned).await.expect("learn");
    experience.judge(key, 1.0, Timestamp(2_000)).await.expect("judge");
    let found = experience.recall(&situation(QUESTION)).await.unwrap();
    assert_eq!((found[0].successes, found[0].failures, found[0].last_used), (2, 0, Timestamp(2_000)));
    assert!((found[0].utility - 0.6).abs() < 1e-6);
    for n in 1..=3 {
        experience.judge(key, 0.0, T).await.expect("judge");
        let found = experience.recall(&situation(QUESTION)).await.unwrap();
        assert_eq!((found.len(), found[0].failures), (1, n), "{n} failures");
        assert_eq!(found[0].last_used, Timestamp(2_000), "time does not go backwards");
    }
    experience.judge(key, 0.0, T).await.expect("judge");
    assert_eq!(experience.recall(&situation(QUESTION)).await.unwrap(), [], "below .25 it is not recalled");
    let kept = experience.learned().await.unwrap();
    assert_eq!((kept.patterns, kept.demoted, kept.failures), (1, 1, 4));
    for _ in 0..5 {
        experience.judge(key, 0.0, T).await.expect("judge");
    }
    assert_eq!(experience.learned().await.unwrap(), Learned::default(), "below .1 it is removed");
}

async fn a_demoted_pattern_that_is_learned_anew_begins_anew<E: Experience>(experience: &E) {
    let learned = pattern(situation(QUESTION), "compare both", T);
    let key = learned.key().unwrap();
    experience.learn(learned).await.expect("learn");
    for _ in 0..4 {
        experience.judge(key, 0.0, T).await.expect("judge");
    }
    let anew = pattern(situation(QUESTION), "compare both", Timestamp(9_000));
    experience.learn(anew.clone()).await.expect("learn");
    assert_eq!(experience.recall(&situation(QUESTION)).await.unwrap(), [anew]);
}

async fn the_most_useful_comes_first_and_few_are_kept_of_one_situation<E: Experience>(experience: &E) {
    let agents: Vec<AgentKey> = (0..12).map(|n| agent(&format!("agent {n}"))).collect();
    let situation = Situation { agents: agents.clone(), ..situation(QUESTION) };
    for (n, agent) in agents.iter().enumerate() {
        let at = Timestamp(n as i64);
        let learned = Pattern::new(situation.clone(), plan("x"), vec![agent.clone()], vec![], at);
        let key = learned.key().unwrap();
        experience.learn(learned).await.expect("learn");
        if n == 3 {
            experience.judge(key, 1.0, at).await.expect("judge");
        }
    }
    let found = experience.recall(&situation).await.unwrap();
    let names: Vec<&str> = found.iter().map(|pattern| pattern.agents[0].name.as_str()).collect();
    let latest = ["agent 3", "agent 11", "agent 10", "agent 9", "agent 8", "agent 7", "agent 6", "agent 5"];
    assert_eq!(names, latest, "the useful one stays, then the latest");
    assert_eq!(experience.learned().await.unwrap().patterns, MAX_PER_SITUATION as u64);
}

async fn what_is_too_large_is_refused<E: Experience>(experience: &E) {
    let error = experience.learn(pattern(situation(QUESTION), &"x".repeat(20_000), T)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLong);
    assert!(error.hint_text().is_some());
    assert_eq!(experience.learned().await.unwrap(), Learned::default());
}

async fn unused_patterns_are_unlearned<E: Experience>(experience: &E) {
    for n in 0..5 {
        experience.learn(pattern(situation(&format!("question {n}")), "x", Timestamp(n))).await.expect("learn");
    }
    let unlearn = async |unused_since, dry_run| {
        experience.unlearn(Unlearning { unused_since: Timestamp(unused_since), dry_run }).await.unwrap()
    };
    assert_eq!(unlearn(3, true).await, 3);
    assert_eq!(experience.learned().await.unwrap().patterns, 5, "only said");
    assert_eq!(unlearn(3, false).await, 3);
    assert_eq!(experience.recall(&situation("question 2")).await.unwrap(), []);
    assert_eq!(experience.recall(&situation("question 3")).await.unwrap().len(), 1);
    assert_eq!((unlearn(3, false).await, unlearn(i64::MAX, false).await), (0, 2));
    experience.learn(pattern(situation("question 3"), "x", T)).await.expect("learn again");
    assert_eq!(experience.recall(&situation("question 3")).await.unwrap().len(), 1);
}

async fn agents_have_utilities<E: Experience>(experience: &E) {
    let (files, web) = (agent("files"), agent("web"));
    let changed = AgentKey::of(&AgentCard::new("files", "Works otherwise")).unwrap();
    let asked = [web.clone(), files.clone(), changed.clone()];
    assert_eq!(experience.utilities(&asked).await.unwrap(), [None, None, None]);
    experience.reward(&[(files.clone(), 1.0), (web.clone(), 0.0), (files.clone(), 1.0)], T).await.expect("reward");
    let found = experience.utilities(&asked).await.unwrap();
    let twice = learned(learned(START, 1.0), 1.0);
    assert!((found[0].unwrap() - learned(START, 0.0)).abs() < 1e-6, "{found:?}");
    assert!((found[1].unwrap() - twice).abs() < 1e-6, "{found:?}");
    assert_eq!(found[2], None, "an agent with another card is another agent");
    assert_eq!(experience.learned().await.unwrap().agents, 2);
    assert_eq!(experience.utilities(&[]).await.unwrap(), []);
    experience.reward(&[], T).await.expect("nobody");
}

async fn parallel_runs_lose_nothing<E: Experience>(experience: &E) {
    let learned = pattern(situation(QUESTION), "compare both", T);
    let key = learned.key().unwrap();
    let learn = (0..20).map(|_| experience.learn(learned.clone()));
    for outcome in futures_util::future::join_all(learn).await {
        outcome.expect("learn");
    }
    let rewards = [(agent("files"), 1.0)];
    let judge = (0..30).map(|n| experience.judge(key, if n % 3 == 0 { 0.0 } else { 1.0 }, T));
    let reward = (0..30).map(|_| experience.reward(&rewards, T));
    let (judged, rewarded) =
        futures_util::future::join(futures_util::future::join_all(judge), futures_util::future::join_all(reward)).await;
    assert!(judged.iter().chain(&rewarded).all(Result::is_ok));
    let kept = experience.learned().await.unwrap();
    assert_eq!((kept.patterns, kept.successes, kept.failures), (1, 40, 10));
    let expected = (0..30).fold(START, |utility, _| ninefold_core::experience::learned(utility, 1.0));
    assert!((experience.utilities(&[agent("files")]).await.unwrap()[0].unwrap() - expected).abs() < 1e-4);
}

async fn names_and_texts_are_only_texts<E: Experience>(experience: &E) {
    let hostile =
        ["'; DROP TABLE patterns; --", "a\0b", "\u{202e}\u{1b}[31m", "%_*", "\"}],\"plan\":[", "ü🚀", "a ", "a"];
    for text in hostile {
        let named = AgentKey { name: text.into(), card: Key([7; 32]) };
        let situation = Situation {
            scope: Scope::of([text]),
            within: vec![text.to_owned()],
            agents: vec![named.clone()],
            ..situation(&format!("question {text}"))
        };
        let one = Pattern::new(situation.clone(), plan(text), vec![named.clone()], vec![ChunkId(1)], T);
        experience.learn(one.clone()).await.expect("learn");
        assert_eq!(experience.recall(&situation).await.unwrap(), [one], "{text:?}");
        experience.reward(&[(named.clone(), 1.0)], T).await.expect("reward");
        assert!(experience.utilities(&[named]).await.unwrap()[0].is_some(), "{text:?}");
    }
    let kept = experience.learned().await.unwrap();
    assert_eq!((kept.patterns, kept.agents), (hostile.len() as u64, hostile.len() as u64), "none is taken for another");
}

async fn rewards_that_are_no_numbers_change_nothing<E: Experience>(experience: &E) {
    let learned = pattern(situation(QUESTION), "compare both", T);
    let key = learned.key().unwrap();
    experience.learn(learned.clone()).await.expect("learn");
    experience.judge(key, f32::NAN, T).await.expect("judge");
    assert_eq!(experience.recall(&situation(QUESTION)).await.unwrap(), [learned]);
    for beyond in [f32::INFINITY, f32::NEG_INFINITY, 1e30, f32::NAN] {
        experience.judge(key, beyond, T).await.expect("judge");
        experience.reward(&[(agent("files"), beyond)], T).await.expect("reward");
    }
    let utility = experience.recall(&situation(QUESTION)).await.unwrap()[0].utility;
    let agents = experience.utilities(&[agent("files")]).await.unwrap()[0].unwrap();
    assert!((0.0..=1.0).contains(&utility) && (0.0..=1.0).contains(&agents), "{utility} {agents}");
}
