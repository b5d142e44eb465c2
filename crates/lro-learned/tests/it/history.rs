//! What is saved of what was learned, and read again.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::time::Duration;

use lro_learned::{History, Learned};
use serde_json::{Value, json};

#[test]
fn says_its_format_and_is_read_again() {
    let learned = Learned::new();
    learned.expect("report", Duration::from_secs(80));
    let saved = serde_json::to_value(learned.history()).unwrap();
    assert_eq!(saved["format"], 1);
    assert_eq!(serde_json::from_value::<History>(saved).unwrap(), learned.history());
    assert_eq!(serde_json::to_value(History::default()).unwrap(), json!({"format": 1, "kinds": {}}));
}

#[test]
fn is_refused_in_a_later_format() {
    let of_format = |format: Value| serde_json::from_value::<History>(json!({"format": format, "kinds": {}}));
    assert_eq!(of_format(json!(1)).unwrap(), History::default());
    for later in [json!(0), json!(2), json!(u64::MAX), json!("1"), json!(null)] {
        assert!(of_format(later.clone()).is_err(), "{later}");
    }
    let error = of_format(json!(2)).unwrap_err().to_string();
    assert!(error.contains("history of format 2") && error.contains("reads format 1"), "{error}");
}

#[test]
fn is_of_the_first_format_if_it_says_none() {
    let early = json!({"kinds": {"report": {
        "intervals": [[4.0, 4.1], [4.2, null]], "tokens": 9.0, "surprises": 1, "bar": [0.25, 7],
    }}});
    let learned = Learned::new();
    learned.remember(&serde_json::from_value(early).unwrap());
    let saved = serde_json::to_value(learned.history()).unwrap();
    let report = &saved["kinds"]["report"];
    assert_eq!(
        (&saved["format"], &report["tokens"], &report["surprises"]),
        (&json!(1), &json!(9.0), &json!(1))
    );
    assert_eq!(report["progress"], json!([0.25, 7]));
    assert_eq!((number(&report["intervals"][0][1]), &report["intervals"][1][1]), (4.1_f32, &Value::Null));
}

#[test]
fn keeps_the_last_64_operations_of_a_kind() {
    let many: Vec<(f64, f64)> = (0..1_000).map(|k| (f64::from(k) * 1e-3, f64::from(k) * 1e-3)).collect();
    let history: History = serde_json::from_value(json!({"kinds": {"report": {"intervals": many}}})).unwrap();
    let learned = Learned::new();
    learned.remember(&history);
    for history in [history, learned.history()] {
        let saved = serde_json::to_value(history).unwrap();
        let intervals = saved["kinds"]["report"]["intervals"].as_array().unwrap();
        assert_eq!(
            (intervals.len(), number(&intervals[0][0]), number(&intervals[63][0])),
            (64, 0.936_f32, 0.999_f32)
        );
    }
}

#[test]
fn counts_numbers_that_make_no_sense_as_the_nearest_that_do() {
    let hostile = r#"{"kinds": {"report": {
        "intervals": [[1e30, -1e30], [-3e38, 3e38], [1e9, null]],
        "tokens": 1e30, "surprises": 9000000000, "bar": [-1e30, 4000000000]
    }}}"#;
    let learned = Learned::new();
    learned.remember(&serde_json::from_str(hostile).unwrap());
    let saved = serde_json::to_value(learned.history()).unwrap();
    let report = &saved["kinds"]["report"];
    assert_eq!(report["intervals"], json!([[20.0, 20.0], [-10.0, 20.0], [20.0, null]]));
    assert_eq!((&report["tokens"], &report["surprises"]), (&json!(16.0), &json!(3)));
    assert_eq!(report["progress"], json!([0.0, 4_000_000_000_u32]));
}

/// As it was written: a saved number is an `f32`.
fn number(saved: &Value) -> f32 {
    saved.as_f64().unwrap() as f32
}
