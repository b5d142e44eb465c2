//! What the learned pacing costs beside the classic backoff, other pollers and the optimum, on 16 kinds of operations and 5
//! that change: the real poller on a paused clock, seeds fixed.
//!
//! Prints tables; writes the frontier of polls and delay to the file that is given, an SVG.

use std::{error::Error, time::Duration};

use lro::{Learned, Pacing};
use pacing_benches::{
    families::{DRIFTING, Family, STEADY},
    frontier::{Frontier, geometric_mean},
    optimum::{Average, Sample},
    peers,
    plot::plot,
    replay::{Cost, Replay},
};

type Fault = Box<dyn Error>;

/// What a family came to.
struct Row {
    name: &'static str,
    classic: Average,
    learned: Average,
    sooner: f64,
    fewer: f64,
    optimum: f64,
    cost: f64,
    frontier: Frontier,
}

fn main() -> Result<(), Fault> {
    let rows = STEADY.iter().map(row).collect::<Result<Vec<_>, _>>()?;
    print_rows(&rows);
    print_peers(&rows)?;
    print_drift()?;
    if let Some(path) = std::env::args().nth(1) {
        let frontiers: Vec<_> = rows.iter().map(|row| (row.name, &row.frontier, row.classic)).collect();
        plot(path.as_ref(), &frontiers)?;
    }
    Ok(())
}

fn row(family: &Family) -> Result<Row, Fault> {
    let classic = average(&streams(family, STREAMS, COUNT, |_| Box::new(|| Learned::new().pacing(KIND)))?);
    let learned = average(&streams(family, STREAMS, COUNT, |_| warm(Learned::new()))?);
    let sample = Sample::new(family.durations(99, 16_000));
    let price = sample.price_of(classic.polls, ROUND_TRIP);
    let best = sample.best(price, ROUND_TRIP);
    let at = |factor: f64| -> Result<Average, Fault> {
        let price = Duration::from_secs_f64(price * factor);
        Ok(average(&streams(family, STREAMS, COUNT, |_| warm(Learned::new().price(price)))?))
    };
    let averages =
        [1.0 / 64.0, 1.0 / 8.0, 1.0, 8.0, 64.0].map(at).into_iter().collect::<Result<Vec<_>, _>>()?;
    let cost = |average: Average| price * average.polls + average.delay;
    let frontier = Frontier::new(averages.clone());
    Ok(Row {
        name: family.name,
        classic,
        learned,
        sooner: classic.delay / frontier.delay_at(classic.polls),
        fewer: classic.polls / frontier.polls_at(classic.delay),
        optimum: classic.delay / best.delay,
        cost: cost(averages[2]) / cost(best),
        frontier,
    })
}

fn print_rows(rows: &[Row]) {
    println!("Operations {WARM} to {} of {STREAMS} streams; delays in seconds.\n", COUNT - 1);
    println!(
        "family                 | classic: polls  delay | learned: polls  delay | equal polls: sooner (optimum) | equal delay: polls | cost/optimum"
    );
    for row in rows {
        println!(
            "{:22} | {:14.2} {:6.2} | {:14.2} {:6.2} | {:18.2}x {:8.1}x | {:17.1}x | {:12.2}",
            row.name,
            row.classic.polls,
            row.classic.delay,
            row.learned.polls,
            row.learned.delay,
            row.sooner,
            row.optimum,
            row.fewer,
            row.cost
        );
    }
    let mean = |figure: fn(&Row) -> f64| geometric_mean(rows.iter().map(figure));
    let (least, most) = rows
        .iter()
        .fold((f64::MAX, 0.0_f64), |(least, most), row| (least.min(row.sooner), most.max(row.cost)));
    println!(
        "geometric mean: {:.2}x the polls and {:.2}x the delay; at equal polls {:.1}x sooner (worst {least:.2}x, optimum {:.1}x); at equal \
         delay {:.1}x fewer polls; cost {:.2}x the optimum's (worst {most:.2}x)\n",
        mean(|row| row.learned.polls / row.classic.polls),
        mean(|row| row.learned.delay / row.classic.delay),
        mean(|row| row.sooner),
        mean(|row| row.optimum),
        mean(|row| row.fewer),
        mean(|row| row.cost),
    );
}

fn print_peers(rows: &[Row]) -> Result<(), Fault> {
    println!(
        "poller                    | polls  delay | learned, equal polls: sooner (worst) | equal delay: fewer polls"
    );
    for peer in &peers::ALL {
        let (mut averages, mut sooner, mut fewer) = (Vec::new(), Vec::new(), Vec::new());
        for (family, row) in STEADY.iter().zip(rows) {
            let average = average(&streams(family, 8, COUNT, |seed| Box::new(move || peer.pacing(seed)))?);
            sooner.push(average.delay / row.frontier.delay_at(average.polls));
            fewer.push(average.polls / row.frontier.polls_at(average.delay));
            averages.push(average);
        }
        println!(
            "{:25} | {:5.1} {:6.1} | {:24.1}x {:8.1}x | {:10.1}x",
            peer.name,
            geometric_mean(averages.iter().map(|average| average.polls)),
            geometric_mean(averages.iter().map(|average| average.delay)),
            geometric_mean(sooner.iter().copied()),
            sooner.iter().copied().fold(f64::MAX, f64::min),
            geometric_mean(fewer.into_iter()),
        );
    }
    println!();
    Ok(())
}

fn print_drift() -> Result<(), Fault> {
    let windows = [(40, 60), (60, 61), (61, 64), (64, 75), (75, 120), (0, 120)];
    print!("polls / delay beside classic |");
    windows.iter().for_each(|(from, to)| print!("   {from:3} to {:3} |", to - 1));
    println!();
    for family in &DRIFTING {
        let classic = streams(family, 24, 120, |_| Box::new(|| Learned::new().pacing(KIND)))?;
        let learned = streams(family, 24, 120, |_| warm(Learned::new()))?;
        print!("{:28} |", family.name);
        for (from, to) in windows {
            let window = |costs: &[Vec<Cost>]| mean_of(costs.iter().flat_map(|stream| &stream[from..to]));
            let (learned, classic) = (window(&learned), window(&classic));
            print!(" {:5.2} / {:4.2} |", learned.polls / classic.polls, learned.delay / classic.delay);
        }
        println!();
    }
    Ok(())
}

/// The pacing of each operation of a stream.
type Pacings<'a> = Box<dyn Fn() -> Pacing + 'a>;

fn warm<'a>(learned: Learned) -> Pacings<'a> {
    let pacing = learned.pacing(KIND);
    Box::new(move || pacing.clone())
}

fn streams<'a>(
    family: &Family,
    streams: u64,
    count: usize,
    pacings: impl Fn(u64) -> Pacings<'a>,
) -> Result<Vec<Vec<Cost>>, Fault> {
    (0..streams)
        .map(|seed| {
            // From 20 to 200 ms, evenly by order of magnitude.
            let share = (seed as f64 + 0.5) / streams as f64;
            let replay = Replay::new(Duration::from_secs_f64(0.02 * 10_f64.powf(share)))?;
            let pacing = pacings(seed);
            let wait = |duration| Ok(replay.wait(&pacing(), Duration::from_secs_f64(duration))?);
            family.durations(seed, count).into_iter().map(wait).collect()
        })
        .collect()
}

fn average(streams: &[Vec<Cost>]) -> Average {
    mean_of(streams.iter().flat_map(|stream| &stream[WARM..]))
}

fn mean_of<'a>(costs: impl Iterator<Item = &'a Cost>) -> Average {
    let (mut count, mut polls, mut delay) = (0.0, 0.0, 0.0);
    for cost in costs {
        count += 1.0;
        polls += f64::from(cost.polls);
        delay += cost.delay.as_secs_f64();
    }
    Average { polls: polls / count, delay: delay / count }
}

const STREAMS: u64 = 20;
/// The operations of a stream.
const COUNT: usize = 70;
/// Those of them that count not: the history is short.
const WARM: usize = 30;
/// In seconds, the middle of those of the streams.
const ROUND_TRIP: f64 = 0.0632;
const KIND: &str = "replayed";
