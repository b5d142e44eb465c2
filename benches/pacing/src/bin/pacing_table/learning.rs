//! While few operations of a kind have been seen.

use std::time::Duration;

use lro::Learned;
use pacing_benches::{
    frontier::geometric_mean,
    streams::{Streams, classic, learning},
};

use crate::{Fault, beside::Row};

/// A family, window by window.
struct Line {
    /// Beside the optimum of one who knows the distribution, at the price of a poll.
    costs: Vec<f64>,
    /// Beside the classic backoff, by default.
    polls: Vec<f64>,
    delays: Vec<f64>,
}

pub(crate) fn print(rows: &[Row]) -> Result<(), Fault> {
    print!("{:28} |", "cost beside the optimum");
    for (from, to) in WINDOWS {
        let seen = if to - from == 1 { from.to_string() } else { format!("{from} to {}", to - 1) };
        print!("   n = {seen:8} |");
    }
    println!();
    let lines = rows.iter().map(Line::of).collect::<Result<Vec<_>, _>>()?;
    for (row, line) in rows.iter().zip(&lines) {
        print_line(row.family.name, |window| format!("{:.2}", line.costs[window]));
    }
    let of = |figure: fn(&Line) -> &[f64], fold: fn(&mut dyn Iterator<Item = f64>) -> f64| {
        let lines = &lines;
        move |window: usize| fold(&mut lines.iter().map(|line| figure(line)[window]))
    };
    let mean: fn(&mut dyn Iterator<Item = f64>) -> f64 = |figures| geometric_mean(figures);
    let worst: fn(&mut dyn Iterator<Item = f64>) -> f64 = |figures| figures.fold(0.0, f64::max);
    for (name, fold) in [("geometric mean", mean), ("worst", worst)] {
        let costs = of(|line| &line.costs, fold);
        print_line(name, |window| format!("{:.2}", costs(window)));
    }
    println!("polls / delay beside classic |");
    for (name, fold) in [("geometric mean", mean), ("worst", worst)] {
        let (polls, delays) = (of(|line| &line.polls, fold), of(|line| &line.delays, fold));
        print_line(name, |window| format!("{:.2} / {:.2}", polls(window), delays(window)));
    }
    println!();
    Ok(())
}

impl Line {
    fn of(row: &Row) -> Result<Self, Fault> {
        let price = Duration::from_secs_f64(row.price);
        let at_price = Streams::run(row.family, SHAPE, |_| learning(&Learned::new().price(price)))?;
        let learned = Streams::run(row.family, SHAPE, |_| learning(&Learned::new()))?;
        let classic = Streams::run(row.family, SHAPE, classic)?;
        let cost = |(from, to)| at_price.average(from..to).cost(row.price) / row.optimum.cost(row.price);
        let beside = |(from, to)| (learned.average(from..to), classic.average(from..to));
        Ok(Self {
            costs: WINDOWS.into_iter().map(cost).collect(),
            polls: WINDOWS.into_iter().map(beside).map(|(own, other)| own.polls / other.polls).collect(),
            delays: WINDOWS.into_iter().map(beside).map(|(own, other)| own.delay / other.delay).collect(),
        })
    }
}

fn print_line(name: &str, figure: impl Fn(usize) -> String) {
    print!("{name:28} |");
    (0..WINDOWS.len()).for_each(|window| print!(" {:>13} |", figure(window)));
    println!();
}

const SHAPE: (u64, usize) = (40, 61);
/// Of the operations seen before.
const WINDOWS: [(usize, usize); 7] = [(0, 1), (1, 2), (2, 4), (4, 8), (8, 16), (16, 31), (31, 61)];
