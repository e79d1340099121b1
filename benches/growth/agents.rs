//! Agents to choose from: one subgoal routed by its words among the examples of all, by a
//! capability, by name; and what is made of the agents once, before.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use ninefold::core::{DecidedBy, Plan, Scores, Subgoal, Verdict, VerifiedPlan};
use ninefold::{AgentCard, Cx, Phase as _};
use ninefold_pipeline::Run;
use ninefold_pipeline::phases::route::{Route, Routing, Skills};

use crate::Extent;
use crate::machine;
use crate::subject::Subject;

const EXAMPLES: usize = 20;
const VERBS: [&str; 5] = ["mend", "explain", "measure", "draw", "open"];

pub fn measure(extent: Extent) -> Subject {
    let mut subject =
        Subject::new("agents", "Routing one subgoal, among so many agents with twenty examples each", "agents", "µs");
    let counts: &[usize] = extent.pick(&[1, 10], &[1, 10, 100, 1_000], &[1, 3, 10, 30, 100, 300, 1_000]);
    machine::runtime().block_on(async {
        Run::new("growth")
            .execute(&(), async |cx: Cx| {
                for &count in counts {
                    route(&mut subject, count, extent.pick(2, 100, 200), &cx).await;
                }
                Ok(())
            })
            .await
            .unwrap();
    });
    subject
}

fn card(n: usize) -> AgentCard {
    let example = |k: usize| format!("please {} the thing{n} of machine {} before noon", VERBS[k % 5], k * n);
    AgentCard::new(format!("agent-{n}"), "Knows one thing")
        .capability(format!("mend thing{n}"))
        .capability(format!("thing{n} statistics"))
        .examples((0..EXAMPLES).map(example))
}

fn verified(subgoal: Subgoal) -> VerifiedPlan {
    let scores = Scores { completeness: 1.0, consistency: 1.0, groundedness: 1.0, routability: 1.0 };
    Verdict::new(scores, vec![], DecidedBy::Rules).accept(Arc::new(Plan::try_from(vec![subgoal]).unwrap())).unwrap()
}

async fn route(subject: &mut Subject, count: usize, times: usize, cx: &Cx) {
    let agents: Arc<[AgentCard]> = (0..count).map(card).collect::<Vec<_>>().into();
    let mut made = Vec::new();
    for _ in 0..times.min((2_000 / count).clamp(3, 20)) {
        let start = Instant::now();
        black_box(Skills::new(&agents, None));
        made.push(start.elapsed().as_secs_f64() * 1e6);
    }
    let route = Route::new(Arc::new(Skills::new(&agents, None)));
    let last = count - 1;
    for (name, subgoal) in [
        ("by examples", Subgoal::new("a", format!("please explain the thing{last} of machine 7"))),
        (
            "by a capability",
            Subgoal { capability: Some(format!("thing{last} statistics").into()), ..Subgoal::new("a", "look at it") },
        ),
        ("by name", Subgoal { agent: Some(format!("agent-{last}").into()), ..Subgoal::new("a", "look at machine 7") }),
    ] {
        let input = || Routing {
            plan: verified(subgoal.clone()),
            agents: Arc::clone(&agents),
            utilities: Vec::new(),
            calls: 0,
        };
        let routes = route.run(input(), cx).await.unwrap();
        assert!(routes.impasses.is_empty() && routes.assignments.len() == 1, "{name}: {routes:?}");
        let mut samples = Vec::new();
        for _ in 0..times {
            let input = input();
            let start = Instant::now();
            black_box(route.run(black_box(input), cx).await.unwrap());
            samples.push(start.elapsed().as_secs_f64() * 1e6);
        }
        subject.add(name, count, &samples);
    }
    subject.add("what is known of all, made once", count, &made);
}
