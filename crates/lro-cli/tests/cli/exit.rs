//! Each exit code, with one line on stderr about what happened and what to do.

use std::time::Duration;

use lro::{Code, Status};
use lro_emulator::{Reply, Script};

use crate::{Ended, Test, command, ended};

/// Checks the code, that stdout has at most the handle to go on with, and that the last line of stderr has this text.
#[track_caller]
fn fails(ended: &Ended, code: i32, text: &str) {
    assert_eq!(ended.code, code, "{ended:?}");
    let last = ended.stderr.lines().last().unwrap_or_default();
    assert!(last.starts_with("error: ") && last.contains(text), "{ended:?}");
    let is_handle = code != 2 && code != 4 && ended.stdout.starts_with(r#"{"format":1,"#);
    assert!(ended.stdout.is_empty() || is_handle && ended.stdout.lines().count() == 1, "{ended:?}");
}

#[tokio::test]
async fn done_is_0_and_a_failed_operation_1() {
    let test = Test::new().await;
    test.done("operations/1", r#"{"@type": "t/Job", "pages": 7}"#);
    test.emulator.operation("operations/2", Script::new().fails(Status::new(Code::NotFound, "no paper")));
    assert_eq!(test.run("wait operations/1").await.code, 0);
    fails(
        &test.run("wait operations/2 --quiet").await,
        1,
        "operations/2: the operation failed: NOT_FOUND: no paper",
    );
    assert_eq!(test.run("get operations/1").await.code, 0);
    assert_eq!(test.run("get operations/2").await.code, 1);
}

#[tokio::test]
async fn what_is_not_valid_is_2_and_sends_nothing() {
    let test = Test::new().await;
    let nothing = "/does/not/exist";
    for (arguments, text) in [
        ("get operations//1", "not an operation name"),
        ("get a --service spaner --endpoint http://127.0.0.1:9", "spanner"),
        ("get a --service spaner --endpoint http://127.0.0.1:9", "leave out --service"),
        ("registry register a --store x --service xyzzy", "another one needs its URL by --endpoint"),
        (
            "get a --service europe-west1-run.googleapis.com",
            "--service \"run\" and --location \"europe-west1\"",
        ),
        ("get a --service storage/v2", "use v1, or --grpc"),
        ("get a --endpoint http://example.com", "use https, or --plain-http without credentials"),
        ("get a --template {x}", "not a name template"),
        ("get a --endpoint https://user:secret@example.com", "give --token-file FILE"),
        (&format!("resume {nothing}"), "cannot read /does/not/exist"),
        (&format!("start optimize-tours {nothing}"), "cannot read /does/not/exist"),
        ("registry list --store postgre://user:secret@db/jobs", "not a store"),
        (&format!("registry list --store {nothing}"), "there is no registry at /does/not/exist"),
    ] {
        let ended = test.run(arguments).await;
        fails(&ended, 2, text);
        assert!(!ended.stderr.contains("secret"));
    }
    let mut exposed = command(&test.folder);
    exposed.args(["get", "a", "--endpoint", "http://example.com", "--plain-http"]).env("LRO_TOKEN", "canary");
    let exposed = ended(exposed).await;
    fails(&exposed, 2, "credentials are not sent to http://example.com in clear text");
    assert!(!exposed.stderr.contains("canary"));
    for arguments in ["", "get", "wait a --deadline soon", "wait a --at-deadline never --deadline 1s", "fly"]
    {
        assert_eq!(test.run(arguments).await.code, 2, "{arguments}");
    }
    assert_eq!(test.emulator.call_count(), 0);
}

#[tokio::test]
async fn a_credential_that_is_missing_or_refused_is_3_and_a_good_one_0() {
    let test = Test::new().await;
    test.done("operations/1", "{}");
    test.emulator.require_token("good");
    for command in ["get", "wait"] {
        fails(
            &test.run(&format!("{command} operations/1 --quiet")).await,
            3,
            "set LRO_TOKEN, give --token-file FILE",
        );
    }
    for (token, code) in [("good", 0), ("bad", 3), ("two words", 3)] {
        let mut command = test.command("get operations/1");
        command.env("LRO_TOKEN", token);
        let ended = ended(command).await;
        assert_eq!(ended.code, code, "{ended:?}");
        assert!(!ended.stderr.contains(token), "{ended:?}");
    }
    // The line feed of an editor is no part of a token.
    let file = test.file("token", "good\n");
    assert_eq!(test.run(&format!("get operations/1 --token-file {file}")).await.code, 0);
    fails(&test.run("get operations/1 --token-file /does/not/exist").await, 3, "/does/not/exist");

    let mut google = command(&test.folder);
    google.args(["get", "projects/p/locations/l/operations/1", "--service", "run"]);
    google.env("GOOGLE_APPLICATION_CREDENTIALS", "/does/not/exist");
    fails(&ended(google).await, 3, "gcloud auth application-default login");
}

#[tokio::test]
async fn an_unknown_operation_is_4() {
    let test = Test::new().await;
    fails(&test.run("get operations/1").await, 4, "check the name");
    let waited = test.run("wait operations/1 --quiet").await;
    fails(&waited, 4, "check the name, --service and --endpoint (operations/1, ");
    assert!(!waited.stderr.contains("may still be running"), "{waited:?}");
    fails(&test.run("delete operations/1").await, 4, "operations/1");
}

#[tokio::test]
async fn a_failed_call_is_5() {
    let test = Test::new().await;
    test.emulator.reply_next(1, Reply::status(500));
    fails(&test.run("get operations/1").await, 5, "INTERNAL");
    let endpoint = test.emulator.endpoint();
    let Test { emulator, .. } = &test;
    emulator.refuse_for(Duration::MAX).await;
    fails(&test.run("get operations/1").await, 5, &format!("cannot connect to {endpoint}"));
}

// The reason is a source of the error, which names it once.
#[tokio::test]
async fn a_database_that_is_away_has_a_reason() {
    let test = Test::new().await;
    let ended = test.run("registry list --store postgres://user:secret@127.0.0.1:1/jobs").await;
    fails(&ended, 5, "the database cannot be reached: error connecting to server: ");
    assert_eq!(ended.stderr.matches("Connection refused").count(), 1, "{ended:?}");
    assert!(!ended.stderr.contains("secret"), "{ended:?}");
}

#[tokio::test]
async fn a_malformed_reply_is_6() {
    let test = Test::new().await;
    test.emulator.reply_next(2, Reply::status(200).body(r#"{"name": 7}"#));
    fails(&test.run("get operations/1").await, 6, "name");
    fails(&test.run("wait operations/1 --quiet").await, 6, "name");
}

#[tokio::test]
async fn the_deadline_is_124() {
    let test = Test::new().await;
    test.never("operations/1");
    fails(&test.run("wait operations/1 --deadline 200ms --quiet").await, 124, "it may still be running");
    fails(
        &test.run("wait operations/1 --deadline 200ms --at-deadline cancel --quiet").await,
        124,
        "asked to cancel",
    );
    let canceled = |call: &lro_emulator::Call| call.path.ends_with(":cancel");
    assert_eq!(test.emulator.calls().iter().filter(|call| canceled(call)).count(), 1);

    test.never("operations/2");
    let waited =
        test.run("wait operations/2 --deadline 200ms --at-deadline cancel-and-wait=60s --quiet").await;
    fails(&waited, 1, "CANCELLED");
}

#[tokio::test]
async fn of_several_operations_the_highest_counts() {
    let test = Test::new().await;
    test.done("operations/1", "{}");
    test.emulator.operation(
        "operations/2",
        Script::new().runs_for(Duration::ZERO).fails(Status::new(Code::Internal, "jam")),
    );
    test.never("operations/3");
    assert_eq!(test.run("get operations/2 operations/4").await.code, 4);
    assert_eq!(test.run("wait operations/1 operations/2").await.code, 1);
    assert_eq!(test.run("wait operations/1 operations/2 operations/3 --deadline 3s").await.code, 124);
}

#[tokio::test]
async fn a_variable_that_is_empty_is_not_set() {
    let test = Test::new().await;
    test.done("operations/1", "{}");
    let mut get = command(&test.folder);
    get.args(["get", "operations/1", "--endpoint", &test.emulator.endpoint()]);
    for name in ["LRO_SERVICE", "LRO_FORMAT", "LRO_TOKEN", "LRO_REGISTRY"] {
        get.env(name, "");
    }
    assert_eq!(ended(get).await.code, 0);
    let mut services = command(&test.folder);
    services.args(["get", "operations/1"]).env("LRO_ENDPOINT", "").env("LRO_SERVICE", "");
    let missing = ended(services).await;
    assert!(
        missing.code == 2 && missing.stderr.contains("<--service <NAME[/VERSION]>|--endpoint <URL>>"),
        "{missing:?}"
    );
    let mut list = command(&test.folder);
    list.args(["registry", "list"]).env("LRO_REGISTRY", "");
    let missing = ended(list).await;
    assert!(missing.code == 2 && missing.stderr.contains("--store <FILE|URL>"), "{missing:?}");
}
