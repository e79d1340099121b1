//! Whether a message only says again what was said for the flow that has just ended.

use ninefold_core::terms::is_function_word;

use super::Engine;
use super::state::State;
use crate::program::FlowId;
use crate::scope::{fold, has};
use crate::understand::evidence::is_part;

/// Words of wishes, beside function words, that tell nothing of what is wished.
const WISHES: &[&str] =
    &["want", "would", "like", "need", "please", "will", "go", "going", "am", "quiero", "mochte", "voudrais"];

/// Whether a message has values that the ended flow was given, and nothing else but the names of its slots and words that only hold
/// it together: "the destination is Barcelona", and not "a taxi to Barcelona".
pub(super) fn is_repeated(engine: &Engine, state: &State, message: &str) -> bool {
    let Some(flow) = state.ended else { return false };
    let mut rest = message.to_lowercase();
    let mut repeats = false;
    for said in state.settled.iter().filter(|said| is_part(message, said)) {
        repeats = true;
        rest = rest.replace(said.as_str(), " ");
    }
    repeats
        && rest
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .all(|word| tells_nothing(engine, flow, word))
}

fn tells_nothing(engine: &Engine, flow: FlowId, word: &str) -> bool {
    let word = fold(word);
    let names_slot = || {
        let slots = engine.program.flow(flow).map(|flow| flow.slots.as_slice()).unwrap_or_default();
        let mut words = slots.iter().filter_map(|slot| engine.index.slot_words(*slot));
        words.any(|words| has(&words.name, &word) || has(&words.description, &word))
    };
    is_function_word(&word) || WISHES.contains(&word.as_str()) || names_slot()
}
