//! The HTML file: one file, whatever the run was called, and whether or not there is a profile. What a browser makes of it is
//! tried in a browser.

use ninefold_core::span;
use ninefold_profile::{Profile, record};
use proptest::prelude::*;
use tracing::subscriber::set_default;
use tracing_subscriber::registry;

use crate::support::{agent, chat, ms, paused, paused_run, paused_runtime, phase, run, wait};

fn page(html: &str) -> (&str, serde_json::Value) {
    let (page, rest) = html.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    let (data, _) = rest.split_once("</script>").unwrap();
    (page, serde_json::from_str(data).unwrap())
}

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
}

#[test]
fn the_tables_are_there_without_scripts() {
    let html = small().html().to_string();
    let (page, data) = page(&html);
    for text in ["<caption>Phases</caption>", "<caption>Agents</caption>", "<caption>Models</caption>", "29.0 ms"] {
        assert!(page.contains(text), "{text}");
    }
    assert!(page.contains("Were it free, the run would take 9.00 ms."));
    assert_eq!(data["wall"], ms(29).as_nanos() as u64);
    assert_eq!(data["spans"].as_array().unwrap().len(), 6);
    assert_eq!(data["spans"][4]["title"], "execute_tool left");
    let path: u64 =
        data["path"].as_array().unwrap().iter().map(|s| s[2].as_u64().unwrap() - s[1].as_u64().unwrap()).sum();
    assert_eq!(path, ms(29).as_nanos() as u64);
}

#[test]
fn without_a_profile_it_says_why() {
    let _host = set_default(registry());
    let profile = paused_runtime().block_on(async { record(run(wait(1))).with_clock(paused).await.profile });
    let html = profile.html().title("A <b>title</b>").to_string();
    assert!(html.contains("No profile:") && html.contains("profile::layer()"));
    assert!(html.contains("<title>A &lt;b&gt;title&lt;/b&gt;</title>"));
    assert!(!html.contains("id=\"timeline\""));
}

#[test]
fn endless_names_are_cut() {
    let profile = paused_run(run(phase(&"x".repeat(1_000_000), wait(1)))).profile;
    assert!(profile.html().to_string().len() < 60_000);
}

proptest! {
    #[test]
    fn names_are_never_markup(name in "\\PC*|[<>&\"'/a-z!-]{0,60}|(</script>|<!--|]]>|\u{202e}|\u{2028}|\u{0}|\n){1,9}") {
        let profile = paused_run(async { span::phase(&name).in_scope(|| ()) }).profile;
        let html = profile.html().title(&name).to_string();
        prop_assert_eq!(html.matches("<script").count(), 2);
        prop_assert_eq!(html.matches("</script").count(), 2);
        prop_assert_eq!(html.matches("<!--").count(), 0);
        let steers = html.contains(['\u{202e}', '\u{2028}', '\u{0}']);
        prop_assert!(!steers);
        let (_, data) = page(&html);
        prop_assert!(data["spans"][0]["title"].is_string());
    }
}
