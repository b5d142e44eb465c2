use lro::{
    Any, Code, Status,
    details::{PreconditionFailure, PreconditionViolation},
};
use tokio::time::Instant;

use super::{fields::Field, subscription::Subscription, subscriptions::Subscriptions};
use crate::{api::error, request::Request};

/// The change of the subscriptions at the end of an operation.
#[derive(Debug)]
pub(super) enum Change {
    Create(Box<Subscription>),
    Update { name: String, patch: Box<Subscription>, fields: Vec<Field> },
    Delete { name: String, etag: String, allow_missing: bool },
    Reactivate { name: String },
}

impl Change {
    pub(super) fn create(request: &Request) -> Result<Self, Status> {
        Ok(Self::Create(Box::new(input(request)?)))
    }

    pub(super) fn update(request: &Request, name: String) -> Result<Self, Status> {
        let patch = input(request)?;
        let fields = Field::masked(request.param("updateMask"), &patch)?;
        Ok(Self::Update { name, patch: Box::new(patch), fields })
    }

    pub(super) fn delete(request: &Request, name: String) -> Result<Self, Status> {
        let etag = request.param("etag").to_owned();
        Ok(Self::Delete { name, etag, allow_missing: request.flag("allowMissing")? })
    }

    pub(super) fn reactivate(name: String) -> Self {
        Self::Reactivate { name }
    }

    /// Refuses at once a change that would be refused if the operation ended now, or that has another etag.
    pub(super) fn check(&self, subscriptions: &Subscriptions, at: Instant) -> Result<(), Status> {
        let (name, etag) = match self {
            Self::Create(wanted) => return subscriptions.check_new(wanted, at),
            Self::Update { name, patch, fields } => {
                let mut updated = subscriptions.get(name, at)?.clone();
                fields.iter().for_each(|field| field.copy(patch, &mut updated));
                subscriptions.check(&updated, at)?;
                (name, &*patch.etag)
            }
            Self::Delete { name, etag, allow_missing } => match subscriptions.get(name, at) {
                Err(_) if *allow_missing => return Ok(()),
                _ => (name, &**etag),
            },
            Self::Reactivate { name } => (name, ""),
        };
        let found = subscriptions.get(name, at)?;
        if etag.is_empty() || etag == found.etag {
            return Ok(());
        }
        Err(Status::new(Code::Aborted, format!("the etag of {name} differs: the subscription has changed")))
    }

    /// Applies the change. Returns the changed subscription, or `None` if it is deleted.
    pub(super) fn apply(
        self,
        subscriptions: &mut Subscriptions,
        at: Instant,
    ) -> Result<Option<Subscription>, Status> {
        match self {
            Self::Create(wanted) => subscriptions.create(*wanted, at).map(Some),
            Self::Update { name, patch, fields } => {
                let update = |subscription: &mut Subscription| {
                    fields.iter().for_each(|field| field.copy(&patch, subscription));
                    Ok(())
                };
                subscriptions.change(&name, at, update).map(Some)
            }
            Self::Delete { name, allow_missing, .. } => match subscriptions.delete(&name, at) {
                Err(_) if allow_missing => Ok(None),
                deleted => deleted.map(|()| None),
            },
            Self::Reactivate { name } => subscriptions.change(&name, at, reactivate).map(Some),
        }
    }

    pub(super) fn metadata_type(&self) -> &'static str {
        match self {
            Self::Create(_) => "CreateSubscriptionMetadata",
            Self::Update { .. } => "UpdateSubscriptionMetadata",
            Self::Delete { .. } => "DeleteSubscriptionMetadata",
            Self::Reactivate { .. } => "ReactivateSubscriptionMetadata",
        }
    }
}

/// Returns the subscription in the body of a request.
fn input(request: &Request) -> Result<Subscription, Status> {
    let input: Subscription = request.message()?;
    if input.ttl.is_some() && input.expire_time.is_some() {
        let what = "oneof field 'expiration' is already set. Cannot set 'ttl'";
        return Err(error::bad_field("subscription", what));
    }
    Ok(input)
}

fn reactivate(subscription: &mut Subscription) -> Result<(), Status> {
    if subscription.state == "SUSPENDED" {
        subscription.state = "ACTIVE".to_owned();
        subscription.suspension_reason = String::new();
        return Ok(());
    }
    let violation = PreconditionViolation {
        r#type: "STATE".to_owned(),
        subject: subscription.name.clone(),
        description: "not suspended".to_owned(),
    };
    let details = Any::pack(&PreconditionFailure { violations: vec![violation] });
    Err(Status::new(Code::FailedPrecondition, "Failed precondition.")
        .with_details(details.into_iter().collect()))
}
