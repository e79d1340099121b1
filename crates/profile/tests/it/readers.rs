//! The trace events and the folded stacks of the run that is printed elsewhere.

use serde_json::Value;

use crate::printing::example;

#[test]
fn the_trace_has_a_track_for_each_agent() {
    let trace: Value = serde_json::from_str(&example().perfetto().to_string()).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let names = events.iter().filter(|event| event["name"] == "thread_name" || event["name"] == "process_name");
    let names: Vec<String> = names.map(|event| format!("{} {}", event["tid"], event["args"]["name"])).collect();
    insta::assert_snapshot!(names.join("\n"), @r#"
    1 "invoke_agent soar"
    1 "run"
    3 "collect › execute_tool wikipedia"
    4 "collect › execute_tool 計算"
    2 "critical path"
    "#);
    let call = events.iter().find(|event| event["name"] == "chat small" && event["tid"] == 1).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(call).unwrap(), @r#"
    {
      "args": {
        "attributed_ns": 81000000,
        "busy_ns": 0,
        "parent": 4,
        "span": 5,
        "spent_ns": {
          "model": 81000000
        },
        "usage": {
          "calls": 1,
          "input_tokens": 1834,
          "output_tokens": 212
        }
      },
      "cat": "chat",
      "dur": 81000.0,
      "name": "chat small",
      "ph": "X",
      "pid": 1,
      "tid": 1,
      "ts": 7000.0
    }
    "#);
    let failed = events.iter().find(|event| event["args"]["outcome"] == "failed").unwrap();
    assert_eq!((&failed["name"], &failed["args"]["error_type"]), (&"verify".into(), &"malformed_reply".into()));
}

#[test]
fn the_stacks_add_up_to_the_run() {
    let profile = example();
    let folded = profile.folded().to_string();
    insta::assert_snapshot!(folded, @r"
    invoke_agent soar;[other] 1000000
    invoke_agent soar;assess;[other] 1000000
    invoke_agent soar;retrieve;[other] 2000000
    invoke_agent soar;retrieve;retrieval;[store] 4000000
    invoke_agent soar;decompose;chat small;[model] 162000000
    invoke_agent soar;verify;chat small;[model] 64000000
    invoke_agent soar;collect;execute_tool grep;[tool] 6666667
    invoke_agent soar;collect;execute_tool grep;chat small;[model] 17333333
    invoke_agent soar;collect;execute_tool wikipedia;[tool] 16500000
    invoke_agent soar;collect;execute_tool wikipedia;chat small;[model] 82500000
    invoke_agent soar;collect;execute_tool 計算;[tool] 4000000
    invoke_agent soar;collect;execute_tool 計算;chat small;[model] 8000000
    invoke_agent soar;synthesize;chat small;[model] 142000000
    invoke_agent soar;record;journal;[store] 3000000
    invoke_agent soar;respond;[other] 1000000
    ");
    let sum: u64 = folded.lines().map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum();
    assert_eq!(u128::from(sum), profile.wall().as_nanos());
}
