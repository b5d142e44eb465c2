//! The form for a terminal, which `script` of util-linux emulates.

use std::process::Stdio;

use tokio::{
    io::AsyncReadExt,
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use crate::{PATIENCE, Test};

/// A command in a terminal of 40 columns.
struct Terminal {
    child: Child,
    output: ChildStdout,
    shown: String,
}

impl Terminal {
    /// Returns `None` if there is no `script`.
    fn of(test: &Test, arguments: &str) -> Option<Self> {
        Self::with(test, "1", arguments)
    }

    fn with(test: &Test, no_color: &str, arguments: &str) -> Option<Self> {
        let line = format!("stty cols 40 rows 24; {} {arguments}", env!("CARGO_BIN_EXE_lro"));
        let mut command = Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).env_clear().env("TERM", "xterm").env("NO_COLOR", no_color);
        command.env("HOME", &test.folder).env("LRO_ENDPOINT", test.emulator.endpoint());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let Ok(mut child) = command.spawn() else {
            println!("skipped: there is no `script`");
            return None;
        };
        let output = child.stdout.take().unwrap();
        Some(Self { child, output, shown: String::new() })
    }

    /// Returns what is shown, once it contains a text.
    async fn shows(&mut self, text: &str) -> &str {
        let mut bytes = [0; 4096];
        while !self.shown.contains(text) {
            let read = self.output.read(&mut bytes);
            let read = timeout(PATIENCE, read).await.expect("something is shown").unwrap();
            assert_ne!(read, 0, "{:?} ended without {text:?}", self.shown);
            self.shown.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
        &self.shown
    }

    async fn code(mut self) -> Option<i32> {
        let rest = async {
            let mut rest = Vec::new();
            // The terminal ends with an error on some systems.
            let _ = self.output.read_to_end(&mut rest).await;
            self.child.wait().await.unwrap()
        };
        timeout(PATIENCE, rest).await.expect("the command ends").code()
    }
}

#[tokio::test]
async fn a_terminal_has_a_live_bar() {
    let test = Test::new().await;
    let name = "projects/my-project/locations/us-central1/operations/1234567890";
    test.never(name);
    let Some(mut terminal) = Terminal::of(&test, &format!("wait {name}")) else { return };
    let bar = terminal.shows("next ").await;
    // The name is shortened at its start, so that the line is not broken.
    assert!(bar.contains("…") && bar.contains("1234567890") && !bar.contains(name), "{bar:?}");
    assert!(!bar.contains("\u{1b}[3"), "NO_COLOR: {bar:?}");

    test.done(name, r#"{"pages": 7}"#);
    terminal.shows("\"pages\": 7").await;
    assert_eq!(terminal.code().await, Some(0));
}

#[tokio::test]
async fn no_color_that_is_empty_is_not_set() {
    let test = Test::new().await;
    let Some(mut terminal) = Terminal::with(&test, "", "get operations/1") else { return };
    terminal.shows("\u{1b}[31m").await;
    assert_eq!(terminal.code().await, Some(4));
}

#[tokio::test]
async fn the_last_count_has_all() {
    let test = Test::new().await;
    for name in ["operations/1", "operations/2", "operations/3"] {
        test.done(name, "{}");
    }
    let line = "wait operations/1 operations/2 operations/3";
    let Some(mut terminal) = Terminal::of(&test, line) else { return };
    terminal.shows("3 of 3 ended").await;
    assert_eq!(terminal.code().await, Some(0));
}

#[tokio::test]
async fn a_worker_runs_in_a_terminal() {
    let test = Test::new().await;
    test.done("operations/1", r#"{"pages": 7}"#);
    let store = test.folder.join("operations.db");
    let registry = format!("--service workspace-events --store {}", store.display());
    assert_eq!(test.run(&format!("registry register operations/1 {registry}")).await.code, 0);
    let Some(mut terminal) = Terminal::of(&test, &format!("registry run --until-idle {registry}")) else {
        return;
    };
    terminal.shows("operations/1\tdone").await;
    assert_eq!(terminal.code().await, Some(0));
}
