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
                let (kinds, is_cut) = kinds(&fleet).await;
                (FleetOverview::new(&fleet.metrics(), fleet.quota_keys(), kinds, is_cut), true)
            })
            .await
    }

    /// Returns the operations from a position on, and where the next ones begin.
    ///
    /// A position may be empty, so a page may have few operations although there are more.
    pub(crate) fn list(&self, from: u32, most: usize) -> (Vec<Pending>, Option<u32>) {
        let (mut found, mut next) = (Vec::new(), Some(from));
        for _ in 0..LOOKS {
            let Some(position) = next.filter(|_| found.len() < most) else { break };
            let most = u32::try_from(most - found.len()).unwrap_or(u32::MAX);
            let (some, after) = self.fleet.pending_from(position, most);
            found.extend(some);
            next = after;
        }
        (found, next)
    }

    pub(crate) fn operation(&self, name: &str) -> Result<(OperationName, Snapshot), Fault> {
        let name = OperationName::parse(name).map_err(|_| Fault::NotFound)?;
        let snapshot = self.fleet.get(&name).ok_or(Fault::NotFound)?;
        Ok((name, snapshot))
    }
}

/// Counts the operations by kind, up to a bound. Returns whether there are more.
async fn kinds(fleet: &Fleet) -> (Vec<FleetKind>, bool) {
    let (mut kinds, mut from, mut looked) = (HashMap::<Arc<str>, FleetKind>::new(), Some(0), 0);
    while let Some(position) = from.filter(|_| looked < MOST) {
        let (some, next) = fleet.pending_from(position, AT_ONCE);
        for pending in some {
            kinds.entry(Arc::clone(&pending.kind)).or_default().add(&pending);
        }
        (from, looked) = (next, looked + AT_ONCE);
        yield_now().await;
    }
    let mut kinds: Vec<_> =
        kinds.into_iter().map(|(kind, counts)| FleetKind { kind: kind.to_string(), ..counts }).collect();
    kinds.sort_by(|a, b| b.pending.cmp(&a.pending).then_with(|| a.kind.cmp(&b.kind)));
    let is_cut = from.is_some() || kinds.len() > KINDS;
    kinds.truncate(KINDS);
    (kinds, is_cut)
}

/// The positions that are counted. A hundred thousand take some tens of milliseconds, in pieces.
const MOST: u32 = 100_000;
/// The positions that are looked at in a row: less than a millisecond.
const AT_ONCE: u32 = 1_000;
/// The kinds that are shown.
const KINDS: usize = 100;
/// How often a page looks on if positions are empty.
const LOOKS: u32 = 20;
