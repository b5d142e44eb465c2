//! Ctrl-C, and `lro resume`.

use crate::{Test, json_lines};

#[tokio::test]
async fn ctrl_c_writes_a_handle_and_resume_continues() {
    let test = Test::new().await;
    test.never("operations/1");
    let mut running = test.start("wait operations/1 --kind print");
    running.says("operations/1: running").await;
    running.interrupt().await;
    let ended = running.end().await;
    assert_eq!(ended.code, 130, "{ended:?}");
    assert!(ended.stderr.contains("lro resume FILE"), "{ended:?}");
    let [handle] = &json_lines(&ended.stdout)[..] else { panic!("{ended:?}") };
    assert_eq!((&handle["name"], &handle["kind"]), (&"operations/1".into(), &"print".into()));

    test.done("operations/1", r#"{"pages": 7}"#);
    let resumed = test.run(&format!("resume {}", test.file("handle", &ended.stdout))).await;
    assert_eq!((resumed.code, &*resumed.stdout), (0, "{\n  \"pages\": 7\n}\n"), "{resumed:?}");
}

#[tokio::test]
async fn of_several_operations_those_that_are_pending_are_resumed() {
    let test = Test::new().await;
    test.done("operations/1", "{}");
    test.never("operations/2");
    test.never("operations/3");
    let mut running = test.start("wait operations/1 operations/2 operations/3 --format json");
    // The first one has ended, and its outcome is on stdout.
    let done = running.line().await;
    running.signal("-TERM").await;
    let ended = running.end().await;
    assert_eq!(ended.code, 130, "{ended:?}");
    assert!(ended.stdout.lines().count() == 2 && ended.stderr.contains("lro resume FILE"), "{ended:?}");

    test.done("operations/2", r#"{"pages": 2}"#);
    test.done("operations/3", r#"{"pages": 3}"#);
    // The whole output is a file to resume from, and what is in it twice counts once.
    let file = test.file("output", &format!("{done}\n{0}{0}", ended.stdout));
    let resumed = test.run(&format!("resume {file} --format json")).await;
    let mut pages: Vec<_> =
        json_lines(&resumed.stdout).iter().map(|line| line["response"]["pages"].clone()).collect();
    pages.sort_by_key(ToString::to_string);
    assert_eq!((resumed.code, pages), (0, vec![2.into(), 3.into()]), "{}", resumed.stderr);
}

#[tokio::test]
async fn operations_of_services_that_alternate_are_resumed_once() {
    let test = Test::new().await;
    let services = [("1", "v1"), ("2", "v1beta"), ("3", "v1")];
    let lines = services.map(|(number, version)| {
        test.done(&format!("operations/{number}"), "{}");
        format!(
            r#"{{"service": "workspaceevents.googleapis.com", "version": "{version}", "name": "operations/{number}"}}"#
        )
    });
    let resumed =
        test.run(&format!("resume {} --format json", test.file("handles", &lines.join("\n")))).await;
    assert_eq!((resumed.code, resumed.stdout.lines().count()), (0, 3), "{resumed:?}");
    assert_eq!(test.emulator.call_count(), 3);
}

// The handles are found among lines of text.
#[tokio::test]
async fn the_text_of_a_command_is_a_file_to_resume_from() {
    let test = Test::new().await;
    test.done("operations/1", r#"{"pages": 1}"#);
    test.never("operations/2");
    let mut given_up = test.run("wait operations/1 operations/2 --deadline 2s").await;
    if !given_up.stdout.contains("operations/1\tdone") {
        // A slow machine has not polled by then.
        given_up = test.run("wait operations/1 operations/2 --deadline 20s").await;
    }
    assert_eq!(given_up.code, 124, "{given_up:?}");
    assert!(
        given_up.stderr.contains("lro resume FILE") && given_up.stdout.contains("operations/1\tdone"),
        "{given_up:?}"
    );
    test.done("operations/2", r#"{"pages": 2}"#);
    let resumed = test.run(&format!("resume {}", test.file("output", &given_up.stdout))).await;
    assert_eq!((resumed.code, &*resumed.stdout), (0, "{\n  \"pages\": 2\n}\n"), "{resumed:?}");
}

#[tokio::test]
async fn a_file_without_a_handle_is_refused() {
    let test = Test::new().await;
    for (text, fault) in [
        ("", "it has none"),
        (r#"{"name": "operations/1", "done": true}"#, "it has none"),
        (r#"{"service": "a", "version": "v1", "name": "operations//1"}"#, "double slash"),
        (r#"{"format": 2, "service": "a", "version": "v1", "name": "operations/1"}"#, "format 2"),
        ("{", "EOF"),
    ] {
        let ended = test.run(&format!("resume {}", test.file("handle", text))).await;
        assert!(ended.code == 2 && ended.stderr.contains(fault), "{text}: {ended:?}");
    }
    // Without an endpoint, the handle of an unknown service leads nowhere.
    let file =
        test.file("handle", r#"{"service": "jobs.example.com", "version": "v1", "name": "operations/1"}"#);
    let mut command = crate::command(&test.folder);
    command.args(["resume", &file]);
    let ended = crate::ended(command).await;
    assert!(ended.code == 2 && ended.stderr.contains("--endpoint"), "{ended:?}");
}
