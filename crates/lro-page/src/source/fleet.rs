use std::{collections::HashMap, sync::Arc};

use lro::{OperationName, Snapshot};
use lro_fleet::{Fleet, Pending};
use tokio::task::yield_now;

use super::Fault;
use crate::{
    fresh::{Computed, Fresh},
    view::fleet::{FleetKind, FleetOverview},
};

/// A fleet, and its counts.
#[derive(Debug)]
pub(crate) struct OfFleet {
    fleet: Fleet,
    overview: Arc<Fresh<FleetOverview>>,
}

impl OfFleet {
    pub(crate) fn new(fleet: Fleet) -> Self {
        Self { fleet, overview: Fresh::new() }
    }

    /// Returns the counts, which all open pages share. `None` if they are being made for the first time.
    pub(crate) async fn overview(&self) -> Option<Arc<Computed<FleetOverview>>> {
        let fleet = self.fleet.clone();
        self.overview
            .get(|| async move {
                let (kinds, are_all) = kinds(&fleet).await;
                (FleetOverview::new(&fleet.metrics(), fleet.quota_keys(), kinds, are_all), true)
            })
            .await
    }

    /// Returns operations from a position on, and where the next ones begin.
    pub(crate) fn list(&self, from: u32, most: usize) -> (Vec<Pending>, Option<u32>) {
        self.fleet.pending_from(from, u32::try_from(most).unwrap_or(u32::MAX))
    }

    pub(crate) fn operation(&self, name: &str) -> Result<(OperationName, Snapshot), Fault> {
        let name = OperationName::parse(name).map_err(|_| Fault::NotFound)?;
        let snapshot = self.fleet.get(&name).ok_or(Fault::NotFound)?;
        Ok((name, snapshot))
    }
}

/// Counts the operations by kind, up to a bound. Returns whether that were all.
async fn kinds(fleet: &Fleet) -> (Vec<FleetKind>, bool) {
    let (mut kinds, mut from, mut counted) = (HashMap::<Arc<str>, FleetKind>::new(), Some(0), 0);
    while let Some(position) = from.filter(|_| counted < MOST) {
        let (some, next) = fleet.pending_from(position, AT_ONCE);
        (from, counted) = (next, counted + some.len());
        for pending in some {
            kinds.entry(Arc::clone(&pending.kind)).or_default().add(&pending);
        }
        yield_now().await;
    }
    let mut kinds: Vec<_> =
        kinds.into_iter().map(|(kind, counts)| FleetKind { kind: kind.to_string(), ..counts }).collect();
    kinds.sort_by(|a, b| b.pending.cmp(&a.pending).then_with(|| a.kind.cmp(&b.kind)));
    (kinds, from.is_none())
}

/// The operations that are counted. A hundred thousand take some tens of milliseconds, in pieces.
const MOST: usize = 100_000;
/// The operations that are counted in a row: less than a millisecond.
const AT_ONCE: u32 = 1_000;
