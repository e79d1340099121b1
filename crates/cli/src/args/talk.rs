//! What the commands for dialogues are told.

use std::path::PathBuf;

use clap::Args as Group;
use clap::builder::NonEmptyStringValueParser;

use super::Spending;

const CHECK_EXAMPLES: &str = "\
Examples:
  ninefold check flows.yml
  ninefold check flows/ --json
  ninefold check --schema > flows.schema.json

Several files, or a folder of them, are one definition.

Exit codes:
  0  sound
  1  it can be run, and something is perhaps not what was meant
  2  it cannot be run: every error is named with file, line and cure";

const TEST_EXAMPLES: &str = "\
Examples:
  ninefold test flows.yml tests/
  ninefold test flows.yml tests/correction.yml --verbose

A test is a conversation in YAML: what the user says, and the reply, the slots and the actions
expected of it. answers.yml beside the tests holds what actions answer. Nothing outside is asked.

Exit codes:
  0  every conversation went as expected
  1  some did not
  2  bad input: flows or tests with errors";

const CHAT_EXAMPLES: &str = "\
Examples:
  ninefold chat flows.yml --answers tests/answers.yml
  ninefold chat flows.yml --inspect --model ollama/llama3.2
  printf 'book a flight\\nMadrid\\n' | ninefold chat flows.yml --answers answers.yml

Actions answer from the file of --answers. One that is not in it is asked for at a terminal, output
by output; where the messages come from elsewhere, it fails.
A line may also do what a host does: /start FLOW {SLOTS}, /set {SLOTS}, /silence. Where the flows
set `silence`, whoever writes nothing for so long is silent.
With --db the conversation is kept there, and goes on with the same --session.

Exit codes:
  0  the conversation ended with the input
  2  bad input: flows or answers with errors
  3  the environment failed: database unavailable, deadline passed

A turn that fails is told, and the conversation goes on; its exit code is that of the last failure.";

/// Check the flows of a dialogue
#[derive(Debug, Group)]
#[command(after_help = CHECK_EXAMPLES)]
pub(crate) struct Check {
    /// Files of flows, or folders of them
    #[arg(required_unless_present = "schema", value_name = "FLOWS")]
    pub(crate) flows: Vec<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the JSON schema of the format, for editors, and check nothing
    #[arg(long, conflicts_with_all = ["flows", "json"])]
    pub(crate) schema: bool,
}

/// Hold the conversations that test a dialogue
#[derive(Debug, Group)]
#[command(after_help = TEST_EXAMPLES)]
pub(crate) struct Test {
    /// A file of flows, or a folder of them
    #[arg(value_name = "FLOWS")]
    pub(crate) flows: PathBuf,
    /// Files of conversations, or folders of them
    #[arg(required = true, value_name = "TESTS")]
    pub(crate) tests: Vec<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Talk to a dialogue at the terminal
#[derive(Debug, Group)]
#[command(after_help = CHAT_EXAMPLES)]
pub(crate) struct Chat {
    /// Files of flows, or folders of them
    #[arg(required = true, value_name = "FLOWS")]
    pub(crate) flows: Vec<PathBuf>,
    /// What actions, readers and knowledge answer, as in tests
    #[arg(short, long, value_name = "FILE")]
    pub(crate) answers: Option<PathBuf>,
    /// Answer questions that no flow is for from memory, as ninefold ask does
    #[arg(long)]
    pub(crate) knowledge: bool,
    /// Grant the conversation this label: memory that carries it may be used (repeatable)
    #[arg(long, value_name = "LABEL", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) scope: Vec<String>,
    #[command(flatten)]
    pub(crate) budget: Spending,
    /// After each turn, show what was understood and why, what was done, and where the time went
    #[arg(long)]
    pub(crate) inspect: bool,
    /// The model that understands what rules are unsure of, as in ollama/llama3.2
    #[arg(short, long, value_name = "PROVIDER/MODEL", env = "NINEFOLD_MODEL", hide_env_values = true)]
    pub(crate) model: Option<String>,
    /// The name of the conversation
    #[arg(long, value_name = "NAME", default_value = "you", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) session: String,
}
