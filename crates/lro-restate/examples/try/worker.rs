//! The worker: the object `Lro`, and a service of a user that waits for operations and delivers their outcomes.

use std::{
    env, io,
    net::SocketAddr,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};

use lro::{
    Capabilities, Handle, LroTransport, Operation, OperationName, Pacing, Service, Status, async_trait,
    pacing::PacingByKind, rules::Rules,
};
use lro_http::{Binding, HttpClient, HttpTransport, NameTemplate};
use lro_restate::{Driver, Lro, LroClient, Registration, Started, start};
use restate_sdk::prelude::*;
use serde::{Deserialize, Serialize};
use tokio::{fs::OpenOptions, io::AsyncWriteExt};

use crate::Fault;

pub(crate) const SERVICE: Service = Service::new("print.example.com", "v1");

/// An operation to wait for.
#[derive(Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) name: String,
    /// The delay of the pacing in milliseconds. None: that of the worker.
    pub(crate) kind: Option<String>,
    pub(crate) deadline_ms: Option<u64>,
}

impl Order {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: None, deadline_ms: None }
    }

    pub(crate) fn registration(&self) -> Result<Registration, TerminalError> {
        let name = OperationName::parse(&self.name).map_err(|fault| TerminalError::new(fault.to_string()))?;
        let handle = Handle::new(&SERVICE, name);
        let handle = match &self.kind {
            Some(kind) => handle.with_kind(kind),
            None => handle,
        };
        let registration = Registration::new(handle);
        Ok(match self.deadline_ms {
            Some(deadline) => registration.deadline(Duration::from_millis(deadline)),
            None => registration,
        })
    }
}

/// A service of a user.
struct Orders {
    deliveries: String,
    starts: String,
    has_one_more_step: bool,
}

#[service(
    journal_retention = "0s",
    inactivity_timeout = "1s",
    abort_timeout = "1m",
    invocation_retry_policy(max_interval = "10s", max_attempts = 9007199254740991)
)]
impl Orders {
    /// Waits for an operation, and delivers its outcome.
    #[handler]
    async fn wait(&self, ctx: Context<'_>, Json(order): Json<Order>) -> Result<(), HandlerError> {
        let registration = order.registration()?;
        let lro = ctx.object_client::<LroClient<'_>>(registration.key());
        let Json(ended) = lro.outcome(Json(registration)).call().await?;
        if self.has_one_more_step {
            let text = format!("{}\n", order.name);
            let file = format!("{}.more", self.deliveries);
            ctx.run(async move || Ok(append(file, text).await?)).name("one more step").await?;
        }
        let text = format!("{}\t{}\n", order.name, serde_json::to_string(&ended.ending)?);
        let file = self.deliveries.clone();
        ctx.run(async move || Ok(append(file, text).await?)).name("deliver").await?;
        Ok(())
    }

    /// Starts an operation by a call that takes some seconds.
    #[handler(inactivity_timeout = "1m")]
    async fn start(&self, ctx: Context<'_>, name: String) -> Result<(), HandlerError> {
        let (file, started) = (self.starts.clone(), name.clone());
        let call = async move {
            let text = format!("{started}\tcalled\n");
            append(file, text).await.map_err(|fault| Status::unavailable(fault.to_string()))?;
            tokio::time::sleep(Duration::from_secs(4)).await;
            Ok(Operation::running(started))
        };
        let (intent, call) = start(call);
        ctx.run(intent).name("intent").await?;
        let Json(started) = ctx.run(call).name("start").await?;
        let result = match started {
            Started::Running(_) => "running",
            Started::Unresolved => "unresolved",
            _ => "failed",
        };
        let (file, text) = (self.starts.clone(), format!("{name}\t{result}\n"));
        ctx.run(async move || Ok(append(file, text).await?)).await?;
        Ok(())
    }
}

/// Panics at the first two polls of an operation with a certain name.
#[derive(Debug)]
struct Panicking(HttpTransport, AtomicU32);

pub(crate) const PANICS: &str = "operations/panics";

#[async_trait]
impl LroTransport for Panicking {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        let Self(transport, polls) = self;
        assert!(name.as_str() != PANICS || polls.fetch_add(1, Relaxed) >= 2, "a panic by request");
        transport.get_operation(name).await
    }

    async fn cancel_operation(&self, name: &OperationName) -> Result<(), Status> {
        self.0.cancel_operation(name).await
    }

    fn service(&self) -> Service {
        self.0.service()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }
}

/// The kind of an operation is the delay in milliseconds.
#[derive(Debug)]
struct ByKind(Pacing);

impl PacingByKind for ByKind {
    fn pacing(&self, kind: &str) -> Pacing {
        kind.parse().map_or_else(|_| self.0.clone(), |delay| Pacing::fixed(Duration::from_millis(delay)))
    }
}

/// Serves until the process is killed.
pub(crate) async fn serve() -> Result<(), Fault> {
    let binding = Binding::new(SERVICE, NameTemplate::parse("operations/**")?)
        .capabilities(Capabilities::default().cancel(true));
    let transport = HttpTransport::new(HttpClient::builder(env::var("TRY_EMULATOR")?).build()?, binding);
    let pacing = match env::var("TRY_VERSION")?.as_str() {
        "1" => Pacing::proportional(0.1).at_least(Duration::from_secs(2)),
        _ => Pacing::fixed(Duration::from_millis(1500)),
    };
    let rules = Rules { attempt_timeout: Duration::from_secs(2), ..Rules::default() };
    let lro = Lro::new(
        Driver::default().serve(Panicking(transport, AtomicU32::new(0))).pacing(ByKind(pacing)).rules(rules),
    );
    let retention = HandlerOptions::new().idempotency_retention(Duration::from_secs(10));
    let lro = lro.into_service_definition().options(ServiceOptions::new().handler("wait", retention));
    let orders = Orders {
        deliveries: env::var("TRY_DELIVERIES")?,
        starts: env::var("TRY_STARTS")?,
        has_one_more_step: env::var("TRY_VERSION")? != "1",
    };
    let address: SocketAddr = env::var("TRY_ADDRESS")?.parse()?;
    HttpServer::new(Endpoint::builder().bind(lro).bind(orders).build()).listen_and_serve(address).await;
    Ok(())
}

/// Appends in one write, which is whole after a kill of the process.
async fn append(file: String, text: String) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(file).await?;
    file.write_all(text.as_bytes()).await?;
    file.flush().await
}
