//! Attribute names by the OpenTelemetry conventions that are not names of Ninefold's own fields. Those for generative
//! AI are still in development there: this is where they change.

/// What a trace viewer for models takes a span for: <https://github.com/Arize-ai/openinference>.
pub(super) const OPENINFERENCE_KIND: &str = "openinference.span.kind";
/// The value of [`OPENINFERENCE_KIND`] for steps that are neither a model's nor a tool's.
pub(super) const CHAIN: &str = "CHAIN";
/// The value of `error.type` where the class of the error is not known, by the conventions.
pub(super) const OTHER: &str = "_OTHER";
/// Where an agent's knowledge comes from.
pub(super) const DATA_SOURCE: &str = "gen_ai.data_source.id";

/// What an error in a field says.
pub(super) const EXCEPTION_MESSAGE: &str = "exception.message";
/// What those say that caused it: `tracing-opentelemetry` puts them where others have the stack.
pub(super) const EXCEPTION_CAUSES: &str = "exception.stacktrace";

/// Operations of `gen_ai.operation.name` that call another service.
pub(super) const CLIENT_OPERATIONS: [&str; 5] =
    ["chat", "text_completion", "generate_content", "embeddings", "retrieval"];
/// Operations that are steps of a plan.
pub(super) const PLAN_OPERATIONS: [&str; 2] = ["plan", "invoke_workflow"];

/// Attributes that hold what was asked or answered, in whole or, as prefixes ending in a dot, in pieces.
pub(super) const CONTENT: [&str; 19] = [
    "gen_ai.input.messages",
    "gen_ai.input.messages.",
    "gen_ai.output.messages",
    "gen_ai.output.messages.",
    "gen_ai.system_instructions",
    "gen_ai.tool.definitions",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result",
    "gen_ai.retrieval.query.text",
    "gen_ai.retrieval.documents",
    "gen_ai.prompt",
    "gen_ai.prompt.",
    "gen_ai.completion",
    "gen_ai.completion.",
    "input.value",
    "output.value",
    "llm.input_messages.",
    "llm.output_messages.",
    "retrieval.documents.",
];

/// Attributes of the resource.
pub(super) mod resource {
    pub(in super::super) const SERVICE_NAME: &str = "service.name";
    pub(in super::super) const SERVICE_VERSION: &str = "service.version";
    pub(in super::super) const SERVICE_INSTANCE: &str = "service.instance.id";
    pub(in super::super) const ENVIRONMENT: &str = "deployment.environment.name";
}
