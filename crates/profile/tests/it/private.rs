//! The private subscriber: it does as a host's registry with the layer does, and its spans may go anywhere.

use std::cell::Cell;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use ninefold_core::span;
use ninefold_profile::{MAX_SPANS, Profile, Recorded, layer, record};
use proptest::prelude::*;
use tracing::field::Empty;
use tracing::instrument::Instrument as _;
use tracing::span::Id;
use tracing::{Dispatch, Span, dispatcher};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::support::{agent, ms, names, paused, paused_run, phase, row, run, wait};

fn current_name() -> Option<&'static str> {
    Some(Span::current().metadata()?.name())
}

fn current_dispatch() -> Dispatch {
    dispatcher::get_default(Dispatch::clone)
}

#[test]
fn the_current_span_is_the_innermost_one() {
    paused_run(async {
        assert_eq!(current_name(), None);
        let outer = span::phase("outer");
        let held = outer.clone();
        async {
            assert_eq!(Span::current(), held);
            let inner = tracing::info_span!("inner");
            inner.in_scope(|| {
                assert_eq!(Span::current(), inner);
                assert_eq!(current_name(), Some("inner"));
            });
            let within = record(async { current_name() }).with_clock(paused).await;
            assert_eq!(within.output, Some("phase"));
            wait(1).await;
            assert_eq!(Span::current(), held);
        }
        .instrument(outer)
        .await;
        assert_eq!(current_name(), None);
    });
    assert!(Span::current().is_none());
}

#[test]
fn the_current_span_may_be_written_to() {
    let profile = paused_run(run(phase("failing", async {
        span::record_outcome(&Span::current(), span::outcome::FAILED);
    })))
    .profile;
    assert_eq!(row(&profile, "failing").failed, 1);
}

#[test]
fn the_current_span_may_be_a_parent_on_another_thread() {
    let profile = paused_run(run(phase("collect", async {
        let (parent, dispatch) = (Span::current(), current_dispatch());
        let elsewhere = move || {
            dispatcher::with_default(&dispatch, || {
                assert_eq!(current_name(), None);
                let child = tracing::info_span!(parent: &parent, "child");
                child.in_scope(|| {
                    assert_eq!(Span::current(), child);
                    tracing::info_span!("grandchild").in_scope(|| ());
                });
            });
        };
        std::thread::spawn(elsewhere).join().unwrap();
    })))
    .profile;
    assert_eq!(names(&profile), ["invoke_agent soar", "-collect", "--child", "---grandchild"]);
    assert_eq!(profile.detached(), 0);
}

#[test]
fn a_span_is_open_while_anyone_on_any_thread_holds_it() {
    let (give_back, given_back) = std::sync::mpsc::channel::<()>();
    let Recorded { output: thread, profile } = paused_run(run(async {
        let kept = span::agent("kept");
        let (clone, let_go) = (kept.clone(), kept.clone());
        std::thread::spawn(move || drop(let_go)).join().unwrap();
        std::thread::spawn(move || {
            let clone = clone.clone();
            given_back.recv().unwrap();
            clone.in_scope(|| drop(clone.clone()));
        })
    }));
    assert_eq!(profile.detached(), 1);
    give_back.send(()).unwrap();
    thread.join().unwrap();
    let profile = paused_run(run(async {
        let kept = span::agent("kept");
        let clone = kept.clone();
        drop(kept);
        std::thread::spawn(move || drop(clone)).join().unwrap();
    }))
    .profile;
    assert_eq!((names(&profile).len(), profile.detached()), (2, 0));
}

#[test]
fn a_child_keeps_its_parents_open() {
    let Recorded { output: child, profile } = paused_run(async {
        let parent = tracing::info_span!("never entered");
        tracing::info_span!(parent: &parent, "child")
    });
    assert!(profile.tree().nodes().iter().all(|node| node.open));
    assert_eq!(profile.detached(), 1);
    drop(child);
}

#[test]
fn a_chain_may_be_closed_from_its_head() {
    let profile = paused_run(async {
        let mut spans = vec![span::phase("0")];
        for n in 1..MAX_SPANS {
            let deeper = spans[n - 1].in_scope(|| span::phase("deeper"));
            spans.push(deeper);
        }
        drop(spans);
    })
    .profile;
    assert_eq!((profile.spans(), profile.detached()), (MAX_SPANS as u64, 0));
}

#[test]
fn ids_of_what_is_over_are_harmless() {
    let (dead, dispatch) = paused_run(run(async { (span::agent("dead").id().unwrap(), current_dispatch()) })).output;
    let profile = paused_run(run(async {
        let closed = span::agent("closed").id().unwrap();
        // That of a host's registry looks like a span of this run that is not there.
        let foreign = Id::from_u64(closed.into_u64() + 1_000);
        for id in [dead, closed, foreign] {
            assert_eq!(dispatch.clone_span(&id), id);
            dispatch.enter(&id);
            drop(Span::current());
            dispatch.exit(&id);
            dispatch.exit(&id);
            assert!(!dispatch.try_close(id.clone()));
            tracing::info_span!(parent: id, "child").in_scope(|| ());
        }
    }))
    .profile;
    // The child of a span that is nowhere stands at the top.
    assert_eq!(names(&profile), ["run", "-invoke_agent soar", "--execute_tool closed", "---child", "-child", "-child"]);
    assert_eq!(profile.detached(), 0);
}

#[test]
fn spans_that_belong_to_no_run_are_nobodys() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let profile = runtime.block_on(async {
        let recorded = record(run(async {
            let task = async {
                let own = tracing::info_span!("own", outcome = Empty);
                async {
                    span::record_outcome(&own, span::outcome::FAILED);
                    agent("below", async {}).await;
                    tracing::info_span!(parent: &own, "below").in_scope(|| ());
                    assert_eq!(current_name(), None);
                }
                .instrument(own.clone())
                .await;
            };
            tokio::spawn(tracing::instrument::WithSubscriber::with_current_subscriber(task)).await.unwrap();
        }));
        recorded.await.profile
    });
    assert_eq!(names(&profile), ["invoke_agent soar"]);
    assert_eq!((profile.dropped_spans(), profile.detached()), (0, 0));
}

thread_local! {
    static TICKS: Cell<u64> = const { Cell::new(0) };
}

/// A clock that stands still until it is told otherwise.
fn ticking() -> Instant {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(paused);
    *START + Duration::from_nanos(TICKS.get())
}

/// One step of a made-up program. Spans are told by numbers, modulo how many there are.
#[derive(Debug, Clone)]
enum Step {
    Here,
    Root,
    Below(usize),
    Current,
    Enter(usize),
    Exit(usize),
    Copy(usize),
    Drop(usize),
    Say(usize, u64),
    Pass(u64),
    Recording(Vec<Step>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Here),
        1 => Just(Step::Root),
        2 => (0..20_usize).prop_map(Step::Below),
        1 => Just(Step::Current),
        6 => (0..20_usize).prop_map(Step::Enter),
        5 => (0..20_usize).prop_map(Step::Exit),
        2 => (0..20_usize).prop_map(Step::Copy),
        4 => (0..20_usize).prop_map(Step::Drop),
        1 => (0..20_usize, 1..9_u64).prop_map(|(span, n)| Step::Say(span, n)),
        4 => (1..100_u64).prop_map(Step::Pass),
    ];
    let step = step.prop_recursive(3, 24, 8, |step| prop::collection::vec(step, 0..12).prop_map(Step::Recording));
    prop::collection::vec(step, 0..24)
}

/// The spans that a program has at hand, and those it is inside of.
#[derive(Default)]
struct Program {
    spans: Vec<Span>,
    /// With the number of recordings around, at the end of which they are left at the latest.
    entered: Vec<(Span, usize)>,
    depth: usize,
    profiles: Vec<Profile>,
    made: u64,
}

impl Program {
    fn record(&mut self, steps: &[Step]) {
        let steps = async {
            self.depth += 1;
            steps.iter().for_each(|step| self.step(step));
            while let Some(n) = self.entered.iter().rposition(|(_, depth)| *depth == self.depth) {
                self.exit(n);
            }
            self.depth -= 1;
        };
        let profile = record(steps).with_clock(ticking).now_or_never().unwrap().profile;
        self.profiles.push(profile);
    }

    fn step(&mut self, step: &Step) {
        let any = |n: &usize, len: usize| n.checked_rem(len);
        self.made += 1;
        let made = self.made;
        match step {
            Step::Here => self.spans.push(tracing::info_span!("here", hits = Empty, attempts = made)),
            Step::Root => self.spans.push(tracing::info_span!(parent: None, "root", hits = Empty, attempts = made)),
            Step::Below(n) => {
                let parent = any(n, self.spans.len()).map_or_else(Span::none, |n| self.spans[n].clone());
                self.spans.push(tracing::info_span!(parent: &parent, "below", hits = Empty, attempts = made));
            }
            Step::Current => self.spans.push(Span::current()),
            Step::Enter(n) => {
                if let Some(n) = any(n, self.spans.len())
                    && !self.entered.iter().any(|(span, _)| *span == self.spans[n])
                {
                    self.spans[n].with_subscriber(|(id, dispatch)| dispatch.enter(id));
                    self.entered.push((self.spans[n].clone(), self.depth));
                }
            }
            Step::Exit(n) => {
                if let Some(n) = any(n, self.entered.len()) {
                    self.exit(n);
                }
            }
            Step::Copy(n) => self.spans.extend(any(n, self.spans.len()).map(|n| self.spans[n].clone())),
            Step::Drop(n) => drop(any(n, self.spans.len()).map(|n| self.spans.remove(n))),
            Step::Say(n, value) => {
                if let Some(n) = any(n, self.spans.len()) {
                    self.spans[n].record(span::field::HITS, *value);
                }
            }
            Step::Pass(n) => TICKS.set(TICKS.get() + n),
            Step::Recording(steps) => self.record(steps),
        }
    }

    fn exit(&mut self, n: usize) {
        self.entered.remove(n).0.with_subscriber(|(id, dispatch)| dispatch.exit(id));
    }
}

/// The profiles of all recordings of one program after the other; spans of one may be at hand in the next.
fn profiles(programs: &[Vec<Step>]) -> Vec<Profile> {
    TICKS.set(0);
    let mut program = Program::default();
    programs.iter().for_each(|steps| program.record(steps));
    program.profiles
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_hears_what_a_layer_on_a_registry_hears(programs in prop::collection::vec(steps(), 1..4)) {
        let private = profiles(&programs);
        let _host = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer().with_clock(ticking)));
        let host = profiles(&programs);
        prop_assert_eq!(private.len(), host.len());
        for (private, host) in private.iter().zip(&host) {
            prop_assert_eq!((private.wall(), private.detached()), (host.wall(), host.detached()));
            // Of a run without spans, a host's layer says that it may have been filtered.
            prop_assert!(private == host || private.spans() + host.spans() == 0, "{private:#?}\n{host:#?}");
        }
    }
}

#[test]
fn the_length_of_a_wait_is_known_when_a_span_is_entered_by_turns_on_two_threads() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let profile = runtime.block_on(async {
        record(run(async {
            let shared = span::agent("shared");
            let there = tokio::spawn(wait(5).instrument(shared.clone()));
            wait(5).instrument(shared).await;
            there.await.unwrap();
        }))
        .await
        .profile
    });
    assert_eq!(names(&profile), ["invoke_agent soar", "-execute_tool shared"]);
    assert!(profile.tree().nodes()[1].wall >= ms(5));
    assert_eq!(profile.detached(), 0);
}
