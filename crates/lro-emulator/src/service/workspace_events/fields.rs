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

    /// The fields of a mask; without one, the fields that the patch has.
    pub(super) fn masked(mask: &str, patch: &Subscription) -> Result<Vec<Self>, Status> {
        if mask.is_empty() {
            return Ok(Self::ALL.into_iter().filter(|field| field.is_in(patch)).collect());
        }
        // What the wildcard leaves empty is refused or has a default: of the two times one is always given.
        if mask == "*" && patch.ttl.is_none() {
            return Ok(vec![Self::EventTypes, Self::ExpireTime]);
        }
        if mask == "*" {
            return Ok(vec![Self::EventTypes, Self::Ttl]);
        }
        mask.split(',').map(Self::named).collect()
    }

    /// Takes the field over from a patch.
    pub(super) fn copy(self, patch: &Subscription, subscription: &mut Subscription) {
        match self {
            Self::EventTypes => subscription.event_types.clone_from(&patch.event_types),
            Self::ExpireTime => subscription.expire_time = patch.expire_time,
            // Without a value the life is as long as it may be.
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
