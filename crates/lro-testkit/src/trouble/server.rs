use std::{
    future::pending,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use lro::{
    Any, Attempt, Capabilities, Code, ListOperationsRequest, LroTransport, Operation, OperationName,
    OperationPage, Service, Status, async_trait,
};
use tokio::time::{Instant, sleep};

use super::{Failure, Figures, Scenario, pace::KINDS, state::State};

/// The server of a scenario, on tokio's clock.
///
/// It decides about a call half a round trip after the call is sent, in the order of sending.
#[derive(Clone, Debug)]
pub struct Server {
    scenario: Scenario,
    began: Instant,
    state: Arc<Mutex<State>>,
}

impl Server {
    /// Creates the server of a scenario. Its operations start now.
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        Self {
            scenario: *scenario,
            began: Instant::now(),
            state: Arc::new(Mutex::new(State::new(scenario, seed))),
        }
    }

    /// Returns the names of the operations, in order.
    pub fn names(&self) -> impl Iterator<Item = OperationName> {
        let scenario = self.scenario;
        (0..scenario.operations).map(move |number| name(&scenario, number).parse().unwrap())
    }

    /// Returns the seconds since the start.
    pub fn now(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// Returns the figures up to now.
    pub fn figures(&self) -> Figures {
        self.lock().ledger.figures()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Replies to a call about these operations.
    async fn call(&self, numbers: Range<usize>, attempt: &Attempt) -> Result<Vec<Operation>, Status> {
        attempt.permit().await;
        let reply = self.lock().decide(&self.scenario, numbers.clone(), self.now());
        if let Some((Failure::Hangs, _)) = reply.failure {
            pending::<()>().await;
        }
        sleep(Duration::from_secs_f64(reply.latency)).await;
        let now = self.now();
        let ledger = &mut self.lock().ledger;
        if let Some((failure, hint)) = reply.failure {
            ledger.failed(failure, now);
            return Err(status(failure, hint));
        }
        let states: Vec<_> =
            numbers.map(|number| (number, ledger.done_at(number) <= reply.read_at)).collect();
        ledger.succeeded(states.iter().copied(), now);
        states.into_iter().map(|(number, is_done)| operation(&self.scenario, number, is_done)).collect()
    }
}

#[async_trait]
impl LroTransport for Server {
    lro::plain_calls!(self: get list);

    async fn get_operation_within(
        &self,
        name: &OperationName,
        attempt: &Attempt,
    ) -> Result<Operation, Status> {
        let number: usize = name.segments().next_back().unwrap().parse().unwrap();
        let mut operations = self.call(number..number + 1, attempt).await?;
        Ok(operations.remove(0))
    }

    async fn list_operations_within(
        &self,
        request: &ListOperationsRequest,
        attempt: &Attempt,
    ) -> Result<OperationPage, Status> {
        let collection: usize = request.name.trim_start_matches('c').parse().unwrap();
        let first = collection * Scenario::COLLECTION;
        let end = self.scenario.operations.min(first + Scenario::COLLECTION);
        Ok(OperationPage::new(self.call(first..end, attempt).await?))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().list(self.scenario.collections > 0)
    }

    fn takes_permits(&self) -> bool {
        true
    }

    fn service(&self) -> Service {
        Service::new("jobs.example.com", "v1")
    }
}

fn name(scenario: &Scenario, number: usize) -> String {
    if scenario.collections > 0 {
        return format!("c{}/operations/{number}", number / Scenario::COLLECTION);
    }
    let kind = if scenario.worth { number % KINDS } else { 0 };
    format!("k{kind}/operations/{number}")
}

fn operation(scenario: &Scenario, number: usize, is_done: bool) -> Result<Operation, Status> {
    let name = name(scenario, number);
    if is_done { Operation::succeeded(name, Any::from_json("{}")?) } else { Ok(Operation::running(name)) }
}

fn status(failure: Failure, hint: f64) -> Status {
    let code = match failure {
        Failure::Refused => Code::ResourceExhausted,
        Failure::Unavailable => Code::Unavailable,
        Failure::Internal | Failure::Hangs => Code::Internal,
        Failure::Missing => Code::NotFound,
    };
    let status = Status::new(code, "trouble");
    if hint > 0.0 { status.with_retry_after(Duration::from_secs_f64(hint)) } else { status }
}
