//! The HTML page: one file, whatever the run was called, and whether or not there is a profile. What a browser makes of it is
//! tried in a browser.

use ninefold_core::span;
use ninefold_profile::{Profile, record};
use proptest::prelude::*;
use tracing::subscriber::set_default;
use tracing_subscriber::registry;

use crate::support::{agent, chat, paused, paused_run, paused_runtime, phase, run, wait};

fn small() -> Profile {
    paused_run(run(async {
        phase("decompose", chat(20, 1_200, 80)).await;
        phase("collect", async {
            tokio::join!(agent("left", wait(5)), agent("right", wait(9)));
        })
        .await;
    }))
    .profile
}

#[test]
fn it_is_one_file_that_may_reach_no_other() {
    let html = small().html().to_string();
    assert!(html.starts_with("<!doctype html>") && html.trim_end().ends_with("</html>"));
    assert!(!html.contains("{{") && !html.contains("http://") && !html.contains("https://"));
    assert!(html.contains("default-src 'none'"));
    assert!(html.len() < 60_000, "{} bytes", html.len());
    for text in ["decompose", "left", "small", "29.0 ms", "were it free", "9.00 ms"] {
        assert!(html.to_lowercase().contains(text), "{text}");
    }
}

#[test]
fn without_a_profile_it_says_why() {
    let _host = set_default(registry());
    let profile = paused_runtime().block_on(async { record(run(wait(1))).with_clock(paused).await.profile });
    let html = profile.html().title("A <b>title</b>").to_string();
    assert!(html.contains("profile::layer()"));
    assert!(html.contains("A &lt;b&gt;title&lt;/b&gt;") && !html.contains("<b>title"));
}

#[test]
fn endless_names_are_cut() {
    let profile = paused_run(run(phase(&"x".repeat(1_000_000), wait(1)))).profile;
    assert!(profile.html().to_string().len() < 60_000);
}

proptest! {
    #[test]
    fn names_are_never_markup(name in "\\PC*|[<>&\"'/a-z!-]{0,60}|(</script>|<!--|]]>|\u{202e}|\u{2028}|\u{0}|\n){1,9}") {
        let plain = small().html().to_string();
        let profile = paused_run(async { span::phase(&name).in_scope(|| ()) }).profile;
        let html = profile.html().title(&name).to_string();
        for markup in ["<script", "</script", "<!--", "<img"] {
            prop_assert_eq!(html.matches(markup).count(), plain.matches(markup).count(), "{}", markup);
        }
        let steers = html.contains(['\u{202e}', '\u{0}']);
        prop_assert!(!steers);
    }
}
