//! Prompts are files in `prompts/`; this fills their placeholders.

/// Replaces every `{{name}}` of the template by its value, in one pass, so that a placeholder inside a value stays
/// text. A placeholder without a value stays as it is.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len() + values.iter().map(|(_, value)| value.len()).sum::<usize>());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let value = after
            .split_once("}}")
            .and_then(|(name, tail)| values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value, tail)));
        match value {
            Some((value, tail)) => {
                filled.push_str(value);
                rest = tail;
            }
            None => {
                filled.push_str("{{");
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_never_read_as_a_template() {
        let filled =
            fill("Q: {{question}} A: {{agents}} {{unknown}} {{", &[("question", "{{agents}}"), ("agents", "x")]);
        assert_eq!(filled, "Q: {{agents}} A: x {{unknown}} {{");
    }
}
