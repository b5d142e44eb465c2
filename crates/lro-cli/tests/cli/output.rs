//! Data on stdout, progress on stderr.

use std::time::Duration;

use lro::{Any, Code, Status};
use lro_emulator::Script;
use serde_json::json;

use crate::{Test, ended, json_lines};

#[tokio::test]
async fn stdout_has_the_response_and_stderr_a_line_for_each_change() {
    let test = Test::new().await;
    let response = Any::from_json(r#"{"@type": "t/Job", "z": 1, "a": [1e2]}"#).unwrap();
    let metadata = |_| Any::from_json(r#"{"@type": "t/Progress", "printed": 3}"#).unwrap();
    test.emulator
        .operation("operations/1", Script::new().runs_for_calls(2).metadata(metadata).responds(response));
    let waited = test.run("wait operations/1").await;
    assert_eq!(waited.stdout, "{\n  \"@type\": \"t/Job\",\n  \"z\": 1,\n  \"a\": [\n    1e2\n  ]\n}\n");
    let lines: Vec<&str> = waited.stderr.lines().collect();
    let [running, done] = lines[..] else { panic!("{lines:?}") };
    assert_eq!(running, r#"operations/1: running, {"@type":"t/Progress","printed":3}"#);
    assert!(done.starts_with("operations/1: done after ") && done.ends_with(", 3 polls"), "{done}");
    assert!(!waited.stderr.contains('\u{1b}') && !waited.stderr.contains('\r'));

    let quiet = test.run("wait operations/1 --quiet").await;
    assert_eq!((quiet.stdout, quiet.stderr), (waited.stdout, String::new()));
}

#[tokio::test]
async fn json_has_a_value_on_each_line() {
    let test = Test::new().await;
    test.done("operations/1", "{\"@type\": \"t/Job\",\n \"pages\": 7}");
    test.emulator.operation(
        "operations/2",
        Script::new().runs_for(Duration::ZERO).fails(Status::new(Code::Internal, "jam")),
    );
    // The third is not known.
    let waited = test.run("--format json wait operations/1 operations/2 operations/3").await;
    let mut lines = json_lines(&waited.stdout);
    lines.sort_by_key(|line| line["name"].to_string());
    assert_eq!(lines[0]["response"]["pages"], 7);
    assert_eq!((&lines[1]["done"], &lines[1]["error"]["message"]), (&json!(true), &json!("jam")));
    assert_eq!(
        (&lines[2]["failure"]["exit"], &lines[2]["handle"]["name"]),
        (&json!(4), &json!("operations/3"))
    );
    assert_eq!(lines.len(), 3);

    let mut command = test.command("get operations/1");
    command.env("LRO_FORMAT", "json");
    assert_eq!(json_lines(&ended(command).await.stdout)[0]["name"], "operations/1");
}

#[tokio::test]
async fn several_operations_have_a_line_each() {
    let test = Test::new().await;
    test.done("operations/1", r#"{"pages": 7}"#);
    test.emulator.operation(
        "operations/2",
        Script::new().runs_for(Duration::ZERO).fails(Status::new(Code::Internal, "jam")),
    );
    let waited = test.run("wait operations/1 operations/2 operations/1").await;
    let mut lines: Vec<&str> = waited.stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["operations/1\tdone\t{\"pages\":7}", "operations/2\tfailed\tINTERNAL: jam"]);
}

// What is read from stdin may be one name or several, and a script knows what it gets.
#[tokio::test]
async fn the_layout_depends_on_the_arguments_and_not_on_the_data() {
    let test = Test::new().await;
    test.done("operations/1", r#"{"pages": 7}"#);
    let line = "operations/1\tdone\t{\"pages\":7}\n";
    assert_eq!(test.run("wait operations/1 operations/1").await.stdout, line);
    let mut stdin = test.command("wait -");
    stdin.stdin(std::fs::File::open(test.file("names", "operations/1\n")).unwrap());
    assert_eq!(ended(stdin).await.stdout, line);
    assert_eq!(test.run("wait operations/1").await.stdout, "{\n  \"pages\": 7\n}\n");
}

#[tokio::test]
async fn watch_writes_each_change_to_stdout() {
    let test = Test::new().await;
    let metadata = |_| Any::from_json(r#"{"printed": 3}"#).unwrap();
    test.emulator.operation("operations/1", Script::new().runs_for_calls(1).metadata(metadata));
    let watched = test.run("watch operations/1").await;
    assert_eq!(watched.code, 0);
    assert!(
        watched.stdout.starts_with("operations/1\trunning\t{\"printed\":3}\noperations/1\tdone"),
        "{watched:?}"
    );
}

#[tokio::test]
async fn a_reader_that_has_gone_ends_the_command_quietly_as_a_signal_would() {
    let test = Test::new().await;
    test.done("operations/1", "{}");
    for arguments in ["get operations/1", "wait operations/1 --quiet", "services", "completions bash", "man"]
    {
        let mut command = test.command(arguments);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        command.stdout(writer);
        let ended = ended(command).await;
        assert_eq!((ended.code, &*ended.stderr), (141, ""), "{arguments}");
    }
}

#[tokio::test]
async fn what_a_server_says_does_not_control_the_terminal() {
    let test = Test::new().await;
    let evil = "operations/\u{202e}a\u{9b}2J\u{200b}";
    let error = Status::new(Code::Internal, "\u{1b}[2J\nerror: nothing\u{202e}");
    test.emulator.operation(evil, Script::new().runs_for(Duration::ZERO).fails(error));
    test.done("operations/1", "{\"a\": \"\u{9b}2J\u{202e}\"}");
    let hidden = |text: &str| text.chars().find(|it| lro::is_hidden(*it) && !matches!(it, '\n' | '\t'));
    for arguments in ["list", "list --format json", "wait operations/1", "get operations/1 --format json"] {
        let ended = test.run(arguments).await;
        assert_eq!(
            (ended.code, hidden(&ended.stdout), hidden(&ended.stderr)),
            (0, None, None),
            "{arguments}: {ended:?}"
        );
    }
    let listed = json_lines(&test.run("list --format json").await.stdout);
    assert!(listed.iter().any(|operation| operation["name"] == evil), "{listed:?}");

    // The name is an argument here.
    test.done("operations/\u{202e}a", "{}");
    for arguments in ["wait operations/\u{202e}a", "get operations/\u{202e}b", "get operations/\u{1b}[2J"] {
        let ended = test.run(arguments).await;
        assert_eq!((hidden(&ended.stdout), hidden(&ended.stderr)), (None, None), "{arguments}: {ended:?}");
    }
}
