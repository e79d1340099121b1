//! Another model for each reason.

use std::sync::Arc;

use ninefold_core::{Delta, Error, ErrorKind, Model, StopReason};
use ninefold_llm::Fallback;
use ninefold_testkit::{ScriptedModel, Step, SteppedModel};

use crate::run::{cx, text};

fn fails(kind: ErrorKind) -> Arc<SteppedModel> {
    Arc::new(SteppedModel::new([Step::Fail(Error::new(kind, kind.as_str()))]))
}

fn says(what: &str) -> ScriptedModel {
    ScriptedModel::new().answer("", what)
}

fn with_all(first: impl Model + 'static) -> Fallback {
    Fallback::new(first).on_failure(says("other")).on_too_long(says("longer")).on_refused(says("laxer"))
}

#[tokio::test]
async fn each_reason_has_its_own_list() {
    for (kind, expected) in [
        (ErrorKind::Transient, "other"),
        (ErrorKind::RateLimited, "other"),
        (ErrorKind::Permanent, "other"),
        (ErrorKind::TooLong, "longer"),
        (ErrorKind::Refused, "laxer"),
    ] {
        assert_eq!(text(&with_all(fails(kind)), "x", &cx()).await.unwrap(), expected);
    }
    for kind in [ErrorKind::InvalidInput, ErrorKind::OverBudget, ErrorKind::Cancelled, ErrorKind::DeadlineExceeded] {
        let first = fails(kind);
        assert_eq!(text(&with_all(first.clone()), "x", &cx()).await.unwrap_err().kind(), kind);
    }
    let only_longer = Fallback::new(fails(ErrorKind::Refused)).on_too_long(says("longer"));
    assert_eq!(text(&only_longer, "x", &cx()).await.unwrap_err().kind(), ErrorKind::Refused);
}

#[tokio::test]
async fn the_reason_of_the_next_one_leads_on() {
    let (second, third) = (fails(ErrorKind::TooLong), fails(ErrorKind::Refused));
    let model = Fallback::new(fails(ErrorKind::Transient))
        .on_failure(second.clone())
        .on_failure(says("unused"))
        .on_too_long(third.clone())
        .on_refused(says("at last"));
    assert_eq!(text(&model, "x", &cx()).await.unwrap(), "at last");
    assert_eq!((second.calls(), third.calls()), (1, 1));
    let last = Fallback::new(fails(ErrorKind::Transient)).on_failure(fails(ErrorKind::TooLong));
    assert_eq!(text(&last, "x", &cx()).await.unwrap_err().kind(), ErrorKind::TooLong, "the last error is told");
}

#[tokio::test]
async fn a_refusal_without_a_word_is_one() {
    let declines = || SteppedModel::deltas([Delta::End(StopReason::Refused)]);
    assert_eq!(text(&with_all(declines()), "x", &cx()).await.unwrap(), "laxer");
    let alone = Fallback::new(declines());
    assert_eq!(text(&alone, "x", &cx()).await.unwrap(), "", "without another, it is the reply");
    let breaks = with_all(SteppedModel::deltas([Delta::Begin { id: "a".into(), model: "b".into() }]));
    assert_eq!(text(&breaks, "x", &cx()).await.unwrap(), "other");
    let begun = with_all(SteppedModel::deltas([Delta::Text("half".into())]));
    assert_eq!(
        text(&begun, "x", &cx()).await.unwrap_err().kind(),
        ErrorKind::Transient,
        "what has begun is not exchanged"
    );
}
