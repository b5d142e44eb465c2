//! Subscribers of tracing, one for each test.

use std::sync::Once;

use tracing::{
    Dispatch, Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
    subscriber::{DefaultGuard, Interest},
};

/// Sends what this thread emits to `subscriber`, until the guard is dropped.
///
/// Tests share a process. With [`tracing::subscriber::set_default`] alone, a callsite that another test reaches first, on a
/// thread without a subscriber, is switched off for all threads.
pub fn subscribe(subscriber: impl Subscriber + Send + Sync + 'static) -> DefaultGuard {
    static ASKED_EACH_TIME: Once = Once::new();
    ASKED_EACH_TIME.call_once(|| {
        tracing::dispatcher::set_global_default(Dispatch::new(Nobody)).unwrap();
        tracing::callsite::rebuild_interest_cache();
    });
    tracing::subscriber::set_default(subscriber)
}

/// Calls a closure at each event of the crates of this workspace that this thread emits, until the guard is dropped.
pub fn on_event(listen: impl Fn(&Event<'_>) + Send + Sync + 'static) -> DefaultGuard {
    subscribe(Listener(listen))
}

struct Listener<F>(F);

impl<F: Fn(&Event<'_>) + 'static> Subscriber for Listener<F> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("lro")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        (self.0)(event);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Takes nothing, and keeps every callsite on.
struct Nobody;

impl Subscriber for Nobody {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
