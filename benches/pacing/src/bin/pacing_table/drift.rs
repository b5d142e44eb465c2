//! The table of kinds whose durations change.

use std::io::Write;

use lro_learned::Learned;
use pacing_benches::{
    families::DRIFTING,
    streams::{Streams, classic, learning},
};

use crate::Fault;

pub(crate) fn print(out: &mut impl Write) -> Result<(), Fault> {
    write!(out, "{:28} |", "polls / delay beside classic")?;
    for (from, to) in WINDOWS {
        write!(out, "   {from:3} to {:3} |", to - 1)?;
    }
    writeln!(out)?;
    for family in &DRIFTING {
        let classic = Streams::run(family, SHAPE, classic)?;
        let learned = Streams::run(family, SHAPE, |_| learning(&Learned::new()))?;
        write!(out, "{:28} |", family.name)?;
        for (from, to) in WINDOWS {
            let (learned, classic) = (learned.average(from..to), classic.average(from..to));
            write!(out, " {:5.2} / {:4.2} |", learned.polls / classic.polls, learned.delay / classic.delay)?;
        }
        writeln!(out)?;
    }
    writeln!(out)?;
    Ok(())
}

const SHAPE: (u64, usize) = (24, 120);
/// Ranges of operations. The change is at operation 60.
const WINDOWS: [(usize, usize); 6] = [(40, 60), (60, 61), (61, 64), (64, 75), (75, 120), (0, 120)];
