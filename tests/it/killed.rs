//! Runs whose process is killed (SIGKILL, a real process) after each of their phases, and resumed by another process.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use ninefold::core::journal::{Entry, Header, RecordedRun};
use ninefold::pipeline::phases::Noted;
use ninefold::pipeline::phases::decompose::Decomposition;
use ninefold::store::Sqlite;
use ninefold::{
    AgentCard, Cx, Durability, Journal, Plan, Query, Result, Run, RunId, Soar, Subgoal, Task, Timestamp, phase, profile,
};

const ID: RunId = RunId(42);
const QUESTION: &str = "Compare how the journal resumes a killed run and how the cache treats errors that occur";
/// How many phases a planned question has, `normalize` and `respond` included.
const SOAR_PHASES: usize = 10;

/// A journal that, after so many appends have been acknowledged, says so and never returns again.
struct Stopping {
    inner: Sqlite,
    left: AtomicUsize,
    /// Whether it counts what is written inside of phases, or the phases themselves.
    inside: bool,
}

fn wait_to_be_killed() -> ! {
    println!("\nwaiting to be killed");
    std::io::stdout().flush().unwrap();
    loop {
        std::thread::park();
    }
}

#[async_trait]
impl Journal for Stopping {
    async fn load(&self, run: RunId) -> Result<Option<RecordedRun>> {
        self.inner.load(run).await
    }

    async fn begin(&self, run: RunId, header: Header) -> Result<()> {
        self.inner.begin(run, header).await?;
        if self.left.load(Ordering::SeqCst) == 0 {
            wait_to_be_killed();
        }
        Ok(())
    }

    async fn append(&self, run: RunId, entries: Vec<Entry>) -> Result<()> {
        let counts = entries.iter().any(|entry| (entry.position.branch != 0) == self.inside);
        self.inner.append(run, entries).await?;
        if counts && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            wait_to_be_killed();
        }
        Ok(())
    }

    async fn finish(&self, run: RunId, at: Timestamp) -> Result<()> {
        self.inner.finish(run, at).await
    }

    async fn unfinished(&self) -> Result<Vec<(RunId, Header)>> {
        self.inner.unfinished().await
    }

    async fn unfinished_with(&self, phases: &[&str]) -> Result<Vec<(RunId, Header, Vec<Entry>)>> {
        self.inner.unfinished_with(phases).await
    }

    async fn prune(&self, finished_before: Timestamp) -> Result<u64> {
        self.inner.prune(finished_before).await
    }

    async fn prune_unfinished(&self, idle_since: Timestamp) -> Result<u64> {
        self.inner.prune_unfinished(idle_since).await
    }
}

/// Nine phases, each of which writes a line to a file when it really runs.
async fn nine(folder: &Path, journal: Arc<dyn Journal>) -> Result<u64> {
    let work = |n: usize| {
        let log = folder.join("log");
        move |input: u64, _: Cx| {
            let mut log = std::fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
            writeln!(log, "{n}").unwrap();
            async move { Ok(input * 2 + 1) }
        }
    };
    let steps: Vec<_> = (1..=9).map(|n| phase(format!("step {n}"), work(n))).collect();
    let run = Run::new("nine").id(ID).journal(journal, Durability::Phase);
    run.execute(&0u64, async |cx| {
        let mut value = 0;
        for step in &steps {
            value = step.run(value, &cx).await?;
        }
        Ok(value)
    })
    .await
}

async fn soar(folder: &Path, journal: Arc<dyn Journal>) -> Soar {
    let sources = folder.join("sources");
    std::fs::create_dir_all(&sources).unwrap();
    let text = "A killed run resumes from the journal.\n\nErrors that occur are never kept in the cache.\n";
    std::fs::write(sources.join("notes.md"), text).unwrap();
    let builder = Soar::builder().database(folder.join("memory.db")).journal(journal).durability(Durability::Phase);
    builder.index(&sources).build().await.unwrap()
}

async fn open(folder: &Path) -> Sqlite {
    Sqlite::open(folder.join("journal.db")).await.unwrap()
}

/// A durable run of three agents in a chain, each of which writes a line to a file when it really works.
async fn chain(folder: &Path, journal: Arc<dyn Journal>) -> Soar {
    let log = folder.join("log");
    let agent = move |task: Task, _: Cx| {
        let mut log = std::fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
        writeln!(log, "{}", task.subgoal.id).unwrap();
        async move { Ok(format!("found {} after {}", task.subgoal.id, task.dependencies.len())) }
    };
    let subgoal = |id: &str, after: &[&str]| Subgoal {
        depends_on: after.iter().map(|id| (*id).into()).collect(),
        ..Subgoal::new(id, QUESTION)
    };
    let plan = move |_: Decomposition, _: Cx| {
        let subgoals = vec![subgoal("a", &[]), subgoal("b", &["a"]), subgoal("c", &["a", "b"])];
        async { Ok(Noted::new(Plan::try_from(subgoals)?)) }
    };
    let card = AgentCard::new("worker", "Works").capability("*");
    let builder = Soar::builder().journal(journal).durability(Durability::Phase).agent(card, agent);
    builder.pipeline(|pipeline| pipeline.decompose(plan).definition("chain 1")).build().await.unwrap()
}

/// Not a test of its own: the process that is killed. Does nothing unless it is told which run to stop where.
#[tokio::test]
async fn child() {
    let Some(folder) = std::env::var_os("NINEFOLD_KILL_FOLDER").map(PathBuf::from) else { return };
    let after = std::env::var("NINEFOLD_KILL_AFTER").unwrap().parse().unwrap();
    let which = std::env::var("NINEFOLD_KILL_RUN").unwrap();
    let journal = Stopping { inner: open(&folder).await, left: AtomicUsize::new(after), inside: which == "chain" };
    let journal = Arc::new(journal);
    match which.as_str() {
        "nine" => drop(nine(&folder, journal).await),
        "chain" => drop(chain(&folder, journal).await.answer(Query::new(QUESTION).run(ID)).await),
        _ => drop(soar(&folder, journal).await.answer(Query::new(QUESTION).run(ID)).await),
    }
    panic!("the run ended before it was stopped");
}

/// Starts a run in a process of its own and kills that when the run has written `after` phases.
fn run_and_kill(which: &str, folder: &Path, after: usize) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::child", "--nocapture"])
        .env("NINEFOLD_KILL_FOLDER", folder)
        .env("NINEFOLD_KILL_AFTER", after.to_string())
        .env("NINEFOLD_KILL_RUN", which)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let waiting = lines.any(|line| line.unwrap() == "waiting to be killed");
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(waiting, "the child ended by itself: {status}");
}

#[tokio::test]
async fn a_run_killed_after_any_phase_is_finished_without_repeating_one() {
    for after in 0..=9 {
        let folder = tempfile::tempdir().unwrap();
        run_and_kill("nine", folder.path(), after);
        let recorded = profile::record(nine(folder.path(), Arc::new(open(folder.path()).await))).await;
        assert_eq!(recorded.output.unwrap(), 511, "killed after {after}");
        let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
        assert_eq!(
            log, "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
            "killed after {after}: every phase ran once, over both processes"
        );
        let breakdown = recorded.profile.breakdown();
        for n in 1..=9 {
            let row = breakdown.row(&format!("step {n}")).unwrap();
            assert_eq!(row.replayed, u64::from(n <= after), "killed after {after}, step {n}");
        }
    }
}

#[tokio::test]
async fn an_answer_killed_after_any_phase_is_given_by_the_next_process() {
    let mut expected = None;
    for after in 0..=SOAR_PHASES {
        let folder = tempfile::tempdir().unwrap();
        run_and_kill("soar", folder.path(), after);
        let soar = soar(folder.path(), Arc::new(open(folder.path()).await)).await;
        assert_eq!(soar.unfinished().await.unwrap(), [ID], "killed after {after}");
        let answer = soar.resume(ID, None).await.unwrap();
        let breakdown = answer.profile.breakdown();
        let names = [
            "normalize",
            "assess",
            "retrieve",
            "decompose",
            "verify",
            "route",
            "collect",
            "synthesize",
            "record",
            "respond",
        ];
        let replayed: Vec<_> = names.iter().filter(|name| breakdown.row(name).unwrap().replayed == 1).collect();
        assert_eq!(replayed, names.iter().take(after).collect::<Vec<_>>(), "killed after {after}");
        let expected = expected.get_or_insert_with(|| answer.text.clone());
        assert_eq!(*expected, answer.text, "killed after {after}");
        assert!(soar.unfinished().await.unwrap().is_empty());
    }
    assert!(expected.unwrap().contains("A killed run resumes from the journal."));
}

#[tokio::test]
async fn agents_that_had_finished_when_the_process_was_killed_are_not_called_again() {
    for after in 1..=3 {
        let folder = tempfile::tempdir().unwrap();
        run_and_kill("chain", folder.path(), after);
        let soar = chain(folder.path(), Arc::new(open(folder.path()).await)).await;
        let answer = soar.resume(ID, None).await.unwrap();
        assert_eq!(
            answer.text, "found a after 0 [1]\n\nfound b after 1 [2]\n\nfound c after 2 [3]",
            "killed after {after} agents"
        );
        let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
        assert_eq!(log, "a\nb\nc\n", "killed after {after} agents: each worked once, over both processes");
        let replayed =
            |node: &&profile::Node| node.name == "execute_tool" && node.outcome == Some(profile::Outcome::Replayed);
        assert_eq!(answer.profile.tree().nodes().iter().filter(replayed).count(), after);
    }
}
