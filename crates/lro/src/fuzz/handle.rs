use serde_json::{Value, json};

use super::json::plain;
use crate::{Code, Handle, OperationName, Service};

/// Checks the parser of saved handles, which are untrusted input: SPEC 12, 13.
pub fn handle(saved: &[u8]) {
    let read = serde_json::from_slice::<Handle>(saved).ok();
    if let Some(handle) = &read {
        belongs_to_its_service_alone(handle);
        let kept = serde_json::to_vec(handle).expect("a handle can be written");
        assert_eq!(serde_json::from_slice::<Handle>(&kept).ok().as_ref(), Some(handle));
        assert_eq!(
            plain(&kept),
            Some(members(handle)),
            "a saved handle has other members than format, service, version and name"
        );
    }
    if let Some(json) = plain(saved) {
        assert_eq!(read.as_ref().map(members), expected(&json));
    }
}

fn members(handle: &Handle) -> Value {
    let service = handle.service();
    let name = match handle.name_for(service) {
        Ok(name) => json!(name.as_str()),
        // A service without a key is none.
        Err(_) => serde_json::to_value(handle).expect("a handle can be written")["name"].take(),
    };
    json!({"format": 1, "service": service.key(), "version": service.version(), "name": name})
}

fn expected(json: &Value) -> Option<Value> {
    let text = |name: &str| json.get(name)?.as_str();
    let name = text("name").filter(|name| OperationName::parse(name).is_ok())?;
    // A handle without a format has the first format.
    json.get("format").is_none_or(|format| format.as_u64() == Some(1)).then_some(())?;
    Some(json!({"format": 1, "service": text("service")?, "version": text("version")?, "name": name}))
}

fn belongs_to_its_service_alone(handle: &Handle) {
    let own = handle.service();
    assert_eq!(handle.name_for(own).is_ok(), !own.key().is_empty());
    for (key, version) in SERVICES {
        let same = (own.key(), own.version()) == (key, version) && !key.is_empty();
        match handle.name_for(&Service::new(key, version)) {
            Ok(_) => assert!(same, "{handle:?} is accepted for {key} {version}"),
            Err(status) => assert!(!same && status.code() == Code::InvalidArgument, "{status}"),
        }
    }
}

const SERVICES: [(&str, &str); 4] = [
    ("routeoptimization.googleapis.com", "v1"),
    ("workspaceevents.googleapis.com", "v1"),
    ("workspaceevents.googleapis.com", "v1beta"),
    ("", ""),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::handle;
    use crate::fuzz::strategy;

    proptest! {
        #[test]
        fn any_bytes(saved: Vec<u8>) {
            handle(&saved);
        }

        #[test]
        fn near_handles(saved in strategy::handle()) {
            handle(saved.as_bytes());
        }

        #[test]
        fn near_handles_that_broke(saved in strategy::broken(strategy::handle())) {
            handle(&saved);
        }
    }
}
