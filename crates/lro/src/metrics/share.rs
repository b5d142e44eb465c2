use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    thread,
};

use metrics::Key;

use super::{METADATA, key, record, table::Gauge};
use crate::Service;

/// The part of a gauge that is due to one wait or one fleet. It is 0 after a drop.
///
/// All shares of a gauge and a service add up in this process, and the gauge is set to their sum. So a recorder that is
/// installed late receives the right value.
#[derive(Debug)]
pub struct Share {
    total: Arc<Total>,
    mine: i64,
}

#[derive(Debug)]
struct Total {
    key: Key,
    /// In thousandths, so that sums are exact.
    sum: AtomicI64,
}

impl Share {
    /// Creates a share of 0.
    pub fn new(gauge: Gauge, service: &Service) -> Self {
        let mut totals = TOTALS.lock().unwrap_or_else(PoisonError::into_inner);
        let total = totals.entry((gauge, service.key().to_owned())).or_insert_with(|| {
            Arc::new(Total { key: key(gauge.name(), Some(service.key())), sum: AtomicI64::new(0) })
        });
        Self { total: total.clone(), mine: 0 }
    }

    /// Sets the share, and publishes the sum of all.
    pub fn set(&mut self, value: f64) {
        self.replace((value * SCALE).round() as i64);
        self.total.publish();
    }

    fn replace(&mut self, mine: i64) {
        self.total.sum.fetch_add(mine - self.mine, Ordering::SeqCst);
        self.mine = mine;
    }
}

impl Total {
    /// Two threads may set the gauge in the wrong order. The later one sees that the sum has changed, and sets it again.
    fn publish(&self) {
        record(|recorder| {
            let gauge = recorder.register_gauge(&self.key, &METADATA);
            loop {
                let sum = self.sum.load(Ordering::SeqCst);
                gauge.set(sum as f64 / SCALE);
                if self.sum.load(Ordering::SeqCst) == sum {
                    break;
                }
            }
        });
    }
}

/// While the thread unwinds, no code of the caller runs: the next share that changes publishes the sum.
impl Drop for Share {
    fn drop(&mut self) {
        self.replace(0);
        if !thread::panicking() {
            self.total.publish();
        }
    }
}

static TOTALS: Mutex<BTreeMap<(Gauge, String), Arc<Total>>> = Mutex::new(BTreeMap::new());

const SCALE: f64 = 1_000.0;
