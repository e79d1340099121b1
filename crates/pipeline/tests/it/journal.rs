//! Durable runs: what is replayed, what is refused, what is written when.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ninefold_core::{Cx, Durability, Error, ErrorKind, Journal, Key, Query, Result, RunId, suspension};
use ninefold_pipeline::{Run, Soar, phase};

use crate::fixture::{Notebook, shelf};

const ID: RunId = RunId(7);

fn durable(notebook: &Arc<Notebook>, durability: Durability) -> Run {
    Run::new("steps").id(ID).journal(Arc::clone(notebook) as Arc<dyn Journal>, durability)
}

/// Three phases of which the third fails until it is told not to; returns how often each ran.
async fn three(run: Run, fail: bool, ran: &[AtomicU32; 3]) -> Result<u32> {
    let step = |n: usize| {
        move |input: u32, _: Cx| {
            ran[n].fetch_add(1, Ordering::SeqCst);
            async move { if n == 2 && fail { Err(Error::new(ErrorKind::Permanent, "told to fail")) } else { Ok(input + 1) } }
        }
    };
    let (one, two, three) = (phase("one", step(0)), phase("two", step(1)), phase("three", step(2)));
    run.execute(&1u32, async |cx| {
        let a = one.run(1, &cx).await?;
        let b = two.run(a, &cx).await?;
        three.run(b, &cx).await
    })
    .await
}

fn counts(ran: &[AtomicU32; 3]) -> [u32; 3] {
    [0, 1, 2].map(|n: usize| ran[n].load(Ordering::SeqCst))
}

#[tokio::test]
async fn finished_phases_are_replayed_and_the_rest_runs() {
    let (notebook, ran) = (Arc::new(Notebook::default()), Default::default());
    three(durable(&notebook, Durability::Phase), true, &ran).await.unwrap_err();
    assert_eq!(counts(&ran), [1, 1, 1]);
    assert_eq!(notebook.unfinished().await.unwrap().len(), 1);
    assert_eq!(three(durable(&notebook, Durability::Phase), false, &ran).await.unwrap(), 4);
    assert_eq!(counts(&ran), [1, 1, 2]);
    assert!(notebook.unfinished().await.unwrap().is_empty());
    assert_eq!(three(durable(&notebook, Durability::Phase), false, &ran).await.unwrap(), 4);
    assert_eq!(counts(&ran), [1, 1, 2], "a finished run is replayed whole");
}

#[tokio::test]
async fn durability_run_writes_at_the_end_only() {
    let (notebook, ran) = (Arc::new(Notebook::default()), Default::default());
    three(durable(&notebook, Durability::Run), true, &ran).await.unwrap_err();
    assert!(notebook.runs.lock().unwrap()[&ID].entries.is_empty());
    three(durable(&notebook, Durability::Run), false, &ran).await.unwrap();
    assert_eq!(counts(&ran), [2, 2, 2]);
    assert_eq!(notebook.runs.lock().unwrap()[&ID].entries.len(), 3);
}

#[tokio::test]
async fn durability_off_writes_nothing() {
    let (notebook, ran) = (Arc::new(Notebook::default()), Default::default());
    three(durable(&notebook, Durability::Off), false, &ran).await.unwrap();
    assert!(notebook.runs.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_changed_pipeline_is_refused() {
    let (notebook, ran) = (Arc::new(Notebook::default()), Default::default());
    three(durable(&notebook, Durability::Phase), true, &ran).await.unwrap_err();
    let refusal = async |run: Run, names: [&'static str; 2], version: u32| {
        let id = |n: u32, _: Cx| async move { Ok(n + 1) };
        let (a, b) = (phase(names[0], id), phase(names[1], id).version(version));
        let outcome = run.execute(&1u32, async |cx| b.run(a.run(1, &cx).await?, &cx).await).await;
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ReplayRefused);
        error.to_string()
    };
    let again = || durable(&notebook, Durability::Phase);
    let renamed = refusal(again(), ["one", "too"], 1).await;
    assert!(renamed.contains("has phase \"two\" at place 1") && renamed.contains("now has \"too\""), "{renamed}");
    let newer = refusal(again(), ["one", "two"], 2).await;
    assert!(newer.contains("phase \"two\" was recorded with another input, scope or version"), "{newer}");
    let redefined = refusal(again().definition(Key([9; 32])), ["one", "two"], 1).await;
    assert!(redefined.contains("pipeline \"steps\" has changed since run"), "{redefined}");
    let moved = Run::new("other").id(ID).journal(notebook.clone(), Durability::Phase);
    assert!(refusal(moved, ["one", "two"], 1).await.contains("belongs to pipeline \"steps\""));
    assert_eq!(counts(&ran), [1, 1, 1], "nothing ran again");
}

#[tokio::test]
async fn another_input_is_refused() {
    let (notebook, ran) = (Arc::new(Notebook::default()), Default::default());
    three(durable(&notebook, Durability::Phase), true, &ran).await.unwrap_err();
    let outcome = durable(&notebook, Durability::Phase).execute(&2u32, async |_| Ok(())).await;
    assert_eq!(outcome.unwrap_err().message(), format!("run {ID} was started with another input"));
}

#[tokio::test]
async fn an_output_that_no_longer_fits_is_refused() {
    let notebook = Arc::new(Notebook::default());
    let number = phase("value", |(): (), _: Cx| async { Ok(7u32) });
    let text = phase("value", |(): (), _: Cx| async { Ok(String::from("seven")) });
    durable(&notebook, Durability::Phase).execute(&(), async |cx| number.run((), &cx).await).await.unwrap();
    let outcome = durable(&notebook, Durability::Phase).execute(&(), async |cx| text.run((), &cx).await).await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::ReplayRefused);
}

#[tokio::test]
async fn a_journal_that_cannot_write_fails_the_run() {
    let (notebook, ran) = (Arc::new(Notebook::default()), Default::default());
    *notebook.full.lock().unwrap() = true;
    let error = three(durable(&notebook, Durability::Phase), false, &ran).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotDurable);
    assert_eq!(error.to_string(), "one: the journal does not go along: the notebook is full; buy another one");
    assert_eq!(counts(&ran), [1, 0, 0]);
}

#[tokio::test]
async fn branches_keep_their_places_whichever_is_faster() {
    let notebook = Arc::new(Notebook::default());
    let ran = AtomicU32::new(0);
    let work = phase("work", |(name, pause): (String, u32), _: Cx| {
        ran.fetch_add(1, Ordering::SeqCst);
        async move {
            for _ in 0..pause {
                tokio::task::yield_now().await;
            }
            Ok(name)
        }
    });
    // The second time the other branch is the faster one.
    let both = async |(left, right): (u32, u32)| {
        durable(&notebook, Durability::Phase)
            .execute(&(), async |cx| {
                let chain = async |cx: Cx, name: &str, pauses: u32| {
                    let first = work.run((name.into(), 1), &cx).await?;
                    for _ in 0..pauses {
                        tokio::task::yield_now().await;
                    }
                    work.run((first + "!", 1), &cx).await
                };
                let (a, b) =
                    tokio::try_join!(chain(cx.branch("left"), "a", left), chain(cx.branch("right"), "b", right))?;
                Ok(a + &b)
            })
            .await
    };
    assert_eq!(both((0, 9)).await.unwrap(), "a!b!");
    assert_eq!(both((9, 0)).await.unwrap(), "a!b!");
    assert_eq!(ran.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn soar_resumes_by_run_id_and_refuses_another_question() {
    let notebook = Arc::new(Notebook::default());
    let build = || {
        let store = Arc::new(shelf(&[("a.txt", "A killed run resumes from its journal.", &[])]));
        Soar::builder().store(store).journal(notebook.clone(), Durability::Phase).build().unwrap()
    };
    let query = || Query::new("How does a killed run resume?").run(ID);
    let first = build().answer(query()).await.unwrap();
    assert_eq!(build().resume(ID, None).await.unwrap(), first);
    let error = build().answer(Query::new("Something else?").run(ID)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReplayRefused);
    let changed = Soar::builder().journal(notebook.clone(), Durability::Phase).definition("v2").build().unwrap();
    assert_eq!(changed.resume(ID, None).await.unwrap_err().kind(), ErrorKind::ReplayRefused);
    assert_eq!(build().resume(RunId(8), None).await.unwrap_err().kind(), ErrorKind::NotFound);
}

/// An agent that works in steps of its own; the second step fails as if the network did, the first time.
#[tokio::test(start_paused = true)]
async fn a_retried_phase_replays_what_it_had_finished_inside() {
    use ninefold_pipeline::Retry;
    let (notebook, ran) = (Arc::new(Notebook::default()), Arc::new([AtomicU32::new(0), AtomicU32::new(0)]));
    let outer = {
        let ran = Arc::clone(&ran);
        phase("outer", move |(): (), cx: Cx| {
            let ran = Arc::clone(&ran);
            async move {
                let counted = |n: usize| {
                    let ran = Arc::clone(&ran);
                    move |(): (), _: Cx| {
                        let before = ran[n].fetch_add(1, Ordering::SeqCst);
                        let reset = Error::new(ErrorKind::Transient, "reset");
                        async move { if n == 1 && before == 0 { Err(reset) } else { Ok(before) } }
                    }
                };
                phase("a", counted(0)).run((), &cx).await?;
                phase("b", counted(1)).run((), &cx).await
            }
        })
        .retry(Retry::default())
    };
    let ends = phase("ends", |(): (), _: Cx| async { Err::<u32, _>(Error::new(ErrorKind::Permanent, "told to fail")) });
    let good = phase("ends", |(): (), _: Cx| async { Ok(7u32) });
    let first = durable(&notebook, Durability::Phase).execute(&(), async |cx| {
        outer.run((), &cx).await?;
        ends.run((), &cx).await
    });
    first.await.unwrap_err();
    assert_eq!([0, 1].map(|n: usize| ran[n].load(Ordering::SeqCst)), [1, 2], "the retry took `a` from the journal");
    let second = durable(&notebook, Durability::Phase).execute(&(), async |cx| {
        outer.run((), &cx).await?;
        good.run((), &cx).await
    });
    assert_eq!(second.await.unwrap(), 7);
    assert_eq!([0, 1].map(|n: usize| ran[n].load(Ordering::SeqCst)), [1, 2]);
}

#[tokio::test]
async fn a_resumed_run_has_spent_what_it_spent() {
    let notebook = Arc::new(Notebook::default());
    let budget = || ninefold_core::Budget { calls: Some(2), ..Default::default() };
    let call = |fail: bool| {
        phase("call", move |(): (), cx: Cx| async move {
            cx.reserve(1)?.settle(ninefold_core::Usage::default());
            if fail { Err(Error::new(ErrorKind::Permanent, "told to fail")) } else { Ok(()) }
        })
    };
    let run = async |fail: bool| {
        let run = durable(&notebook, Durability::Phase).budget(budget());
        run.execute(&(), async |cx| {
            call(false).run((), &cx).await?;
            call(fail).run((), &cx).await?;
            call(false).run((), &cx).await
        })
        .await
    };
    assert_eq!(run(true).await.unwrap_err().kind(), ErrorKind::Permanent);
    // The first call was written down, the failed one was not; one more fits, not two.
    assert_eq!(run(false).await.unwrap_err().kind(), ErrorKind::OverBudget);
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_hangs_is_bound_by_the_deadline() {
    let notebook = Arc::new(Notebook { hangs: true, ..Notebook::default() });
    let run = durable(&notebook, Durability::Phase).deadline(Some(std::time::Duration::from_secs(1)));
    let error = run.execute(&(), async |_| Ok(())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_new_is_not_looked_for() {
    // A journal of which no run can be loaded.
    let notebook = Arc::new(Notebook { hangs: true, ..Notebook::default() });
    let run = Run::new("steps").journal(Arc::clone(&notebook) as Arc<dyn Journal>, Durability::Phase);
    let one = phase("one", |input: u32, _: Cx| async move { Ok(input + 1) });
    let body = run.execute(&1u32, async |cx| one.run(1, &cx).await);
    let second = std::time::Duration::from_secs(1);
    assert_eq!(tokio::time::timeout(second, body).await.expect("it asks the journal for nothing").unwrap(), 2);
    let runs = notebook.runs.lock().unwrap();
    assert_eq!(runs.values().map(|run| (run.entries.len(), run.finished.is_some())).collect::<Vec<_>>(), [(1, true)]);
}

#[tokio::test(start_paused = true)]
async fn what_runs_wait_for_is_listed_without_reading_them_whole() {
    let notebook = Arc::new(Notebook::default());
    let ask = async |cx: Cx| cx.ask_text("Whose?").await;
    assert!(durable(&notebook, Durability::Phase).execute(&(), ask).await.unwrap_err().is_suspension());
    let runs = notebook.runs.lock().unwrap().clone();
    // A journal of which no run can be loaded.
    let notebook = Notebook { hangs: true, runs: runs.into(), ..Notebook::default() };
    let second = std::time::Duration::from_secs(1);
    let waiting = tokio::time::timeout(second, suspension::suspended(&notebook)).await.unwrap().unwrap();
    let [(ID, _, open)] = &waiting[..] else { panic!("{waiting:?}") };
    assert_eq!((open.len(), open[0].inquiry.text.as_str()), (1, "Whose?"));
}

#[tokio::test]
async fn a_question_that_can_never_be_answered_is_not_left_to_be_resumed() {
    let notebook = Arc::new(Notebook::default());
    let soar = Soar::builder().journal(notebook.clone(), Durability::Phase).build().unwrap();
    soar.answer(Query::new(" ")).await.unwrap_err();
    assert!(notebook.unfinished().await.unwrap().is_empty());
}

#[test]
fn replaced_phases_need_a_definition_to_be_durable() {
    use ninefold_core::Routes;
    use ninefold_pipeline::phases::route::Routing;
    let builder = || {
        let durable = Soar::builder().journal(Arc::new(Notebook::default()), Durability::Phase);
        durable.route(|_: Routing, _: Cx| async { Ok(Routes::default()) })
    };
    assert_eq!(builder().build().err().unwrap().kind(), ErrorKind::InvalidInput);
    assert!(builder().definition("v1").build().is_ok());
}
