//! Lines of code: those that are not blank and not all comment. The text that a Python module begins with is comment.

/// How many there are.
pub fn count(text: &str, python: bool) -> usize {
    let text = match text.strip_prefix("\"\"\"").filter(|_| python) {
        Some(rest) => rest.split_once("\"\"\"").map_or("", |(_, rest)| rest),
        None => text,
    };
    let comment = if python { "#" } else { "//" };
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(comment)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blank_lines_do_not_count() {
        assert_eq!(count("//! Head.\n\nfn a() {\n    // Why.\n    b(); // here\n}\n", false), 3);
        assert_eq!(count("\"\"\"Head\nof two lines.\"\"\"\n\nimport a\n# why\nx = \"\"\"text\nmore\"\"\"\n", true), 3);
    }
}
