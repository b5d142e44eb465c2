use std::time::Duration;

use lro_emulator::Script;

use crate::Test;

#[tokio::test]
async fn cancel_and_delete_are_requests() {
    let test = Test::new().await;
    test.never("operations/1");
    test.never("operations/2");
    let cancelled = test.run("cancel operations/1 operations/2").await;
    let said = "operations/1: cancellation requested\noperations/2: cancellation requested\n";
    assert_eq!((cancelled.code, &*cancelled.stdout, &*cancelled.stderr), (0, "", said));
    let got = test.run("get operations/1 operations/2").await;
    assert!(got.code == 1 && got.stdout.matches("CANCELLED").count() == 2, "{got:?}");
    assert_eq!(test.run("delete operations/1").await.stderr, "operations/1: deleted\n");
    let quiet = test.run("delete operations/2 --quiet").await;
    assert_eq!((quiet.code, &*quiet.stderr), (0, ""));
    assert_eq!(test.run("get operations/1").await.code, 4);
}

#[tokio::test]
async fn list_has_filters_and_pages() {
    let test = Test::new().await;
    for number in 0..5 {
        test.done(&format!("operations/{number}"), "{}");
    }
    test.never("operations/running");
    test.emulator.pages([2, 1]);
    assert_eq!(test.run("list").await.stdout.lines().count(), 6);
    assert_eq!(test.run("list --most 3").await.stdout.lines().count(), 3);
    let running = test.run("list --filter done=false").await;
    assert_eq!(running.stdout, "operations/running\trunning\n");
}

#[tokio::test]
async fn a_service_is_found_by_its_name_and_spoken_to_by_grpc() {
    let test = Test::new().await;
    test.emulator.operation("projects/p/locations/l/operations/1", Script::new().runs_for(Duration::ZERO));
    let name = "projects/p/locations/l/operations/1";
    for service in ["--service run", "--service run/v2 --grpc", "--service run.googleapis.com", "--grpc"] {
        for command in ["get", "wait"] {
            let ended = test.run(&format!("{command} {name} {service}")).await;
            assert_eq!(ended.code, 0, "{command} {service}: {ended:?}");
        }
    }
    assert_eq!(test.run(&format!("cancel {name} --grpc")).await.code, 0);
    let missing = test.run(&format!("cancel {name} --service run")).await;
    assert!(missing.code == 2 && missing.stderr.contains("has no call to cancel"), "{missing:?}");
    assert!(missing.stderr.contains("`lro services` lists the calls"), "{missing:?}");
    let at_deadline = format!("wait {name} --service run --deadline 1h --at-deadline cancel");
    let missing = test.run(&at_deadline).await;
    assert!(missing.code == 2 && missing.stderr.contains("leave out --at-deadline"), "{missing:?}");
    let other = test.run(&format!("get {name} --service workspace-events/v1beta")).await;
    assert!(other.code == 2 && other.stderr.contains("operations/**"), "{other:?}");
}

#[tokio::test]
async fn names_are_read_from_stdin() {
    let test = Test::new().await;
    test.done("operations/1", "{}");
    let mut command = test.command("get - operations/1");
    command.stdin(std::fs::File::open(test.file("names", "operations/1\n\n  operations/2\n")).unwrap());
    test.done("operations/2", "{}");
    let ended = crate::ended(command).await;
    assert_eq!((ended.code, ended.stdout.lines().count()), (0, 2), "{ended:?}");
}
