//! A fleet of 100,000 operations whose server is down for a minute: the calls during the outage and after it, and the delay of the
//! outcomes.

use std::{error::Error, time::Duration};

use fleet_benches::server::Server;
use futures::StreamExt;
use lro::OperationName;
use lro_fleet::{Fleet, Rate};
use tokio::runtime::Builder;

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    let server = Server::new(Duration::from_millis(50), DOWN..UP);
    let fleet = Fleet::builder(server.clone()).max_in_flight(512).rate(Rate::per_second(RATE)).start();
    for number in 0..OPERATIONS {
        let name = OperationName::parse(&format!("projects/p/locations/l/operations/{number:024}"))?;
        server.start(&name, done_at(number));
        fleet.register(name)?;
    }
    let mut completions = fleet.completions().take(OPERATIONS as usize);
    let (mut delivered, mut good, mut latest) = (0, 0, Duration::ZERO);
    while let Some(completion) = completions.next().await {
        let number = completion.name().segments().next_back().unwrap_or_default().parse()?;
        let done_at = done_at(number);
        delivered += 1;
        good += u32::from(completion.outcome().is_ok());
        if done_at < UP {
            latest = latest.max(server.now().saturating_sub(done_at.max(UP)));
        }
    }
    let calls = server.calls();
    let from = |start: Duration| calls.iter().filter(|at| (start..UP).contains(at)).count();
    let (during, later) = (from(DOWN), from(DOWN + Duration::from_secs(1)));
    println!(
        "{OPERATIONS} operations, {RATE} calls a second at most, the server down from {DOWN:?} to {UP:?}"
    );
    println!("outcomes delivered: {delivered}, good: {good}");
    println!(
        "calls: {}, of them {during} while the server was down, {later} after its first second",
        calls.len()
    );
    println!("most calls in a bucket of 100 ms: {} (rate: {})", most_in_a_bucket(&calls), RATE / 10);
    println!("most calls in any second: {}", most_within(&calls, Duration::from_secs(1)));
    let backlog = f64::from(OPERATIONS) / f64::from(RATE);
    println!(
        "latest outcome: {latest:.1?} after the end of the outage; the backlog needs {backlog:.1} s at that rate"
    );
    println!("{}", fleet.metrics());
    Ok(())
}

/// Returns when an operation is done: some before the outage, some during it and some after it.
fn done_at(number: u32) -> Duration {
    Duration::from_secs(600) + Duration::from_millis(u64::from(number) * 200_000 / u64::from(OPERATIONS))
}

fn most_in_a_bucket(calls: &[Duration]) -> usize {
    let buckets = calls.chunk_by(|one, other| one.as_millis() / 100 == other.as_millis() / 100);
    buckets.map(<[_]>::len).max().unwrap_or(0)
}

fn most_within(calls: &[Duration], window: Duration) -> usize {
    let mut first = 0;
    let within = calls.iter().enumerate().map(|(last, at)| {
        first += calls[first..].iter().take_while(|from| **from + window <= *at).count();
        last - first + 1
    });
    within.max().unwrap_or(0)
}

const OPERATIONS: u32 = 100_000;
const RATE: u32 = 4_000;
const DOWN: Duration = Duration::from_secs(630);
const UP: Duration = Duration::from_secs(690);
