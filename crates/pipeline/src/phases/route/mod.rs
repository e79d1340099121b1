//! Who takes which subgoal? The agent it names; otherwise whoever is able to by capability or by examples; otherwise whoever
//! takes anything. What is not clear is an impasse: equally able agents are told apart, and what nobody is able to do goes to
//! the model's own agent, or to nobody.

mod directions;
mod likeness;
mod meaning;
mod skills;
mod tie;

use std::sync::Arc;

use ninefold_core::impasse::cause;
use ninefold_core::{
    AgentCard, Assignment, Cx, Degradation, Error, Impasse, Model, Phase, Result, Routes, Subgoal, TieBreak,
    VerifiedPlan, span,
};
use serde::Serialize;
use smol_str::SmolStr;

pub use meaning::Meaning;
pub(crate) use skills::Able;
pub use skills::{ANYTHING, Skills};
use tie::Tie;

use super::patience::{self, within};
use crate::layers::trace::traced;

/// What the phase `route` works on.
#[derive(Debug, Clone, Serialize)]
pub struct Routing {
    /// The plan that was verified.
    pub plan: VerifiedPlan,
    /// The agents in scope.
    pub agents: Arc<[AgentCard]>,
    /// How well agents did before, 0 to 1, by name; it tells apart agents that are equally able. No part of the input's key: a
    /// resumed run has the routes that it had, whatever was learned since.
    #[serde(skip)]
    pub utilities: Vec<(SmolStr, f32)>,
    /// How many calls of the model it may take to tell agents apart.
    pub calls: u32,
}

/// The phase `route`.
pub struct Route {
    skills: Arc<Skills>,
    meaning: Option<Meaning>,
    model: Option<Arc<dyn Model>>,
}

impl Route {
    /// Routes by what is known of the agents.
    #[must_use]
    pub fn new(skills: Arc<Skills>) -> Self {
        Self { skills, meaning: None, model: None }
    }

    /// Compares what subgoals mean with what the agents' examples mean, wherever words leave open who is able. An embedder that fails, or
    /// takes longer than five seconds, leaves the decision to words, and the routes say so.
    #[must_use]
    pub fn meaning(mut self, meaning: Option<Meaning>) -> Self {
        self.meaning = meaning;
        self
    }

    /// Asks this model about agents that are equally able.
    #[must_use]
    pub fn model(mut self, model: Option<Arc<dyn Model>>) -> Self {
        self.model = model;
        self
    }
}

impl Phase<Routing> for Route {
    type Out = Routes;

    async fn run(&self, input: Routing, cx: &Cx) -> Result<Routes> {
        let subgoals = input.plan.subgoals();
        let mut able: Vec<Able<'_>> = subgoals.iter().map(|subgoal| self.skills.able(subgoal, &input.agents)).collect();
        let mut routes = Routes::default();
        if let Some(error) = self.by_meaning(subgoals, &mut able, &input.agents, cx).await? {
            routes.degradations.push(Degradation::RoutedByWords { message: error.to_string() });
        }
        let mut ties = Vec::new();
        for (subgoal, able) in subgoals.iter().zip(able) {
            let (card, reason) = match able {
                Able::One(card, why) => (card, why.to_string()),
                Able::Tie(agents, why) => {
                    // Its place in the plan's order, to be filled in.
                    ties.push((routes.assignments.len(), routes.impasses.len(), Tie { subgoal, agents, why }));
                    let open =
                        Assignment { subgoal: subgoal.id.clone(), agent: SmolStr::default(), reason: String::new() };
                    routes.assignments.push(open);
                    routes.impasses.push(Impasse::NoMatch);
                    continue;
                }
                Able::Fallback(card) => {
                    let taken_by = Some(card.name.clone());
                    routes.impasses.push(no_agent(subgoal, taken_by).await?);
                    (card, "takes what no other agent is able to".to_owned())
                }
                Able::Nobody => {
                    routes.impasses.push(no_agent(subgoal, None).await?);
                    continue;
                }
            };
            routes.assignments.push(Assignment { subgoal: subgoal.id.clone(), agent: card.name.clone(), reason });
        }
        if !ties.is_empty() {
            traced(span::impasse(cause::TIE), self.tell_apart(ties, &input, &mut routes, cx)).await?;
        }
        Ok(routes)
    }
}

/// The impasse of a subgoal that nobody is able to take.
async fn no_agent(subgoal: &Subgoal, taken_by: Option<SmolStr>) -> Result<Impasse> {
    traced(span::impasse(cause::NO_AGENT), async { Ok(Impasse::NoAgent { subgoal: subgoal.id.clone(), taken_by }) })
        .await
}

impl Route {
    /// Where words leave it open, what examples mean may tell. Gives the error of an embedder that could not be asked.
    async fn by_meaning<'a>(
        &self,
        subgoals: &'a [Subgoal],
        able: &mut [Able<'a>],
        agents: &'a [AgentCard],
        cx: &Cx,
    ) -> Result<Option<Error>> {
        let Some(meaning) = self.meaning.as_ref().filter(|meaning| meaning.is_of_any(agents)) else { return Ok(None) };
        let open: Vec<(&'a Subgoal, &mut Able<'a>)> =
            subgoals.iter().zip(able).filter(|(_, able)| able.is_open()).collect();
        if open.is_empty() {
            return Ok(None);
        }
        let descriptions: Vec<String> = open.iter().map(|(subgoal, _)| subgoal.description.clone()).collect();
        match within(patience::MEANING, cx, meaning.of_texts(&descriptions)).await {
            Ok(meant) => {
                for ((subgoal, able), meant) in open.into_iter().zip(meant) {
                    if let Some(meant) = meant {
                        *able = self.skills.able_by(subgoal, agents, Some(&meant));
                    }
                }
                Ok(None)
            }
            Err(error) if error.ends_run() => Err(error),
            Err(error) => Ok(Some(error)),
        }
    }

    /// Fills in who takes the subgoals that several agents are equally able to take.
    async fn tell_apart<'a>(
        &self,
        ties: Vec<(usize, usize, Tie<'a>)>,
        input: &'a Routing,
        routes: &mut Routes,
        cx: &Cx,
    ) -> Result<()> {
        let mut chosen: Vec<Option<(&AgentCard, TieBreak)>> = ties
            .iter()
            .map(|(_, _, tie)| tie.by_utility(&input.utilities).map(|card| (card, TieBreak::Utility)))
            .collect();
        let mut trouble = None;
        if let Some(model) = self.model.as_ref().filter(|_| input.calls > 0) {
            let open = ties.iter().zip(&mut chosen).filter(|(_, chosen)| chosen.is_none());
            let (asked, places): (Vec<&Tie<'a>>, Vec<_>) = open.map(|((_, _, tie), chosen)| (tie, chosen)).unzip();
            if !asked.is_empty() {
                routes.calls += 1;
                match tie::by_model(model.as_ref(), &asked, cx).await {
                    Ok(choices) => {
                        for (place, choice) in places.into_iter().zip(choices) {
                            *place = choice.map(|card| (card, TieBreak::Model));
                        }
                    }
                    Err(error) if error.ends_run() => return Err(error),
                    Err(error) => trouble = Some(error),
                }
            }
        }
        for ((assignment, impasse, tie), chosen) in ties.into_iter().zip(chosen) {
            let last = if tie.is_by_likeness() { TieBreak::Likeness } else { TieBreak::Order };
            let Some((card, by)) = chosen.or_else(|| Some((*tie.agents.first()?, last))) else { continue };
            let agents: Vec<SmolStr> = tie.agents.iter().map(|card| card.name.clone()).collect();
            let subgoal = tie.subgoal.id.clone();
            let met = Impasse::Tie { subgoal, agents, chosen: card.name.clone(), by };
            if let Some(assignment) = routes.assignments.get_mut(assignment) {
                assignment.agent = card.name.clone();
                assignment.reason = format!("{}; {met}", tie.why);
                if let Some(error) = &trouble {
                    assignment.reason.push_str(&format!("; the model could not be asked: {error}"));
                }
            }
            if let Some(impasse) = routes.impasses.get_mut(impasse) {
                *impasse = met;
            }
        }
        Ok(())
    }
}
