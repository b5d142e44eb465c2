//! A service that follows a script, and notes the calls that reach it.

use std::{
    collections::HashMap,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use lro::{
    Any, Attempt, Capabilities, LroTransport, Operation, OperationName, Outcome, Service, Status, async_trait,
};
use serde_json::json;
use tokio::time::sleep;

use super::service;

/// A service whose replies are a function of the name and of the number of polls that reached it, from 1.
#[derive(Clone)]
pub(crate) struct Script {
    service: Service,
    reply: Arc<Replies>,
    /// How long a call needs until it can be sent, by its number among the calls that were begun for its operation, from 1.
    connects_in: Arc<dyn Fn(u32) -> Duration + Send + Sync>,
    calls: Arc<Mutex<Calls>>,
}

type Replies = dyn Fn(&str, u32) -> Reply + Send + Sync;

#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Running(Duration),
    Done(Duration),
    /// A failure as of a service that is down.
    Fails(Duration),
    Hangs,
}

#[derive(Debug, Default)]
struct Calls {
    begun: HashMap<String, u32>,
    gets: HashMap<String, u32>,
    sent: usize,
    cancels: usize,
    in_flight: usize,
    most_in_flight: usize,
}

/// Leaves when the call ends, or is dropped.
struct InFlight(Arc<Mutex<Calls>>);

impl Script {
    pub(crate) fn new(reply: impl Fn(&str, u32) -> Reply + Send + Sync + 'static) -> Self {
        let connects_in = Arc::new(|_| Duration::ZERO);
        Self { service: service(), reply: Arc::new(reply), connects_in, calls: Arc::default() }
    }

    pub(crate) fn of(self, service: &Service) -> Self {
        Self { service: service.clone(), ..self }
    }

    pub(crate) fn connects_in(self, time: impl Fn(u32) -> Duration + Send + Sync + 'static) -> Self {
        Self { connects_in: Arc::new(time), ..self }
    }

    /// The calls that reached the service.
    pub(crate) fn sent(&self) -> usize {
        self.calls.lock().unwrap().sent
    }

    pub(crate) fn cancels(&self) -> usize {
        self.calls.lock().unwrap().cancels
    }

    /// The most calls at a time, connected or not.
    pub(crate) fn most_in_flight(&self) -> usize {
        self.calls.lock().unwrap().most_in_flight
    }

    async fn connect(&self, name: &OperationName, attempt: &Attempt) -> InFlight {
        let begun = {
            let mut calls = self.calls.lock().unwrap();
            calls.in_flight += 1;
            calls.most_in_flight = calls.most_in_flight.max(calls.in_flight);
            let begun = calls.begun.entry(name.to_string()).or_default();
            *begun += 1;
            *begun
        };
        let in_flight = InFlight(self.calls.clone());
        sleep((self.connects_in)(begun)).await;
        attempt.permit().await;
        self.calls.lock().unwrap().sent += 1;
        in_flight
    }

    async fn get(&self, name: &OperationName, attempt: &Attempt) -> Result<Operation, Status> {
        let _in_flight = self.connect(name, attempt).await;
        let gets = {
            let mut calls = self.calls.lock().unwrap();
            let gets = calls.gets.entry(name.to_string()).or_default();
            *gets += 1;
            *gets
        };
        match (self.reply)(name.as_str(), gets) {
            Reply::Running(time) => {
                sleep(time).await;
                Ok(Operation::running(name.as_str()))
            }
            Reply::Done(time) => {
                sleep(time).await;
                let outcome = Outcome::Response(Any::from_json(json!({"name": name.as_str()}).to_string())?);
                Ok(Operation { outcome: Some(outcome), ..Operation::running(name.as_str()) })
            }
            Reply::Fails(time) => {
                sleep(time).await;
                Err(Status::unavailable("away"))
            }
            Reply::Hangs => std::future::pending().await,
        }
    }
}

#[async_trait]
impl LroTransport for Script {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        self.get(name, &Attempt::default()).await
    }

    fn get_operation_within<'a, 'b, 'c, 'd>(
        &'a self,
        name: &'b OperationName,
        attempt: &'c Attempt,
    ) -> Pin<Box<dyn Future<Output = Result<Operation, Status>> + Send + 'd>>
    where
        'a: 'd,
        'b: 'd,
        'c: 'd,
    {
        Box::pin(self.get(name, attempt))
    }

    fn cancel_operation_within<'a, 'b, 'c, 'd>(
        &'a self,
        name: &'b OperationName,
        attempt: &'c Attempt,
    ) -> Pin<Box<dyn Future<Output = Result<(), Status>> + Send + 'd>>
    where
        'a: 'd,
        'b: 'd,
        'c: 'd,
    {
        Box::pin(async move {
            let _in_flight = self.connect(name, attempt).await;
            self.calls.lock().unwrap().cancels += 1;
            Ok(())
        })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().cancel(true)
    }

    fn takes_permits(&self) -> bool {
        true
    }

    fn service(&self) -> Service {
        self.service.clone()
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.lock().unwrap().in_flight -= 1;
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Script")
    }
}
