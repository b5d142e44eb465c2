//! Draws the table.

use std::path::Path;

use plotters::{
    coord::{Shift, ranged1d::IntoSegmentedCoord},
    prelude::{
        BLUE, ChartBuilder, Color, DrawingArea, IntoDrawingArea, IntoTextStyle, Rectangle, SVGBackend,
        SegmentValue, Text, WHITE,
    },
    style::text_anchor::{HPos, Pos, VPos},
};

use crate::{Fault, report::Row};

type Panel<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws the memory in the upper panel, the calls in the lower one.
///
/// # Errors
///
/// If the file cannot be written.
pub fn draw(path: &Path, rows: &[Row]) -> Result<(), Fault> {
    let root = SVGBackend::new(path, (900, 560)).into_drawing_area();
    root.fill(&WHITE)?;
    let (above, below) = root.split_vertically(280);
    let bytes: Vec<_> = rows.iter().filter_map(|row| Some((row.title, row.live?))).collect();
    let polls: Vec<_> = rows.iter().filter_map(|row| Some((row.title, row.polls?))).collect();
    bars(&above, "live bytes per pending operation", &bytes)?;
    bars(&below, "polls per second of the client's CPU time, 64 in flight", &polls)?;
    root.present()?;
    Ok(())
}

/// Draws a bar for each value, the first on top.
fn bars(panel: &Panel<'_>, title: &str, bars: &[(&str, f64)]) -> Result<(), Fault> {
    let most = bars.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let lines = bars.len();
    let mut chart = ChartBuilder::on(panel)
        .caption(title, ("sans-serif", 16))
        .margin(8)
        .y_label_area_size(280)
        .build_cartesian_2d(0.0..most * 1.12, (0..lines - 1).into_segmented())?;
    chart
        .configure_mesh()
        .disable_x_axis()
        .disable_mesh()
        .y_labels(lines)
        .y_label_formatter(&|line| match line {
            SegmentValue::CenterOf(line) if *line < lines => bars[lines - 1 - line].0.replace('`', ""),
            _ => String::new(),
        })
        .draw()?;
    let place = |line: usize| SegmentValue::CenterOf(lines - 1 - line);
    chart.draw_series(bars.iter().enumerate().map(|(line, (_, value))| {
        let at = lines - 1 - line;
        let corners = [(0.0, SegmentValue::Exact(at)), (*value, SegmentValue::Exact(at + 1))];
        let mut bar = Rectangle::new(corners, BLUE.mix(0.6).filled());
        bar.set_margin(5, 5, 0, 0);
        bar
    }))?;
    let style = ("sans-serif", 12).into_text_style(panel).pos(Pos::new(HPos::Left, VPos::Center));
    chart.draw_series(
        bars.iter().enumerate().map(|(line, (_, value))| {
            Text::new(format!(" {value:.0}"), (*value, place(line)), style.clone())
        }),
    )?;
    Ok(())
}
