//! A page beside the claims of a worker.

mod browser;
pub mod fill;

use std::time::{Duration, Instant};

use lro::Service;
use lro_page::Page;
use lro_registry::{
    ListRequest, RecordState, Registry,
    store::{CancelStep, ClaimId, ClaimRequest, CountRequest, Reschedule},
};

use self::browser::{Browsers, counted, get};
use crate::{Fault, stores::open};

/// Measures a store that was filled. Returns a line of the table.
///
/// # Errors
///
/// The fault of the store or of the page.
pub async fn measure(name: &str, url: &str) -> Result<String, Fault> {
    let registry = open(url).await?;
    let page = Page::registry(&registry).serve(0).await?;
    let began = Instant::now();
    get(page.address(), "/").await?;
    let first = began.elapsed();
    // A page that says that the records are being counted measures nothing, and the first count reads a cold store.
    counted(page.address()).await?;
    let counts = began.elapsed();
    let (slowest, of) = slowest(&registry).await?;
    let (mut alone, mut beside) = (Claims::default(), Claims::default());
    // In turns, so that both have the same share of what else the machine does.
    for _ in 0..TURNS {
        alone.run(&registry).await?;
        let browsers = Browsers::open(page.address(), PAGES);
        beside.run(&registry).await?;
        browsers.check()?;
    }
    Ok(format!(
        "| {name} | {first:.0?} | {counts:.0?} | {slowest:.0?} | {of} | {:.0} | {:.0} | {:.3} |",
        alone.rate(),
        beside.rate(),
        beside.rate() / alone.rate()
    ))
}

/// Makes each call that a page makes, with each filter at the beginning, in the middle and at the end. Returns the slowest one.
async fn slowest(registry: &Registry) -> Result<(Duration, String), Fault> {
    let mut slowest = (Duration::ZERO, String::new());
    let mut note = |began: Instant, of: String| {
        if began.elapsed() > slowest.0 {
            slowest = (began.elapsed(), of);
        }
    };
    let began = Instant::now();
    registry.health().await?;
    note(began, "health".to_owned());
    let began = Instant::now();
    registry.counts(&CountRequest::default().most_groups(1_001)).await?;
    note(began, "counts".to_owned());
    let states = [None, Some(RecordState::Pending), Some(RecordState::Finished), Some(RecordState::SetAside)];
    let services = [None, Some(fill::service()), Some(fill::rare_service()), Some(Service::new("none", ""))];
    for (state, service) in
        states.iter().flat_map(|state| services.iter().map(move |service| (state, service)))
    {
        for overdue in [false, true] {
            for after in [None, Some("job-0500000".to_owned()), Some("job-0999950".to_owned())] {
                let request = ListRequest {
                    state: *state,
                    service: service.clone(),
                    overdue,
                    after,
                    most: 50,
                    payloads: false,
                };
                let began = Instant::now();
                registry.list(&request).await?;
                let service = service.as_ref().map_or("any service", Service::key);
                let after = request.after.as_deref().unwrap_or("the beginning");
                note(began, format!("list: {state:?}, {service}, overdue {overdue}, after {after}"));
            }
        }
    }
    Ok(slowest)
}

/// The claims of one worker, each with the write of its results.
#[derive(Debug, Default)]
struct Claims {
    records: u64,
    time: Duration,
}

impl Claims {
    async fn run(&mut self, registry: &Registry) -> Result<(), Fault> {
        let (began, store) = (Instant::now(), registry.store());
        while began.elapsed() < TURN {
            let request = ClaimRequest {
                claim: ClaimId::random(),
                service: fill::service(),
                most: 100,
                lease: Duration::from_secs(60),
                most_claims: 5,
                is_random: false,
                bucket: None,
            };
            let records = store.claim(&request).await?.records;
            let writes: Vec<_> = records.into_iter().map(|record| polled(record.fence)).collect();
            self.records += writes.len() as u64;
            store.reschedule(&writes).await?;
        }
        self.time += began.elapsed();
        Ok(())
    }

    fn rate(&self) -> f64 {
        self.records as f64 / self.time.as_secs_f64()
    }
}

fn polled(fence: lro_registry::store::Fence) -> Reschedule {
    Reschedule {
        fence,
        name: None,
        delay: Duration::ZERO,
        state: vec![b' '; 60],
        cursor: vec![0; 16],
        cancel: CancelStep::NotSeen,
        failures: 0,
        error: None,
    }
}

const PAGES: usize = 20;
const TURNS: u32 = 3;
/// Two refreshes of each page.
const TURN: Duration = Duration::from_secs(10);
