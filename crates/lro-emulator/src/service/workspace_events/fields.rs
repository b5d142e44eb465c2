use lro::Status;

use super::subscription::Subscription;
use crate::api::error;

/// A field that an update may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    EventTypes,
    ExpireTime,
    Ttl,
}

impl Field {
    const ALL: [Self; 3] = [Self::EventTypes, Self::ExpireTime, Self::Ttl];

    /// Returns the fields of a mask. Without a mask, the fields that are set in the patch.
    pub(super) fn masked(mask: &str, patch: &Subscription) -> Result<Vec<Self>, Status> {
        if mask.is_empty() {
            return Ok(Self::ALL.into_iter().filter(|field| field.is_in(patch)).collect());
        }
        // Under the wildcard an empty field is refused or has a default; one of the two times is always set.
        if mask == "*" && patch.ttl.is_none() {
            return Ok(vec![Self::EventTypes, Self::ExpireTime]);
        }
        if mask == "*" {
            return Ok(vec![Self::EventTypes, Self::Ttl]);
        }
        mask.split(',').map(Self::named).collect()
    }

    /// Copies the field from a patch.
    pub(super) fn copy(self, patch: &Subscription, subscription: &mut Subscription) {
        match self {
            Self::EventTypes => subscription.event_types.clone_from(&patch.event_types),
            Self::ExpireTime => subscription.expire_time = patch.expire_time,
            // Without a value the life is the longest.
            Self::Ttl => subscription.ttl = Some(patch.ttl.unwrap_or_default()),
        }
    }

    fn is_in(self, patch: &Subscription) -> bool {
        match self {
            Self::EventTypes => !patch.event_types.is_empty(),
            Self::ExpireTime => patch.expire_time.is_some(),
            Self::Ttl => patch.ttl.is_some(),
        }
    }

    fn named(path: &str) -> Result<Self, Status> {
        match path.trim() {
            "event_types" | "eventTypes" => Ok(Self::EventTypes),
            "expire_time" | "expireTime" => Ok(Self::ExpireTime),
            "ttl" => Ok(Self::Ttl),
            other => Err(error::bad_field("update_mask", format!("\"{other}\" cannot be updated"))),
        }
    }
}
