//! The known name that is nearest to a misspelt one.

/// The nearest of these, if it is near enough to be what was meant.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let most = (name.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|known| (rapidfuzz::distance::osa::distance(lower.chars(), known.to_lowercase().chars()), known))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// What to do about an unknown name: the nearest one, or the list of those that there are.
pub(crate) fn cure<'a>(name: &str, known: impl IntoIterator<Item = &'a str> + Clone, lead: &str) -> String {
    /// More than these are not read anyway.
    const SHOWN: usize = 24;
    if let Some(near) = nearest(name, known.clone()) {
        return format!("did you mean `{near}`?");
    }
    let mut names: Vec<&str> = known.into_iter().collect();
    let rest = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let more = if rest > 0 { format!(", and {rest} more") } else { String::new() };
    if names.is_empty() { format!("{lead}: none") } else { format!("{lead}: {}{more}", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_mended_and_a_stranger_is_shown_the_list() {
        assert_eq!(nearest("propmt", ["prompt", "type"]), Some("prompt"));
        assert_eq!(nearest("Prompt", ["prompt", "type"]), Some("prompt"));
        assert_eq!(nearest("zebra", ["prompt", "type"]), None);
        assert_eq!(cure("zebra", ["prompt", "type"], "known are"), "known are: prompt, type");
    }
}
