//! What the learned pacing costs beside the classic backoff, other pollers and the optimum: on 16 kinds of operations,
//! on 5 that change and on 3 that tell their progress. The real poller on a paused clock, seeds fixed.
//!
//! Prints tables; with `--more` one of kinds that the pacing was not made by, too. Writes the frontier of polls and
//! delay to the file that is given, an SVG.

mod beside;
mod drift;
mod learning;
mod others;
mod progress;

use std::{error::Error, path::PathBuf};

use lexopt::Arg;
use pacing_benches::{
    families::{STEADY, UNSEEN},
    plot::plot,
};

use self::beside::Row;

type Fault = Box<dyn Error>;

fn main() -> Result<(), Fault> {
    let (mut svg, mut more): (Option<PathBuf>, _) = (None, false);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("more") => more = true,
            Arg::Value(path) => svg = Some(path.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    let rows = STEADY.iter().map(Row::of).collect::<Result<Vec<_>, _>>()?;
    beside::print(&rows);
    others::print(&rows)?;
    learning::print(&rows)?;
    drift::print()?;
    progress::print()?;
    if more {
        println!();
        beside::print(&UNSEEN.iter().map(Row::of).collect::<Result<Vec<_>, _>>()?);
    }
    if let Some(path) = svg {
        let frontiers: Vec<_> =
            rows.iter().map(|row| (row.family.name, &row.frontier, row.classic)).collect();
        plot(&path, &frontiers)?;
    }
    Ok(())
}
