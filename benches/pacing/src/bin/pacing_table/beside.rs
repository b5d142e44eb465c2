//! The tables that compare with the classic backoff and with the optimum.

use std::{io::Write, time::Duration};

use lro_learned::Learned;
use pacing_benches::{
    families::Family,
    frontier::{Frontier, geometric_mean},
    optimum::{Average, Sample},
    streams::{ROUND_TRIP, Streams, classic, learning},
};

use crate::Fault;

/// The results of a family.
pub(crate) struct Row {
    pub(crate) family: &'static Family,
    pub(crate) classic: Average,
    learned: Average,
    /// The price of a poll, in seconds, at which the optimum makes as many polls as the classic backoff.
    pub(crate) price: f64,
    pub(crate) optimum: Average,
    at_price: Average,
    pub(crate) frontier: Frontier,
}

impl Row {
    pub(crate) fn of(family: &'static Family) -> Result<Self, Fault> {
        let average = |learned: &dyn Fn() -> Learned| -> Result<Average, Fault> {
            Ok(Streams::run(family, SHAPE, |_| learning(&learned()))?.average(WARM..SHAPE.1))
        };
        let classic = Streams::run(family, SHAPE, classic)?.average(WARM..SHAPE.1);
        let durations = |seed| family.durations(seed, SHAPE.1).split_off(WARM);
        let sample = Sample::new((1000..1400).flat_map(durations).collect());
        let price = sample.price_of(classic.polls, ROUND_TRIP);
        let prices = [1.0 / 64.0, 1.0 / 8.0, 1.0, 8.0, 64.0].map(|factor| price * factor);
        let at = |price| average(&|| Learned::new().price(Duration::from_secs_f64(price)));
        let averages = prices.into_iter().map(at).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            family,
            classic,
            learned: average(&Learned::new)?,
            price,
            optimum: sample.best(price, ROUND_TRIP),
            at_price: averages[2],
            frontier: Frontier::new(averages),
        })
    }

    fn sooner(&self) -> f64 {
        self.classic.delay / self.frontier.delay_at(self.classic.polls)
    }

    fn best_sooner(&self) -> f64 {
        self.classic.delay / self.optimum.delay
    }

    fn fewer(&self) -> f64 {
        self.classic.polls / self.frontier.polls_at(self.classic.delay)
    }

    fn cost(&self) -> f64 {
        self.at_price.cost(self.price) / self.optimum.cost(self.price)
    }
}

pub(crate) fn print(out: &mut impl Write, rows: &[Row]) -> Result<(), Fault> {
    writeln!(out, "Operations {WARM} to {} of {} streams; delays in seconds.\n", SHAPE.1 - 1, SHAPE.0)?;
    writeln!(
        out,
        "family                 | classic: polls  delay | learned: polls  delay | equal polls: sooner (optimum) | \
         equal delay: polls | cost/optimum"
    )?;
    for row in rows {
        writeln!(
            out,
            "{:22} | {:14.2} {:6.2} | {:14.2} {:6.2} | {:18.2}x {:8.1}x | {:17.1}x | {:12.2}",
            row.family.name,
            row.classic.polls,
            row.classic.delay,
            row.learned.polls,
            row.learned.delay,
            row.sooner(),
            row.best_sooner(),
            row.fewer(),
            row.cost()
        )?;
    }
    let mean = |figure: fn(&Row) -> f64| geometric_mean(rows.iter().map(figure));
    let least = rows.iter().map(Row::sooner).fold(f64::MAX, f64::min);
    let most = rows.iter().map(Row::cost).fold(0.0, f64::max);
    writeln!(
        out,
        "geometric mean: {:.2}x the polls and {:.2}x the delay; at equal polls {:.1}x sooner (worst {least:.2}x, \
         optimum {:.1}x); at equal delay {:.1}x fewer polls; cost {:.2}x the optimum's (worst {most:.2}x)\n",
        mean(|row| row.learned.polls / row.classic.polls),
        mean(|row| row.learned.delay / row.classic.delay),
        mean(Row::sooner),
        mean(Row::best_sooner),
        mean(Row::fewer),
        mean(Row::cost),
    )?;
    Ok(())
}

/// The number of streams, and of operations in each.
const SHAPE: (u64, usize) = (20, 70);
/// The first operations of a stream, which are not counted, because the history is short.
pub(crate) const WARM: usize = 30;
