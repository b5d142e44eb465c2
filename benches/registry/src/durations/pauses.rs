//! g12: workers that are stopped at random moments, while others of the same database go on.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures::future::try_join_all;
use lro::{OperationName, Status};
use lro_registry::Registration;
use lro_testkit::postgres::Postgres;
use tokio::time::sleep;

use super::{
    Row, Scale,
    sessions::{Waits, session},
};
use crate::{
    Fault,
    child::{CLAIMS, DELAY, RATE, ROLES},
    process::Process,
    scenario::Scene,
    server::name_of,
    stores::Database,
    transport::service,
};

/// The polls of a group of workers.
#[derive(Clone, Copy, Debug)]
struct Polls {
    stops: u32,
    /// The polls in a second while all of them worked.
    before: f64,
    /// The polls in a second while one was stopped.
    during: f64,
}

/// Runs the case: several groups side by side, each with a server of its own.
///
/// # Errors
///
/// A process that does not start.
pub async fn run(scale: Scale, program: &Path) -> Result<Row, Fault> {
    let mut groups = Vec::new();
    for _ in 0..groups_of(scale) {
        let Some(postgres) = Postgres::start() else { return Ok(Row::skipped(CASE, REQUIRED)) };
        let config = postgres.database();
        groups.push((
            Scene::new(program, Database::Postgres { server: postgres, config: config.clone() }).await?,
            config,
        ));
    }
    let ended = Arc::new(AtomicBool::new(false));
    let watched = groups.iter().map(|(_, config)| tokio::spawn(watch(config.clone(), Arc::clone(&ended))));
    let watched: Vec<_> = watched.collect();
    let all = try_join_all(groups.iter().map(|(scene, _)| stop_and_go(scene, scale))).await;
    ended.store(true, Relaxed);
    let (all, mut waits, mut looks) = (all?, Waits::default(), 0);
    for group in try_join_all(watched).await? {
        let (longest, number) = group?;
        waits = waits.max(longest);
        looks += number;
    }
    let before: f64 = all.iter().map(|polls| polls.before).sum();
    let during: f64 = all.iter().map(|polls| polls.during).sum();
    let stops: u32 = all.iter().map(|polls| polls.stops).sum();
    let measured = format!(
        "{stops} stops of {:?}, {looks} looks: idle in a transaction {:.0?}, lock wait {:.0?}, transaction {:.0?}; \
         {before:.0} polls/s before, {during:.0} during",
        pause(scale),
        waits.idle,
        waits.lock,
        waits.transaction
    );
    let longest = waits.idle.max(waits.lock);
    Ok(Row::new(CASE, REQUIRED, measured, longest <= HELD, longest <= LIMIT && during >= 0.9 * before))
}

async fn stop_and_go(scene: &Scene, scale: Scale) -> Result<Polls, Fault> {
    for operation in 0..OPERATIONS {
        scene.server.run(operation, Duration::MAX)?;
    }
    let registrations = (0..OPERATIONS).map(|operation| {
        Ok(Registration::new(&service(), OperationName::parse(&name_of(operation))?).kind("job"))
    });
    scene.registry.register_all(registrations.collect::<Result<Vec<_>, Status>>()?).await?;
    // A record that was claimed by stopped workers several times in a row is not set aside.
    let plan =
        scene.plan().with(ROLES, "work").with(DELAY, DELAY_MILLIS).with(RATE, MOST_POLLS).with(CLAIMS, 1_000);
    let mut workers = (0..WORKERS).map(|_| plan.start()).collect::<Result<Vec<_>, _>>()?;
    while scene.server.polls() < 2 * OPERATIONS as usize {
        sleep(MOMENT).await;
    }
    let calm = scale.time(CALM).max(SHORTEST_CALM);
    let before = polls(scene, sleep(calm)).await;
    let (mut polled, mut time, stops) = (0.0, 0.0, scale.number(STOPS).div_ceil(groups_of(scale)));
    for _ in 0..stops {
        sleep(MOMENT.mul_f64(10.0 * fastrand::f64())).await;
        let Some(victim) = fastrand::choice(&mut workers) else { continue };
        let begun = Instant::now();
        let rate = stop(scene, victim, pause(scale)).await?;
        let seconds = begun.elapsed().as_secs_f64();
        polled += rate * seconds;
        time += seconds;
    }
    Ok(Polls { stops, before, during: polled / time })
}

/// Stops a process for a time. Returns the polls in a second of the others.
async fn stop(scene: &Scene, victim: &Process, time: Duration) -> Result<f64, Fault> {
    victim.signal("STOP")?;
    let rate = polls(scene, sleep(time)).await;
    victim.signal("CONT")?;
    Ok(rate)
}

/// Returns the polls in a second while a future runs.
async fn polls(scene: &Scene, time: impl Future<Output = ()>) -> f64 {
    let (begun, before) = (Instant::now(), scene.server.polls());
    time.await;
    (scene.server.polls() - before) as f64 / begun.elapsed().as_secs_f64()
}

/// Looks at the sessions of a server until the end. Returns the longest waits and the number of looks.
async fn watch(config: String, ended: Arc<AtomicBool>) -> Result<(Waits, u32), Fault> {
    let client = session(&config).await?;
    let (mut longest, mut looks) = (Waits::default(), 0);
    while !ended.load(Relaxed) {
        longest = longest.max(Waits::of(&client).await?);
        looks += 1;
        sleep(LOOK).await;
    }
    Ok((longest, looks))
}

/// Returns how many groups work side by side.
fn groups_of(scale: Scale) -> u32 {
    scale.number(STOPS).min(GROUPS)
}

fn pause(scale: Scale) -> Duration {
    scale.time(PAUSE * 10).clamp(SHORTEST, PAUSE)
}

const CASE: &str = "g12";
const REQUIRED: &str = "1 of 4 workers stopped 200 times for 10 s: no session idle in a transaction and no lock wait for more than 1 s, \
    0.9 of the polls";
const STOPS: u32 = 200;
/// The time for which a worker is stopped, longer than a lease.
const PAUSE: Duration = Duration::from_secs(10);
/// The shortest stop.
const SHORTEST: Duration = Duration::from_secs(5);
/// The time at the begin in which all workers work.
const CALM: Duration = Duration::from_secs(30);
const SHORTEST_CALM: Duration = Duration::from_secs(1);
const GROUPS: u32 = 4;
const WORKERS: u32 = 4;
const OPERATIONS: u32 = 60;
const DELAY_MILLIS: u64 = 1_000;
/// The quota of a group in polls a second. More are not due, so that it limits nothing, and all workers lock its row.
const MOST_POLLS: u32 = 1_000;
/// The longest wait on a machine that is not busy.
const LIMIT: Duration = Duration::from_secs(1);
/// Less than a stop: a session that waits for longer waits for the stopped worker.
const HELD: Duration = Duration::from_secs(4);
/// The time between two looks at the sessions.
const LOOK: Duration = Duration::from_millis(100);
const MOMENT: Duration = Duration::from_millis(50);
