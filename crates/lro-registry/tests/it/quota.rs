//! One rate for all workers, by the clock of the service.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use lro::{Attempt, LroTransport, Operation, OperationName, Service, Status, async_trait};
use lro_registry::{MemoryStore, Quota, Rate, Registration, Registry, Worker};
use tokio::time::{Instant, sleep};

use super::common::{self, SECOND, name, service};

/// A service that notes when each call arrives. Operations run for ever.
#[derive(Clone, Debug, Default)]
struct Server {
    calls: Arc<Mutex<Vec<(Instant, String)>>>,
    /// How long a call needs until it can be sent: a connection or a credential.
    connects_in: Duration,
    /// Whether only the first calls need that long.
    connected: Arc<Mutex<Option<u32>>>,
}

impl Server {
    fn times(&self) -> Vec<Instant> {
        self.calls.lock().unwrap().iter().map(|(at, _)| *at).collect()
    }

    /// The most calls in any second.
    fn most_in_a_second(&self) -> usize {
        let times = self.times();
        let in_second = |at: usize| times[at..].iter().take_while(|time| **time < times[at] + SECOND).count();
        (0..times.len()).map(in_second).max().unwrap_or(0)
    }

    fn clear(&self) {
        self.calls.lock().unwrap().clear();
    }
}

#[async_trait]
impl LroTransport for Server {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        self.get_operation_within(name, &Attempt::default()).await
    }

    fn get_operation_within<'a, 'b, 'c, 'd>(
        &'a self,
        name: &'b OperationName,
        attempt: &'c Attempt,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Operation, Status>> + Send + 'd>>
    where
        'a: 'd,
        'b: 'd,
        'c: 'd,
    {
        Box::pin(async move {
            let is_connected = self.connected.lock().unwrap().as_mut().is_some_and(|left| {
                let connected = *left == 0;
                *left = left.saturating_sub(1);
                connected
            });
            if !is_connected {
                sleep(self.connects_in).await;
            }
            attempt.permit().await;
            self.calls.lock().unwrap().push((Instant::now(), name.to_string()));
            sleep(Duration::from_millis(20)).await;
            Ok(Operation::running(name.as_str()))
        })
    }

    fn takes_permits(&self) -> bool {
        true
    }

    fn service(&self) -> Service {
        service()
    }
}

async fn registry_of(operations: usize) -> Registry {
    let registry = Registry::new(MemoryStore::new());
    let registrations =
        (0..operations).map(|number| Registration::new(&service(), name(&format!("operations/{number}"))));
    registry.register_all(registrations.collect::<Vec<_>>()).await.unwrap();
    registry
}

async fn worker(registry: &Registry, server: &Server, rate: u32) -> Worker {
    let quota = Quota::new("jobs", Rate::per_second(rate));
    let pacing = lro::Pacing::fixed(SECOND);
    Worker::builder(registry).serve_under(quota, server.clone()).pacing(pacing).start().await.unwrap()
}

// g17
#[tokio::test(start_paused = true)]
async fn workers_that_come_and_go_never_exceed_the_rate_together_and_use_most_of_it() {
    let registry = registry_of(1_000).await;
    let server = Server::default();
    let mut workers = vec![worker(&registry, &server, 200).await];
    sleep(5 * SECOND).await;
    for _ in 0..3 {
        workers.push(worker(&registry, &server, 200).await);
    }
    sleep(5 * SECOND).await;
    for worker in workers.drain(..2) {
        worker.stop().await;
    }
    sleep(5 * SECOND).await;
    assert!(server.most_in_a_second() <= 200, "{}", server.most_in_a_second());
    let used = server.times().len();
    assert!((2_400..=3_000).contains(&used), "{used} calls in 15 s");
}

// g17: a quiet time is never owed more than the bucket holds.
#[tokio::test(start_paused = true)]
async fn after_a_quiet_hour_a_burst_keeps_to_the_rate() {
    let registry = registry_of(0).await;
    let server = Server::default();
    let _worker = worker(&registry, &server, 200).await;
    sleep(3_600 * SECOND).await;
    let registrations =
        (0..5_000).map(|number| Registration::new(&service(), name(&format!("operations/{number}"))));
    registry.register_all(registrations.collect::<Vec<_>>()).await.unwrap();
    sleep(5 * SECOND).await;
    assert!(server.most_in_a_second() <= 200, "{}", server.most_in_a_second());
}

// g17: each call of the first ones needs a connection.
#[tokio::test(start_paused = true)]
async fn calls_that_cannot_be_sent_at_once_keep_to_the_rate_and_get_through() {
    let registry = registry_of(500).await;
    let server = Server { connects_in: Duration::from_millis(400), ..Server::default() };
    let _worker = worker(&registry, &server, 100).await;
    sleep(20 * SECOND).await;
    assert!(server.most_in_a_second() <= 100, "{}", server.most_in_a_second());
    assert!(server.times().len() > 300, "{} calls in 20 s", server.times().len());
}

// g17
#[tokio::test(start_paused = true)]
async fn a_lone_operation_waits_for_little_more_than_its_rate() {
    let registry = registry_of(1).await;
    let server = Server::default();
    let _worker = worker(&registry, &server, 1).await;
    sleep(60 * SECOND).await;
    let times = server.times();
    let longest = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    assert!(longest <= Duration::from_millis(1_150), "{longest:?}");
    assert!(server.most_in_a_second() <= 1);
    server.clear();
}

// g18
#[tokio::test(start_paused = true)]
async fn a_service_at_its_limit_does_not_hide_the_work_of_another() {
    let registry = registry_of(20_000).await;
    let server = Server::default();
    let other = common::Jobs::new().of(&Service::new("other.example.com", "v1"));
    let _worker = Worker::builder(&registry)
        .serve_under(Quota::new("jobs", Rate::per_second(1)), server.clone())
        .serve(other.clone())
        .start()
        .await
        .unwrap();
    sleep(10 * SECOND).await;
    let began = Instant::now();
    let registrations =
        (0..1_000).map(|number| Registration::new(&other.service(), name(&format!("operations/{number}"))));
    registry.register_all(registrations.collect::<Vec<_>>()).await.unwrap();
    let mut deliveries = registry.deliveries().batch(100);
    for _ in 0..1_000 {
        deliveries.next().await.unwrap().acknowledge().await.unwrap();
    }
    assert!(began.elapsed() < SECOND, "{:?}", began.elapsed());
}
