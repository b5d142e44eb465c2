//! The table of operations that report progress.

use std::io::Write;

use lro_learned::Learned;
use pacing_benches::{
    bars::{self, Bar},
    families::{Family, STEADY},
    optimum::Average,
    replay::Replay,
    streams::{KIND, Streams, classic, learning},
};

use crate::{Fault, beside::WARM};

pub(crate) fn print(out: &mut impl Write) -> Result<(), Fault> {
    write!(out, "{:28} | {:>17} |", "polls / delay beside classic", "no progress")?;
    for bar in &bars::ALL {
        write!(out, " {:>17} |", bar.name)?;
    }
    writeln!(out)?;
    for family in STEADY.iter().filter(|family| FAMILIES.contains(&family.name)) {
        let classic = Streams::run(family, SHAPE, classic)?.average(WARM..SHAPE.1);
        write!(out, "{:28} |", family.name)?;
        let blind = Streams::run(family, SHAPE, |_| learning(&Learned::new()))?.average(WARM..SHAPE.1);
        let seeing = bars::ALL.iter().map(|bar| told(family, bar)).collect::<Result<Vec<_>, _>>()?;
        for learned in [blind].into_iter().chain(seeing) {
            let (polls, delay) = (learned.polls / classic.polls, learned.delay / classic.delay);
            write!(out, " {:>17} |", format!("{polls:.2} / {delay:.2}"))?;
        }
        writeln!(out)?;
    }
    writeln!(out)?;
    Ok(())
}

fn told(family: &Family, bar: &Bar) -> Result<Average, Fault> {
    let begin = |stream: u64| {
        let (pacing, mut operation) = (Learned::new().pacing(KIND), stream << 20);
        move |replay: &Replay, duration| {
            operation += 1;
            replay.wait_telling(&pacing, duration, &|poll, share| bar.told(operation, poll, share))
        }
    };
    Ok(Streams::run(family, SHAPE, begin)?.average(WARM..SHAPE.1))
}

const FAMILIES: [&str; 3] = ["lognormal 60s s=.3", "lognormal 300s s=.3", "exponential 1800s"];
const SHAPE: (u64, usize) = (20, 70);
