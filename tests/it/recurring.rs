//! Questions that come again cost a third, and are answered as well.

#[path = "../../examples/recurring/passes.rs"]
#[allow(dead_code, reason = "the example prints what this does not look at")]
mod passes;

use std::sync::Arc;

use passes::{Calls, QUESTIONS, others, otherwise_put, pass, pipeline};

#[tokio::test]
async fn fifty_recurring_questions_cost_a_third_of_the_calls_and_are_as_well_grounded() {
    let calls = Arc::new(Calls::default());
    let soar = pipeline(&calls).await.unwrap();
    let first = pass(&soar, &calls, QUESTIONS.lines().map(str::to_owned)).await.unwrap();
    let again = pass(&soar, &calls, QUESTIONS.lines().map(str::to_owned)).await.unwrap();
    let put = QUESTIONS.lines().enumerate().map(|(n, question)| otherwise_put(n, question));
    let second = pass(&soar, &calls, put).await.unwrap();
    assert_eq!((first.confidence.len(), first.by_pattern), (50, 0));
    for later in [&again, &second] {
        assert!(first.all_calls() >= 3 * later.all_calls(), "{:?} and {:?}", first.calls, later.calls);
        assert!(later.mean_confidence() >= first.mean_confidence() - 0.01, "{first:?}\n{later:?}");
    }
    let other = pass(&soar, &calls, QUESTIONS.lines().step_by(5).flat_map(others)).await.unwrap();
    assert_eq!((other.confidence.len(), other.by_pattern), (30, 0), "another question has another plan");
}
