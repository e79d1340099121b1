//! A receiver that is killed while runs go on.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ninefold::otlp::{self, Protocol};
use ninefold::profile;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::address;
use crate::runs::{FAILING, RUNS, ask, soar};

/// A process that ends with the test, however that ends.
struct Killed(Child);

impl Killed {
    /// On Unix this is SIGKILL.
    fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        self.kill();
    }
}

#[test]
#[ignore = "needs a receiver: .ci/receivers"]
fn in_the_middle_the_runs_are_unharmed_and_the_loss_is_counted() {
    let mut receiver = Killed(Command::new(address("NINEFOLD_JAEGER")).stdout(Stdio::piped()).spawn().unwrap());
    let mut said = BufReader::new(receiver.0.stdout.take().unwrap());
    let mut endpoint = String::new();
    said.read_line(&mut endpoint).unwrap();

    let (exporting, guard) = otlp::from_env()
        .unwrap()
        .endpoint(endpoint.trim())
        .protocol(Protocol::Grpc)
        .timeout(Duration::from_secs(2))
        .build()
        .unwrap();
    let _host = tracing::subscriber::set_default(tracing_subscriber::registry().with(profile::layer()).with(exporting));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let before = runtime.block_on(async {
        let (soar, _) = soar().await;
        let mut before = 0;
        for n in 0..RUNS {
            if n == RUNS / 2 {
                before = guard.flush().delivered;
                receiver.kill();
            }
            let (well, profile) = ask(&soar, n).await;
            assert_eq!(well, n != FAILING, "run {n}");
            assert!(profile.is_available() && profile.detached() == 0, "run {n}");
        }
        before
    });
    let delivery = guard.shutdown_within(Duration::from_secs(60));
    println!("{delivery}");
    assert!(before > 0 && delivery.delivered == before, "{before} before, {delivery:?}");
    assert_eq!(delivery.ended, delivery.delivered + delivery.failed + delivery.dropped, "{delivery:?}");
    assert!(delivery.failed > 0 && delivery.last_error.is_some(), "{delivery:?}");
}
