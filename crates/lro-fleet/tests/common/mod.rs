//! A server in memory, on tokio's clock, that remembers what it was asked.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "a test server")]

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use lro::{
    Any, Capabilities, ListOperationsRequest, LroTransport, Operation, OperationName, OperationPage, Service,
    Status, async_trait,
};
use tokio::time::{Instant, sleep};

/// Operations that each take a time of their own, counted from when the server was made.
#[derive(Clone, Debug)]
pub(crate) struct Server(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    began: Instant,
    ends: HashMap<String, Duration>,
    calls: Vec<(Duration, String)>,
    lists: Vec<Duration>,
    in_flight: usize,
    most_in_flight: usize,
    round_trip: Duration,
    page_size: Option<usize>,
    outage: Option<(Duration, Duration, Status)>,
}

impl Server {
    /// A server that answers after this time.
    pub(crate) fn new(round_trip: Duration) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            began: Instant::now(),
            ends: HashMap::new(),
            calls: Vec::new(),
            lists: Vec::new(),
            in_flight: 0,
            most_in_flight: 0,
            round_trip,
            page_size: None,
            outage: None,
        })))
    }

    /// It can list, so many operations a page at most.
    pub(crate) fn lists(self, page_size: usize) -> Self {
        self.lock().page_size = Some(page_size);
        self
    }

    /// Between two times every call fails so.
    pub(crate) fn fails(self, from: Duration, until: Duration, status: Status) -> Self {
        self.lock().outage = Some((from, until, status));
        self
    }

    /// Has an operation that is done at this time.
    pub(crate) fn has(&self, name: &str, done_at: Duration) -> OperationName {
        self.lock().ends.insert(name.to_owned(), done_at);
        name.parse().unwrap()
    }

    /// Has so many operations; `done_at` tells when each is done.
    pub(crate) fn has_many(&self, count: usize, done_at: impl Fn(usize) -> Duration) -> Vec<OperationName> {
        (0..count).map(|number| self.has(&format!("operations/{number}"), done_at(number))).collect()
    }

    pub(crate) fn now(&self) -> Duration {
        self.lock().began.elapsed()
    }

    /// When each get came, in order.
    pub(crate) fn calls(&self) -> Vec<(Duration, String)> {
        self.lock().calls.clone()
    }

    /// When each list call came.
    pub(crate) fn list_calls(&self) -> Vec<Duration> {
        self.lock().lists.clone()
    }

    pub(crate) fn calls_about(&self, name: &str) -> Vec<Duration> {
        self.calls().into_iter().filter(|(_, asked)| asked == name).map(|(at, _)| at).collect()
    }

    pub(crate) fn most_in_flight(&self) -> usize {
        self.lock().most_in_flight
    }

    /// The most calls of any kind within a time, over the whole run.
    pub(crate) fn most_within(&self, window: Duration) -> usize {
        let inner = self.lock();
        let mut calls: Vec<Duration> =
            inner.calls.iter().map(|(at, _)| *at).chain(inner.lists.clone()).collect();
        calls.sort_unstable();
        let (mut first, mut most) = (0, 0);
        for (last, at) in calls.iter().enumerate() {
            while calls[first] + window <= *at {
                first += 1;
            }
            most = most.max(last - first + 1);
        }
        most
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    /// The failure of a call that comes now, if any.
    fn failure(&self) -> Option<Status> {
        let inner = self.lock();
        let now = inner.began.elapsed();
        let (from, until, status) = inner.outage.as_ref()?;
        (*from <= now && now < *until).then(|| status.clone())
    }
}

impl Inner {
    fn operation(&self, name: &str) -> Operation {
        let done = self.ends.get(name).is_some_and(|end| *end <= self.began.elapsed());
        if !done {
            return Operation::running(name);
        }
        let response = serde_json::json!({"name": name}).to_string();
        Operation::succeeded(name, Any::from_json(&response).unwrap()).unwrap()
    }
}

#[async_trait]
impl LroTransport for Server {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        let (failure, round_trip) = {
            let failure = self.failure();
            let mut inner = self.lock();
            let now = inner.began.elapsed();
            inner.calls.push((now, name.as_str().to_owned()));
            inner.in_flight += 1;
            inner.most_in_flight = inner.most_in_flight.max(inner.in_flight);
            (failure, inner.round_trip)
        };
        if !round_trip.is_zero() {
            sleep(round_trip).await;
        }
        let mut inner = self.lock();
        inner.in_flight -= 1;
        match failure {
            Some(status) => Err(status),
            None if inner.ends.contains_key(name.as_str()) => Ok(inner.operation(name.as_str())),
            None => Err(Status::new(lro::Code::NotFound, format!("no such operation: {name}"))),
        }
    }

    async fn list_operations(&self, request: &ListOperationsRequest) -> Result<OperationPage, Status> {
        if let Some(status) = self.failure() {
            return Err(status);
        }
        let mut inner = self.lock();
        let now = inner.began.elapsed();
        inner.lists.push(now);
        let mut names: Vec<&String> = inner.ends.keys().collect();
        names.sort();
        let first: usize = request.page_token.parse().unwrap_or(0);
        let size = inner.page_size.unwrap().min(request.page_size as usize);
        let page = names.iter().skip(first).take(size);
        let operations = page.map(|name| inner.operation(name)).collect();
        let is_last = first + size >= names.len();
        let next_page_token = if is_last { String::new() } else { (first + size).to_string() };
        Ok(OperationPage::new(operations).next_page_token(next_page_token))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().list(self.lock().page_size.is_some())
    }

    fn service(&self) -> Service {
        Service::new("jobs.example.com", "v1")
    }
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
