//! The command as a child process, against the emulator in this process.

#![allow(clippy::unwrap_used, reason = "the helpers of tests unwrap, as the tests do")]

mod calls;
mod emulate;
mod exit;
mod generate;
mod history;
mod interrupt;
mod output;
mod registry;
mod services;
mod start;
mod terminal;

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};

use lro::Any;
use lro_emulator::{Emulator, Script};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdout, Command},
    time::timeout,
};

/// An emulator, and a folder in which the commands have their cache.
struct Test {
    emulator: Emulator,
    folder: PathBuf,
}

/// What a command has written, and its exit code.
#[derive(Debug)]
struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

/// A command that runs.
struct Running {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: Lines<BufReader<ChildStderr>>,
}

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(120);

impl Test {
    async fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Relaxed);
        let folder = std::env::temp_dir().join(format!("lro-cli-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self { emulator: Emulator::start().await.unwrap(), folder }
    }

    /// An operation that is done with this response.
    fn done(&self, name: &str, response: &str) {
        let response = Any::from_json(response).unwrap();
        self.emulator.operation(name, Script::new().runs_for(Duration::ZERO).responds(response));
    }

    /// An operation that never ends.
    fn never(&self, name: &str) {
        self.emulator.operation(name, Script::new().runs_for(Duration::MAX));
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The command with the endpoint of the emulator. Nothing of the environment of the tests reaches it.
    fn command(&self, arguments: &str) -> Command {
        let mut command = command(&self.folder);
        command.args(arguments.split_whitespace()).env("LRO_ENDPOINT", self.emulator.endpoint());
        command
    }

    async fn run(&self, arguments: &str) -> Ended {
        ended(self.command(arguments)).await
    }

    fn start(&self, arguments: &str) -> Running {
        Running::of(self.command(arguments))
    }
}

impl Drop for Test {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The command without an endpoint.
fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lro"));
    command.env_clear().env("HOME", folder).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn ended(mut command: Command) -> Ended {
    // `output` would replace a stdout that a test has set.
    let output = command.spawn().unwrap().wait_with_output();
    let output = timeout(PATIENCE, output).await.expect("the command ends").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended {
        code: output.status.code().expect("no signal ends the command"),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

impl Running {
    fn of(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, stdout, stderr }
    }

    /// Reads stderr until a line contains a text.
    async fn says(&mut self, text: &str) {
        until(&mut self.stderr, text).await;
    }

    /// Returns the next line of stdout.
    async fn line(&mut self) -> String {
        let line = timeout(PATIENCE, self.stdout.next_line()).await.expect("a line is written");
        line.unwrap().expect("stdout is open")
    }

    async fn interrupt(&self) {
        self.signal("-INT").await;
    }

    async fn signal(&self, signal: &str) {
        let id = self.child.id().expect("the command runs").to_string();
        assert!(Command::new("kill").args([signal, &id]).status().await.unwrap().success());
    }

    async fn end(mut self) -> Ended {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        let rest = async {
            while let Some(line) = self.stdout.next_line().await.unwrap() {
                stdout.extend([&line, "\n"]);
            }
            while let Some(line) = self.stderr.next_line().await.unwrap() {
                stderr.extend([&line, "\n"]);
            }
            self.child.wait().await.unwrap()
        };
        let status = timeout(PATIENCE, rest).await.expect("the command ends");
        Ended { code: status.code().expect("no signal ends the command"), stdout, stderr }
    }
}

async fn until<R: AsyncRead + Unpin>(lines: &mut Lines<BufReader<R>>, text: &str) -> String {
    let found = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains(text) {
                return line;
            }
        }
        panic!("the output ended without {text:?}");
    };
    timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("nothing says {text:?}"))
}

/// Parses each line as JSON.
fn json_lines(text: &str) -> Vec<serde_json::Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
        .collect()
}
