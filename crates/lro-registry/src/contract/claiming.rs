use std::{collections::HashSet, time::Duration};

use futures::future::try_join_all;
use lro::Service;
use tokio::time::{Instant, sleep};

use super::{
    Fault, Verdict,
    fixture::{
        Fixture, LONG, SHORT, all_stored, claim, complete, entry, give_back, keys, numbered, other_service,
        reschedule, service,
    },
};
use crate::store::{ClaimRequest, Claimed, Entry, GiveBack, Reschedule};

pub(super) async fn claims_have_the_record(fixture: &Fixture) -> Verdict {
    let entry = Entry { deadline: Some(LONG), started: true, ..entry("key") };
    let since = Instant::now();
    fixture.register(std::slice::from_ref(&entry)).await?;
    let claimed = Instant::now();
    let record = fixture.claim_one("key", LONG).await?;
    fixture.ensure_due("key", LONG, claimed).await?;
    ensure_eq!((Some(&record.name), &*record.kind), (entry.name.as_ref(), "kind"), "the name and the kind");
    ensure_eq!((record.deadline, record.started), (Some(LONG), true), "the deadline and the start");
    ensure_eq!((record.cancel, record.claims, record.fence.epoch), (false, 1, 1), "the first claim");
    ensure_eq!((&record.state, &*record.cursor), (&entry.state, &b""[..]), "the state before the first poll");
    let stored = fixture.get("key").await?;
    ensure_eq!((stored.is_claimed, stored.claims, stored.epoch), (true, 1, 1), "a claimed record");

    let write =
        Reschedule { delay: Duration::ZERO, error: Some("an error".to_owned()), ..reschedule(record.fence) };
    fixture.reschedule(write).await?;
    let stored = fixture.get("key").await?;
    ensure_eq!((stored.is_claimed, stored.claims), (false, 0), "the claim after a reschedule");
    ensure_eq!(stored.error.as_deref(), Some("an error"), "the error of a reschedule");
    let record = fixture.claim_one("key", LONG).await?;
    ensure_eq!((&*record.state, &*record.cursor), (&b"state"[..], &b"cursor"[..]), "what was rescheduled");
    ensure_eq!((Some(record.name), record.fence.epoch), (entry.name, 2), "the name and the epoch");
    ensure!(record.age <= since.elapsed() + Duration::from_secs(1), "the age is {:?}", record.age);
    fixture.reschedule(reschedule(record.fence)).await?;
    ensure_eq!(
        fixture.get("key").await?.error.as_deref(),
        Some("an error"),
        "the error after one without it"
    );
    Ok(())
}

pub(super) async fn only_due_records_are_claimed(fixture: &Fixture) -> Verdict {
    fixture.finished("finished").await?;
    fixture.acknowledged_beside("acknowledged").await?;
    fixture.register(&[Entry { delay: LONG, ..entry("later") }]).await?;
    let claimed = fixture.claim(10).await?;
    ensure_eq!(keys(&claimed.records), [] as [&str; 0], "the claims of what is not due");
    let since = Instant::now();
    fixture.register(&[Entry { delay: SHORT, ..entry("soon") }]).await?;
    fixture.claim_next("soon", LONG).await?;
    ensure!(since.elapsed() >= SHORT, "a record is claimed after {:?}, before it is due", since.elapsed());
    Ok(())
}

pub(super) async fn oldest_due_first(fixture: &Fixture) -> Verdict {
    let delays = [("b", 60), ("d", 90), ("a", 30), ("c", 0)];
    let delayed = |(key, delay)| Entry { delay: Duration::from_millis(delay), ..entry(key) };
    fixture.register(&delays.map(delayed)).await?;
    sleep(SHORT).await;
    for key in ["c", "a", "b", "d"] {
        let claimed = fixture.claim(1).await?;
        ensure_eq!(keys(&claimed.records), [key], "the record that has been due for the longest time");
    }
    Ok(())
}

// g18
pub(super) async fn rescheduled_records_go_behind(fixture: &Fixture) -> Verdict {
    let all = numbered("key", 30);
    fixture.register_keys(&all).await?;
    let mut seen = HashSet::new();
    for round in 0..3 {
        let claimed = fixture.claim(10).await?;
        ensure_eq!(claimed.records.len(), 10, "the records of a claim");
        seen.extend(claimed.records.iter().map(|record| record.fence.key.clone()));
        sleep(Duration::from_millis(2)).await;
        let fences = claimed.records.into_iter().map(|record| record.fence);
        if round % 2 == 0 {
            let again = |fence| Reschedule { delay: Duration::ZERO, ..reschedule(fence) };
            fixture.store.reschedule(&fences.map(again).collect::<Vec<_>>()).await?;
        } else {
            let again = |fence| GiveBack { delay: Duration::ZERO, counts: true, ..give_back(fence) };
            fixture.store.give_back(&fences.map(again).collect::<Vec<_>>()).await?;
        }
    }
    ensure_eq!(seen.len(), all.len(), "the records that three claims of a third have had");
    Ok(())
}

// g08
pub(super) async fn simultaneous_claims_share_the_records(fixture: &Fixture) -> Verdict {
    let all = numbered("key", 200);
    fixture.register_keys(&all).await?;
    let handles = fixture.handles(6).await?;
    let workers = handles.iter().map(async |store| {
        let mut mine = Vec::new();
        loop {
            let claimed = store.claim(&claim(7)).await?;
            ensure!(claimed.records.len() <= 7, "a claim of 7 has {} records", claimed.records.len());
            if claimed.records.is_empty() {
                return Ok::<_, Fault>(mine);
            }
            mine.extend(claimed.records.into_iter().map(|record| record.fence));
        }
    });
    let claimed = try_join_all(workers).await?.concat();
    let keys: HashSet<_> = claimed.iter().map(|fence| fence.key.clone()).collect();
    ensure_eq!(claimed.len(), keys.len(), "the claims of different records");
    // A worker may have seen nothing because the last records were locked by another.
    let rest = fixture.claim(all.len()).await?.records.len();
    ensure_eq!(keys.len() + rest, all.len(), "the records that all workers have claimed");
    Ok(())
}

// g06
pub(super) async fn leases_end_on_time(fixture: &Fixture) -> Verdict {
    fixture.register(&[entry("key")]).await?;
    let [other] = &fixture.handles(1).await?[..] else { return Ok(()) };
    let mut epoch = 0;
    for _ in 0..3 {
        let since = Instant::now();
        let fence = fixture.claim_next("key", SHORT).await?.fence;
        ensure!(fence.epoch > epoch, "the epoch of a claim is {}, after {epoch}", fence.epoch);
        epoch = fence.epoch;
        fixture.ensure_due("key", SHORT, since).await?;
        let rival = ClaimRequest { lease: Duration::from_millis(1), ..claim(10) };
        let is_taken = !other.claim(&rival).await?.records.is_empty();
        ensure!(
            !is_taken || since.elapsed() >= SHORT,
            "a record is claimed during the lease of another claim"
        );
        sleep(SHORT).await;
    }
    Ok(())
}

// g25
pub(super) async fn services_and_versions_are_apart(fixture: &Fixture) -> Verdict {
    let newer = Service::new("contract.example", "v2");
    let services = [("a", service()), ("b", newer.clone()), ("c", other_service())];
    fixture.register(&services.clone().map(|(key, service)| Entry { service, ..entry(key) })).await?;
    let unknown = ClaimRequest { service: Service::new("v1", "contract.example"), ..claim(10) };
    ensure_eq!(fixture.store.claim(&unknown).await?, Claimed::default(), "the claim of an unknown service");
    for (key, service) in services {
        let claimed = fixture.store.claim(&ClaimRequest { service: service.clone(), ..claim(10) }).await?;
        ensure_eq!(keys(&claimed.records), [key], "the records of {service:?}");
        ensure_eq!(fixture.get(key).await?.claims, 1, "the claims of {key}");
    }
    Ok(())
}

pub(super) async fn next_due_is_reported(fixture: &Fixture) -> Verdict {
    let within = |next: Option<Duration>, longest: Duration, since: Instant| match next {
        Some(next) => next <= longest && next + since.elapsed() + Duration::from_millis(5) >= longest,
        None => false,
    };
    ensure_eq!(fixture.claim(1).await?, Claimed::default(), "the claim on an empty store");
    let since = Instant::now();
    let other = Entry { service: other_service(), ..entry("other") };
    fixture.register(&[Entry { delay: LONG, ..entry("later") }, other]).await?;
    let next = fixture.claim(1).await?.next_due;
    ensure!(within(next, LONG, since), "the only record is due after {LONG:?}, not {next:?}");
    fixture.register_keys(&["a", "b"]).await?;
    let next = fixture.claim(1).await?.next_due;
    ensure_eq!(next, Some(Duration::ZERO), "the next due time while a record is due");
    let (since, lease) = (Instant::now(), LONG / 2);
    let claimed = fixture.store.claim(&ClaimRequest { lease, ..claim(10) }).await?;
    ensure_eq!(claimed.records.len(), 1, "the claims of one record");
    let next = claimed.next_due;
    ensure!(within(next, lease, since), "the next lease ends after {lease:?}, not {next:?}");
    Ok(())
}

pub(super) async fn claims_are_given_back(fixture: &Fixture) -> Verdict {
    let mut fence = fixture.claimed("key").await?.fence;
    for (counts, error, claims) in [(true, Some("first"), 1), (false, None, 1), (true, Some("third"), 2)] {
        let since = Instant::now();
        let error = error.map(str::to_owned);
        fixture.give_back(GiveBack { fence, delay: SHORT, counts, error }).await?;
        fixture.ensure_due("key", SHORT, since).await?;
        let record = fixture.get("key").await?;
        ensure_eq!((record.claims, record.is_claimed), (claims, false), "the claims after a give_back");
        let error = if claims == 1 { "first" } else { "third" };
        ensure_eq!(record.error.as_deref(), Some(error), "the error after a give_back");
        fence = fixture.claim_next("key", LONG).await?.fence;
    }
    let now = GiveBack { delay: Duration::ZERO, ..give_back(fence) };
    fixture.give_back(now).await?;
    let again = fixture.claim_one("key", LONG).await?;
    fixture.complete(complete(again.fence)).await
}

impl Fixture {
    /// Registers, completes and acknowledges a record while another outcome is due.
    async fn acknowledged_beside(&self, key: &str) -> Verdict {
        self.finished(key).await?;
        let delivered = self.deliver(10).await?;
        let fences: Vec<_> = delivered.into_iter().map(|it| it.fence).filter(|it| it.key == key).collect();
        ensure_eq!(fences.len(), 1, "the deliveries of {key}");
        all_stored(&self.store.acknowledge(&fences).await?)
    }
}
