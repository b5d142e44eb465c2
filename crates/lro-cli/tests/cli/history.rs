//! What was learned is kept.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use lro::Any;
use lro_emulator::Script;

use crate::{Test, ended, json_lines};

impl Test {
    /// Waits for a new operation that takes three calls, and returns stderr.
    async fn wait_for(&self, name: &str) -> String {
        self.emulator.operation(name, Script::new().runs_for_calls(3));
        let ended = self.run(&format!("wait {name} --kind print")).await;
        assert_eq!(ended.code, 0, "{ended:?}");
        ended.stderr
    }

    fn history(&self) -> std::path::PathBuf {
        self.folder.join(".cache/lro/history.json")
    }
}

#[tokio::test]
async fn the_second_wait_knows_when_operations_end() {
    let test = Test::new().await;
    // Polls after 0, 1, 3 and 7 s; the fourth finds it done.
    let first = test.wait_for("operations/1").await;
    assert!(!first.contains("left"), "{first}");
    let saved: serde_json::Value = serde_json::from_slice(&std::fs::read(test.history()).unwrap()).unwrap();
    assert_eq!(saved["kinds"]["print"]["intervals"].as_array().unwrap().len(), 1, "{saved}");

    // The usual backoff polls after one second, and that is too early now.
    let (begun, polls) = (Instant::now(), Arc::<Mutex<Vec<Duration>>>::default());
    let polled = Arc::clone(&polls);
    let script = Script::new().runs_for(Duration::MAX).metadata(move |_| {
        polled.lock().unwrap().push(begun.elapsed());
        Any::from_json(r#"{"@type": "t/example.v1.Running"}"#).unwrap()
    });
    test.emulator.operation("operations/2", script);
    let second = test.run("wait operations/2 --kind print --deadline 6s").await;
    assert!(second.code == 124 && second.stderr.contains("left"), "{second:?}");
    let polls = polls.lock().unwrap().clone();
    assert!(polls[1] > Duration::from_secs(2), "{polls:?}: {second:?}");
    let saved: serde_json::Value = serde_json::from_slice(&std::fs::read(test.history()).unwrap()).unwrap();
    assert_eq!(saved["kinds"]["print"]["intervals"].as_array().unwrap().len(), 2, "{saved}");
}

#[tokio::test]
async fn an_operation_that_is_done_already_is_found_at_once_and_teaches_nothing() {
    let test = Test::new().await;
    test.done("operations/1", "{}");
    assert_eq!(test.run("wait operations/1").await.code, 0);
    let kinds = std::fs::read(test.history()).ok();
    let kinds =
        kinds.map(|text| serde_json::from_slice::<serde_json::Value>(&text).unwrap()["kinds"].clone());
    assert!(kinds.is_none_or(|kinds| kinds.as_object().unwrap().is_empty()));
}

#[tokio::test]
async fn a_broken_file_is_a_warning_and_is_replaced() {
    let test = Test::new().await;
    for broken in ["", "{", "7", r#"{"format": 2, "kinds": {}}"#] {
        std::fs::create_dir_all(test.history().parent().unwrap()).unwrap();
        std::fs::write(test.history(), broken).unwrap();
        test.emulator.operation("operations/1", Script::new().runs_for_calls(1));
        let ended = test.run("wait operations/1").await;
        assert_eq!(ended.code, 0, "{ended:?}");
        assert!(ended.stderr.starts_with("warning: "), "{ended:?}");
        serde_json::from_slice::<serde_json::Value>(&std::fs::read(test.history()).unwrap()).unwrap();
    }
    // A folder that cannot be created.
    let mut command = test.command("wait operations/1");
    command.env("XDG_CACHE_HOME", test.file("file", ""));
    let ended = ended(command).await;
    assert!(ended.code == 0 && ended.stderr.contains("warning: "), "{ended:?}");
}

#[tokio::test]
async fn processes_at_the_same_time_leave_a_whole_file() {
    let test = Test::new().await;
    let kinds: Vec<String> = (0..8).map(|kind| format!("kind-{kind}")).collect();
    let commands = kinds.iter().map(|kind| {
        let name = format!("operations/{kind}");
        test.emulator.operation(&name, Script::new().runs_for_calls(1));
        ended(test.command(&format!("wait {name} --kind {kind}")))
    });
    for ended in futures::future::join_all(commands).await {
        assert!(ended.code == 0 && !ended.stderr.contains("warning"), "{ended:?}");
    }
    let saved = std::fs::read_to_string(test.history()).unwrap();
    assert!(!json_lines(&saved)[0]["kinds"].as_object().unwrap().is_empty(), "{saved}");
    let left: Vec<_> = std::fs::read_dir(test.history().parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}
