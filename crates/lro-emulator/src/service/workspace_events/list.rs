use bytes::Bytes;
use lro::Status;
use tokio::time::Instant;

use super::{subscription::Subscription, subscriptions::Subscriptions};
use crate::{
    api::{error, filter::Filter, json, page},
    request::Request,
};

lro::message! {
    struct ListSubscriptionsResponse("google.apps.events.subscriptions.v1.ListSubscriptionsResponse") {
        subscriptions: Vec<Subscription>,
        next_page_token: String,
    }
}

/// Replies to a call for a page of the subscriptions.
pub(super) fn handle(subscriptions: &Subscriptions, request: &Request) -> Result<Bytes, Status> {
    let filter = Filter::parse(request.param("filter"))?;
    let fields = filter.fields();
    if !fields.contains(&"event_types") {
        return Err(error::bad_field("filter", "it must have at least one of event_types"));
    }
    if let Some(field) = fields.iter().find(|field| !["event_types", "target_resource"].contains(*field)) {
        return Err(error::bad_field("filter", format!("there is no field {field:?} to filter by")));
    }
    let size = match request.number("pageSize")? {
        0 => 50,
        size => size.min(100),
    };
    let after = page::after(request.param("pageToken"))?;
    let mut found = subscriptions
        .iter(Instant::now())
        .filter(|subscription| passes(&filter, subscription) && subscription.name > after)
        .peekable();
    let subscriptions: Vec<_> = found.by_ref().take(size).cloned().collect();
    let last = found.peek().and_then(|_| subscriptions.last());
    let next_page_token = last.map(|last| page::token(&last.name)).unwrap_or_default();
    json::encode(&ListSubscriptionsResponse { subscriptions, next_page_token })
}

fn passes(filter: &Filter, subscription: &Subscription) -> bool {
    filter.matches(|field, value| match field {
        "event_types" => subscription.event_types.iter().any(|event_type| event_type == value),
        "target_resource" => subscription.target_resource == value,
        _ => false,
    })
}
