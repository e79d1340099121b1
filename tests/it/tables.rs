//! The tables of `docs/performance.md`: how they are made of reports, and how they get into the page; and the figures in them that
//! are computed, the bounds of a median and exponents of growth.

#[path = "../../benches/machine/describe.rs"]
#[allow(unreachable_pub, dead_code)]
mod describe;
#[path = "../../benches/growth/fit.rs"]
#[allow(unreachable_pub)]
mod fit;
#[path = "../../benches/machine/report.rs"]
#[allow(unreachable_pub, dead_code)]
mod report;
#[path = "../../benches/tables/sections.rs"]
#[allow(unreachable_pub)]
mod sections;
#[path = "../../benches/tables/table.rs"]
#[allow(unreachable_pub)]
mod table;

use serde_json::{Value, json};

use fit::{fit, last_decade};
use report::spread;
use sections::{Malformed, Page, write};
use table::{Table, grouped};

const PAGE: &str =
    "# A page\n\n<!-- table: one -->\nold\n<!-- end -->\nprose\n<!-- table: two -->\nby hand\n<!-- end -->\nlast";

fn one(name: &str) -> Option<String> {
    (name == "one").then(|| "new\nlines\n".to_owned())
}

#[test]
fn only_sections_with_a_table_are_written_and_the_rest_stays_byte_for_byte() {
    let page = write(PAGE, one).unwrap();
    let text = PAGE.replace("old\n", "new\nlines\n");
    assert_eq!(page, Page { text, written: vec!["one".into()], left: vec!["two".into()] });
}

#[test]
fn a_page_written_twice_stays_the_same() {
    let once = write(PAGE, one).unwrap();
    assert_eq!(write(&once.text, one).unwrap(), once);
}

#[test]
fn a_section_may_be_empty_and_lines_may_end_as_on_windows() {
    let page = write("<!-- table: one -->\r\n<!-- end -->\r\n", one).unwrap();
    assert_eq!(page.text, "<!-- table: one -->\r\nnew\nlines\n<!-- end -->\r\n");
}

#[test]
fn malformed_markers_are_told_with_their_line() {
    for (page, line, what) in [
        ("a\n<!-- end -->\n", 2, "no section has begun"),
        ("<!-- table: one -->\n<!-- table: two -->\n<!-- end -->\n", 2, "two begins before one of line 1"),
        ("a\n\n<!-- table: one -->\nb\n", 3, "one never ends"),
        ("<!-- table: one -->\n<!-- end -->\n<!-- table: one -->\n<!-- end -->\n", 3, "one is there twice"),
        ("<!-- table one -->\n<!-- end -->\n", 1, "write it like"),
        ("<!-- table: -->\n<!-- end -->\n", 1, "write it like"),
        ("<!-- table: one two -->\n<!-- end -->\n", 1, "write it like"),
        ("see <!-- table: one -->\n", 1, "stands alone"),
        ("<!-- table: one -->\n| a | <!-- end -->\n", 2, "stands alone"),
    ] {
        let Err(Malformed { line: found, what: said }) = write(page, one) else { panic!("{page} is taken") };
        assert_eq!(found, line, "{page}");
        assert!(said.contains(what), "{said}");
    }
}

#[test]
fn other_comments_are_none_of_its_business() {
    let page = "<!-- a note -->\n<!-- endless -->\n";
    assert_eq!(write(page, one).unwrap().text, page);
}

fn phases() -> Value {
    json!({
        "bench": "phases", "command": "cargo bench --bench phases", "date": "2026-11-21", "commit": "56e1eec+",
        "machine": {"processor": "A processor", "cores": 2, "system": "Linux 6.18", "others": 0.034},
        "versions": {"rustc": "rustc 1.95.0 (abc 2026-01-01)", "ninefold": "0.1.0"},
        "rows": [
            {"row": "nine phases", "variant": "profile on", "unit": "µs", "n": 60, "median": 3.421, "low": 3.41, "high": 3.43,
             "target": {"most": 6.0}, "met": true},
            {"row": "questions a second", "unit": "/s", "n": 1, "median": 34_712.4, "target": {"least": 40_000}, "met": false},
            {"row": "a | b", "unit": "bytes", "n": 1, "median": 0.5},
        ],
    })
}

#[test]
fn a_table_says_where_its_figures_are_from_and_whether_targets_were_met() {
    let table = Table::of(&phases()).unwrap();
    assert_eq!(table.name, "phases");
    assert_eq!(
        table.markdown(),
        "`cargo bench --bench phases`, 2026-11-21, commit 56e1eec with changes; A processor, 2 cores, Linux 6.18, \
         other processes used 3 % of it meanwhile; ninefold 0.1.0, rustc 1.95.0.\n\n\
         | row | median | 95 % | unit | n | target | met |\n|---|---|---|---|---|---|---|\n\
         | nine phases, profile on | 3.42 | 3.41 – 3.43 | µs | 60 | ≤ 6 | yes |\n\
         | questions a second | 34,712 | – | /s | 1 | ≥ 40,000 | **no** |\n\
         | a \\| b | 0.500 | – | bytes | 1 | – | – |"
    );
    let plain = table.plain();
    assert!(plain.contains("questions a second       34,712"), "{plain}");
    assert!(plain.contains("\na | b"), "{plain}");
}

#[test]
fn a_table_without_targets_has_no_columns_for_them() {
    let mut report = phases();
    report["rows"] = json!([{"row": "a", "unit": "ms", "n": 1, "median": 2}]);
    let text = Table::of(&report).unwrap().markdown();
    assert!(
        text.ends_with("| row | median | 95 % | unit | n |\n|---|---|---|---|---|\n| a | 2 | – | ms | 1 |"),
        "{text}"
    );
}

#[test]
fn what_others_report_and_what_is_missing_stand_beside_the_figures() {
    let mut report = phases();
    report["rows"] = json!([
        {"row": "a", "unit": "ms", "n": 9, "median": 0.0131, "low": 0.013, "high": 0.0132, "ratio": 13.1, "area": "pipeline",
         "report": {"low": 0.002, "high": 0.002, "source": "its report"}, "really": {"low": 0.1, "high": 0.2, "source": "its code"}},
        {"row": "b", "missing": "there are none", "area": "persona", "report": {"low": 422, "high": 422, "source": "its report"}},
    ]);
    let text = Table::of(&report).unwrap().markdown();
    assert!(
        text.ends_with(
            "| row | median | 95 % | unit | n | its report | its code | times better | part |\n|---|---|---|---|---|---|---|---|---|\n\
             | a | 0.0131 | 0.0130 – 0.0132 | ms | 9 | 0.00200 | 0.100 – 0.200 | 13.1 | pipeline |\n\
             | b | missing: there are none | – | – | – | 422 | – | – | persona |"
        ),
        "{text}"
    );
}

#[test]
fn a_report_that_is_not_one_is_told_by_field() {
    for (at, value, what) in [
        ("/bench", json!(3), "`bench`"),
        ("/rows", json!([]), "`rows`"),
        ("/machine/cores", Value::Null, "`cores`"),
        ("/rows/1/median", json!("3"), "row 2 (\"questions a second\"): `median`"),
    ] {
        let mut report = phases();
        *report.pointer_mut(at).unwrap() = value;
        let error = Table::of(&report).unwrap_err();
        assert!(error.contains(what), "{error}");
    }
}

#[test]
fn figures_have_three_digits_in_groups() {
    let shown = [0.0, 0.0123, 3.0, 3.456, 45.67, 999.6, 1_234_567.8, -1_234.0, 1_024.0].map(grouped);
    assert_eq!(shown, ["0", "0.0123", "3", "3.46", "45.7", "1,000", "1,234,568", "−1,234", "1,024"]);
}

/// The ranks are those of the binomial distribution: of 60 samples the 23rd and the 39th, of 1,000 for 95 of 100 the 937th and the 965th.
#[test]
fn the_bounds_of_a_median_and_of_other_shares_are_samples() {
    let samples: Vec<f64> = (0..60).rev().map(f64::from).collect();
    assert_eq!(spread(&samples, 0.5), [22.0, 29.5, 38.0]);
    let samples: Vec<f64> = (0..1_000).map(f64::from).collect();
    assert_eq!(spread(&samples, 0.95), [936.0, 949.5, 964.0]);
    assert_eq!(spread(&[3.0], 0.5), [3.0, 3.0, 3.0]);
}

#[test]
fn a_power_is_found_in_its_costs() {
    let costs = |exponent: f64| [1.0, 10.0, 100.0, 1_000.0].map(|count: f64| (count, 7.0 * count.powf(exponent)));
    for exponent in [0.0, 0.5, 1.0, 2.0] {
        let (found, factor) = fit(&costs(exponent));
        assert!((found - exponent).abs() < 1e-9 && (factor - 7.0).abs() < 1e-9, "{found}, {factor}");
    }
    // Flat at first, proportional in the end.
    let bent = [(1.0, 5.0), (10.0, 5.0), (100.0, 5.0), (1_000.0, 50.0)];
    assert_eq!(last_decade(&bent), &bent[2..]);
    assert!((fit(last_decade(&bent)).0 - 1.0).abs() < 1e-9);
    assert!((fit(&bent).0 - 0.3).abs() < 1e-9);
}
