//! g04: the primary server is killed, and a standby that lacks the last commits is promoted.

mod evidence;
mod zombie;

use std::{
    path::Path,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use lro_registry::RecordState;
use lro_testkit::postgres::Postgres;
use tokio::time::sleep;

use self::{
    evidence::{Evidence, records},
    zombie::Zombie,
};
use super::{
    Row, Scale,
    sessions::{session, value},
};
use crate::{
    Fault,
    child::{CLAIMS, LATENCY, OPERATIONS, PAUSE, ROLES},
    forwarder::Forwarder,
    journal::Event,
    process::Process,
    scenario::Scene,
    stores::{Database, open},
};

/// The servers, and the forwarders to them.
#[derive(Debug)]
struct Servers {
    standby: Postgres,
    /// The address of the database, for workers.
    address: Forwarder,
    /// The address of the primary server, for the standby.
    stream: Forwarder,
}

/// Runs the case.
///
/// # Errors
///
/// A process that does not start, and records that are not acknowledged two minutes after the promotion.
pub async fn run(scale: Scale, program: &Path) -> Result<Row, Fault> {
    let Some(primary) = Postgres::start() else { return Ok(Row::skipped(CASE, REQUIRED)) };
    let (address, stream) =
        (Forwarder::start(primary.port()).await?, Forwarder::start(primary.port()).await?);
    let standby = primary.standby(stream.port(), &["fsync=off"]);
    let direct = primary.database();
    let config = at_port(&direct, primary.port(), address.port());
    let scene = Scene::new(program, Database::Postgres { server: primary, config: config.clone() }).await?;
    let servers = Servers { standby, address, stream };
    let (operations, time) = (scale.number(FULL_OPERATIONS), scale.time(FULL));
    for operation in 0..operations {
        // Counted in polls, so that a slow machine has as much to do at each moment as a fast one.
        let runs_for = time.mul_f64(0.5 * fastrand::f64());
        scene.server.run_for_polls(operation, (runs_for.as_millis() / POLL_MILLIS) as u32)?;
    }
    let mut processes = start(&scene, operations, time)?;
    until_delivered(&scene, operations as usize / 4).await?;
    let copied = servers.cut(&direct).await?;
    let at_the_copy = delivered(&scene)?;
    let mut zombie = Zombie::claim(&config, operations as usize / 10).await?;
    // On a machine that stalled, many were delivered before the copy. Those that the zombie has claimed are not delivered.
    let deliverable = operations as usize - zombie.claims();
    until_delivered(&scene, (at_the_copy + operations as usize / 4).min(deliverable)).await?;
    let (promoted, kept) = servers.fail_over(&scene).await?;
    let end = Instant::now() + LONGEST_TAIL;
    loop {
        zombie.write().await;
        let has_registered = processes[0].ended()?.is_some();
        if has_registered && unfinished(&scene).await == 0 {
            break;
        }
        if Instant::now() > end {
            return Err(format!("{} records are not acknowledged", unfinished(&scene).await).into());
        }
        sleep(Duration::from_millis(20)).await;
    }
    let rest = records(&scene.registry).await?;
    let evidence = Evidence { copied, promoted, kept, rest, lines: scene.journal.lines()? }.counted();
    let counts = evidence.holds() && zombie.holds();
    let shows = evidence.shows_a_lag() && zombie.has_written();
    Ok(Row::new(CASE, REQUIRED, format!("{evidence}; {zombie}"), counts, shows))
}

/// Starts the children: one registers, three work, one works and delivers, one delivers.
fn start(scene: &Scene, operations: u32, time: Duration) -> Result<Vec<Process>, Fault> {
    // They are all registered after three quarters of the time.
    let pause = time.mul_f64(0.75) / (operations / 10).max(1);
    let plan = scene.plan().with(OPERATIONS, operations).with(PAUSE, pause.as_millis());
    let plan = plan.with(LATENCY, LATENCY_MILLIS).with(CLAIMS, 100);
    let start = |roles: &&str| Ok(plan.clone().with(ROLES, roles).start()?);
    ["register", "work", "work", "work", "work,deliver", "deliver"].iter().map(start).collect()
}

/// Waits until this many outcomes were delivered.
async fn until_delivered(scene: &Scene, outcomes: usize) -> Result<(), Fault> {
    let end = Instant::now() + LONGEST_TAIL;
    loop {
        let delivered = delivered(scene)?;
        if delivered >= outcomes {
            return Ok(());
        }
        if Instant::now() > end {
            return Err(format!("{delivered} of {outcomes} outcomes were delivered").into());
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// Returns how many outcomes were delivered.
fn delivered(scene: &Scene) -> Result<usize, Fault> {
    Ok(scene.journal.lines()?.iter().filter(|line| line.event == Event::Delivered).count())
}

/// Returns how many states have records that are not acknowledged.
async fn unfinished(scene: &Scene) -> usize {
    use RecordState::{Finished, Intent, Pending, SetAside};
    let mut states = 0;
    for state in [Intent, Pending, SetAside, Finished] {
        states += usize::from(scene.count(state).await.map_or(true, |count| count > 0));
    }
    states
}

impl Servers {
    /// Ends the replication. Returns the time before which every commit has been copied.
    async fn cut(&self, direct: &str) -> Result<Duration, Fault> {
        let copied = now();
        let primary = session(direct).await?;
        let end = value(&primary, "SELECT pg_current_wal_flush_lsn()").await?;
        let standby = session(&self.standby.config()).await?;
        // It is NULL before the first byte.
        let sql = format!("SELECT coalesce(pg_last_wal_receive_lsn() >= '{end}'::pg_lsn, false)");
        while value(&standby, &sql).await? != "t" {
            sleep(Duration::from_millis(10)).await;
        }
        self.stream.lead_to(None);
        // A connection that is about to be closed may still copy.
        while value(&primary, "SELECT count(*) FROM pg_stat_replication").await? != "0" {
            sleep(Duration::from_millis(10)).await;
        }
        Ok(copied)
    }

    /// Kills the primary server, promotes the standby and leads the workers to it. Returns when, and the records that it has.
    async fn fail_over(&self, scene: &Scene) -> Result<(Duration, evidence::States), Fault> {
        let Database::Postgres { server: primary, config } = &scene.database else {
            return Err("it needs a database that several workers share".into());
        };
        primary.kill();
        // What was delivered before is in the journal once nothing is added to it for a while.
        let mut before = None;
        loop {
            let lines = Some(scene.journal.lines()?.len());
            if lines == before {
                break;
            }
            before = lines;
            sleep(QUIET).await;
        }
        let direct = at_port(config, self.address.port(), self.standby.port());
        if value(&session(&direct).await?, "SELECT pg_promote(true, 60)").await? != "t" {
            return Err("the standby was not promoted".into());
        }
        let kept = records(&open(&format!("postgres:{direct}")).await?).await?;
        let promoted = now();
        self.address.lead_to(Some(self.standby.port()));
        Ok((promoted, kept))
    }
}

fn at_port(config: &str, from: u16, to: u16) -> String {
    config.replace(&format!("port={from}"), &format!("port={to}"))
}

/// Returns the time by the clock of the journal.
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

const CASE: &str = "g04";
const REQUIRED: &str = "failover to a standby that lags: what was registered before the copy is delivered, \
    finished ones that came back too; claims of the lost timeline are fenced";
const FULL: Duration = Duration::from_secs(90);
const FULL_OPERATIONS: u32 = 2_000;
/// The latency of a call. It is long, so that some records are claimed at almost any time.
const LATENCY_MILLIS: u128 = 200;
/// The latency and the delay of a scene.
const POLL_MILLIS: u128 = LATENCY_MILLIS + 300;
/// Far more than the time from the delivery of an outcome to its line in the journal.
const QUIET: Duration = Duration::from_secs(5);
/// Far more than a lease, after which the records that were claimed at the copy are due again.
const LONGEST_TAIL: Duration = Duration::from_secs(120);
