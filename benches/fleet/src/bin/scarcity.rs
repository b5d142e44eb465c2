//! A rate of a tenth of what the operations would be asked about: how late their end is noticed, by a fleet that has
//! learned how long they take and by a loop that asks about one after the other.

use std::{collections::HashMap, error::Error, time::Duration};

use fleet_benches::{
    round_robin::{self, Span},
    server::Server,
};
use futures::StreamExt;
use lro::{
    Learned, OperationName, Pacing,
    pacing::{Moment, Schedule},
};
use lro_fleet::{Fleet, Rate};
use pacing_benches::families::{Family, STEADY};
use tokio::{runtime::Builder, time::Instant};

fn main() -> Result<(), Box<dyn Error>> {
    println!("| family | calls an operation | round robin, s | fleet, s | sooner |");
    println!("| --- | --- | --- | --- | --- |");
    let mut logs = Vec::new();
    for family in &STEADY {
        let scene = Scene::of(family);
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
        let fleet = scene.mean_delay(&runtime.block_on(scene.fleet())?);
        let turns = scene.mean_delay(&round_robin::noticed(&scene.spans, scene.gap, RTT, scene.end()));
        let calls = 1.0 / (scene.gap * scene.arrivals);
        println!("| {} | {calls:.1} | {turns:.2} | {fleet:.2} | {:.2} |", family.name, turns / fleet);
        logs.push((turns / fleet).ln());
    }
    println!(
        "| **geometric mean** | | | | **{:.2}** |",
        (logs.iter().sum::<f64>() / logs.len() as f64).exp()
    );
    Ok(())
}

/// Operations of a family that begin one after the other, and a rate.
struct Scene {
    spans: Vec<Span>,
    /// A second.
    arrivals: f64,
    /// From one call to the next, in seconds.
    gap: f64,
}

impl Scene {
    fn of(family: &Family) -> Self {
        let durations = family.durations(1, OPERATIONS);
        let mut sorted = durations.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        // The mean of a heavy tail is an accident.
        let usual = &sorted[..OPERATIONS * 99 / 100];
        let mean = usual.iter().sum::<f64>() / usual.len() as f64;
        let polls = durations.iter().map(|duration| polls(*duration)).sum::<f64>() / OPERATIONS as f64;
        let arrivals = PENDING / mean;
        // Each needs one call, and one in vain is not too many.
        let calls = (polls / 10.0).max(LEAST_CALLS);
        let spans = (0..).map(|number| f64::from(number) / arrivals).zip(&durations);
        let spans = spans.map(|(began, duration)| (began, began + duration)).collect();
        Self { spans, arrivals, gap: 1.0 / (calls * arrivals) }
    }

    /// When the last operation has begun, in seconds: no more calls are made then.
    fn end(&self) -> f64 {
        OPERATIONS as f64 / self.arrivals
    }

    /// When each operation is noticed by a fleet, in seconds.
    async fn fleet(&self) -> Result<Vec<Option<f64>>, Box<dyn Error>> {
        let server = Server::new(Duration::from_secs_f64(RTT), Duration::ZERO..Duration::ZERO);
        let rate = Rate::per_minute((60.0 / self.gap).round() as u32);
        let fleet = Fleet::builder(server.clone()).rate(rate).learned(Learned::new()).seed(1).start();
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
            let name = OperationName::parse(&format!("operations/{number}"))?;
            server.start(&name, Duration::from_secs_f64(*done));
            numbers.insert(name.clone(), number);
            fleet.register::<serde_json::Value>(name)?;
        }
        Ok(noticed)
    }

    /// The mean of the delays of the operations that are done after a while and before the end.
    fn mean_delay(&self, noticed: &[Option<f64>]) -> f64 {
        let end = self.end();
        let all = self.spans.iter().zip(noticed).skip(OPERATIONS / 4);
        let delays = all.filter(|((_, done), _)| *done < end);
        let delays: Vec<f64> = delays.map(|((_, done), at)| at.unwrap_or(end) - done).collect();
        delays.iter().sum::<f64>() / delays.len() as f64
    }
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

const OPERATIONS: usize = 3_000;
/// How many run at a time, about.
const PENDING: f64 = 300.0;
/// In seconds.
const RTT: f64 = 0.05;
const LEAST_CALLS: f64 = 1.5;
