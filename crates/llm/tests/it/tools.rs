//! A model with tools: what it is told, what it may not do, and how it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use ninefold_core::cx::RunState;
use ninefold_core::{
    Agent, Budget, BudgetMeter, Cx, Error, ErrorKind, Evidence, Expense, Labels, Message, Part, Role, RunId, Scope,
    StopReason, Subgoal, Task, Timestamp, ToolResult, Usage,
};
use ninefold_llm::Budgeted;
use ninefold_llm::tools::{Bounds, Ending, Event, Pending, Permission, Tool, ToolAgent, Unfinished, json_tool};
use ninefold_testkit::{ManualClock, ScriptedModel};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

fn run(scope: Scope, budget: Budget, deadline: Option<Instant>, cancel: Option<CancellationToken>) -> Cx {
    Cx::new(RunState {
        id: RunId(1),
        session: None,
        scope,
        budget: BudgetMeter::new(budget, Expense::default()),
        deadline,
        cancel,
        clock: Arc::new(ManualClock::at(Timestamp(0))),
        log: None,
        content: false,
    })
}

pub(crate) fn cx() -> Cx {
    run(Scope::public(), Budget::default(), None, None)
}

pub(crate) fn any() -> Value {
    json!({ "type": "object" })
}

/// Gives back its arguments.
fn echo() -> impl Tool + 'static {
    json_tool(
        "echo",
        "Says what it hears",
        any(),
        |arguments: Value, _| async move { Ok(format!("heard {arguments}")) },
    )
}

/// Counts how often it was called.
fn counted(calls: &Arc<AtomicU32>) -> impl Tool + 'static {
    let calls = Arc::clone(calls);
    json_tool("count", "Counts", any(), move |_, _| {
        let n = calls.fetch_add(1, Ordering::Relaxed) + 1;
        async move { Ok(format!("counted {n}")) }
    })
}

pub(crate) fn ask() -> Vec<Message> {
    vec![Message::user("the question")]
}

/// What the model was told of its calls, in order.
pub(crate) fn told(messages: &[Message]) -> Vec<&ToolResult> {
    let parts = messages.iter().filter(|message| message.role == Role::Tool).flat_map(|message| &message.parts);
    parts.filter_map(|part| if let Part::ToolResult(result) = part { Some(result) } else { None }).collect()
}

#[tokio::test]
async fn a_loop_that_has_called_a_tool_is_not_begun_again_without_a_journal() {
    let reset = || Error::new(ErrorKind::Transient, "reset");
    let calls = Arc::new(AtomicU32::new(0));
    let agent = |model| ToolAgent::builder(model).tool(counted(&calls)).build().unwrap();
    let broken = agent(ScriptedModel::new().fail("the question", reset()));
    assert_eq!(broken.run_loop(ask(), &cx()).await.unwrap_err().attempts(), None, "nothing was called yet");
    let unknown = agent(ScriptedModel::new().fail("no such tool", reset()).calls("", [("unknown", "{}")]));
    assert_eq!(unknown.run_loop(ask(), &cx()).await.unwrap_err().attempts(), None, "nothing that exists");
    let late = agent(ScriptedModel::new().fail("counted", reset()).calls("", [("count", "{}")]));
    let error = late.run_loop(ask(), &cx()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Transient, Some(1)));
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn tools_are_called_until_the_model_answers_in_words() {
    let model = Arc::new(
        ScriptedModel::new()
            .answer("heard {\"b\":2}", "done")
            .calls("heard", [("echo", r#"{"b":2}"#)])
            .calls("", [("echo", r#"{"a":1}"#), ("echo", "")]),
    );
    let agent = ToolAgent::builder(Arc::clone(&model)).instructions("be brief").tool(echo()).build().unwrap();
    let outcome = agent.run_loop(ask(), &cx()).await.unwrap();
    assert_eq!((outcome.text.as_str(), outcome.stop), ("done", StopReason::End));
    assert_eq!(outcome.account.steps, 3);
    assert_eq!(outcome.account.usage, Usage::tokens(30, 15));
    assert_eq!(outcome.account.calls, vec![("echo".into(), Ending::Done); 3]);
    let contents: Vec<&str> = told(&outcome.messages).iter().map(|result| result.content.as_str()).collect();
    assert_eq!(contents, [r#"heard {"a":1}"#, "heard {}", r#"heard {"b":2}"#]);
    let requests = model.requests();
    assert_eq!(requests[0].tools[0].name, "echo");
    assert_eq!(requests[2].messages.len(), 2 + 3 + 2, "instructions and question, two steps with their results");
    let kept: Vec<bool> = requests[2].messages.iter().map(|message| message.keep).collect();
    assert_eq!(kept, [true, false, false, false, false, false, true], "the beginning and the newest are marked");
}

#[tokio::test]
async fn what_goes_wrong_with_a_call_is_told_to_the_model() {
    let fails = json_tool("fails", "Fails", any(), |_, _| async {
        Err::<String, _>(Error::new(ErrorKind::NotFound, "no such room").hint("ask for room 1 to 9"))
    });
    let panics = json_tool("panics", "Panics", any(), |arguments: Value, _| async move {
        assert!(arguments.is_null(), "out of order");
        Ok("never")
    });
    let long = json_tool("long", "Says much", any(), |_, _| async { Ok("ß".repeat(100)) });
    let model = ScriptedModel::new().answer("no such room", "so be it").calls(
        "",
        [("fails", "{}"), ("panics", "{}"), ("long", "{}"), ("nothing", "{}"), ("long", "[1]"), ("long", "{")],
    );
    let bounds = Bounds { result_bytes: 121, ..Bounds::default() };
    let agent = ToolAgent::builder(model).tool(fails).tool(panics).tool(long).bounds(bounds).build().unwrap();
    let outcome = agent.run_loop(ask(), &cx()).await.unwrap();
    let told = told(&outcome.messages);
    assert_eq!(told[0].content, "no such room; ask for room 1 to 9");
    assert_eq!(told[1].content, "the tool panicked: out of order");
    assert_eq!(told[2].content, format!("{}\n[cut here: the first 120 of 200 bytes are shown]", "ß".repeat(60)));
    assert_eq!(told[3].content, "there is no such tool; the tools are: fails, panics, long");
    assert!(told[4].content.contains("no JSON object"), "{}", told[4].content);
    assert!(told[5].content.contains("no JSON (EOF while parsing"), "{}", told[5].content);
    let errors: Vec<bool> = told.iter().map(|result| result.is_error).collect();
    assert_eq!(errors, [true, true, false, true, true, true]);
    let endings: Vec<Ending> = outcome.account.calls.iter().map(|(_, ending)| *ending).collect();
    use Ending::{Done, Failed, NotMade};
    let expected = [
        Failed(ErrorKind::NotFound),
        Failed(ErrorKind::Panicked),
        Done,
        NotMade(ErrorKind::NotFound),
        NotMade(ErrorKind::InvalidInput),
        NotMade(ErrorKind::InvalidInput),
    ];
    assert_eq!(endings, expected);
}

#[tokio::test]
async fn a_tool_out_of_scope_is_neither_shown_nor_called() {
    let calls = Arc::new(AtomicU32::new(0));
    let counts = Arc::clone(&calls);
    let secret = json_tool("secret", "Opens the safe", any(), move |_, _| {
        counts.fetch_add(1, Ordering::Relaxed);
        async { Ok("opened") }
    });
    let model =
        Arc::new(ScriptedModel::new().answer("scope", "no").answer("opened", "yes").calls("", [("secret", "{}")]));
    let secret = secret.labels(Labels::of(["vault"]));
    let agent = ToolAgent::builder(Arc::clone(&model)).tool(echo()).tool(secret).build().unwrap();
    let outcome = agent.run_loop(ask(), &cx()).await.unwrap();
    assert_eq!(outcome.text, "no");
    assert_eq!(told(&outcome.messages)[0].content, "the tool secret is out of the run's scope");
    assert_eq!(calls.load(Ordering::Relaxed), 0);
    assert_eq!(model.requests()[0].tools.len(), 1);
    let granted = run(Scope::of(["vault"]), Budget::default(), None, None);
    assert_eq!(agent.run_loop(ask(), &granted).await.unwrap().text, "yes");
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn what_is_not_permitted_is_not_called() {
    let calls = Arc::new(AtomicU32::new(0));
    let model = || {
        ScriptedModel::new()
            .answer("no shouting", "ok")
            .answer("counted", "done")
            .answer("said no", "pity")
            .answer("nobody to ask", "alone")
            .calls("", [("count", "{}")])
    };
    let build = || ToolAgent::builder(model()).tool(counted(&calls));
    let deny = |pending: Pending, _| async move {
        assert_eq!((pending.tool.name.as_str(), pending.arguments), ("count", json!({})));
        Ok(Permission::Deny("no shouting".to_owned()))
    };
    let agent = build().approve(deny).build().unwrap();
    assert_eq!(agent.run_loop(ask(), &cx()).await.unwrap().text, "ok");
    let asks = |_: Pending, _| async { Ok(Permission::Ask("Really?".to_owned())) };
    let agent = build().approve(asks).build().unwrap();
    assert_eq!(agent.run_loop(ask(), &cx()).await.unwrap().text, "alone");
    let no = |question: String, _: Pending, _| async move { Ok(question != "Really?") };
    let agent = build().approve(asks).ask_person(no).build().unwrap();
    assert_eq!(agent.run_loop(ask(), &cx()).await.unwrap().text, "pity");
    assert_eq!(calls.load(Ordering::Relaxed), 0);
    let undecided = |_: Pending, _| async { Err::<Permission, _>(Error::new(ErrorKind::Unavailable, "no policy")) };
    let error = build().approve(undecided).build().unwrap().run_loop(ask(), &cx()).await.unwrap_err();
    assert_eq!((error.kind(), calls.load(Ordering::Relaxed)), (ErrorKind::Unavailable, 0), "fails closed");
    let yes = |_: String, _: Pending, _| async { Ok(true) };
    let agent = build().approve(asks).ask_person(yes).build().unwrap();
    assert_eq!(agent.run_loop(ask(), &cx()).await.unwrap().text, "done");
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_person_is_asked_one_question_at_a_time() {
    let calls = Arc::new(AtomicU32::new(0));
    let model = ScriptedModel::new()
        .answer("counted", "done")
        .calls("", [("count", r#"{"n":1}"#), ("count", r#"{"n":2}"#), ("count", r#"{"n":3}"#)]);
    let asks = |pending: Pending, _| async move { Ok(Permission::Ask(format!("{}?", pending.arguments["n"]))) };
    let asked = Arc::new(AtomicU32::new(0));
    let open = Arc::clone(&asked);
    let person = move |question: String, _: Pending, _| {
        let open = Arc::clone(&open);
        async move {
            assert_eq!(open.fetch_add(1, Ordering::SeqCst), 0, "another question is open");
            sleep(Duration::from_secs(10)).await;
            open.fetch_sub(1, Ordering::SeqCst);
            Ok(question != "2?")
        }
    };
    let agent = ToolAgent::builder(model).tool(counted(&calls)).approve(asks).ask_person(person).build().unwrap();
    let outcome = agent.run_loop(ask(), &cx()).await.unwrap();
    let errors: Vec<bool> = told(&outcome.messages).iter().map(|result| result.is_error).collect();
    assert_eq!((errors, calls.load(Ordering::Relaxed)), (vec![false, true, false], 2));
}

#[tokio::test]
async fn more_tools_than_providers_take_are_too_many() {
    let mut builder = ToolAgent::builder(ScriptedModel::new().answer("", "never asked"));
    for n in 0..129 {
        builder = builder.tool(json_tool(format!("t{n}"), "Does something", any(), |_, _| async { Ok("x") }));
    }
    let error = builder.build().unwrap().run_loop(ask(), &cx()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::TooLong, "there are 129 tools; a model is shown at most 128")
    );
}

#[tokio::test(start_paused = true)]
async fn calls_run_beside_each_other_and_results_keep_their_order() {
    let waits = json_tool("wait", "Waits", any(), |arguments: Value, _| async move {
        let ms = arguments["ms"].as_u64().unwrap();
        sleep(Duration::from_millis(ms)).await;
        Ok(format!("waited {ms}"))
    });
    let calls = [40, 10, 30, 20].map(|ms| ("wait", format!("{{\"ms\":{ms}}}")));
    let model =
        ScriptedModel::new().answer("waited", "done").calls("", calls.each_ref().map(|(n, a)| (*n, a.as_str())));
    let waits: Arc<dyn Tool> = Arc::new(waits);
    let model = Arc::new(model);
    for (parallel, expected) in [(4, 40), (2, 60), (1, 100)] {
        let bounds = Bounds { parallel, ..Bounds::default() };
        let built = ToolAgent::builder(Arc::clone(&model)).tool(Arc::clone(&waits)).bounds(bounds).build();
        let began = Instant::now();
        let outcome = built.unwrap().run_loop(ask(), &cx()).await.unwrap();
        assert_eq!(began.elapsed(), Duration::from_millis(expected), "{parallel} at once");
        let contents: Vec<&str> = told(&outcome.messages).iter().map(|result| result.content.as_str()).collect();
        assert_eq!(contents, ["waited 40", "waited 10", "waited 30", "waited 20"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_too_long_is_told_and_one_past_the_deadline_ends_the_loop() {
    let sleeps = || {
        json_tool("sleeps", "Sleeps", any(), |_, _| async {
            sleep(Duration::from_secs(3_600)).await;
            Ok("awake")
        })
    };
    let model = || ScriptedModel::new().answer("longer than its limit of 60s", "tired").calls("", [("sleeps", "{}")]);
    let agent = ToolAgent::builder(model()).tool(sleeps()).build().unwrap();
    assert_eq!(agent.run_loop(ask(), &cx()).await.unwrap().text, "tired");
    let deadline = run(Scope::public(), Budget::default(), Some(Instant::now() + Duration::from_secs(5)), None);
    let error = agent.run_loop(ask(), &deadline).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::DeadlineExceeded, "the run's deadline passed"));
    let token = CancellationToken::new();
    let cancelled = run(Scope::public(), Budget::default(), None, Some(token.clone()));
    let (result, ()) = tokio::join!(agent.run_loop(ask(), &cancelled), async {
        sleep(Duration::from_secs(1)).await;
        token.cancel();
    });
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Cancelled);
    let bounds = Bounds { time: Duration::from_secs(7), ..Bounds::default() };
    let agent = ToolAgent::builder(model()).tool(sleeps()).bounds(bounds).build().unwrap();
    let error = agent.run_loop(ask(), &cx()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the agent came to no answer within 7s: until then it called the model once, the tool sleeps once (1 failed); \
         raise Bounds::time, or ask for less"
    );
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
}

/// An agent that would go on for ever: each call has other arguments than the one before.
fn endless(bounds: Bounds) -> ToolAgent {
    let model = Endless::default();
    ToolAgent::builder(model).tool(echo()).bounds(bounds).build().unwrap()
}

#[derive(Default)]
struct Endless {
    inner: ScriptedModel,
    n: AtomicU32,
}

#[async_trait::async_trait]
impl ninefold_core::Model for Endless {
    fn id(&self) -> &ninefold_core::ModelId {
        self.inner.id()
    }

    async fn send(&self, _: ninefold_core::ModelRequest, _: &Cx) -> ninefold_core::Result<ninefold_core::Reply> {
        let n = self.n.fetch_add(1, Ordering::Relaxed);
        let call = ninefold_core::ToolCall { id: "".into(), name: "echo".into(), arguments: format!("{{\"n\":{n}}}") };
        let completion = ninefold_core::Completion {
            tool_calls: vec![call.clone(), ninefold_core::ToolCall { arguments: "{}".to_owned(), ..call }],
            usage: Usage::tokens(20, 10),
            stop: StopReason::ToolCalls,
            ..ninefold_core::Completion::text("")
        };
        Ok(ninefold_core::Reply::whole(completion))
    }
}

#[tokio::test]
async fn a_bound_ends_the_loop_with_what_was_done() {
    let unbounded = Bounds { steps: 100, calls: 1_000, repeats: 1_000, ..Bounds::default() };
    let cases = [
        (
            Bounds { steps: 2, ..unbounded },
            "the agent came to no answer in 2 calls of the model: until then it called the model 2 times, the tool echo 4 times",
        ),
        (
            Bounds { calls: 3, ..unbounded },
            "the agent's 3 calls of tools are used up, and the model wants more: until then it called the model 3 times, the tool echo 4 times (1 not made)",
        ),
    ];
    for (bounds, expected) in cases {
        let error = endless(bounds).run_loop(ask(), &cx()).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::OverBudget, expected));
        let unfinished = Unfinished::of(&error).unwrap();
        assert_eq!(told(&unfinished.messages).len(), 4);
        let ids: Vec<&str> = told(&unfinished.messages).iter().map(|result| result.id.as_str()).collect();
        assert_eq!(ids, ["call_1_0", "call_1_1", "call_2_0", "call_2_1"], "calls without ids get some");
    }
    let error = endless(Bounds { tokens: Some(500), ..unbounded }).run_loop(ask(), &cx()).await.unwrap_err();
    assert!(error.message().starts_with("the agent's 500 tokens are used up ("), "{error}");
    assert!(Unfinished::of(&error).unwrap().account.usage.total() <= 500);
    // The run's own budget is told in the same way.
    let model = Budgeted::new(Endless::default());
    let agent = ToolAgent::builder(model).tool(echo()).bounds(unbounded).build().unwrap();
    let short = run(Scope::public(), Budget { calls: Some(2), tokens: None }, None, None);
    let error = agent.run_loop(ask(), &short).await.unwrap_err();
    assert!(error.message().starts_with("the run's 2 model calls are used up: until then it called"), "{error}");
}

#[tokio::test]
async fn a_model_that_goes_round_in_circles_is_told_and_then_stopped() {
    let calls = Arc::new(AtomicU32::new(0));
    let model = ScriptedModel::new().calls("", [("count", r#"{"a":1, "b":2}"#)]);
    let agent = ToolAgent::builder(model).tool(counted(&calls)).build().unwrap();
    let error = agent.run_loop(ask(), &cx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permanent);
    assert!(error.message().starts_with("the agent goes round in circles"), "{error}");
    assert_eq!(calls.load(Ordering::Relaxed), 2, "the same call is made twice");
    let account = &Unfinished::of(&error).unwrap().account;
    assert_eq!((account.steps, account.calls.len()), (4, 4));
    // Told so, a model can still answer.
    let model = ScriptedModel::new().answer("this very call", "42").calls("", [("count", "{}")]);
    let agent = ToolAgent::builder(model).tool(counted(&calls)).build().unwrap();
    assert_eq!(agent.run_loop(ask(), &cx()).await.unwrap().text, "42");
}

/// Tells when it is dropped.
struct Dropped(Arc<AtomicU32>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_a_loop_stops_its_tools() {
    let dropped = Arc::new(AtomicU32::new(0));
    let held = Arc::clone(&dropped);
    let sleeps = json_tool("sleeps", "Sleeps", any(), move |_, _| {
        let guard = Dropped(Arc::clone(&held));
        async move {
            sleep(Duration::from_secs(50)).await;
            drop(guard);
            Ok("awake")
        }
    });
    let model = ScriptedModel::new().calls("", [("sleeps", "{}"), ("sleeps", r#"{"a":1}"#)]);
    let agent = ToolAgent::builder(model).tool(sleeps).build().unwrap();
    let (cx, short) = (cx(), Duration::from_secs(1));
    assert!(tokio::time::timeout(short, agent.run_loop(ask(), &cx)).await.is_err());
    assert_eq!(dropped.load(Ordering::Relaxed), 2);
    let mut stream = Box::pin(agent.stream(ask(), &cx));
    assert!(matches!(stream.next().await, Some(Ok(Event::Call(_)))));
    assert!(matches!(stream.next().await, Some(Ok(Event::Call(_)))));
    assert!(tokio::time::timeout(short, stream.next()).await.is_err());
    drop(stream);
    assert_eq!(dropped.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn a_call_that_was_cut_off_is_not_made() {
    let call = |id: &str, arguments: &str| ninefold_core::ToolCall {
        id: id.into(),
        name: "count".into(),
        arguments: arguments.to_owned(),
    };
    let cut = ninefold_core::Completion {
        tool_calls: vec![call("a", "{}"), call("b", "")],
        stop: StopReason::Length,
        ..ninefold_core::Completion::text("")
    };
    let calls = Arc::new(AtomicU32::new(0));
    let model = ScriptedModel::new().answer("output limit", "<think>hm</think>\n so be it").reply("", cut);
    let agent = ToolAgent::builder(model).tool(counted(&calls)).build().unwrap();
    let outcome = agent.run_loop(ask(), &cx()).await.unwrap();
    assert_eq!((outcome.text.as_str(), calls.load(Ordering::Relaxed)), ("so be it", 1));
    let endings: Vec<Ending> = outcome.account.calls.iter().map(|(_, ending)| *ending).collect();
    assert_eq!(endings, [Ending::Done, Ending::NotMade(ErrorKind::TooLong)]);
    let model = ScriptedModel::new().answer("", "<think>and thinks");
    let agent = ToolAgent::builder(model).tool(echo()).build().unwrap();
    assert_eq!(agent.run_loop(ask(), &cx()).await.unwrap_err().kind(), ErrorKind::MalformedReply);
    let cut = ninefold_core::Completion { stop: StopReason::Length, ..ninefold_core::Completion::text("half an ans") };
    let agent = ToolAgent::builder(ScriptedModel::new().reply("", cut)).tool(echo()).build().unwrap();
    assert_eq!(agent.run_loop(ask(), &cx()).await.unwrap().stop, StopReason::Length, "said to whoever asks directly");
    assert_eq!(agent.run(task(), &cx()).await.unwrap_err().kind(), ErrorKind::TooLong, "and no report");
    let refused = ninefold_core::Completion { stop: StopReason::Refused, ..ninefold_core::Completion::text("") };
    let agent = ToolAgent::builder(ScriptedModel::new().reply("", refused)).tool(echo()).build().unwrap();
    assert_eq!(agent.run_loop(ask(), &cx()).await.unwrap_err().kind(), ErrorKind::Refused);
}

#[tokio::test]
async fn a_stream_tells_what_happens_and_ends_with_the_outcome() {
    let model = ScriptedModel::new().answer("heard", "the answer").calls("", [("echo", "{}")]);
    let agent = ToolAgent::builder(model).tool(echo()).build().unwrap();
    let events: Vec<Event> = agent.stream(ask(), &cx()).map(Result::unwrap).collect().await;
    assert!(matches!(&events[0], Event::Call(call) if call.name == "echo"));
    assert!(matches!(&events[1], Event::Result(result) if result.content == "heard {}"));
    assert_eq!(events[2], Event::Text("the answer".to_owned()));
    assert!(matches!(&events[3], Event::Done(outcome) if outcome.text == "the answer"));
    assert_eq!(events.len(), 4);
    let model = ScriptedModel::new().fail("", Error::new(ErrorKind::RateLimited, "slow down"));
    let agent = ToolAgent::builder(model).tool(echo()).build().unwrap();
    let events: Vec<_> = agent.stream(ask(), &cx()).collect().await;
    assert_eq!(events.len(), 1);
    assert_eq!(
        events[0].as_ref().unwrap_err().kind(),
        ErrorKind::RateLimited,
        "the model's own errors stay what they are"
    );
}

fn task() -> Task {
    Task {
        question: "how many and why".into(),
        subgoal: Subgoal::new("a", "how many"),
        dependencies: Vec::new(),
        evidence: Arc::new(Evidence::default()),
        within: Arc::new([]),
    }
}

#[tokio::test]
async fn it_works_on_subgoals() {
    let model = Arc::new(ScriptedModel::new().answer("heard", "It is 7.").calls("how many", [("echo", "{}")]));
    let agent = ToolAgent::builder(Arc::clone(&model)).tool(echo()).build().unwrap();
    let report = agent.run(task(), &cx()).await.unwrap();
    assert_eq!(report.statements[0].text, "It is 7.");
    let asked = model.requests()[0].messages[1].text();
    assert_eq!(asked, "how many\n\nThis is part of the question: how many and why");
}

#[test]
fn an_agent_that_cannot_work_is_not_made() {
    let model = || ScriptedModel::new();
    let named = |name: &str| json_tool(name, "Does", any(), |_, _| async { Ok("x") });
    let refused = |builder: ninefold_llm::tools::ToolAgentBuilder| builder.build().err().unwrap().to_string();
    assert!(refused(ToolAgent::builder(model())).starts_with("an agent with tools was given no tool"));
    assert!(refused(ToolAgent::builder(model()).tool(named("a b"))).starts_with("a tool cannot be called \"a b\""));
    assert!(refused(ToolAgent::builder(model()).tool(echo()).tool(echo())).starts_with("two tools are called echo"));
    let mute = json_tool("mute", " ", any(), |_, _| async { Ok("x") });
    assert!(refused(ToolAgent::builder(model()).tool(mute)).starts_with("the tool mute has no description"));
    let list = json_tool("list", "Lists", json!({ "type": "array" }), |_, _| async { Ok("x") });
    assert!(refused(ToolAgent::builder(model()).tool(list)).contains("no JSON object by its schema"));
    let none = Bounds { steps: 0, ..Bounds::default() };
    assert!(refused(ToolAgent::builder(model()).tool(echo()).bounds(none)).starts_with("a bound"));
}

#[cfg(feature = "schema")]
mod typed {
    use ninefold_llm::tools::tool;
    use schemars::JsonSchema;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Unit {
        Celsius,
        Kelvin,
    }

    #[derive(Deserialize, JsonSchema)]
    struct Place {
        /// The city's name.
        city: String,
        unit: Option<Unit>,
    }

    fn weather() -> impl Tool + 'static {
        tool("weather", "Tells the weather", |place: Place, _| async move {
            let degrees = match place.unit {
                Some(Unit::Kelvin) => "294 K",
                Some(Unit::Celsius) | None => "21 degrees",
            };
            Ok(format!("{degrees} in {}", place.city))
        })
    }

    #[tokio::test]
    async fn a_typed_function_is_a_tool() {
        let weather = weather();
        let schema = &weather.spec().schema;
        assert_eq!(schema["type"], "object");
        assert_eq!(schema["properties"]["city"]["description"], "The city's name.");
        assert_eq!(schema["required"], json!(["city"]));
        assert!(!schema.to_string().contains("$ref"), "in one piece: {schema}");
        let said = weather.call(json!({ "city": "Basel", "unit": "kelvin" }), &cx()).await.unwrap();
        assert_eq!(said, "294 K in Basel");
    }

    #[tokio::test]
    async fn arguments_that_do_not_fit_never_reach_the_function() {
        let weather = weather();
        for (arguments, what) in [
            (json!({}), "missing field `city`"),
            (json!({ "city": 7 }), "invalid type: integer `7`, expected a string"),
            (
                json!({ "city": "Basel", "unit": "rankine" }),
                "unknown variant `rankine`, expected `celsius` or `kelvin`",
            ),
        ] {
            let error = weather.call(arguments, &cx()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let told = error.to_string();
            assert!(told.starts_with(&format!("the arguments do not fit: {what}")), "{told}");
            assert!(told.contains("; the schema is {\"properties\":{"), "{told}");
        }
    }

    #[tokio::test]
    async fn a_function_without_input_takes_nothing() {
        #[derive(Deserialize, JsonSchema)]
        struct Nothing {}
        let empty = tool("now", "Tells the time", |_: Nothing, _| async { Ok("noon") });
        let unit = tool("now", "Tells the time", |(): (), _| async { Ok("noon") });
        for tool in [&empty as &dyn Tool, &unit] {
            assert_eq!(tool.spec().schema["type"], "object");
            assert_eq!(tool.call(json!({}), &cx()).await.unwrap(), "noon");
        }
    }
}
