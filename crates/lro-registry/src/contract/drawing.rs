//! Claims at random.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{
    Verdict,
    fixture::{
        Fixture, LONG, ROUNDING, SHORT, all_fenced, all_stored, claim, entry, give_back, numbered,
        other_service, reschedule,
    },
};
use crate::{
    RecordState,
    store::{Bucket, ClaimId, ClaimRequest, ClaimedRecord, Entry, Fence, Reschedule},
};

pub(super) async fn random_claims_reach_both_ends(fixture: &Fixture) -> Verdict {
    let all = numbered("key", 3_000);
    for thousand in all.chunks(1_000) {
        fixture.register_keys(thousand).await?;
        sleep(SHORT / 10).await;
    }
    let (mut oldest, mut newest) = (Vec::new(), Vec::new());
    // Every second claim draws from a window among the oldest, which lies in the oldest third in a quarter of the cases. All of 300
    // claims miss it in one case of 10^17.
    for _ in 0..300 {
        let claimed = fixture.store.claim(&at_random(1)).await?;
        ensure_eq!(claimed.records.len(), 1, "the records of a claim of 1");
        for ClaimedRecord { fence, .. } in claimed.records {
            if fence.key < all[1_000] {
                oldest.push(fence.key.clone());
            } else if fence.key >= all[2_000] {
                newest.push(fence.key.clone());
            }
            fixture.give_back(give_back(fence)).await?;
        }
    }
    ensure!(!oldest.is_empty(), "300 claims at random have none of the oldest third of the due records");
    ensure!(!newest.is_empty(), "300 claims at random have none of the newest third of the due records");
    let is_drawn = oldest.iter().any(|key| *key >= all[200]) && newest.iter().any(|key| *key < all[2_800]);
    ensure!(
        is_drawn,
        "300 claims at random have the very first or last records only: {oldest:?}, {newest:?}"
    );
    Ok(())
}

pub(super) async fn random_claims_are_claims(fixture: &Fixture) -> Verdict {
    let all = numbered("key", 20);
    let since = Instant::now();
    let other = Entry { service: other_service(), ..entry("other") };
    fixture.finished("finished").await?;
    fixture.register(&[Entry { delay: LONG, ..entry("later") }, other]).await?;
    fixture.register_keys(&all).await?;
    let mut fences = Vec::new();
    for expected in [7, 7, 6, 0] {
        let request = at_random(7);
        let claimed = fixture.store.claim(&request).await?;
        ensure_eq!(claimed.records.len(), expected, "the records of a claim of 7 at random");
        ensure!(
            claimed.records.iter().all(|it| it.fence.claim == request.claim),
            "the claim id of a claim at random"
        );
        fences.extend(claimed.records.into_iter().map(|record| record.fence));
        if fences.len() < all.len() {
            ensure_eq!(claimed.next_due, Some(Duration::ZERO), "the next due time while records are due");
        } else {
            let next = claimed.next_due.unwrap_or_default();
            ensure!(
                next <= LONG && next + since.elapsed() + ROUNDING >= LONG,
                "the next lease ends after {next:?}"
            );
        }
    }
    fences.sort_by(|a, b| a.key.cmp(&b.key));
    let keys: Vec<_> = fences.iter().map(|fence| fence.key.clone()).collect();
    ensure_eq!(keys, all, "the records of claims at random");
    let record = fixture.get(&all[0]).await?;
    ensure_eq!(
        (record.claims, record.epoch, record.is_claimed),
        (1, 1, true),
        "a record that was claimed at random"
    );
    let rivals: Vec<_> =
        fences.iter().map(|fence| reschedule(Fence { claim: ClaimId::random(), ..fence.clone() })).collect();
    all_fenced(&fixture.store.reschedule(&rivals).await?, "a write of another claim")?;
    all_stored(&fixture.store.reschedule(&fences.into_iter().map(reschedule).collect::<Vec<_>>()).await?)
}

pub(super) async fn random_claims_prefer_few_failures(fixture: &Fixture) -> Verdict {
    let all = numbered("key", 40);
    fixture.register_keys(&all).await?;
    let claimed = fixture.store.claim(&claim(all.len())).await?;
    let failures =
        |key: &String| all.iter().position(|other| other == key).map_or(0, |place| place as u32 % 4);
    let writes = claimed.records.into_iter().map(|ClaimedRecord { fence, .. }| Reschedule {
        delay: Duration::ZERO,
        failures: failures(&fence.key),
        ..reschedule(fence)
    });
    all_stored(&fixture.store.reschedule(&writes.collect::<Vec<_>>()).await?)?;
    ensure_eq!(fixture.get(&all[3]).await?.failures, 3, "the failures of a record");
    for expected in 0..4 {
        let claimed = fixture.store.claim(&at_random(10)).await?;
        let found = claimed.records.iter().map(|record| failures(&record.fence.key));
        ensure_eq!(
            found.collect::<Vec<_>>(),
            [expected; 10],
            "the failures of the records of a claim at random"
        );
    }
    Ok(())
}

pub(super) async fn random_claims_take_tokens(fixture: &Fixture) -> Verdict {
    fixture.register_keys(&numbered("key", 4)).await?;
    let bucket = Bucket { quota: "quota".to_owned(), capacity: 5.0, refill: 0.0 };
    for expected in [1, 0] {
        let claimed =
            fixture.store.claim(&ClaimRequest { bucket: Some(bucket.clone()), ..at_random(3) }).await?;
        ensure_eq!(claimed.records.len(), expected, "the records of a bucket that has begun with one token");
        ensure!(!claimed.next_token.is_zero(), "an empty bucket has a token");
    }
    let mut set_aside = Vec::new();
    for expected in [2, 1] {
        let claimed = fixture.store.claim(&ClaimRequest { most_claims: 0, ..at_random(2) }).await?;
        ensure_eq!(claimed.records, [], "the claims of records that were claimed too often");
        ensure_eq!(claimed.set_aside.len(), expected, "the records that are set aside");
        set_aside.extend(claimed.set_aside);
    }
    for key in set_aside {
        fixture.ensure_state(&key, RecordState::SetAside).await?;
    }
    Ok(())
}

fn at_random(most: usize) -> ClaimRequest {
    ClaimRequest { is_random: true, ..claim(most) }
}
