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

use std::{
    error::Error,
    io::{self, ErrorKind, Write},
    path::PathBuf,
};

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
    match print(&mut io::stdout().lock(), svg, more) {
        // Who reads no further is no fault: `| head`.
        Err(fault) if is_closed(&*fault) => Ok(()),
        printed => printed,
    }
}

fn print(out: &mut impl Write, svg: Option<PathBuf>, more: bool) -> Result<(), Fault> {
    let rows = STEADY.iter().map(Row::of).collect::<Result<Vec<_>, _>>()?;
    beside::print(out, &rows)?;
    others::print(out, &rows)?;
    learning::print(out, &rows)?;
    drift::print(out)?;
    progress::print(out)?;
    if more {
        beside::print(out, &UNSEEN.iter().map(Row::of).collect::<Result<Vec<_>, _>>()?)?;
    }
    if let Some(path) = svg {
        let frontiers: Vec<_> =
            rows.iter().map(|row| (row.family.name, &row.frontier, row.classic)).collect();
        plot(&path, &frontiers)?;
    }
    Ok(())
}

fn is_closed(fault: &(dyn Error + 'static)) -> bool {
    fault.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
