//! The state of a wait as it is stored.

use std::time::Duration;

use lro::{
    Code, Origin, Status,
    rules::{Saved, Tally},
};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Value, json};

use crate::rules::{
    events::{every_event, failure, few_events, progress, secs},
    model::{Failed, Model},
    search::Search,
    settings::{NO_DELAY, Setting},
};

/// As this format has always been written. A change of it needs another format.
const STORED: &str = r#"{"format":1,"tally":{"polls":9,"replies":3,"running":4500001},"trouble":{"failures":1,"setbacks":2,"refused_credential":true,"last":{"code":13,"message":"no","details":[{"@type": "t/example.v1.Progress", "share": "half"}],"malformed":true}},"metadata":{"@type": "t/example.v1.Progress", "share": "most"}}"#;

#[test]
fn a_state_that_was_stored_is_read_and_written_again() {
    let saved: Saved = serde_json::from_str(STORED).unwrap();
    assert_eq!((saved.tally.polls, saved.tally.replies), (9, 3));
    assert_eq!(saved.tally.running(), secs(4) + secs(1) / 2 + Duration::from_micros(1));
    assert_eq!(saved.metadata, Some(progress("most")));
    let trouble = saved.trouble.as_ref().unwrap();
    assert_eq!(trouble.setbacks(), 2);
    let last = Status::new(Code::Internal, "no").with_details(vec![progress("half")]);
    assert_eq!(trouble.last_failure(), Some(&last.with_origin(Origin::MalformedReply)));
    assert_eq!(serde_json::to_string(&saved).unwrap(), STORED);
    let again = Saved::new(saved.tally, saved.trouble.clone(), saved.metadata.clone());
    assert_eq!(again, saved);
}

/// A store may keep JSON as values.
#[test]
fn a_state_goes_through_a_json_value() {
    let saved: Saved = serde_json::from_str(STORED).unwrap();
    let value = serde_json::to_value(&saved).unwrap();
    assert_eq!(value["trouble"]["last"]["details"][0]["share"], "half");
    let restored: Saved = serde_json::from_value(value).unwrap();
    assert_eq!((restored.tally, restored.metadata.is_some()), (saved.tally, true));
    assert_eq!(restored.trouble.unwrap().setbacks(), 2);
}

#[test]
fn a_later_format_is_refused() {
    let fault = |json: &str| serde_json::from_str::<Saved>(json).unwrap_err().to_string();
    let later = fault(&STORED.replacen("\"format\":1", "\"format\":2", 1));
    assert!(later.starts_with("it has format 2, and this version of lro reads format 1"), "{later}");
    let wrong = ["0", "-1", "\"1\"", "1.0", "null", "4294967297"];
    for format in wrong {
        fault(&STORED.replacen("\"format\":1", &format!("\"format\":{format}"), 1));
    }
    assert!(fault("{}").starts_with("missing field `format`"));
    // SPEC 47
    assert!(fault(r#"{"format":1,"format":1}"#).starts_with("duplicate field `format`"));
}

#[test]
fn what_is_missing_is_new_and_what_is_unknown_is_passed_over() {
    assert_eq!(serde_json::from_str::<Saved>(r#"{"format":1}"#).unwrap(), Saved::default());
    let more = json!({
        "format": 1, "later": [1], "tally": {"polls": 2, "later": {}}, "metadata": null,
        "trouble": {"later": null, "last": {"code": 14, "later": 7}},
    });
    let saved: Saved = serde_json::from_str(&more.to_string()).unwrap();
    let mut tally = Tally::default();
    tally.polls = 2;
    assert_eq!(saved.tally, tally);
    assert_eq!(saved.metadata, None);
    assert_eq!(saved.trouble.unwrap().last_failure(), Some(&Status::new(Code::Unavailable, "")));
}

#[test]
fn what_is_no_state_is_refused() {
    for (member, values) in [
        ("tally", vec!["7", "{\"polls\": -1}", "{\"polls\": 4294967296}", "{\"running\": 1.5}", "null"]),
        ("trouble", vec!["7", "{\"failures\": -1}", "{\"setbacks\": \"1\"}", "{\"refused_credential\": 1}"]),
        ("trouble", vec!["{\"last\": {}}", "{\"last\": {\"code\": 2147483648}}", "{\"last\": \"no\"}"]),
        ("trouble", vec!["{\"last\": {\"code\": 1, \"details\": [7]}}"]),
        ("metadata", vec!["7", "[]", "\"no\"", "{"]),
    ] {
        for value in values {
            let json = format!(r#"{{"format": 1, "{member}": {value}}}"#);
            assert!(serde_json::from_str::<Saved>(&json).is_err(), "{json}");
        }
    }
}

#[test]
fn metadata_may_be_as_deep_as_it_likes() {
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
    let json =
        format!(r#"{{"format":1,"metadata":{deep},"trouble":{{"last":{{"code":8,"details":[{deep}]}}}}}}"#);
    let saved: Saved = serde_json::from_str(&json).unwrap();
    let again: Saved = serde_json::from_str(&serde_json::to_string(&saved).unwrap()).unwrap();
    assert_eq!(again, saved);
}

#[test]
fn a_state_with_full_counters_goes_on_as_the_model_says() {
    // SPEC 36
    let most = Numbers {
        polls: u32::MAX,
        replies: u32::MAX,
        running: u64::MAX,
        failures: u32::MAX,
        setbacks: u32::MAX,
        refused: true,
        hidden: [true; 2],
        failed: u32::MAX,
    };
    for failures in [None, Some(5), Some(u32::MAX)] {
        for window in [secs(0), secs(30)] {
            let setting = Setting { failures, window, ..Setting::DEFAULT };
            Search::new(setting, every_event()).run_from(most.model(), most.saved(), 1);
        }
    }
    let setting = Setting { delays: NO_DELAY, failures: None, ..Setting::DEFAULT };
    let no_reply = Numbers { replies: 0, ..most };
    Search::deep(setting, every_event()).run_from(no_reply.model(), no_reply.saved(), 2);
}

proptest! {
    #[test]
    fn any_state_goes_on_as_the_model_says(numbers in numbers(), failures in prop::option::of(0..4_u32)) {
        let setting = Setting { failures, ..Setting::DEFAULT };
        Search::new(setting, few_events()).run_from(numbers.model(), numbers.saved(), 1);
    }

    #[test]
    fn a_hostile_state_is_refused_or_goes_on(json in hostile(), failures in prop::option::of(0..4_u32)) {
        if let Ok(saved) = serde_json::from_slice::<Saved>(&json) {
            let again = serde_json::to_vec(&saved).unwrap();
            prop_assert_eq!(&serde_json::from_slice::<Saved>(&again).unwrap(), &saved);
            let setting = Setting { failures, ..Setting::DEFAULT };
            Search::new(setting, few_events()).endure(&saved);
        }
    }
}

/// The numbers of a state.
#[derive(Clone, Copy, Debug)]
struct Numbers {
    polls: u32,
    replies: u32,
    running: u64,
    failures: u32,
    setbacks: u32,
    refused: bool,
    hidden: [bool; 2],
    failed: u32,
}

impl Numbers {
    fn model(self) -> Model {
        Model {
            polls: self.polls,
            replies: self.replies,
            seen_running: Duration::from_micros(self.running),
            counted: self.failures,
            in_a_row: self.setbacks,
            was_refused: self.refused,
            was_hidden: self.hidden,
            failed: self.failed,
            last_failure: Some(Failed::Returned(failure(Code::Unavailable))),
            metadata: None,
        }
    }

    fn saved(self) -> Saved {
        let Self { polls, replies, running, failures, setbacks, refused, hidden, failed } = self;
        let last = json!({"code": 14, "message": "no"});
        let json = json!({
            "format": 1,
            "tally": {"polls": polls, "replies": replies, "running": running},
            "trouble": {
                "failures": failures, "setbacks": setbacks, "refused_credential": refused,
                "not_found": hidden[0], "permission_denied": hidden[1], "failed": failed, "last": last,
            },
        });
        serde_json::from_str(&json.to_string()).unwrap()
    }
}

fn numbers() -> impl Strategy<Value = Numbers> {
    let number = || prop_oneof![0..4_u32, any::<u32>(), u32::MAX - 2..=u32::MAX];
    let running = prop_oneof![any::<u64>(), u64::MAX - 2..=u64::MAX];
    let flags = any::<[bool; 3]>();
    (number(), number(), running, number(), number(), flags, number()).prop_map(
        |(polls, replies, running, failures, setbacks, [refused, not_found, denied], failed)| Numbers {
            polls,
            replies,
            running,
            failures,
            setbacks,
            refused,
            hidden: [not_found, denied],
            failed,
        },
    )
}

/// JSON that looks like a state, a state of which bytes were changed, and any bytes.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((0..STORED.len(), any::<u8>()), 0..4);
    let changed = changes.prop_map(|changes| {
        let mut json = STORED.as_bytes().to_vec();
        for (place, byte) in changes {
            json[place] = byte;
        }
        json
    });
    let cut = (0..STORED.len()).prop_map(|length| STORED.as_bytes()[..length].to_vec());
    let bytes = prop::collection::vec(any::<u8>(), 0..64);
    prop_oneof![4 => state_like().prop_map(|value| value.to_string().into_bytes()), 4 => changed, 1 => cut, 1 => bytes]
}

fn state_like() -> impl Strategy<Value = Value> {
    let odd = || {
        prop_oneof![
            20 => any::<u32>().prop_map(Value::from),
            1 => any::<i64>().prop_map(Value::from),
            1 => any::<f64>().prop_map(Value::from),
            1 => any::<bool>().prop_map(Value::from),
            1 => ".{0,8}".prop_map(Value::from),
            1 => Just(json!({"@type": "t/google.rpc.RetryInfo", "retryDelay": "9s"})),
        ]
    };
    let object = |names: &'static [&'static str]| {
        prop::collection::btree_map(prop::sample::select(names), odd(), 0..4)
            .prop_map(|members| json!(members))
    };
    let last = object(&["code", "message", "details", "malformed"]);
    let trouble =
        (object(&["failures", "setbacks", "refused_credential", "not_found", "failed", "later"]), last);
    let trouble = trouble.prop_map(|(mut trouble, last)| {
        trouble["last"] = last;
        trouble
    });
    let tally = object(&["polls", "replies", "running", "later"]);
    let metadata = prop_oneof![4 => object(&["@type", "later"]), 1 => odd()];
    (tally, prop::option::of(trouble), metadata).prop_map(|(tally, trouble, metadata)| {
        json!({"format": 1, "tally": tally, "trouble": trouble, "metadata": metadata})
    })
}
