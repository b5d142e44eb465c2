use serde_json::json;

use crate::{Test, json_lines};

const TOURS: &str = include_str!("../../../../examples/data/optimize_tours.json");

fn subscription() -> String {
    json!({
        "targetResource": "//chat.googleapis.com/spaces/AAAABBBBCCC",
        "eventTypes": ["google.workspace.chat.message.v1.created"],
        "notificationEndpoint": {"pubsubTopic": "projects/my-project/topics/events"},
    })
    .to_string()
}

#[tokio::test]
async fn tours_are_planned_and_a_start_can_be_resumed() {
    let test = Test::new().await;
    let file = test.file("request.json", TOURS);
    let started = test.run(&format!("start optimize-tours {file}")).await;
    assert_eq!(started.code, 0, "{started:?}");
    assert!(started.stderr.starts_with("started projects/"), "{started:?}");
    let tours: serde_json::Value = serde_json::from_str(&started.stdout).unwrap();
    assert!(!tours["routes"].as_array().unwrap().is_empty(), "{tours}");

    let detached = test.run(&format!("start optimize-tours --detach {file}")).await;
    let handle = &json_lines(&detached.stdout)[0];
    assert_eq!(handle["kind"], "routeoptimization.googleapis.com/OptimizeToursLongRunning");
    let resumed = test.run(&format!("resume {}", test.file("handle", &detached.stdout))).await;
    assert_eq!((resumed.code, resumed.stdout), (0, started.stdout));
}

// A second start would start a second operation, so a wait that was given up leaves the handle.
#[tokio::test]
async fn a_start_that_was_given_up_leaves_the_handle() {
    let test = Test::new().await;
    let file = test.file("request.json", TOURS);
    let given_up = test.run(&format!("start optimize-tours --deadline 0s {file}")).await;
    assert!(given_up.code == 124 && given_up.stderr.contains("lro resume FILE"), "{given_up:?}");
    let resumed = test.run(&format!("resume {}", test.file("handle", &given_up.stdout))).await;
    assert!(resumed.code == 0 && resumed.stdout.contains("routes"), "{resumed:?}");
}

#[tokio::test]
async fn a_subscription_is_created_and_a_second_one_refused() {
    let test = Test::new().await;
    let file = test.file("subscription.json", &subscription());
    let created = test.run(&format!("start subscription --api-version v1beta {file} --quiet")).await;
    assert!(created.code == 0 && created.stdout.contains("\"state\": \"ACTIVE\""), "{created:?}");
    let again = test.run(&format!("start subscription --api-version v1beta {file}")).await;
    assert!(again.code == 5 && again.stderr.contains("ALREADY_EXISTS"), "{again:?}");
    let file = test.file("subscription.json", r#"{"targetResource": 7}"#);
    let wrong = test.run(&format!("start subscription {file}")).await;
    assert!(wrong.code == 2 && wrong.stderr.contains("targetResource"), "{wrong:?}");
}

#[tokio::test]
async fn a_request_that_is_not_valid_is_refused_with_its_place() {
    let test = Test::new().await;
    for (text, place) in [
        ("{\n  \"model\": {\"shipments\": [7]}\n}", "request.json, line 2, column 27: model.shipments[0]: "),
        ("{\n  \"model\": {", "request.json, line 2, column 12: model: EOF"),
        ("{} {}", "request.json, line 1, column 4: trailing characters"),
        ("", "request.json, line 1, column 0: EOF"),
    ] {
        let refused = test.run(&format!("start optimize-tours {}", test.file("request.json", text))).await;
        assert!(refused.code == 2 && refused.stderr.contains(place), "{text}: {refused:?}");
        assert!(!refused.stderr.contains("reply"), "{text}: {refused:?}");
    }
    // What the client and the service refuse: the file and the field are named.
    let late = r#"{"parent": "projects/p", "model": {"globalStartTime": "2026-02-01T00:00:00Z", "globalEndTime": "2026-01-01T00:00:00Z"}}"#;
    for (text, code, field) in
        [("{}", 2, "request.json: parent: not a resource name"), (late, 5, "global_start_time")]
    {
        let refused = test.run(&format!("start optimize-tours {}", test.file("request.json", text))).await;
        assert_eq!(refused.code, code, "{refused:?}");
        assert!(refused.stderr.contains("request.json: ") && refused.stderr.contains(field), "{refused:?}");
    }
    // A field that is misspelt is not lost without a word.
    let misspelt = r#"{"model": {"shipments": [{"deliverys": []}]}}"#;
    let warned = test.run(&format!("start optimize-tours {}", test.file("request.json", misspelt))).await;
    let warning = "request.json: the field model.shipments.0.deliverys is not known, and not sent";
    assert!(warned.code == 2 && warned.stderr.contains(warning), "{warned:?}");
    let mut stdin = test.command("start optimize-tours -");
    stdin.stdin(std::fs::File::open(test.file("request.json", "[")).unwrap());
    let refused = crate::ended(stdin).await;
    assert!(refused.code == 2 && refused.stderr.contains("error: stdin, line 1, column 1: "), "{refused:?}");
}
