//! Which flow a message starts, if any.

use std::cell::LazyCell;

use smol_str::SmolStr;

use super::phrases::{QUESTION, REFUSE, REQUEST};
use super::said::Said;
use crate::program::FlowId;
use crate::scope::{OfferedFlow, Words};
use crate::understand::Heard;

/// How near a rival's score comes to the best one's for the user to be asked which he means.
const MARGIN: f32 = 0.85;
/// How much more a message must be about another flow than about the one under way.
const CLEARER: f32 = 1.25;
/// The most flows that a user is asked about.
const MOST_CHOICES: usize = 4;

/// What a message starts.
pub(super) enum Starts {
    /// This flow, and why.
    One(FlowId, SmolStr, String),
    /// One of these.
    Several(Vec<SmolStr>, String),
    /// None.
    Nothing,
    /// What is started is refused: "I don't want to book a flight".
    Refused,
}

/// How well a flow fits, the better the greater.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
struct Fit {
    /// 3: a trigger was said; 2: all that a trigger, the description or the name says was said; 1: enough of it.
    rank: u8,
    score: f32,
}

pub(super) fn starts<'w>(heard: &Heard<'_>, said: &Said<'_>, message: impl Fn() -> &'w Words) -> Starts {
    let whole = format!(" {} ", said.folded(0..said.len()));
    let requests = said.find(REQUEST).is_some();
    let busy = heard.view.active.is_some();
    // What is said within a flow is mostly about it, and about others only by the way.
    let under_way = heard.view.active.filter(|_| requests).map_or(0.0, |flow| heard.index.score(message()).of(flow));
    // Figures and names are values, and say nothing against a flow.
    let is_value = |at: usize| at > 0 && said.is_upper(at) || said.word(at).starts_with(|c: char| c.is_ascii_digit());
    let plain = LazyCell::new(|| {
        let words: Vec<&str> = (0..said.len()).filter(|at| !is_value(*at)).map(|at| said.word(at)).collect();
        Words::of(&words.join(" "))
    });
    // Who asks something wants to know it, unless a flow is begun by questions.
    let wonders = !requests && said.text.trim_end().ends_with('?') && said.any(0, QUESTION) > 0;
    let fit = |offered: &OfferedFlow| -> Option<Fit> {
        let score = offered.said;
        let contains = |trigger: &String| !trigger.is_empty() && whole.contains(&format!(" {trigger} "));
        if heard.index.triggers(offered.id).iter().any(contains) {
            return Some(Fit { rank: 3, score });
        }
        if heard.scope.open.contains(&offered.name) || busy && (!requests || score < under_way * CLEARER) {
            return None;
        }
        let (about, all) = heard.index.share(&plain, offered.id);
        let asks = |trigger: &String| {
            let trigger = Said::of(trigger);
            trigger.any(0, QUESTION) > 0
        };
        if about == 0 || wonders && about < 2 && !heard.index.triggers(offered.id).iter().any(asks) {
            return None;
        }
        if heard.index.covers(message(), offered.id) {
            // One word that several flows share is not all of any of them.
            return Some(Fit { rank: 2, score });
        }
        let enough = about >= 2 || 2 * about >= all;
        let fits = !busy || requests && 2 * about >= all;
        (enough && fits && (requests || about >= 2 || all <= 2)).then_some(Fit { rank: 1, score })
    };
    let mut fits: Vec<(&OfferedFlow, Fit)> =
        heard.scope.flows.iter().filter_map(|offered| Some((offered, fit(offered)?))).collect();
    fits.sort_by(|a, b| b.1.rank.cmp(&a.1.rank).then(b.1.score.total_cmp(&a.1.score)));
    let Some(&(best, fit)) = fits.first() else { return Starts::Nothing };
    if said.find(REFUSE).is_some_and(|at| {
        at.start <= 2 && !(at.len() == 1 && said.words.get(at.start).is_some_and(|word| word.ends_clause))
    }) {
        return Starts::Refused;
    }
    let rivals = || fits.iter().filter(|(_, rival)| rival.rank == fit.rank && rival.score >= fit.score * MARGIN);
    if fit.rank < 3 && rivals().count() > 1 {
        let names: Vec<SmolStr> = rivals().take(MOST_CHOICES).map(|(flow, _)| flow.name.clone()).collect();
        return Starts::Several(names, format!("{} flows fit as well", rivals().count()));
    }
    let why = match fit.rank {
        3 => "a trigger of it".to_owned(),
        _ => format!("about it: {}", heard.index.matching(message(), best.id, 3).join(", ")),
    };
    Starts::One(best.id, best.name.clone(), why)
}
