//! How often memory is asked for.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::sync::{Arc, Mutex};

use allocation_counter::measure;
use futures::executor::block_on;
use lro::{
    Any, LroTransport, Operation, OperationName, Pacing, Status, async_trait, poll_until_done, transport_fn,
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

mod common;
use common::{NAME, name, progress, seconds};

#[test]
fn reads_a_pending_operation_with_three_allocations() {
    let body = br#"{"name": "operations/1", "metadata": {"@type": "type.googleapis.com/example.v1.Progress", "pages": 3}}"#;
    let counted = measure(|| {
        let operation = Operation::from_json(body).unwrap();
        assert!(operation.metadata.is_some());
    });
    assert!(counted.count_total <= 3, "{counted:?}");
    // Two copies of the text are enough.
    assert!(counted.bytes_total <= 2 * body.len() as u64, "{counted:?}");
}

#[test]
fn reads_metadata_of_any_depth_with_three_allocations() {
    let items = r#"{"pages": [1, 2, 3], "note": "text"},"#.repeat(1_000);
    let body =
        format!(r#"{{"name": "operations/1", "metadata": {{"@type": "t/a.B", "items": [{items} {{}}]}}}}"#);
    let counted = measure(|| assert!(Operation::from_json(body.as_bytes()).unwrap().metadata.is_some()));
    assert!(counted.count_total <= 3, "{counted:?}");
}

#[test]
fn reads_an_encoded_any_without_an_allocation() {
    #[derive(Deserialize)]
    struct Ignored(IgnoredAny);

    let encoded: Box<[u8]> = (*b"\x0A\x22type.googleapis.com/example.v1.Job\x12\x02\x08\x03").into();
    let counted = measure(|| {
        let any = Any::from_protobuf(encoded).unwrap();
        assert_eq!(any.type_name().as_deref(), Some("example.v1.Job"));
        assert_eq!(any.protobuf_value(), Some(&b"\x08\x03"[..]));
        any.decode::<Option<Ignored>>().unwrap();
    });
    assert_eq!(counted.count_total, 0, "{counted:?}");
}

#[test]
fn clones_a_name_without_an_allocation() {
    let name = name();
    assert_eq!(measure(|| assert_eq!(name.clone().as_str(), NAME)).count_total, 0);
}

#[tokio::test(start_paused = true)]
async fn polls_with_six_allocations() {
    // Made before, so that what is counted is the poll and not what the closure does.
    let ready: Mutex<Vec<Operation>> = Mutex::new(vec![pending(); 64]);
    let transport = transport_fn(|_| {
        let operation = ready.lock().unwrap().pop().unwrap();
        async move { Ok(operation) }
    });
    let counted = steady(&transport).await;
    assert!(counted <= 6, "{counted}");
}

#[tokio::test(start_paused = true)]
async fn polls_with_six_allocations_through_a_shared_transport() {
    #[derive(Debug)]
    struct Ready(Mutex<Vec<Operation>>);

    #[async_trait]
    impl LroTransport for Ready {
        async fn get_operation(&self, _: &OperationName) -> Result<Operation, Status> {
            Ok(self.0.lock().unwrap().pop().unwrap())
        }
    }
    let transport: Arc<dyn LroTransport> = Arc::new(Ready(Mutex::new(vec![pending(); 64])));
    let counted = steady(&transport).await;
    assert!(counted <= 6, "{counted}");
}

/// The most allocations of one poll after the first few.
async fn steady(transport: &dyn LroTransport) -> u64 {
    let mut wait =
        poll_until_done::<Value>(transport, name()).pacing(Pacing::fixed(seconds(0))).least_delay(seconds(0));
    for _ in 0..4 {
        wait.next().await.unwrap().unwrap();
    }
    let mut most = 0;
    for _ in 0..8 {
        let counted = measure(|| {
            // Due at once and answered at once, so that it needs no runtime to go on.
            block_on(async { wait.next().await }).unwrap().unwrap();
        });
        most = most.max(counted.count_total);
    }
    assert!(most > 0, "nothing was counted");
    most
}

fn pending() -> Operation {
    Operation::running(NAME).with_metadata(progress(3))
}
