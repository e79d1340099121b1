//! What was found by meaning where words found nothing: how near is near enough, and what that is worth.

use ninefold_core::{Evidence, Passage};

/// The least cosine that counts as near. Models trained as sentence-transformers train them put passages that have nothing
/// to do with a question at .0 to .2 and those that answer it mostly above .4; what a model with a narrower spread finds
/// is always near.
const NEAR: f32 = 0.35;
/// What nearness is worth beside words that are there to be read.
const WITHOUT_WORDS: f32 = 0.5;

/// The cosine of a passage near to the question in meaning that shares no word with it.
pub(crate) fn nearness(passage: &Passage) -> Option<f32> {
    passage.signals.vector.filter(|cosine| *cosine >= NEAR && passage.signals.lexical.is_none())
}

/// Whether any passage is near by meaning alone.
pub(crate) fn is_near(evidence: &Evidence) -> bool {
    evidence.passages.iter().any(|passage| nearness(passage).is_some())
}

/// How far an answer is supported by passages that were found by meaning alone: half of the best's cosine, as nobody can see
/// from the words that it answers.
pub(crate) fn support<'a>(cited: impl Iterator<Item = &'a Passage>) -> f32 {
    cited.filter_map(nearness).fold(0.0, f32::max).min(1.0) * WITHOUT_WORDS
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ninefold_core::{Chunk, ChunkKind, Signals};

    use super::*;

    fn passage(lexical: Option<f32>, vector: Option<f32>) -> Passage {
        let mut passage = Passage::new(Arc::new(Chunk::new("a", ChunkKind::Text, "text")), 1.0);
        passage.signals = Signals { lexical, vector, ..Signals::default() };
        passage
    }

    #[test]
    fn support_is_half_of_the_nearest_that_shares_no_word() {
        let cited = [passage(None, Some(0.6)), passage(None, Some(0.2)), passage(Some(3.0), Some(0.9))];
        assert_eq!(support(cited.iter()), 0.3);
        assert_eq!(support(cited[1..].iter()), 0.0);
        assert_eq!(support([passage(None, Some(1.5)), passage(None, Some(f32::NAN))].iter()), 0.5);
        assert_eq!(support([passage(None, None)].iter()), 0.0);
    }
}
