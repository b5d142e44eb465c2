//! Compares the learned pacing with the classic backoff, with other pollers and with the optimum.
//!
//! There are 16 kinds of operations, 5 whose durations change, and 3 that report progress. The waits are those of `lro`, on a paused
//! clock and with fixed seeds.
//!
//! It prints tables. `--more` adds a table of kinds that were not used when the pacing was designed. With the name of a file it writes
//! the frontier of polls and delay as an SVG.

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
        // A reader that closes the pipe, such as `| head`, is not an error.
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
