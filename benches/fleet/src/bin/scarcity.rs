//! The delay until the end of an operation is noticed, under a rate of a tenth of the polls that the default pacing would make: of a
//! fleet with the learned pacing, and of a loop over all operations.

use std::{collections::HashMap, error::Error, time::Duration};

use fleet_benches::{
    round_robin::{self, Span},
    server::Server,
};
use futures::StreamExt;
use lro::{
    OperationName, Pacing,
    pacing::{Moment, Schedule},
};
use lro_fleet::{Fleet, Rate};
use lro_learned::Learned;
use pacing_benches::families::{Family, STEADY};
use tokio::{runtime::Builder, time::Instant};

fn main() -> Result<(), Box<dyn Error>> {
    println!("All kinds at a time, under one rate:\n");
    println!("{HEAD}");
    let all = Scene::of(&STEADY, 24_000);
    let both = all.both()?;
    let rows = (0..STEADY.len()).map(|kind| (STEADY[kind].name, all.mean_delays(&both, |of| of == kind)));
    print_rows(rows);
    print_row("**mean of all operations**", all.mean_delays(&both, |_| true));

    println!("\nEach kind alone, under a rate of its own:\n");
    println!("{HEAD}");
    let mut rows = Vec::new();
    for family in &STEADY {
        let scene = Scene::of(std::slice::from_ref(family), 3_000);
        rows.push((family.name, scene.mean_delays(&scene.both()?, |_| true)));
    }
    print_rows(rows.into_iter());
    Ok(())
}

const HEAD: &str = "| kind | round robin, s | fleet, s | sooner |\n| --- | --- | --- | --- |";

fn print_rows(rows: impl Iterator<Item = (&'static str, (f64, f64))>) {
    let (mut logs, mut count) = (0.0, 0.0);
    for (name, (turns, fleet)) in rows {
        print_row(name, (turns, fleet));
        logs += (turns / fleet).ln();
        count += 1.0;
    }
    println!("| **geometric mean** | | | **{:.2}** |", f64::exp(logs / count));
}

fn print_row(name: &str, (turns, fleet): (f64, f64)) {
    println!("| {name} | {turns:.2} | {fleet:.2} | {:.2} |", turns / fleet);
}

/// Operations that begin one after the other, the kinds in turns, and a rate.
struct Scene {
    spans: Vec<Span>,
    kinds: usize,
    /// The operations that begin in a second.
    arrivals: f64,
    /// The time from one call to the next, in seconds.
    gap: f64,
}

/// The time at which the end of each operation is noticed, in seconds.
type Noticed = Vec<Option<f64>>;

impl Scene {
    fn of(families: &[Family], operations: usize) -> Self {
        let durations = durations(families, operations);
        let mut sorted = durations.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        // The mean of a heavy tail depends on a few samples.
        let usual = &sorted[..operations * 99 / 100];
        let mean = usual.iter().sum::<f64>() / usual.len() as f64;
        let polls = durations.iter().map(|duration| polls(*duration)).sum::<f64>() / operations as f64;
        let arrivals = operations as f64 / (10.0 * mean);
        // Each operation needs one call. The rate also allows one more call for every second operation.
        let calls = (polls / 10.0).max(LEAST_CALLS);
        let spans = (0..).map(|number| f64::from(number) / arrivals).zip(&durations);
        let spans = spans.map(|(began, duration)| (began, began + duration)).collect();
        Self { spans, kinds: families.len(), arrivals, gap: 1.0 / (calls * arrivals) }
    }

    /// Returns when the last operation has begun, in seconds. No more calls are made after it.
    fn end(&self) -> f64 {
        self.spans.len() as f64 / self.arrivals
    }

    /// Runs the loop and the fleet.
    fn both(&self) -> Result<(Noticed, Noticed), Box<dyn Error>> {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
        let fleet = runtime.block_on(self.fleet())?;
        Ok((round_robin::noticed(&self.spans, self.gap, RTT, self.end()), fleet))
    }

    /// Runs a fleet that begins without a history.
    async fn fleet(&self) -> Result<Noticed, Box<dyn Error>> {
        let server = Server::new(Duration::from_secs_f64(RTT), Duration::ZERO..Duration::ZERO);
        let rate = Rate::per_minute((60.0 / self.gap).round() as u32);
        let builder = Fleet::builder(server.clone()).rate(rate).pacing(Learned::new()).seed(1);
        let fleet = builder.kind(|name| name.segments().next().unwrap_or_default().to_owned()).start();
        let mut completions = fleet.completions();
        let mut noticed = vec![None; self.spans.len()];
        let mut numbers = HashMap::new();
        let began = Instant::now();
        for (number, (begin, done)) in self.spans.iter().enumerate() {
            let next = began + Duration::from_secs_f64(*begin);
            let until_next = tokio::time::timeout_at(next, async {
                while let Some(completion) = completions.next().await {
                    let number: usize = numbers.remove(completion.name()).unwrap_or_default();
                    noticed[number] = Some(began.elapsed().as_secs_f64());
                }
            });
            // The time ends it, because the stream does not end.
            let _ = until_next.await;
            let name = OperationName::parse(&format!("{}/operations/{number}", number % self.kinds))?;
            server.start(&name, Duration::from_secs_f64(*done));
            numbers.insert(name.clone(), number);
            fleet.register(name)?;
        }
        Ok(noticed)
    }

    /// Returns the mean delays of the loop and of the fleet, over the operations of some kinds that are done after the warm-up and
    /// before the end.
    fn mean_delays(&self, (turns, fleet): &(Noticed, Noticed), wanted: impl Fn(usize) -> bool) -> (f64, f64) {
        let end = self.end();
        let mean = |noticed: &Noticed| {
            let all = self.spans.iter().zip(noticed).enumerate().skip(self.spans.len() / 4);
            let counted = all.filter(|(number, ((_, done), _))| wanted(number % self.kinds) && *done < end);
            let delays: Vec<f64> = counted.map(|(_, ((_, done), at))| at.unwrap_or(end) - done).collect();
            delays.iter().sum::<f64>() / delays.len() as f64
        };
        (mean(turns), mean(fleet))
    }
}

/// Returns durations of several kinds in turns.
fn durations(families: &[Family], operations: usize) -> Vec<f64> {
    let each = operations.div_ceil(families.len());
    let by_family: Vec<Vec<f64>> = families.iter().map(|family| family.durations(1, each)).collect();
    (0..operations).map(|number| by_family[number % families.len()][number / families.len()]).collect()
}

/// Returns the polls that the default pacing makes for an operation of this duration in seconds.
fn polls(duration: f64) -> f64 {
    let mut schedule: Box<dyn Schedule> = Pacing::default().schedule();
    let (mut polls, mut now) = (0, Duration::ZERO);
    while now.as_secs_f64() < duration + RTT {
        polls += 1;
        now += schedule.delay(&Moment::new(now, polls)).unwrap_or(Duration::MAX);
    }
    f64::from(polls + 1)
}

/// The round trip, in seconds.
const RTT: f64 = 0.05;
const LEAST_CALLS: f64 = 1.5;
