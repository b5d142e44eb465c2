//! Operations whose end is a function of their number, behind a server that fails at random.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use lro::{
    Any, Capabilities, Code, ListOperationsRequest, LroTransport, Operation, OperationName, OperationPage,
    Origin, Service, Status, async_trait,
};
use lro_testkit::Dice;
use serde_json::json;
use tokio::time::{Instant, sleep};

#[derive(Clone, Debug)]
pub(crate) struct Server(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    began: Instant,
    dice: Dice,
    fails: f64,
    lists: bool,
    longest: u64,
    cancelled: HashSet<u64>,
    polls: u64,
}

/// How an operation ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Truth {
    Done(Duration),
    Refused,
    Never,
}

pub(crate) fn truth(number: u64) -> Truth {
    match number % 11 {
        3 => Truth::Never,
        5 => Truth::Refused,
        of => Truth::Done(Duration::from_secs(number + 3 * of)),
    }
}

pub(crate) fn name(number: u64) -> OperationName {
    let parent = if number.is_multiple_of(3) { "parents/p/" } else { "" };
    format!("{parent}operations/{number}").parse().unwrap()
}

pub(crate) fn number(name: &str) -> u64 {
    name.rsplit_once('/').unwrap().1.parse().unwrap()
}

impl Server {
    pub(crate) fn new(mut dice: Dice) -> Self {
        let (fails, lists) = (dice.one_of([0.0, 0.05, 0.3]), dice.happens(0.5));
        let longest = dice.one_of([0, 20, 3_000]);
        let (began, cancelled) = (Instant::now(), HashSet::new());
        Self(Arc::new(Mutex::new(Inner { began, dice, fails, lists, longest, cancelled, polls: 0 })))
    }

    pub(crate) fn now(&self) -> Duration {
        self.0.lock().unwrap().began.elapsed()
    }

    /// The calls so far but for the requests to cancel, which are retried on their own.
    pub(crate) fn polls(&self) -> u64 {
        self.0.lock().unwrap().polls
    }

    pub(crate) fn is_cancelled(&self, number: u64) -> bool {
        self.0.lock().unwrap().cancelled.contains(&number)
    }

    /// A call takes its time and may fail.
    async fn call(&self) -> Result<(), Status> {
        let (longest, fails) = {
            let mut inner = self.0.lock().unwrap();
            let (longest, fails) = (inner.longest, inner.fails);
            (if longest == 0 { 0 } else { inner.dice.below(longest) }, inner.dice.happens(fails))
        };
        if longest > 0 {
            sleep(Duration::from_millis(longest)).await;
        }
        if fails { Err(Status::new(Code::Unavailable, "busy")) } else { Ok(()) }
    }

    fn answer(&self, name: &str) -> Result<Operation, Status> {
        let number = number(name);
        if self.is_cancelled(number) {
            let status = Status::new(Code::Cancelled, "cancelled").with_origin(Origin::OperationFailed);
            return Ok(Operation::failed(name, status));
        }
        match truth(number) {
            Truth::Done(at) if at <= self.now() => {
                Operation::succeeded(name, Any::from_value(&json!({"number": number}))?)
            }
            Truth::Refused => Err(Status::new(Code::PermissionDenied, "no")),
            Truth::Done(_) | Truth::Never => Ok(Operation::running(name)),
        }
    }
}

#[async_trait]
impl LroTransport for Server {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        self.0.lock().unwrap().polls += 1;
        self.call().await?;
        self.answer(name.as_str())
    }

    async fn cancel_operation(&self, name: &OperationName) -> Result<(), Status> {
        self.call().await?;
        let number = number(name.as_str());
        let is_over = matches!(truth(number), Truth::Done(at) if at <= self.now());
        if truth(number) == Truth::Refused {
            return Err(Status::new(Code::PermissionDenied, "no"));
        }
        if !is_over {
            self.0.lock().unwrap().cancelled.insert(number);
        }
        Ok(())
    }

    /// A page has operations that are not waited for, some twice, and not all that are.
    async fn list_operations(&self, request: &ListOperationsRequest) -> Result<OperationPage, Status> {
        self.0.lock().unwrap().polls += 1;
        self.call().await?;
        let around = self.now().as_secs();
        let mut operations = Vec::new();
        for of in around.saturating_sub(60)..around + 60 {
            let name = name(of);
            let parent = name.as_str().strip_suffix(&format!("operations/{of}")).unwrap();
            let is_in = parent.trim_end_matches('/') == request.name;
            let copies = self.0.lock().unwrap().dice.below(4);
            for _ in 0..if is_in { copies.min(2) } else { 0 } {
                operations.extend(self.answer(name.as_str()).ok());
            }
        }
        operations.push(Operation::running(""));
        operations.push(Operation::running("of/another/parent"));
        let next = if self.0.lock().unwrap().dice.happens(0.3) { "more" } else { "" };
        Ok(OperationPage::new(operations).next_page_token(next))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().cancel(true).list(self.0.lock().unwrap().lists)
    }

    fn service(&self) -> Service {
        Service::new("jobs.example.com", "v1")
    }
}
