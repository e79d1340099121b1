//! The example of a pipeline of one's own: its timing table is right. The clock stands still but for what the phases wait.

use std::time::Duration;

use ninefold::{PhaseCache, profile};

#[allow(dead_code, unreachable_pub, reason = "an example is a program of its own")]
#[path = "../../examples/own_pipeline.rs"]
mod example;

fn paused() -> std::time::Instant {
    tokio::time::Instant::now().into_std()
}

#[tokio::test(start_paused = true)]
async fn branch_loop_join_and_cache_are_accounted_for() {
    let cache = PhaseCache::new(10, Duration::from_secs(3600));
    let account = async |ticket: &str| {
        let recorded = profile::record(example::triage(ticket, &cache)).with_clock(paused).await;
        (recorded.output.unwrap(), recorded.profile)
    };
    let millis = |duration: Duration| duration.as_millis();

    let (text, first) = account("  Login LOOPS ").await;
    assert_eq!(text, "an article on login");
    let breakdown = first.breakdown();
    let rows: Vec<_> =
        breakdown.rows.iter().map(|row| (row.name.as_str(), row.count, millis(row.wall), row.cached)).collect();
    assert_eq!(
        rows,
        [("read", 1, 2, 0), ("search", 1, 40, 0), ("history", 1, 30, 0), ("draft", 4, 40, 0), ("review", 4, 16, 0)]
    );
    assert_eq!(millis(first.wall()), 2 + 40 + 4 * (10 + 4), "the join counts once");
    // 30 ms are shared by two branches, the last 10 ms of the join are the search's alone.
    assert_eq!(millis(breakdown.row("search").unwrap().attributed), 25);
    assert_eq!(millis(breakdown.row("history").unwrap().attributed), 15);
    let shares: f64 = breakdown.rows.iter().chain([&breakdown.between]).map(|row| row.share).sum();
    assert!((shares - 1.0).abs() < 1e-9, "{shares}");

    let (_, second) = account("login loops").await;
    let search = second.breakdown().row("search").unwrap().clone();
    assert_eq!((search.cached, millis(search.wall)), (1, 0));
    assert_eq!(millis(second.wall()), 2 + 30 + 4 * (10 + 4));

    let (reply, third) = account(" ").await;
    assert_eq!(reply, "Please say what the trouble is.");
    assert_eq!(third.breakdown().rows.len(), 1);
}

#[test]
fn the_example_is_under_sixty_lines() {
    let lines = include_str!("../../examples/own_pipeline.rs").lines().count();
    assert!(lines < 60, "{lines} lines");
}
