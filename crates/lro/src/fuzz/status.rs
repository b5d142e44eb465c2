use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    json::{member, plain, text},
    operation::{is_a_fault_of_the_reply, parsed},
};
use crate::{Code, Origin, Status, message::Message, wkt};

/// Checks the parser of `google.rpc.Status` and of its details: SPEC 3, 16, 20, 24, 25.
pub fn status(body: &[u8]) {
    let read: Result<Status, Status> = crate::from_json(body);
    match &read {
        Ok(status) => holds(status),
        Err(fault) => is_a_fault_of_the_reply(fault),
    }
    let Some(json) = plain(body) else {
        return;
    };
    match Expected::of(&json) {
        Some(expected) => is_as_expected(&read.expect("this JSON is a status"), &expected),
        None => assert_eq!(read.expect_err("this JSON is not a status").origin(), Origin::MalformedReply),
    }
}

/// The expected code, message and details.
#[derive(Debug)]
pub(super) struct Expected(i32, String, Vec<Value>);

impl Expected {
    pub(super) fn of(json: &Value) -> Option<Self> {
        json.as_object()?;
        let details =
            member(json, "details").map_or(Some(Vec::new()), |details| details.as_array().cloned())?;
        let code = member(json, "code").map_or(Some(0), number)?;
        details.iter().all(Value::is_object).then_some(Self(code, text(json, "message")?, details))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0 == 0 && self.1.is_empty()
    }
}

fn number(value: &Value) -> Option<i32> {
    let number = match value {
        Value::Number(number) => match number.as_i64() {
            Some(number) => i128::from(number),
            None => number.as_f64().filter(|number| number.fract() == 0.0)? as i128,
        },
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    i32::try_from(number).ok()
}

pub(super) fn is_as_expected(status: &Status, Expected(code, message, details): &Expected) {
    holds(status);
    assert_eq!((status.raw_code(), status.message()), (*code, &**message));
    let kept: Vec<Value> = status.details().as_slice().iter().map(parsed).collect();
    assert_eq!(kept, *details);
    is_readable(status, details);
}

/// Checks the properties of every error of an operation.
fn holds(status: &Status) {
    assert_eq!(status.origin(), Origin::OperationFailed);
    assert!(!status.may_be_running());
    let known = (1..=16).contains(&status.raw_code());
    assert_eq!(status.code().number(), if known { status.raw_code() } else { Code::Unknown.number() });
    let shown = format!("{status} {status:?}");
    assert!(known || shown.contains(&status.raw_code().to_string()), "{shown}");

    let text = serde_json::to_vec(status).expect("a status serializes");
    // Not as a reply: an `Any` whose JSON has the form of a stored one is written in another.
    let again: Status = serde_json::from_slice(&text).expect("a serialized status parses");
    assert_eq!((&again, again.raw_code()), (status, status.raw_code()));
}

fn is_readable(status: &Status, details: &[Value]) {
    let all = status.details();
    let of = |name: &str| details.iter().filter(|detail| type_name(detail) == Some(name)).collect::<Vec<_>>();
    let found = [
        ("google.rpc.ErrorInfo", all.error_info().is_some()),
        ("google.rpc.RetryInfo", all.retry_info().is_some()),
        ("google.rpc.DebugInfo", reads_again(all.debug_info())),
        ("google.rpc.QuotaFailure", reads_again(all.quota_failure())),
        ("google.rpc.PreconditionFailure", reads_again(all.precondition_failure())),
        ("google.rpc.BadRequest", reads_again(all.bad_request())),
        ("google.rpc.RequestInfo", reads_again(all.request_info())),
        ("google.rpc.ResourceInfo", reads_again(all.resource_info())),
        ("google.rpc.Help", reads_again(all.help())),
        ("google.rpc.LocalizedMessage", reads_again(all.localized_message())),
    ];
    for (name, found) in found {
        assert!(!found || !of(name).is_empty(), "found a {name} that the details do not have");
        // A detail without fields has the default values, so it always decodes.
        let bare = of(name).iter().any(|detail| detail.as_object().is_some_and(|fields| fields.len() == 1));
        assert!(found || !bare, "did not find the {name}");
    }

    let infos = of("google.rpc.ErrorInfo");
    let info = infos.iter().find_map(|info| {
        let metadata = member(info, "metadata").map_or(Some(Vec::new()), pairs)?;
        Some((text(info, "reason")?, text(info, "domain")?, metadata))
    });
    let read = all.error_info().map(|info| (info.reason, info.domain, info.metadata.into_iter().collect()));
    assert_eq!(read, info);

    waits_as_told(status, &of("google.rpc.RetryInfo"));
}

fn waits_as_told(status: &Status, infos: &[&Value]) {
    let names = ["retryDelay", "retry_delay"];
    // `Value` does not keep the order of members, so the last of both names is not known.
    if infos.iter().any(|info| names.iter().all(|name| info.get(name).is_some())) {
        return;
    }
    let delay = infos.iter().find_map(|info| match names.iter().find_map(|name| member(info, name)) {
        Some(delay) => delay.as_str()?.parse().ok().map(Some),
        None => Some(None),
    });
    let read = status.details().retry_info();
    assert_eq!(read.map(|info| info.retry_delay), delay);
    let wish = delay.flatten().and_then(|delay: wkt::Duration| delay.try_into().ok());
    assert_eq!(status.retry_after(), wish);
}

/// Returns whether there is a detail. Checks that a detail parses again after it is serialized.
fn reads_again<M: Message + Serialize + DeserializeOwned + Debug + PartialEq>(detail: Option<M>) -> bool {
    if let Some(detail) = &detail {
        let text = serde_json::to_string(detail).expect("a detail serializes");
        assert_eq!(serde_json::from_str::<M>(&text).as_ref().ok(), Some(detail), "{text}");
    }
    detail.is_some()
}

fn type_name(detail: &Value) -> Option<&str> {
    detail.get("@type")?.as_str()?.split('/').next_back()
}

fn pairs(map: &Value) -> Option<Vec<(String, String)>> {
    map.as_object()?.iter().map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::status;
    use crate::fuzz::strategy;

    proptest! {
        #[test]
        fn any_bytes(body: Vec<u8>) {
            status(&body);
        }

        #[test]
        fn near_statuses(body in text()) {
            status(body.as_bytes());
        }

        #[test]
        fn near_statuses_that_broke(body in strategy::broken(text())) {
            status(&body);
        }
    }

    fn text() -> impl Strategy<Value = String> {
        strategy::status().prop_map(|json| json.to_string())
    }
}
