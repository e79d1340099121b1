//! What a server's tool gave back, as text for a model.

use ninefold_core::{Error, ErrorKind, Result};
use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};

use super::server::hidden;

/// A result as text: texts as they are, structured content as JSON where no text says it, and of images, sounds and other
/// bytes only what they are and how large.
///
/// # Errors
/// `Permanent` with the tool's words, without the secrets, when it says that it failed.
pub(super) fn text(result: CallToolResult, secrets: &[String]) -> Result<String> {
    let mut pieces: Vec<String> = Vec::with_capacity(result.content.len());
    let mut said = false;
    for block in result.content {
        pieces.push(match block {
            ContentBlock::Text(text) => {
                said |= !text.text.trim().is_empty();
                text.text
            }
            ContentBlock::Image(image) => bytes("an image", Some(&image.mime_type), &image.data),
            ContentBlock::Audio(audio) => bytes("a sound", Some(&audio.mime_type), &audio.data),
            ContentBlock::Resource(embedded) => match embedded.resource {
                ResourceContents::TextResourceContents { uri, text, .. } => {
                    said = true;
                    format!("{uri}:\n{text}")
                }
                ResourceContents::BlobResourceContents { uri, mime_type, blob, .. } => {
                    bytes(&uri, mime_type.as_deref(), &blob)
                }
                _ => "[a resource of an unknown kind]".to_owned(),
            },
            ContentBlock::ResourceLink(link) => format!("[a resource: {} at {}]", link.name, link.uri),
            _ => "[content of an unknown kind]".to_owned(),
        });
    }
    if let Some(structured) = result.structured_content.filter(|_| !said) {
        pieces.push(structured.to_string());
    }
    let text = pieces.join("\n");
    if result.is_error == Some(true) {
        let what = if text.trim().is_empty() { "the tool failed and does not say why".to_owned() } else { text };
        return Err(Error::new(ErrorKind::Permanent, hidden(what, secrets)));
    }
    Ok(text)
}

/// Bytes that a model cannot read here; `data` is base64.
fn bytes(what: &str, mime: Option<&str>, data: &str) -> String {
    let padding = data.bytes().rev().take_while(|byte| *byte == b'=').count();
    let size = (data.len() / 4 * 3).saturating_sub(padding);
    let mime = mime.map(|mime| format!(" ({mime})")).unwrap_or_default();
    format!("[{what}{mime}, {size} bytes, which is not shown]")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(result: serde_json::Value) -> Result<String> {
        text(serde_json::from_value(result).unwrap(), &[])
    }

    #[test]
    fn whatever_comes_is_told_as_text() {
        let content = json!([
            { "type": "text", "text": "one" },
            { "type": "image", "mimeType": "image/png", "data": "AAAA" },
            { "type": "audio", "mimeType": "audio/wav", "data": "AAA=" },
            { "type": "resource", "resource": { "uri": "file:///a", "text": "inside" } },
            { "type": "resource", "resource": { "uri": "file:///b", "blob": "AA==", "mimeType": "application/gzip" } },
            { "type": "resource_link", "uri": "file:///c", "name": "C" },
        ]);
        let expected = "one\n[an image (image/png), 3 bytes, which is not shown]\n\
                        [a sound (audio/wav), 2 bytes, which is not shown]\nfile:///a:\ninside\n\
                        [file:///b (application/gzip), 1 bytes, which is not shown]\n[a resource: C at file:///c]";
        assert_eq!(read(json!({ "content": content, "structuredContent": { "a": 1 } })).unwrap(), expected);
        assert_eq!(read(json!({ "content": [], "structuredContent": { "a": 1 } })).unwrap(), r#"{"a":1}"#);
        assert_eq!(read(json!({ "content": [] })).unwrap(), "");
    }

    #[test]
    fn a_tool_that_says_it_failed_failed() {
        let failed = json!({ "content": [{ "type": "text", "text": "no such file" }], "isError": true });
        assert_eq!(read(failed).unwrap_err().message(), "no such file");
        assert!(read(json!({ "content": [], "isError": true })).unwrap_err().message().contains("does not say why"));
    }
}
