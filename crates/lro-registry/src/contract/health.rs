use tokio::time::{Instant, sleep};

use super::{
    Fault, Verdict,
    fixture::{Fixture, LONG, ROUNDING, SHORT, all_stored, entry, numbered, other_service, service},
};
use crate::store::{Entry, Health, ServiceHealth};

// g25
pub(super) async fn overdue_services_are_reported(fixture: &Fixture) -> Verdict {
    let empty = fixture.store.health().await?;
    let empty = Health { details: Vec::new(), ..empty };
    ensure_eq!(empty, Health::default(), "the health of an empty store");
    fixture.claimed("claimed").await?;
    fixture.register(&[Entry { delay: LONG, ..entry("later") }]).await?;
    let since = Instant::now();
    fixture.register(&[Entry { service: other_service(), ..entry("nobody claims it") }]).await?;
    sleep(SHORT).await;
    let health = fixture.store.health().await?;
    let longest = since.elapsed();
    let mut services = health.services;
    services.sort_by_key(|it| it.service != service());
    let [served, ServiceHealth { service: other, overdue: Some(overdue) }] = &services[..] else {
        return Err(Fault::Broken(format!(
            "the health of two services, one of them overdue, is {services:?}"
        )));
    };
    ensure_eq!((&served.service, served.overdue), (&service(), None), "the health of a service in time");
    ensure_eq!(*other, other_service(), "the service that nobody claims");
    let waits = *overdue + ROUNDING >= SHORT && *overdue <= longest + ROUNDING;
    ensure!(waits, "a record is overdue for {overdue:?}, not between {SHORT:?} and {longest:?}");
    Ok(())
}

// g05 g23
pub(super) async fn attention_is_counted(fixture: &Fixture) -> Verdict {
    fixture.set_aside("aside", 1).await?;
    let since = Instant::now();
    fixture.finish_all(&numbered("key", 5)).await?;
    sleep(SHORT).await;
    let health = fixture.store.health().await?;
    let longest = since.elapsed() + ROUNDING;
    ensure_eq!((health.set_aside, health.undelivered), (1, 5), "what is set aside and not delivered");
    let due = health.undelivered_for;
    let waits = due.is_some_and(|due| due + ROUNDING >= SHORT && due <= longest);
    ensure!(waits, "the oldest outcome waits for {due:?}, not between {SHORT:?} and {longest:?}");
    let fences: Vec<_> = fixture.deliver(5).await?.into_iter().map(|outcome| outcome.fence).collect();
    let health = fixture.store.health().await?;
    ensure_eq!((health.undelivered, health.undelivered_for), (5, None), "outcomes that are being handled");
    all_stored(&fixture.store.acknowledge(&fences).await?)?;
    fixture.store.take_back(&["aside".to_owned()]).await?;
    let health = fixture.store.health().await?;
    ensure_eq!((health.set_aside, health.undelivered), (0, 0), "what is set aside and not delivered");
    ensure_eq!(health.services.len(), 1, "the services with pending records");
    Ok(())
}
