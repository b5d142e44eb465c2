//! Draws the frontier of polls and delay.

use std::{error::Error, path::Path};

use plotters::prelude::{
    BLUE, ChartBuilder, Circle, IntoDrawingArea, IntoLogRange, LineSeries, RED, SVGBackend, WHITE,
};

use crate::{frontier::Frontier, optimum::Average};

/// Draws one panel for each family: the learned pacing's frontier as a line, the classic backoff as a point.
///
/// # Errors
///
/// If the file cannot be written.
pub fn plot(path: &Path, families: &[(&str, &Frontier, Average)]) -> Result<(), Box<dyn Error>> {
    let root = SVGBackend::new(path, (1120, 900)).into_drawing_area();
    root.fill(&WHITE)?;
    for (panel, (name, frontier, classic)) in root.split_evenly((4, 4)).iter().zip(families) {
        let mut chart = ChartBuilder::on(panel)
            .caption(*name, ("sans-serif", 14))
            .margin(6)
            .x_label_area_size(22)
            .y_label_area_size(36)
            .build_cartesian_2d((1.0..400.0).log_scale(), (0.05..200.0).log_scale())?;
        chart.configure_mesh().light_line_style(WHITE).x_desc("polls").y_desc("delay, s").draw()?;
        let points = frontier.points().iter().map(|point| (point.polls, point.delay));
        chart.draw_series(LineSeries::new(points.clone(), &BLUE))?;
        chart.draw_series(points.map(|point| Circle::new(point, 2, BLUE)))?;
        chart.draw_series([Circle::new((classic.polls, classic.delay), 4, RED)])?;
    }
    root.present()?;
    Ok(())
}
