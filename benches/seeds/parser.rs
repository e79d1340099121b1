//! Generated Python classes cut into chunks.

use std::hint::black_box;
use std::time::Instant;

use ninefold::core::Labels;
use ninefold::store::ingest::split;

use super::measure::since;
use super::python;
use super::row::{CODE, Row};
use super::seeds::Seeds;

const SMALL: Row = Row::less("parse 100 lines", "ms")
    .report(10.0, "its report: less than")
    .really(1.1, CODE)
    .work("Python classes, 108 lines, 18 definitions; every line that is not blank goes into a chunk");
const MIDDLE: Row = Row::less("parse 1,000 lines", "ms")
    .report(50.0, "its report: less than")
    .between(10.0, 11.0, CODE)
    .work("Python classes, 1,008 lines, 168 definitions");
const LARGE: Row = Row::less("parse 5,000 lines", "ms")
    .report(200.0, "its report: less than")
    .between(129.0, 146.0, CODE)
    .work("Python classes, 5,004 lines, 834 definitions");

pub fn measure(seeds: &mut Seeds) {
    for (row, classes, lines) in [(&SMALL, 3, 108), (&MIDDLE, 28, 1_008), (&LARGE, 139, 5_004)] {
        let text = python::classes(classes);
        assert_eq!(text.lines().count(), lines);
        // A class and its five methods each, as the predecessor counts chunks; here small ones share a chunk and keep their names.
        let defined: usize = split("service.py", &text, &Labels::none()).iter().map(|chunk| chunk.defines.len()).sum();
        assert!(defined >= 6 * classes, "{defined} names of {} definitions", 6 * classes);
        let samples = if seeds.quick() { 2 } else { 100 };
        let taken: Vec<f64> = (0..samples)
            .map(|_| {
                let start = Instant::now();
                black_box(split("service.py", black_box(&text), &Labels::none()));
                since(start)
            })
            .collect();
        seeds.tell(row, &taken);
    }
}
