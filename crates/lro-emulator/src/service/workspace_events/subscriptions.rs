use std::collections::{BTreeMap, HashMap};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use lro::{Any, Code, Status, details::ErrorInfo, wkt, wkt::Timestamp};
use tokio::time::Instant;

use super::{
    clock::{Clock, later},
    subscription::Subscription,
};
use crate::{api::error, rng::Rng};

/// All subscriptions, of both versions of the API.
#[derive(Clone, Debug)]
pub(crate) struct Subscriptions {
    clock: Clock,
    rng: Rng,
    by_name: BTreeMap<String, Subscription>,
    /// The names by [`key`].
    by_target: HashMap<(String, String), String>,
    created: u32,
}

impl Subscriptions {
    pub(crate) fn new(clock: Clock, rng: Rng) -> Self {
        Self { clock, rng, by_name: BTreeMap::new(), by_target: HashMap::new(), created: 0 }
    }

    /// Returns the subscription of this name, or `NOT_FOUND` if there is none or it has expired.
    pub(super) fn get(&self, name: &str, at: Instant) -> Result<&Subscription, Status> {
        let now = self.clock.date(at);
        self.by_name.get(name).filter(|found| is_alive(found, now)).ok_or_else(|| error::not_found(name))
    }

    /// All subscriptions that have not expired, by name.
    pub(super) fn iter(&self, at: Instant) -> impl Iterator<Item = &Subscription> {
        let now = self.clock.date(at);
        self.by_name.values().filter(move |subscription| is_alive(subscription, now))
    }

    /// Refuses a subscription that is wrong at this time, or whose target and topic have one: `ALREADY_EXISTS`.
    pub(super) fn check_new(&self, wanted: &Subscription, at: Instant) -> Result<(), Status> {
        wanted.check(self.clock.date(at))?;
        match self.by_target.get(&key(wanted)) {
            Some(name) if self.get(name, at).is_ok() => Err(already_exists(name)),
            _ => Ok(()),
        }
    }

    /// Refuses a subscription that is wrong at this time.
    pub(super) fn check(&self, subscription: &Subscription, at: Instant) -> Result<(), Status> {
        subscription.check(self.clock.date(at))
    }

    /// Adds a subscription, if it is [not refused](Self::check_new).
    pub(super) fn create(&mut self, wanted: Subscription, at: Instant) -> Result<Subscription, Status> {
        self.check_new(&wanted, at)?;
        self.created += 1;
        let now = self.clock.date(at);
        let mut subscription = Subscription {
            name: name(&wanted.target_resource, self.created),
            uid: self.rng.uuid(),
            state: "ACTIVE".to_owned(),
            suspension_reason: String::new(),
            authority: AUTHORITY.to_owned(),
            create_time: Some(now),
            reconciling: false,
            ..wanted
        };
        self.renew(&mut subscription, now);
        self.by_target.insert(key(&subscription), subscription.name.clone());
        self.by_name.insert(subscription.name.clone(), subscription.clone());
        Ok(subscription)
    }

    /// Changes the subscription of this name, unless `change` refuses.
    pub(super) fn change(
        &mut self,
        name: &str,
        at: Instant,
        change: impl FnOnce(&mut Subscription) -> Result<(), Status>,
    ) -> Result<Subscription, Status> {
        let mut subscription = self.get(name, at)?.clone();
        change(&mut subscription)?;
        self.renew(&mut subscription, self.clock.date(at));
        self.by_name.insert(name.to_owned(), subscription.clone());
        Ok(subscription)
    }

    pub(super) fn delete(&mut self, name: &str, at: Instant) -> Result<(), Status> {
        self.get(name, at)?;
        if let Some(gone) = self.by_name.remove(name) {
            self.by_target.remove(&key(&gone));
        }
        Ok(())
    }

    /// Suspends the subscription of this name, if there is one.
    pub(crate) fn suspend(&mut self, name: &str, reason: &str) -> bool {
        let suspended = self.change(name, Instant::now(), |subscription| {
            subscription.state = "SUSPENDED".to_owned();
            subscription.suspension_reason = reason.to_owned();
            Ok(())
        });
        suspended.is_ok()
    }

    /// Sets the fields that every change sets. The time to live occurs in input alone.
    fn renew(&mut self, subscription: &mut Subscription, now: Timestamp) {
        let life = match subscription.ttl.take() {
            Some(ttl) if ttl != wkt::Duration::default() => Some(ttl.try_into().unwrap_or_default()),
            Some(_) => Some(subscription.longest_life()),
            None => subscription.expire_time.is_none().then(|| subscription.longest_life()),
        };
        if let Some(life) = life {
            subscription.expire_time = Some(later(now, life));
        }
        subscription.update_time = Some(now);
        subscription.etag = BASE64_URL_SAFE_NO_PAD.encode(self.rng.next_u64().to_be_bytes());
    }
}

/// Returns the target and the topic. Each pair has at most one subscription.
fn key(subscription: &Subscription) -> (String, String) {
    (subscription.target_resource.clone(), subscription.topic().to_owned())
}

fn is_alive(subscription: &Subscription, now: Timestamp) -> bool {
    subscription.expire_time.is_none_or(|expires| expires > now)
}

/// A name in the form of the service: `subscriptions/chat-spaces-<base64>:<base64>`. Its colon is part of a path.
fn name(target_resource: &str, number: u32) -> String {
    let mut parts = target_resource.trim_start_matches('/').split('/');
    let service = parts.next().and_then(|host| host.split('.').next()).unwrap_or_default();
    let collection = parts.next().unwrap_or_default();
    let id: Vec<&str> = parts.collect();
    let id = BASE64_URL_SAFE_NO_PAD.encode(format!("s:{}", id.join("/")));
    format!("subscriptions/{service}-{collection}-{id}:{}", BASE64_URL_SAFE_NO_PAD.encode(number.to_string()))
}

fn already_exists(name: &str) -> Status {
    let info = ErrorInfo {
        reason: "SUBSCRIPTION_ALREADY_EXISTS".to_owned(),
        domain: "googleapis.com".to_owned(),
        metadata: BTreeMap::from([
            ("current_subscription".to_owned(), name.to_owned()),
            ("service".to_owned(), "workspaceevents.googleapis.com".to_owned()),
        ]),
    };
    Status::new(Code::AlreadyExists, "Subscription associated with the resource already exists.")
        .with_details(Any::pack(&info).into_iter().collect())
}

const AUTHORITY: &str = "users/104270894503127781635";
