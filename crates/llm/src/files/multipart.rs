//! A form with a file in it, as `multipart/form-data` (RFC 7578).

use ninefold_core::Key;

use super::LocalFile;

/// The media type of the form, and the form: fields in their order, then the file under the name `file`.
pub(super) fn form(fields: &[(&str, String)], file: &LocalFile) -> (String, Vec<u8>) {
    // Made of the content's hash, so that it is not in the content.
    let boundary = format!("ninefold-{}", Key::of_bytes(&file.bytes));
    let mut body = Vec::with_capacity(file.bytes.len() + 1_024);
    for (name, value) in fields {
        let part = format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let (name, mime) = (escaped(&file.name), media_type(&file.mime));
    let head = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: {mime}\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(&file.bytes);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

/// A file's name as browsers write it (HTML, "multipart form data"): quotes and line breaks by their codes. Other control
/// characters are left out, and what is longer than 255 characters.
fn escaped(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for c in name.chars().take(255) {
        match c {
            '"' => escaped.push_str("%22"),
            '\n' => escaped.push_str("%0A"),
            '\r' => escaped.push_str("%0D"),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    if escaped.is_empty() { "file".to_owned() } else { escaped }
}

/// The media type, or that of any bytes where it is none.
fn media_type(mime: &str) -> &str {
    let fits = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    if mime.contains('/') && mime.bytes().all(fits) { mime } else { "application/octet-stream" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_breaks_out_of_nothing() {
        let file = LocalFile::new("a\"\r\nx: y\u{0}.pdf", "text/plain\r\nx: y", "content".as_bytes());
        let (kind, body) = form(&[("purpose", "vision".to_owned())], &file);
        let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
        let expected = format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"purpose\"\r\n\r\nvision\r\n--{boundary}\r\n\
             content-disposition: form-data; name=\"file\"; filename=\"a%22%0D%0Ax: y.pdf\"\r\n\
             content-type: application/octet-stream\r\n\r\ncontent\r\n--{boundary}--\r\n"
        );
        assert_eq!(String::from_utf8(body).unwrap(), expected);
        assert_eq!(escaped("\u{0}"), "file");
    }
}
