//! Tables in Markdown of the lines that were written.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// Dollars for a million tokens, read and written: OpenAI's list price of gpt-4.1-mini in November 2026.
const PRICE: (f64, f64) = (0.40, 1.60);

/// The lines of one contestant.
#[derive(Default)]
struct Part<'a> {
    questions: Vec<&'a Value>,
    workloads: Vec<&'a Value>,
}

impl<'a> Part<'a> {
    fn of(&self, question: &str) -> Vec<&'a Value> {
        self.questions.iter().filter(|line| line["question"] == question).copied().collect()
    }
}

/// The tables.
///
/// # Errors
/// For lines that are of another form.
pub fn report(text: &str) -> Result<String> {
    let lines: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let (head, rest) = lines.split_first().context("nothing was run")?;
    let names: Vec<(&str, u64)> = head["lines"]
        .as_array()
        .context("no contestants in the first line")?
        .iter()
        .filter_map(|pair| Some((pair[0].as_str()?, pair[1].as_u64()?)))
        .collect();
    let mut parts: BTreeMap<&str, Part> = BTreeMap::new();
    let mut asked: Vec<&str> = Vec::new();
    for line in rest {
        let part = parts.entry(line["contestant"].as_str().context("a line without a contestant")?).or_default();
        match line["question"].as_str() {
            Some(question) => {
                part.questions.push(line);
                if !asked.contains(&question) {
                    asked.push(question);
                }
            }
            None => part.workloads.push(line),
        }
    }
    let mut out = format!(
        "{}; {} rounds, model {} × as fast, {} % faults, seed {}\n\n",
        head["machine"].as_str().unwrap_or_default(),
        head["rounds"],
        head["scale"],
        head["faults"].as_f64().unwrap_or_default() * 100.0,
        head["seed"],
    );
    let mut table = Table::new(&names);
    let each = |value: &dyn Fn(&Part) -> String| -> Vec<String> {
        names.iter().map(|(name, _)| parts.get(name).map(value).unwrap_or_default()).collect()
    };
    table.row("workload, p50 / p95, s", each(&|part| seconds(&part.workloads, |line| line["wall_ms"].as_f64())));
    for question in &asked {
        table.row(
            &format!("{question}, p50 / p95, s"),
            each(&|part| seconds(&part.of(question), |line| line["wall_ms"].as_f64())),
        );
    }
    for question in &asked {
        let clean = |part: &Part| -> Vec<f64> {
            let of = part.questions.iter().filter(|line| line["question"] == *question && is_clean(line));
            of.filter_map(|line| Some(line["wall_ms"].as_f64()? - line["model_ms"].as_f64()?)).collect()
        };
        table.row(
            &format!("{question}: not waiting for the model, p50, ms"),
            each(&|part| format!("{:.1}", quantile(clean(part), 0.5))),
        );
    }
    let count =
        |part: &Part, wanted: &dyn Fn(&Value) -> bool| part.questions.iter().filter(|line| wanted(line)).count();
    let asked_in_all = each(&|part| part.questions.len().to_string());
    table.row("questions asked", asked_in_all);
    table.row("failed", each(&|part| count(part, &|line| !line["failed"].is_null()).to_string()));
    table.row(
        "answered, but something is missing",
        each(&|part| count(part, &|line| is_filled(&line["missing"])).to_string()),
    );
    table.row(
        "answered with less than asked, and said so",
        each(&|part| count(part, &|line| is_filled(&line["degraded"])).to_string()),
    );
    let sum = |part: &Part, value: &dyn Fn(&Value) -> f64| part.questions.iter().map(|line| value(line)).sum::<f64>();
    let mean = |part: &Part, value: &dyn Fn(&Value) -> f64| sum(part, value) / (part.workloads.len().max(1) as f64);
    let number = |name: &'static str| move |line: &Value| line[name].as_f64().unwrap_or_default();
    table.row("model calls a workload", each(&|part| format!("{:.2}", mean(part, &number("calls")))));
    for question in &asked {
        let clean = |part: &Part| {
            let of = part.questions.iter().filter(|line| line["question"] == *question && is_clean(line));
            quantile(of.filter_map(|line| line["calls"].as_f64()).collect(), 0.5)
        };
        table.row(&format!("{question}: model calls where nothing fails"), each(&|part| format!("{}", clean(part))));
    }
    table.row(
        "faults met",
        each(&|part| {
            format!("{}", sum(part, &|line| line["faults"].as_array().map_or(0.0, |faults| faults.len() as f64)))
        }),
    );
    table.row("tokens read a workload", each(&|part| format!("{:.0}", mean(part, &number("prompt_tokens")))));
    table.row("tokens written a workload", each(&|part| format!("{:.0}", mean(part, &number("completion_tokens")))));
    let cost = |part: &Part| {
        let millionths =
            mean(part, &number("prompt_tokens")) * PRICE.0 + mean(part, &number("completion_tokens")) * PRICE.1;
        format!("{:.2}", millionths / 1_000.0)
    };
    table.row("cost of 1,000 workloads, $", each(&cost));
    let of_process = |name: &'static str| {
        move |part: &Part| {
            let values: Vec<f64> = part.workloads.iter().filter_map(|line| line[name].as_f64()).collect();
            format!("{:.0}", values.iter().sum::<f64>() / values.len().max(1) as f64)
        }
    };
    table.row("processor time of a workload, mean, ms", each(&of_process("cpu_ms")));
    table.row("processor time until ready, mean, ms", each(&of_process("ready_cpu_ms")));
    let ready = |part: &Part| {
        format!("{:.0}", quantile(part.workloads.iter().filter_map(|line| line["ready_ms"].as_f64()).collect(), 0.5))
    };
    table.row("time until ready, p50, ms", each(&ready));
    table.row("most memory, mean, MB", each(&of_process("most_mb")));
    table.row("lines of code", names.iter().map(|(_, lines)| lines.to_string()).collect());
    let _ = writeln!(out, "{}", table.text);
    out.push_str(&faults(&names, &parts));
    Ok(out)
}

/// What came of the questions that met a fault, by its kind.
fn faults(names: &[(&str, u64)], parts: &BTreeMap<&str, Part>) -> String {
    let mut kinds: BTreeMap<&str, BTreeMap<&str, [u64; 3]>> = BTreeMap::new();
    for (name, part) in parts {
        for line in &part.questions {
            let met: Vec<&str> = line["faults"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            // Of a question with several faults it cannot be told which one did it.
            let [kind] = met.as_slice() else { continue };
            let counts = kinds.entry(kind).or_default().entry(name).or_default();
            let bad = !line["failed"].is_null() || is_filled(&line["missing"]);
            counts[if bad { 2 } else { usize::from(is_filled(&line["degraded"])) }] += 1;
        }
    }
    let mut table = Table::new(names);
    for (kind, counts) in &kinds {
        let cell = |(name, _): &(&str, u64)| {
            let [well, less, bad] = counts.get(name).copied().unwrap_or_default();
            format!("{well} / {less} / {bad}")
        };
        table.row(&format!("`{kind}`"), names.iter().map(cell).collect());
    }
    let title = "Questions that met one fault: answered / answered with less / failed or wrong";
    if kinds.is_empty() { String::new() } else { format!("{title}\n\n{}", table.text) }
}

struct Table {
    text: String,
}

impl Table {
    fn new(names: &[(&str, u64)]) -> Self {
        let heads: String = names.iter().map(|(name, _)| format!(" {name} |")).collect();
        Self { text: format!("| |{heads}\n|---|{}\n", "---:|".repeat(names.len())) }
    }

    fn row(&mut self, name: &str, cells: Vec<String>) {
        let _ = writeln!(self.text, "| {name} | {} |", cells.join(" | "));
    }
}

fn is_clean(line: &Value) -> bool {
    line["failed"].is_null() && line["faults"].as_array().is_some_and(Vec::is_empty)
}

fn is_filled(list: &Value) -> bool {
    list.as_array().is_some_and(|list| !list.is_empty())
}

fn seconds(lines: &[&Value], ms: impl Fn(&Value) -> Option<f64>) -> String {
    let values: Vec<f64> = lines.iter().filter_map(|line| ms(line)).collect();
    format!("{:.2} / {:.2}", quantile(values.clone(), 0.5) / 1_000.0, quantile(values, 0.95) / 1_000.0)
}

/// By linear interpolation between the two nearest; not a number of nothing.
fn quantile(mut values: Vec<f64>, part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let Some(last) = values.len().checked_sub(1) else { return f64::NAN };
    let at = part * last as f64;
    let (low, high) = (values[at.floor() as usize], values[at.ceil() as usize]);
    low + (high - low) * at.fract()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn quantiles_lie_between_values() {
        assert!((quantile(vec![3.0, 1.0, 2.0, 4.0], 0.5) - 2.5).abs() < 1e-9);
        assert!((quantile(vec![1.0], 0.95) - 1.0).abs() < 1e-9);
        assert!(quantile(Vec::new(), 0.5).is_nan());
    }

    #[test]
    fn failures_and_what_is_missing_are_counted() {
        let question = |round: u64, more: Value| {
            let mut line = json!({
                "kind": "question", "contestant": "a", "round": round, "question": "fact", "wall_ms": 1_000.0 + round as f64,
                "model_ms": 990.0, "failed": null, "missing": [], "degraded": null, "calls": 1, "faults": [],
                "prompt_tokens": 1_000, "completion_tokens": 100,
            });
            line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            line
        };
        let lines = [
            json!({"kind": "head", "machine": "m", "rounds": 3, "scale": 1, "faults": 0.02, "seed": 1, "lines": [["a", 12]]}),
            question(0, json!({})),
            question(1, json!({"failed": "gone", "faults": ["reset"]})),
            question(2, json!({"missing": ["45 days"], "faults": ["cut"], "degraded": ["x"]})),
            json!({"kind": "workload", "contestant": "a", "round": 0, "wall_ms": 1_000, "cpu_ms": 20, "most_mb": 9}),
        ];
        let text: Vec<String> = lines.iter().map(ToString::to_string).collect();
        let report = report(&text.join("\n")).unwrap();
        for row in [
            "| failed | 1 |",
            "| answered, but something is missing | 1 |",
            "| fact: not waiting for the model, p50, ms | 10.0 |",
            "| answered with less than asked, and said so | 1 |",
            "| `reset` | 0 / 0 / 1 |",
            "| `cut` | 0 / 0 / 1 |",
            "| lines of code | 12 |",
            "| cost of 1,000 workloads, $ | 1.68 |",
            "| faults met | 2 |",
        ] {
            assert!(report.contains(row), "{row} in\n{report}");
        }
    }
}
