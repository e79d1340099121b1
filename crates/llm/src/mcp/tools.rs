//! The tools that a server tells of, as tools of an agent.

use async_trait::async_trait;
use ninefold_core::{Cx, Error, ErrorKind, Labels, Result, ToolSpec};
use rmcp::model::PaginatedRequestParams;
use rmcp::service::ServiceError;
use rmcp::{Peer, RoleClient};
use serde_json::Value;
use smol_str::SmolStr;

use super::result::text;
use super::server::McpServer;
use crate::tools::{MAX_TOOLS, Tool};

/// The most bytes of a tool's schema.
const SCHEMA: usize = 64 * 1024;
/// The most bytes of a tool's description; what is longer is cut.
const DESCRIPTION: usize = 4 * 1024;
/// The most pages in which a server tells its tools.
const PAGES: usize = 64;

/// A tool by the server's own account.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub(super) spec: ToolSpec,
}

/// All tools of a server.
///
/// The outer error is for what no honest server says; the inner one is that of the connection.
pub(super) async fn list(server: &str, peer: &Peer<RoleClient>) -> Result<Result<Vec<Listed>, ServiceError>> {
    let too_much = |what: String| Error::new(ErrorKind::TooLong, format!("the MCP server {server} {what}"));
    let (mut listed, mut cursor) = (Vec::new(), None);
    for _ in 0..PAGES {
        let page =
            peer.list_tools(cursor.map(|cursor| PaginatedRequestParams::default().with_cursor(Some(cursor)))).await;
        let page = match page {
            Ok(page) => page,
            Err(error) => return Ok(Err(error)),
        };
        for tool in page.tools {
            // Four times what a model is shown, because a host may name those that it uses.
            if listed.len() >= 4 * MAX_TOOLS {
                return Err(too_much(format!("tells of more than {} tools", 4 * MAX_TOOLS)));
            }
            let mut schema = Value::Object((*tool.input_schema).clone());
            let size = schema.to_string().len();
            if size > SCHEMA {
                let name = clean(&tool.name);
                return Err(too_much(format!("has a schema of {size} bytes for {name}; at most {SCHEMA} are taken")));
            }
            if let Some(object) = schema.as_object_mut() {
                object.insert("type".to_owned(), "object".into());
                object.remove("$schema");
            }
            let described = tool.description.as_deref().or(tool.title.as_deref()).unwrap_or_default();
            let mut description = clean(described);
            if description.trim().is_empty() {
                description = format!("The tool {} of {server}", clean(&tool.name));
            }
            listed.push(Listed { spec: ToolSpec { name: SmolStr::new(&tool.name), description, schema } });
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(Ok(listed));
        }
    }
    Err(too_much(format!("tells its tools in more than {PAGES} pages")))
}

/// A text of a server without control characters, not too long.
pub(super) fn clean(text: &str) -> String {
    let end = text.floor_char_boundary(DESCRIPTION);
    let shown = |c: char| if c.is_control() && !matches!(c, '\n' | '\t') { ' ' } else { c };
    let mut cleaned: String = text.get(..end).unwrap_or_default().chars().map(shown).collect();
    if end < text.len() {
        cleaned.push_str(" [cut]");
    }
    cleaned
}

/// A tool of a server.
pub(super) struct McpTool {
    server: McpServer,
    listed: Listed,
}

impl McpTool {
    pub(super) fn new(server: McpServer, listed: Listed) -> Self {
        Self { server, listed }
    }
}

#[async_trait]
impl Tool for McpTool {
    fn spec(&self) -> &ToolSpec {
        &self.listed.spec
    }

    fn labels(&self) -> Labels {
        self.server.options().labels.clone()
    }

    async fn call(&self, arguments: Value, cx: &Cx) -> Result<String> {
        let Value::Object(arguments) = arguments else {
            return Err(Error::new(ErrorKind::InvalidInput, "the arguments are no JSON object"));
        };
        text(self.server.call(&self.listed.spec.name, arguments, cx).await?, self.server.secrets())
    }
}
