//! Who listens to the events of a fleet may call it.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
};

use common::{Server, millis, secs};
use lro_fleet::Fleet;
use serde_json::Value;
use tokio::runtime::Builder;
use tracing::{
    Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
};

#[test]
fn a_subscriber_may_call_the_fleet() {
    let (told, done) = mpsc::channel();
    // A deadlock is not to stop the test.
    thread::spawn(move || {
        let (fleet, events) = (Arc::default(), Arc::default());
        let subscriber = Curious { fleet: Arc::clone(&fleet), events: Arc::clone(&events) };
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        tracing::subscriber::with_default(subscriber, || {
            runtime.block_on(async {
                let server = Server::new(millis(20));
                let name = server.has("operations/1", secs(200));
                let started = fleet.get_or_init(|| Fleet::builder(server).start());
                let outcome = started.watch::<Value>(name).await;
                // The polls, and the metrics once a minute.
                let expected = started.metrics().polls as u32 + 3;
                told.send((outcome.is_ok(), events.load(Ordering::Relaxed) >= expected)).unwrap();
            });
        });
    });
    assert_eq!(done.recv_timeout(secs(20)), Ok((true, true)));
}

struct Curious {
    fleet: Arc<OnceLock<Fleet>>,
    events: Arc<AtomicU32>,
}

impl Subscriber for Curious {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("lro_fleet")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        self.events.fetch_add(1, Ordering::Relaxed);
        let _ = self.fleet.get().map(Fleet::metrics);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
