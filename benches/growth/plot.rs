//! A subject as a plot: logarithms on both sides, the points with their intervals, and the fitted powers. In greys and colours that can
//! be told from a light page and from a dark one.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::fit::fit;
use crate::subject::Subject;

const SIZE: (u32, u32) = (860, 520);
const TEXT: RGBColor = RGBColor(125, 125, 125);
const LINES: RGBAColor = RGBAColor(128, 128, 128, 0.25);
const COLOURS: [RGBColor; 5] = [
    RGBColor(38, 139, 210),
    RGBColor(214, 104, 33),
    RGBColor(72, 156, 84),
    RGBColor(168, 88, 184),
    RGBColor(160, 130, 30),
];

pub fn draw(subject: &Subject, path: &Path) -> Result<(), Box<dyn Error>> {
    let points = || subject.series.iter().flat_map(|series| &series.points);
    let counts = (
        points().map(|point| point.count as f64).fold(f64::MAX, f64::min),
        points().map(|p| p.count as f64).fold(0.0, f64::max),
    );
    let costs =
        (points().map(|point| point.low).fold(f64::MAX, f64::min), points().map(|p| p.high).fold(0.0, f64::max));
    // Whole decades up and down; above them there is room for the legend, a third of the height.
    let (bottom, top) = (10_f64.powf(costs.0.log10().floor()), 10_f64.powf(costs.1.log10().ceil()));
    let decades = (top / bottom).log10();
    let legend = decades * 0.075 * (subject.series.len() as f64 + 0.5);
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    let font = |size: u32| ("sans-serif", size).into_font().color(&TEXT);
    let mut chart = ChartBuilder::on(&area)
        .caption(subject.title, font(19))
        .margin(12)
        .x_label_area_size(46)
        .y_label_area_size(72)
        .build_cartesian_2d(
            (counts.0 / 1.3..counts.1 * 1.3).log_scale(),
            (bottom..top * 10_f64.powf(legend)).log_scale(),
        )?;
    chart
        .configure_mesh()
        .x_desc(subject.of)
        .y_desc(subject.unit)
        .label_style(font(14))
        .axis_desc_style(font(15))
        .axis_style(TEXT)
        .bold_line_style(LINES)
        .light_line_style(TRANSPARENT)
        .x_label_formatter(&|x| power(*x))
        .y_label_formatter(&|y| power(*y))
        .draw()?;
    for (n, series) in subject.series.iter().enumerate() {
        let colour = COLOURS[n % COLOURS.len()];
        let (slope, factor) = fit(&series.pairs());
        let ends = [&series.points[0], &series.points[series.points.len() - 1]].map(|point| point.count as f64);
        let line = ends.map(|x| (x, factor * x.powf(slope)));
        chart.draw_series(DashedLineSeries::new(line, 5, 4, colour.mix(0.8).stroke_width(1)))?;
        chart.draw_series(series.points.iter().map(|point| {
            let x = point.count as f64;
            PathElement::new(vec![(x, point.low), (x, point.high)], colour.stroke_width(2))
        }))?;
        chart.draw_series(
            series.points.iter().map(|point| Circle::new((point.count as f64, point.median), 4, colour.filled())),
        )?;
        let [whole, last] = series.exponents();
        let said = format!("{}: exponent {whole:.2}, over the last decade {last:.2}", series.name);
        let place =
            (counts.0, top * 10_f64.powf(legend * (1.0 - (n as f64 + 0.6) / (subject.series.len() as f64 + 0.5))));
        let style = ("sans-serif", 15).into_font().color(&colour).pos(Pos::new(HPos::Left, VPos::Center));
        chart.draw_series(std::iter::once(
            EmptyElement::at(place) + Circle::new((0, 0), 4, colour.filled()) + Text::new(said, (12, 0), style),
        ))?;
    }
    area.present()?;
    Ok(())
}

/// A power of ten, with its name; fractions of one as they are.
fn power(value: f64) -> String {
    match value {
        1e6.. => format!("{} M", value / 1e6),
        1e3.. => format!("{},000", (value / 1e3).round()),
        0.99.. => format!("{}", value.round()),
        _ => format!("{value:.3}").trim_end_matches('0').to_owned(),
    }
}
