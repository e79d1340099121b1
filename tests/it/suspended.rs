//! Runs that wait for a person: what is asked, what is answered, and what is done once however often a run is resumed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ninefold::core::suspension;
use ninefold::llm::tools::{Pending, Permission, ToolAgent, json_tool};
use ninefold::pipeline::phases::Noted;
use ninefold::pipeline::phases::decompose::Decomposition;
use ninefold::profile::{self, Outcome};
use ninefold::store::{MemoryJournal, Sqlite};
use ninefold::{
    AgentCard, Cx, Degradation, Durability, Error, ErrorKind, Event, Inquiry, InquiryId, Journal, Plan, Query, Result,
    Run, RunId, Soar, Subgoal, Supplied, Suspension, Task, Timestamp, Wanted, phase,
};
use ninefold_testkit::ScriptedModel;
use serde_json::json;

const ID: RunId = RunId(42);
const QUESTION: &str = "Compare the left with the right and recommend one of them";

/// A pipeline whose agents, one a subgoal, each ask what they like; all write down when they work.
fn asking<F, Fut>(journal: Arc<dyn Journal>, ids: &'static [&'static str], agent: F) -> ninefold::SoarBuilder
where
    F: Fn(Task, Cx) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<String>> + Send,
{
    let plan = move |_: Decomposition, _: Cx| {
        let subgoals: Vec<Subgoal> =
            ids.iter().map(|id| Subgoal { critical: true, ..Subgoal::new(*id, QUESTION) }).collect();
        async { Ok(Noted::new(Plan::try_from(subgoals)?)) }
    };
    let card = AgentCard::new("worker", "Works").capability("*");
    let builder = Soar::builder().journal(journal).agent(card, agent);
    builder.pipeline(|pipeline| pipeline.decompose(plan).definition("suspended 1"))
}

fn query() -> Query {
    Query::new(QUESTION).run(ID)
}

#[tokio::test]
async fn agents_that_ask_wait_together_and_what_others_did_is_done_once() {
    let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
    let worked = Arc::new(AtomicU32::new(0));
    let agent = {
        let worked = Arc::clone(&worked);
        move |task: Task, cx: Cx| {
            let worked = Arc::clone(&worked);
            async move {
                match task.subgoal.id.0.as_str() {
                    "silent" => {
                        tokio::task::yield_now().await;
                        worked.fetch_add(1, Ordering::SeqCst);
                        Ok("nothing to ask".to_owned())
                    }
                    "where" => match cx.ask(Inquiry::choice("Where?", ["eu", "us"])).await? {
                        Supplied::Text(place) => Ok(format!("in {place}")),
                        Supplied::Approval(_) => panic!("a choice is a text"),
                    },
                    _ => cx.ask_text("Whose?").await.map(|whose| format!("that of {whose}")),
                }
            }
        }
    };
    let soar = asking(journal, &["where", "silent", "whose"], agent).build().await.unwrap();
    let failure = soar.answer(query()).await.unwrap_err();
    assert_eq!(failure.error.kind(), ErrorKind::Suspended);
    let suspension = Suspension::of(&failure.error).unwrap();
    assert_eq!((suspension.run, suspension.waits_for.inquiry.text.as_str()), (ID, "Where?"));
    assert!(failure.error.hint_text().unwrap().contains(&ID.to_string()), "{}", failure.error);

    assert!(soar.unfinished().await.unwrap().is_empty(), "it is listed apart");
    let suspended = soar.suspended().await.unwrap();
    assert_eq!(suspended, [(ID, soar.pending(ID).await.unwrap())]);
    let asked: Vec<_> = suspended[0].1.iter().map(|open| (open.inquiry.text.as_str(), &open.inquiry.wanted)).collect();
    let choice = Wanted::Choice { options: vec!["eu".to_owned(), "us".to_owned()] };
    assert_eq!(asked, [("Where?", &choice), ("Whose?", &Wanted::Text)]);

    let [place, whose] = [0, 1].map(|n: usize| suspended[0].1[n].id);
    soar.supply(ID, place, "eu").await.unwrap();
    assert_eq!(soar.resume(ID, None).await.unwrap_err().error.kind(), ErrorKind::Suspended);
    let left = soar.pending(ID).await.unwrap();
    assert_eq!(left, suspended[0].1[1..], "the same question, with the same id");
    soar.supply(ID, whose, "the user").await.unwrap();
    assert_eq!(soar.unfinished().await.unwrap(), [ID], "it can go on now");

    let answer = soar.resume(ID, None).await.unwrap();
    assert_eq!(answer.text, "in eu [1]\n\nnothing to ask [2]\n\nthat of the user [3]");
    assert_eq!(worked.load(Ordering::SeqCst), 1, "over three starts of the run");
    assert!(soar.suspended().await.unwrap().is_empty() && soar.unfinished().await.unwrap().is_empty());
    assert!(soar.pending(ID).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn waiting_is_no_failure_is_not_tried_again_and_is_marked_in_the_account() {
    let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
    let called = Arc::new(AtomicU32::new(0));
    let agent = {
        let called = Arc::clone(&called);
        move |_: Task, cx: Cx| {
            called.fetch_add(1, Ordering::SeqCst);
            async move { cx.ask_approval("Go on?").await.map(|yes| format!("{yes}")) }
        }
    };
    let soar = asking(journal, &["a"], agent).build().await.unwrap();
    let mut events = soar.stream(query());
    let (mut told, mut failure) = (Vec::new(), None);
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Asked(open)) => told.push(format!("asked {}", open.inquiry.text)),
            Ok(Event::PhaseFinished { phase, end }) if phase == "collect" => told.push(format!("{end:?}")),
            Ok(Event::SubgoalFailed(failed)) => told.push(failed.message),
            Ok(_) => {}
            Err(last) => failure = Some(last),
        }
    }
    assert_eq!(told, ["asked Go on?", "Suspended"]);
    assert_eq!(called.load(Ordering::SeqCst), 1);
    let profile = failure.unwrap().profile;
    let marked: Vec<_> = profile
        .tree()
        .nodes()
        .iter()
        .filter(|node| node.outcome == Some(Outcome::Suspended))
        .map(|node| node.title().to_string())
        .collect();
    assert_eq!(marked, ["invoke_agent soar", "collect", "execute_tool worker"]);
    let breakdown = profile.breakdown();
    assert_eq!((breakdown.total.failed, breakdown.row("collect").unwrap().suspended), (0, 1));
    assert!(profile.table().to_string().contains("suspended"), "{}", profile.table());
    assert!(profile.breakdown().rows.iter().all(|row| row.error_types.is_empty()));
}

#[tokio::test]
async fn answers_that_do_not_fit_are_refused() {
    let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
    let agent = |_: Task, cx: Cx| async move { cx.ask_approval("Go on?").await.map(|yes| format!("said {yes}")) };
    let soar = asking(journal, &["a"], agent).build().await.unwrap();
    soar.answer(query()).await.unwrap_err();
    let id = soar.pending(ID).await.unwrap()[0].id;
    let refused = async |run, id, answer: Supplied| soar.supply(run, id, answer).await.unwrap_err();

    let error = refused(RunId(7), id, true.into()).await;
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::NotFound, &*format!("the journal knows no run {}", RunId(7)))
    );
    let error = refused(ID, InquiryId(7), true.into()).await;
    assert_eq!(error.to_string(), format!("run {ID} has no question 0000000000000007; the run waits for {id}"));
    let error = refused(ID, id, "certainly".into()).await;
    assert_eq!((error.kind(), error.message()), (ErrorKind::InvalidInput, "the question wants yes or no"));

    soar.supply(ID, id, false).await.unwrap();
    soar.supply(ID, id, false).await.unwrap();
    assert_eq!(refused(ID, id, true.into()).await.kind(), ErrorKind::Conflict);
    assert_eq!(soar.resume(ID, None).await.unwrap().text, "said false [1]");
    soar.supply(ID, id, false).await.unwrap();
    assert_eq!(refused(ID, id, true.into()).await.kind(), ErrorKind::Conflict);
    assert_eq!(soar.pending(RunId(7)).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn of_two_who_answer_at_once_one_is_heard() {
    let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
    let agent = |_: Task, cx: Cx| async move { cx.ask_text("Who?").await };
    let soar = asking(journal, &["a"], agent).build().await.unwrap();
    soar.answer(query()).await.unwrap_err();
    let id = soar.pending(ID).await.unwrap()[0].id;
    let (one, two) = tokio::join!(soar.supply(ID, id, "one"), soar.supply(ID, id, "two"));
    assert!(one.is_ok() && two.is_err_and(|error| error.kind() == ErrorKind::Conflict));
    assert_eq!(soar.resume(ID, None).await.unwrap().text, "one [1]");
}

#[tokio::test]
async fn a_run_without_a_journal_cannot_wait_and_says_so() {
    let agent = |_: Task, cx: Cx| async move { cx.ask_text("Who?").await };
    let card = AgentCard::new("worker", "Works").capability("*");
    let soar = Soar::builder().agent(card, agent).build().await.unwrap();
    let answer = soar.answer(QUESTION).await.unwrap();
    assert!(answer.to_string().contains("the run has no journal to wait in: Who?"), "{answer}");
    assert_eq!(soar.pending(ID).await.unwrap_err().kind(), ErrorKind::NotFound);
    let refused = Soar::builder().pipeline(|pipeline| pipeline.approve_plans(true)).build().await.err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn whoever_reads_of_a_question_may_answer_it_at_once() {
    for durability in [Durability::Run, Durability::Phase] {
        let agent = |_: Task, cx: Cx| async move { cx.ask_text("Who?").await };
        let builder = asking(Arc::new(MemoryJournal::new()), &["a", "b"], agent).durability(durability);
        let soar = builder.build().await.unwrap();
        let mut asked = 0;
        let mut events = soar.stream(query());
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Asked(open)) => {
                    asked += 1;
                    soar.supply(ID, open.id, "me").await.unwrap();
                }
                Ok(_) => {}
                Err(failure) => assert_eq!(failure.error.kind(), ErrorKind::Suspended),
            }
        }
        assert_eq!(asked, 2, "{durability:?}");
        assert!(soar.suspended().await.unwrap().is_empty());
        assert_eq!(soar.unfinished().await.unwrap(), [ID], "it can go on");
        assert!(soar.resume(ID, None).await.unwrap().text.starts_with("me ["));
    }
}

#[tokio::test]
async fn a_run_that_is_killed_after_it_asked_goes_on_where_it_asked() {
    for durability in [Durability::Run, Durability::Phase] {
        let (planned, works) = (AtomicU32::new(0), AtomicU32::new(0));
        // Planned twice, it asks something else.
        let plan = move |_: Decomposition, _: Cx| {
            let n = planned.fetch_add(1, Ordering::SeqCst);
            let subgoals = vec![Subgoal::new(format!("asks {n}"), QUESTION), Subgoal::new("works", QUESTION)];
            async { Ok(Noted::new(Plan::try_from(subgoals)?)) }
        };
        let agent = move |task: Task, cx: Cx| {
            let is_first = task.subgoal.id.0 == "works" && works.fetch_add(1, Ordering::SeqCst) == 0;
            async move {
                match task.subgoal.id.0.as_str() {
                    "works" if is_first => std::future::pending().await,
                    "works" => Ok("done".to_owned()),
                    asks => cx.ask_text(format!("Who {asks}?")).await,
                }
            }
        };
        let builder = asking(Arc::new(MemoryJournal::new()), &[], agent).durability(durability);
        let soar = builder.pipeline(|pipeline| pipeline.decompose(plan)).build().await.unwrap();
        let mut events = soar.stream(query());
        let id = loop {
            if let Event::Asked(open) = events.next().await.unwrap().unwrap() {
                break open.id;
            }
        };
        drop(events);
        soar.supply(ID, id, "me").await.unwrap();
        assert_eq!(soar.resume(ID, None).await.unwrap().text, "me [1]\n\ndone [2]", "{durability:?}");
    }
}

#[tokio::test]
async fn a_run_that_waits_is_logged_once_when_it_has_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let agent = |_: Task, cx: Cx| async move { cx.ask_text("Who?").await };
    let builder = asking(Arc::new(MemoryJournal::new()), &["a"], agent).conversation_log(folder.path());
    let soar = builder.build().await.unwrap();
    soar.answer(query()).await.unwrap_err();
    soar.resume(ID, None).await.unwrap_err();
    let id = soar.pending(ID).await.unwrap()[0].id;
    soar.supply(ID, id, "me").await.unwrap();
    soar.resume(ID, None).await.unwrap();
    let log = soar.conversation_log().unwrap();
    log.flush().await;
    let (entries, _) = ninefold::store::read_conversation(&log.file(None)).unwrap();
    let logged: Vec<_> = entries.iter().map(|entry| (entry.question.as_str(), entry.answer.as_deref())).collect();
    assert_eq!(logged, [(QUESTION, Some("me [1]"))]);
}

/// Two phases around a question, asked in the body itself.
async fn order(journal: &Arc<dyn Journal>, durability: Durability, text: &str, ran: &AtomicU32) -> Result<String> {
    let count = phase("count", |n: u32, _: Cx| {
        ran.fetch_add(1, Ordering::SeqCst);
        async move { Ok(n + 1) }
    });
    let run = Run::new("order").id(ID).journal(Arc::clone(journal), durability);
    run.execute(&(), async |cx| {
        let n = count.run(1, &cx).await?;
        let whose = cx.ask_text(text).await?;
        let n = count.run(n, &cx).await?;
        Ok(format!("{n} of {whose}"))
    })
    .await
}

#[tokio::test]
async fn a_run_that_writes_at_its_end_writes_before_it_waits() {
    for durability in [Durability::Run, Durability::Phase] {
        let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
        let ran = AtomicU32::new(0);
        let waits = order(&journal, durability, "Whose?", &ran).await.unwrap_err();
        assert!(waits.is_suspension() && waits.ends_run(), "{waits}");
        let again = order(&journal, durability, "Whose?", &ran).await.unwrap_err();
        assert_eq!(Suspension::of(&again), Suspension::of(&waits), "nothing has changed");
        let changed = order(&journal, durability, "Why?", &ran).await.unwrap_err();
        assert_eq!(changed.kind(), ErrorKind::ReplayRefused, "{changed}");
        let id = Suspension::of(&waits).unwrap().waits_for.id;
        suspension::supply(journal.as_ref(), ID, id, "mine", Timestamp(5)).await.unwrap();
        assert_eq!(order(&journal, durability, "Whose?", &ran).await.unwrap(), "3 of mine");
        assert_eq!(ran.load(Ordering::SeqCst), 2, "{durability:?}: each phase ran once");
        assert_eq!(order(&journal, durability, "Whose?", &ran).await.unwrap(), "3 of mine");
    }
}

#[tokio::test]
async fn runs_that_wait_too_long_are_pruned_like_others() {
    let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
    let clock = Arc::new(ninefold_testkit::ManualClock::at(Timestamp(0)));
    let agent = |_: Task, cx: Cx| async move { cx.ask_text("Who?").await };
    let soar = asking(journal, &["a"], agent).clock(Arc::clone(&clock) as _).build().await.unwrap();
    soar.answer(query()).await.unwrap_err();
    let days = |n: i64| Timestamp(n * 86_400_000_000);
    clock.set(days(10));
    let id = soar.pending(ID).await.unwrap()[0].id;
    soar.supply(ID, id, "me").await.unwrap();
    clock.set(days(35));
    assert_eq!(soar.prune_unfinished(Duration::from_secs(30 * 86_400)).await.unwrap(), 0, "it was answered since");
    clock.set(days(41));
    assert_eq!(soar.prune_unfinished(Duration::from_secs(30 * 86_400)).await.unwrap(), 1);
    assert_eq!(soar.pending(ID).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_plan_is_carried_out_when_a_person_approves_it_and_not_before() {
    for approved in [true, false] {
        let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
        let called = Arc::new(AtomicU32::new(0));
        let agent = {
            let called = Arc::clone(&called);
            move |_: Task, _: Cx| {
                called.fetch_add(1, Ordering::SeqCst);
                async { Ok("done".to_owned()) }
            }
        };
        let soar = asking(journal, &["a", "b"], agent).approve_plans(true).build().await.unwrap();
        soar.answer(query()).await.unwrap_err();
        assert_eq!(called.load(Ordering::SeqCst), 0);
        let open = soar.pending(ID).await.unwrap().remove(0);
        assert_eq!(
            open.inquiry.text,
            format!("Is this plan to be carried out?\n- a (critical): {QUESTION}\n- b (critical): {QUESTION}")
        );
        soar.supply(ID, open.id, approved).await.unwrap();
        let answer = soar.resume(ID, None).await.unwrap();
        assert_eq!(called.load(Ordering::SeqCst), if approved { 2 } else { 0 });
        let rejected = answer.degradations.iter().any(|note| matches!(note, Degradation::PlanRejected { .. }));
        assert_eq!(rejected, !approved, "{answer}");
    }
}

/// A model that wants one call that needs a person's word, one that does not, and then answers.
fn shop(journal: Arc<dyn Journal>, called: &Arc<[AtomicU32; 2]>) -> impl Future<Output = Result<Soar>> {
    let tool = |n: usize, name: &str| {
        let called = Arc::clone(called);
        json_tool(name, "Does it", json!({ "type": "object" }), move |_, _: Cx| {
            let called = Arc::clone(&called);
            async move {
                tokio::task::yield_now().await;
                called[n].fetch_add(1, Ordering::SeqCst);
                Ok(format!("made call {n}"))
            }
        })
    };
    let model = ScriptedModel::new()
        .answer("made call 0", "It is bought.")
        .answer("said no", "It is not bought.")
        .calls("", [("buy", r#"{"what":"a boat"}"#), ("look", "{}")]);
    let approve = |pending: Pending, _: Cx| async move {
        let asks = pending.tool.name == "buy";
        Ok(if asks { Permission::Ask("Really?".to_owned()) } else { Permission::Allow })
    };
    let agent = ToolAgent::builder(model).tool(tool(0, "buy")).tool(tool(1, "look")).approve(approve).build().unwrap();
    let card = AgentCard::new("shopper", "Buys").capability("*");
    Soar::builder().journal(journal).agent(card, agent).build()
}

#[tokio::test]
async fn a_tool_that_needs_a_persons_word_parks_the_run_and_is_called_once() {
    for approved in [true, false] {
        let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
        let called: Arc<[AtomicU32; 2]> = Arc::default();
        // Three processes would each build their own.
        let first = shop(Arc::clone(&journal), &called).await.unwrap();
        let error =
            first.answer(Query::new("Which boat should I buy, and why this one?").run(ID)).await.unwrap_err().error;
        assert_eq!(error.kind(), ErrorKind::Suspended, "{error}");
        assert_eq!(
            [0, 1].map(|n: usize| called[n].load(Ordering::SeqCst)),
            [0, 1],
            "the other call was not broken off"
        );

        let second = shop(Arc::clone(&journal), &called).await.unwrap();
        let open = second.pending(ID).await.unwrap();
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].inquiry.text, "Really?");
        assert_eq!(open[0].inquiry.about, Some(json!({ "tool": "buy", "arguments": { "what": "a boat" } })));
        second.supply(ID, open[0].id, approved).await.unwrap();

        let third = shop(Arc::clone(&journal), &called).await.unwrap();
        let answer = third.resume(ID, None).await.unwrap();
        let bought = if approved { "It is bought." } else { "It is not bought." };
        assert!(answer.text.contains(bought), "{answer}");
        let calls = [0, 1].map(|n: usize| called[n].load(Ordering::SeqCst));
        assert_eq!(calls, [u32::from(approved), 1], "each call is made once, over all processes");
        third.resume(ID, None).await.unwrap();
        assert_eq!([0, 1].map(|n: usize| called[n].load(Ordering::SeqCst)), calls, "a finished run is replayed whole");
    }
}

#[tokio::test]
async fn a_tool_asks_what_it_lacks_and_goes_on_with_the_answer() {
    let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
    let build = || {
        let book = json_tool("book", "Books a seat", json!({ "type": "object" }), |_, cx: Cx| async move {
            let name = cx.ask_text("For whom?").await?;
            let seat = cx.ask(Inquiry::choice("Where?", ["window", "aisle"])).await?;
            Ok(format!("booked for {name}: {seat:?}"))
        });
        let model = ScriptedModel::new().answer("booked for Ada", "Done.").calls("", [("book", "{}")]);
        let agent = ToolAgent::builder(model).tool(book).build().unwrap();
        let card = AgentCard::new("clerk", "Books seats").capability("*");
        Soar::builder().journal(Arc::clone(&journal)).agent(card, agent).build()
    };
    let soar = build().await.unwrap();
    soar.answer(Query::new("Which seat should I book, and why that one?").run(ID)).await.unwrap_err();
    for (asked, answer) in [("For whom?", "Ada"), ("Where?", "window")] {
        let open = soar.pending(ID).await.unwrap();
        assert_eq!(open.iter().map(|open| open.inquiry.text.as_str()).collect::<Vec<_>>(), [asked]);
        soar.supply(ID, open[0].id, answer).await.unwrap();
        let _ = build().await.unwrap().resume(ID, None).await;
    }
    let answer = soar.resume(ID, None).await.unwrap();
    assert!(answer.text.contains("Done."), "{answer}");
}

async fn deployment(folder: &Path) -> Result<String> {
    let journal: Arc<dyn Journal> = Arc::new(Sqlite::open(folder.join("journal.db")).await?);
    let log = folder.join("log");
    let work = |what: &'static str| {
        let log = log.clone();
        phase(what, move |(): (), cx: Cx| {
            let mut log = std::fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
            async move {
                if what == "deploy" && !cx.ask_approval("Deploy to production?").await? {
                    return Err(Error::new(ErrorKind::Refused, "nobody wants it"));
                }
                writeln!(log, "{what}").unwrap();
                Ok(())
            }
        })
    };
    let (build, deploy) = (work("build"), work("deploy"));
    let recorded =
        profile::record(Run::new("deployment").id(ID).journal(journal, Durability::Phase).execute(&(), async |cx| {
            build.run((), &cx).await?;
            deploy.run((), &cx).await?;
            Ok("deployed".to_owned())
        }));
    recorded.await.output
}

/// Not a test of its own: a process that works on a run until that waits, and then until it is killed; or one that answers. Does
/// nothing unless it is told.
#[tokio::test]
async fn child() {
    let Some(folder) = std::env::var_os("NINEFOLD_SUSPEND_FOLDER").map(PathBuf::from) else { return };
    if std::env::var_os("NINEFOLD_SUSPEND_ANSWER").is_some() {
        let journal = Sqlite::open(folder.join("journal.db")).await.unwrap();
        let (run, _, open) = suspension::suspended(&journal).await.unwrap().remove(0);
        suspension::supply(&journal, run, open[0].id, true, Timestamp(9)).await.unwrap();
    } else {
        assert_eq!(deployment(&folder).await.unwrap_err().kind(), ErrorKind::Suspended);
    }
    println!("\nwaiting to be killed");
    std::io::stdout().flush().unwrap();
    loop {
        std::thread::park();
    }
}

#[tokio::test]
async fn asked_in_one_process_answered_in_another_and_resumed_in_a_third_though_both_were_killed() {
    let folder = tempfile::tempdir().unwrap();
    for answers in [false, true] {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "suspended::child", "--nocapture"]).env("NINEFOLD_SUSPEND_FOLDER", folder.path());
        if answers {
            command.env("NINEFOLD_SUSPEND_ANSWER", "yes");
        }
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let waiting = lines.any(|line| line.unwrap() == "waiting to be killed");
        child.kill().unwrap();
        let status = child.wait().unwrap();
        assert!(waiting, "the child ended by itself: {status}");
    }
    assert_eq!(deployment(folder.path()).await.unwrap(), "deployed");
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(log, "build\ndeploy\n", "each was done once, over three processes");
}
