//! The tables of the first operations of a kind.

use std::{array, io::Write, time::Duration};

use lro_learned::Learned;
use pacing_benches::{
    frontier::geometric_mean,
    streams::{Streams, classic, learning},
};

use crate::{Fault, beside::Row};

/// A value for each window.
type Figures = [f64; WINDOWS.len()];

/// The results of a family.
struct Line {
    /// The cost as a multiple of the optimum's, which knows the distribution, at the price of a poll.
    costs: Figures,
    /// The polls with the default settings, as a multiple of the classic backoff's.
    polls: Figures,
    delays: Figures,
}

pub(crate) fn print(out: &mut impl Write, rows: &[Row]) -> Result<(), Fault> {
    let seen = WINDOWS.map(|(from, to)| match to - from {
        1 => format!("n = {from}"),
        _ => format!("n = {from} to {}", to - 1),
    });
    print_line(out, "cost beside the optimum", seen)?;
    let lines = rows.iter().map(Line::of).collect::<Result<Vec<_>, _>>()?;
    let single = |figures: Figures| figures.map(|figure| format!("{figure:.2}"));
    for (row, line) in rows.iter().zip(&lines) {
        print_line(out, row.family.name, single(line.costs))?;
    }
    print_line(out, "geometric mean", single(mean(&lines, |line| &line.costs)))?;
    print_line(out, "worst", single(worst(&lines, |line| &line.costs)))?;

    let pairs = |polls: Figures, delays: Figures| {
        array::from_fn(|window| format!("{:.2} / {:.2}", polls[window], delays[window]))
    };
    print_line(out, "polls / delay beside classic", array::from_fn(|_| String::new()))?;
    let means = pairs(mean(&lines, |line| &line.polls), mean(&lines, |line| &line.delays));
    print_line(out, "geometric mean", means)?;
    let worsts = pairs(worst(&lines, |line| &line.polls), worst(&lines, |line| &line.delays));
    print_line(out, "worst", worsts)?;
    writeln!(out)?;
    Ok(())
}

impl Line {
    fn of(row: &Row) -> Result<Self, Fault> {
        let price = Duration::from_secs_f64(row.price);
        let at_price = Streams::run(row.family, SHAPE, |_| learning(&Learned::new().price(price)))?;
        let learned = Streams::run(row.family, SHAPE, |_| learning(&Learned::new()))?;
        let classic = Streams::run(row.family, SHAPE, classic)?;
        let cost = |(from, to)| at_price.average(from..to).cost(row.price) / row.optimum.cost(row.price);
        let beside = WINDOWS.map(|(from, to)| (learned.average(from..to), classic.average(from..to)));
        Ok(Self {
            costs: WINDOWS.map(cost),
            polls: beside.map(|(own, other)| own.polls / other.polls),
            delays: beside.map(|(own, other)| own.delay / other.delay),
        })
    }
}

fn mean(lines: &[Line], figures: fn(&Line) -> &Figures) -> Figures {
    array::from_fn(|window| geometric_mean(lines.iter().map(|line| figures(line)[window])))
}

fn worst(lines: &[Line], figures: fn(&Line) -> &Figures) -> Figures {
    array::from_fn(|window| lines.iter().map(|line| figures(line)[window]).fold(0.0, f64::max))
}

fn print_line(out: &mut impl Write, name: &str, cells: [String; WINDOWS.len()]) -> Result<(), Fault> {
    let cells = cells.map(|cell| format!(" {cell:>13} |"));
    writeln!(out, "{name:28} |{}", cells.concat())?;
    Ok(())
}

const SHAPE: (u64, usize) = (40, 61);
/// Ranges of the number of operations that have ended before.
const WINDOWS: [(usize, usize); 7] = [(0, 1), (1, 2), (2, 4), (4, 8), (8, 16), (16, 31), (31, 61)];
