//! The table that compares with other pollers: at the same number of polls, and at the same delay.

use std::io::Write;

use pacing_benches::{frontier::geometric_mean, peers, replay::Replay, streams::Streams};

use crate::{
    Fault,
    beside::{Row, WARM},
};

pub(crate) fn print(out: &mut impl Write, rows: &[Row]) -> Result<(), Fault> {
    writeln!(
        out,
        "poller                    | polls  delay | learned, equal polls: sooner (worst) | \
         equal delay: fewer polls"
    )?;
    for peer in &peers::ALL {
        let (mut averages, mut sooner, mut fewer) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            let begin = |stream| {
                let pacing = peer.pacing(stream);
                move |replay: &Replay, duration| replay.wait(&pacing, duration)
            };
            let average = Streams::run(row.family, SHAPE, begin)?.average(WARM..SHAPE.1);
            sooner.push(average.delay / row.frontier.delay_at(average.polls));
            fewer.push(average.polls / row.frontier.polls_at(average.delay));
            averages.push(average);
        }
        writeln!(
            out,
            "{:25} | {:5.1} {:6.1} | {:24.1}x {:8.1}x | {:10.1}x",
            peer.name,
            geometric_mean(averages.iter().map(|average| average.polls)),
            geometric_mean(averages.iter().map(|average| average.delay)),
            geometric_mean(sooner.iter().copied()),
            sooner.iter().copied().fold(f64::MAX, f64::min),
            geometric_mean(fewer.into_iter()),
        )?;
    }
    writeln!(out)?;
    Ok(())
}

const SHAPE: (u64, usize) = (8, 70);
