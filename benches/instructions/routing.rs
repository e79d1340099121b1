//! Routing by examples.

use std::hint::black_box;
use std::sync::Arc;

use ninefold::core::{Scores, VerifiedPlan};
use ninefold::pipeline::phases::route::{Route, Routing, Skills};
use ninefold::{AgentCard, DecidedBy, Phase, Plan, Run, Subgoal, Verdict};

use crate::{Operation, machine};

pub const OPERATIONS: &[Operation] =
    &[Operation { name: "route a subgoal by examples, 150 agents", rounds: 500, work: route }];

const VERBS: [&str; 10] = ["mend", "explain", "measure", "draw", "open", "sell", "paint", "rent", "clean", "insure"];
const THINGS: [&str; 15] = [
    "journal", "boat", "budget", "garden", "kettle", "piano", "memory", "saddle", "router", "ledger", "violin", "tent",
    "tractor", "lamp", "bicycle",
];

/// One for each verb and thing, with four examples.
fn agents() -> Vec<AgentCard> {
    let examples = |verb: &str, thing: &str| {
        [
            format!("please {verb} my {thing} before noon"),
            format!("who could {verb} the old {thing} of my aunt?"),
            format!("I need somebody to {verb} a {thing}"),
            format!("{verb} this {thing}"),
        ]
    };
    let card = |(verb, thing): (&str, &str)| {
        AgentCard::new(format!("{verb}-{thing}"), "Knows one thing").examples(examples(verb, thing))
    };
    VERBS.iter().flat_map(|verb| THINGS.iter().map(move |thing| card((verb, thing)))).collect()
}

fn plan() -> VerifiedPlan {
    let scores = Scores { completeness: 1.0, consistency: 1.0, groundedness: 1.0, routability: 1.0 };
    let plan = Plan::try_from(vec![Subgoal::new("asked", "could somebody mend the violin before Friday?")]).unwrap();
    Verdict::new(scores, vec![], DecidedBy::Rules).accept(Arc::new(plan)).unwrap()
}

fn route(rounds: u32) {
    let cards = agents();
    let route = Route::new(Arc::new(Skills::new(&cards, None)));
    let (agents, plan): (Arc<[AgentCard]>, _) = (cards.into(), plan());
    let run = Run::new("routing").execute(&(), async |cx| {
        for _ in 0..rounds {
            let routing = Routing { plan: plan.clone(), agents: Arc::clone(&agents), utilities: Vec::new(), calls: 0 };
            let routes = route.run(black_box(routing), &cx).await?;
            assert_eq!(routes.assignments[0].agent, "mend-violin");
        }
        Ok(())
    });
    machine::runtime().block_on(run).unwrap();
}
