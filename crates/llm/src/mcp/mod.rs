//! Tools of servers that speak the Model Context Protocol: over the standard streams of a child process, over streamable
//! HTTP, or over any two streams.
//!
//! [`McpServer`] is a [`ToolSource`](crate::tools::ToolSource): give it to
//! [`ToolAgentBuilder::tools_of`](crate::tools::ToolAgentBuilder::tools_of). Its tools are asked for again when the server says
//! that they changed. A tool keeps its name unless another has it; then it is called `server_tool`.
//!
//! What a server says is not trusted: the number of its tools, their descriptions and schemas, and the size of a message are
//! bounded, every wait has a time limit, and what it says of its tools decides nothing: labels and permissions are the host's.
//! A server that has ended gives errors that the model is told. Its process, and what that started, is killed when the last
//! handle on the server and its tools is dropped; [`McpServer::close`] lets it end by itself first.
//!
//! Not bounded is a JSON body that an HTTP server sends in place of a stream; only name servers there that you trust with memory.

mod process;
mod result;
mod server;
mod tools;

pub use server::{McpOptions, McpServer};
