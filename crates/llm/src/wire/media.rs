//! Images and files as text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ninefold_core::Media;

/// Bytes in base64.
pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Bytes as a data URL.
pub(super) fn data_url(mime: &str, bytes: &[u8]) -> String {
    let mut url = format!("data:{mime};base64,");
    STANDARD.encode_string(bytes, &mut url);
    url
}

/// What a file is called, for providers that want a name.
pub(super) fn file_name(media: &Media) -> String {
    media.name.clone().unwrap_or_else(|| {
        let ending: String =
            media.mime.rsplit('/').next().unwrap_or_default().chars().take_while(char::is_ascii_alphanumeric).collect();
        if ending.is_empty() { "file".to_owned() } else { format!("file.{ending}") }
    })
}
