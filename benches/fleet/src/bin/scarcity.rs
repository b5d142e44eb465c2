//! A rate of a tenth of what the operations would be asked about: how late their end is noticed, by a fleet that has
//! learned how long they take and by a loop that asks about one after the other.

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

/// Operations that begin one after the other, those of several kinds in turns, and a rate.
struct Scene {
    spans: Vec<Span>,
    kinds: usize,
    /// A second.
    arrivals: f64,
    /// From one call to the next, in seconds.
    gap: f64,
}

/// When each operation is noticed to be done, in seconds.
type Noticed = Vec<Option<f64>>;

impl Scene {
    fn of(families: &[Family], operations: usize) -> Self {
        let durations = durations(families, operations);
        let mut sorted = durations.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        // The mean of a heavy tail is an accident.
        let usual = &sorted[..operations * 99 / 100];
        let mean = usual.iter().sum::<f64>() / usual.len() as f64;
        let polls = durations.iter().map(|duration| polls(*duration)).sum::<f64>() / operations as f64;
        let arrivals = operations as f64 / (10.0 * mean);
        // Each needs one call, and one in vain for two of them is not too many.
        let calls = (polls / 10.0).max(LEAST_CALLS);
        let spans = (0..).map(|number| f64::from(number) / arrivals).zip(&durations);
        let spans = spans.map(|(began, duration)| (began, began + duration)).collect();
        Self { spans, kinds: families.len(), arrivals, gap: 1.0 / (calls * arrivals) }
    }

    /// When the last operation has begun, in seconds: no more calls are made then.
    fn end(&self) -> f64 {
        self.spans.len() as f64 / self.arrivals
    }

    /// By a loop, and by a fleet.
    fn both(&self) -> Result<(Noticed, Noticed), Box<dyn Error>> {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
        let fleet = runtime.block_on(self.fleet())?;
        Ok((round_robin::noticed(&self.spans, self.gap, RTT, self.end()), fleet))
    }

    /// By a fleet that begins without a history.
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
            // It ends by its time: the stream does not.
            let _ = until_next.await;
            let name = OperationName::parse(&format!("{}/operations/{number}", number % self.kinds))?;
            server.start(&name, Duration::from_secs_f64(*done));
            numbers.insert(name.clone(), number);
            fleet.register(name)?;
        }
        Ok(noticed)
    }

    /// The mean of the delays of the operations of some kinds that are done after a while and before the end, by a loop
    /// and by a fleet.
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

/// Those of several kinds in turns.
fn durations(families: &[Family], operations: usize) -> Vec<f64> {
    let each = operations.div_ceil(families.len());
    let by_family: Vec<Vec<f64>> = families.iter().map(|family| family.durations(1, each)).collect();
    (0..operations).map(|number| by_family[number % families.len()][number / families.len()]).collect()
}

/// The polls of the default pacing about an operation that takes so many seconds.
fn polls(duration: f64) -> f64 {
    let mut schedule: Box<dyn Schedule> = Pacing::default().schedule();
    let (mut polls, mut now) = (0, Duration::ZERO);
    while now.as_secs_f64() < duration + RTT {
        polls += 1;
        now += schedule.delay(&Moment::new(now, polls)).unwrap_or(Duration::MAX);
    }
    f64::from(polls + 1)
}

/// In seconds.
const RTT: f64 = 0.05;
const LEAST_CALLS: f64 = 1.5;
