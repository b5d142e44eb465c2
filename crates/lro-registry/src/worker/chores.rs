use std::{collections::HashSet, sync::Arc, time::Duration};

use lro::Service;
use tokio::time::sleep;
use tracing::warn;

use super::builder::Settings;
use crate::{
    Health, Store,
    registry::RETAIN_BATCH,
    store::{Finished, StoreError},
};

/// Removes what was acknowledged long ago, and reports what needs attention. Never returns.
pub(super) async fn keep_house(store: Arc<dyn Store>, settings: Arc<Settings>, served: Vec<Service>) {
    let mut reported = HashSet::new();
    loop {
        if let Some(retain_for) = settings.retain_for {
            retain(&*store, retain_for).await;
        }
        // A failure is reported by the calls of the worker.
        if let Ok(health) = store.health().await {
            let news: HashSet<String> = attention(&health, &served).collect();
            for needed in news.difference(&reported) {
                warn!("{needed}");
            }
            reported = news;
        }
        sleep(HOUSEKEEPING).await;
    }
}

/// Waits for what other workers have stored about operations that finished after the number `after`.
pub(super) async fn learn(store: Arc<dyn Store>, after: i64, is_first: bool) -> Vec<(i64, Finished)> {
    if !is_first {
        sleep(LEARNING).await;
    }
    loop {
        match store.finished(after, LEARNED_AT_ONCE).await {
            Ok(finished) => return finished,
            Err(_) => sleep(LEARNING).await,
        }
    }
}

async fn retain(store: &dyn Store, retain_for: Duration) {
    loop {
        match store.retain(retain_for, RETAIN_BATCH).await {
            Ok(RETAIN_BATCH) => sleep(BETWEEN_BATCHES).await,
            Ok(_) => return,
            Err(error) => return unremoved(&error),
        }
    }
}

fn unremoved(error: &StoreError) {
    tracing::debug!(%error, "old records were not removed; it is tried again");
}

/// What a person should look at. The numbers are left out, so that a number that changes is no news.
fn attention(health: &Health, served: &[Service]) -> impl Iterator<Item = String> {
    let unclaimed = health.services.iter().filter(|service| {
        !served.contains(&service.service) && service.overdue.is_some_and(|overdue| overdue >= UNCLAIMED)
    });
    let unclaimed = unclaimed.map(|health| {
        format!(
            "operations of {} are overdue, and this worker does not serve it: does any worker?",
            health.service
        )
    });
    let unclaimed: Vec<String> = unclaimed.collect();
    let intents = (health.unresolved_intents > 0).then(|| {
        "starting calls have no known result: list the records in the state Intent, and resolve or forget them".to_owned()
    });
    let aside = (health.set_aside > 0).then(|| {
        "operations are set aside: list the records in the state SetAside for the reasons".to_owned()
    });
    unclaimed.into_iter().chain(intents).chain(aside)
}

/// What nobody claims is reported within a minute, and the second look makes sure of it.
const HOUSEKEEPING: Duration = Duration::from_secs(30);
/// A worker that starts needs some seconds to claim what is overdue.
const UNCLAIMED: Duration = Duration::from_secs(30);
/// A plan of a kind changes little by one operation.
const LEARNING: Duration = Duration::from_secs(15);
const LEARNED_AT_ONCE: usize = 4_096;
/// Claims go on between two batches.
const BETWEEN_BATCHES: Duration = Duration::from_millis(50);
