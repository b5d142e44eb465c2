//! The server and the worker as processes, and their HTTP APIs.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::{
    process::{Child, Command},
    time::sleep,
};

use crate::Fault;

pub(crate) struct Engine {
    dir: PathBuf,
    emulator: String,
    port: u16,
    client: Client<HttpConnector, Full<Bytes>>,
    server: Option<Child>,
    worker: Option<Child>,
}

impl Engine {
    /// Starts the server and a worker.
    pub(crate) async fn start(dir: &Path, emulator: String) -> Result<Self, Fault> {
        let port = env::var("RESTATE_PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(18080);
        let client = Client::builder(TokioExecutor::new()).build_http();
        let mut engine = Self { dir: dir.to_owned(), emulator, port, client, server: None, worker: None };
        engine.start_server().await?;
        engine.start_worker("1").await?;
        Ok(engine)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(crate) async fn start_server(&mut self) -> Result<(), Fault> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/engine.sh");
        let mut server = Command::new("sh");
        server.arg(script).arg("start").arg(&self.dir).env("RESTATE_PORT", self.port.to_string());
        // Settings that would end the waits, if the object did not override them.
        server.env("RESTATE_DEFAULT_RETRY_POLICY__MAX_ATTEMPTS", "2");
        server.env("RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT", "500ms");
        server.env("RESTATE_WORKER__INVOKER__ABORT_TIMEOUT", "500ms");
        // Outcomes are forgotten as soon as their time is over. Default: 1 h.
        server.env("RESTATE_WORKER__CLEANUP_INTERVAL", "2s");
        let log = fs::File::options().append(true).create(true).open(self.file("server.log"))?;
        server.stdout(log.try_clone()?).stderr(log).stdin(Stdio::null()).kill_on_drop(true);
        self.server = Some(server.spawn()?);
        for _ in 0..600 {
            let health = self.send("GET", self.port, "/restate/health", Bytes::new()).await;
            let admin = self.send("GET", self.port + 1, "/health", Bytes::new()).await;
            if matches!((health, admin), (Ok((200, _)), Ok((200, _)))) {
                return Ok(());
            }
            sleep(Duration::from_millis(100)).await;
        }
        Err("the server does not start: see server.log".into())
    }

    /// Starts a worker of a version, and registers it.
    pub(crate) async fn start_worker(&mut self, version: &str) -> Result<(), Fault> {
        let address = format!("127.0.0.1:{}", self.port + 3);
        let mut worker = Command::new(env::current_exe()?);
        worker.arg("worker").env("TRY_EMULATOR", &self.emulator).env("TRY_ADDRESS", &address);
        worker.env("TRY_VERSION", version).env("TRY_DELIVERIES", self.file("deliveries"));
        worker.env("TRY_STARTS", self.file("starts")).kill_on_drop(true);
        // A panic by request is one line.
        worker.env("RUST_BACKTRACE", "0");
        self.worker = Some(worker.spawn()?);
        let body = json!({"uri": format!("http://{address}"), "force": true}).to_string();
        for _ in 0..100 {
            if let Ok((200 | 201, _)) =
                self.send("POST", self.port + 1, "/deployments", body.clone().into()).await
            {
                return Ok(());
            }
            sleep(Duration::from_millis(200)).await;
        }
        Err("the worker was not registered".into())
    }

    pub(crate) async fn kill_worker(&mut self) -> Result<(), Fault> {
        kill(self.worker.take()).await
    }

    pub(crate) async fn kill_server(&mut self) -> Result<(), Fault> {
        kill(self.server.take()).await
    }

    /// Calls a handler by the ingress.
    pub(crate) async fn call(
        &self,
        path: &str,
        input: Option<&(impl Serialize + Sync)>,
    ) -> Result<(), Fault> {
        match self.answer(path, input).await? {
            (200 | 202, _) => Ok(()),
            (code, body) => Err(format!("{path}: {code} {body}").into()),
        }
    }

    /// Returns the HTTP status and the body.
    pub(crate) async fn answer(
        &self,
        path: &str,
        input: Option<&(impl Serialize + Sync)>,
    ) -> Result<(u16, Value), Fault> {
        let body = input.map(serde_json::to_vec).transpose()?.unwrap_or_default();
        let (code, body) = self.send("POST", self.port, path, body.into()).await?;
        Ok((code, serde_json::from_slice(&body).unwrap_or_default()))
    }

    /// Cancels an invocation, as an operator does.
    pub(crate) async fn cancel(&self, invocation: &str) -> Result<(), Fault> {
        let path = format!("/invocations/{invocation}/cancel");
        match self.send("PATCH", self.port + 1, &path, Bytes::new()).await? {
            (200..300, _) => Ok(()),
            (code, body) => Err(format!("{path}: {code} {}", String::from_utf8_lossy(&body)).into()),
        }
    }

    /// Returns the one number that a query in SQL selects.
    pub(crate) async fn query(&self, sql: &str) -> Result<u64, Fault> {
        let body = json!({"query": format!("select count(*) as n {sql}")}).to_string();
        let (_, body) = self.send("POST", self.port + 1, "/query", body.into()).await?;
        let reply: Value = serde_json::from_slice(&body)?;
        reply["rows"][0]["n"].as_u64().ok_or_else(|| format!("{sql}: {reply}").into())
    }

    /// The resident memory of server and worker, in MB.
    pub(crate) fn memory(&self) -> [u64; 2] {
        [&self.server, &self.worker].map(|process| {
            let id = process.as_ref().and_then(Child::id).unwrap_or_default();
            let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
            let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default();
            line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or_default() / 1024
        })
    }

    async fn send(&self, method: &str, port: u16, path: &str, body: Bytes) -> Result<(u16, Bytes), Fault> {
        let mut request =
            http::Request::builder().method(method).uri(format!("http://127.0.0.1:{port}{path}"));
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        let request = request.header("accept", "application/json").body(Full::new(body))?;
        let reply = self.client.request(request).await?;
        let code = reply.status().as_u16();
        Ok((code, reply.into_body().collect().await?.to_bytes()))
    }
}

async fn kill(process: Option<Child>) -> Result<(), Fault> {
    if let Some(mut process) = process {
        process.kill().await?;
    }
    Ok(())
}
