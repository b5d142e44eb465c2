use std::{
    env,
    fs::{self, OpenOptions},
    process::Stdio,
    time::Duration,
};

use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::sleep,
};

use crate::Fault;

/// The server and the worker as processes, which are killed without notice.
pub(crate) struct Engine {
    endpoint: String,
    port: u16,
    dir: String,
    server: Option<Child>,
    worker: Option<Child>,
    /// The largest memory of each so far, in megabytes.
    pub(crate) server_memory: u64,
    pub(crate) worker_memory: u64,
}

impl Engine {
    /// Starts the server with a database in this folder, and a worker of the service at the endpoint.
    pub(crate) async fn start(dir: String, port: u16, endpoint: String) -> Result<Self, Fault> {
        let mut engine =
            Self { endpoint, port, dir, server: None, worker: None, server_memory: 0, worker_memory: 0 };
        engine.start_server().await?;
        engine.start_worker(false)?;
        Ok(engine)
    }

    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) async fn start_server(&mut self) -> Result<(), Fault> {
        let log = OpenOptions::new().create(true).append(true).open(format!("{}/server.log", self.dir))?;
        let mut command = Command::new("./engine.sh");
        command
            .args([&self.dir, &self.port.to_string()])
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true);
        self.server = Some(command.spawn()?);
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                return Ok(());
            }
            sleep(Duration::from_millis(100)).await;
        }
        Err("the server does not listen".into())
    }

    /// Starts the worker, in its first or its changed version.
    pub(crate) fn start_worker(&mut self, is_changed: bool) -> Result<(), Fault> {
        let mut command = Command::new(env::current_exe()?);
        command.arg("worker").env("TRY_ENDPOINT", &self.endpoint).env("TRY_TEMPORAL", self.address());
        if is_changed {
            command.env("TRY_CHANGED", "1");
        }
        self.worker = Some(command.kill_on_drop(true).spawn()?);
        Ok(())
    }

    /// Kills the worker with SIGKILL.
    pub(crate) async fn kill_worker(&mut self) -> Result<(), Fault> {
        self.measure();
        kill(self.worker.take()).await
    }

    /// Kills the server with SIGKILL. Its database stays.
    pub(crate) async fn kill_server(&mut self) -> Result<(), Fault> {
        self.measure();
        kill(self.server.take()).await
    }

    pub(crate) fn measure(&mut self) {
        self.server_memory = self.server_memory.max(memory(self.server.as_ref()));
        self.worker_memory = self.worker_memory.max(memory(self.worker.as_ref()));
    }
}

async fn kill(child: Option<Child>) -> Result<(), Fault> {
    match child {
        Some(mut child) => Ok(child.kill().await?),
        None => Ok(()),
    }
}

/// Returns the resident memory of a process in megabytes. Zero where there is no `/proc`.
fn memory(child: Option<&Child>) -> u64 {
    let status =
        child.and_then(Child::id).and_then(|id| fs::read_to_string(format!("/proc/{id}/status")).ok());
    let line =
        status.as_deref().and_then(|status| status.lines().find_map(|line| line.strip_prefix("VmRSS:")));
    let kilobytes =
        line.and_then(|line| line.split_whitespace().next()).and_then(|word| word.parse::<u64>().ok());
    kilobytes.unwrap_or_default() / 1024
}
