//! The share of the work that is done, from fields of the metadata that a binding has as data.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use lro::{Any, LroTransport, poll_until_done};
use lro_emulator::{Emulator, Reply};
use lro_http::{Binding, HttpClient, HttpTransport, ProgressFields};
use serde_json::{Value, json};

#[test]
fn is_read_from_the_first_field_that_has_a_number() {
    for (fields, metadata, share) in [
        (&["percent"][..], json!({"percent": 40}), Some(0.4)),
        (&["percent"], json!({"percent": 0}), Some(0.0)),
        (&["percent"], json!({"percent": "12.5"}), Some(0.125)),
        (&["percent"], json!({"percent": 250}), Some(1.0)),
        (&["percent"], json!({"percent": -5}), Some(0.0)),
        (&["percent"], json!({"percent": "NaN"}), None),
        (&["percent"], json!({"percent": null}), None),
        (&["percent"], json!({"percent": {"a": 1}}), None),
        (&["percent"], json!({"@type": "t/a.Progress", "percent": 40}), Some(0.4)),
        (&["progressPercent"], json!({"progress_percent": 40}), Some(0.4)),
        (&["a.b.c"], json!({"a": {"b": {"c": 7}}}), Some(0.07)),
        (&["a.b.c"], json!({"a": [7]}), None),
        (&["a", "b"], json!({"b": 30}), Some(0.3)),
        (&["a", "b"], json!({"a": "soon", "b": 30}), Some(0.3)),
        (&["a", "b"], json!({"a": 20, "b": 30}), Some(0.2)),
        // A mean, in which an absent percent is zero.
        (&["steps[].percent"], json!({"steps": [{"percent": 50}, {}]}), Some(0.25)),
        (&["steps[].percent"], json!({"steps": []}), None),
        (&["steps[].percent"], json!({"steps": 7}), None),
        (&["a[].b[].c"], json!({"a": [{"b": [{"c": 100}, {"c": 50}]}, {"b": [{"c": 25}]}]}), Some(0.5)),
        (&["bytes:work"], json!({"bytes": {"completedWork": 3, "estimatedWork": "4"}}), Some(0.75)),
        (&["bytes:work"], json!({"bytes": {"workCompleted": "3", "workEstimated": "4"}}), Some(0.75)),
        (&["bytes:work"], json!({"bytes": {"estimatedWork": 4}}), Some(0.0)),
        (&["bytes:work"], json!({"bytes": {"completedWork": 4}}), None),
        (&["bytes:work"], json!({"bytes": {"completedWork": 4, "estimatedWork": 0}}), None),
        (&["bytes:work"], json!({"bytes": {"completedWork": 9, "estimatedWork": 4}}), Some(1.0)),
        (
            &["a.metrics[]"],
            json!({"a": {"metrics": [{"name": "x"}, {"name": "n done", "intValue": "1"}, {"name": "n total", "intValue": "4"}]}}),
            Some(0.25),
        ),
        (&["metrics[]"], json!({"metrics": [{"name": "n done", "intValue": "1"}]}), None),
        (&[], json!({"percent": 40}), None),
    ] {
        let read = ProgressFields::parse(fields).unwrap().share(&Any::from_value(&metadata).unwrap());
        assert_eq!(read, share, "{fields:?} {metadata}");
    }
}

#[test]
fn has_fields_that_are_paths() {
    for field in [
        "", ".", "a.", ".a", "a..b", "[]", "a[].", "[].a", "a[b]", "a:", "a:works", ":work", "a[]:work",
        "a[].b[]",
    ] {
        let refused = ProgressFields::parse([field]).unwrap_err();
        assert!(refused.message().starts_with("not a field of progress"), "{field:?}: {refused}");
    }
    let refused = serde_json::from_value::<Binding>(binding(&json!(["a..b"]))).unwrap_err();
    assert!(refused.to_string().contains("\"a..b\""), "{refused}");
}

#[tokio::test]
async fn is_in_the_snapshots_of_a_wait_without_a_closure() {
    for (fields, share) in [(json!(["percent"]), Some(0.4)), (json!([]), None)] {
        let emulator = Emulator::start().await.unwrap();
        let binding: Binding = serde_json::from_value(binding(&fields)).unwrap();
        let jobs = HttpTransport::new(HttpClient::builder(emulator.endpoint()).build().unwrap(), binding);
        emulator.reply_next(1, Reply::status(200).body(r#"{"name": "jobs/1", "metadata": {"percent": 40}}"#));
        emulator
            .reply_next(1, Reply::status(200).body(r#"{"name": "jobs/1", "done": true, "response": {}}"#));
        let mut wait = poll_until_done::<Value>(&jobs, "jobs/1".parse().unwrap());
        let mut shares = Vec::new();
        while let Some(snapshot) = wait.next().await {
            shares.push(snapshot.unwrap().progress());
        }
        assert_eq!(shares, [share, share]);
        assert_eq!(jobs.progress(&Any::from_json(r#"{"percent": 40}"#).unwrap()), share);
    }
}

fn binding(progress: &Value) -> Value {
    json!({"service": "jobs.example.com", "version": "v1", "get": ["v1/{name=jobs/*}"], "progress": progress})
}
