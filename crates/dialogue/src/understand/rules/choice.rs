//! Which of several flows a user means who was asked about them: by its place, or by its name.

use std::ops::Range;

use super::phrases::{AFFIRM, POLITE, REFUSE};
use super::said::Said;
use crate::command::Command;
use crate::kind::Kind;
use crate::normalize::Read;
use crate::program::FlowId;
use crate::scope::Words;
use crate::understand::{By, Heard, Understood};

/// A longer message says more than which.
const MOST_WORDS: usize = 6;

/// None of them.
#[rustfmt::skip]
const NEITHER: &[&str] = &[
    "neither", "neither of them", "neither of those", "none", "none of them", "none of those", "none of these",
    "something else", "keins", "keines", "keins von beiden", "keines von beiden", "etwas anderes", "ninguno", "ninguna",
    "otra cosa", "aucun", "aucune", "autre chose",
];

const BOTH: &[&str] = &["both", "both of them", "beide", "beides", "ambos", "ambas", "las dos", "los dos", "les deux"];

const FORMER: &[&str] = &["former", "erstere", "ersteres"];

/// Places, by the languages beside that of the locale.
#[rustfmt::skip]
const PLACES: [&[&str]; 5] = [
    &["first", "erste", "erster", "erstes", "ersten", "primero", "primera", "primer", "premier", "premiere"],
    &["second", "zweite", "zweiter", "zweites", "zweiten", "segundo", "segunda", "deuxieme", "seconde"],
    &["third", "dritte", "dritter", "drittes", "dritten", "tercero", "tercera", "tercer", "troisieme"],
    &["fourth", "vierte", "vierter", "viertes", "vierten", "cuarto", "cuarta", "quatrieme"],
    &["fifth", "funfte", "funfter", "funftes", "funften", "quinto", "quinta", "cinquieme"],
];

/// Counts from the end.
#[rustfmt::skip]
const LAST: &[&str] = &["last", "latter", "letzte", "letztes", "letztere", "letzteres", "ultimo", "ultima", "dernier", "derniere"];

/// Around what says which.
#[rustfmt::skip]
const AROUND: &[&str] = &[
    "the", "a", "an", "it", "its", "is", "option", "number", "choice", "i", "id", "mean", "meant", "want", "like", "would", "take",
    "ill", "der", "die", "das", "nummer", "ich", "meine", "nehme", "el", "la", "lo", "le", "un", "una",
    "une", "quiero", "je", "veux",
];

/// What says which of the flows is meant, as a whole.
pub(super) fn chosen(heard: &Heard<'_>, said: &Said<'_>, core: Range<usize>) -> Option<Understood> {
    let choices = heard.view.choices;
    if choices.is_empty() || core.len() > MOST_WORDS {
        return None;
    }
    let understood = |command, why: &str| Understood::nothing(By::Rules).with(command, why);
    let start = |flow: FlowId| Some(Command::Start { flow: heard.program.flow(flow)?.name.clone() });
    let all = said.folded(core.clone());
    if NEITHER.contains(&all.as_str()) {
        return Some(understood(Command::Deny, "none of them"));
    }
    if let (true, [one, other]) = (BOTH.contains(&all.as_str()), choices) {
        return Some(understood(start(*one)?, "both of them").with(start(*other)?, "both of them"));
    }
    let bare: Vec<usize> = core.clone().filter(|at| !is_around(said, *at)).collect();
    let place = match bare.as_slice() {
        [which] => place(heard, said, *which, choices.len()),
        [which, one] if matches!(said.word(*one), "one" | "option" | "choice") => {
            place(heard, said, *which, choices.len())
        }
        _ => None,
    };
    if let Some(flow) = place.and_then(|place| choices.get(place)) {
        return Some(understood(start(*flow)?, "by its place"));
    }
    if said.find(REFUSE).is_some() {
        return None;
    }
    let words = Words::of(said.text_of(core));
    let about = |flow: &FlowId| (heard.index.share(&words, *flow).0, *flow);
    let mut named: Vec<_> = choices.iter().map(about).filter(|(about, _)| *about > 0).collect();
    named.sort_by_key(|(about, _)| std::cmp::Reverse(*about));
    match named.as_slice() {
        [(best, flow), rest @ ..] if rest.first().is_none_or(|(next, _)| next < best) => {
            Some(understood(start(*flow)?, "by its name"))
        }
        _ => None,
    }
}

fn is_around(said: &Said<'_>, at: usize) -> bool {
    let word = said.word(at);
    AROUND.contains(&word) || POLITE.contains(&word) || AFFIRM.contains(&word)
}

/// Which of so many a word says, from 0.
fn place(heard: &Heard<'_>, said: &Said<'_>, at: usize, of: usize) -> Option<usize> {
    let word = said.word(at);
    if LAST.contains(&word) {
        return of.checked_sub(1);
    }
    if FORMER.contains(&word) {
        return Some(0);
    }
    if let Some(place) = PLACES.iter().position(|words| words.contains(&word)) {
        return (place < of).then_some(place);
    }
    [Kind::Ordinal, Kind::Integer].iter().find_map(|kind| {
        let read = heard.normalizer.read(kind, said.text_of(at..at + 1), heard.reading);
        let Read::One(one) = &*read else { return None };
        let place = usize::try_from(one.value.as_u64()?).ok()?.checked_sub(1)?;
        (place < of).then_some(place)
    })
}
