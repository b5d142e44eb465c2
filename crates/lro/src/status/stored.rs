//! The stored form of a failed call: the members of a status, and whether the reply was malformed.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Any, Origin, Status};

#[derive(Serialize, Deserialize)]
struct Failure {
    code: i32,
    #[serde(default)]
    message: String,
    #[serde(default)]
    details: Vec<Any>,
    #[serde(default)]
    malformed: bool,
}

pub(crate) fn serialize<S: Serializer>(status: &Option<Status>, serializer: S) -> Result<S::Ok, S::Error> {
    let failure = status.as_ref().map(|status| Failure {
        code: status.raw_code(),
        message: status.message().to_owned(),
        details: status.details().as_slice().to_vec(),
        malformed: status.origin() == Origin::MalformedReply,
    });
    failure.serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Status>, D::Error> {
    let failure = Option::<Failure>::deserialize(deserializer)?;
    Ok(failure.map(|Failure { code, message, details, malformed }| {
        let origin = if malformed { Origin::MalformedReply } else { Origin::CallFailed };
        Status::from_number(code, message).with_details(details).with_origin(origin)
    }))
}
