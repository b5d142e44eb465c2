use std::time::Duration;

use lro::Service;
use tokio::time::sleep;

use super::{
    Fault, Verdict,
    fixture::{Fixture, LONG, SHORT, claim, entry, numbered, other_service, reschedule, service},
};
use crate::{
    RecordState,
    store::{
        Bucket, BucketLevel, ClaimId, ClaimRequest, Count, CountRequest, Counts, Entry, Intent, KindCounts,
        Reschedule,
    },
};

// g29
pub(super) async fn records_are_counted(fixture: &Fixture) -> Verdict {
    let empty = fixture.store.counts(&CountRequest::default()).await?;
    ensure_eq!(empty, Counts::default(), "the counts of an empty store");
    fixture.set_aside("aside", 1).await?;
    fixture.acknowledged("acknowledged").await?;
    fixture.finish_all(&numbered("finished", 4)).await?;
    let fence = fixture.claimed("failing").await?.fence;
    fixture.reschedule(Reschedule { failures: 2, ..reschedule(fence) }).await?;
    let intent = Some(Intent { claim: ClaimId::random(), lease: LONG });
    let later = Entry { delay: LONG, kind: "later".to_owned(), ..entry("later") };
    let other = Entry { service: other_service(), ..entry("other") };
    fixture.register(&[later, entry("due"), other, Entry { name: None, intent, ..entry("intent") }]).await?;
    sleep(SHORT).await;
    let counts = fixture.store.counts(&CountRequest::default()).await?;
    let states = [
        (RecordState::Intent, exactly(1)),
        (RecordState::Pending, exactly(4)),
        (RecordState::SetAside, exactly(1)),
        (RecordState::Finished, exactly(4)),
        (RecordState::Acknowledged, exactly(1)),
    ];
    ensure_eq!(counts.states, states, "the counts of the states");
    let mut expected = [(service(), 3, 1), (other_service(), 1, 1)];
    expected.sort_by_key(|(service, ..)| (service.key().to_owned(), service.version().to_owned()));
    let expected = expected.map(|(service, pending, due)| (service, exactly(pending), exactly(due)));
    let services: Vec<_> =
        counts.services.iter().map(|it| (it.service.clone(), it.pending, it.overdue)).collect();
    ensure_eq!(services, expected, "the counts of the services");
    let Some(of) = counts.services.into_iter().find(|it| it.service == service()) else {
        return Err(Fault::Broken("the service is not counted".to_owned()));
    };
    ensure!(of.kinds.iter().all(|it| it.oldest >= SHORT / 2), "the oldest of {:?}", of.kinds);
    let kinds: Vec<_> = of.kinds.into_iter().map(|it| KindCounts { oldest: Duration::ZERO, ..it }).collect();
    let of = |kind: &str, pending, overdue, failing| KindCounts {
        kind: kind.to_owned(),
        pending,
        overdue,
        failing,
        oldest: Duration::ZERO,
    };
    ensure_eq!(kinds, [of("kind", 2, 1, 1), of("later", 1, 0, 0)], "the counts of the kinds");
    Ok(())
}

// g29
pub(super) async fn counts_are_cut(fixture: &Fixture) -> Verdict {
    let kind = |index: usize| ["a", "b", "b", "c", "c", "c"][index % 6].to_owned();
    let keys = numbered("key", 30);
    let entries: Vec<_> =
        keys.iter().enumerate().map(|(i, key)| Entry { kind: kind(i), ..entry(key) }).collect();
    fixture.register(&entries).await?;
    let exact = CountRequest { most: 30, most_read: 30, most_groups: 3 };
    let counts = fixture.store.counts(&exact).await?;
    ensure_eq!(counts.states, [(RecordState::Pending, exactly(30))], "as many as the limit");
    let [of] = &counts.services[..] else {
        return Err(Fault::Broken(format!("the services are {:?}", counts.services)));
    };
    let kinds: Vec<_> = of.kinds.iter().map(|it| (&*it.kind, it.pending)).collect();
    ensure_eq!(kinds, [("c", 15), ("b", 10), ("a", 5)], "the kinds, the largest first");
    let others =
        ["x", "y", "z"].map(|version| Entry { service: Service::new("cut", version), ..entry(version) });
    fixture.register(&others).await?;
    let cut = CountRequest { most: 20, most_read: 10, most_groups: 2 };
    let counts = fixture.store.counts(&cut).await?;
    ensure_eq!(
        counts.states,
        [(RecordState::Pending, Count { number: 20, is_cut: true })],
        "a count that is cut"
    );
    ensure_eq!(counts.services.len(), 2, "the services up to the limit");
    for of in counts.services {
        let is_cut = of.service == service();
        let number = if is_cut { 10 } else { 1 };
        ensure_eq!((of.pending, of.overdue), (Count { number, is_cut }, of.pending), "a share of the limit");
        ensure!(of.kinds.len() <= 2, "the kinds up to the limit: {:?}", of.kinds);
        let read: u64 = of.kinds.iter().map(|it| it.pending).sum();
        ensure!((1..=5).contains(&read), "{read} records are read, not a share of 10");
    }
    Ok(())
}

// g17 g29
pub(super) async fn bucket_levels_are_reported(fixture: &Fixture) -> Verdict {
    fixture.register_keys(&numbered("key", 3)).await?;
    for (quota, most) in [("b", 1), ("a", 0)] {
        let bucket = Some(Bucket { quota: quota.to_owned(), capacity: 1.0, refill: 0.0 });
        fixture.store.claim(&ClaimRequest { bucket, ..claim(most) }).await?;
    }
    sleep(SHORT).await;
    let levels = fixture.store.counts(&CountRequest::default()).await?.buckets;
    ensure!(levels.iter().all(|it| it.age >= SHORT / 2), "the ages of the levels {levels:?}");
    let level = |quota: &str, tokens| BucketLevel { quota: quota.to_owned(), tokens, age: Duration::ZERO };
    let levels: Vec<_> = levels.into_iter().map(|it| BucketLevel { age: Duration::ZERO, ..it }).collect();
    ensure_eq!(levels, [level("a", 1.0), level("b", 0.0)], "the levels of the buckets");
    let one = CountRequest { most_groups: 1, ..CountRequest::default() };
    let levels = fixture.store.counts(&one).await?.buckets;
    ensure_eq!(levels.len(), 1, "the buckets up to the limit");
    Ok(())
}

fn exactly(number: u64) -> Count {
    Count { number, is_cut: false }
}
