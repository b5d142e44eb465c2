//! What is saved in order to go on after a restart.

use lro::{Code, Handle, LroTransport, Operation, OperationName, Service, Wait, poll_until_done};
use serde_json::{Value, json};

use super::common::{NAME, forty_two, name, running, script, succeeded};

#[tokio::test(start_paused = true)]
async fn goes_on_after_a_restart() {
    // SPEC 12
    let before = script([running()]);
    let mut wait = poll_until_done::<Value>(&before, name());
    wait.next().await.unwrap().unwrap();
    let saved = serde_json::to_string(&wait.handle().unwrap()).unwrap();
    drop(wait);

    let after = script([running(), succeeded()]);
    let handle: Handle = serde_json::from_str(&saved).unwrap();
    assert_eq!(Wait::<Value>::resumed(&after, &handle).unwrap().await.unwrap(), forty_two());
    assert_eq!(after.names(), [NAME; 2]);
}

#[test]
fn holds_service_version_and_name_and_nothing_else() {
    // SPEC 12
    let handle = Handle::new(&jobs(), name());
    let json = json!({"format": 1, "service": "jobs.example.com", "version": "v1", "name": "operations/1"});
    assert_eq!(serde_json::to_value(&handle).unwrap(), json);
    assert_eq!(serde_json::from_value::<Handle>(json).unwrap(), handle);
    assert_eq!((handle.service().key(), handle.service().version()), ("jobs.example.com", "v1"));
}

#[test]
fn holds_the_kind_if_there_is_one() {
    // SPEC 12
    let handle = Handle::new(&jobs(), name()).with_kind("jobs.example.com/Print");
    let json = json!({
        "format": 1, "service": "jobs.example.com", "version": "v1", "name": "operations/1",
        "kind": "jobs.example.com/Print",
    });
    assert_eq!(serde_json::to_value(&handle).unwrap(), json);
    assert_eq!(serde_json::from_value::<Handle>(json.clone()).unwrap(), handle);
    assert_eq!((handle.kind(), Handle::new(&jobs(), name()).kind()), (Some("jobs.example.com/Print"), None));

    let of_kind = |kind: Value| {
        let mut json = json.clone();
        json["kind"] = kind;
        serde_json::from_value::<Handle>(json)
    };
    assert_eq!(of_kind(json!(null)).unwrap().kind(), None);
    assert!(of_kind(json!(1)).is_err() && of_kind(json!(["Print"])).is_err());
}

#[test]
fn tells_how_it_is_written() {
    // SPEC 12
    let of_format = |format: Value| {
        let json = json!({"format": format, "service": "jobs.example.com", "version": "v1", "name": NAME});
        serde_json::from_value::<Handle>(json)
    };
    assert_eq!(of_format(json!(1)).unwrap(), Handle::new(&jobs(), name()));
    for later in [json!(0), json!(2), json!(u64::MAX), json!("1"), json!(null)] {
        assert!(of_format(later.clone()).is_err(), "{later}");
    }
    let error = of_format(json!(2)).unwrap_err().to_string();
    assert!(error.contains("format 2") && error.contains("format 1"), "{error}");
    // One that tells none is read as the first.
    let json = json!({"service": "jobs.example.com", "version": "v1", "name": NAME});
    assert_eq!(serde_json::from_value::<Handle>(json).unwrap(), Handle::new(&jobs(), name()));
}

#[test]
fn is_refused_by_another_service_or_version_before_any_call() {
    // SPEC 12
    for (key, version) in [
        ("jobs.example.com", "v2"),
        ("jobs.example.com", ""),
        ("jobs.example.com.evil.com", "v1"),
        ("https://jobs.example.com", "v1"),
        ("JOBS.example.com", "v1"),
        ("", "v1"),
        ("", ""),
    ] {
        let handle: Handle =
            serde_json::from_value(json!({"service": key, "version": version, "name": NAME})).unwrap();
        let transport = script([]);
        let status = Wait::<Value>::resumed(&transport, &handle).unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().contains("jobs.example.com v1"), "{status}");
        assert!(status.message().contains(NAME) && status.message().contains(key), "{status}");
        assert_eq!(handle.name_for(&transport.service()).unwrap_err(), status);
    }
    assert_eq!(Handle::new(&jobs(), name()).name_for(&jobs()).unwrap(), name());
}

#[test]
fn is_refused_by_a_service_that_tells_no_key() {
    // SPEC 12: a name means nothing without its service.
    let keyless =
        lro::transport_fn(|name: OperationName| async move { Ok(Operation::running(name.as_str())) });
    let status = Wait::<Value>::resumed(keyless, &Handle::new(&jobs(), name())).unwrap_err();
    for part in ["belongs to jobs.example.com v1", "to a service without a key", "`LroTransport::service`"] {
        assert!(status.message().contains(part), "{status}");
    }
    // Two transports without a key may be two services.
    let handle = poll_until_done::<Value>(&keyless, name()).handle().unwrap();
    let status = Wait::<Value>::resumed(keyless, &handle).unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(
        status.message().contains("belongs to a service without a key, and this transport to a"),
        "{status}"
    );
}

#[test]
fn keeps_no_url_or_credential_that_is_smuggled_in() {
    // SPEC 12
    let hostile = json!({
        "service": "jobs.example.com", "version": "v1", "name": NAME,
        "url": "https://evil.example.com/", "endpoint": "https://evil.example.com/", "token": "s3cret",
    });
    if let Ok(handle) = serde_json::from_value::<Handle>(hostile) {
        let kept = format!("{handle:?} {}", serde_json::to_string(&handle).unwrap());
        assert!(!kept.contains("evil") && !kept.contains("s3cret"), "{kept}");
        assert_eq!(handle, Handle::new(&jobs(), name()));
    }
}

#[test]
fn parses_the_name_that_was_saved() {
    // SPEC 12, 13
    for name in ["", "operations/../../v1/secrets", "operations//1", "operations/1\r\nx: y"] {
        let json = json!({"service": "jobs.example.com", "version": "v1", "name": name});
        assert!(serde_json::from_value::<Handle>(json).is_err(), "{name:?}");
    }
    for json in [
        json!({"service": "jobs.example.com", "version": "v1"}),
        json!({"service": "jobs.example.com", "name": NAME}),
        json!({"version": "v1", "name": NAME}),
        json!({"service": 1, "version": "v1", "name": NAME}),
        json!(NAME),
        json!(["jobs.example.com", "v1", NAME]),
    ] {
        assert!(serde_json::from_value::<Handle>(json.clone()).is_err(), "{json}");
    }
}

#[test]
fn tells_its_service_in_words() {
    assert_eq!(jobs().to_string(), "jobs.example.com v1");
    assert_eq!(Service::new("jobs.example.com", "").to_string(), "jobs.example.com");
    assert!(!Service::default().to_string().is_empty());
}

#[test]
fn has_a_version_without_slashes_at_its_ends() {
    const SLASHED: Service = Service::new("jobs.example.com", "/v1/");
    assert_eq!((SLASHED, SLASHED.version()), (jobs(), "v1"));
    for (version, plain) in
        [("v1/", "v1"), ("//v1//", "v1"), ("api/v1", "api/v1"), ("/", ""), ("", ""), ("/é/", "é")]
    {
        assert_eq!(Service::owned("jobs.example.com", version).version(), plain);
        assert_eq!(Service::new("jobs.example.com", version), Service::owned("jobs.example.com", version));
    }
}

fn jobs() -> Service {
    Service::new("jobs.example.com", "v1")
}
