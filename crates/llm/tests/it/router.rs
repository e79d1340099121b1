//! Choosing among models.

use std::sync::Arc;
use std::time::Duration;

use ninefold_core::{
    Effort, Error, ErrorKind, Media, MediaSource, Message, Model, ModelId, ModelRequest, Part, Role, SessionId,
    ToolSpec,
};
use ninefold_llm::{Abilities, Price, Route, Router, Tier};
use ninefold_testkit::{Step, SteppedModel};

use crate::run::{ask, cx, session, text};

fn model(name: &str) -> SteppedModel {
    let end = ninefold_core::Delta::End(ninefold_core::StopReason::End);
    SteppedModel::deltas([ninefold_core::Delta::Text(name.into()), end]).named(name)
}

fn id(name: &str) -> ModelId {
    ModelId::new("stepped", name)
}

fn router() -> Router {
    let sees = Abilities { images: true, files: true, ..Abilities::default() };
    Router::new([
        Route::new(model("tiny"), Tier::Small)
            .abilities(Abilities { tools: false, schema: false, context: Some(4_000), ..Abilities::default() })
            .price(Some(Price::new(0.1, 0.4))),
        Route::new(model("middle"), Tier::Medium).abilities(sees).price(Some(Price::new(1.0, 5.0))),
        Route::new(model("big"), Tier::Large).abilities(sees).price(Some(Price::new(5.0, 25.0))),
    ])
    .unwrap()
}

fn chosen(router: &Router, request: &ModelRequest) -> String {
    router.choose(request, &cx()).unwrap().model.name.to_string()
}

#[tokio::test]
async fn abilities_come_first() {
    let router = router();
    assert_eq!(chosen(&router, &ask("What is a phase?")), "tiny");
    let tool = ToolSpec { name: "look".into(), description: "looks".into(), schema: serde_json::json!({}) };
    assert_eq!(chosen(&router, &ModelRequest { tools: vec![tool], ..ask("What is it?") }), "middle");
    assert_eq!(chosen(&router, &ask("What is it?").schema("s", serde_json::json!({}))), "middle");
    assert_eq!(chosen(&router, &ask(&"word ".repeat(2_000))), "middle", "too long for the small one");
    let media = Media { mime: "image/png".into(), name: None, source: MediaSource::Url("u".into()) };
    let image = Message { role: Role::User, parts: vec![Part::Image { media }], keep: false };
    assert_eq!(chosen(&router, &ModelRequest { messages: vec![image.clone()], ..ModelRequest::default() }), "middle");

    let blind = Router::new([Route::new(model("a"), Tier::Small), Route::new(model("b"), Tier::Large)]).unwrap();
    let error = blind.choose(&ModelRequest { messages: vec![image], ..ModelRequest::default() }, &cx()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("stepped/a reads no images, stepped/b reads no images"), "{error}");
    let short = Abilities { context: Some(10), ..Abilities::default() };
    let short = Router::new([Route::new(model("a"), Tier::Small).abilities(short)]).unwrap();
    assert_eq!(short.choose(&ask("x"), &cx()).unwrap_err().kind(), ErrorKind::TooLong);
}

#[tokio::test]
async fn what_is_hard_goes_to_a_large_model_and_it_says_why() {
    let router = router();
    let hard = ask("Compare both designs, analyze their security and plan the migration step by step.");
    let choice = router.choose(&hard, &cx()).unwrap();
    assert_eq!((choice.model, choice.tier), (id("big"), Tier::Large));
    assert!(choice.reason.starts_with("asks for a large model; best of 1: about $0.02"), "{}", choice.reason);
    assert_eq!(chosen(&router, &ask("Explain in steps how a run is resumed, and write it down. Why?")), "middle");
    assert_eq!(chosen(&router, &ModelRequest { effort: Some(Effort::High), ..ask("2 + 2?") }), "big");
    let only_small = Router::new([Route::new(model("tiny"), Tier::Small)]).unwrap();
    let choice = only_small.choose(&hard, &cx()).unwrap();
    assert!(choice.reason.contains("asks for a large model, and there is none"), "{}", choice.reason);
    assert!(!choice.reason.contains("migration"), "a reason holds no content");
    let own = router.judge(|_| Tier::Medium);
    assert_eq!(chosen(&own, &ask("2 + 2?")), "middle");
}

#[tokio::test]
async fn a_pin_goes_before_everything() {
    let router = router();
    router.pin(Some(&id("big"))).unwrap();
    assert_eq!(router.choose(&ask("2 + 2?"), &cx()).unwrap().reason, "pinned");
    router.pin_session(&SessionId::from("s"), Some(&id("tiny"))).unwrap();
    assert_eq!(router.choose(&ask("x"), &session("s")).unwrap().model, id("tiny"));
    assert_eq!(router.choose(&ask("x"), &session("t")).unwrap().model, id("big"));
    let error = router.choose(&ask("x").schema("s", serde_json::json!({})), &session("s")).unwrap_err();
    assert!(error.message().contains("stepped/tiny is pinned and takes no schema"), "{error}");
    router.pin_session(&SessionId::from("s"), None).unwrap();
    router.pin(None).unwrap();
    assert_eq!(chosen(&router, &ask("2 + 2?")), "tiny");
    assert_eq!(router.pin(Some(&id("none"))).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(text(&router, "2 + 2?", &cx()).await.unwrap(), "tiny");
}

#[tokio::test(start_paused = true)]
async fn slow_and_failing_models_are_passed_over() {
    let slow = SteppedModel::new([
        Step::Wait(Duration::from_secs(4)),
        Step::Delta(ninefold_core::Delta::Text("slow".into())),
        Step::Delta(ninefold_core::Delta::End(ninefold_core::StopReason::End)),
    ])
    .named("slow");
    let price = |usd| Some(Price::new(usd, usd));
    let router = Router::new([
        Route::new(slow, Tier::Small).price(price(0.5)),
        Route::new(model("quick"), Tier::Small).price(price(1.0)),
    ])
    .unwrap();
    assert_eq!(text(&router, "x", &cx()).await.unwrap(), "slow", "the cheaper one, as long as nothing is known");
    assert_eq!(text(&router, "x", &cx()).await.unwrap(), "quick");

    let down = Arc::new(SteppedModel::new([Step::Fail(Error::new(ErrorKind::Transient, "down"))]).named("down"));
    let router = Router::new([
        Route::new(down.clone(), Tier::Small).price(price(0.5)),
        Route::new(model("up"), Tier::Small).price(price(1.0)),
    ])
    .unwrap();
    for _ in 0..3 {
        text(&router, "x", &cx()).await.unwrap_err();
    }
    assert_eq!(text(&router, "x", &cx()).await.unwrap(), "up");
    assert!(router.choose(&ask("x"), &cx()).unwrap().reason.ends_with("1 failing"));
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!(chosen(&router, &ask("x")), "down", "it has another chance");
}

#[test]
fn a_router_needs_models_that_differ() {
    for routes in [vec![], vec![Route::new(model("a"), Tier::Small), Route::new(model("a"), Tier::Large)]] {
        assert_eq!(Router::new(routes).err().unwrap().kind(), ErrorKind::InvalidInput);
    }
    let hostile = router();
    for odd in ["", "\0\u{202e}", &"é".repeat(20_000), "``` ``` ?"] {
        hostile.choose(&ask(odd), &cx()).unwrap();
    }
    assert_eq!(hostile.id().provider, "router");
}
