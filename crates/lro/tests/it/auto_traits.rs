//! What can be sent, shared and kept.

use std::{cell::Cell, pin::Pin, rc::Rc, sync::Arc, time::Duration};

use lro::{
    Any, Capabilities, Code, Empty, Handle, ListOperationsRequest, LroTransport, Operation, OperationName,
    OperationPage, Origin, Outcome, Pacing, Report, Service, Snapshots, Status, Tolerance, TransportFn, Wait,
    details::{
        BadRequest, DebugInfo, Details, ErrorInfo, Help, LocalizedMessage, PreconditionFailure, QuotaFailure,
        RequestInfo, ResourceInfo, RetryInfo,
    },
    message::{UnknownValue, Without},
    pacing::{CompactSchedule, Finish, Moment, PacingByKind, PacingPolicy, Ranking, Schedule},
    poll_until_done, transport_fn, wkt,
};
use serde_json::Value;

use super::common::{always, name, succeeded};

macro_rules! are_shared {
    ($($kind:ty,)+) => { $( const _: fn() = is_shared::<$kind>; )+ };
}

are_shared! {
    Any, Capabilities, Code, Empty, Handle, ListOperationsRequest, Operation, OperationName, OperationPage, Origin,
    Outcome, Pacing, Report, Service, Status, Tolerance, TransportFn<fn()>,
    lro::Snapshot, lro::Snapshot<NeitherSentNorShared>,
    Wait<'static, Value>, Wait<'static, Value, Value>,
    Wait<'static, Cell<u8>, Cell<u8>>, Wait<'static, NeitherSentNorShared, NeitherSentNorShared>,
    BadRequest, DebugInfo, Details<'static>, ErrorInfo, Help, LocalizedMessage, PreconditionFailure, QuotaFailure,
    RequestInfo, ResourceInfo, RetryInfo,
    UnknownValue, Without<'static, ErrorInfo>,
    wkt::Duration, wkt::FieldMask, wkt::Timestamp,
    Finish, Moment, Box<dyn PacingPolicy>, Box<dyn Schedule>, Arc<dyn CompactSchedule>, Arc<dyn Ranking>,
    Arc<dyn PacingByKind>,
    Arc<dyn LroTransport>, Box<dyn LroTransport>,
}

const _: fn() = is_sent::<Snapshots<'static, Value>>;
const _: fn() = is_sent::<Snapshots<'static, NeitherSentNorShared>>;

type NeitherSentNorShared = Rc<Cell<u8>>;

fn is_shared<T: Send + Sync + Unpin + 'static>() {}

fn is_sent<T: Send + 'static>() {}

fn sent<T: Send + 'static>(value: T) -> T {
    value
}

fn sent_borrowed<T: Send>(value: T) -> T {
    value
}

#[tokio::test(start_paused = true)]
async fn a_wait_on_a_shared_transport_is_spawned() {
    let transport: Arc<dyn LroTransport> = Arc::new(always(succeeded()));
    let outcome = tokio::spawn(sent(poll_until_done::<Value>(transport.clone(), name()).into_future()));
    outcome.await.unwrap().unwrap();

    let mut wait = poll_until_done::<Value>(transport.clone(), name()).with_metadata::<Value>();
    let stepped = tokio::spawn(sent(async move {
        while let Some(snapshot) = wait.next().await {
            snapshot?;
        }
        wait.outcome().await
    }));
    stepped.await.unwrap().unwrap();

    let stream: Pin<Box<_>> = sent(poll_until_done::<Value>(transport, name()).into_stream());
    tokio::spawn(async move { futures::StreamExt::count(stream).await }).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_wait_on_a_borrowed_transport_is_sent_too() {
    let transport = always(succeeded());
    let outcome = sent_borrowed(poll_until_done::<Value>(&transport, name()).into_future());
    outcome.await.unwrap();
    let mut wait = poll_until_done::<Value>(&transport, name()).deadline(Duration::from_secs(1));
    sent_borrowed(wait.next()).await.unwrap().unwrap();
    sent_borrowed(wait.outcome()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_closure_is_a_transport_that_is_spawned() {
    let transport = transport_fn(|_| async { succeeded() });
    tokio::spawn(sent(poll_until_done::<Value>(transport, name()).into_future())).await.unwrap().unwrap();
}
