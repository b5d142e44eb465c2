//! BuildGrid, a server of `google.longrunning` over gRPC that is written in Python on Google's gRPC.
//!
//! `PYTHON=python3.12 cargo test -p lro-grpc --test buildgrid -- --ignored --nocapture` installs it from PyPI, and prints what
//! it replies. It needs the programs of PostgreSQL.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use lro::{
    AtDeadline, Capabilities, Code, ListOperationsRequest, LroTransport, OperationName, Outcome, Pacing,
    Service, Status, poll_until_done,
};
use lro_grpc::{GrpcTransport, Proto};
use lro_grpc_wire::messages;
use prost::{Message, Name};

/// `build.bazel.remote.execution.v2.ExecuteResponse`, without what it does not need here.
#[derive(Clone, PartialEq, Message)]
struct ExecuteResponse {
    #[prost(message, optional, tag = "3")]
    status: Option<messages::Status>,
    #[prost(string, tag = "5")]
    message: String,
}

impl Name for ExecuteResponse {
    const PACKAGE: &'static str = "build.bazel.remote.execution.v2";
    const NAME: &'static str = "ExecuteResponse";
}

#[tokio::test]
#[ignore = "installs BuildGrid from PyPI and runs PostgreSQL"]
async fn buildgrid_is_polled() {
    let server = BuildGrid::start();
    let jobs =
        GrpcTransport::builder(Service::new("buildgrid", "v2")).endpoint(server.url()).build().unwrap();
    let jobs = jobs.with_capabilities(Capabilities::ALL);
    for instance in ["", "main"] {
        let printed = server.execute(instance);
        println!("\ninstance {instance:?}: Execute returns the name {printed:?}");
        // The default instance puts a slash before its names, and takes them without it.
        assert_eq!(OperationName::parse(&printed).is_err(), instance.is_empty());
        let name: OperationName = printed.trim_start_matches('/').parse().unwrap();
        is_polled(&jobs, &name, instance).await;
    }
}

async fn is_polled(jobs: &GrpcTransport, name: &OperationName, instance: &str) {
    let found = shown("get", jobs.get_operation(name).await).unwrap();
    assert_eq!((&*found.name, found.is_done()), (name.as_str(), false));
    let listed = shown("list", jobs.list_operations(&ListOperationsRequest::new(instance)).await).unwrap();
    assert!(
        listed.operations.iter().any(|operation| operation.name.trim_start_matches('/') == name.as_str())
    );

    let unknown = format!("{name}0").parse().unwrap();
    let missing = shown("get of an unknown name", jobs.get_operation(&unknown).await).unwrap_err();
    assert!(matches!(missing.code(), Code::NotFound | Code::InvalidArgument), "{missing}");
    assert_eq!(shown("delete", jobs.delete_operation(name).await).unwrap_err().code(), Code::Unimplemented);
    let held = jobs.wait_operation(name, Some(Duration::from_secs(1))).await;
    assert_eq!(shown("wait", held).unwrap_err().code(), Code::Unimplemented);

    // No worker is there, so the operation ends by its cancellation: with a response, whose status has the code.
    let wait = poll_until_done::<Proto<ExecuteResponse>>(jobs, name.clone());
    let wait = wait.pacing(Pacing::fixed(Duration::from_millis(200))).deadline(Duration::from_secs(2));
    let Proto(response) = shown(
        "wait until cancelled",
        wait.at_deadline(AtDeadline::CancelAndWait(Duration::from_secs(20))).await,
    )
    .unwrap();
    assert_eq!(response.status.unwrap().code, Code::Cancelled.number());
    let done = shown("get", jobs.get_operation(name).await).unwrap();
    assert!(matches!(done.outcome, Some(Outcome::Response(_))));
}

fn shown<T: std::fmt::Debug>(what: &str, outcome: Result<T, Status>) -> Result<T, Status> {
    match &outcome {
        Ok(good) => println!("{what}: {good:?}"),
        Err(status) => println!("{what}: {status}"),
    }
    outcome
}

/// The server, which stops when this is dropped.
struct BuildGrid {
    script: Child,
    directory: PathBuf,
    port: u16,
}

impl BuildGrid {
    fn start() -> Self {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("buildgrid");
        std::fs::create_dir_all(&directory).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut script = Command::new("bash")
            .arg(Self::file("serve.sh"))
            .args([directory.as_os_str(), port.to_string().as_ref()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(script.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "started");
        Self { script, directory, port }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Starts an operation, and returns its name.
    fn execute(&self, instance: &str) -> String {
        let output = Command::new(self.directory.join("venv/bin/python"))
            .arg(Self::file("execute.py"))
            .args([&format!("127.0.0.1:{}", self.port), instance])
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn file(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/buildgrid").join(name)
    }
}

impl Drop for BuildGrid {
    fn drop(&mut self) {
        // The script stops the servers when its input ends.
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }
}
