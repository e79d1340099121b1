//! Lists of `key=value` as environment variables hold them: headers and resource attributes.

use super::error::Error;

/// The pairs of `key=value,key=value`, trimmed and with percent-encoding removed from the values, as the specification
/// of OTLP exporters has it. Errors say which entry is wrong and never what is in it.
pub(super) fn parse(variable: &str, list: &str) -> Result<Vec<(String, String)>, Error> {
    let entries = list.split(',').enumerate().filter(|(_, entry)| !entry.trim().is_empty());
    entries
        .map(|(n, entry)| {
            let wrong = |what: &str| Error::new(variable, format!("entry {} {what}", n + 1));
            let (key, value) = entry.split_once('=').ok_or_else(|| wrong("has no `=`; write key=value,key=value"))?;
            let key = key.trim();
            if key.is_empty() {
                return Err(wrong("has no key before its `=`"));
            }
            let value = decode(value.trim()).ok_or_else(|| wrong("is not valid percent-encoding; write % as %25"))?;
            Ok((key.to_owned(), value))
        })
        .collect()
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let (high, low) = (digit()?, digit()?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pairs_are_trimmed_and_decoded() {
        let pairs = parse("X", " a = 1 ,b=x%3Dy%2Cz,,c=%C3%A9,").unwrap();
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("a", "1"), ("b", "x=y,z"), ("c", "é")]);
    }

    #[test]
    fn errors_name_the_entry_and_keep_its_value_to_themselves() {
        for (list, entry) in
            [("a=1,hush", "entry 2"), ("=hush", "entry 1"), ("a=hush%zz", "entry 1"), ("a=hush%FF", "entry 1")]
        {
            let message = parse("OTEL_X", list).unwrap_err().to_string();
            assert!(message.contains("OTEL_X") && message.contains(entry) && !message.contains("hush"), "{message}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_much_for_it(text in ".*") {
            let _ = parse("X", &text);
        }

        #[test]
        fn what_is_encoded_comes_back(value in ".*") {
            let encoded: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
            prop_assert_eq!(parse("X", &format!("k={encoded}")).unwrap(), [("k".to_owned(), value)]);
        }
    }
}
