//! A process that a scenario kills. Its settings are variables of the environment.

use std::{collections::BTreeSet, env, future::pending, str::FromStr, sync::Arc, time::Duration};

use futures::future::{join_all, try_join3};
use lro::{Operation, OperationName, Pacing, Status};
use lro_http::Call;
use lro_registry::{Quota, Rate, Registration, Registry, StartRequest, Started, Worker};
use tokio::{sync::Semaphore, time::sleep};

use crate::{
    Fault,
    journal::{Event, Journal},
    process::end_with_parent,
    server::name_of,
    stores::open,
    transport::{Stamped, Stamping, service},
};

/// The roles of the child, separated by commas: `register`, `work`, `deliver`, `start`.
pub const ROLES: &str = "CRASH_ROLES";
/// The URL of the store.
pub const STORE: &str = "CRASH_STORE";
/// The URL of the server.
pub const ENDPOINT: &str = "CRASH_ENDPOINT";
/// The path of the journal.
pub const JOURNAL: &str = "CRASH_JOURNAL";
/// The number of operations to register or to start.
pub const OPERATIONS: &str = "CRASH_OPERATIONS";
/// The pause between two batches of registrations, in milliseconds.
pub const PAUSE: &str = "CRASH_PAUSE";
/// The lease, in milliseconds.
pub const LEASE: &str = "CRASH_LEASE";
/// The number of claims without a result after which a record is set aside. Default: 5.
pub const CLAIMS: &str = "CRASH_CLAIMS";
/// The time after which an intent is unresolved, in milliseconds.
pub const START_LEASE: &str = "CRASH_START_LEASE";
/// The delay between two polls of an operation, in milliseconds.
pub const DELAY: &str = "CRASH_DELAY";
/// The most polls in a second of all workers. No limit if it is absent.
pub const RATE: &str = "CRASH_RATE";
/// The time between a reply and the return of the call, in milliseconds.
pub const LATENCY: &str = "CRASH_LATENCY";
/// The name of the operation whose poll aborts the process.
pub const POISON: &str = "CRASH_POISON";

/// Runs the child until its roles have ended. A worker and a consumer end with the process only.
///
/// # Errors
///
/// Invalid settings, and faults of the store that the registry does not retry.
pub async fn run() -> Result<(), Fault> {
    end_with_parent();
    let roles: String = required(ROLES)?;
    let has = |role: &str| roles.split(',').any(|one| one == role);
    let registry = patiently(|| async { open(&required::<String>(STORE)?).await }).await?;
    let journal = Arc::new(Journal::open(required::<String>(JOURNAL)?)?);
    if has("start") {
        start(&registry, &journal).await?;
    }
    let works = async { if has("work") { work(&registry).await } else { Ok(()) } };
    let delivers = async { if has("deliver") { deliver(&registry, &journal).await } else { Ok(()) } };
    let registers = async { if has("register") { register(&registry, &journal).await } else { Ok(()) } };
    try_join3(works, delivers, registers).await.map(drop)
}

/// Registers the operations that the journal does not have. One that was stored, and not written to the journal, is registered again.
async fn register(registry: &Registry, journal: &Journal) -> Result<(), Fault> {
    let operations: u32 = required(OPERATIONS)?;
    let lines = journal.lines()?;
    let done: BTreeSet<&str> =
        lines.iter().filter(|line| line.event == Event::Registered).map(|line| &*line.key).collect();
    // The first batch repeats the last one of the child before.
    let mut next = (done.len() as u32).saturating_sub(BATCH) / BATCH * BATCH;
    while next < operations {
        let names: Vec<String> = (next..operations.min(next + BATCH)).map(name_of).collect();
        let registrations = names.iter().map(|name| {
            Ok(Registration::new(&service(), OperationName::parse(name)?)
                .key(name)
                .kind("job")
                .tag(name.as_str()))
        });
        let registrations = registrations.collect::<Result<Vec<_>, Status>>()?;
        patiently(|| async {
            for receipt in registry.register_all(registrations.clone()).await? {
                receipt?;
            }
            Ok(())
        })
        .await?;
        journal.append(Event::Registered, names.iter().map(|name| (name.as_str(), "")))?;
        next += BATCH;
        sleep(millis(PAUSE)).await;
    }
    Ok(())
}

async fn work(registry: &Registry) -> Result<(), Fault> {
    let transport = transport()?;
    let builder = match setting(RATE) {
        Some(rate) => {
            let quota = Quota::new(service().key(), Rate::per_second(rate));
            Worker::builder(registry).serve_under(quota, transport)
        }
        None => Worker::builder(registry).serve(transport),
    };
    let builder = builder
        .pacing(Pacing::fixed(millis(DELAY)))
        .most_claims(setting(CLAIMS).unwrap_or(5))
        .lease(millis(LEASE))
        .attempt_timeout(millis(LEASE).saturating_sub(SLACK));
    let _worker = builder.start().await?;
    pending().await
}

/// Writes each outcome to the journal, then acknowledges it.
async fn deliver(registry: &Registry, journal: &Journal) -> Result<(), Fault> {
    let mut deliveries = registry.deliveries().lease(DELIVERY_LEASE).batch(10);
    while let Some(delivery) = deliveries.next().await {
        let outcome = match delivery.decode::<Stamped>() {
            Ok(stamped) => format!("{} {:016x}", stamped.number, stamped.stamp),
            Err(status) => format!("{status}").replace(['\t', '\n'], " "),
        };
        let tag = String::from_utf8_lossy(delivery.tag()).into_owned();
        let outcome = if tag == delivery.key() { outcome } else { format!("the tag is {tag}") };
        journal.append(Event::Delivered, [(delivery.key(), &*outcome)])?;
        // A fault ends in a second delivery, which is counted.
        let _ = delivery.acknowledge().await;
    }
    Ok(())
}

/// Starts operations whose calls return, and aborts before the names are stored. Keys that exist are written to the journal.
async fn start(registry: &Registry, journal: &Arc<Journal>) -> Result<(), Fault> {
    let operations: u32 = required(OPERATIONS)?;
    let (transport, made) = (&transport()?, &Semaphore::new(0));
    let starts = (0..operations).map(|operation| async move {
        let key = name_of(operation);
        let request = StartRequest::new(&service(), &key, "fingerprint")
            .lease(millis(START_LEASE))
            .kind("job")
            .tag(&*key);
        let call = || async {
            transport.client().send::<serde_json::Value>(Call::post("v1", "jobs", "").body(&key)?).await?;
            journal
                .append(Event::Started, [(&*key, "")])
                .map_err(|fault| Status::unavailable(fault.to_string()))?;
            made.add_permits(1);
            pending::<Result<Operation, Status>>().await
        };
        if let Started::Unresolved(_) = registry.start(request, call).await? {
            journal.append(Event::Existed, [(&*key, "")])?;
        }
        Ok::<(), Fault>(())
    });
    tokio::select! {
        ended = join_all(starts) => ended.into_iter().collect(),
        _ = made.acquire_many(operations) => std::process::abort(),
    }
}

fn transport() -> Result<Stamping, Fault> {
    Ok(Stamping::new(&required::<String>(ENDPOINT)?, millis(LATENCY), setting(POISON))?)
}

/// Repeats a call that fails because the database is away.
async fn patiently<T, F: Future<Output = Result<T, Fault>>>(attempt: impl Fn() -> F) -> Result<T, Fault> {
    for _ in 0..ATTEMPTS {
        if let Ok(done) = attempt().await {
            return Ok(done);
        }
        sleep(Duration::from_millis(100)).await;
    }
    attempt().await
}

fn setting<T: FromStr>(name: &str) -> Option<T> {
    env::var(name).ok()?.parse().ok()
}

fn required<T: FromStr>(name: &str) -> Result<T, Fault> {
    setting(name).ok_or_else(|| format!("{name} is missing or malformed").into())
}

/// Reads a variable in milliseconds. Zero if it is absent.
fn millis(name: &str) -> Duration {
    Duration::from_millis(setting(name).unwrap_or(0))
}

/// The registrations in a transaction.
const BATCH: u32 = 10;
/// A consumer handles an outcome in a millisecond. The outcomes of one that was killed come again after this time.
const DELIVERY_LEASE: Duration = Duration::from_secs(2);
/// The time by which a lease is longer than a call.
const SLACK: Duration = Duration::from_secs(5);
/// The attempts of a minute.
const ATTEMPTS: u32 = 600;
