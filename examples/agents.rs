//! A plan for three agents, one of which is out of the question's scope, one of which fails: what the answer says of it,
//! and where its time went.

use std::time::Duration;

use ninefold::{AgentCard, Cx, Error, ErrorKind, Labels, Query, Scope, Soar, Task};
use tokio::time::sleep;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ninefold::Result<()> {
    let weather = |task: Task, _: Cx| async move {
        sleep(Duration::from_millis(30)).await;
        Ok(format!("Dry and 21 degrees. (asked: {})", task.subgoal.description))
    };
    let trains = |_: Task, _: Cx| async {
        sleep(Duration::from_millis(50)).await;
        Err::<String, _>(Error::new(ErrorKind::Permanent, "the timetable server answered 410 Gone"))
    };
    let calendar = |_: Task, _: Cx| async { Ok("Nothing until five.") };
    let soar = Soar::builder()
        .agent(AgentCard::new("weather", "Tells the weather").capability("weather"), weather)
        .agent(AgentCard::new("trains", "Finds trains").capability("train"), trains)
        .agent(
            AgentCard::new("calendar", "Reads the calendar").capability("appointments").labels(Labels::of(["private"])),
            calendar,
        )
        .build()
        .await?;

    let question = "What will the weather be in Basel tomorrow? Which train goes there before nine? Which appointments are in the way?";
    for scope in [Scope::public(), Scope::of(["private"])] {
        let answer = soar.answer(Query::new(question).scope(scope)).await?;
        println!("{answer}\n{}", answer.profile.table());
    }
    Ok(())
}
