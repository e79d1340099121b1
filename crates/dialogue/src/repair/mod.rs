//! The flows of repair, as they are unless a definition overrides them.

use crate::definition::Definition;

/// The flows of repair; see `patterns.yml` beside this file.
#[must_use]
pub fn patterns() -> Definition {
    Definition::from_yaml("patterns.yml", include_str!("patterns.yml"))
}
