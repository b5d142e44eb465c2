//! The stored forms of a status: a failed call of a wait, and the failure that ended a wait.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::details::Details;
use crate::{Any, Origin, Status, message::First};

/// The members of a status that are stored.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Stored<'a> {
    code: i32,
    #[serde(default)]
    message: Cow<'a, str>,
    #[serde(default, deserialize_with = "details")]
    details: Cow<'a, [Any]>,
    /// The origin of a failed call, which has only two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    malformed: Option<bool>,
    /// The origin of the failure that ended a wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<StoredOrigin>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    advice: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    response: Option<Cow<'a, Any>>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredOrigin {
    OperationFailed,
    CallFailed,
    StoppedAsking,
    MalformedReply,
}

impl<'a> Stored<'a> {
    /// Returns the form of a status that ended a wait.
    pub(crate) fn end(status: &'a Status) -> Self {
        Self {
            origin: Some(status.origin().into()),
            advice: status.0.advice.as_deref().map(Cow::Borrowed),
            response: status.response().map(Cow::Borrowed),
            ..Self::members(status)
        }
    }

    /// Returns the form of a failed call.
    fn call(status: &'a Status) -> Self {
        Self { malformed: Some(status.origin() == Origin::MalformedReply), ..Self::members(status) }
    }

    fn members(status: &'a Status) -> Self {
        Self {
            code: status.raw_code(),
            message: status.message().into(),
            details: status.details().as_slice().into(),
            malformed: None,
            origin: None,
            advice: None,
            response: None,
        }
    }

    /// Restores a status that ended a wait. Returns `None` if the origin is missing.
    pub(crate) fn into_end(self) -> Option<Status> {
        let origin = self.origin?.into();
        Some(self.into_status(origin))
    }

    fn into_call(self) -> Status {
        let origin = if self.malformed == Some(true) { Origin::MalformedReply } else { Origin::CallFailed };
        self.into_status(origin)
    }

    fn into_status(self, origin: Origin) -> Status {
        let mut status = Status::from_number(self.code, self.message)
            .with_details(self.details.into_owned())
            .with_origin(origin);
        status.0.advice = self.advice.map(|advice| advice.into_owned().into());
        status.0.response = self.response.map(Cow::into_owned);
        status
    }
}

fn details<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'static, [Any]>, D::Error> {
    First::<_, { Details::MOST }>::deserialize(deserializer).map(|first| first.items.into())
}

pub(crate) fn serialize<S: Serializer>(status: &Option<Status>, serializer: S) -> Result<S::Ok, S::Error> {
    status.as_ref().map(Stored::call).serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Status>, D::Error> {
    Ok(Option::<Stored<'_>>::deserialize(deserializer)?.map(Stored::into_call))
}

impl From<Origin> for StoredOrigin {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::OperationFailed => Self::OperationFailed,
            Origin::CallFailed => Self::CallFailed,
            Origin::StoppedAsking => Self::StoppedAsking,
            Origin::MalformedReply => Self::MalformedReply,
        }
    }
}

impl From<StoredOrigin> for Origin {
    fn from(origin: StoredOrigin) -> Self {
        match origin {
            StoredOrigin::OperationFailed => Self::OperationFailed,
            StoredOrigin::CallFailed => Self::CallFailed,
            StoredOrigin::StoppedAsking => Self::StoppedAsking,
            StoredOrigin::MalformedReply => Self::MalformedReply,
        }
    }
}
