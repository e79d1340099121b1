//! What the program is told on its command line.

#[cfg(feature = "dialogue")]
mod talk;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args as Group, Parser, Subcommand};
use ninefold::{Budget, Cost, OverBudget, RunId};

use crate::format::Format;
#[cfg(feature = "dialogue")]
pub(crate) use talk::{Chat, Check, Test};

const EXAMPLES: &str = "\
Examples:
  ninefold ask --index . \"How do I run the tests?\"
  ninefold index ~/notes ~/handbook
  ninefold ask \"When do we rotate the keys?\"
  ninefold ask --profile json --profile-out run.json \"When do we rotate the keys?\"
  ninefold profile show --as tree run.json

Exit codes:
  0  answered; for index and profile: done
  1  nothing was found that answers the question
  2  bad usage or bad input: an empty or oversized question, a path that does not exist
  3  the environment failed: database unavailable or damaged, disk full, deadline passed
  4  a run waits for a person's answer: ninefold resume";

const ASK_EXAMPLES: &str = "\
Examples:
  ninefold ask --index . \"How do I run the tests?\"
  ninefold ask --index src --index docs --deadline 2s \"Where are retries counted?\"
  ninefold ask --index docs --model ollama/llama3.2 \"How is a killed run resumed?\"
  ninefold ask --approve-plan \"Compare the two drafts and recommend one\"
  ninefold ask --scope hr \"How many days of leave are there?\"
  ninefold ask --max-cost 0.05 --over-budget stop \"Compare the two drafts and recommend one\"
  git log -1 --format=%B | ninefold ask --index . --json -
  ninefold ask --profile perfetto --profile-out trace.json \"How do I run the tests?\"
  ninefold ask --profile folded \"How do I run the tests?\" | inferno-flamegraph > run.svg

Asking changes no labels: files carry those of the nearest labelled folder above them.

A profile is written for a run that failed, too. The file is there whole or not at all.
ninefold profile show makes any other form of json.

With --approve-plan the question waits in the database until ninefold resume has the answer.

Exit codes:
  0  answered
  1  nothing was found that answers the question
  2  bad usage or bad input: an empty or oversized question, a path that does not exist
  3  the environment failed: database unavailable or damaged, disk full, deadline passed
  4  the plan waits to be approved";

const RESUME_EXAMPLES: &str = "\
Examples:
  ninefold resume
  ninefold resume 1f0c5a9be6d84c5a8f3f6c5b1d2e3f40 --answer yes
  ninefold resume 1f0c5a9be6d84c5a8f3f6c5b1d2e3f40

A run goes on with the model and the embedder it was started with, and with what is left of
its budget. What it had done is not done again.

Exit codes:
  0  answered; without a run: listed
  2  bad usage or bad input: an unknown run, an answer that does not fit the question
  3  the environment failed: database unavailable or damaged, disk full, deadline passed
  4  the run waits for an answer";

const PROFILE_EXAMPLES: &str = "\
Examples:
  ninefold profile show run.json
  ninefold profile diff before/ after/

Exit codes:
  0  done
  2  bad usage or bad input: a path that does not exist, a file that holds no profile
  3  the environment failed: a file that cannot be read, disk full";

const SHOW_EXAMPLES: &str = "\
Examples:
  ninefold profile show run.json
  ninefold profile show --as perfetto run.json > trace.json
  ninefold ask --json \"How do I run the tests?\" | ninefold profile show --as folded - | inferno-flamegraph > run.svg

Exit codes:
  0  shown
  2  bad usage or bad input: a path that does not exist, a file that holds no profile or several
  3  the environment failed: a file that cannot be read, disk full";

const DIFF_EXAMPLES: &str = "\
Examples:
  ninefold profile diff before.json after.json
  ninefold profile diff monday/ tuesday.jsonl

In a folder, the files *.json, *.jsonl and *.ndjson are read; folders below it are not.

Exit codes:
  0  compared, whatever the difference
  2  bad usage or bad input: a path that does not exist, a file that holds no profile
  3  the environment failed: a file that cannot be read, disk full";

const SEARCH_EXAMPLES: &str = "\
Examples:
  ninefold search \"retry with back-off\"
  ninefold search --kind code --within src --limit 5 spawn_blocking
  ninefold search --json \"How is a killed run resumed?\" | jq -r '.passages[].path'

Any text can be searched for: no character of it is an operator.

Exit codes:
  0  something was found
  1  nothing was found
  2  bad usage or bad input: an empty or oversized text, a path that is not UTF-8
  3  the environment failed: database unavailable or damaged";

const STATS_EXAMPLES: &str = "\
Examples:
  ninefold stats
  ninefold stats --json

Exit codes:
  0  done
  3  the environment failed: database unavailable or damaged";

const FORGET_EXAMPLES: &str = "\
Examples:
  ninefold forget --unused-for 90d --dry-run
  ninefold forget old/drafts
  ninefold forget --unused-for 2w old
  ninefold forget --patterns

With --unused-for, what goes is what is less alive than after a single use so long ago:
what was used often stays longer, and what cannot be read again from a file stays always.
Paths alone are forgotten whatever their use. Files are never touched.

Exit codes:
  0  done, even if there was nothing to forget
  2  bad usage or bad input
  3  the environment failed: database unavailable or damaged, disk full";

const INDEX_EXAMPLES: &str = "\
Examples:
  ninefold index .
  ninefold index --label hr ~/handbook/hr
  ninefold index --watch src docs

A file carries the labels of the nearest folder (or file) that was indexed with --label,
whatever is indexed around it. Indexing that very folder with other labels, or with
--public, replaces them.

Exit codes:
  0  done, even if some files were skipped
  2  bad usage or bad input: a path that does not exist
  3  the environment failed: database unavailable or damaged, disk full";

const DOCTOR_EXAMPLES: &str = "\
Examples:
  ninefold doctor
  ninefold doctor --db backup.db --quick
  ninefold doctor --repair

Without --repair nothing is changed: an older layout is not brought up to date either.

Exit codes:
  0  sound, and nothing to do
  1  sound, but something is worth doing
  2  bad usage or bad input: there is no database yet
  3  the database is damaged, belongs to another program, or cannot be read";

/// Asks questions of folders of files, answers with the places the answer rests on, and shows where the time went.
#[derive(Debug, Parser)]
#[command(name = "ninefold", version, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) everywhere: Everywhere,
}

/// What every command takes.
#[derive(Debug, Group)]
pub(crate) struct Everywhere {
    /// The database to use instead of ninefold/ninefold.db in the user's data directory
    #[arg(long, global = true, value_name = "FILE", env = "NINEFOLD_DB")]
    pub(crate) db: Option<PathBuf>,
    // Not a comment for rustdoc, which takes an address for a link.
    #[arg(
        long,
        global = true,
        value_name = "EMBEDDER",
        env = "NINEFOLD_EMBEDDER",
        hide_env_values = true,
        help = "What embeds texts, so that meaning is searched as well as words: static:DIR, candle:DIR or http:URL#MODEL, \
                whose key is taken from NINEFOLD_EMBEDDER_KEY"
    )]
    pub(crate) embedder: Option<String>,
    /// Print only the answer and its citations; nothing on success of index
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Also list every skipped file, how the question was assessed, where the time went by agents and by models, what
    /// decided how long it took, and the run as a tree
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Ask(Ask),
    Resume(Resume),
    Index(Index),
    Search(Search),
    Stats(Stats),
    Forget(Forget),
    Doctor(Doctor),
    #[command(subcommand)]
    Profile(ProfileCommand),
    #[cfg(feature = "dialogue")]
    Check(Check),
    #[cfg(feature = "dialogue")]
    Test(Test),
    #[cfg(feature = "dialogue")]
    Chat(Chat),
}

/// Answer a question from indexed files
#[derive(Debug, Group)]
#[command(after_help = ASK_EXAMPLES)]
pub(crate) struct Ask {
    /// The question; - reads it from standard input
    #[arg(required = true, value_name = "QUESTION")]
    pub(crate) question: Vec<String>,
    /// Bring the database up to date with this file or folder first, and search only there (repeatable)
    #[arg(short, long, value_name = "PATH")]
    pub(crate) index: Vec<PathBuf>,
    /// Grant the question this label: files that carry it may be used (repeatable)
    #[arg(short, long, value_name = "LABEL", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) scope: Vec<String>,
    // Not a comment for rustdoc, which takes names of variables for code.
    #[arg(
        short,
        long,
        value_name = "PROVIDER/MODEL",
        env = "NINEFOLD_MODEL",
        hide_env_values = true,
        help = "The model that helps, as in anthropic/claude-sonnet-4-5, openai/gpt-5-mini or ollama/llama3.2; its key is \
                taken from the provider's usual variable, such as ANTHROPIC_API_KEY. Without one the answer quotes what is \
                found"
    )]
    pub(crate) model: Option<String>,
    #[command(flatten)]
    pub(crate) log: ConversationLog,
    /// Give up after this time, indexing included: 500ms, 2s, 1.5s, 1m
    #[arg(short, long, value_name = "TIME", value_parser = duration)]
    pub(crate) deadline: Option<Duration>,
    #[command(flatten)]
    pub(crate) budget: Spending,
    /// Show the plan of a question that needs one, and wait for a person's word before it is carried out
    #[arg(long)]
    pub(crate) approve_plan: bool,
    /// Print one JSON object: answer, profile, and what was indexed
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the profile of the run in this form: to the file of --profile-out, otherwise to standard output, and the
    /// answer to standard error
    #[arg(long, value_name = "FORM", value_enum)]
    pub(crate) profile: Option<Format>,
    /// The file for --profile, replaced when it is there; - is standard output
    #[arg(long, value_name = "FILE", requires = "profile")]
    pub(crate) profile_out: Option<PathBuf>,
}

/// What the models of a question may cost.
#[derive(Debug, Clone, Copy, Group)]
pub(crate) struct Spending {
    /// The most calls of models
    #[arg(long, value_name = "NUMBER")]
    pub(crate) max_calls: Option<u64>,
    /// The most tokens, read and written
    #[arg(long, value_name = "NUMBER")]
    pub(crate) max_tokens: Option<u64>,
    /// The most money, in US dollars; models whose price is not known are not called then
    #[arg(long, value_name = "DOLLARS", value_parser = dollars)]
    pub(crate) max_cost: Option<Cost>,
    /// When that does not suffice: go on without the model, or stop
    #[arg(long, value_name = "WHAT", value_enum, default_value = "degrade")]
    pub(crate) over_budget: WhenSpent,
}

/// What to do when the budget does not suffice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum WhenSpent {
    Degrade,
    Stop,
}

impl From<WhenSpent> for OverBudget {
    fn from(when: WhenSpent) -> Self {
        match when {
            WhenSpent::Degrade => Self::Degrade,
            WhenSpent::Stop => Self::Stop,
        }
    }
}

impl Spending {
    pub(crate) fn limits(self) -> Budget {
        Budget { calls: self.max_calls, tokens: self.max_tokens, cost: self.max_cost, ..Budget::default() }
    }
}

/// Where conversations are written down.
#[derive(Debug, Group)]
pub(crate) struct ConversationLog {
    // Not a comment for rustdoc, which takes names of variables for code.
    #[arg(
        long,
        value_name = "DIR",
        env = "NINEFOLD_CONVERSATIONS",
        hide_env_values = true,
        help = "Write down in this folder what is asked and answered, as JSON lines; what looks like a key is left out"
    )]
    pub(crate) conversations: Option<PathBuf>,
}

/// Go on with a question that waits for an answer
#[derive(Debug, Group)]
#[command(after_help = RESUME_EXAMPLES)]
pub(crate) struct Resume {
    /// The run, as ask named it; without it, the runs that wait are listed
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<RunId>,
    /// What to answer: yes, no, or a text; where the run asks several questions, QUESTION=ANSWER (repeatable)
    #[arg(short, long, value_name = "ANSWER", requires = "run")]
    pub(crate) answer: Vec<String>,
    /// The model that helps, the one that ask was given
    #[arg(short, long, value_name = "PROVIDER/MODEL", env = "NINEFOLD_MODEL", hide_env_values = true)]
    pub(crate) model: Option<String>,
    #[command(flatten)]
    pub(crate) log: ConversationLog,
    /// Give up after this time: 500ms, 2s, 1.5s, 1m
    #[arg(short, long, value_name = "TIME", value_parser = duration)]
    pub(crate) deadline: Option<Duration>,
    /// When the budget of ask does not suffice, what ask was told: go on without the model, or stop
    #[arg(long, value_name = "WHAT", value_enum, default_value = "degrade")]
    pub(crate) over_budget: WhenSpent,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Bring the database up to date with files and folders
#[derive(Debug, Group)]
#[command(after_help = INDEX_EXAMPLES)]
pub(crate) struct Index {
    /// The files and folders
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Only questions that are granted this label may use the files (repeatable: they need all of them)
    #[arg(short, long, value_name = "LABEL", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) label: Vec<String>,
    /// Take the labels off: every question may use the files
    #[arg(long, conflicts_with = "label")]
    pub(crate) public: bool,
    /// Stay, and bring the database up to date whenever files change; ends with Ctrl-C
    #[cfg(feature = "watch")]
    #[arg(short, long)]
    pub(crate) watch: bool,
}

/// Find passages in indexed files
#[derive(Debug, Group)]
#[command(after_help = SEARCH_EXAMPLES)]
pub(crate) struct Search {
    /// What to look for; - reads it from standard input
    #[arg(required = true, value_name = "TEXT")]
    pub(crate) text: Vec<String>,
    /// Show at most so many passages
    #[arg(short = 'n', long, value_name = "NUMBER", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub(crate) limit: u16,
    /// Only passages of this kind (repeatable)
    #[arg(short, long, value_name = "KIND", value_enum)]
    pub(crate) kind: Vec<Kind>,
    /// Only files at or below this path (repeatable)
    #[arg(short, long, value_name = "PATH")]
    pub(crate) within: Vec<PathBuf>,
    /// Only files that changed in this time: 90d, 2w, 12h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) changed_within: Option<Duration>,
    /// Hold passages back that are like better ones: from 0, not at all, to 1
    #[arg(long, value_name = "NUMBER", default_value_t = 0.0, value_parser = fraction)]
    pub(crate) diversity: f32,
    /// Grant the search this label: files that carry it may be found (repeatable)
    #[arg(short, long, value_name = "LABEL", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) scope: Vec<String>,
    /// Print one JSON object: the passages with all that is known of them
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a passage was cut from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    Code,
    Markdown,
    Text,
    Pattern,
}

/// Show how much the database holds, and what of it is used most
#[derive(Debug, Group)]
#[command(after_help = STATS_EXAMPLES)]
pub(crate) struct Stats {
    /// Grant this label: files that carry it may be named among the most used (repeatable)
    #[arg(short, long, value_name = "LABEL", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) scope: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Take files out of the database that are no longer used
#[derive(Debug, Group)]
#[command(after_help = FORGET_EXAMPLES)]
pub(crate) struct Forget {
    /// Only files at or below these paths; they need not be there any more
    #[arg(value_name = "PATH", required_unless_present_any = ["unused_for", "patterns"])]
    pub(crate) paths: Vec<PathBuf>,
    /// Instead of files, the plans that earlier questions have taught: all of them, or with --unused-for those that nobody
    /// used for so long
    #[arg(long, conflicts_with = "paths")]
    pub(crate) patterns: bool,
    /// Only what nobody used for this time: 90d, 2w, 12h
    #[arg(short, long, value_name = "TIME", value_parser = duration)]
    pub(crate) unused_for: Option<Duration>,
    /// Only say what would be forgotten
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Look at the database as it is, say what is wrong with it and what to do
#[derive(Debug, Group)]
#[command(after_help = DOCTOR_EXAMPLES)]
pub(crate) struct Doctor {
    /// Read every page, but do not compare tables with each other: faster in a large database
    #[arg(long)]
    pub(crate) quick: bool,
    /// Do what is safe: make the index of terms anew, give free pages back, fold the log into the file. Damage to anything
    /// else is left as it is
    #[arg(long)]
    pub(crate) repair: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show and compare profiles of earlier runs
#[derive(Debug, Subcommand)]
#[command(after_help = PROFILE_EXAMPLES)]
pub(crate) enum ProfileCommand {
    Show(Show),
    Diff(Diff),
}

/// Show the profile of a run
#[derive(Debug, Group)]
#[command(after_help = SHOW_EXAMPLES)]
pub(crate) struct Show {
    /// What ask --profile json or ask --json wrote; - is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// In which form
    #[arg(long = "as", value_name = "FORM", value_enum, default_value = "table")]
    pub(crate) format: Format,
}

/// Compare the profiles of two sets of runs
#[derive(Debug, Group)]
#[command(after_help = DIFF_EXAMPLES)]
pub(crate) struct Diff {
    /// A file with profiles, or a folder of such
    #[arg(value_name = "BEFORE")]
    pub(crate) before: PathBuf,
    /// Another one
    #[arg(value_name = "AFTER")]
    pub(crate) after: PathBuf,
}

/// Reads a number from 0 to 1.
fn fraction(text: &str) -> Result<f32, String> {
    let number = text.trim().parse::<f32>().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "a number from 0 to 1, such as 0.3".to_owned())
}

/// Reads an amount of money in dollars.
fn dollars(text: &str) -> Result<Cost, String> {
    let text = text.trim().trim_start_matches('$');
    let amount = text.parse::<f64>().ok().filter(|amount| amount.is_finite() && *amount >= 0.0);
    amount.map(Cost::from_usd).ok_or_else(|| "an amount of dollars, such as 0.05".to_owned())
}

/// Reads `2s`, `500ms`, `1.5s`, `1m`, `90d`; a number alone counts seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let unit_at = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let per_second = match unit {
        "ms" => Some(0.001),
        "" | "s" => Some(1.0),
        "m" | "min" => Some(60.0),
        "h" => Some(3600.0),
        "d" => Some(86_400.0),
        "w" => Some(604_800.0),
        _ => None,
    };
    let seconds = number.trim().parse::<f64>().ok().zip(per_second).map(|(number, factor)| number * factor);
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| "a time is a number with a unit, such as 500ms, 2s or 1m".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn durations() {
        let cases = [
            ("0s", 0),
            ("500ms", 500),
            ("2s", 2000),
            (" 1.5 s", 1500),
            ("3", 3000),
            ("1m", 60_000),
            ("2w", 1_209_600_000),
        ];
        for (text, millis) in cases {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "-1s", "2 days", "NaN", "inf", "1e30h", "１s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn fractions() {
        assert_eq!([fraction("0"), fraction(" 0.25"), fraction("1")], [Ok(0.0), Ok(0.25), Ok(1.0)]);
        for text in ["", "-0.1", "1.1", "NaN", "half"] {
            assert!(fraction(text).is_err(), "{text}");
        }
    }

    #[test]
    fn words_without_quotes_are_one_question() {
        let args = Args::try_parse_from(["ninefold", "ask", "-i", "src", "Where", "is", "it?"]).unwrap();
        let Command::Ask(ask) = args.command else { panic!("not ask") };
        assert_eq!(ask.question.join(" "), "Where is it?");
        assert_eq!(ask.index, [PathBuf::from("src")]);
    }
}
