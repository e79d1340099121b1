//! What agents of a durable run came to, and that they do it once, however often the run is resumed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ninefold_core::{
    AgentCard, Answer, Cx, Durability, Error, ErrorKind, FailedSubgoal, Query, Result, RunId, Subgoal, Task,
};
use ninefold_pipeline::Soar;
use ninefold_pipeline::phases::Noted;
use ninefold_pipeline::phases::collect::{AgentPolicy, CircuitPolicy};
use ninefold_pipeline::phases::decompose::Decomposition;
use tokio::time::{sleep, timeout};

use crate::fixture::Notebook;

const QUESTION: &str = "Compare the left side with the right side and weigh both";

/// The agents called, in order.
type Called = Arc<Mutex<Vec<String>>>;

/// A process of its own: a pipeline of three agents of which one does its work, one fails and one takes ten seconds.
fn process(notebook: &Arc<Notebook>, called: &Called) -> Soar {
    let plan = |_: Decomposition, _: Cx| async {
        let part = |id: &str| Subgoal { agent: Some(id.into()), ..Subgoal::new(id, QUESTION) };
        Ok(Noted::new(["does", "fails", "slow"].map(part).to_vec().try_into()?))
    };
    let agent = |task: Task, called: Called| async move {
        let id = task.subgoal.id.0.to_string();
        called.lock().unwrap().push(id.clone());
        match id.as_str() {
            "fails" => Err(Error::new(ErrorKind::Permanent, "the tool broke").hint("mend it")),
            "slow" => {
                sleep(Duration::from_secs(10)).await;
                Ok(id)
            }
            _ => Ok(id),
        }
    };
    let circuit = CircuitPolicy { failures: 1, ..CircuitPolicy::default() };
    let mut builder = Soar::builder()
        .decompose(plan)
        .definition("outcomes 1")
        .agent_policy(AgentPolicy { circuit, ..AgentPolicy::default() })
        .journal(Arc::clone(notebook) as _, Durability::Phase);
    for name in ["does", "fails", "slow"] {
        let called = Arc::clone(called);
        let card = AgentCard::new(name, "").capability(format!("only {name}"));
        builder = builder.agent(card, move |task: Task, _: Cx| agent(task, Arc::clone(&called)));
    }
    builder.build().unwrap()
}

fn taken(called: &Called) -> Vec<String> {
    std::mem::take(&mut called.lock().unwrap())
}

/// Starts a run and kills it while the slow agent is at work.
async fn killed(soar: &Soar, run: u128) {
    let answer = soar.answer(Query::new(QUESTION).run(RunId(run)));
    assert!(timeout(Duration::from_secs(1), answer).await.is_err());
}

async fn resumed(soar: &Soar, run: u128) -> Result<Answer> {
    soar.resume(RunId(run), None).await
}

fn failure(answer: &Answer) -> FailedSubgoal {
    let failed = answer.degradations.iter().find_map(|note| match note {
        ninefold_core::Degradation::SubgoalFailed { failed } => Some(failed.clone()),
        _ => None,
    });
    failed.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_killed_run_calls_neither_who_was_done_nor_who_had_failed_again() {
    let (notebook, called) = (Arc::new(Notebook::default()), Called::default());
    killed(&process(&notebook, &called), 1).await;
    assert_eq!(taken(&called), ["does", "fails", "slow"]);
    let answer = resumed(&process(&notebook, &called), 1).await.unwrap();
    assert_eq!((taken(&called), answer.text.as_str()), (vec!["slow".to_owned()], "does [1]\n\nslow [2]"));
    let whole = process(&Arc::default(), &called).answer(QUESTION).await.unwrap();
    assert_eq!(failure(&answer), failure(&whole), "the failure is the one it was");
    assert_eq!(answer.impasses, whole.impasses);
}

#[tokio::test(start_paused = true)]
async fn a_circuit_is_neither_asked_nor_told_about_what_is_replayed() {
    let (notebook, called) = (Arc::new(Notebook::default()), Called::default());
    let first = process(&notebook, &called);
    killed(&first, 1).await;
    killed(&first, 2).await;
    assert_eq!(taken(&called), ["does", "fails", "slow", "does", "slow"], "the second run left it alone");

    let told = failure(&resumed(&first, 1).await.unwrap()).message;
    assert_eq!(told, "fails: the tool broke; mend it", "its circuit is open, and was not asked");
    let second = process(&notebook, &called);
    let told = failure(&resumed(&second, 2).await.unwrap()).message;
    assert!(told.contains("it is left alone for 119 s"), "{told}");
    killed(&process(&notebook, &called), 3).await;
    taken(&called);
    resumed(&second, 3).await.unwrap();
    assert_eq!(taken(&called), ["slow"]);
    second.answer(QUESTION).await.unwrap();
    assert_eq!(taken(&called), ["does", "fails", "slow"], "of the failure that was replayed its circuit was not told");
}

#[tokio::test(start_paused = true)]
async fn what_the_end_of_the_run_stopped_is_called_again() {
    let (notebook, called) = (Arc::new(Notebook::default()), Called::default());
    let soar = process(&notebook, &called);
    let query = Query::new(QUESTION).run(RunId(1)).deadline(Duration::from_secs(1));
    assert_eq!(soar.answer(query).await.unwrap_err().kind(), ErrorKind::DeadlineExceeded);
    taken(&called);
    assert_eq!(resumed(&soar, 1).await.unwrap().text, "does [1]\n\nslow [2]");
    assert_eq!(taken(&called), ["slow"]);
}
