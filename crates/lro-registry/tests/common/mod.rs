#![allow(dead_code, unused_imports, clippy::unwrap_used, reason = "tests, each of which uses a part")]

mod script;
mod stores;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use lro::{
    Any, Capabilities, Code, LroTransport, Operation, OperationName, Outcome, Service, Status, async_trait,
};
use lro_registry::{Registration, Registry};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

pub(crate) use self::{
    script::{Reply, Script},
    stores::{Fault, FaultyStore, HookedStore, SlowStore},
};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn service() -> Service {
    Service::new("jobs.example.com", "v1")
}

pub(crate) fn name(name: &str) -> OperationName {
    OperationName::parse(name).unwrap()
}

/// Registers operations of a kind under their names: `operations/<kind>0` and so on.
pub(crate) async fn register(registry: &Registry, service: &Service, kind: &str, count: usize) {
    let operations = (0..count).map(|number| format!("operations/{kind}{number}"));
    let registrations =
        operations.map(|operation| Registration::new(service, name(&operation)).key(operation));
    registry.register_all(registrations.collect::<Vec<_>>()).await.unwrap();
}

/// Acknowledges outcomes until there are so many responses of a kind. Returns how long that takes.
pub(crate) async fn deliver(registry: &Registry, kind: &str, count: usize) -> Duration {
    let began = Instant::now();
    let mut deliveries = registry.deliveries().batch(100);
    let mut delivered = 0;
    let all = async {
        while delivered < count {
            let delivery = deliveries.next().await.unwrap();
            if delivery.key().starts_with(&format!("operations/{kind}")) {
                delivery.decode::<Value>().unwrap();
                delivered += 1;
            }
            assert!(delivery.acknowledge().await.unwrap());
        }
    };
    let is_late = timeout(3_600 * SECOND, all).await.is_err();
    assert!(!is_late, "{delivered} of {count} in an hour");
    began.elapsed()
}

/// A service in memory: each operation runs for a time from the first poll on.
#[derive(Clone, Debug)]
pub(crate) struct Jobs {
    jobs: Arc<Mutex<HashMap<String, Job>>>,
    cancels: bool,
    service: Service,
}

#[derive(Clone, Debug, Default)]
struct Job {
    began: Option<Instant>,
    runs_for: Duration,
    fails: u32,
    failure: Option<Status>,
    panics: bool,
    hangs: bool,
    response: Option<Value>,
    cancelled: bool,
    refuses_cancels_until: Option<Instant>,
    gets: u32,
    cancels: u32,
}

impl Jobs {
    pub(crate) fn new() -> Self {
        Self { jobs: Arc::default(), cancels: true, service: service() }
    }

    pub(crate) fn of(self, service: &Service) -> Self {
        Self { service: service.clone(), ..self }
    }

    pub(crate) fn without_cancel(self) -> Self {
        Self { cancels: false, ..self }
    }

    pub(crate) fn runs_for(&self, name: &str, time: Duration) {
        self.with(name, |job| job.runs_for = time);
    }

    pub(crate) fn fails(&self, name: &str, times: u32, failure: Status) {
        self.with(name, |job| (job.fails, job.failure) = (times, Some(failure)));
    }

    pub(crate) fn panics(&self, name: &str) {
        self.with(name, |job| job.panics = true);
    }

    pub(crate) fn hangs(&self, name: &str) {
        self.with(name, |job| job.hangs = true);
    }

    pub(crate) fn recovers(&self, name: &str) {
        self.with(name, |job| (job.panics, job.hangs) = (false, false));
    }

    pub(crate) fn responds(&self, name: &str, response: Value) {
        self.with(name, |job| job.response = Some(response));
    }

    pub(crate) fn refuses_cancels_for(&self, name: &str, time: Duration) {
        self.with(name, |job| job.refuses_cancels_until = Some(Instant::now() + time));
    }

    pub(crate) fn gets(&self, name: &str) -> u32 {
        self.with(name, |job| job.gets)
    }

    pub(crate) fn cancels(&self, name: &str) -> u32 {
        self.with(name, |job| job.cancels)
    }

    fn with<T>(&self, name: &str, change: impl FnOnce(&mut Job) -> T) -> T {
        change(self.jobs.lock().unwrap().entry(name.to_owned()).or_default())
    }
}

#[async_trait]
impl LroTransport for Jobs {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        let (job, failure) = self.with(name.as_str(), |job| {
            job.gets += 1;
            job.began.get_or_insert_with(Instant::now);
            let fails = job.fails > 0;
            job.fails = job.fails.saturating_sub(1);
            (job.clone(), job.failure.clone().filter(|_| fails))
        });
        assert!(!job.panics, "a bad day");
        if job.hangs {
            std::future::pending::<()>().await;
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        if job.cancelled {
            return Ok(Operation::failed(name.as_str(), Status::new(Code::Cancelled, "cancelled")));
        }
        if job.began.is_some_and(|began| began.elapsed() < job.runs_for) {
            return Ok(Operation::running(name.as_str()));
        }
        let response = job.response.unwrap_or_else(|| json!({"name": name.as_str()}));
        let outcome = Outcome::Response(Any::from_json(response.to_string())?);
        Ok(Operation { outcome: Some(outcome), ..Operation::running(name.as_str()) })
    }

    async fn cancel_operation(&self, name: &OperationName) -> Result<(), Status> {
        self.with(name.as_str(), |job| {
            job.cancels += 1;
            if job.refuses_cancels_until.is_some_and(|until| Instant::now() < until) {
                return Err(Status::unavailable("away"));
            }
            job.cancelled = true;
            Ok(())
        })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().cancel(self.cancels)
    }

    fn service(&self) -> Service {
        self.service.clone()
    }
}
