use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    sync::Mutex,
    time::Duration,
};

use bytes::Bytes;
use http::Method;
use lro::{
    Attempt, Capabilities, ListOperationsRequest, LroTransport, Operation, OperationName, OperationPage,
    Status, async_trait,
};
use serde::Deserialize;
use serde_json::json;

use crate::client::{Client, Reply};

/// A transport that passes the contract, unless it has faults.
#[derive(Debug)]
pub(crate) struct Transport {
    client: Client,
    faults: Faults,
    memory: Mutex<Memory>,
}

/// What a transport does wrong. Each function stands at a step of a call and returns its argument unless it is a fault.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faults {
    /// The calls that it declares.
    pub(crate) has: Capabilities,
    /// What it does with the refusal of a call that it does not have. `Ok` makes the call.
    pub(crate) lacking: fn(Status) -> Result<(), Status>,
    /// The name to get, given the name that was asked for.
    pub(crate) ask: fn(&mut Memory, &str) -> Result<String, Status>,
    /// The result of a get, given the name that was asked for.
    pub(crate) got: fn(&mut Memory, &str, Got) -> Got,
    /// The result of a get within an attempt.
    pub(crate) got_within: fn(Operation) -> Got,
    /// The result of a call to cancel or to delete.
    pub(crate) acked: fn(&Method, Result<(), Status>) -> Result<(), Status>,
    /// The result of a call to list.
    pub(crate) listed: fn(OperationPage) -> Result<OperationPage, Status>,
    /// The request as it is sent.
    pub(crate) send: fn(Request) -> Request,
    /// The reply as it is read.
    pub(crate) read: fn(Reply) -> Reply,
    /// Whether a request is sent again after this reply, and to which path.
    pub(crate) again: fn(&Reply) -> Option<String>,
    /// Whether a reply with HTTP status 200 is good whatever it contains.
    pub(crate) trusts: fn(&Request) -> bool,
}

/// The result of a get.
pub(crate) type Got = Result<Operation, Status>;

/// What a transport with a fault remembers.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) last: String,
    pub(crate) under_way: BTreeSet<String>,
    pub(crate) seen: BTreeMap<String, Operation>,
    pub(crate) pause: Option<Duration>,
    pub(crate) has_failed: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Bytes,
}

impl Transport {
    pub(crate) fn new(client: Client, faults: Faults) -> Self {
        Self { client, faults, memory: Mutex::default() }
    }

    async fn get(&self, name: &OperationName) -> Got {
        let asked = (self.faults.ask)(&mut self.memory.lock().unwrap(), name.as_str())?;
        let got = self.operation(Method::GET, path(&asked), "".into()).await;
        (self.faults.got)(&mut self.memory.lock().unwrap(), name.as_str(), got)
    }

    fn require(&self, has: bool) -> Result<(), Status> {
        if has { Ok(()) } else { (self.faults.lacking)(Status::unimplemented("no such call")) }
    }

    async fn operation(&self, method: Method, path: String, body: Bytes) -> Result<Operation, Status> {
        let reply = self.call(method, path, body).await?;
        let operation = Operation::from_json(&reply.body)?;
        Ok(Operation { retry_after: lro::retry_after(&reply.headers), ..operation })
    }

    async fn ack(&self, method: Method, path: String, body: Bytes) -> Result<(), Status> {
        let reply = self.call(method.clone(), path, body).await;
        (self.faults.acked)(&method, reply.map(drop))
    }

    async fn call(&self, method: Method, path: String, body: Bytes) -> Result<Reply, Status> {
        let mut request = (self.faults.send)(Request { method, path, body });
        let mut reply = self.exchange(&request).await?;
        if let Some(path) = (self.faults.again)(&reply) {
            request.path = if path.is_empty() { request.path } else { path };
            reply = self.exchange(&request).await?;
        }
        if !reply.status.is_success() {
            return Err(Status::from_http(reply.status, &reply.headers, &reply.body));
        }
        let refusal = if (self.faults.trusts)(&request) { None } else { Status::in_reply(&reply.body) };
        refusal.map_or(Ok(reply), Err)
    }

    async fn exchange(&self, request: &Request) -> Result<Reply, Status> {
        let Request { method, path, body } = request.clone();
        let reply = self.client.call(method, &path, body).await.map_err(|error| {
            let is_lost = error.is::<hyper_util::client::legacy::Error>();
            Status::unavailable(if is_lost { LOST } else { "the reply broke off" }).with_source(error)
        });
        reply.map(self.faults.read)
    }
}

#[async_trait]
impl LroTransport for Transport {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        self.get(name).await
    }

    async fn get_operation_within(&self, name: &OperationName, _: &Attempt) -> Result<Operation, Status> {
        (self.faults.got_within)(self.get(name).await?)
    }

    async fn cancel_operation(&self, name: &OperationName) -> Result<(), Status> {
        self.require(self.faults.has.cancel)?;
        self.ack(Method::POST, format!("{}:cancel", path(name.as_str())), "{}".into()).await
    }

    async fn delete_operation(&self, name: &OperationName) -> Result<(), Status> {
        self.require(self.faults.has.delete)?;
        self.ack(Method::DELETE, path(name.as_str()), "".into()).await
    }

    async fn list_operations(&self, request: &ListOperationsRequest) -> Result<OperationPage, Status> {
        self.require(self.faults.has.list)?;
        let parent = if request.name.is_empty() { "/v1".to_owned() } else { format!("/v1/{}", request.name) };
        let (filter, size, token) = (encode(&request.filter), request.page_size, encode(&request.page_token));
        let query = format!("filter={filter}&pageSize={size}&pageToken={token}");
        let reply = self.call(Method::GET, format!("{parent}/operations?{query}"), "".into()).await?;
        let page: Page =
            serde_json::from_slice(&reply.body).map_err(|error| Status::malformed(error.to_string()))?;
        let page = OperationPage::new(page.operations)
            .next_page_token(page.next_page_token)
            .unreachable(page.unreachable);
        (self.faults.listed)(page)
    }

    async fn wait_operation(
        &self,
        name: &OperationName,
        timeout: Option<Duration>,
    ) -> Result<Operation, Status> {
        self.require(self.faults.has.wait)?;
        let timeout = timeout.map(|timeout| lro::wkt::Duration::from(timeout).to_string());
        let body = json!({ "timeout": timeout }).to_string();
        self.operation(Method::POST, format!("{}:wait", path(name.as_str())), body.into()).await
    }

    fn capabilities(&self) -> Capabilities {
        self.faults.has
    }
}

/// No faults.
impl Default for Faults {
    fn default() -> Self {
        Self {
            has: Capabilities::ALL,
            lacking: Err,
            ask: |_, name| Ok(name.to_owned()),
            got: |_, _, got| got,
            got_within: Ok,
            acked: |_, acked| acked,
            listed: Ok,
            send: |request| request,
            read: |reply| reply,
            again: |_| None,
            trusts: |_| false,
        }
    }
}

fn path(name: &str) -> String {
    name.split('/').fold("/v1".to_owned(), |path, segment| path + "/" + &encode(segment))
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
#[serde(rename_all = "camelCase", default)]
struct Page {
    operations: Vec<Operation>,
    next_page_token: String,
    unreachable: Vec<String>,
}

/// The message of a call whose connection closed before the reply.
pub(crate) const LOST: &str = "the connection closed";
