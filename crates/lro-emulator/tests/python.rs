//! A client in Python calls the emulator by Google's own stubs, `grpcio` and `googleapis-common-protos`.
//!
//! Run by `cargo test -p lro-emulator --features grpc --test python -- --ignored --nocapture`. The test installs both packages
//! from PyPI in a virtual environment below `target`, and is skipped where that fails.

#![cfg(feature = "grpc")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use lro::{
    Any, Code, Status,
    details::{ErrorInfo, RetryInfo},
    wkt,
};
use lro_emulator::{Emulator, Reply, Script};
use serde_json::json;

#[tokio::test]
#[ignore = "it installs packages from PyPI"]
async fn a_python_client_polls_until_done() {
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("grpcio");
    let python = match tokio::task::spawn_blocking(move || installed(&environment)).await.unwrap() {
        Ok(python) => python,
        Err(reason) => return eprintln!("skipped: {reason}"),
    };
    let emulator = Emulator::start().await.unwrap();
    script(&emulator);
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/poll.py");
    let address = emulator.address().to_string();
    let run = move || Command::new(python).arg(program).arg(address).output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    eprint!("{printed}");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(printed, EXPECTED);
}

fn script(emulator: &Emulator) {
    let metadata =
        Any::pack_as("google.protobuf.Duration", &wkt::Duration::from_seconds(7).unwrap()).unwrap();
    let job = Any::from_json(json!({"@type": "x/example.v1.Job", "pages": 7}).to_string()).unwrap();
    let poll = Script::new().runs_for_calls(2).metadata(move |_| metadata.clone()).responds(job);
    emulator.operation("operations/poll", poll);

    let retry = RetryInfo { retry_delay: Some(Duration::from_millis(7_500).into()) };
    let mut info = ErrorInfo { reason: "R".into(), ..ErrorInfo::default() };
    info.metadata.insert("k".into(), "v".into());
    let details = vec![Any::pack(&retry).unwrap(), Any::pack(&info).unwrap()];
    let error = Status::new(Code::NotFound, "100 % ö").with_details(details);
    let failed = Script::new().runs_for(Duration::ZERO).fails(error.clone());
    emulator.operation("operations/failed", failed);

    let endless = Script::new().runs_for(Duration::MAX);
    let now = Script::new().runs_for(Duration::ZERO);
    emulator.operation("operations/refused", now.clone().call(1, Reply::error(&error)));
    emulator.operation("operations/endless", endless);
    let late = Reply::usual().after(Duration::from_secs(3_600));
    emulator.operation("operations/late", now.call(1, late));
}

/// Returns the interpreter of an environment that has the packages.
fn installed(environment: &Path) -> Result<PathBuf, String> {
    let python = environment.join("bin/python");
    let has_packages = |python: &Path| {
        let import = ["-c", "import grpc, google.longrunning.operations_pb2_grpc"];
        run(Command::new(python).args(import))
    };
    if has_packages(&python).is_err() {
        run(Command::new("python3").args(["-m", "venv"]).arg(environment))?;
        let packages = ["-m", "pip", "install", "--quiet", "grpcio", "googleapis-common-protos"];
        run(Command::new(&python).args(packages))?;
        has_packages(&python)?;
    }
    Ok(python)
}

fn run(command: &mut Command) -> Result<(), String> {
    match command.output() {
        Ok(Output { status, .. }) if status.success() => Ok(()),
        Ok(Output { stderr, .. }) => Err(format!("{command:?}: {}", String::from_utf8_lossy(&stderr))),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}

const EXPECTED: &str = "\
running 7
running 7
done after 3 polls: 7.0 x/example.v1.Job
failed: 5 100 % ö 7500 R {'k': 'v'}
refused: NOT_FOUND 100 % ö
details: 5 ['google.rpc.RetryInfo', 'google.rpc.ErrorInfo']
listed: ['operations/endless']
waited: False True
compressed: operations/endless
cancelled: True
then: 1
deleted: NOT_FOUND: Requested entity was not found: operations/endless
late: DEADLINE_EXCEEDED
unknown: UNIMPLEMENTED: Method not found: /example.v1.Jobs/Run
";
