//! The command `ask`: index what is to be indexed, ask, show.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ninefold::profile::duration::short;
use ninefold::store::Root;
use ninefold::store::ingest::is_root;
use ninefold::{Answer, Degradation, Error, ErrorKind, Profile, Query, Result, Scope, Soar};
use tokio::time::{Instant, timeout_at};

use crate::args::{Ask, Everywhere};
use crate::destination::Destination;
use crate::exit::{Exit, Stop, tell, write};
use crate::format::Format;
use crate::index::{Indexed, bring_up_to_date};
use crate::live::Live;
use crate::open::Terms;
use crate::print::{Detail, Page, answer_json, plain};
use crate::{open, paths, question, resume};

/// Runs the command.
pub(crate) async fn ask(args: &Ask, everywhere: &Everywhere) -> Result<Exit, Stop> {
    let limit = Limit::new(args.deadline);
    let question = question::question(&args.question)?;
    let kept = Kept::new(args)?;
    let roots = paths::roots(&args.index)?;
    let database = paths::database(everywhere.db.as_deref())?;

    let (model, missing_model) = open::model(args.model.as_deref()).await?;
    let live = if everywhere.quiet || model.is_none() { None } else { Live::of_stderr() };
    let over_budget = args.budget.over_budget.into();
    let conversations = args.log.conversations.as_deref();
    let terms = Terms { live: live.clone(), approve_plans: args.approve_plan, over_budget, conversations };
    let soar = limit.on("opening the database", open::answering(everywhere, model, terms)).await?;
    let indexed = if roots.is_empty() { None } else { Some(prepare(&soar, &roots, &limit, everywhere).await?) };

    let mut query = Query::new(question).scope(Scope::of(&args.scope));
    query.deadline = limit.rest();
    query.budget = args.budget.limits();
    query.within = roots.iter().map(|root| root.to_string_lossy().into_owned()).collect();
    let answered = soar.answer(query).await;
    if let Some(live) = live {
        live.clear();
    }
    written_down(&soar).await;
    let answer = match answered {
        Ok(answer) => answer,
        Err(failure) => {
            if let Some(kept) = &kept {
                kept.after_failure(&failure.profile);
            }
            return resume::ended(&soar, failure, over_budget, args.json).await;
        }
    };

    let keeping = kept.as_ref().map_or(Ok(()), |kept| kept.write(&answer.profile));
    let detail = Detail::of(everywhere);
    if kept.as_ref().is_some_and(Kept::is_stdout) {
        tell(&Page::of_stderr().answer(&answer, detail));
    } else if args.json {
        write(&answer_json(&answer, indexed.as_ref()))?;
    } else {
        write(&Page::of_stdout().answer(&answer, detail))?;
    }
    keeping?;
    if let Some(why) = missing_model {
        tell(&format!(
            "{}\n",
            Page::of_stderr().faint(&format!("note: answered without a model: {}", plain(&why.to_string())))
        ));
    }
    let words_only = answer.degradations.iter().any(|note| matches!(note, Degradation::WordsOnly { .. }));
    if !everywhere.quiet
        && !words_only
        && let Some(missing) = open::missing(&soar).await?
    {
        tell(&format!("{}\n", Page::of_stderr().faint(&format!("note: {missing}"))));
    }
    if !found_nothing(&answer) {
        return Ok(Exit::Done);
    }
    if roots.is_empty() && !everywhere.quiet {
        tell(&advice(&soar, &database).await?);
    }
    Ok(Exit::NothingFound)
}

/// Waits until the conversation is written down, if it is to be, and says so when it cannot be.
pub(crate) async fn written_down(soar: &Soar) {
    let Some(log) = soar.conversation_log() else { return };
    log.flush().await;
    if log.lost() > 0 {
        let folder = log.directory().to_string_lossy();
        tell(&format!("warning: the conversation could not be written down in {}\n", plain(&folder)));
    }
}

async fn prepare(soar: &Soar, roots: &[PathBuf], limit: &Limit, everywhere: &Everywhere) -> Result<Indexed> {
    let indexed = limit.on("indexing", async {
        let roots: Vec<Root> = roots.iter().map(Root::new).collect();
        bring_up_to_date(soar.store(), &roots, everywhere.quiet).await
    });
    let indexed = indexed.await?;
    if !everywhere.quiet {
        tell(&indexed.line());
    }
    if everywhere.verbose {
        tell(&indexed.skipped(true, paths::here().as_deref()));
    }
    if !everywhere.quiet {
        tell("\n");
    }
    Ok(indexed)
}

/// The profile, kept in one of its forms.
struct Kept {
    format: Format,
    destination: Destination,
}

impl Kept {
    fn new(args: &Ask) -> Result<Option<Self>> {
        let Some(format) = args.profile else { return Ok(None) };
        let destination = Destination::new(args.profile_out.as_deref())?;
        if matches!(destination, Destination::Stdout) && args.json {
            return Err(Error::new(ErrorKind::InvalidInput, "--json and the profile would both go to standard output")
                .hint("name a file with --profile-out; or leave --profile out, since --json has the profile in it"));
        }
        Ok(Some(Self { format, destination }))
    }

    fn is_stdout(&self) -> bool {
        matches!(self.destination, Destination::Stdout)
    }

    fn write(&self, profile: &Profile) -> Result<(), Stop> {
        if self.is_stdout() {
            return write(&self.format.of(profile, &Page::of_stdout()));
        }
        Ok(self.destination.write(&self.format.of(profile, &Page::of_file()))?)
    }

    /// Writes the profile of a run that failed. Should that fail too, it is said, and the run's own error stays the
    /// program's.
    fn after_failure(&self, profile: &Profile) {
        if let Err(Stop::Failed(error, _)) = self.write(profile) {
            tell(&format!("warning: {}\n", plain(error.message())));
        }
    }
}

/// Whether there is no answer: nothing is cited, and the run says why.
fn found_nothing(answer: &Answer) -> bool {
    let says_so = |degradation: &Degradation| {
        matches!(degradation, Degradation::NoEvidence | Degradation::NothingToSearch | Degradation::Extractive)
    };
    answer.citations.is_empty() && answer.degradations.iter().any(says_so)
}

/// What to do when nothing was found because nothing is there.
async fn advice(soar: &Soar, database: &Path) -> Result<String> {
    if !soar.store().sources("").await?.iter().all(is_root) {
        return Ok(String::new());
    }
    let database = database.to_string_lossy();
    Ok(format!(
        "\nhint: the database {} holds nothing yet; name what to search: ninefold ask --index PATH QUESTION\n",
        plain(&database)
    ))
}

/// How long everything may take together.
struct Limit {
    given: Option<Duration>,
    end: Option<Instant>,
}

impl Limit {
    fn new(given: Option<Duration>) -> Self {
        Self { given, end: given.and_then(|limit| Instant::now().checked_add(limit)) }
    }

    /// What is left.
    fn rest(&self) -> Option<Duration> {
        self.end.map(|end| end.saturating_duration_since(Instant::now()))
    }

    async fn on<T>(&self, what: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
        let Some((end, given)) = self.end.zip(self.given) else { return work.await };
        timeout_at(end, work).await.unwrap_or_else(|_| {
            Err(Error::new(
                ErrorKind::DeadlineExceeded,
                format!("the deadline of {} passed while {what}", short(given)),
            )
            .hint("allow more time with --deadline; what was indexed so far is kept"))
        })
    }
}
