//! A transport of sixty lines passes the contract, over HTTP/1.1 and over HTTP/2; one that cheats does not.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../client/mod.rs"]
mod client;

use std::{fmt::Write, time::Duration};

use bytes::Bytes;
use client::{Client, Reply};
use http::Method;
use lro::{
    Any, Capabilities, Code, ListOperationsRequest, LroTransport, Operation, OperationName, OperationPage,
    Status, async_trait, transport_fn,
};
use lro_emulator::{
    Emulator,
    contract::{self, Subject},
};
use serde::Deserialize;
use serde_json::json;

#[tokio::test]
async fn passes_over_http_1() {
    let emulator = Emulator::start().await.unwrap();
    let transport = Transport { client: Client::http1(emulator.endpoint()), has: ALL };
    contract::all(&Subject::new(&emulator, &transport, "operations")).await;
    contract::all(&Subject::new(&emulator, &transport, "projects/p/locations/l/operations")).await;
    assert!(emulator.calls().iter().all(|call| call.version == http::Version::HTTP_11));
}

#[tokio::test]
async fn passes_over_http_2() {
    let emulator = Emulator::start().await.unwrap();
    let transport = Transport { client: Client::http2(emulator.endpoint()), has: ALL };
    contract::all(&Subject::new(&emulator, &transport, "operations")).await;
    assert!(emulator.calls().iter().all(|call| call.version == http::Version::HTTP_2));
}

#[tokio::test]
async fn passes_with_get_alone() {
    let emulator = Emulator::start().await.unwrap();
    let transport = Transport { client: Client::http1(emulator.endpoint()), has: Capabilities::default() };
    contract::all(&Subject::new(&emulator, &transport, "operations")).await;
    assert!(emulator.calls().iter().all(|call| call.method == Method::GET));
}

#[tokio::test]
#[should_panic(expected = "is running")]
async fn catches_a_transport_that_makes_states_up() {
    let emulator = Emulator::start().await.unwrap();
    let dreamer =
        transport_fn(|name| async move { Operation::succeeded(name.as_str(), Any::from_json("{}")?) });
    contract::all(&Subject::new(&emulator, &dreamer, "operations")).await;
}

#[tokio::test]
#[should_panic(expected = "a call that the service does not have was made")]
async fn catches_a_transport_that_calls_what_it_does_not_have() {
    let emulator = Emulator::start().await.unwrap();
    let shy = Shy(Transport { client: Client::http1(emulator.endpoint()), has: ALL });
    contract::all(&Subject::new(&emulator, &shy, "operations")).await;
}

/// Makes the call to cancel, and says that there is none.
#[derive(Debug)]
struct Shy(Transport);

#[async_trait]
impl LroTransport for Shy {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        self.0.get_operation(name).await
    }

    async fn cancel_operation(&self, name: &OperationName) -> Result<(), Status> {
        self.0.cancel_operation(name).await?;
        Err(Status::unimplemented("not that I knew"))
    }
}

#[derive(Debug)]
struct Transport {
    client: Client,
    has: Capabilities,
}

#[async_trait]
impl LroTransport for Transport {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        self.operation(Method::GET, path(name), "".into()).await
    }

    async fn cancel_operation(&self, name: &OperationName) -> Result<(), Status> {
        self.require(self.has.cancel)?;
        self.call(Method::POST, format!("{}:cancel", path(name)), "{}".into()).await.map(drop)
    }

    async fn delete_operation(&self, name: &OperationName) -> Result<(), Status> {
        self.require(self.has.delete)?;
        self.call(Method::DELETE, path(name), "".into()).await.map(drop)
    }

    async fn list_operations(&self, request: &ListOperationsRequest) -> Result<OperationPage, Status> {
        self.require(self.has.list)?;
        let parent = if request.name.is_empty() { "/v1".to_owned() } else { format!("/v1/{}", request.name) };
        let (filter, size, token) = (encode(&request.filter), request.page_size, encode(&request.page_token));
        let query = format!("filter={filter}&pageSize={size}&pageToken={token}");
        let reply = self.call(Method::GET, format!("{parent}/operations?{query}"), "".into()).await?;
        let page: Page =
            serde_json::from_slice(&reply.body).map_err(|error| Status::malformed(error.to_string()))?;
        Ok(OperationPage::new(page.operations).next_page_token(page.next_page_token))
    }

    async fn wait_operation(
        &self,
        name: &OperationName,
        timeout: Option<Duration>,
    ) -> Result<Operation, Status> {
        self.require(self.has.wait)?;
        let timeout = timeout.map(|timeout| lro::wkt::Duration::from(timeout).to_string());
        let body = json!({ "timeout": timeout }).to_string();
        self.operation(Method::POST, format!("{}:wait", path(name)), body.into()).await
    }

    fn capabilities(&self) -> Capabilities {
        self.has
    }
}

impl Transport {
    fn require(&self, has: bool) -> Result<(), Status> {
        if has { Ok(()) } else { Err(Status::unimplemented("no such call")) }
    }

    async fn operation(&self, method: Method, path: String, body: Bytes) -> Result<Operation, Status> {
        let reply = self.call(method, path, body).await?;
        let operation = Operation::from_json(&reply.body)?;
        Ok(Operation { retry_after: retry_after(&reply), ..operation })
    }

    async fn call(&self, method: Method, path: String, body: Bytes) -> Result<Reply, Status> {
        let reply = self.client.call(method, &path, body).await;
        let reply = reply.map_err(|error| Status::unavailable("the connection broke").with_source(error))?;
        if reply.status.is_success() { Ok(reply) } else { Err(failure(&reply)) }
    }
}

fn failure(reply: &Reply) -> Status {
    let failure: Failure = serde_json::from_slice(&reply.body).unwrap_or_default();
    let code = Code::from_name(&failure.error.status).unwrap_or(match reply.status.as_u16() {
        400 => Code::InvalidArgument,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::NotFound,
        409 => Code::Aborted,
        429 => Code::ResourceExhausted,
        503 => Code::Unavailable,
        504 => Code::DeadlineExceeded,
        402..500 => Code::FailedPrecondition,
        _ => Code::Internal,
    });
    let status = Status::new(code, failure.error.message).with_details(failure.error.details);
    retry_after(reply).into_iter().fold(status, Status::with_retry_after)
}

fn retry_after(reply: &Reply) -> Option<Duration> {
    reply.headers.get("retry-after")?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}

fn path(name: &OperationName) -> String {
    name.segments().fold("/v1".to_owned(), |path, segment| path + "/" + &encode(segment))
}

fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            _ => write!(encoded, "%{byte:02X}").unwrap(),
        }
        encoded
    })
}

#[derive(Default, Deserialize)]
struct Failure {
    error: Error,
}

#[derive(Default, Deserialize)]
struct Error {
    status: String,
    message: String,
    #[serde(default)]
    details: Vec<Any>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    operations: Vec<Operation>,
    #[serde(default)]
    next_page_token: String,
}

const ALL: Capabilities = Capabilities::ALL;
