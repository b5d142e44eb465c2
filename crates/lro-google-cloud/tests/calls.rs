//! The calls of a client: found by the macro, or given as closures.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use google_cloud_gax::{error::Error, options::RequestOptions};
use google_cloud_longrunning::model::{
    CancelOperationRequest, GetOperationRequest, Operation, WaitOperationRequest,
};
use lro::{Attempt, Capabilities, Code, LroTransport, OperationName, Service, poll_until_done};
use lro_google_cloud::{GoogleCloudTransport, transport};

/// A client of the form of google-cloud-rust, with the calls to get and to wait. The second wait finds the operation done.
#[derive(Clone, Debug, Default)]
struct Client {
    waits: Arc<AtomicU32>,
}

impl Client {
    fn get_operation(&self) -> Get {
        Get::default()
    }

    fn wait_operation(&self) -> Wait {
        Wait { waits: Arc::clone(&self.waits), ..Wait::default() }
    }
}

#[derive(Default)]
struct Get {
    request: GetOperationRequest,
}

impl Get {
    fn with_request(self, request: impl Into<GetOperationRequest>) -> Self {
        Self { request: request.into() }
    }

    fn with_options(self, _: impl Into<RequestOptions>) -> Self {
        self
    }

    async fn send(self) -> google_cloud_gax::Result<Operation> {
        Ok(Operation::new().set_name(self.request.name))
    }
}

#[derive(Default)]
struct Wait {
    request: WaitOperationRequest,
    waits: Arc<AtomicU32>,
}

impl Wait {
    fn with_request(self, request: impl Into<WaitOperationRequest>) -> Self {
        Self { request: request.into(), ..self }
    }

    fn with_options(self, _: impl Into<RequestOptions>) -> Self {
        self
    }

    async fn send(self) -> google_cloud_gax::Result<Operation> {
        // SPEC 40: the server is asked to wait, for less than the call may take.
        let timeout = self.request.timeout.unwrap();
        assert!((20..30).contains(&timeout.seconds()), "{timeout:?}");
        let done = self.waits.fetch_add(1, Relaxed) == 1;
        Ok(Operation::new().set_name(self.request.name).set_done(done))
    }
}

#[tokio::test(start_paused = true)]
async fn the_macro_finds_the_calls_that_a_client_has() {
    let client = Client::default();
    let operations = transport!(Service::new("example.googleapis.com", "v1"), &client);
    // SPEC 38
    assert_eq!(operations.capabilities(), Capabilities::default().wait(true));
    poll_until_done::<()>(&operations, name()).await.unwrap();
    assert_eq!(client.waits.load(Relaxed), 2);

    let clone = operations.clone();
    operations.disable_wait();
    assert_eq!(clone.capabilities(), Capabilities::default());
}

#[tokio::test(start_paused = true)]
async fn a_call_has_the_time_that_is_left_and_is_not_repeated_by_the_client() {
    let get = |_, options: RequestOptions| async move {
        assert!(options.retry_policy().is_some());
        let timeout = options.attempt_timeout().unwrap_or_default();
        Ok(Operation::new().set_name(format!("operations/{}", timeout.as_secs())))
    };
    let operations = GoogleCloudTransport::new(Service::default(), get);
    // SPEC 35
    let attempt = Attempt::within(Duration::from_secs(7));
    assert_eq!(operations.get_operation_within(&name(), &attempt).await.unwrap().name, "operations/7");
    assert_eq!(operations.get_operation(&name()).await.unwrap().name, "operations/0");
}

#[tokio::test]
async fn a_call_is_given_as_a_closure() {
    let get = |request: GetOperationRequest, _| async { Ok(Operation::new().set_name(request.name)) };
    let cancel = |request: CancelOperationRequest, _| async move {
        assert_eq!(request.name, "operations/1");
        Err(Error::io("reset"))
    };
    let operations = GoogleCloudTransport::new(Service::default(), get).cancel_by(cancel);
    assert_eq!(operations.capabilities(), Capabilities::default().cancel(true));
    assert_eq!(operations.get_operation(&name()).await.unwrap().name, "operations/1");
    assert_eq!(operations.cancel_operation(&name()).await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(operations.delete_operation(&name()).await.unwrap_err().code(), Code::Unimplemented);
    assert_eq!(
        format!("{operations:?}"),
        "GoogleCloudTransport { service: Service { key: \"\", version: \"\" }, capabilities: Capabilities \
         { cancel: true, delete: false, list: false, wait: false }, .. }"
    );
}

fn name() -> OperationName {
    OperationName::parse("operations/1").unwrap()
}
