//! What a service has beside get, and what it says of the rest.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use lro::{
    Capabilities, Code, ListOperationsRequest, LroTransport, Operation, OperationName, OperationPage, Origin,
    Service, Status, async_trait, transport_fn,
};

mod common;
use common::{NAME, name, seconds};

#[tokio::test]
async fn refuses_without_any_call_what_the_service_does_not_have() {
    // SPEC 38
    let calls = AtomicU32::new(0);
    let jobs = transport_fn(|name: OperationName| {
        calls.fetch_add(1, Ordering::Relaxed);
        async move { Ok(Operation::running(name.as_str())) }
    });
    assert_eq!(jobs.capabilities(), Capabilities { cancel: false, delete: false, list: false, wait: false });
    let request = ListOperationsRequest { name: NAME.to_owned(), ..ListOperationsRequest::default() };
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
        let request =
            ListOperationsRequest { page_token: "t".to_owned(), ..ListOperationsRequest::default() };
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
        Ok(OperationPage {
            next_page_token: format!("listed {}", request.page_token),
            ..OperationPage::default()
        })
    }

    async fn wait_operation(
        &self,
        name: &OperationName,
        timeout: Option<Duration>,
    ) -> Result<Operation, Status> {
        Ok(Operation::running(format!("waited {name} {:?}", timeout.unwrap_or_default())))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { cancel: true, delete: true, list: true, wait: true }
    }

    fn service(&self) -> Service {
        Service::new("everything.example.com", "v1")
    }
}
