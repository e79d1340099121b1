//! What is forgotten: sources that can be made again and of which nothing is alive any more.

use ninefold_core::{ChunkKind, Forgetting, Timestamp};

use crate::activation::Uses;

/// What decides whether a source is forgotten.
pub(crate) struct Liveliness {
    stays: bool,
    modified: Option<Timestamp>,
    used: Vec<Uses>,
    all_used: bool,
}

impl Liveliness {
    /// Of a source without chunks.
    pub(crate) fn new(rebuildable: bool, modified: Option<Timestamp>) -> Self {
        Self { stays: !rebuildable, modified, used: Vec::new(), all_used: true }
    }

    /// One chunk more, with its uses if there were any.
    pub(crate) fn chunk(&mut self, kind: ChunkKind, uses: Option<&Uses>) {
        // What was learned stands in no file that could be read again.
        self.stays |= kind == ChunkKind::Pattern;
        match (uses, self.modified) {
            (Some(uses), _) => self.used.push(*uses),
            (None, Some(_)) => self.all_used = false,
            (None, None) => self.stays = true,
        }
    }

    /// Whether it goes: a chunk that was never used counts as used once when the source changed, and so does a source
    /// without chunks.
    pub(crate) fn is_forgotten(&self, forgetting: &Forgetting) -> bool {
        if self.stays || (self.modified.is_none() && self.used.is_empty()) {
            return false;
        }
        let counts_as_used = !self.all_used || self.used.is_empty();
        let changed = self.modified.filter(|_| counts_as_used).map(Uses::once);
        let mut levels = self.used.iter().chain(&changed).map(|uses| uses.base_level(forgetting.now));
        levels.all(|level| level < forgetting.below)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = 86_400_000_000;

    fn forgetting(below: f32) -> Forgetting {
        Forgetting { now: Timestamp(1_000 * DAY), below, dry_run: false }
    }

    fn is_forgotten(rebuildable: bool, modified: Option<i64>, chunks: &[(ChunkKind, Option<i64>)]) -> bool {
        let mut liveliness = Liveliness::new(rebuildable, modified.map(Timestamp));
        for (kind, used) in chunks {
            liveliness.chunk(*kind, used.map(|at| Uses::once(Timestamp(at))).as_ref());
        }
        liveliness.is_forgotten(&forgetting(Uses::once(Timestamp(910 * DAY)).base_level(Timestamp(1_000 * DAY))))
    }

    #[test]
    fn what_nobody_used_for_ninety_days_goes() {
        use ChunkKind::{Code, Pattern};
        assert!(is_forgotten(true, Some(0), &[(Code, None), (Code, Some(100 * DAY))]));
        assert!(is_forgotten(true, Some(0), &[]));
        assert!(!is_forgotten(true, Some(0), &[(Code, None), (Code, Some(950 * DAY))]), "one chunk is alive");
        assert!(!is_forgotten(true, Some(950 * DAY), &[(Code, None)]), "it has just been written");
        assert!(!is_forgotten(false, Some(0), &[(Code, None)]), "nothing could make it again");
        assert!(!is_forgotten(true, Some(0), &[(Code, None), (Pattern, None)]), "nothing could learn it again");
        assert!(!is_forgotten(true, None, &[(Code, None)]), "nothing says that it is old");
    }

    proptest! {
        #[test]
        fn what_cannot_be_made_again_stays(
            modified in prop::option::of(any::<i64>()), used in prop::collection::vec(prop::option::of(any::<i64>()), 0..5),
            below in any::<f32>(), pattern in any::<bool>()
        ) {
            let mut liveliness = Liveliness::new(pattern, modified.map(Timestamp));
            for at in used {
                liveliness.chunk(ChunkKind::Text, at.map(|at| Uses::once(Timestamp(at))).as_ref());
            }
            liveliness.chunk(if pattern { ChunkKind::Pattern } else { ChunkKind::Text }, None);
            prop_assert!(!liveliness.is_forgotten(&forgetting(below)));
        }

        #[test]
        fn a_higher_bound_never_forgets_less(
            modified in any::<i64>(), used in prop::collection::vec(any::<i64>(), 0..5), a in any::<f32>(), b in any::<f32>()
        ) {
            let mut liveliness = Liveliness::new(true, Some(Timestamp(modified)));
            for at in used {
                liveliness.chunk(ChunkKind::Text, Some(&Uses::once(Timestamp(at))));
            }
            prop_assert!(liveliness.is_forgotten(&forgetting(a.max(b))) >= liveliness.is_forgotten(&forgetting(a.min(b))));
        }
    }
}
