//! What a service has beside get, and what it says of the rest.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::{
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use lro::{
    Attempt, Capabilities, Code, ListOperationsRequest, LroTransport, Operation, OperationName,
    OperationPage, Origin, Pacing, Permit, Service, Status, async_trait, poll_until_done, transport_fn,
};
use tokio::time::{sleep, timeout};

use super::common::{NAME, name, seconds};

#[tokio::test]
async fn refuses_without_any_call_what_the_service_does_not_have() {
    // SPEC 38
    let calls = AtomicU32::new(0);
    let jobs = transport_fn(|name: OperationName| {
        calls.fetch_add(1, Ordering::Relaxed);
        async move { Ok(Operation::running(name.as_str())) }
    });
    assert_eq!(jobs.capabilities(), Capabilities::default());
    let request = ListOperationsRequest::new(NAME.to_owned());
    for (status, verb) in [
        (jobs.cancel_operation(&name()).await.unwrap_err(), "cancel"),
        (jobs.delete_operation(&name()).await.unwrap_err(), "delete"),
        (jobs.list_operations(&request).await.unwrap_err(), "list"),
        (jobs.wait_operation(&name(), None).await.unwrap_err(), "wait"),
    ] {
        assert_eq!((status.code(), status.origin()), (Code::Unimplemented, Origin::CallFailed));
        assert!(status.message().contains(verb) && status.message().contains(NAME), "{status}");
    }
    assert_eq!(calls.load(Ordering::Relaxed), 0);
    assert_eq!(jobs.get_operation(&name()).await.unwrap(), Operation::running(NAME));
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn passes_every_call_on_through_a_pointer() {
    // SPEC 38
    fn check(transport: impl LroTransport) -> impl LroTransport {
        assert_eq!(transport.capabilities(), Everything.capabilities());
        assert_eq!(transport.service(), Everything.service());
        transport
    }
    let nested = Box::new(Arc::new(Everything));
    let pointers: [Box<dyn LroTransport>; 5] = [
        Box::new(check(&Everything)),
        Box::new(check(Arc::new(Everything))),
        Box::new(check(Box::new(Everything))),
        Box::new(check(Arc::new(Everything) as Arc<dyn LroTransport>)),
        Box::new(check(&nested)),
    ];
    for transport in pointers {
        let request = ListOperationsRequest::default().page_token("t".to_owned());
        assert_eq!(transport.get_operation(&name()).await.unwrap().name, "got operations/1");
        assert_eq!(
            transport.cancel_operation(&name()).await.unwrap_err().message(),
            "cancelled operations/1"
        );
        assert_eq!(transport.delete_operation(&name()).await.unwrap_err().message(), "deleted operations/1");
        assert_eq!(transport.list_operations(&request).await.unwrap().next_page_token, "listed t");
        let waited = transport.wait_operation(&name(), Some(seconds(3))).await.unwrap();
        assert_eq!(waited.name, "waited operations/1 3s");
    }
}

#[tokio::test(start_paused = true)]
async fn passes_the_time_left_on_through_a_pointer() {
    let attempt = Attempt::within(seconds(7));
    let nested = Box::new(Arc::new(Hurried));
    let pointers: [Box<dyn LroTransport>; 3] =
        [Box::new(&Hurried), Box::new(nested), Box::new(Arc::new(Hurried) as Arc<dyn LroTransport>)];
    for transport in pointers {
        let request = ListOperationsRequest::default();
        assert_eq!(transport.get_operation_within(&name(), &attempt).await.unwrap().name, "get 7s");
        assert_eq!(
            transport.list_operations_within(&request, &attempt).await.unwrap().next_page_token,
            "list 7s"
        );
        assert_eq!(
            transport.cancel_operation_within(&name(), &attempt).await.unwrap_err().message(),
            "cancel 7s"
        );
        assert_eq!(
            transport.delete_operation_within(&name(), &attempt).await.unwrap_err().message(),
            "delete 7s"
        );
        let waited = transport.wait_operation_within(&name(), Some(seconds(3)), &attempt).await.unwrap();
        assert_eq!(waited.name, "wait 3s of 7s");
    }
    sleep(seconds(5)).await;
    assert_eq!(attempt.time_left(), Some(seconds(2)));
    sleep(seconds(5)).await;
    assert_eq!((attempt.time_left(), Attempt::default().time_left()), (Some(seconds(0)), None));
}

#[tokio::test(start_paused = true)]
async fn is_asked_with_the_time_that_its_driver_has_left() {
    // SPEC 35
    let times = Arc::new(Mutex::new(Vec::new()));
    let status = poll_until_done::<()>(Timed(times.clone()), name())
        .pacing(Pacing::fixed(seconds(4)))
        .attempt_timeout(seconds(5))
        .deadline(seconds(6))
        .await
        .unwrap_err();
    assert_eq!(status.origin(), Origin::StoppedAsking);
    // The timeout of the attempt, what is left of the deadline, and the grace of the last call.
    assert_eq!(*times.lock().unwrap(), [seconds(5), seconds(2), seconds(2)].map(Some));
}

#[tokio::test(start_paused = true)]
async fn writes_a_call_when_its_permit_is_there() {
    let gate = Arc::new(Gate::default());
    let attempt = Attempt::default().with_permit(gate.clone());
    let mut call = pin!(attempt.permit());
    assert!(timeout(seconds(3), &mut call).await.is_err());
    gate.open();
    call.await;
    Attempt::default().permit().await;
}

/// Answers how much time each call has.
#[derive(Debug)]
struct Hurried;

impl Hurried {
    fn left(verb: &str, attempt: &Attempt) -> String {
        format!("{verb} {:?}", attempt.time_left().unwrap())
    }
}

#[async_trait]
impl LroTransport for Hurried {
    async fn get_operation(&self, _: &OperationName) -> Result<Operation, Status> {
        Ok(Operation::running("without an attempt"))
    }

    async fn get_operation_within(&self, _: &OperationName, attempt: &Attempt) -> Result<Operation, Status> {
        Ok(Operation::running(Self::left("get", attempt)))
    }

    async fn cancel_operation_within(&self, _: &OperationName, attempt: &Attempt) -> Result<(), Status> {
        Err(Status::unavailable(Self::left("cancel", attempt)))
    }

    async fn delete_operation_within(&self, _: &OperationName, attempt: &Attempt) -> Result<(), Status> {
        Err(Status::unavailable(Self::left("delete", attempt)))
    }

    async fn list_operations_within(
        &self,
        _: &ListOperationsRequest,
        attempt: &Attempt,
    ) -> Result<OperationPage, Status> {
        Ok(OperationPage::default().next_page_token(Self::left("list", attempt)))
    }

    async fn wait_operation_within(
        &self,
        _: &OperationName,
        timeout: Option<Duration>,
        attempt: &Attempt,
    ) -> Result<Operation, Status> {
        Ok(Operation::running(Self::left(&format!("wait {:?} of", timeout.unwrap()), attempt)))
    }
}

/// Keeps how much time each call has.
#[derive(Debug)]
struct Timed(Arc<Mutex<Vec<Option<Duration>>>>);

#[async_trait]
impl LroTransport for Timed {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        Ok(Operation::running(name.as_str()))
    }

    async fn get_operation_within(
        &self,
        name: &OperationName,
        attempt: &Attempt,
    ) -> Result<Operation, Status> {
        self.0.lock().unwrap().push(attempt.time_left());
        self.get_operation(name).await
    }
}

/// A permit that is there once the gate is open.
#[derive(Debug, Default)]
struct Gate(Mutex<(bool, Option<Waker>)>);

impl Gate {
    fn open(&self) {
        let mut gate = self.0.lock().unwrap();
        gate.0 = true;
        gate.1.take().unwrap().wake();
    }
}

impl Permit for Gate {
    fn poll_take(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut gate = self.0.lock().unwrap();
        if gate.0 {
            return Poll::Ready(());
        }
        gate.1 = Some(context.waker().clone());
        Poll::Pending
    }
}

/// Has every call, and tells which one was made.
#[derive(Debug)]
struct Everything;

#[async_trait]
impl LroTransport for Everything {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        Ok(Operation::running(format!("got {name}")))
    }

    async fn cancel_operation(&self, name: &OperationName) -> Result<(), Status> {
        Err(Status::unavailable(format!("cancelled {name}")))
    }

    async fn delete_operation(&self, name: &OperationName) -> Result<(), Status> {
        Err(Status::unavailable(format!("deleted {name}")))
    }

    async fn list_operations(&self, request: &ListOperationsRequest) -> Result<OperationPage, Status> {
        Ok(OperationPage::default().next_page_token(format!("listed {}", request.page_token)))
    }

    async fn wait_operation(
        &self,
        name: &OperationName,
        timeout: Option<Duration>,
    ) -> Result<Operation, Status> {
        Ok(Operation::running(format!("waited {name} {:?}", timeout.unwrap_or_default())))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }

    fn service(&self) -> Service {
        Service::new("everything.example.com", "v1")
    }
}
