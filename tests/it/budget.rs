//! What a run may spend holds over all its phases: what is called, what it costs, what is said of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ninefold::core::{Completion, Delta, StopReason};
use ninefold::llm::tools::{ToolAgent, json_tool};
use ninefold::llm::{Budgeted, Metered, Observed, Price, Retried, RetryPolicy};
use ninefold::models::Stack;
use ninefold::store::{MemoryJournal, MemoryStore};
use ninefold::{
    AgentCard, Budget, Chunk, ChunkKind, Cost, Cx, Degradation, Document, Error, ErrorKind, Journal, Key, Model,
    ModelId, ModelRequest, OverBudget, Profile, Query, Reply, Result, RunId, Soar, Source, Store, Unpriced, Usage,
};
use serde_json::json;

/// The rules are not sure of it, so that the model is asked by every phase that asks one.
const QUESTION: &str = "Which boiler should I buy, and why this one?";
const RUN: RunId = RunId(8);
const PRICE: f64 = 1.0;

/// Answers whatever any phase asks, fails now and then, is slow now and then, and counts what it is paid.
struct Till {
    id: ModelId,
    calls: AtomicU64,
    cost: AtomicU64,
    asked: Mutex<Vec<&'static str>>,
    fails_every: u64,
}

impl Till {
    fn new(fails_every: u64) -> Arc<Self> {
        let id = ModelId::new("test", "till");
        Arc::new(Self { id, calls: 0.into(), cost: 0.into(), asked: Mutex::default(), fails_every })
    }

    fn of(&self, request: &ModelRequest) -> (&'static str, Completion) {
        let text: String = request.messages.iter().map(ninefold::core::Message::text).collect();
        let says = |what: &str| text.contains(what);
        let (phase, reply) = if !request.tools.is_empty() {
            ("agent", "Nothing was found.")
        } else if says("break a question") {
            (
                "decompose",
                r#"{"subgoals": [
                {"id": "a", "description": "the first of the two boilers", "agent": "looker", "depends_on": []},
                {"id": "b", "description": "the second of the two boilers", "agent": "reason", "depends_on": []},
                {"id": "c", "description": "weigh the two boilers", "agent": "reason", "depends_on": ["a", "b"]}]}"#,
            )
        } else if says("a plan") {
            ("verify", r#"{"completeness": 1, "consistency": 1, "groundedness": 1, "issues": []}"#)
        } else if says("how much work") {
            ("assess", r#"{"complexity": "complex", "confidence": 0.9, "reason": "two of them"}"#)
        } else if says("numbered sources") {
            ("synthesize", "The green one [1].")
        } else {
            ("reason", "It is green [1].")
        };
        (phase, Completion { usage: Usage::tokens(100, 20), ..Completion::text(reply) })
    }
}

#[async_trait]
impl Model for Till {
    fn id(&self) -> &ModelId {
        &self.id
    }

    async fn send(&self, request: ModelRequest, _: &Cx) -> Result<Reply> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let (phase, completion) = self.of(&request);
        self.asked.lock().unwrap().push(phase);
        if self.fails_every > 0 && call.is_multiple_of(self.fails_every) {
            return Err(Error::new(ErrorKind::Transient, "reset"));
        }
        // Slow enough for a second call to be made meanwhile.
        tokio::time::sleep(Duration::from_millis(if call.is_multiple_of(5) { 10_000 } else { 10 })).await;
        let cost = Price::new(PRICE, PRICE).of(&completion.usage);
        self.cost.fetch_add(cost.0, Ordering::SeqCst);
        Ok(Reply::whole(completion))
    }
}

async fn soar(till: &Arc<Till>, over: OverBudget, journal: Option<Arc<dyn Journal>>) -> Soar {
    let price = Price::new(PRICE, PRICE);
    let store = MemoryStore::new();
    let chunk = Chunk::new("a.txt", ChunkKind::Text, "Of the two boilers the green one is newer.");
    store.put(vec![Document::new(Source::new("a.txt", Key::of_bytes(b"a")), vec![chunk])]).await.unwrap();
    let look = json_tool("look", "Looks", json!({ "type": "object" }), |_, _| async { Ok("nothing") });
    let budgeted = Budgeted::new(Observed::new(Metered::new(Arc::clone(till), price))).priced(price);
    let agent = ToolAgent::builder(Retried::new(budgeted)).tool(look).build().unwrap();
    let stack = Stack::new(Arc::clone(till)).cache(None).hedged().price(price);
    let stack = stack.retry(RetryPolicy { attempts: 3, ..RetryPolicy::default() });
    let builder = Soar::builder().store(Arc::new(store)).models(stack).over_budget(over);
    let builder = builder.agent(AgentCard::new("looker", "Looks things up"), agent);
    match journal {
        Some(journal) => builder.journal(journal).build().await.unwrap(),
        None => builder.build().await.unwrap(),
    }
}

fn over_budget(notes: &[Degradation]) -> Vec<&str> {
    let mut phases = Vec::new();
    for note in notes {
        if let Degradation::OverBudget { phase, .. } = note {
            phases.push(phase.as_str());
        }
    }
    phases
}

#[tokio::test(start_paused = true)]
async fn every_phase_and_every_agent_asks_the_model_when_there_is_money() {
    let till = Till::new(0);
    let answer = soar(&till, OverBudget::Degrade, None).await.answer(QUESTION).await.unwrap();
    let mut asked = till.asked.lock().unwrap().clone();
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(asked, ["agent", "assess", "decompose", "reason", "synthesize", "verify"], "{answer}");
    assert!(over_budget(&answer.degradations).is_empty());
}

#[tokio::test(start_paused = true)]
async fn defect_11_the_limits_hold_over_assess_decompose_verify_agents_synthesize_retries_and_hedges() {
    let hedges = |profile: &Profile| profile.tree().nodes().iter().filter(|node| node.name == "hedge").count();
    let retries = |profile: &Profile| profile.breakdown().total.retries;
    let (mut hedged, mut retried) = (0, 0);
    for (fails_every, over) in
        [(0, OverBudget::Degrade), (3, OverBudget::Degrade), (0, OverBudget::Stop), (3, OverBudget::Stop)]
    {
        let till = Till::new(fails_every);
        let soar = soar(&till, over, None).await;
        // Nothing is asked twice before enough was seen of the model.
        for _ in 0..12 {
            soar.answer(QUESTION).await.unwrap();
        }
        for calls in (0..=12).chain(0..=12) {
            let before = till.calls.load(Ordering::SeqCst);
            let budget = Budget { calls: Some(calls), ..Budget::default() };
            let outcome = soar.answer(Query::new(QUESTION).budget(budget)).await;
            let made = till.calls.load(Ordering::SeqCst) - before;
            assert!(made <= calls, "{made} calls of {calls}, {over:?}");
            let profile = match &outcome {
                Ok(answer) => &answer.profile,
                Err(failure) => &failure.profile,
            };
            hedged += hedges(profile);
            retried += retries(profile);
            match (over, outcome) {
                (OverBudget::Degrade, Ok(answer)) => {
                    let gone_without = !over_budget(&answer.degradations).is_empty();
                    assert!(made == calls || !gone_without, "{made} of {calls}: {answer}");
                }
                (OverBudget::Degrade, Err(failure)) => panic!("{failure}"),
                (OverBudget::Stop, Ok(answer)) => assert!(over_budget(&answer.degradations).is_empty(), "{answer}"),
                (OverBudget::Stop, Err(failure)) => {
                    let error = failure.error;
                    assert_eq!(error.kind(), ErrorKind::OverBudget, "{error}");
                    assert!(error.phase().is_some(), "{error}");
                    assert!(
                        error.message().contains(&format!("the run's {calls} model calls are used up (")),
                        "{error}"
                    );
                }
            }
        }
    }
    assert!(hedged > 0 && retried > 0, "{hedged} calls were made twice, {retried} again");
}

#[tokio::test(start_paused = true)]
async fn defect_11_the_cost_limit_holds_and_what_is_spent_is_named() {
    let (mut held, mut degraded) = (0, 0);
    for millionths in (0..=9_000).step_by(450) {
        let till = Till::new(3);
        let limit = Cost(millionths * 1_000);
        let budget = Budget { cost: Some(limit), ..Budget::default() };
        let soar = soar(&till, OverBudget::Degrade, None).await;
        let answer = soar.answer(Query::new(QUESTION).budget(budget)).await.unwrap();
        let paid = till.cost.load(Ordering::SeqCst);
        assert!(paid <= limit.0, "{paid} of {}", limit.0);
        held += u64::from(paid > 0);
        let notes: Vec<_> = answer
            .degradations
            .iter()
            .filter_map(|note| if let Degradation::OverBudget { message, .. } = note { Some(message) } else { None })
            .collect();
        assert!(notes.iter().all(|note| note.contains(&limit.to_string()) && note.contains(" spent")), "{notes:?}");
        degraded += u64::from(!notes.is_empty());
    }
    assert!(held > 10 && degraded > 5, "{held} runs could pay for something, {degraded} not for all");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_goes_without_says_in_which_phases_and_one_that_stops_in_which_phase() {
    let till = Till::new(0);
    let budget = Budget { calls: Some(2), ..Budget::default() };
    let query = || Query::new(QUESTION).budget(budget);
    let answer = soar(&till, OverBudget::Degrade, None).await.answer(query()).await.unwrap();
    assert_eq!(over_budget(&answer.degradations), ["synthesize"], "{answer}");
    let rejected = |note: &Degradation| matches!(note, Degradation::PlanRejected { .. });
    assert!(answer.degradations.iter().any(rejected), "no call is left for the agents: {answer}");
    assert!(answer.degradations.contains(&Degradation::NearBudget { message: "2 of 2 model calls are spent".into() }));
    assert!(answer.text.contains("the green one is newer"), "{answer}");
    let failure = soar(&Till::new(0), OverBudget::Stop, None).await.answer(query()).await.unwrap_err();
    assert_eq!(
        failure.error.to_string(),
        "synthesize: the run's 2 model calls are used up (2 calls and 240 tokens are spent, for $0.00024); \
         raise Budget::calls"
    );
}

#[tokio::test(start_paused = true)]
async fn four_fifths_of_a_budget_are_a_warning_and_less_is_none() {
    let spent = {
        let till = Till::new(0);
        soar(&till, OverBudget::Degrade, None).await.answer(QUESTION).await.unwrap();
        till.calls.load(Ordering::SeqCst)
    };
    for (limit, warns) in [(spent, true), (spent * 5 / 4, true), (spent * 2, false)] {
        let budget = Budget { calls: Some(limit), ..Budget::default() };
        let soar = soar(&Till::new(0), OverBudget::Stop, None).await;
        let answer = soar.answer(Query::new(QUESTION).budget(budget)).await.unwrap();
        let warned = answer.degradations.iter().any(|note| matches!(note, Degradation::NearBudget { .. }));
        assert_eq!(warned, warns, "{spent} of {limit}: {answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_resumed_run_has_the_money_that_is_left() {
    let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
    let till = Till::new(0);
    let limit = Cost(2_600_000);
    let budget = Budget { cost: Some(limit), ..Budget::default() };
    let soar = soar(&till, OverBudget::Degrade, Some(Arc::clone(&journal))).await;
    let broken_off = Query::new(QUESTION).budget(budget).run(RUN).deadline(Duration::from_secs(5));
    let late = soar.answer(broken_off).await.unwrap_err();
    assert_eq!(late.error.kind(), ErrorKind::DeadlineExceeded, "{late}");
    let paid = till.cost.load(Ordering::SeqCst);
    assert!(paid > 0 && paid <= limit.0);
    // The same limit, and not a new one.
    let answer = soar.resume(RUN, None).await.unwrap();
    assert!(till.cost.load(Ordering::SeqCst) <= limit.0);
    assert!(!over_budget(&answer.degradations).is_empty(), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_its_own_budget_stopped_is_over() {
    let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
    let till = Till::new(0);
    let first = soar(&till, OverBudget::Stop, Some(Arc::clone(&journal))).await;
    let budget = Budget { cost: Some(Cost(2_600_000)), ..Budget::default() };
    let stopped = first.answer(Query::new(QUESTION).budget(budget).run(RUN)).await.unwrap_err();
    assert_eq!(stopped.error.kind(), ErrorKind::OverBudget, "{stopped}");
    assert!(first.unfinished().await.unwrap().is_empty());
    assert!(journal.load(RUN).await.unwrap().unwrap().finished.is_some());
    // What happens when the money is spent is part of what the run is.
    let second = soar(&till, OverBudget::Degrade, Some(journal)).await;
    assert_eq!(second.resume(RUN, None).await.unwrap_err().error.kind(), ErrorKind::ReplayRefused);
}

#[tokio::test]
async fn a_model_without_a_price_is_not_called_within_an_amount_of_money_unless_that_is_allowed() {
    let said = [Delta::Text("Green [1].".into()), Delta::Usage(Usage::tokens(9, 3)), Delta::End(StopReason::End)];
    let model = || ninefold_testkit::SteppedModel::deltas(said.clone());
    let budget = Budget { cost: Some(Cost::from_usd(1.0)), ..Budget::default() };
    let question = |unpriced| Query::new("What is green?").budget(Budget { unpriced, ..budget });
    let soar = Soar::builder().model(model()).build().await.unwrap();
    let refused = soar.answer(question(Unpriced::Refused)).await.unwrap();
    assert!(refused.to_string().contains("nobody knows what the model costs"), "{refused}");
    let free = soar.answer(question(Unpriced::Free)).await.unwrap();
    assert!(free.degradations.contains(&Degradation::Unpriced { calls: 1 }), "{free}");
}
