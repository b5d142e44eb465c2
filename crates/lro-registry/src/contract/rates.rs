use std::time::Duration;

use futures::future::try_join_all;
use lro::Service;
use tokio::time::{Instant, sleep};

use super::{
    Fault, Verdict,
    fixture::{Fixture, LONG, SHORT, claim, entry, keys, numbered, other_service},
};
use crate::store::{Bucket, ClaimId, ClaimRequest, Claimed, Entry};

// g17
pub(super) async fn new_buckets_hold_one_token(fixture: &Fixture) -> Verdict {
    fixture.register_keys(&numbered("key", 10)).await?;
    for (capacity, tokens) in [(5.0, 1), (1.0, 1), (0.5, 0)] {
        let bucket = Bucket { quota: capacity.to_string(), capacity, refill: STILL };
        let claimed = fixture.claim_from(&bucket, 10).await?;
        ensure_eq!(claimed.records.len(), tokens, "the claims of a new bucket with capacity {capacity}");
        ensure!(claimed.next_token > LONG, "the next token comes after {:?}", claimed.next_token);
    }
    Ok(())
}

// g08 g17
pub(super) async fn tokens_are_taken_for_picks(fixture: &Fixture) -> Verdict {
    let bucket = fixture.full("quota", 6.0).await?;
    fixture.register_keys(&["a", "b"]).await?;
    let claimed = fixture.claim_from(&bucket, 10).await?;
    ensure_eq!(claimed.records.len(), 2, "the claims of two due records");
    ensure_eq!(claimed.next_token, Duration::ZERO, "the next token of a bucket that has some");
    let none = fixture.claim_from(&bucket, 10).await?;
    ensure_eq!(none.records.len(), 0, "the claims of what is leased");

    // Two that are set aside and one that is claimed take three tokens. One is left.
    fixture.spend_claims(&["c", "d"]).await?;
    fixture.register_keys(&["e"]).await?;
    let claimed = fixture.claim_from(&bucket, 3).await?;
    ensure_eq!((claimed.set_aside.len(), claimed.records.len()), (2, 1), "what is set aside and claimed");
    fixture.register_keys(&numbered("key", 10)).await?;
    let claimed = fixture.claim_from(&bucket, 10).await?;
    ensure_eq!(claimed.records.len(), 1, "the claims of the last token");
    ensure!(claimed.next_token > LONG, "the next token comes after {:?}", claimed.next_token);
    ensure_eq!(claimed.next_due, Some(Duration::ZERO), "the next due time while records are due");
    let claimed = fixture.claim(10).await?;
    ensure_eq!((claimed.records.len(), claimed.next_token), (9, Duration::ZERO), "a claim without a bucket");
    Ok(())
}

// g08
pub(super) async fn simultaneous_claims_share_a_bucket(fixture: &Fixture) -> Verdict {
    let bucket = fixture.full("quota", 25.0).await?;
    fixture.register_keys(&numbered("key", 100)).await?;
    let handles = fixture.handles(6).await?;
    let workers = handles.iter().map(async |store| {
        let mut mine = 0;
        for _ in 0..8 {
            let request = ClaimRequest { bucket: Some(bucket.clone()), ..claim(4) };
            let claimed = store.claim(&request).await?.records.len();
            ensure!(claimed <= 4, "a claim of 4 has {claimed} records");
            mine += claimed;
        }
        Ok(mine)
    });
    let claimed: usize = try_join_all(workers).await?.into_iter().sum();
    ensure_eq!(claimed, 25, "the records that 48 claims at the same time have for 25 tokens");
    Ok(())
}

// g17
pub(super) async fn idle_buckets_are_not_owed_more(fixture: &Fixture) -> Verdict {
    fixture.register_keys(&numbered("key", 50)).await?;
    let bucket = Bucket { quota: "quota".to_owned(), capacity: 3.0, refill: 50.0 };
    fixture.claim_from(&bucket, 1).await?;
    sleep(Duration::from_secs(1)).await;
    let since = Instant::now();
    let mut claimed = fixture.claim_from(&bucket, 50).await?.records.len();
    ensure_eq!(claimed, 3, "the claims after a second without any");
    claimed += fixture.claim_from(&bucket, 50).await?.records.len();
    let most = 3 + (50.0 * since.elapsed().as_secs_f64()) as usize;
    ensure!(claimed <= most, "{claimed} claims instead of {most}, after a second without any");
    Ok(())
}

// g06 g17
pub(super) async fn refills_are_exact(fixture: &Fixture) -> Verdict {
    fixture.register_keys(&numbered("key", 400)).await?;
    let bucket = Bucket { quota: "quota".to_owned(), capacity: 300.0, refill: 40.0 };
    let first = Instant::now();
    let Claimed { records, next_token: mut next, .. } = fixture.claim_from(&bucket, 300).await?;
    let begun = Instant::now();
    let (mut claimed, mut last) = (records.len(), begun);
    while begun.elapsed() < Duration::from_secs(1) {
        // A millisecond more than reported, as the timer of the rule is no better.
        sleep(next + Duration::from_millis(1)).await;
        last = Instant::now();
        let now = fixture.claim_from(&bucket, 300).await?;
        ensure!(!now.records.is_empty(), "no token after {next:?}, which the last claim reported");
        claimed += now.records.len();
        next = now.next_token;
    }
    let most = 1.0 + 40.0 * first.elapsed().as_secs_f64() + 0.01;
    let least = 40.0 * (last - begun).as_secs_f64() - 0.01;
    let is_exact = (least..=most).contains(&(claimed as f64));
    ensure!(is_exact, "{claimed} claims, not between {least} and {most}");
    Ok(())
}

pub(super) async fn quota_keys_are_apart(fixture: &Fixture) -> Verdict {
    let [a, b] = [fixture.full("a", 2.0).await?, fixture.full("b", 2.0).await?];
    fixture.register_keys(&numbered("key", 10)).await?;
    fixture.register(&[Entry { service: other_service(), ..entry("other") }]).await?;
    let other = ClaimRequest { service: other_service(), bucket: Some(a.clone()), ..claim(10) };
    ensure_eq!(fixture.store.claim(&other).await?.records.len(), 1, "the claims of another service");
    ensure_eq!(fixture.claim_from(&a, 10).await?.records.len(), 1, "the claims of a shared bucket");
    ensure_eq!(fixture.claim_from(&b, 10).await?.records.len(), 2, "the claims of another bucket");
    Ok(())
}

pub(super) async fn buckets_may_stand_still(fixture: &Fixture) -> Verdict {
    fixture.register_keys(&numbered("key", 3)).await?;
    let bucket = Bucket { quota: "quota".to_owned(), capacity: 10.0, refill: 0.0 };
    for expected in [1, 0, 0] {
        let claimed = fixture.claim_from(&bucket, 10).await?;
        ensure_eq!(claimed.records.len(), expected, "the claims of a bucket without a refill");
        ensure!(claimed.next_token > LONG, "the next token comes after {:?}", claimed.next_token);
    }
    Ok(())
}

// g18
pub(super) async fn slow_services_hide_nothing(fixture: &Fixture) -> Verdict {
    fixture.register_keys(&numbered("slow", 10_000)).await?;
    let slow = Bucket { quota: "slow".to_owned(), capacity: 1.0, refill: STILL };
    ensure_eq!(fixture.claim_from(&slow, 100).await?.records.len(), 1, "the claims of a slow bucket");
    let others: Vec<_> = numbered("other", 100);
    let entries: Vec<_> = others.iter().map(|key| Entry { service: other_service(), ..entry(key) }).collect();
    fixture.register(&entries).await?;
    let fast = fixture.full("fast", 1_000.0).await?;
    let request = ClaimRequest { service: other_service(), bucket: Some(fast), ..claim(200) };
    let claimed = fixture.store.claim(&request).await?;
    let mut claimed = keys(&claimed.records);
    claimed.sort_unstable();
    ensure_eq!(claimed, others, "the claims of another service");
    ensure_eq!(fixture.claim_from(&slow, 100).await?.records.len(), 0, "the claims of a slow bucket");
    Ok(())
}

// g06 g17
pub(super) async fn clocks_may_go_back(fixture: &Fixture) -> Verdict {
    fixture.register_keys(&numbered("key", 10)).await?;
    let bucket = Bucket { quota: "quota".to_owned(), capacity: 5.0, refill: 5.0 };
    fixture.claim_from(&bucket, 10).await?;
    if !fixture.fresh.set_bucket_ahead("quota", LONG).await? {
        return Err(Fault::NotRun("the subject does not move the time of a bucket"));
    }
    let since = Instant::now();
    let claimed = fixture.claim_from(&bucket, 10).await?;
    let most = 1 + (5.0 * since.elapsed().as_secs_f64()) as usize;
    ensure!(claimed.records.len() <= most, "{} claims after the clock has gone back", claimed.records.len());
    ensure!(claimed.next_token <= SHORT * 2, "the next token comes after {:?}", claimed.next_token);
    sleep(SHORT * 2).await;
    let claimed = fixture.claim_from(&bucket, 10).await?;
    ensure!(!claimed.records.is_empty(), "a bucket stands still after the clock has gone back");
    Ok(())
}

/// The refill of a bucket that gets no token during a rule.
const STILL: f64 = 1e-6;

impl Fixture {
    /// Claims from a bucket, with two claims before a record is set aside.
    async fn claim_from(&self, bucket: &Bucket, most: usize) -> Result<Claimed, Fault> {
        let request = ClaimRequest { bucket: Some(bucket.clone()), most_claims: 2, ..claim(most) };
        Ok(self.store.claim(&request).await?)
    }

    /// Fills a bucket, which then gets no more tokens.
    pub(super) async fn full(&self, quota: &str, capacity: f64) -> Result<Bucket, Fault> {
        let bucket = Bucket { quota: quota.to_owned(), capacity, refill: 1e6 };
        let service = Service::new("nobody.example", "v1");
        let nothing = ClaimRequest { service, bucket: Some(bucket.clone()), ..claim(1) };
        self.store.claim(&nothing).await?;
        sleep(Duration::from_millis(5)).await;
        self.store.claim(&ClaimRequest { claim: ClaimId::random(), ..nothing }).await?;
        Ok(Bucket { refill: STILL, ..bucket })
    }

    /// Registers records and claims them twice in vain.
    async fn spend_claims(&self, keys: &[&str]) -> Verdict {
        self.register_keys(keys).await?;
        for _ in 0..2 {
            let fences = self.claim(keys.len()).await?.records.into_iter().map(|record| record.fence);
            let now = |fence| crate::store::GiveBack {
                delay: Duration::ZERO,
                counts: true,
                ..super::fixture::give_back(fence)
            };
            let written = self.store.give_back(&fences.map(now).collect::<Vec<_>>()).await?;
            ensure_eq!(written.len(), keys.len(), "the records of a claim");
            super::fixture::all_stored(&written)?;
        }
        Ok(())
    }
}
