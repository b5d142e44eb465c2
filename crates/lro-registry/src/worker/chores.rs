use std::{collections::HashSet, sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use lro::Service;
use tokio::time::sleep;
use tracing::{debug, warn};

use super::builder::Settings;
use crate::{Health, Registry, Store, published::Stock, pulse::in_time, store::Finished};

/// Removes what was acknowledged long ago, reports what needs attention, and publishes what is stored. Never returns.
pub(super) async fn keep_house(registry: Registry, settings: Arc<Settings>, served: Vec<Service>) {
    let (mut reported, mut stock) = (HashSet::new(), Stock::default());
    loop {
        if let Some(retain_for) = settings.retain_for
            && let Err(error) = in_time(registry.retain(retain_for)).await
        {
            debug!(%error, "old records were not removed; it is tried again");
        }
        // A failure is reported by the calls of the worker.
        if let Ok(health) = in_time(registry.health()).await {
            let news: HashSet<String> = attention(&health, &served).collect();
            for needed in news.difference(&reported) {
                warn!("{needed}");
            }
            reported = news;
            stock.publish(&registry, &health).await;
        }
        sleep(HOUSEKEEPING).await;
    }
}

/// What other workers have stored about operations that finished.
pub(super) struct Learning {
    store: Arc<dyn Store>,
    /// The number of the last one that was read.
    after: i64,
    in_flight: BoxFuture<'static, Vec<(i64, Finished)>>,
}

impl Learning {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        let in_flight = learn(store.clone(), 0, Duration::ZERO).boxed();
        Self { store, after: 0, in_flight }
    }

    /// Waits for the next look into the store.
    pub(super) async fn next(&mut self) -> Vec<(i64, Finished)> {
        let finished = (&mut self.in_flight).await;
        self.after = finished.last().map_or(self.after, |(number, _)| *number);
        let pause = if finished.is_empty() { LEARNING } else { Duration::ZERO };
        self.in_flight = learn(self.store.clone(), self.after, pause).boxed();
        finished
    }
}

async fn learn(store: Arc<dyn Store>, after: i64, mut pause: Duration) -> Vec<(i64, Finished)> {
    loop {
        sleep(pause).await;
        match in_time(store.finished(after, LEARNED_AT_ONCE)).await {
            Ok(finished) => return finished,
            Err(_) => pause = LEARNING,
        }
    }
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
    let late = health.undelivered_for.is_some_and(|late| late >= UNDELIVERED);
    let undelivered = late.then(|| "outcomes are not delivered: does any consumer run?".to_owned());
    unclaimed.into_iter().chain(intents).chain(aside).chain(undelivered)
}

/// What nobody claims is reported within a minute, and the second look makes sure of it.
const HOUSEKEEPING: Duration = Duration::from_secs(30);
/// A worker that starts needs some seconds to claim what is overdue.
const UNCLAIMED: Duration = Duration::from_secs(30);
/// Longer than the longest pause between two deliveries.
const UNDELIVERED: Duration = Duration::from_secs(900);
/// A plan of a kind changes little by one operation.
const LEARNING: Duration = Duration::from_secs(15);
const LEARNED_AT_ONCE: usize = 4_096;
