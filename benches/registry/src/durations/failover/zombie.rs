use std::{collections::BTreeSet, fmt, time::Duration};

use lro_registry::{
    Store, StoreError,
    store::{Fence, Written},
};
use lro_registry_postgres::PostgresStore;
use tokio::time::{Instant, sleep};

use crate::{
    Fault,
    durations::requests::{claim, complete},
};

/// A worker whose claims were committed on the lost timeline only, and which writes their results after the failover.
#[derive(Debug)]
pub(super) struct Zombie {
    store: PostgresStore,
    fences: Vec<Fence>,
    writes: usize,
    stored: usize,
    /// The keys that another worker held with the same number of claims when the result was written.
    again: BTreeSet<String>,
}

impl Zombie {
    /// Claims records that are due, for longer than the case runs.
    pub(super) async fn claim(config: &str, most: usize) -> Result<Self, Fault> {
        let store = PostgresStore::new(config)?;
        let (mut fences, begun) = (Vec::new(), Instant::now());
        let is_over = |found| begun.elapsed() > if found > 0 { SEARCH } else { LONGEST_SEARCH };
        // The workers claim records, too.
        while fences.len() < most && !is_over(fences.len()) {
            let claimed = store.claim(&claim(most - fences.len(), LEASE)).await?;
            fences.extend(claimed.records.into_iter().map(|record| record.fence));
            sleep(Duration::from_millis(5)).await;
        }
        Ok(Self { store, fences, writes: 0, stored: 0, again: BTreeSet::new() })
    }

    /// Writes the outcomes of all claims. While the database is away, nothing is written.
    pub(super) async fn write(&mut self) {
        if let Ok(claimed) = self.claimed_again().await {
            let outcomes: Vec<_> = self.fences.iter().cloned().map(complete).collect();
            let Ok(written) = self.store.complete(&outcomes).await else { return };
            self.again.extend(claimed);
            self.writes += written.len();
            self.stored += written.iter().filter(|it| **it == Written::Stored).count();
        }
    }

    /// Returns the keys that another worker holds with the same number of claims.
    async fn claimed_again(&self) -> Result<Vec<String>, StoreError> {
        let keys: Vec<_> = self.fences.iter().map(|fence| fence.key.clone()).collect();
        let records = self.store.get(&keys).await?;
        let same = self.fences.iter().zip(records).filter_map(|(fence, record)| {
            record.filter(|record| record.is_claimed && record.epoch == fence.epoch).map(|record| record.key)
        });
        Ok(same.collect())
    }

    /// Returns how many records it has claimed.
    pub(super) fn claims(&self) -> usize {
        self.fences.len()
    }

    /// Returns whether none of its writes was stored.
    pub(super) fn holds(&self) -> bool {
        self.stored == 0
    }

    /// Returns whether it has written anything. On a slow machine it may find nothing to claim, and then shows nothing.
    pub(super) fn has_written(&self) -> bool {
        self.writes > 0
    }
}

impl fmt::Display for Zombie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fences, writes, stored, again, .. } = self;
        let (claims, again) = (fences.len(), again.len());
        write!(
            f,
            "{claims} claims of the lost timeline, {again} of them while their number was given out again: {stored} of \
             {writes} writes stored"
        )
    }
}

const LEASE: Duration = Duration::from_secs(600);
const SEARCH: Duration = Duration::from_secs(3);
/// The longest time to claim. On a slow machine the workers have to poll first.
const LONGEST_SEARCH: Duration = Duration::from_secs(30);
